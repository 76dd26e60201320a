package wiring_test

import (
	"encoding/json"
	"os"
	"path/filepath"
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
