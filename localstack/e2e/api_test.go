package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"mime"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/calendarinvite/calendarinviteserver/internal/ical"
	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
	"github.com/calendarinvite/calendarinviteserver/internal/order"
	"github.com/calendarinvite/calendarinviteserver/internal/seal"
	"github.com/calendarinvite/calendarinviteserver/localstack/aws"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
)

// contract is openapi.yaml as far as answers are concerned.
type contract struct {
	Paths      map[string]map[string]operation `yaml:"paths"`
	Components struct {
		Responses map[string]response `yaml:"responses"`
		Schemas   map[string]*schema  `yaml:"schemas"`
	} `yaml:"components"`
}

type operation struct {
	Responses map[string]response `yaml:"responses"`
}

type response struct {
	Ref     string `yaml:"$ref"`
	Headers map[string]any
	Content map[string]struct{ Schema *schema }
}

// schema is the part of JSON Schema that openapi.yaml uses.
type schema struct {
	Ref        string `yaml:"$ref"`
	Type       string
	Format     string
	Required   []string
	Properties map[string]*schema
	More       yaml.Node `yaml:"additionalProperties"` // a schema, or true
	Items      *schema
	Enum       []string
	AllOf      []*schema `yaml:"allOf"`
	Minimum    *float64

	Description string
	Example     any
}

// operationOf is the operation that a request is for, and its name.
func (c *contract) operationOf(method, path string) (operation, string) {
	path, _, _ = strings.Cut(path, "?")
	segments := strings.Split(path, "/")
	for _, route := range slices.Sorted(maps.Keys(c.Paths)) { // { sorts behind letters: what is written out comes first
		parts := strings.Split(route, "/")
		last := len(parts) - 1
		if strings.HasSuffix(parts[last], "+}") && len(segments) > last { // it stands for the rest of the path
			parts = append(slices.Clone(parts[:last]), segments[last:]...)
		}
		same := len(parts) == len(segments)
		for i := 0; same && i < len(parts); i++ {
			same = parts[i] == segments[i] || strings.HasPrefix(parts[i], "{")
		}
		if op, has := c.Paths[route][strings.ToLower(method)]; same && has {
			return op, method + " " + route
		}
	}
	return operation{}, ""
}

// check says how an answer differs from what the contract says of it.
func (c *contract) check(op operation, a stacktest.Answer) []string {
	documented, has := op.Responses[strconv.Itoa(a.Status)]
	if !has {
		return []string{fmt.Sprintf("answers %d, which is not documented", a.Status)}
	}
	if name, isRef := strings.CutPrefix(documented.Ref, "#/components/responses/"); isRef {
		documented = c.Components.Responses[name]
	}
	for name := range documented.Headers {
		if a.Header.Get(name) == "" {
			return []string{"has no " + name}
		}
	}
	if len(documented.Content) == 0 {
		return nil
	}
	kind, _, err := mime.ParseMediaType(a.Header.Get("Content-Type"))
	content, has := documented.Content[kind]
	if err != nil || !has {
		return []string{fmt.Sprintf("is %q, which is not documented for %d", a.Header.Get("Content-Type"), a.Status)}
	}
	if kind == "text/html" {
		if !strings.Contains(a.Body, "</html>") {
			return []string{"is no page"}
		}
		return nil
	}
	if kind == "text/calendar" {
		if _, err := ical.Read([]byte(a.Body), ical.Limits{}); err != nil {
			return []string{err.Error()}
		}
		return nil
	}
	if kind != "application/json" {
		return nil // a picture, a script
	}
	var body any
	if err := json.Unmarshal([]byte(a.Body), &body); err != nil {
		return []string{err.Error()}
	}
	return c.fits(body, content.Schema, "body")
}

// fits says where a value is not as the schema says. A member that the schema does not name is wrong, too.
func (c *contract) fits(value any, s *schema, at string) (problems []string) {
	named := map[string]*schema{}
	var required []string
	var gather func(*schema) *schema
	gather = func(s *schema) *schema {
		if name, isRef := strings.CutPrefix(s.Ref, "#/components/schemas/"); isRef {
			s = c.Components.Schemas[name]
		}
		maps.Copy(named, s.Properties)
		required = append(required, s.Required...)
		for _, part := range s.AllOf {
			gather(part)
		}
		return s
	}
	s = gather(s)
	switch value := value.(type) {
	case map[string]any:
		for _, name := range required {
			if _, has := value[name]; !has {
				problems = append(problems, at+"."+name+" is missing")
			}
		}
		var more *schema
		if s.More.Kind == yaml.MappingNode {
			if err := s.More.Decode(&more); err != nil {
				return []string{at + ": " + err.Error()}
			}
		}
		for name, member := range value {
			of := named[name]
			if of == nil {
				of = more
			}
			if of == nil {
				problems = append(problems, at+"."+name+" is not documented")
				continue
			}
			problems = append(problems, c.fits(member, of, at+"."+name)...)
		}
	case []any:
		if s.Type != "array" {
			return []string{at + " is a list"}
		}
		for _, member := range value {
			problems = append(problems, c.fits(member, s.Items, at+"[]")...)
		}
	case string:
		if s.Type != "string" || len(s.Enum) > 0 && !slices.Contains(s.Enum, value) {
			problems = append(problems, fmt.Sprintf("%s is %q", at, value))
		}
	case float64:
		if s.Type != "integer" || value != float64(int64(value)) || s.Minimum != nil && value < *s.Minimum {
			problems = append(problems, fmt.Sprintf("%s is %v", at, value))
		}
	case bool:
		if s.Type != "boolean" {
			problems = append(problems, fmt.Sprintf("%s is %v", at, value))
		}
	default:
		problems = append(problems, fmt.Sprintf("%s is %v", at, value))
	}
	return problems
}

// asked is a request, and the status that its answer has.
type asked struct {
	method, path string
	status       int
	body         string
	header       []string
}

// unasked are the answers that the contract names and TestContract does not ask for.
var unasked = map[string]string{
	"GET /event/{uid}/invite 200": "TestLinksThatAsk: with INVITE_LINKS=confirm alone",

	"429": "API Gateway's throttling, and the caps of links (TestSourceCap)",
	"500": "TestErrorsAreAnswered",
	"503": "TestErrorsAreAnswered",
}

// Every route answers as openapi.yaml says, with each of the statuses that it names.
func TestContract(t *testing.T) {
	s := start(t, withShop, stacktest.Env("DMARC_GRAY", "confirm"), stacktest.Env("FORWARDED_GUESTS", "hold"))
	var c contract
	if err := yaml.Unmarshal(s.Wiring.OpenAPI, &c); err != nil {
		t.Fatal(err)
	}
	p := &party{system: s, event: tea(somebody("ada"))}
	organizer, guest := p.event.Organizer, somebody("guest")
	p.event.Rule, p.event.Client = "FREQ=WEEKLY;COUNT=3", imiptest.Outlook
	p.event.Description = "Cake <b>&</b> tea"
	p.uid = p.register(p.event)
	invitation := p.invite(p.uid, guest)
	p.reply(invitation, guest.Email, imiptest.Reply{Client: imiptest.Gmail, Answer: imiptest.Accepted, At: time.Now()})
	p.administer("PUT", organizer.Email, "bulk")
	p.order(bought(organizer.Email, shopItem{ProductID: 1, Name: "Pro"}))
	for _, email := range []string{"anybody@bounce.localhost", "anybody@complaint.localhost"} {
		p.link(p.uid, email)
		p.feedbackOf(email, 1)
	}
	p.guests = append(p.guests, guest)
	friend := p.forwards()
	poor := p.register(tea(somebody("poor"))) // whose organizer has no permission
	over := tea(organizer)
	over.Key = "over"
	overUID := p.register(over)
	overPage := strings.TrimPrefix(linkIn(t, p.invite(overUID, guest), "/rsvp/"), "/rsvp/")
	over.Sequence, over.At = 1, over.At.Add(time.Minute)
	p.endsIn(p.cancel(over), "EventCancelled")
	raw, err := imiptest.ComposeCounter(invitation, imiptest.Counter{
		Reply: imiptest.Reply{Client: imiptest.Outlook, Answer: imiptest.Tentative, At: time.Now()}, Start: p.event.Start.Add(time.Hour), End: p.event.End.Add(time.Hour),
	})
	p.writes(guest.Email, raw, err)
	late := tea(somebody("grace"))
	if raw, err = imiptest.ComposeRequest(late); err != nil {
		t.Fatal(err)
	}
	p.mail(late.Organizer.Email, with(raw, "X-Local-Verdicts: dmarc=gray"))
	var first struct{ Cursor string }
	p.get("/organizer/"+organizer.Email+"/events?limit=1", &first)

	key, admin, nobody := []string{"x-api-key", "local-key"}, []string{"x-api-key", adminKey}, strings.Repeat("z", 40)
	sealed := func(purpose seal.Purpose, extra string) string {
		return s.keys().Link(seal.Link{Purpose: purpose, UID: p.uid, Email: organizer.Email, Extra: extra})
	}
	block := strings.TrimPrefix(unsubscribeLink(t, invitation), "/unsubscribe/")
	rsvpPage := strings.TrimPrefix(linkIn(t, invitation, "/rsvp/"), "/rsvp/")
	confirm := strings.TrimPrefix(p.leads(late.Organizer, "/confirm/"), "/confirm/")
	e, o := "/event/"+p.uid, organizer.Email
	bill := bought(somebody("buyer").Email, shopItem{ProductID: 1, Name: "Pro"})
	signed := func(body string) []string { return []string{order.SignatureHeader, shopSignature(shopSecret, body)} }
	requests := []asked{
		{"GET", "/health", 200, "", nil},
		{"GET", e, 200, "", key}, {"GET", e, 403, "", nil}, {"GET", "/event/" + nobody, 404, "", key},
		{"GET", e + "/statistics", 200, "", key}, {"GET", e + "/statistics", 403, "", nil}, {"GET", "/event/" + nobody + "/statistics", 404, "", key},
		{"GET", e + "/report", 200, "", key}, {"GET", e + "/report", 403, "", nil}, {"GET", "/event/" + nobody + "/report", 404, "", key},
		{"GET", e + "/attendees", 200, "", key}, {"GET", e + "/attendees?limit=1", 200, "", key}, {"GET", e + "/attendees?limit=0", 400, "", key},
		{"GET", e + "/attendees?cursor=x", 400, "", key}, {"GET", e + "/attendees", 403, "", nil}, {"GET", "/event/" + nobody + "/attendees", 404, "", key},
		{"GET", e + "/invite?email=" + somebody("guest").Email, 302, "", nil}, {"GET", e + "/invite", 400, "", nil}, {"GET", e + "/invite?origin=vip&email=a@example.com", 302, "", nil},
		{"GET", e + "/invite?email=nobody", 400, "", []string{"Accept", "text/html"}}, {"GET", "/event/" + nobody + "/invite?email=a@example.com", 404, "", nil},
		{"GET", "/event/" + overUID + "/invite?email=a@example.com", 409, "", nil}, {"GET", "/event/" + overUID + "/invite?email=a@example.com", 409, "", []string{"Accept", "text/html"}},
		{"GET", "/event/" + poor + "/invite?origin=vip&email=a@example.com", 403, "", nil}, {"POST", "/event/" + poor + "/invite", 403, "origin=vip&email=a@example.com", asForm},
		{"POST", e + "/invite", 302, "email=b@example.com", asForm}, {"POST", e + "/invite", 400, "email=b", asForm},
		{"POST", "/event/" + nobody + "/invite", 404, "email=b@example.com", asForm}, {"POST", "/event/" + overUID + "/invite", 409, "email=b@example.com", asForm},
		{"GET", "/e/" + p.uid, 200, "", nil}, {"GET", "/e/" + nobody, 404, "", nil},
		{"POST", "/e/" + p.uid, 200, "email=c@example.com", asForm}, {"POST", "/e/" + p.uid, 400, "email=c", asForm}, {"POST", "/e/" + nobody, 404, "email=c@example.com", asForm},
		{"POST", "/e/" + poor + "?origin=vip", 403, "email=c@example.com", asForm}, {"POST", "/e/" + overUID, 409, "email=c@example.com", asForm},
		{"GET", "/e/" + p.uid + "/event.ics", 200, "", nil}, {"GET", "/e/" + nobody + "/event.ics", 404, "", nil}, {"GET", "/e/" + overUID + "/event.ics", 409, "", nil},
		{"POST", "/organizer/events", 200, `{"organizer":"` + o + `"}`, key},
		{"POST", "/organizer/events?limit=0", 400, `{"organizer":"` + o + `"}`, key}, {"POST", "/organizer/events", 404, `{}`, key}, {"POST", "/organizer/events", 403, `{}`, nil},
		{"GET", "/organizer/" + o + "/events?limit=1&cursor=" + url.QueryEscape(first.Cursor), 200, "", key},
	}
	for _, path := range []string{"/organizer/" + o + "/events", "/shadow/organizer/" + o + "/events"} {
		requests = append(requests, asked{"GET", path, 200, "", key}, asked{"GET", path + "?limit=1", 200, "", key}, asked{"GET", path + "?cursor=x", 400, "", key},
			asked{"GET", path, 403, "", nil}, asked{"GET", strings.Replace(path, o, "nobody", 1), 404, "", key})
	}
	requests = append(requests,
		asked{"GET", "/shadow/organizer/" + o + "/statistics", 200, "", key}, asked{"GET", "/shadow/organizer/" + o + "/statistics", 403, "", nil},
		asked{"GET", "/shadow/organizer/nobody/statistics", 404, "", key},
		asked{"GET", "/system/events", 200, "", admin}, asked{"GET", "/system/events?limit=1", 200, "", admin}, asked{"GET", "/system/events?limit=x", 400, "", admin}, asked{"GET", "/system/events", 403, "", key},
		asked{"GET", "/system/statistics", 200, "", admin}, asked{"GET", "/system/statistics", 403, "", key},
		asked{"GET", "/system/organizer/" + o, 200, "", admin}, asked{"GET", "/system/organizer/" + o, 403, "", key}, asked{"GET", "/system/organizer/nobody", 404, "", admin},
	)
	for _, method := range []string{"PUT", "DELETE"} {
		for _, what := range []string{"/bulk", "/suspended", "/subscription"} {
			requests = append(requests, asked{method, "/system/organizer/" + o + what, 200, "", admin}, asked{method, "/system/organizer/" + o + what, 403, "", key},
				asked{method, "/system/organizer/nobody" + what, 404, "", admin})
		}
	}
	requests = append(requests,
		asked{"POST", "/order", 200, bill, signed(bill)}, asked{"POST", "/order", 401, bill, nil}, asked{"POST", "/order", 404, "{}", signed("{}")},
		asked{"POST", "/order", 413, strings.Repeat("x", 11<<20), nil},
		asked{"GET", "/download/" + sealed(seal.Download, "reports/attendees/x.csv"), 302, "", nil}, asked{"GET", "/download/x", 404, "", nil},
		asked{"GET", "/download/" + s.keys().Link(seal.Link{Purpose: seal.Download, Extra: "x", Expires: 1}), 410, "", nil},
	)
	proposals, guests := sealed(seal.Proposals, ""), sealed(seal.Guests, "")
	requests = append(requests,
		asked{"PUT", "/system/organizer/" + o + "/suspended", 200, "", admin},
		asked{"POST", "/proposals/" + proposals, 403, "choice=decline&proposal=" + guest.Email, asForm},
		asked{"POST", "/guests/" + guests, 403, "choice=refuse&guest=" + friend.Email, asForm},
		asked{"DELETE", "/system/organizer/" + o + "/suspended", 200, "", admin},
	)
	for _, page := range []struct{ route, token, form string }{
		{"/rsvp/", rsvpPage, "answer=declined"}, {"/unsubscribe/", block, "choice=block"}, {"/unsubscribe/", block, "choice=undo"}, {"/confirm/", confirm, ""},
		{"/proposals/", proposals, "choice=decline&proposal=" + guest.Email}, {"/guests/", guests, "choice=admit&guest=" + friend.Email},
	} {
		requests = append(requests, asked{"GET", page.route + page.token, 200, "", nil}, asked{"POST", page.route + page.token, 200, page.form, asForm},
			asked{"GET", page.route + "x", 404, "", nil}, asked{"POST", page.route + "x", 404, page.form, asForm})
	}
	requests = append(requests, asked{"POST", "/proposals/" + proposals, 400, "", asForm}, asked{"POST", "/guests/" + guests, 400, "", asForm},
		asked{"POST", "/guests/" + guests, 409, "choice=refuse&guest=" + friend.Email, asForm})
	requests = append(requests, asked{"GET", "/rsvp/" + overPage, 409, "", nil}, asked{"POST", "/rsvp/" + overPage, 409, "answer=accepted", asForm},
		asked{"POST", "/rsvp/" + rsvpPage, 400, "answer=perhaps", asForm}, asked{"POST", "/unsubscribe/" + block, 400, "", asForm})

	here := []string{"Cookie", "session=" + p.signedIn(o).cookies["session"], "Sec-Fetch-Site", "same-origin", "Content-Type", "application/x-www-form-urlencoded"}
	expired := s.keys().Link(seal.Link{Purpose: seal.SignIn, Email: o, Extra: "default#x", Expires: 1})
	page := "/dashboard/events/" + p.uid
	requests = append(requests,
		asked{"GET", "/dashboard", 200, "", here}, asked{"GET", "/dashboard", 303, "", nil}, asked{"GET", "/dashboard/key", 200, "", key}, asked{"GET", "/dashboard/key", 403, "", nil},
		asked{"GET", page, 200, "", here}, asked{"GET", page + "/live", 200, "", here}, asked{"GET", page + "/share/qr.svg", 200, "", here}, asked{"GET", page, 303, "", nil},
		asked{"GET", "/dashboard/system", 403, "", here}, asked{"GET", "/dashboard/nothing", 404, "", here}, asked{"GET", "/dashboard/sign-in/" + expired, 410, "", nil},
		asked{"POST", page + "/invite", 200, "list=new@example.com", here}, asked{"POST", page + "/invite", 400, "list=", here},
		asked{"POST", page + "/invite", 413, "list=" + strings.Repeat("x", 6<<20), here}, asked{"POST", page + "/report", 303, "", here},
		asked{"POST", page + "/report", 403, "", []string{"Sec-Fetch-Site", "cross-site"}}, asked{"POST", "/dashboard/nothing", 404, "", here},
		asked{"POST", "/dashboard/sign-in/" + expired, 410, "", asForm},
	)

	seen := map[string]bool{}
	for _, r := range requests {
		op, name := c.operationOf(r.method, r.path)
		a := s.Do(r.method, r.path, r.body, r.header...)
		if a.Status != r.status {
			t.Errorf("%s: %s answers %d, want %d: %.300s", name, r.path, a.Status, r.status, a.Body)
		}
		for _, problem := range c.check(op, a) {
			t.Errorf("%s: %s: %s: %.300s", name, r.path, problem, a.Body)
		}
		seen[name+" "+strconv.Itoa(a.Status)] = true
	}
	for path, operations := range c.Paths {
		for method, op := range operations {
			for status := range op.Responses {
				name := strings.ToUpper(method) + " " + path + " " + status
				if !seen[name] && unasked[status] == "" && unasked[name] == "" {
					t.Errorf("nothing asks for %s", name)
				}
			}
		}
	}
}

// What fails behind a route is answered as the contract says, without a word of what it was.
func TestErrorsAreAnswered(t *testing.T) {
	s := start(t)
	var c contract
	if err := yaml.Unmarshal(s.Wiring.OpenAPI, &c); err != nil {
		t.Fatal(err)
	}
	p := s.party(tea(somebody("ada")), 1)
	invitation, organizer := p.lastMail(p.guests[0]), p.event.Organizer.Email
	key, admin := []string{"x-api-key", "local-key"}, []string{"x-api-key", adminKey}
	guests := "/guests/" + s.keys().Link(seal.Link{Purpose: seal.Guests, UID: p.uid, Email: organizer})
	requests := []asked{
		{"GET", "/event/" + p.uid, 0, "", key}, {"GET", "/event/" + p.uid + "/statistics", 0, "", key}, {"GET", "/event/" + p.uid + "/attendees", 0, "", key},
		{"GET", "/event/" + p.uid + "/report", 0, "", key}, {"POST", "/organizer/events", 0, `{"organizer":"` + organizer + `"}`, key},
		{"GET", "/organizer/" + organizer + "/events", 0, "", key}, {"GET", "/shadow/organizer/" + organizer + "/statistics", 0, "", key},
		{"GET", "/system/events", 0, "", admin}, {"GET", "/system/statistics", 0, "", admin}, {"GET", "/system/organizer/" + organizer, 0, "", admin},
		{"GET", "/e/" + p.uid, 0, "", nil}, {"PUT", "/system/organizer/" + organizer + "/bulk", 0, "", admin}, {"GET", unsubscribeLink(t, invitation), 0, "", nil},
		{"GET", linkIn(t, invitation, "/rsvp/"), 0, "", nil}, {"POST", linkIn(t, invitation, "/rsvp/"), 0, "answer=accepted", asForm}, {"GET", guests, 0, "", nil},
	}
	for _, r := range requests {
		s.Do(r.method, r.path, r.body, r.header...) // a process that runs already has its secret
	}
	s.settle()
	for kind, status := range map[string]int{"error:AccessDeniedException": 500, "fail": 503} {
		s.fails(aws.Fault{Action: "dynamodb:*", Kind: kind})
		some := requests
		if status == 503 { // what may pass is tried for a while
			some = []asked{requests[0], requests[len(requests)-1]}
		}
		for _, r := range some {
			op, name := c.operationOf(r.method, r.path)
			a := s.Do(r.method, r.path, r.body, r.header...)
			problems := c.check(op, a)
			if a.Status != status || len(problems) > 0 || strings.Contains(a.Body, "AccessDenied") || strings.Contains(a.Body, "dynamo") || strings.Contains(a.Body, "table") {
				t.Errorf("%s: %d, want %d, %v: %.300s", name, a.Status, status, problems, a.Body)
			}
		}
		s.Faults.Clear()
	}
}
