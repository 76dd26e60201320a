// Package wiringtest makes a wiring for tests out of a few lines of YAML.
package wiringtest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/calendarinvite/calendarinviteserver/localstack/wiring"
)

// Base is what every wiring must have; a test adds its functions, permissions and so on.
const Base = `
tenants: {default: {domain: "${domain}", keys: [{name: key}, {name: admin-key, admin: true}]}}
settings: {REGION: "${region}", LOG_LEVEL: info, MAIL_BUCKET: "${mail_bucket}", LINK_SIGNING_SECRET: "${prefix}/link-signing"}
secrets: {LINK_SIGNING_SECRET: {description: Seals tokens}}
table:
  name: "${table}"
  indexes: {organizer_events: {hash: mailto, range: last_modified, include: [uid]}}
  numbers: [last_modified]
  ttl: ttl
`

// Root writes a project folder that has only the files of the wiring. Files are by path, such as "terraform/wiring.yaml".
func Root(t testing.TB, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// Load reads Base and the sections given, which may not name workflows.
func Load(t testing.TB, sections ...string) *wiring.Wiring {
	t.Helper()
	root := Root(t, map[string]string{
		"terraform/wiring.yaml":  Base + strings.Join(sections, "\n"),
		"terraform/openapi.yaml": "openapi: 3.0.3\n",
	})
	w, err := wiring.Load(root, wiring.Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	return w
}
