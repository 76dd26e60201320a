package notify

import (
	"os"
	"strings"
	"testing"
)

// templates/README.md names every mail and every placeholder.
func TestGuideIsComplete(t *testing.T) {
	data, err := os.ReadFile("templates/README.md")
	if err != nil {
		t.Fatal(err)
	}
	guide := string(data)
	for kind := range openings {
		if !strings.Contains(guide, "`"+string(kind)+"`") {
			t.Errorf("the guide lacks the mail %s", kind)
		}
		for _, name := range append(append([]string{}, everywhere...), own[kind]...) {
			if !strings.Contains(guide, "`{"+name+"}`") {
				t.Errorf("the guide lacks {%s} of %s", name, kind)
			}
		}
	}
}

// What the guide says may be used in a mail is what the notification fills: no placeholder is forgotten, none is a secret.
func TestFillMatchesTheDeclaredPlaceholders(t *testing.T) {
	filled := map[Kind]map[string]bool{}
	for _, sample := range samples() {
		v := values{}
		if err := sample.tell.fill(v, sample.settings); err != nil {
			t.Fatal(err)
		}
		kind := sample.tell.Kind()
		if filled[kind] == nil {
			filled[kind] = map[string]bool{}
		}
		for name := range v {
			if !kind.knows(name) {
				t.Errorf("%s fills {%s}, which it does not declare", kind, name)
			}
			filled[kind][name] = true
		}
	}
	for kind, names := range own {
		for _, name := range names {
			if !filled[kind][name] {
				t.Errorf("%s declares {%s} and never fills it", kind, name)
			}
		}
	}
}
