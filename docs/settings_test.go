package docs

import (
	"regexp"
	"strings"
	"testing"
)

// TestSettingsAreListed: the README names every setting of wiring.yaml and of the local stack, and the defaults that it gives are theirs.
func TestSettingsAreListed(t *testing.T) {
	readme := read(t, "README.md")
	_, rest, ok := strings.Cut(read(t, "terraform/wiring.yaml"), "\nsettings:\n")
	if !ok {
		t.Fatal("wiring.yaml has no settings")
	}
	section, _, _ := strings.Cut(rest, "\n\n")
	setting := regexp.MustCompile(`(?m)^  ([A-Z_]+): ("[^"]*"|[^#\n]*)`)
	defaults := map[string]string{}
	for _, found := range setting.FindAllStringSubmatch(section, -1) {
		defaults[found[1]] = strings.Trim(strings.TrimSpace(found[2]), `"`)
	}
	if len(defaults) < 40 {
		t.Fatalf("only these settings were found: %v", defaults)
	}
	for name := range defaults {
		if !strings.Contains(readme, "`"+name+"`") {
			t.Errorf("README.md does not name %s", name)
		}
	}
	compared := 0
	for line := range strings.Lines(readme) {
		cells := strings.Split(line, " | ")
		if len(cells) < 3 || !strings.HasPrefix(line, "| `") {
			continue
		}
		names, values := named.FindAllStringSubmatch(cells[0], -1), named.FindAllStringSubmatch(cells[1], -1)
		for i, value := range values {
			name := names[min(i, len(names)-1)][1]
			if want, has := defaults[name]; has && !strings.Contains(want, "${") {
				compared++
				if value[1] != want {
					t.Errorf("README.md gives %s the default %s, but it is %s", name, value[1], want)
				}
			}
		}
	}
	if compared < 10 {
		t.Errorf("only %d defaults were compared", compared)
	}
	for _, found := range regexp.MustCompile(`env\["([A-Z_]+)"\]`).FindAllStringSubmatch(read(t, "localstack/settings.go"), -1) {
		if !strings.Contains(readme, "`"+found[1]+"`") {
			t.Errorf("README.md does not name %s", found[1])
		}
	}
}

// TestWorkflowsAreListed: the README says of every workflow what it is for.
func TestWorkflowsAreListed(t *testing.T) {
	readme := read(t, "README.md")
	_, rest, _ := strings.Cut(read(t, "terraform/wiring.yaml"), "\nworkflows:\n")
	section, _, _ := strings.Cut(rest, "\n\n")
	found := regexp.MustCompile(`(?m)^  ([a-z-]+):$`).FindAllStringSubmatch(section, -1)
	if len(found) == 0 {
		t.Fatal("wiring.yaml has no workflows")
	}
	for _, workflow := range found {
		if !strings.Contains(readme, "\n| `"+workflow[1]+"` | ") {
			t.Errorf("README.md does not list the workflow %s", workflow[1])
		}
	}
}
