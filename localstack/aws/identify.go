package aws

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/localstack/protocol"
)

// call is a request understood: who wants which action of which service done to what.
type call struct {
	service  string // signing name
	action   string // API operation, such as PutItem
	format   protocol.Format
	caller   string                       // access key, or "admin" for an unsigned request
	function bool                         // the caller is a function of the wiring
	instance string                       // session token: the function's process
	needs    []need                       // what the caller must be allowed
	items    int                          // entries of a DynamoDB transaction
	object   struct{ bucket, key string } // that is to be read from S3

	presigned bool // the caller signed a link, which somebody else follows
}

// name is the action as counted and as faults name it: "dynamodb:PutItem".
func (c call) name() string { return c.service + ":" + c.action }

// bodyLimit is the largest body that is read to see what it asks for: a mail of 40 MB in base64 in JSON.
const bodyLimit = 64 << 20

// targets are the services by the first part of X-Amz-Target.
var targets = map[string]string{
	"DynamoDB_20120810": "dynamodb",
	"AWSStepFunctions":  "states",
	"secretsmanager":    "secretsmanager",
	"AWSEvents":         "events",
}

// identify finds out what a request is. Where it returns an error, the call still has the format to answer in.
func (s *Server) identify(r *http.Request) (call, error) {
	key, scope := credential(r)
	c := call{service: scope, caller: key, instance: r.Header.Get("X-Amz-Security-Token")}
	c.function, c.presigned = s.isFunction(key), isPresigned(r)
	if key == "" {
		c.caller = "admin"
	}
	target, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	if c.service == "" {
		c.service = guess(r, target)
	}
	var err error
	switch c.service {
	case "s3":
		c.format = protocol.RESTXML
		s.s3Needs(&c, r)
	case "dynamodb", "states", "secretsmanager", "events":
		c.format, c.action = protocol.JSON, operation
		var body []byte
		if body, err = peek(r); err == nil {
			err = s.jsonNeeds(&c, body)
		}
	case "lambda":
		c.format = protocol.RESTJSON
		s.lambdaNeeds(&c, r)
	case "ses", "sts":
		err = s.mailNeeds(&c, r)
	}
	return c, err
}

// credential is the access key and the service of a request's signature: Signature Version 4 in the header or in the query.
func credential(r *http.Request) (key, service string) {
	text := r.URL.Query().Get("X-Amz-Credential")
	if _, after, ok := strings.Cut(r.Header.Get("Authorization"), "Credential="); ok {
		text, _, _ = strings.Cut(after, ",")
	}
	parts := strings.Split(strings.TrimSpace(text), "/") // key/date/region/service/aws4_request
	if len(parts) < 5 {
		return parts[0], ""
	}
	n := len(parts)
	return strings.Join(parts[:n-4], "/"), parts[n-2]
}

// guess is the service of a request whose signature does not say.
func guess(r *http.Request, target string) string {
	if service, ok := targets[target]; ok {
		return service
	}
	switch path := r.URL.Path; {
	case strings.HasPrefix(path, "/2015-03-31/functions"):
		return "lambda"
	case strings.HasPrefix(path, "/v2/email/"):
		return "ses"
	case path == "/" && strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded"):
		if body, err := peek(r); err == nil && bytes.Contains(body, []byte("Version=2011-06-15")) {
			return "sts"
		}
		return "ses"
	}
	return "s3"
}

// peek reads the body and puts it back.
func peek(r *http.Request) ([]byte, error) {
	body, err := protocol.ReadBody(r, bodyLimit)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return body, nil
}

// mailNeeds understands SES in both its versions, and STS, which speaks the older one's protocol.
func (s *Server) mailNeeds(c *call, r *http.Request) error {
	body, err := peek(r)
	if err != nil {
		return err
	}
	path, v2 := strings.CutPrefix(r.URL.Path, "/v2/email/")
	if !v2 {
		c.format = protocol.Query
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return protocol.Errorf("InvalidParameterValue", "%v", err)
		}
		c.action = form.Get("Action")
		if c.service == "ses" {
			c.needs = []need{{"ses:" + c.action, s.identityARN(form.Get("Source"))}}
		}
		return nil
	}
	c.format = protocol.RESTJSON
	resource, _, _ := strings.Cut(path, "/")
	if c.action = sesActions[r.Method+" "+resource]; c.action == "" {
		c.action = r.Method + " " + resource
	}
	if c.action != "SendEmail" {
		c.needs = []need{{"ses:" + c.action, "*"}}
		return nil
	}
	var in struct {
		FromEmailAddress, ConfigurationSetName string
		Content                                struct{ Raw json.RawMessage }
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return protocol.Errorf("BadRequestException", "%v", err)
	}
	on := []string{s.identityARN(in.FromEmailAddress)}
	if in.ConfigurationSetName != "" {
		on = append(on, s.cfg.Wiring.ARN("ses", "configuration-set/"+in.ConfigurationSetName))
	}
	actions := []string{"ses:SendEmail"}
	if in.Content.Raw != nil { // AWS wants the older action's permission, too, for raw content
		actions = append(actions, "ses:SendRawEmail")
	}
	for _, action := range actions {
		for _, resource := range on {
			c.needs = append(c.needs, need{action, resource})
		}
	}
	return nil
}

var sesActions = map[string]string{
	"POST outbound-emails":   "SendEmail",
	"GET account":            "GetAccount",
	"GET identities":         "GetEmailIdentity",
	"GET configuration-sets": "GetConfigurationSet",
}

func (s *Server) identityARN(from string) string {
	domain := s.cfg.Wiring.Domain() // without a From in the call the message names it, and is checked when it is sent
	if at := strings.LastIndexByte(from, '@'); at >= 0 {
		domain = strings.TrimRight(from[at+1:], "> ")
	}
	return s.cfg.Wiring.ARN("ses", "identity/"+strings.ToLower(domain))
}

// lambdaNeeds understands the Lambda API.
func (s *Server) lambdaNeeds(c *call, r *http.Request) {
	name, rest, _ := strings.Cut(strings.Trim(strings.TrimPrefix(r.URL.Path, "/2015-03-31/functions"), "/"), "/")
	on := "*"
	if function, ok := s.cfg.Wiring.FunctionOf(name); ok {
		on = s.cfg.Wiring.FunctionARN(function)
	}
	switch {
	case name == "":
		c.action = "ListFunctions"
	case rest == "invocations":
		c.action = "Invoke"
		c.needs = []need{{"lambda:InvokeFunction", on}}
		return
	default:
		c.action = "GetFunction"
	}
	c.needs = []need{{"lambda:" + c.action, on}}
}
