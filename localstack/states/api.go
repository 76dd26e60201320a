package states

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/calendarinvite/calendarinviteserver/localstack/protocol"
)

// maxRequest is the longest request, in bytes; a definition alone may have 1 MiB.
const maxRequest = 4 << 20

// Target is the beginning of the X-Amz-Target header of every request to this service.
const Target = "AWSStepFunctions."

// API answers the requests of the AWS CLI and SDKs (awsJson1_0). It does not look at who asks.
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_Operations.html
func (s *Service) API() http.Handler {
	actions := s.actions()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), Target)
		action := actions[name]
		if action == nil {
			protocol.WriteError(w, r, protocol.JSON, protocol.Errorf("UnknownOperationException", "The local stack does not support the action %s", name))
			return
		}
		out, err := action(r)
		if err != nil {
			protocol.WriteError(w, r, protocol.JSON, err)
			return
		}
		protocol.WriteJSON(w, protocol.JSON, out)
	})
}

func (s *Service) actions() map[string]func(*http.Request) (any, error) {
	return map[string]func(*http.Request) (any, error){
		"CreateStateMachine":             action(s.createStateMachine),
		"DeleteStateMachine":             action(s.deleteStateMachine),
		"DescribeExecution":              action(s.describeExecution),
		"DescribeMapRun":                 action(s.describeMapRun),
		"DescribeStateMachine":           action(s.describeStateMachine),
		"GetExecutionHistory":            action(s.getExecutionHistory),
		"ListExecutions":                 action(s.listExecutions),
		"ListMapRuns":                    action(s.listMapRuns),
		"ListStateMachines":              action(s.listStateMachines),
		"ListTagsForResource":            action(s.listTagsForResource),
		"StartExecution":                 action(s.startExecution),
		"StartSyncExecution":             action(s.startSyncExecution),
		"StopExecution":                  action(s.stopExecution),
		"UpdateStateMachine":             action(s.updateStateMachine),
		"ValidateStateMachineDefinition": action(s.validateStateMachineDefinition),
	}
}

// members are the members of an answer.
type members map[string]any

// set adds a member that may be absent.
func (m members) set(name, value string) {
	if value != "" {
		m[name] = value
	}
}

// action decodes a request into what do takes.
func action[In any](do func(context.Context, In) (members, error)) func(*http.Request) (any, error) {
	return func(r *http.Request) (any, error) {
		var in In
		if err := protocol.ReadJSON(r, maxRequest, &in); err != nil {
			return nil, err
		}
		return do(r.Context(), in)
	}
}

// epoch is a time as awsJson1_0 writes it: seconds since 1970, with milliseconds.
// https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html
func epoch(t time.Time) json.Number {
	return json.Number(strconv.FormatFloat(float64(t.UnixMilli())/1000, 'f', 3, 64))
}

// page is the part of a list that a request asks for.
type page struct {
	MaxResults int    `json:"maxResults"`
	NextToken  string `json:"nextToken"`
}

// of returns where the page of a list of n begins and ends, and notes in the answer how to get the next one.
func (p page) of(n int, answer members) (from, to int, err error) {
	size := p.MaxResults
	if size < 0 || size > 1000 {
		return 0, 0, protocol.Errorf("ValidationException", "maxResults must be from 0 to 1000")
	}
	if size == 0 {
		size = 100
	}
	if p.NextToken != "" {
		if from, err = strconv.Atoi(p.NextToken); err != nil || from < 0 {
			return 0, 0, protocol.Errorf("InvalidToken", "Invalid Token: '%s'", p.NextToken)
		}
	}
	from = min(from, n)
	to = min(from+size, n)
	if to < n {
		answer["nextToken"] = strconv.Itoa(to)
	}
	return from, to, nil
}
