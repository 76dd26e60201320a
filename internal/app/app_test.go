package app_test

import (
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/awstest"
	"github.com/calendarinvite/calendarinviteserver/internal/seal"
)

// build is an App with good settings, changed as the test says; a change to "" is a setting without a value.
func build(changes map[string]string) *app.App {
	settings := map[string]string{
		"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret",
		"DOMAIN": "example.org", "SENDER": "invites@example.org", "RSVP_EMAIL": "rsvp@example.org", "SYSTEM_EMAIL": "Support@example.org",
		"DYNAMODB_TABLE": "cis", "EVENT_BUS": "cis", "EVENT_LIMIT": "5", "EVENT_INVITE_LIMIT": "2500", "ANSWER_CAP": "500", "TEMPLATE_BUCKET": "cis-templates",
		"LINK_ADDRESS_CAP": "10", "LINK_SOURCE_CAP": "2500", "API_URL": "https://api.example.org", "FORWARDED_GUESTS": "accept",
		"LINK_SIGNING_SECRET": "cis/link-signing", "INVITE_LINKS": "open", "API_KEYS": `{"id1":{"tenant":"default","admin":true}}`,
		"BRAND_NAME": "Ada's Events", "BRAND_COLOR": "#1a5fb4", "BRAND_SUPPORT_EMAIL": "help@example.org",
	}
	maps.Copy(settings, changes)
	return app.New("health", func(name string) (string, bool) {
		value, found := settings[name]
		return value, found
	}, io.Discard)
}

// secretServer answers as a Secrets Manager that holds one secret.
func secretServer(t *testing.T, value string) *awstest.Server {
	t.Helper()
	return awstest.Start(t, awstest.JSON(t, map[string]string{"Name": "cis/link-signing", "SecretString": value}))
}

// Each of a step's services names, once, every setting of its own that is missing or bad; good settings are no error.
func TestErrNamesEverySetting(t *testing.T) {
	secret := secretServer(t, "a secret of many octets").URL
	for _, test := range []struct {
		name string
		use  func(*app.App)
		bad  map[string]string
		want []string // beginnings of lines
	}{
		{"the App", func(*app.App) {}, map[string]string{"AWS_REGION": "", "LOG_LEVEL": "loud"}, []string{"setting LOG_LEVEL", "setting REGION"}},
		{"Store", func(a *app.App) { a.Store() }, map[string]string{"DYNAMODB_TABLE": ""}, []string{"setting DYNAMODB_TABLE"}},
		{"Registrar", func(a *app.App) { a.Registrar() }, map[string]string{"DYNAMODB_TABLE": "", "EVENT_LIMIT": "many", "EVENT_INVITE_LIMIT": "-1"},
			[]string{"setting DYNAMODB_TABLE", "setting EVENT_INVITE_LIMIT", "setting EVENT_LIMIT"}},
		{"Answers", func(a *app.App) { a.Answers() }, map[string]string{"FORWARDED_GUESTS": "perhaps", "RSVP_EMAIL": "rsvp"},
			[]string{"setting FORWARDED_GUESTS", "setting RSVP_EMAIL"}},
		{"Gatekeeper", func(a *app.App) { a.Gatekeeper() }, map[string]string{"DOMAIN": "", "SENDER": "Ada <a@b.c>", "LINK_ADDRESS_CAP": "", "LINK_SOURCE_CAP": "1.5"},
			[]string{"setting DOMAIN", "setting LINK_ADDRESS_CAP", "setting LINK_SOURCE_CAP", "setting SENDER"}},
		{"Inviter", func(a *app.App) { a.Inviter(t.Context()) }, map[string]string{"API_URL": "api.example.org", "LINK_SIGNING_SECRET": "", "SYSTEM_EMAIL": ""},
			[]string{"setting API_URL", "setting LINK_SIGNING_SECRET", "setting SYSTEM_EMAIL"}},
		{"Notifier", func(a *app.App) { a.Notifier() }, map[string]string{"ANSWER_CAP": "", "TEMPLATE_BUCKET": "", "SYSTEM_EMAIL": "x"},
			[]string{"setting ANSWER_CAP", "setting SYSTEM_EMAIL", "setting TEMPLATE_BUCKET"}},
		{"Callers", func(a *app.App) { a.Callers() }, map[string]string{"API_KEYS": "{"}, []string{"setting API_KEYS"}},
		{"LinkKeys", func(a *app.App) { a.LinkKeys(t.Context()) }, map[string]string{"INVITE_LINKS": "Signed"}, []string{"setting INVITE_LINKS"}},
		{"Brand without a name", func(a *app.App) { a.Brand() }, map[string]string{"BRAND_NAME": ""}, []string{"setting BRAND_NAME", "settings BRAND_*: brand name"}},
		{"Brand with a bad colour", func(a *app.App) { a.Brand() }, map[string]string{"BRAND_COLOR": "blue"}, []string{"settings BRAND_*: brand color"}},
		{"Pages with a bad logo", func(a *app.App) { a.Pages() }, map[string]string{"BRAND_LOGO_URL": "javascript:alert(1)"}, []string{"settings BRAND_*: brand logo"}},
		{"Notifier with a bad colour", func(a *app.App) { a.Notifier() }, map[string]string{"BRAND_COLOR": "blue"}, []string{"settings BRAND_*: brand color"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			good := build(map[string]string{"AWS_ENDPOINT_URL": secret})
			test.use(good)
			if err := good.Err(); err != nil {
				t.Errorf("good settings: %v", err)
			}
			bad := map[string]string{"AWS_ENDPOINT_URL": secret}
			maps.Copy(bad, test.bad)
			a := build(bad)
			test.use(a)
			err := a.Err()
			if err == nil {
				t.Fatal("no error")
			}
			lines := slices.Sorted(strings.SplitSeq(err.Error(), "\n"))
			if len(lines) != len(test.want) {
				t.Fatalf("%d lines, want %q:\n%v", len(lines), test.want, err)
			}
			for i, want := range test.want {
				if !strings.HasPrefix(lines[i], want) {
					t.Errorf("line %q, want %q", lines[i], want)
				}
			}
		})
	}
}

func TestBrand(t *testing.T) {
	a := build(map[string]string{"BRAND_LOGO_URL": "https://example.org/logo.png"})
	b := a.Brand()
	if err := a.Err(); err != nil {
		t.Fatal(err)
	}
	if b.Name != "Ada's Events" || b.Color != "#1a5fb4" || b.LogoURL != "https://example.org/logo.png" || b.SupportEmail != "help@example.org" || b.DocsURL != "" {
		t.Errorf("%+v", b)
	}
}

func TestOwnAddresses(t *testing.T) {
	want := []string{
		"invites@example.org", "rsvp@example.org", "support@example.org",
		"create@example.org", "rsvp@example.org", "bulk@example.org", "unsubscribe@example.org",
	}
	if diff := cmp.Diff(want, build(nil).OwnAddresses()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestCallers(t *testing.T) {
	a := build(nil)
	if caller := a.Callers()["id1"]; caller.Tenant != "default" || !caller.Admin || a.Err() != nil {
		t.Errorf("%+v, %v", caller, a.Err())
	}
}

// The keys are those of the secret: what they seal, other Keys of the secret open.
func TestKeys(t *testing.T) {
	const value = "a secret of many octets"
	server := secretServer(t, value)
	a := build(map[string]string{"AWS_ENDPOINT_URL": server.URL})
	keys := a.Keys(t.Context())
	if err := a.Err(); err != nil {
		t.Fatal(err)
	}
	same, err := seal.ParseKeys([]byte(value))
	if err != nil {
		t.Fatal(err)
	}
	if link, err := same.OpenLink(seal.Invite, keys.Link(seal.Link{Purpose: seal.Invite, UID: "u1"})); err != nil || link.UID != "u1" {
		t.Errorf("%+v, %v", link, err)
	}
	if got := server.Only(t); got.Operation != "GetSecretValue" || got.Field(t, "SecretId") != "cis/link-signing" {
		t.Errorf("%s %s", got.Operation, got.Body)
	}
}

// A secret that cannot be used is named, but never shown.
func TestKeysOfABadSecret(t *testing.T) {
	for name, test := range map[string]struct{ url, want string }{
		"short":         {secretServer(t, "hunter2").URL, "the secret that LINK_SIGNING_SECRET names"},
		"empty":         {secretServer(t, "").URL, "the secret that LINK_SIGNING_SECRET names"},
		"broken JSON":   {secretServer(t, `{"current":"hunter2`).URL, "the secret that LINK_SIGNING_SECRET names"},
		"short key":     {secretServer(t, `{"current":"aHVudGVyMg=="}`).URL, "the secret that LINK_SIGNING_SECRET names"},
		"unknown":       {awstest.Start(t, awstest.JSONError(400, "ResourceNotFoundException")).URL, "setting LINK_SIGNING_SECRET"},
		"no permission": {awstest.Start(t, awstest.JSONError(400, "AccessDeniedException")).URL, "setting LINK_SIGNING_SECRET"},
	} {
		t.Run(name, func(t *testing.T) {
			a := build(map[string]string{"AWS_ENDPOINT_URL": test.url})
			keys := a.Keys(t.Context())
			err := a.Err()
			if keys != nil || err == nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Fatalf("%v, %v", keys, err)
			}
			if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "aHVudGVyMg") {
				t.Errorf("the secret is shown: %v", err)
			}
		})
	}
}

// Only where links must be signed is the secret read.
func TestLinkKeys(t *testing.T) {
	for mode, signed := range map[string]bool{app.LinksOpen: false, app.LinksConfirm: false, app.LinksSigned: true} {
		server := secretServer(t, "a secret of many octets")
		a := build(map[string]string{"AWS_ENDPOINT_URL": server.URL, "INVITE_LINKS": mode})
		keys := a.LinkKeys(t.Context())
		if err := a.Err(); err != nil || (keys != nil) != signed || (len(server.Requests()) == 1) != signed {
			t.Errorf("%s: keys %t, %d requests, %v", mode, keys != nil, len(server.Requests()), err)
		}
	}
}
