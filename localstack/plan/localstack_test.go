package plan_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/calendarinvite/calendarinviteserver/localstack/wiring"
)

// facts are what a deployment is, one by one: what there is, and how it is. Two deployments are the same if their facts are.
type facts map[string]string

func (f facts) add(what, how string) { f[what] = how }

// differences says what one side has and the other has not, or has otherwise.
func differences(aws, local facts) []string {
	var all []string
	for _, what := range slices.Sorted(maps.Keys(aws)) {
		if how, ok := local[what]; !ok {
			all = append(all, fmt.Sprintf("only Terraform: %s (%s)", what, aws[what]))
		} else if how != aws[what] {
			all = append(all, fmt.Sprintf("%s:\n  Terraform   %s\n  local stack %s", what, aws[what], how))
		}
	}
	for _, what := range slices.Sorted(maps.Keys(local)) {
		if _, ok := aws[what]; !ok {
			all = append(all, fmt.Sprintf("only local stack: %s (%s)", what, local[what]))
		}
	}
	return all
}

// load reads the wiring of the project in root as the local stack does, with the names that Terraform gives.
func load(root string) (*wiring.Wiring, error) {
	return wiring.Load(root, wiring.Overrides{Domain: domain, APIURL: apiURL, Environ: []string{
		"MAIL_BUCKET=cis-mail-" + account, "TEMPLATE_BUCKET=cis-templates-" + account, "BRAND_DASHBOARD_URL=" + dashboardURL,
	}})
}

// localStack says what the local stack makes of a wiring.
func localStack(w *wiring.Wiring) (facts, error) {
	f := facts{}
	for name, function := range w.Functions {
		f.add("function "+name, fmt.Sprintf("%d MiB, %d s", function.Memory, function.Timeout))
		for setting, value := range w.Environment(name) {
			f.add("function "+name+" has "+setting, canonical(value))
		}
		for _, g := range w.Grants(name) {
			f.add("function "+name+" may "+g.Action+" on "+g.Resource, "")
		}
	}
	for name, flow := range w.Workflows {
		f.add("workflow "+name, flow.Type)
		f.add("definition of "+name, canonical(string(w.Definitions[name])))
		for _, function := range flow.Functions {
			f.add("workflow "+name+" invokes "+w.FunctionARN(function), "")
		}
		for _, started := range flow.Starts {
			f.add("workflow "+name+" starts "+w.WorkflowARN(started), "")
		}
		for _, arn := range flow.Reads {
			f.add("workflow "+name+" reads "+arn, "")
		}
		for _, arn := range flow.Writes {
			f.add("workflow "+name+" writes "+arn, "")
		}
	}
	for name, box := range w.Mailboxes {
		var invoked string
		if box.Workflow != "" {
			invoked = w.FunctionARN("receive-mail")
		}
		f.add("mailbox "+name, fmt.Sprintf("%s/%s, then %s", w.MailBucket(), box.Prefix, invoked))
		for _, d := range w.Domains() {
			f.add("mailbox "+name+" is "+name+"@"+d, "")
		}
	}
	for name, rule := range w.Rules {
		pattern, err := json.Marshal(rule.Pattern)
		if err != nil {
			return nil, err
		}
		f.add("rule "+name, canonical(string(pattern)))
		if rule.Function != "" {
			f.add("rule "+name+" starts", w.FunctionARN(rule.Function))
		} else {
			f.add("rule "+name+" starts", w.WorkflowARN(rule.Workflow))
		}
		if rule.Input != nil {
			f.add("rule "+name+" gives", fmt.Sprint(rule.Input.Paths, rule.Input.Template))
		}
	}
	for name, tenant := range w.Tenants {
		f.add("domain "+tenant.Domain, "")
		f.add("usage plan of "+name, fmt.Sprintf("%v/s, %d at once, %v a DAY", w.UsagePlan.Rate, w.UsagePlan.Burst, float64(w.UsagePlan.Quota)))
		for _, key := range tenant.Keys {
			f.add("key "+key.Name, name)
		}
	}
	for key, name := range w.SecretNames() {
		description := w.Secrets[key].Description
		if hook, ok := strings.CutPrefix(key, "webhook-"); ok {
			description = "Signs the messages to the webhook " + hook
		}
		f.add("secret "+name, description)
	}
	for _, kind := range w.Feedback {
		f.add("feedback "+kind, "")
	}
	localTable(w, f)
	return f, localRoutes(w, f)
}

func localTable(w *wiring.Wiring, f facts) {
	f.add("table", w.Table.Name+": pk, sk, expires by "+w.Table.TTL)
	attributes := []string{"pk", "sk"}
	for name, index := range w.Table.Indexes {
		attributes = append(attributes, index.Hash, index.Range)
		include := slices.Sorted(slices.Values(index.Include))
		f.add("index "+name, fmt.Sprintf("%s, %s, INCLUDE %v", index.Hash, index.Range, include))
	}
	for _, name := range attributes {
		kind := "S"
		if slices.Contains(w.Table.Numbers, name) {
			kind = "N"
		}
		f.add("key attribute "+name, kind)
	}
}

func localRoutes(w *wiring.Wiring, f facts) error {
	type parameter struct {
		Ref  string `yaml:"$ref"`
		Name string `yaml:"name"`
		In   string `yaml:"in"`
	}
	var document struct {
		Paths map[string]map[string]struct {
			Security    []map[string][]string `yaml:"security"`
			Parameters  []parameter           `yaml:"parameters"`
			Integration struct {
				URI string `yaml:"uri"`
			} `yaml:"x-amazon-apigateway-integration"`
		} `yaml:"paths"`
		Components struct {
			Parameters map[string]parameter `yaml:"parameters"`
		} `yaml:"components"`
	}
	if err := yaml.Unmarshal(w.OpenAPI, &document); err != nil {
		return err
	}
	for path, operations := range document.Paths {
		for method, o := range operations {
			route := "route " + strings.ToUpper(method) + " " + path
			name := strings.TrimSuffix(o.Integration.URI[strings.Index(o.Integration.URI, "function:")+len("function:"):], "/invocations")
			f.add(route, fmt.Sprintf("invokes %s, key %v", name, len(o.Security) > 0))
			for _, p := range o.Parameters {
				if p.Ref != "" {
					p = document.Components.Parameters[p.Ref[strings.LastIndexByte(p.Ref, '/')+1:]]
				}
				f.add(route+" takes "+p.Name, p.In)
			}
		}
	}
	return nil
}

// project is the project's folder.
func project(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func modified(t *testing.T, path string) time.Time {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.ModTime()
}
