package secrets_test

import (
	"strings"
	"testing"

	"github.com/calendarinvite/calendarinviteserver/internal/awstest"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/secrets"
)

func TestGet(t *testing.T) {
	for body, want := range map[string]string{
		`{"Name":"cis/link-signing","SecretString":"a secret of many octets"}`: "a secret of many octets",
		`{"Name":"cis/link-signing","SecretBinary":"AAEC/w=="}`:                "\x00\x01\x02\xff",
		`{"Name":"cis/link-signing"}`:                                          "",
	} {
		manager := awstest.Start(t, awstest.Answer{Body: body})
		value, err := secrets.New(awstest.Config(manager.URL)).Get(t.Context(), "cis/link-signing")
		if err != nil || string(value) != want {
			t.Errorf("%s: %q, %v", body, value, err)
		}
		if got := manager.Only(t); got.Operation != "GetSecretValue" || got.Field(t, "SecretId") != "cis/link-signing" {
			t.Errorf("%s %s", got.Operation, got.Body)
		}
	}
}

// A step that cannot read its secret says which, and is started anew.
func TestGetFaults(t *testing.T) {
	for name, url := range map[string]string{
		"unknown":       awstest.Start(t, awstest.JSONError(400, "ResourceNotFoundException")).URL,
		"no permission": awstest.Start(t, awstest.JSONError(400, "AccessDeniedException")).URL,
		"server error":  awstest.Start(t, awstest.JSONError(500, "InternalServiceError")).URL,
		"no answer":     awstest.Dead(),
	} {
		value, err := secrets.New(awstest.Config(url)).Get(t.Context(), "cis/link-signing")
		if value != nil || fault.KindOf(err) != fault.Unavailable || fault.ReasonOf(err) != "secret" || !strings.Contains(err.Error(), "cis/link-signing") {
			t.Errorf("%s: %q, %v", name, value, err)
		}
	}
}
