// Package docs holds what is written about the project against the project: links lead somewhere, the tests that SECURITY.md names exist, and
// so do the make targets.
package docs

import (
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = ".."

// pages are the project's Markdown files, relative to the root.
func pages(t *testing.T) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && path != root && (slices.Contains([]string{"node_modules", "testdata", "build"}, entry.Name()) || hidden(entry.Name())) {
			return fs.SkipDir
		}
		if !entry.IsDir() && filepath.Ext(path) == ".md" {
			relative, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			all = append(all, relative)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(all, "README.md") || !slices.Contains(all, "SECURITY.md") {
		t.Fatalf("found %v", all)
	}
	return all
}

// hidden are folders that are not the project's own text; .github is.
func hidden(name string) bool { return strings.HasPrefix(name, ".") && name != ".github" }

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var (
	fence = regexp.MustCompile("(?ms)^```.*?^```\n?")
	code  = regexp.MustCompile("`[^`\n]*`")
	link  = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	named = regexp.MustCompile("`([^`\n]+)`")
)

func TestLinksResolve(t *testing.T) {
	seen := 0
	for _, page := range pages(t) {
		prose := code.ReplaceAllString(fence.ReplaceAllString(read(t, page), ""), "code")
		for _, found := range link.FindAllStringSubmatch(prose, -1) {
			target, err := url.Parse(found[1])
			if err != nil {
				t.Errorf("%s: %v", page, err)
				continue
			}
			if target.Scheme != "" {
				continue // somebody else's
			}
			seen++
			path := page
			if target.Path != "" {
				path = filepath.Join(filepath.Dir(page), target.Path)
			}
			if _, err := os.Stat(filepath.Join(root, path)); err != nil {
				t.Errorf("%s links to %s: there is no such file", page, found[1])
				continue
			}
			if target.Fragment != "" && !slices.Contains(anchors(read(t, path)), target.Fragment) {
				t.Errorf("%s links to %s: there is no such heading", page, found[1])
			}
		}
	}
	if seen == 0 {
		t.Error("no link was found")
	}
}

// anchors are the fragments of a page's headings, as GitHub makes them; of headings with the same text, only the first's.
func anchors(page string) []string {
	var all []string
	for line := range strings.Lines(fence.ReplaceAllString(page, "")) {
		level, heading, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok || strings.Trim(level, "#") != "" {
			continue
		}
		all = append(all, strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '_':
				return r
			}
			return -1
		}, strings.ToLower(heading)))
	}
	return all
}

// TestNamedTestsExist reads the last column of the table of threats: a file in code, and after it the names of tests in that file.
func TestNamedTestsExist(t *testing.T) {
	_, threats, ok := strings.Cut(read(t, "SECURITY.md"), "\n## Threats\n")
	if !ok {
		t.Fatal("SECURITY.md has no threats")
	}
	rows := 0
	for line := range strings.Lines(threats) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
		if !strings.HasPrefix(line, "| **") || len(cells) < 2 {
			continue
		}
		rows++
		file, tests := "", 0
		for _, found := range named.FindAllStringSubmatch(cells[len(cells)-1], -1) {
			if strings.HasSuffix(found[1], "_test.go") {
				file = found[1]
				continue
			}
			tests++
			if file == "" {
				t.Errorf("%s: %s stands before a file", cells[0], found[1])
			} else if !strings.Contains(read(t, file), "\nfunc "+found[1]+"(") {
				t.Errorf("%s: there is no %s in %s", cells[0], found[1], file)
			}
		}
		if tests == 0 {
			t.Errorf("%s: no test shows what stops it", cells[0])
		}
	}
	if rows == 0 {
		t.Error("no threat was found")
	}
}

func TestMakeTargetsExist(t *testing.T) {
	makefile, mentioned := read(t, "Makefile"), regexp.MustCompile("(?m)(?:^|`)make ([a-z][a-z-]*)")
	for _, page := range pages(t) {
		for _, found := range mentioned.FindAllStringSubmatch(read(t, page), -1) {
			if !strings.Contains(makefile, "\n"+found[1]+":") {
				t.Errorf("%s tells to run make %s, which is no target", page, found[1])
			}
		}
	}
}

// TestTerraformNamesExist holds the commands and the examples of the guides against Terraform's own files.
func TestTerraformNamesExist(t *testing.T) {
	declared := func(folder, kind string) map[string]bool {
		names := map[string]bool{}
		files, err := filepath.Glob(filepath.Join(root, folder, "*.tf"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, found := range regexp.MustCompile(`(?m)^`+kind+` "(\w+)"`).FindAllStringSubmatch(string(text), -1) {
				names[found[1]] = true
			}
		}
		if len(names) == 0 {
			t.Errorf("%s declares no %s", folder, kind)
		}
		return names
	}
	command := regexp.MustCompile(`-chdir=(terraform(?:/bootstrap)?) ([^\n` + "`" + `]*)`)
	output, variable := regexp.MustCompile(`^output (?:-raw )?(\w+)`), regexp.MustCompile(`-var (\w+)=`)
	example, assigned := regexp.MustCompile("(?ms)^ *```hcl\n(.*?)```"), regexp.MustCompile(`(?m)^ *(\w+) *=`)
	commands := 0
	for _, page := range pages(t) {
		text := read(t, page)
		for _, found := range command.FindAllStringSubmatch(text, -1) {
			commands++
			if name := output.FindStringSubmatch(found[2]); name != nil && !declared(found[1], "output")[name[1]] {
				t.Errorf("%s asks %s for the output %s, which it does not have", page, found[1], name[1])
			}
			for _, name := range variable.FindAllStringSubmatch(found[2], -1) {
				if !declared(found[1], "variable")[name[1]] {
					t.Errorf("%s gives %s the variable %s, which it does not have", page, found[1], name[1])
				}
			}
		}
		for _, block := range example.FindAllStringSubmatch(text, -1) {
			for _, name := range assigned.FindAllStringSubmatch(block[1], -1) {
				if !declared("terraform", "variable")[name[1]] {
					t.Errorf("%s shows the variable %s, which terraform does not have", page, name[1])
				}
			}
		}
	}
	if commands == 0 {
		t.Error("no command was found")
	}
}
