package main

import (
	"bytes"
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// preface begins the page.
const preface = `<!-- Made by "make api-docs" from terraform/openapi.yaml. Do not edit. -->
# %s: the REST API

%s
The examples use these variables of the shell:

| | on AWS | on the local stack (` + "`make run`" + `) |
|---|---|---|
| ` + "`API`" + ` | ` + "`tofu -chdir=terraform output -raw api_url`" + ` | ` + "`http://127.0.0.1:8080`" + ` |
| ` + "`KEY`" + ` | API Gateway's console, API keys; see [deploy.md](deploy.md) | ` + "`local-key`" + ` |
| ` + "`ADMIN_KEY`" + ` | likewise | ` + "`local-admin-key`" + ` |

`

// samples stand for the parameters in the examples, already in the form of a URL.
var samples = map[string]string{
	"uid":       "0k3oq8hmvn6hlb5p9qjfe2u1r4c7d8s9t0a1b2c3",
	"organizer": "ada@organizer.example",
	"token":     "TOKEN",
	"email":     "guest@example.com",
}

// signed names the header of routes that a signature opens.
var signed = map[string]string{"/order": "X-Shopify-Hmac-Sha256: SIGNATURE"}

func (d *document) markdown() ([]byte, error) {
	routes, err := d.routes()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, preface, d.Info.Title, d.Info.Description)
	b.WriteString("| route | |\n|---|---|\n")
	for _, t := range d.Tags {
		for _, r := range routes {
			if slices.Contains(r.Tags, t.Name) {
				fmt.Fprintf(&b, "| [`%s %s`](#%s) | %s |\n", r.method, r.path, anchor(r.method+" "+r.path), cell(r.Summary))
			}
		}
	}
	for _, t := range d.Tags {
		fmt.Fprintf(&b, "\n## %s\n", t.Description)
		for _, r := range routes {
			if slices.Contains(r.Tags, t.Name) {
				r.write(&b, d)
			}
		}
	}
	b.WriteString("\n## Shapes\n")
	for _, s := range d.Components.Schemas {
		if err := writeShape(&b, s.Key, s.Value); err != nil {
			return nil, fmt.Errorf("%s: %w", s.Key, err)
		}
	}
	return b.Bytes(), nil
}

func (r route) write(b *bytes.Buffer, d *document) {
	fmt.Fprintf(b, "\n### %s %s\n\n%s.", r.method, r.path, strings.TrimSuffix(r.Summary, "."))
	if r.Description != "" {
		fmt.Fprintf(b, " %s", r.Description)
	}
	b.WriteString("\n\n")
	switch {
	case len(r.Security) > 0:
		b.WriteString("Needs a key in `x-api-key`.\n")
	case signed[r.path] != "":
		name, _, _ := strings.Cut(signed[r.path], ":")
		fmt.Fprintf(b, "Open: no key, but a signature in `%s`.\n", name)
	default:
		b.WriteString("Open: needs no key.\n")
	}
	if len(r.Parameters) > 0 {
		b.WriteString("\n| parameter | in | |\n|---|---|---|\n")
		for _, p := range r.Parameters {
			fmt.Fprintf(b, "| `%s` | %s | %s |\n", p.Name, p.In, cell(facts(p.Description, p.Schema, p.Required)+shapeLink(p.Schema, "; ")))
		}
	}
	if r.RequestBody != nil {
		what := "Body"
		for _, body := range r.RequestBody.Content {
			fmt.Fprintf(b, "\n%s: `%s`%s\n", what, body.Key, shapeLink(body.Value.Schema, ", "))
			what = "Or"
			if len(body.Value.Schema.Properties) > 0 {
				b.WriteString("\n")
				writeFields(b, body.Value.Schema)
			}
		}
	}
	b.WriteString("\n| answer | | body |\n|---|---|---|\n")
	for _, a := range r.Responses {
		var bodies []string
		for _, c := range a.Value.Content {
			bodies = append(bodies, "`"+c.Key+"`"+shapeLink(c.Value.Schema, " "))
		}
		fmt.Fprintf(b, "| %s | %s | %s |\n", a.Key, cell(a.Value.Description), strings.Join(bodies, ", "))
	}
	fmt.Fprintf(b, "\n```sh\n%s\n```\n", r.example(d))
}

// example is a call to copy.
func (r route) example(d *document) string {
	path, query := r.path, url.Values{}
	for _, p := range r.Parameters {
		switch {
		case p.In == "path":
			path = strings.ReplaceAll(path, "{"+p.Name+"}", url.PathEscape(cmp.Or(samples[p.Name], strings.ToUpper(p.Name))))
		case p.In == "query" && p.Required:
			query.Set(p.Name, cmp.Or(samples[p.Name], strings.ToUpper(p.Name)))
		}
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	call := []string{"curl"}
	if r.method != "GET" {
		call = append(call, "-X "+r.method)
	}
	if len(r.Security) > 0 {
		key := "$KEY"
		if strings.HasPrefix(r.path, "/system/") {
			key = "$ADMIN_KEY"
		}
		call = append(call, `-H "x-api-key: `+key+`"`)
	}
	if header := signed[r.path]; header != "" {
		call = append(call, "-H '"+header+"'")
	}
	call = append(call, r.body(d)...)
	return strings.Join(append(call, `"$API`+path+`"`), " ")
}

// body is what a call sends: a form's fields one by one, JSON as one text, or a file where any JSON will do.
func (r route) body(d *document) []string {
	if r.RequestBody == nil || len(r.RequestBody.Content) == 0 {
		return nil
	}
	kind, shape := r.RequestBody.Content[0].Key, d.resolve(r.RequestBody.Content[0].Value.Schema)
	if kind == "application/x-www-form-urlencoded" {
		var form []string
		for _, p := range shape.Properties {
			if value := p.Value.sample(p.Key); value != "" {
				form = append(form, "--data-urlencode '"+p.Key+"="+value+"'")
			}
		}
		return form
	}
	out := []string{"-H 'Content-Type: " + kind + "'"}
	if len(shape.Properties) == 0 {
		return append(out, "--data-binary @body.json")
	}
	var members []string
	for _, p := range shape.Properties {
		members = append(members, fmt.Sprintf("%q: %q", p.Key, p.Value.sample(p.Key)))
	}
	return append(out, "-d '{"+strings.Join(members, ", ")+"}'")
}

// sample is a value for a field of a form; empty for a field that an example can do without.
func (s schema) sample(name string) string {
	if len(s.Enum) > 0 {
		return s.Enum[0]
	}
	return map[string]string{"email": samples["email"], "organizer": samples["organizer"], "guest": samples["email"], "proposal": "PROPOSAL"}[name]
}

func (d *document) resolve(s schema) schema {
	if named, ok := d.Components.Schemas.get(refName(s.Ref)); ok && s.Ref != "" {
		return named
	}
	return s
}

func writeShape(b *bytes.Buffer, name string, s schema) error {
	fmt.Fprintf(b, "\n### %s\n\n", name)
	own := s
	for _, part := range s.AllOf {
		if part.Ref != "" {
			fmt.Fprintf(b, "All of%s, and:\n\n", shapeLink(part, " "))
			continue
		}
		own = part
	}
	switch {
	case len(own.Properties) > 0:
		writeFields(b, own)
	case len(own.Enum) > 0:
		fmt.Fprintf(b, "One of `%s`.\n", strings.Join(own.Enum, "`, `"))
	case own.Members.Kind == yaml.MappingNode:
		var member schema
		if err := own.Members.Decode(&member); err != nil {
			return err
		}
		fmt.Fprintf(b, "An object whose members are of type %s.\n", kindOf(member))
	default:
		b.WriteString("Any object.\n")
	}
	return nil
}

func writeFields(b *bytes.Buffer, s schema) {
	b.WriteString("| field | type | |\n|---|---|---|\n")
	for _, p := range s.Properties {
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", p.Key, kindOf(p.Value), cell(facts(p.Value.Description, p.Value, slices.Contains(s.Required, p.Key))))
	}
}

// facts is what there is to say of a parameter or a field.
func facts(description string, s schema, required bool) string {
	var all []string
	if required {
		all = append(all, "required")
	}
	if description != "" {
		all = append(all, description)
	}
	if len(s.Enum) > 0 {
		all = append(all, "one of `"+strings.Join(s.Enum, "`, `")+"`")
	}
	if s.MaxLength > 0 {
		all = append(all, fmt.Sprintf("at most %d characters", s.MaxLength))
	}
	return strings.Join(all, "; ")
}

// kindOf is a field's type as a reader of JSON says it.
func kindOf(s schema) string {
	switch {
	case s.Ref != "":
		return shapeLink(s, "")
	case s.Items != nil:
		return "array of " + kindOf(*s.Items)
	case s.Format != "":
		return s.Type + ", " + s.Format
	}
	return s.Type
}

// shapeLink links to the section of a named shape; it is empty for any other.
func shapeLink(s schema, before string) string {
	if s.Ref == "" {
		return ""
	}
	return before + "[" + refName(s.Ref) + "](#" + anchor(refName(s.Ref)) + ")"
}

// anchor is the fragment that GitHub gives a heading: letters, digits, hyphens and underscores in lower case, a hyphen for each space.
func anchor(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '_':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return -1
	}, heading)
}

// cell keeps a text inside a table's cell.
func cell(text string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "|", `\|`)
}
