// Package wiring reads the description of the deployment: terraform/wiring.yaml, terraform/openapi.yaml and
// statemachines/*.asl.json, the same files that Terraform builds AWS from. Everything that they refer to by name is checked when
// they are read, and what is not known is an error that names the file, the line or the entry.
package wiring

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// Wiring is the deployment: what terraform/wiring.yaml says, with every ${placeholder} filled in.
type Wiring struct {
	Tenants     map[string]Tenant     `yaml:"tenants"`
	UsagePlan   UsagePlan             `yaml:"usage_plan"`
	Mailboxes   map[string]Mailbox    `yaml:"mailboxes"`
	Workflows   map[string]Workflow   `yaml:"workflows"`
	Settings    map[string]*string    `yaml:"settings"` // after Load none is nil
	Secrets     map[string]Secret     `yaml:"secrets"`  // by the setting that holds the secret's name
	Permissions map[string]Permission `yaml:"permissions"`
	Functions   map[string]Function   `yaml:"functions"`
	Rules       map[string]Rule       `yaml:"rules"`    // after Load with those of the webhooks
	Webhooks    map[string]Webhook    `yaml:"webhooks"` // by name
	Feedback    []string              `yaml:"feedback"` // types of SES events that go to EventBridge, as SESv2 names them: BOUNCE …
	Table       Table                 `yaml:"table"`

	// OpenAPI is terraform/openapi.yaml with its placeholders filled in: the REST API's contract.
	OpenAPI []byte `yaml:"-"`
	// Definitions holds statemachines/<workflow>.asl.json by workflow, with their placeholders filled in.
	Definitions map[string][]byte `yaml:"-"`

	values map[string]string // what the placeholders stand for
}

// Tenant is one user of the deployment: the mail domain and the API keys that are its own.
type Tenant struct {
	Domain string `yaml:"domain"`
	Keys   []Key  `yaml:"keys"`
}

// Key is an API key. On the local stack its value is "local-" and its name.
type Key struct {
	Name  string `yaml:"name"`
	Admin bool   `yaml:"admin"` // may ask for /system/*
}

// Value is the key as a client sends it in x-api-key.
func (k Key) Value() string { return "local-" + k.Name }

// UsagePlan limits what each key may ask for: requests per second, at once, and per day.
type UsagePlan struct {
	Rate  float64 `yaml:"rate"`
	Burst int     `yaml:"burst"`
	Quota int     `yaml:"quota"`
}

// Mailbox is an address at every tenant's domain, named by its local part.
type Mailbox struct {
	Prefix   string `yaml:"prefix"`   // of the object keys under which its mail is stored
	Workflow string `yaml:"workflow"` // started with each mail; empty: the mail is stored only
}

// Workflow is a state machine.
type Workflow struct {
	Type      string   `yaml:"type"`      // STANDARD or EXPRESS
	Functions []string `yaml:"functions"` // that its states invoke
	Starts    []string `yaml:"starts"`    // workflows that its states start
	Reads     []string `yaml:"reads"`     // ARN patterns of the S3 objects and buckets that its states read
	Writes    []string `yaml:"writes"`    // ARN patterns of the S3 objects that its states write
}

// Express says whether the workflow is an Express one.
func (w Workflow) Express() bool { return w.Type == "EXPRESS" }

// Secret is an entry of Secrets Manager. Its value is never in the file.
type Secret struct {
	Description string `yaml:"description"`
}

// Permission is a named set of IAM actions and the ARN patterns that they act on; both may hold * and ?.
type Permission struct {
	Actions   []string `yaml:"actions"`
	Resources []string `yaml:"resources"`
}

// Function is one step.
type Function struct {
	Memory      int      `yaml:"memory"`  // MiB
	Timeout     int      `yaml:"timeout"` // seconds
	Settings    []string `yaml:"settings"`
	Permissions []string `yaml:"permissions"`
}

// Rule is an EventBridge rule: events that match the pattern go to the function (asynchronously) or start the workflow.
type Rule struct {
	Pattern  map[string]any `yaml:"pattern"`
	Function string         `yaml:"function"`
	Workflow string         `yaml:"workflow"`
	Input    *Input         `yaml:"input"` // what the target gets instead of the event; nil: the event
}

// Input makes a target's input out of an event (EventBridge guide, "Input transformation").
type Input struct {
	Paths    map[string]string `yaml:"paths"`    // name -> $.dotted.path in the event
	Template string            `yaml:"template"` // JSON with <name> where a value goes
}

// Table is the DynamoDB table. Its key is pk and sk, both strings.
type Table struct {
	Name    string           `yaml:"name"`
	Indexes map[string]Index `yaml:"indexes"`
	Numbers []string         `yaml:"numbers"` // key attributes that are numbers; the others are strings
	TTL     string           `yaml:"ttl"`     // attribute that holds the time of expiry; empty: none
}

// Index is a global secondary index.
type Index struct {
	Hash    string   `yaml:"hash"`
	Range   string   `yaml:"range"`
	Include []string `yaml:"include"` // projected besides the keys; none: keys only
}

// Region is the AWS Region in ARNs.
func (w *Wiring) Region() string { return w.values["region"] }

// Account is the AWS account number in ARNs.
func (w *Wiring) Account() string { return w.values["account"] }

// Partition is the partition in ARNs: aws.
func (w *Wiring) Partition() string { return w.values["partition"] }

// Prefix begins, with a hyphen after it, the names of functions and state machines on AWS.
func (w *Wiring) Prefix() string { return w.values["prefix"] }

// Domain is the mail domain of the default tenant.
func (w *Wiring) Domain() string { return w.values["domain"] }

// Domains are the mail domains of all tenants, sorted.
func (w *Wiring) Domains() []string {
	var domains []string
	for _, t := range w.Tenants {
		domains = append(domains, t.Domain)
	}
	slices.Sort(domains)
	return slices.Compact(domains)
}

// Setting is the value of a setting; "" if there is none of that name.
func (w *Wiring) Setting(name string) string {
	if v := w.Settings[name]; v != nil {
		return *v
	}
	return ""
}

// MailBucket is where received mail is stored.
func (w *Wiring) MailBucket() string { return w.values["mail_bucket"] }

// Buckets are the S3 buckets of the deployment.
func (w *Wiring) Buckets() []string {
	return []string{w.values["mail_bucket"], w.values["template_bucket"]}
}

// ARN is "arn:<partition>:<service>:<region>:<account>:<resource>".
func (w *Wiring) ARN(service, resource string) string {
	return strings.Join([]string{"arn", w.Partition(), service, w.Region(), w.Account(), resource}, ":")
}

// FunctionARN names a function of the wiring, as Lambda does: its name there begins with the prefix.
func (w *Wiring) FunctionARN(name string) string {
	return w.ARN("lambda", "function:"+w.Prefix()+"-"+name)
}

// FunctionOf is the function that an ARN (qualified or not), a partial ARN, the prefixed name or the name in the wiring means.
func (w *Wiring) FunctionOf(ref string) (string, bool) {
	if _, after, ok := strings.Cut(ref, "function:"); ok {
		ref = after
	}
	ref, _, _ = strings.Cut(ref, ":") // a version or alias
	if _, ok := w.Functions[ref]; ok {
		return ref, true
	}
	ref = strings.TrimPrefix(ref, w.Prefix()+"-")
	_, ok := w.Functions[ref]
	return ref, ok
}

// WorkflowARN names a workflow of the wiring, as Step Functions does.
func (w *Wiring) WorkflowARN(name string) string {
	return w.ARN("states", "stateMachine:"+w.Prefix()+"-"+name)
}

// WorkflowOf is the workflow that a state machine's ARN or name means.
func (w *Wiring) WorkflowOf(ref string) (string, bool) {
	if _, after, ok := strings.Cut(ref, "stateMachine:"); ok {
		ref = after
	}
	ref = strings.TrimPrefix(ref, w.Prefix()+"-")
	_, ok := w.Workflows[ref]
	return ref, ok
}

// Environment is what wiring.yaml puts into a function's environment: HANDLER, and the settings it lists besides REGION and
// LOG_LEVEL, which all have.
func (w *Wiring) Environment(function string) map[string]string {
	env := map[string]string{"HANDLER": function}
	for _, name := range append([]string{"REGION", "LOG_LEVEL"}, w.Functions[function].Settings...) {
		env[name] = w.Setting(name)
	}
	return env
}

// Grant is one action on one ARN pattern that a permission allows.
type Grant struct {
	Permission string `json:"permission"`
	Action     string `json:"action"`
	Resource   string `json:"resource"`
}

// Grants are what a function may do, in the order of the file.
func (w *Wiring) Grants(function string) []Grant {
	var grants []Grant
	for _, name := range w.Functions[function].Permissions {
		p := w.Permissions[name]
		for _, action := range p.Actions {
			for _, resource := range p.Resources {
				grants = append(grants, Grant{name, action, resource})
			}
		}
	}
	return grants
}

// SecretNames are the secrets' names in Secrets Manager: by the setting that holds the name, and a webhook's by "webhook-" and the webhook's name.
func (w *Wiring) SecretNames() map[string]string {
	names := make(map[string]string)
	for setting := range w.Secrets {
		names[setting] = w.Setting(setting)
	}
	for name := range w.Webhooks {
		names[webhookPrefix+name] = w.WebhookSecret(name)
	}
	return names
}

// generated makes the settings that are derived from the other sections of the file.
var generated = map[string]func(*Wiring) any{
	"MAILBOXES": func(w *Wiring) any {
		type mailbox struct {
			Prefix   string `json:"prefix"`
			Workflow string `json:"workflow,omitempty"` // its ARN
		}
		all := make(map[string]mailbox)
		for name, m := range w.Mailboxes {
			entry := mailbox{Prefix: m.Prefix}
			if m.Workflow != "" {
				entry.Workflow = w.WorkflowARN(m.Workflow)
			}
			all[name] = entry
		}
		return all
	},
	"TENANTS": func(w *Wiring) any {
		all := make(map[string]string)
		for name, t := range w.Tenants {
			all[t.Domain] = name
		}
		return all
	},
	"API_KEYS": func(w *Wiring) any {
		type key struct {
			Tenant string `json:"tenant"`
			Admin  bool   `json:"admin,omitempty"`
		}
		all := make(map[string]key)
		for name, t := range w.Tenants {
			for _, k := range t.Keys {
				all[k.Value()] = key{name, k.Admin}
			}
		}
		return all
	},
	"WORKFLOWS": func(w *Wiring) any {
		type workflow struct {
			ARN     string `json:"arn"`
			Express bool   `json:"express,omitempty"`
		}
		all := make(map[string]workflow)
		for name, flow := range w.Workflows {
			all[name] = workflow{w.WorkflowARN(name), flow.Express()}
		}
		return all
	},
	"WEBHOOKS": func(w *Wiring) any {
		type webhook struct {
			URL    string `json:"url"`
			Secret string `json:"secret"` // its name
		}
		all := make(map[string]webhook)
		for name, hook := range w.Webhooks {
			all[name] = webhook{hook.URL, w.WebhookSecret(name)}
		}
		return all
	},
}

func (w *Wiring) generate() error {
	for name, value := range w.Settings {
		if value != nil {
			continue
		}
		from, ok := generated[name]
		if !ok {
			return errorf("settings: %s has no value, and is none of %s, which are made from the file", name, list(generated))
		}
		data, err := json.Marshal(from(w))
		if err != nil {
			return err
		}
		text := string(data)
		w.Settings[name] = &text
	}
	return nil
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// list is the keys of a map in a sentence.
func list[V any](m map[string]V) string { return strings.Join(sorted(m), ", ") }
