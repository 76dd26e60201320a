package view

import (
	"bytes"
	"compress/gzip"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// maxWeight is the most that a page may weigh with all that it loads, in bytes, uncompressed.
const maxWeight = 120_000

// A page of an event with 10,000 guests, and any other, with its script and its style stays within its weight.
func TestWeight(t *testing.T) {
	v := views(t)
	loaded, packed := 0, 0
	for _, name := range []string{styleName, scriptName, iconName} {
		body, _, ok := v.Asset(name)
		if !ok {
			t.Fatalf("no %s", name)
		}
		t.Logf("%-22s %7d bytes, %6d compressed", name, len(body), compressed(t, body))
		loaded += len(body)
		packed += compressed(t, body)
	}
	for _, d := range drawings() {
		drawn := d.draw(t, v)
		if total := loaded + len(drawn); total > maxWeight {
			t.Errorf("%s weighs %d bytes (%d of its own), at most %d are good", d.name, total, len(drawn), maxWeight)
		}
		if name := filepath.Ext(d.name); name == "" {
			t.Logf("%-22s %7d bytes, %6d compressed; with all that it loads %7d, %6d compressed", d.name, len(drawn), compressed(t, drawn), loaded+len(drawn), packed+compressed(t, drawn))
		}
	}
}

func compressed(t *testing.T, body []byte) int {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Len()
}

// The script in assets is what web builds.
func TestScriptIsBuilt(t *testing.T) {
	if _, err := os.Stat(filepath.Join(web, "node_modules", "esbuild")); err != nil {
		t.Skip("no esbuild here: run npm ci in web")
	}
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("no node here")
	}
	target := t.TempDir()
	build := exec.Command("node", "build.js", target)
	build.Dir = web
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	built, err := os.ReadFile(filepath.Join(target, scriptName))
	if err != nil {
		t.Fatal(err)
	}
	committed, err := files.ReadFile("assets/" + scriptName)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(built, committed) {
		t.Error("assets/dashboard.js is not what web builds: run make web")
	}
}
