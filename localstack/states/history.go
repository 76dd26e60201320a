package states

import (
	"encoding/json"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/localstack/asl"
)

// detailsOf returns the details of an event in the members that AWS gives events of that type; nil if it gives
// none.
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
func detailsOf(e asl.Event, role, region string) map[string]any {
	d := map[string]any{}
	data := func(name string, value json.RawMessage) {
		if value != nil {
			d[name], d[name+"Details"] = string(value), map[string]any{"truncated": false}
		}
	}
	set := func(name, value string) {
		if value != "" {
			d[name] = value
		}
	}
	seconds := func(name string, n int64) {
		if n > 0 {
			d[name] = n
		}
	}
	switch {
	case e.Type == "ExecutionStarted":
		data("input", e.Input)
		d["roleArn"] = role
	case strings.HasPrefix(e.Type, "Execution"):
		data("output", e.Output)
		set("error", e.Error)
		set("cause", e.Cause)
	case strings.HasSuffix(e.Type, "StateEntered"), strings.HasSuffix(e.Type, "StateExited"):
		d["name"] = e.State
		data("input", e.Input)
		data("output", e.Output)
		if e.Variables != nil {
			variables := map[string]string{}
			for name, value := range e.Variables {
				variables[name] = string(value)
			}
			d["assignedVariables"], d["assignedVariablesDetails"] = variables, map[string]any{"truncated": false}
		}
	case strings.HasPrefix(e.Type, "MapIteration"):
		d["name"], d["index"] = e.State, e.Index
	case e.Type == "MapRunStarted":
		d["mapRunArn"] = e.MapRun
	case e.Type == "MapRunFailed":
		set("error", e.Error)
		set("cause", e.Cause)
	case e.Type == "MapStateStarted":
		d["length"] = e.Length
	case strings.HasPrefix(e.Type, "LambdaFunction"):
		data("input", e.Input)
		data("output", e.Output)
		set("error", e.Error)
		set("cause", e.Cause)
		if e.Type == "LambdaFunctionScheduled" {
			d["resource"] = e.Resource
			seconds("timeoutInSeconds", e.Timeout)
		}
	case strings.HasPrefix(e.Type, "Task"):
		d["resource"], d["resourceType"] = e.Resource, e.ResourceType
		data("output", e.Output)
		set("error", e.Error)
		set("cause", e.Cause)
		if e.Type == "TaskScheduled" {
			d["parameters"], d["region"] = string(e.Input), region
			seconds("timeoutInSeconds", e.Timeout)
			seconds("heartbeatInSeconds", e.Heartbeat)
		}
	}
	if len(d) == 0 {
		return nil
	}
	return d
}

// detailsMember is the member of a HistoryEvent that holds the details of events of a type.
func detailsMember(eventType string) string {
	switch {
	case strings.HasSuffix(eventType, "StateEntered"):
		return "stateEnteredEventDetails"
	case strings.HasSuffix(eventType, "StateExited"):
		return "stateExitedEventDetails"
	}
	return strings.ToLower(eventType[:1]) + eventType[1:] + "EventDetails"
}
