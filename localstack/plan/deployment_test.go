package plan_test

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
)

// deployment is what Terraform made.
type deployment struct{ resources []resource }

// resource is one resource as "tofu show -json" has it.
type resource struct {
	Mode    string         `json:"mode"` // managed or data
	Address string         `json:"address"`
	Type    string         `json:"type"`
	Name    string         `json:"name"`
	Index   any            `json:"index"` // key of for_each
	Values  map[string]any `json:"values"`
}

func (r resource) key() string            { s, _ := r.Index.(string); return s }
func (r resource) text(key string) string { s, _ := r.Values[key].(string); return s }
func (r resource) block(key string) map[string]any {
	list, _ := r.Values[key].([]any)
	if len(list) == 0 {
		return nil
	}
	m, _ := list[0].(map[string]any)
	return m
}

// all are the resources of a type and name; an empty name means any.
func (d *deployment) all(kind, name string) []resource {
	return slices.DeleteFunc(slices.Clone(d.resources), func(r resource) bool {
		return r.Mode != "managed" || r.Type != kind || name != "" && r.Name != name
	})
}

// policy is an IAM policy.
type policy struct {
	Statement []struct {
		Sid, Effect      string
		Action, Resource list
		Principal        any
		Condition        map[string]map[string]list
	}
}

// list is one text or several, as IAM has it.
type list []string

func (l *list) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*l = list{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(l))
}

func parsePolicy(text string) policy {
	var p policy
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		panic(fmt.Sprintf("%v: %s", err, text))
	}
	return p
}

// facts says what the deployment is, in the words of localStack.
func (d *deployment) facts() facts {
	f := facts{}
	d.functions(f)
	d.workflows(f)
	d.receiving(f)
	d.rules(f)
	d.api(f)
	d.table(f)
	for _, r := range d.all("aws_secretsmanager_secret", "") {
		f.add("secret "+r.text("name"), r.text("description"))
	}
	for _, r := range d.all("aws_sesv2_email_identity", "") {
		f.add("domain "+r.text("email_identity"), "")
	}
	for _, r := range d.all("aws_sesv2_configuration_set_event_destination", "") {
		for _, kind := range texts(r.block("event_destination")["matching_event_types"]) {
			f.add("feedback "+kind, "")
		}
	}
	return f
}

func (d *deployment) functions(f facts) {
	keys := strings.NewReplacer(d.keyNames()...)
	for _, r := range d.all("aws_lambda_function", "") {
		name := strings.TrimPrefix(r.text("function_name"), "cis-")
		f.add("function "+name, fmt.Sprintf("%v MiB, %v s", r.Values["memory_size"], r.Values["timeout"]))
		environment, _ := r.block("environment")["variables"].(map[string]any)
		for setting, value := range environment {
			f.add("function "+name+" has "+setting, canonical(keys.Replace(value.(string))))
		}
	}
	for _, r := range d.all("aws_iam_role_policy", "wiring") {
		for _, s := range parsePolicy(r.text("policy")).Statement {
			for _, action := range s.Action {
				for _, on := range s.Resource {
					f.add("function "+r.key()+" may "+action+" on "+on, "")
				}
			}
		}
	}
}

// keyNames pairs the ids that API Gateway made with the ids that the local stack uses.
func (d *deployment) keyNames() []string {
	var pairs []string
	for _, r := range d.all("aws_api_gateway_api_key", "") {
		pairs = append(pairs, `"`+r.text("id")+`"`, `"local-`+r.key()+`"`)
	}
	return pairs
}

func (d *deployment) workflows(f facts) {
	for _, r := range d.all("aws_sfn_state_machine", "") {
		name := strings.TrimPrefix(r.text("name"), "cis-")
		f.add("workflow "+name, r.text("type"))
		f.add("definition of "+name, canonical(r.text("definition")))
	}
	verbs := map[string]string{"InvokeSteps": "invokes", "StartWorkflows": "starts", "ReadObjects": "reads", "ListObjects": "reads", "WriteObjects": "writes"}
	for _, r := range d.all("aws_iam_role_policy", "workflow") {
		for _, s := range parsePolicy(r.text("policy")).Statement {
			if verb := verbs[s.Sid]; verb != "" {
				for _, on := range s.Resource {
					f.add("workflow "+r.key()+" "+verb+" "+on, "")
				}
			}
		}
	}
}

func (d *deployment) receiving(f facts) {
	for _, r := range d.all("aws_ses_receipt_rule", "") {
		store := r.block("s3_action")
		var invoked string
		if action := r.block("lambda_action"); action != nil {
			invoked = fmt.Sprint(action["function_arn"])
		}
		f.add("mailbox "+r.text("name"), fmt.Sprintf("%v/%v, then %s", store["bucket_name"], store["object_key_prefix"], invoked))
		for _, recipient := range texts(r.Values["recipients"]) {
			f.add("mailbox "+r.text("name")+" is "+recipient, "")
		}
	}
}

func (d *deployment) rules(f facts) {
	for _, r := range d.all("aws_cloudwatch_event_rule", "") {
		f.add("rule "+r.key(), canonical(r.text("event_pattern")))
	}
	for _, r := range d.all("aws_cloudwatch_event_target", "") {
		f.add("rule "+r.key()+" starts", r.text("arn"))
		if input := r.block("input_transformer"); input != nil {
			f.add("rule "+r.key()+" gives", fmt.Sprint(input["input_paths"], input["input_template"]))
		}
	}
}

func (d *deployment) api(f facts) {
	for _, r := range d.all("aws_api_gateway_rest_api", "") {
		var document struct {
			Paths map[string]map[string]struct {
				Security    []any
				Parameters  []struct{ Name, In string }
				Integration struct{ Type, URI string } `json:"x-amazon-apigateway-integration"`
			}
		}
		if err := json.Unmarshal([]byte(r.text("body")), &document); err != nil {
			panic(err)
		}
		for resource, operations := range document.Paths {
			for method, o := range operations {
				if o.Integration.Type == "mock" {
					continue // a preflight
				}
				name := strings.TrimPrefix(path.Base(path.Dir(o.Integration.URI)), "arn:aws:lambda:us-east-1:"+account+":function:")
				f.add("route "+strings.ToUpper(method)+" "+resource, fmt.Sprintf("invokes %s, key %v", name, len(o.Security) > 0))
				for _, p := range o.Parameters {
					f.add("route "+strings.ToUpper(method)+" "+resource+" takes "+p.Name, p.In)
				}
			}
		}
	}
	plans := map[string]string{}
	for _, r := range d.all("aws_api_gateway_usage_plan", "") {
		plans[r.text("id")] = r.key()
		throttle, quota := r.block("throttle_settings"), r.block("quota_settings")
		f.add("usage plan of "+r.key(), fmt.Sprintf("%v/s, %v at once, %v a %v", throttle["rate_limit"], throttle["burst_limit"], quota["limit"], quota["period"]))
	}
	for _, r := range d.all("aws_api_gateway_usage_plan_key", "") {
		f.add("key "+r.key(), plans[r.text("usage_plan_id")])
	}
}

func (d *deployment) table(f facts) {
	for _, r := range d.all("aws_dynamodb_table", "") {
		f.add("table", fmt.Sprintf("%s: %s, %s, expires by %v", r.text("name"), r.text("hash_key"), r.text("range_key"), r.block("ttl")["attribute_name"]))
		for _, a := range members(r.Values["attribute"]) {
			f.add(fmt.Sprintf("key attribute %v", a["name"]), fmt.Sprint(a["type"]))
		}
		for _, i := range members(r.Values["global_secondary_index"]) {
			include := texts(i["non_key_attributes"])
			slices.Sort(include)
			f.add(fmt.Sprintf("index %v", i["name"]), fmt.Sprintf("%v, %v, %v %v", i["hash_key"], i["range_key"], i["projection_type"], include))
		}
	}
}

func members(v any) []map[string]any {
	items, _ := v.([]any)
	var all []map[string]any
	for _, item := range items {
		m, _ := item.(map[string]any)
		all = append(all, m)
	}
	return all
}

func texts(v any) []string {
	items, _ := v.([]any)
	var all []string
	for _, item := range items {
		all = append(all, fmt.Sprint(item))
	}
	return all
}

// canonical is JSON in one form, and any other text as it is.
func canonical(text string) string {
	var v any
	if (strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[")) && json.Unmarshal([]byte(text), &v) == nil {
		if data, err := json.Marshal(v); err == nil {
			return string(data)
		}
	}
	return text
}
