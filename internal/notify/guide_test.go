package notify

import (
	"os"
	"slices"
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
		for list, names := range kind.names() {
			if list != "" && !strings.Contains(guide, "`{#"+list+"}`") {
				t.Errorf("the guide lacks {#%s} of %s", list, kind)
			}
			for _, name := range names {
				if !strings.Contains(guide, "`{"+name+"}`") {
					t.Errorf("the guide lacks {%s} of %s", name, kind)
				}
			}
		}
	}
}

// What the guide says may be used in a mail is what the notification fills: no placeholder is forgotten, none is a secret.
func TestFillMatchesTheDeclaredPlaceholders(t *testing.T) {
	filled := map[Kind]map[string]bool{} // values of a list's items as list.name
	for _, sample := range samples() {
		v := newValues()
		if err := sample.tell.fill(v, sample.settings); err != nil {
			t.Fatal(err)
		}
		kind := sample.tell.Kind()
		if filled[kind] == nil {
			filled[kind] = map[string]bool{}
		}
		for name := range v.texts {
			if !slices.Contains(kind.names()[""], name) {
				t.Errorf("%s fills {%s}, which it does not declare", kind, name)
			}
			filled[kind][name] = true
		}
		for list, items := range v.lists {
			for _, item := range items {
				for name := range item {
					if !slices.Contains(kind.names()[list], name) {
						t.Errorf("%s fills {%s} of {#%s}, which it does not declare", kind, name, list)
					}
					filled[kind][list+"."+name] = true
				}
			}
		}
	}
	for kind, names := range own {
		for _, name := range names {
			if !filled[kind][name] {
				t.Errorf("%s declares {%s} and never fills it", kind, name)
			}
		}
		for list, names := range lists[kind] {
			for _, name := range names {
				if !filled[kind][list+"."+name] {
					t.Errorf("%s declares {%s} of {#%s} and never fills it", kind, name, list)
				}
			}
		}
	}
}
