package config_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/calendarinvite/calendarinviteserver/internal/config"
)

func reader(settings map[string]string) *config.Reader {
	return config.NewReader(func(name string) (string, bool) {
		value, ok := settings[name]
		return value, ok
	})
}

func TestGoodSettings(t *testing.T) {
	r := reader(map[string]string{
		"TABLE": " cis ", "LIMIT": "5", "LINKS": "open", "SENDER": "Invites@Example.org",
		"API": "https://api.example.org/", "HOSTS": "Example.org, ,shop.example.org", "KEYS": `{"k":{"tenant":"default"}}`,
	})
	if got := r.Text("TABLE"); got != "cis" {
		t.Errorf("Text = %q", got)
	}
	if got := r.Count("LIMIT"); got != 5 {
		t.Errorf("Count = %d", got)
	}
	if got := r.Choice("LINKS", "open", "signed"); got != "open" {
		t.Errorf("Choice = %q", got)
	}
	if got := r.Address("SENDER"); got != "invites@example.org" {
		t.Errorf("Address = %q", got)
	}
	if got := r.URL("API"); got != "https://api.example.org" {
		t.Errorf("URL = %q", got)
	}
	if got := r.List("HOSTS"); !slices.Equal(got, []string{"example.org", "shop.example.org"}) {
		t.Errorf("List = %q", got)
	}
	var keys map[string]struct{ Tenant string }
	if r.JSON("KEYS", &keys); keys["k"].Tenant != "default" {
		t.Errorf("JSON = %v", keys)
	}
	if err := r.Err(); err != nil {
		t.Error(err)
	}
}

// Every bad setting is named in one error, so that a person corrects them in one go.
func TestBadSettings(t *testing.T) {
	r := reader(map[string]string{"LIMIT": "-1", "LINKS": "maybe", "SENDER": "Invites <a@b.c>", "API": "ftp://x", "KEYS": "{"})
	r.Text("TABLE")
	r.Count("LIMIT")
	r.Count("MISSING")
	r.Choice("LINKS", "open", "signed")
	r.Address("SENDER")
	r.URL("API")
	r.JSON("KEYS", &struct{}{})
	r.Text("TABLE") // asked twice, told once
	err := r.Err()
	if err == nil {
		t.Fatal("no error")
	}
	lines := strings.Split(err.Error(), "\n")
	for i, name := range []string{"TABLE", "LIMIT", "MISSING", "LINKS", "SENDER", "API", "KEYS"} {
		if len(lines) <= i || !strings.HasPrefix(lines[i], "setting "+name+":") {
			t.Errorf("line %d should name %s:\n%v", i, name, err)
		}
	}
	if len(lines) != 7 {
		t.Errorf("%d lines:\n%v", len(lines), err)
	}
}
