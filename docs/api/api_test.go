package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const contract, page = "../../terraform/openapi.yaml", "../api.md"

func TestPageIsUpToDate(t *testing.T) {
	made := filepath.Join(t.TempDir(), "api.md")
	if err := run(contract, made); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(made)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("docs/api.md is not what terraform/openapi.yaml says: run make api-docs")
	}
}

// TestEveryRouteHasItsSection holds the page against the contract: nothing is left out because it has an unknown tag or shape.
func TestEveryRouteHasItsSection(t *testing.T) {
	text, err := os.ReadFile(contract)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := parse(text)
	if err != nil {
		t.Fatal(err)
	}
	routes, err := doc.routes()
	if err != nil {
		t.Fatal(err)
	}
	if len(routes) == 0 {
		t.Fatal("the contract has no routes")
	}
	made, err := doc.markdown()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range routes {
		heading := "\n### " + r.method + " " + r.path + "\n"
		if n := strings.Count(string(made), heading); n != 1 {
			t.Errorf("%s %s has %d sections", r.method, r.path, n)
			continue
		}
		_, section, _ := strings.Cut(string(made), heading)
		section, _, _ = strings.Cut(section, "\n##")
		for _, p := range r.Parameters {
			if !strings.Contains(section, "| `"+p.Name+"` |") {
				t.Errorf("%s %s does not tell of %s", r.method, r.path, p.Name)
			}
		}
		for _, a := range r.Responses {
			if !strings.Contains(section, "\n| "+a.Key+" |") {
				t.Errorf("%s %s does not tell of the answer %s", r.method, r.path, a.Key)
			}
		}
		if keyed := strings.Contains(section, "\nNeeds a key in `x-api-key`.\n"); keyed != (len(r.Security) > 0) {
			t.Errorf("%s %s says that it needs a key: %v", r.method, r.path, keyed)
		}
		if !strings.Contains(section, "```sh\ncurl ") || strings.Contains(section[strings.Index(section, "```sh"):], "{"+"uid") {
			t.Errorf("%s %s has no call to copy:\n%s", r.method, r.path, section)
		}
	}
	for _, s := range doc.Components.Schemas {
		if !strings.Contains(string(made), "\n### "+s.Key+"\n") {
			t.Errorf("%s is not shown", s.Key)
		}
	}
}

func TestExamples(t *testing.T) {
	doc, err := parse([]byte(`
tags: [{name: all, description: All}]
paths:
  /things/{thing}:
    get:
      tags: [all]
      parameters: [{$ref: "#/components/parameters/thing"}, {name: email, in: query, required: true}, {name: limit, in: query}]
      security: [{api_key: []}]
    put:
      tags: [all]
      parameters: [{$ref: "#/components/parameters/thing"}]
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Thing"}}}}
  /system/things:
    get: {tags: [all], security: [{api_key: []}]}
    post:
      tags: [all]
      requestBody: {content: {application/x-www-form-urlencoded: {schema: {properties: {choice: {enum: [one, two]}, comment: {}}}}}}
components:
  parameters: {thing: {name: thing, in: path, required: true}}
  schemas: {Thing: {properties: {organizer: {type: string}}}}
`))
	if err != nil {
		t.Fatal(err)
	}
	routes, err := doc.routes()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`curl -H "x-api-key: $KEY" "$API/things/THING?email=guest%40example.com"`,
		`curl -X PUT -H 'Content-Type: application/json' -d '{"organizer": "ada@organizer.example"}' "$API/things/THING"`,
		`curl -H "x-api-key: $ADMIN_KEY" "$API/system/things"`,
		`curl -X POST --data-urlencode 'choice=one' "$API/system/things"`,
	}
	for i, r := range routes {
		if got := r.example(doc); got != want[i] {
			t.Errorf("%s %s: %s\nwant %s", r.method, r.path, got, want[i])
		}
	}
}

func TestMistakes(t *testing.T) {
	for name, text := range map[string]string{
		"not YAML":          "\t",
		"paths are no map":  "paths: [1]",
		"unknown parameter": `paths: {/a: {get: {parameters: [{$ref: "#/components/parameters/none"}]}}}`,
		"unknown answer":    `paths: {/a: {get: {responses: {"200": {$ref: "#/components/responses/none"}}}}}`,
		"bad operation":     `paths: {/a: {get: [1]}}`,
		"bad members":       `components: {schemas: {A: {additionalProperties: {type: {}}}}}`,
	} {
		path := filepath.Join(t.TempDir(), "openapi.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := run(path, filepath.Join(t.TempDir(), "api.md")); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if err := run("nowhere.yaml", "api.md"); err == nil || !strings.Contains(err.Error(), "reading the contract") {
		t.Errorf("without a contract: %v", err)
	}
}

func TestAnchor(t *testing.T) {
	for heading, want := range map[string]string{
		"GET /event/{uid}": "get-eventuid", "Event page": "event-page", "snake_case-and-hyphen": "snake_case-and-hyphen", "What? Why!": "what-why",
	} {
		if got := anchor(heading); got != want {
			t.Errorf("anchor of %q is %q, want %q", heading, got, want)
		}
	}
}
