package wiring_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/calendarinvite/calendarinviteserver/localstack/wiring"
	"github.com/calendarinvite/calendarinviteserver/localstack/wiring/wiringtest"
)

// TestProject reads the project's own files.
func TestProject(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	w, err := wiring.Load(root, wiring.Overrides{APIURL: "http://127.0.0.1:9999/", Environ: []string{"EVENT_LIMIT=0", "UNRELATED=1"}})
	if err != nil {
		t.Fatal(err)
	}
	if got := w.Setting("EVENT_LIMIT"); got != "0" {
		t.Errorf("EVENT_LIMIT = %q: the environment does not override", got)
	}
	if _, ok := w.Settings["UNRELATED"]; ok {
		t.Error("a variable that is no setting became one")
	}
	if got := w.Setting("API_URL"); got != "http://127.0.0.1:9999" {
		t.Errorf("API_URL = %q", got)
	}
	var mailboxes map[string]struct{ Prefix, Workflow string }
	if err := json.Unmarshal([]byte(w.Setting("MAILBOXES")), &mailboxes); err != nil {
		t.Fatal(err)
	}
	if m := mailboxes["create"]; m.Prefix != "event_request/" || m.Workflow != "arn:aws:states:us-east-1:000000000000:stateMachine:cis-event-request" {
		t.Errorf("MAILBOXES: create = %+v", m)
	}
	if got := w.Setting("TENANTS"); got != `{"cis.localhost":"default"}` {
		t.Errorf("TENANTS = %s", got)
	}
	if got := w.Setting("API_KEYS"); got != `{"local-admin-key":{"tenant":"default","admin":true},"local-key":{"tenant":"default"}}` {
		t.Errorf("API_KEYS = %s", got)
	}
	env := w.Environment("receive-mail")
	if env["HANDLER"] != "receive-mail" || env["LOG_LEVEL"] != "info" || env["REGION"] != "us-east-1" || env["MAIL_BUCKET"] != "cis-mail" || env["EVENT_LIMIT"] != "" {
		t.Errorf("environment: %v", env)
	}
	for name, definition := range w.Definitions {
		if strings.Contains(string(definition), "${") {
			t.Errorf("%s: a placeholder is left", name)
		}
	}
	for name := range w.Functions {
		for _, g := range w.Grants(name) {
			if strings.Contains(g.Resource, "${") || g.Action == "" {
				t.Errorf("%s: %+v", name, g)
			}
		}
	}
}

// What has a setting of its own follows it everywhere, so that permissions still fit.
func TestOverridesReachNames(t *testing.T) {
	root := wiringtest.Root(t, map[string]string{
		"terraform/openapi.yaml": "openapi: 3.0.3\n",
		"terraform/wiring.yaml": wiringtest.Base + `
permissions: {read: {actions: [s3:GetObject], resources: ["arn:${partition}:s3:::${mail_bucket}/*"]}}
functions: {f: {memory: 128, timeout: 3, settings: [MAIL_BUCKET], permissions: [read]}}
`})
	w, err := wiring.Load(root, wiring.Overrides{Domain: "Example.ORG", Environ: []string{"MAIL_BUCKET=other", "REGION=eu-west-1", "DYNAMODB_TABLE=t"}})
	if err != nil {
		t.Fatal(err)
	}
	if w.MailBucket() != "other" || w.Setting("MAIL_BUCKET") != "other" || w.Grants("f")[0].Resource != "arn:aws:s3:::other/*" || w.Table.Name != "t" || w.Domain() != "example.org" || w.Region() != "eu-west-1" {
		t.Errorf("%+v", w)
	}
	for ref, want := range map[string]string{"f": "f", "cis-f": "f", w.FunctionARN("f"): "f", w.FunctionARN("f") + ":$LATEST": "f", "000000000000:function:cis-f": "f"} {
		if got, ok := w.FunctionOf(ref); !ok || got != want {
			t.Errorf("FunctionOf(%s) = %s, %v", ref, got, ok)
		}
	}
	if _, ok := w.FunctionOf("g"); ok {
		t.Error("FunctionOf finds what is not there")
	}
}

// A test may have tenants of its own, and more told by SES.
func TestTenantsFromOutside(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	acme := wiring.Tenant{Domain: "acme.localhost", Keys: []wiring.Key{{Name: "acme"}, {Name: "acme-admin", Admin: true}}}
	w, err := wiring.Load(root, wiring.Overrides{Tenants: map[string]wiring.Tenant{"acme": acme}, Feedback: []string{"DELIVERY"}})
	if err != nil {
		t.Fatal(err)
	}
	if got := w.Setting("TENANTS"); got != `{"acme.localhost":"acme","cis.localhost":"default"}` {
		t.Errorf("TENANTS = %s", got)
	}
	if got := w.Setting("API_KEYS"); !strings.Contains(got, `"local-acme-admin":{"tenant":"acme","admin":true}`) || !strings.Contains(got, `"local-key":{"tenant":"default"}`) {
		t.Errorf("API_KEYS = %s", got)
	}
	if got := w.Domains(); !reflect.DeepEqual(got, []string{"acme.localhost", "cis.localhost"}) {
		t.Errorf("domains %v", got)
	}
	if got := strings.Join(w.Feedback, " "); !strings.HasPrefix(got, "BOUNCE ") || !strings.HasSuffix(got, " DELIVERY") {
		t.Errorf("feedback %s", got)
	}
	acme.Domain = "cis.localhost"
	if _, err := wiring.Load(root, wiring.Overrides{Tenants: map[string]wiring.Tenant{"acme": acme}}); err == nil {
		t.Error("two tenants share a domain")
	}
}

// A webhook is one entry in the file; everything that leads to it is made from that.
func TestWebhooks(t *testing.T) {
	root := wiringtest.Root(t, map[string]string{
		"terraform/openapi.yaml":                  "openapi: 3.0.3\n",
		"statemachines/webhook-delivery.asl.json": "{}",
		"terraform/wiring.yaml": strings.Replace(wiringtest.Base, "LOG_LEVEL: info,", "LOG_LEVEL: info, WEBHOOKS: null,", 1) + `
workflows: {webhook-delivery: {type: EXPRESS}}
webhooks: {crm: {url: "https://crm.example/hook", types: [rsvp.changed, event.created]}}
`})
	w, err := wiring.Load(root, wiring.Overrides{Webhooks: map[string]string{"local": "http://127.0.0.1:9/x"}})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"crm":{"url":"https://crm.example/hook","secret":"cis/webhook-crm"},"local":{"url":"http://127.0.0.1:9/x","secret":"cis/webhook-local"}}`
	if got := w.Setting("WEBHOOKS"); got != want {
		t.Errorf("WEBHOOKS = %s", got)
	}
	names := map[string]string{"LINK_SIGNING_SECRET": "cis/link-signing", "webhook-crm": "cis/webhook-crm", "webhook-local": "cis/webhook-local"}
	if got := w.SecretNames(); !maps.Equal(got, names) {
		t.Errorf("secrets = %v", got)
	}
	input := func(name string) *wiring.Input {
		return &wiring.Input{Paths: map[string]string{"fact": "$.detail"}, Template: `{"webhook":"` + name + `","fact":<fact>}`}
	}
	source := []any{"calendar-invite-server"}
	rules := map[string]wiring.Rule{
		"webhook-crm":   {Pattern: map[string]any{"source": source, "detail-type": []any{"rsvp.changed", "event.created"}}, Workflow: "webhook-delivery", Input: input("crm")},
		"webhook-local": {Pattern: map[string]any{"source": source}, Workflow: "webhook-delivery", Input: input("local")},
	}
	if !reflect.DeepEqual(w.Rules, rules) {
		t.Errorf("rules = %+v", w.Rules)
	}
}

func TestWhatWorkflowsMay(t *testing.T) {
	root := wiringtest.Root(t, map[string]string{
		"terraform/openapi.yaml":       "openapi: 3.0.3\n",
		"statemachines/bulk.asl.json":  `{"StateMachineArn":"${machines}child"}`,
		"statemachines/child.asl.json": "{}",
		"terraform/wiring.yaml": wiringtest.Base + `
workflows:
  bulk:
    type: STANDARD
    starts: [child]
    reads: ["arn:${partition}:s3:::${mail_bucket}/lists/*", "arn:${partition}:s3:::${mail_bucket}"]
    writes: ["arn:${partition}:s3:::${mail_bucket}/results/*"]
  child: {type: EXPRESS}
`})
	w, err := wiring.Load(root, wiring.Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		got  bool
		want bool
	}{
		{"start what is listed", w.MayStart("bulk", "child"), true},
		{"start by ARN", w.MayStart("bulk", w.WorkflowARN("child")), true},
		{"start by machine", w.MayStart("bulk", "cis-child"), true},
		{"start another", w.MayStart("bulk", "bulk"), false},
		{"start what is unknown", w.MayStart("bulk", "none"), false},
		{"an unknown workflow starts", w.MayStart("none", "child"), false},
		{"read what is listed", w.MayRead("bulk", "cis-mail", "lists/a/b.jsonl"), true},
		{"read elsewhere", w.MayRead("bulk", "cis-mail", "event_request/x"), false},
		{"read another bucket", w.MayRead("bulk", "cis-templates", "lists/a"), false},
		{"list the bucket", w.MayRead("bulk", "cis-mail", ""), true},
		{"list another bucket", w.MayRead("bulk", "cis-templates", ""), false},
		{"write what is listed", w.MayWrite("bulk", "cis-mail", "results/m.json"), true},
		{"write what may be read", w.MayWrite("bulk", "cis-mail", "lists/a"), false},
		{"another reads", w.MayRead("child", "cis-mail", "lists/a"), false},
	} {
		if test.got != test.want {
			t.Errorf("%s: %v", test.name, test.got)
		}
	}
}

func TestMatch(t *testing.T) {
	tests := []struct {
		pattern, s string
		want       bool
	}{
		{"*", "", true},
		{"*", "arn:aws:s3:::b/k", true},
		{"arn:aws:s3:::b/*", "arn:aws:s3:::b/a/b", true},
		{"arn:aws:s3:::b/*", "arn:aws:s3:::b", false},
		{"arn:aws:s3:::b", "arn:aws:s3:::b/a", false},
		{"a*c*e", "abcde", true},
		{"a*c*e", "abcdef", false},
		{"a?c", "abc", true},
		{"a?c", "ac", false},
		{"ab", "abc", false},
		{"*b*", "aaabaaa", true},
		{"a**", "a", true},
	}
	for _, test := range tests {
		if got := wiring.Match(test.pattern, test.s); got != test.want {
			t.Errorf("Match(%q, %q) = %v", test.pattern, test.s, got)
		}
	}
}

// Each way to get the wiring wrong has an error that names the place.
func TestMistakes(t *testing.T) {
	const workflow = "workflows: {flow: {type: EXPRESS, functions: [f]}}\nfunctions: {f: {memory: 128, timeout: 3}}\n"
	const machine = `{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"${functions}f","End":true}}}`
	tests := []struct{ name, yaml, openapi, machine, want string }{
		{"good", workflow, "", machine, ""},
		{"unknown key", "odd: 1", "", "", "field odd not found"},
		{"unknown key of a function", "functions: {f: {memory: 128, timeout: 3, concurrency: 3}}", "", "", "field concurrency not found"},
		{"unknown permission", "functions: {f: {memory: 128, timeout: 3, permissions: [fly]}}", "", "", `functions: f: unknown permission "fly"`},
		{"unknown setting", "functions: {f: {memory: 128, timeout: 3, settings: [FLY]}}", "", "", `functions: f: unknown setting "FLY"`},
		{"memory", "functions: {f: {memory: 64, timeout: 3}}", "", "", "memory 64"},
		{"timeout", "functions: {f: {memory: 128}}", "", "", "timeout 0"},
		{"unknown placeholder", "permissions: {p: {actions: [s3:GetObject], resources: [\"${nothing}\"]}}", "", "", "line 10: unknown placeholder ${nothing}"},
		{"a placeholder in a comment", "# ${anything} goes here", "", "", ""},
		{"action", "permissions: {p: {actions: [GetObject], resources: [\"*\"]}}", "", "", `action "GetObject"`},
		{"no ARN", "permissions: {p: {actions: [s3:GetObject], resources: [bucket]}}", "", "", `"bucket" is no ARN`},
		{"nothing allowed", "permissions: {p: {actions: [s3:GetObject]}}", "", "", "permissions: p"},
		{"type of workflow", "workflows: {flow: {type: FAST}}", "", machine, `type "FAST"`},
		{"unknown function of a workflow", "workflows: {flow: {type: EXPRESS, functions: [g]}}", "", machine, `workflows: flow: unknown function "g"`},
		{"no definition", workflow, "", "-", "flow.asl.json: no such file"},
		{"a definition that is no JSON", workflow, "", "{", "statemachines/flow.asl.json"},
		{"a definition invokes what is not listed", "workflows: {flow: {type: EXPRESS}}\nfunctions: {f: {memory: 128, timeout: 3}}", "", machine, `invokes "f"`},
		{"a workflow lists what it never invokes", workflow, "", `{"States":{}}`, `lists "f"`},
		{"mailbox", "mailboxes: {a: {prefix: a/, workflow: none}}", "", "", `mailboxes: a: unknown workflow "none"`},
		{"prefix", "mailboxes: {a: {prefix: a}}", "", "", "prefix \"a\""},
		{"rule without target", "rules: {r: {pattern: {source: [x]}}}", "", "", "rules: r: needs a function or a workflow"},
		{"rule with unknown target", "rules: {r: {pattern: {source: [x]}, function: g}}", "", "", `rules: r: unknown function "g"`},
		{"rule without pattern", "functions: {f: {memory: 128, timeout: 3}}\nrules: {r: {function: f}}", "", "", "rules: r: has no pattern"},
		{"input of a rule", workflow + "rules: {r: {pattern: {source: [x]}, function: f, input: {paths: {a: $.detail}, template: '{\"a\":<a>}'}}}", "", machine, ""},
		{"unknown workflow of a workflow", "workflows: {flow: {type: EXPRESS, starts: [none]}}", "", "{}", `workflows: flow: unknown workflow "none"`},
		{"a definition starts what is not listed", "workflows: {flow: {type: EXPRESS}}", "", `{"StateMachineArn":"${machines}flow"}`, `starts "flow", which`},
		{"a workflow lists what it never starts", "workflows: {flow: {type: EXPRESS, starts: [flow]}}", "", `{}`, `lists "flow", which statemachines/flow.asl.json never starts`},
		{"a workflow starts what it lists", "workflows: {flow: {type: EXPRESS, starts: [flow]}}", "", `{"StateMachineArn":"${machines}flow"}`, ""},
		{"a workflow reads no ARN", "workflows: {flow: {type: EXPRESS, reads: [\"${mail_bucket}/*\"]}}", "", "{}", `workflows: flow: "cis-mail/*" is no ARN of S3`},
		{"a workflow writes another service", "workflows: {flow: {type: EXPRESS, writes: [\"arn:aws:dynamodb:::x\"]}}", "", "{}", "is no ARN of S3"},
		{"feedback", "feedback: [BOUNCE, COMPLAINT, REJECT, DELIVERY_DELAY]", "", "", ""},
		{"unknown feedback", "feedback: [BOUNCED]", "", "", `feedback: unknown event type "BOUNCED"`},
		{"feedback twice", "feedback: [BOUNCE, BOUNCE]", "", "", "feedback: BOUNCE is there twice"},
		{"webhook without a workflow", "webhooks: {crm: {url: \"https://example.com/\"}}", "", "", "webhooks: crm: there is no workflow webhook-delivery"},
		{"webhook without a URL", "webhooks: {crm: {types: [a]}}", "", "", `webhooks: crm: "" is no URL`},
		{"webhook with a URL of another kind", "webhooks: {crm: {url: \"ftp://example.com\"}}", "", "", "is no URL"},
		{"name of a webhook", "webhooks: {\"a/b\": {url: \"https://example.com/\"}}", "", "", `webhooks: "a/b" is no name`},
		{"unknown key of a webhook", "webhooks: {crm: {url: \"https://example.com/\", secret: x}}", "", "", "field secret not found"},
		{"API invokes an unknown function", "", "uri: \"${invoke}g/invocations\"", "", `terraform/openapi.yaml: line 1: unknown function "g"`},
		{"no YAML", "\t-", "", "", "terraform/wiring.yaml"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			files := map[string]string{"terraform/wiring.yaml": wiringtest.Base + test.yaml, "terraform/openapi.yaml": test.openapi}
			if test.machine != "-" {
				files["statemachines/flow.asl.json"] = test.machine
			}
			_, err := wiring.Load(wiringtest.Root(t, files), wiring.Overrides{})
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("err = %v; want %q", err, test.want)
			}
			if err != nil && strings.Contains(err.Error(), "\n") {
				t.Errorf("more than one line: %v", err)
			}
		})
	}
}

func TestMistakesInTheBase(t *testing.T) {
	for old, test := range map[string][2]string{
		"tenants: {default":           {"tenants: {other", "no tenant named default"},
		"domain: \"${domain}\"":       {"domain: a@b", "is no mail domain"},
		"LOG_LEVEL: info":             {"LOG_LEVEL: null", "LOG_LEVEL has no value"},
		"LOG_LEVEL: info,":            {"", `unknown setting "LOG_LEVEL"`},
		"numbers: [last_modified]":    {"numbers: [size]", `unknown key attribute "size"`},
		"name: admin-key":             {"name: key", `key "key"`},
		"hash: mailto, ":              {"", "has no hash key"},
		"LINK_SIGNING_SECRET: {descr": {"OTHER: {descr", `secrets: unknown setting "OTHER"`},
	} {
		files := map[string]string{"terraform/wiring.yaml": strings.Replace(wiringtest.Base, old, test[0], 1), "terraform/openapi.yaml": ""}
		if _, err := wiring.Load(wiringtest.Root(t, files), wiring.Overrides{}); err == nil || !strings.Contains(err.Error(), test[1]) {
			t.Errorf("%s: err = %v; want %q", old, err, test[1])
		}
	}
	if _, err := wiring.Load(t.TempDir(), wiring.Overrides{}); err == nil || !os.IsNotExist(unwrapAll(err)) {
		t.Errorf("without files: %v", err)
	}
}

func unwrapAll(err error) error {
	for {
		inner, ok := err.(interface{ Unwrap() error })
		if !ok || os.IsNotExist(err) {
			return err
		}
		err = inner.Unwrap()
	}
}
