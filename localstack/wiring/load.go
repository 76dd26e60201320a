package wiring

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Overrides are what the one who starts the stack decides.
type Overrides struct {
	Domain  string   // mail domain; default cis.localhost
	APIURL  string   // base URL of the REST API; default http://127.0.0.1:8080
	Environ []string // NAME=value; a setting of the wiring that is named here has this value

	Webhooks map[string]string // name -> URL: webhooks besides those of the file, which get every fact
	Tenants  map[string]Tenant // by name: tenants besides those of the file
	Feedback []string          // types of SES events besides those of the file
}

// Errors of this package begin with the file they are about.
func errorf(format string, args ...any) error { return fmt.Errorf(wiringFile+": "+format, args...) }

const (
	wiringFile  = "terraform/wiring.yaml"
	openAPIFile = "terraform/openapi.yaml"
)

// Load reads the wiring of the project whose folder root is.
func Load(root string, over Overrides) (*Wiring, error) {
	values := placeholders(over)
	text, err := read(root, wiringFile, values)
	if err != nil {
		return nil, err
	}
	w := &Wiring{values: values}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(w); err != nil {
		return nil, errorf("%s", oneLine(err))
	}
	env := environ(over.Environ)
	for name := range w.Settings {
		if value, ok := env[name]; ok {
			w.Settings[name] = &value
		}
	}
	if err := w.addWebhooks(over.Webhooks); err != nil {
		return nil, err
	}
	w.addTenants(over.Tenants)
	w.Feedback = append(w.Feedback, over.Feedback...)
	if err := w.generate(); err != nil {
		return nil, err
	}
	if err := w.check(); err != nil {
		return nil, err
	}
	if w.OpenAPI, err = read(root, openAPIFile, values); err != nil {
		return nil, err
	}
	if err := w.checkOpenAPI(); err != nil {
		return nil, err
	}
	w.Definitions = make(map[string][]byte)
	for name := range w.Workflows {
		file := "statemachines/" + name + ".asl.json"
		if w.Definitions[name], err = read(root, file, values); err != nil {
			return nil, err
		}
		if err := w.checkDefinition(name, file); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// addTenants takes in tenants from outside the file.
func (w *Wiring) addTenants(more map[string]Tenant) {
	if w.Tenants == nil {
		w.Tenants = make(map[string]Tenant)
	}
	maps.Copy(w.Tenants, more)
}

// placeholders are the values of ${name}. Where a setting of spec §10 is nothing but such a value, overriding the setting
// changes the value, so that permissions, names and settings still agree.
func placeholders(over Overrides) map[string]string {
	env := environ(over.Environ)
	pick := func(setting string, defaults ...string) string {
		for _, v := range append([]string{env[setting]}, defaults...) {
			if v != "" {
				return v
			}
		}
		return ""
	}
	api := pick("API_URL", strings.TrimSuffix(over.APIURL, "/"), "http://127.0.0.1:8080")
	v := map[string]string{
		"account":           "000000000000",
		"partition":         "aws",
		"prefix":            "cis",
		"stage":             "local",
		"region":            pick("REGION", "us-east-1"),
		"domain":            strings.ToLower(pick("DOMAIN", over.Domain, "cis.localhost")),
		"table":             pick("DYNAMODB_TABLE", "cis"),
		"mail_bucket":       pick("MAIL_BUCKET", "cis-mail"),
		"template_bucket":   pick("TEMPLATE_BUCKET", "cis-templates"),
		"configuration_set": pick("CONFIGURATION_SET", "cis"),
		"dashboard_url":     pick("BRAND_DASHBOARD_URL", api+"/dashboard"),
		"api_url":           api,
	}
	functions := "arn:" + v["partition"] + ":lambda:" + v["region"] + ":" + v["account"] + ":function:" + v["prefix"] + "-"
	v["functions"] = functions
	v["machines"] = "arn:" + v["partition"] + ":states:" + v["region"] + ":" + v["account"] + ":stateMachine:" + v["prefix"] + "-"
	v["invoke"] = "arn:" + v["partition"] + ":apigateway:" + v["region"] + ":lambda:path/2015-03-31/functions/" + functions
	return v
}

func environ(list []string) map[string]string {
	m := make(map[string]string)
	for _, entry := range list {
		if name, value, ok := strings.Cut(entry, "="); ok {
			m[name] = value
		}
	}
	return m
}

var placeholder = regexp.MustCompile(`\$\{([^}]*)\}`)

// read is a file's text with ${name} filled in; in lines that are only a comment they may stand for anything.
func read(root, file string, values map[string]string) ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(file)))
	if err != nil {
		return nil, fmt.Errorf("wiring: %w", err)
	}
	lines := strings.SplitAfter(string(text), "\n")
	for i, line := range lines {
		if strings.HasPrefix(strings.TrimLeft(line, " \t"), "#") {
			continue
		}
		lines[i] = placeholder.ReplaceAllStringFunc(line, func(found string) string {
			value, ok := values[found[2:len(found)-1]]
			if !ok && err == nil {
				err = fmt.Errorf("%s: line %d: unknown placeholder %s", file, i+1, found)
			}
			return value
		})
	}
	if err != nil {
		return nil, err
	}
	return []byte(strings.Join(lines, "")), nil
}

// oneLine is a YAML error without its line breaks: "yaml: unmarshal errors:\n  line 3: field x not found …".
func oneLine(err error) string {
	var typeError *yaml.TypeError
	if errors.As(err, &typeError) {
		return strings.Join(typeError.Errors, "; ")
	}
	return strings.TrimPrefix(err.Error(), "yaml: ")
}
