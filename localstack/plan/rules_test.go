package plan_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What AWS gives no resources for. Every other statement names what it acts on.
var withoutResources = []string{
	"xray:PutTraceSegments", "xray:PutTelemetryRecords", "xray:GetSamplingRules", "xray:GetSamplingTargets",
	"logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:UpdateLogDelivery", "logs:DeleteLogDelivery", "logs:ListLogDeliveries",
	"logs:PutResourcePolicy", "logs:DescribeResourcePolicies", "logs:DescribeLogGroups",
}

func TestNoRoleReachesEverything(t *testing.T) {
	policies := deployed(t).all("aws_iam_role_policy", "")
	if len(policies) < 100 {
		t.Fatalf("only %d policies", len(policies))
	}
	for _, r := range policies {
		for _, s := range parsePolicy(r.text("policy")).Statement {
			if len(s.Action) == 0 || len(s.Resource) == 0 || s.Effect != "Allow" {
				t.Errorf("%s: %+v", r.Address, s)
			}
			for _, action := range s.Action {
				if strings.Contains(action, "*") {
					t.Errorf("%s: %s is a family of actions", r.Address, action)
				}
				if slices.Contains(s.Resource, "*") != slices.Contains(withoutResources, action) {
					t.Errorf("%s: %s on %s", r.Address, action, s.Resource)
				}
			}
		}
	}
}

// IAM guide, "IAM and AWS STS quotas": the inline policies of a role have at most 10,240 characters, white space not counted.
func TestPoliciesFit(t *testing.T) {
	size := map[string]int{}
	for _, r := range deployed(t).all("aws_iam_role_policy", "") {
		size[r.text("role")] += len(r.text("policy"))
	}
	for role, n := range size {
		if n > 10240 {
			t.Errorf("%s has %d characters of policies", role, n)
		}
	}
}

// A policy that lets everybody in must be about a condition that shuts everybody out.
func TestResourcePolicies(t *testing.T) {
	d := deployed(t)
	for kind, count := range map[string]int{"aws_s3_bucket_policy": 2, "aws_sqs_queue_policy": 1, "aws_sns_topic_policy": 1} {
		found := d.all(kind, "")
		if len(found) != count {
			t.Errorf("%d of %s", len(found), kind)
		}
		for _, r := range found {
			var shut bool
			for _, s := range parsePolicy(r.text("policy")).Statement {
				if s.Effect == "Deny" {
					shut = shut || s.Principal == "*" && slices.Equal(s.Condition["Bool"]["aws:SecureTransport"], list{"false"})
					continue
				}
				if s.Principal == "*" || len(s.Condition) == 0 {
					t.Errorf("%s: %s lets in %v without a condition", r.Address, s.Sid, s.Principal)
				}
			}
			if !shut {
				t.Errorf("%s: takes requests without TLS", r.Address)
			}
		}
	}
}

func TestEverythingIsTagged(t *testing.T) {
	want := map[string]any{"Project": "calendar-invite-server", "Stage": "local", "Prefix": "cis", "ManagedBy": "terraform"}
	var tagged int
	for _, r := range deployed(t).resources {
		all, takes := r.Values["tags_all"]
		if r.Mode != "managed" || !takes {
			continue
		}
		tagged++
		tags, _ := all.(map[string]any)
		for name, value := range want {
			if tags[name] != value {
				t.Errorf("%s: tag %s is %v", r.Address, name, tags[name])
			}
		}
	}
	if tagged < 200 {
		t.Errorf("only %d resources take tags", tagged)
	}
}

// Every alarm tells the topic, the topic tells the address.
func TestAlarmsAreHeard(t *testing.T) {
	d := deployed(t)
	topic := d.all("aws_sns_topic", "alarms")[0].text("arn")
	alarms := d.all("aws_cloudwatch_metric_alarm", "")
	if len(alarms) < 30 {
		t.Errorf("only %d alarms", len(alarms))
	}
	for _, r := range alarms {
		if got := fmt.Sprint(r.Values["alarm_actions"]); got != "["+topic+"]" {
			t.Errorf("%s tells %s", r.Address, got)
		}
	}
	if s := d.all("aws_sns_topic_subscription", ""); len(s) != 1 || s[0].text("topic_arn") != topic || s[0].text("endpoint") != variables["alarm_email"] {
		t.Errorf("subscriptions: %v", s)
	}
}

// Metrics that do not exist never raise an alarm: what they are about must.
func TestAlarmsAreAboutWhatThereIs(t *testing.T) {
	d := deployed(t)
	names := map[string]bool{}
	for kind, attribute := range map[string]string{
		"aws_lambda_function": "function_name", "aws_sfn_state_machine": "arn", "aws_sqs_queue": "name", "aws_dynamodb_table": "name", "aws_api_gateway_rest_api": "name",
		"aws_api_gateway_stage": "stage_name",
	} {
		for _, r := range d.all(kind, "") {
			names[r.text(attribute)] = true
		}
	}
	for _, r := range d.all("aws_sfn_state_machine", "") { // its ARN is made up; its name is in it
		names["arn:aws:states:us-east-1:"+account+":stateMachine:"+r.text("name")] = true
	}
	for _, r := range d.all("aws_cloudwatch_metric_alarm", "") {
		for _, query := range members(r.Values["metric_query"]) {
			for _, metric := range members(query["metric"]) {
				dimensions, _ := metric["dimensions"].(map[string]any)
				for name, value := range dimensions {
					if !names[fmt.Sprint(value)] {
						t.Errorf("%s: there is no %s %v", r.Address, name, value)
					}
				}
			}
		}
	}
}

// The routes of the API, and nobody else, may invoke their functions through it.
func TestRoutesMayInvoke(t *testing.T) {
	d := deployed(t)
	api := d.all("aws_api_gateway_rest_api", "")[0].text("execution_arn")
	parameter := regexp.MustCompile(`\{[^}]*\}`)
	permissions := map[string]string{}
	for _, r := range d.all("aws_lambda_permission", "route") {
		permissions[r.key()] = r.text("function_name")
		method, path, _ := strings.Cut(r.key(), " ")
		if want := api + "/local/" + method + parameter.ReplaceAllString(path, "*"); r.text("source_arn") != want || r.text("principal") != "apigateway.amazonaws.com" {
			t.Errorf("%s: %s from %s", r.Address, r.text("principal"), r.text("source_arn"))
		}
		if id := r.text("statement_id"); !regexp.MustCompile(`^[a-z0-9-]{1,100}$`).MatchString(id) {
			t.Errorf("%s: statement id %q", r.Address, id)
		}
	}
	for what, how := range d.facts() {
		route, ok := strings.CutPrefix(what, "route ")
		if !ok || strings.Contains(route, " takes ") {
			continue
		}
		if name, _, _ := strings.Cut(strings.TrimPrefix(how, "invokes "), ","); permissions[route] != name {
			t.Errorf("%s invokes %s, and may invoke %q", route, name, permissions[route])
		}
	}
}

// Lambda guide, "Lambda quotas": environment variables together have at most 4 KB.
func TestEnvironmentsFit(t *testing.T) {
	for _, r := range deployed(t).all("aws_lambda_function", "") {
		environment, _ := r.block("environment")["variables"].(map[string]any)
		var n int
		for name, value := range environment {
			n += len(name) + len(fmt.Sprint(value))
		}
		if n > 4096 {
			t.Errorf("%s: %d octets of settings", r.Address, n)
		}
	}
}

// Nothing in the state is a secret's value.
func TestNoSecretsInState(t *testing.T) {
	for _, r := range deployed(t).resources {
		switch r.Type {
		case "aws_secretsmanager_secret_version", "aws_iam_access_key", "random_password", "random_id", "tls_private_key":
			t.Errorf("%s: its value is in the state", r.Address)
		}
	}
}

// What is given up is kept: every target, and every function that nobody waits for.
func TestNothingIsLost(t *testing.T) {
	d := deployed(t)
	queue := d.all("aws_sqs_queue", "dead_letters")[0].text("arn")
	for _, r := range d.all("aws_cloudwatch_event_target", "") {
		if r.block("dead_letter_config")["arn"] != queue {
			t.Errorf("%s: no dead letters", r.Address)
		}
	}
	configs := d.all("aws_lambda_function_event_invoke_config", "")
	if len(configs) == 0 {
		t.Error("no function keeps failed events")
	}
	for _, r := range configs {
		destination := fmt.Sprint(members(r.block("destination_config")["on_failure"])[0]["destination"])
		if destination != queue {
			t.Errorf("%s: failed events go to %s", r.Address, destination)
		}
	}
}
