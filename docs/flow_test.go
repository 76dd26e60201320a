package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestNamesInFlowExist: the steps, workflows, states and functions that flow.md names are there.
func TestNamesInFlowExist(t *testing.T) {
	wiring, machines := read(t, "terraform/wiring.yaml"), all(t, "statemachines/*.json")
	step, state, function := regexp.MustCompile(`^[a-z]+(-[a-z]+)+$`), regexp.MustCompile(`^([A-Z][a-z]+){2,}$`), regexp.MustCompile(`^([a-z]+)\.(?:[A-Z]\w+\.)?([A-Z]\w+)$`)
	checked := map[string]bool{}
	for _, found := range named.FindAllStringSubmatch(fence.ReplaceAllString(read(t, "docs/flow.md"), ""), -1) {
		name := found[1]
		var there bool
		switch {
		case step.MatchString(name):
			there = strings.Contains(wiring, "\n  "+name+":\n")
		case state.MatchString(name):
			there = strings.Contains(machines, `"`+name+`": {`)
		case function.MatchString(name):
			parts := function.FindStringSubmatch(name)
			there = regexp.MustCompile(`(?m)^func (\([^)]+\) )?` + parts[2] + `\(`).MatchString(all(t, "internal/"+parts[1]+"/*.go"))
		default:
			continue
		}
		if checked[name] = true; !there {
			t.Errorf("flow.md names %s, which is not there", name)
		}
	}
	if len(checked) < 40 {
		t.Errorf("only %d names were checked: %v", len(checked), checked)
	}
}

// all is the text of all files that match a pattern.
func all(t *testing.T, pattern string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, pattern))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %d files, %v", pattern, len(files), err)
	}
	var b strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(text)
	}
	return b.String()
}
