package plan_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var declaration = regexp.MustCompile(`(?m)^(variable|output) "([a-z_]+)" \{`)

// terraform/README.md names every input and output, and none that is not there.
func TestReadme(t *testing.T) {
	dir := filepath.Join(project(t), "terraform")
	text, err := os.ReadFile(filepath.Join(dir, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	readme := string(text)
	for _, folder := range []string{"", "bootstrap"} {
		files, err := filepath.Glob(filepath.Join(dir, folder, "*.tf"))
		if err != nil || len(files) < 4 {
			t.Fatal(files, err)
		}
		declared := map[string]bool{}
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range declaration.FindAllStringSubmatch(string(content), -1) {
				declared[m[2]] = true
				if !strings.Contains(readme, "| `"+m[2]+"` |") {
					t.Errorf("README.md does not list the %s %s of %s", m[1], m[2], filepath.Join(folder, filepath.Base(file)))
				}
			}
			if folder == "" && !strings.Contains(readme, "`"+filepath.Base(file)+"`") {
				t.Errorf("README.md does not say what is in %s", filepath.Base(file))
			}
		}
		if folder != "" {
			continue
		}
		top, _, _ := strings.Cut(readme, "## Bootstrap")
		for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\|").FindAllStringSubmatch(top, -1) {
			if !declared[m[1]] {
				t.Errorf("README.md lists %s, which is not there", m[1])
			}
		}
	}
}
