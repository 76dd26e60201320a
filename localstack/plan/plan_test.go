// Package plan_test holds what Terraform makes against what the local stack runs: both come from the same files, and what the tests
// prove on the one must be what is deployed on the other.
package plan_test

import (
	"strings"
	"testing"
)

func TestTerraformMakesWhatTheLocalStackRuns(t *testing.T) {
	w, err := load(copyProject(t))
	if err != nil {
		t.Fatal(err)
	}
	local, err := localStack(w)
	if err != nil {
		t.Fatal(err)
	}
	if len(w.Webhooks) == 0 || len(w.Tenants) < 2 {
		t.Fatal("the copy has no webhook and no second tenant to compare")
	}
	for _, d := range differences(deployed(t).facts(), local) {
		t.Error(d)
	}
}

// A change on one side alone is seen, whatever it is.
func TestOneSidedChange(t *testing.T) {
	const wiringFile = "terraform/wiring.yaml"
	tests := []struct{ name, file, old, text, want string }{
		{"a setting more", wiringFile, "    settings: [MAIL_BUCKET, MAILBOXES, TENANT, TENANTS]", "    settings: [MAIL_BUCKET, MAILBOXES, TENANT, TENANTS, EVENT_LIMIT]", "only local stack: function receive-mail has EVENT_LIMIT"},
		{"a setting less", wiringFile, "    settings: [MAIL_BUCKET, MAILBOXES, TENANT, TENANTS]", "    settings: [MAIL_BUCKET, MAILBOXES, TENANT]", "only Terraform: function receive-mail has TENANTS"},
		{"a setting's value", wiringFile, `  EVENT_LIMIT: "5"`, `  EVENT_LIMIT: "6"`, "function create-new-event-record has EVENT_LIMIT:"},
		{"memory", wiringFile, "  receive-mail:\n    memory: 128", "  receive-mail:\n    memory: 256", "function receive-mail:"},
		{"a permission", wiringFile, "permissions: [start-mail-workflows]", "permissions: [start-mail-workflows, read-lists]", "only local stack: function receive-mail may s3:GetObject on"},
		{"a permission's resource", wiringFile, "/event_request/*\"]", "/other/*\"]", "only Terraform: function get-new-event-request-from-email may s3:GetObject"},
		{"a mailbox", wiringFile, "  info: {prefix: mailbox/info/}", "  info: {prefix: mailbox/information/}", "mailbox info:"},
		{"a mailbox's workflow", wiringFile, "  info: {prefix: mailbox/info/}", "  info: {prefix: mailbox/info/, workflow: event-request}", "mailbox info:"},
		{"a workflow's type", wiringFile, "  event-invite:\n    type: EXPRESS", "  event-invite:\n    type: STANDARD", "workflow event-invite:"},
		{"what a workflow reads", wiringFile, "    writes: [\"arn:${partition}:s3:::${mail_bucket}/lists/*\"]", "    writes: []", "only Terraform: workflow bulk-invites writes"},
		{"a definition", "statemachines/bulk-invites.asl.json", `"MaxItemsPerBatch": 89`, `"MaxItemsPerBatch": 80`, "definition of bulk-invites:"},
		{"a rule's pattern", wiringFile, "Email Rejected, ", "", "rule delivery-feedback:"},
		{"a webhook", wiringFile, `b=2", types: [rsvp.changed, attendee.bounced]`, `b=2", types: [rsvp.changed]`, "rule webhook-crm:"},
		{"an index", wiringFile, "include: [uid]}", "include: [uid, tenant]}", "index original_uid_lookup:"},
		{"a key attribute", wiringFile, "numbers: [last_modified]", "numbers: []", "key attribute last_modified:"},
		{"time to live", wiringFile, "  ttl: ttl", "  ttl: expires", "table:"},
		{"a route", "terraform/openapi.yaml", "  /health:", "  /arrived:", "only local stack: route GET /arrived"},
		{"a route's key", "terraform/openapi.yaml", "security: [{api_key: []}]", "security: []", "route GET /event/{uid}:"},
		{"a route's function", "terraform/openapi.yaml", "${invoke}get-report-download/", "${invoke}health/", "route GET /download/{token}:"},
		{"a parameter", "terraform/openapi.yaml", "limit: {name: limit,", "limit: {name: most,", "takes most"},
		{"a tenant's key", wiringFile, "{name: admin-key, admin: true}", "{name: admin-key}", "has API_KEYS:"},
		{"a limit", wiringFile, "rate: 50", "rate: 60", "usage plan of default:"},
		{"feedback", wiringFile, "feedback: [BOUNCE, ", "feedback: [DELIVERY, BOUNCE, ", "only local stack: feedback DELIVERY"},
		{"a secret", wiringFile, `"${prefix}/shopify"`, `"${prefix}/shop"`, "only local stack: secret cis/shop"},
	}
	aws := deployed(t).facts()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			root := copyProject(t)
			change(t, root, test.file, test.old, test.text)
			w, err := load(root)
			if err != nil {
				t.Fatal(err)
			}
			local, err := localStack(w)
			if err != nil {
				t.Fatal(err)
			}
			if all := strings.Join(differences(aws, local), "\n"); !strings.Contains(all, test.want) {
				t.Errorf("not seen:\n%s", all)
			}
		})
	}
}
