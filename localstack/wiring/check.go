package wiring

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// check holds every name in wiring.yaml against the section it refers to.
func (w *Wiring) check() error {
	for _, name := range sorted(w.Functions) {
		f := w.Functions[name]
		where := "functions: " + name
		if f.Memory < 128 || f.Memory > 10240 {
			return errorf("%s: memory %d is not between 128 and 10240 MiB", where, f.Memory)
		}
		if f.Timeout < 1 || f.Timeout > 900 {
			return errorf("%s: timeout %d is not between 1 and 900 seconds", where, f.Timeout)
		}
		if err := known(where, "setting", f.Settings, w.Settings); err != nil {
			return err
		}
		if err := known(where, "permission", f.Permissions, w.Permissions); err != nil {
			return err
		}
	}
	if err := known("settings", "setting", []string{"REGION", "LOG_LEVEL"}, w.Settings); err != nil {
		return err
	}
	for _, name := range sorted(w.Permissions) {
		if err := checkPermission(name, w.Permissions[name]); err != nil {
			return err
		}
	}
	for _, name := range sorted(w.Workflows) {
		flow := w.Workflows[name]
		if flow.Type != "STANDARD" && flow.Type != "EXPRESS" {
			return errorf("workflows: %s: type %q is neither STANDARD nor EXPRESS", name, flow.Type)
		}
		where := "workflows: " + name
		if err := known(where, "function", flow.Functions, w.Functions); err != nil {
			return err
		}
		if err := known(where, "workflow", flow.Starts, w.Workflows); err != nil {
			return err
		}
		if err := w.checkObjects(where, append(slices.Clone(flow.Reads), flow.Writes...)); err != nil {
			return err
		}
	}
	for _, name := range sorted(w.Mailboxes) {
		m := w.Mailboxes[name]
		if m.Prefix == "" || !strings.HasSuffix(m.Prefix, "/") {
			return errorf("mailboxes: %s: prefix %q does not end in a slash", name, m.Prefix)
		}
		if err := knownOrNone("mailboxes: "+name, "workflow", m.Workflow, w.Workflows); err != nil {
			return err
		}
	}
	for _, name := range sorted(w.Secrets) {
		if err := known("secrets", "setting", []string{name}, w.Settings); err != nil {
			return err
		}
	}
	if err := w.checkRules(); err != nil {
		return err
	}
	if err := w.checkTenants(); err != nil {
		return err
	}
	if err := w.checkFeedback(); err != nil {
		return err
	}
	return w.Table.check()
}

func checkPermission(name string, p Permission) error {
	if len(p.Actions) == 0 || len(p.Resources) == 0 {
		return errorf("permissions: %s: needs actions and resources", name)
	}
	for _, action := range p.Actions {
		if service, verb, ok := strings.Cut(action, ":"); !ok || service == "" || verb == "" {
			return errorf("permissions: %s: action %q is not <service>:<Action>", name, action)
		}
	}
	for _, resource := range p.Resources {
		if resource != "*" && strings.Count(resource, ":") < 5 {
			return errorf("permissions: %s: %q is no ARN", name, resource)
		}
	}
	return nil
}

func (w *Wiring) checkRules() error {
	for _, name := range sorted(w.Rules) {
		r := w.Rules[name]
		where := "rules: " + name
		if (r.Function == "") == (r.Workflow == "") {
			return errorf("%s: needs a function or a workflow", where)
		}
		if len(r.Pattern) == 0 {
			return errorf("%s: has no pattern", where)
		}
		if err := knownOrNone(where, "function", r.Function, w.Functions); err != nil {
			return err
		}
		if err := knownOrNone(where, "workflow", r.Workflow, w.Workflows); err != nil {
			return err
		}
	}
	return nil
}

// eventTypes are SES's events (SESv2 API reference, EventDestinationDefinition, MatchingEventTypes).
var eventTypes = map[string]bool{
	"SEND": true, "REJECT": true, "BOUNCE": true, "COMPLAINT": true, "DELIVERY": true, "OPEN": true, "CLICK": true,
	"RENDERING_FAILURE": true, "DELIVERY_DELAY": true, "SUBSCRIPTION": true,
}

func (w *Wiring) checkFeedback() error {
	if err := known("feedback", "event type", w.Feedback, eventTypes); err != nil {
		return err
	}
	for i, kind := range w.Feedback {
		if slices.Contains(w.Feedback[:i], kind) {
			return errorf("feedback: %s is there twice", kind)
		}
	}
	return nil
}

// checkObjects looks at the ARN patterns of S3 objects.
func (w *Wiring) checkObjects(where string, patterns []string) error {
	for _, pattern := range patterns {
		if name, ok := strings.CutPrefix(pattern, "arn:"+w.Partition()+":s3:::"); !ok || name == "" || strings.HasPrefix(name, "/") {
			return errorf("%s: %q is no ARN of S3", where, pattern)
		}
	}
	return nil
}

func (w *Wiring) checkTenants() error {
	domains, keys := make(map[string]string), make(map[string]string)
	for _, name := range sorted(w.Tenants) {
		t := w.Tenants[name]
		if t.Domain == "" || strings.ContainsAny(t.Domain, "@ \t/") {
			return errorf("tenants: %s: %q is no mail domain", name, t.Domain)
		}
		if other, ok := domains[t.Domain]; ok {
			return errorf("tenants: %s and %s have the same domain %s", other, name, t.Domain)
		}
		domains[t.Domain] = name
		for _, k := range t.Keys {
			if other, ok := keys[k.Name]; ok || k.Name == "" {
				return errorf("tenants: %s: key %q has no name of its own (also of %s)", name, k.Name, other)
			}
			keys[k.Name] = name
		}
	}
	if _, ok := w.Tenants["default"]; !ok {
		return errorf("tenants: there is no tenant named default")
	}
	return nil
}

func (t Table) check() error {
	if t.Name == "" {
		return errorf("table: has no name")
	}
	keys := map[string]bool{"pk": true, "sk": true}
	for _, name := range sorted(t.Indexes) {
		index := t.Indexes[name]
		if index.Hash == "" {
			return errorf("table: index %s: has no hash key", name)
		}
		keys[index.Hash], keys[index.Range] = true, true
	}
	return known("table: numbers", "key attribute", t.Numbers, keys)
}

// checkOpenAPI looks for the functions that the API's integrations invoke: uri: <invoke><function>/invocations.
func (w *Wiring) checkOpenAPI() error {
	for i, line := range strings.Split(string(w.OpenAPI), "\n") {
		_, after, ok := strings.Cut(line, w.values["invoke"])
		if !ok {
			continue
		}
		name, _, ok := strings.Cut(after, "/invocations")
		if _, exists := w.Functions[name]; !ok || !exists {
			return fmt.Errorf("%s: line %d: unknown function %q; %s has %s", openAPIFile, i+1, name, wiringFile, list(w.Functions))
		}
	}
	return nil
}

// checkDefinition holds the functions that a state machine invokes, and the workflows that it starts, against those that the wiring lets
// it.
func (w *Wiring) checkDefinition(workflow, file string) error {
	var definition any
	if err := json.Unmarshal(w.Definitions[workflow], &definition); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	all, flow := texts(definition, nil), w.Workflows[workflow]
	for _, use := range []struct {
		prefix, verb, section string
		listed                []string
	}{
		{w.values["functions"], "invokes", "functions", flow.Functions},
		{w.values["machines"], "starts", "starts", flow.Starts},
	} {
		used := make(map[string]bool)
		for _, s := range all {
			if name, ok := strings.CutPrefix(s, use.prefix); ok {
				used[name] = true
				if !slices.Contains(use.listed, name) {
					return fmt.Errorf("%s: %s %q, which %s does not list among the %s of workflow %s", file, use.verb, name, wiringFile, use.section, workflow)
				}
			}
		}
		for _, name := range use.listed {
			if !used[name] {
				return errorf("workflows: %s: lists %q, which %s never %s", workflow, name, file, use.verb)
			}
		}
	}
	return nil
}

// texts collects every string value in decoded JSON.
func texts(v any, found []string) []string {
	switch v := v.(type) {
	case string:
		return append(found, v)
	case []any:
		for _, e := range v {
			found = texts(e, found)
		}
	case map[string]any:
		for _, e := range v {
			found = texts(e, found)
		}
	}
	return found
}

func known[V any](where, kind string, names []string, in map[string]V) error {
	for _, name := range names {
		if _, ok := in[name]; !ok {
			return errorf("%s: unknown %s %q; there are %s", where, kind, name, list(in))
		}
	}
	return nil
}

func knownOrNone[V any](where, kind, name string, in map[string]V) error {
	if name == "" {
		return nil
	}
	return known(where, kind, []string{name}, in)
}
