package page

import (
	"fmt"
	"strings"
	"testing"

	"github.com/calendarinvite/calendarinviteserver/internal/brand"
)

// The pairs of colours that page.css puts on each other, by the names of its variables.
var pairs = []struct {
	front, back string
	least       float64
}{
	{"--text", "--card", brand.ReadableContrast},
	{"--ink", "--card", brand.ReadableContrast},
	{"--muted", "--card", brand.ReadableContrast},
	{"--muted", "--ground", brand.ReadableContrast}, // footer
	{"--muted", "--soft", brand.ReadableContrast},   // event details
	{"--ink", "--soft", brand.ReadableContrast},
	{"--text", "--soft", brand.ReadableContrast}, // the chosen answer
	{"--link", "--card", brand.ReadableContrast}, // quiet button, summary of details
	{"--link", "--ground", brand.ReadableContrast},
	{"--bad", "--card", brand.ReadableContrast},       // what an event's state is, a field that is wrong
	{"--bad", "--soft", brand.ReadableContrast},       // what is wrong with it
	{"--link", "--soft", brand.ReadableContrast},      // a link in a notice
	{"--on-brand", "--brand", brand.ReadableContrast}, // button, month
	{"--edge", "--card", 3},                           // borders of fields (WCAG 2.2 §1.4.11)
	{"--edge", "--soft", 3},
}

func TestContrast(t *testing.T) {
	for _, color := range []string{"#3d52d5", "#ffee00", "#00ff88", "#7f7f7f", "#000000", "#ffffff", "#b00020"} {
		style, err := styleOf(brand.Brand{Name: "x", Color: color})
		if err != nil {
			t.Fatal(err)
		}
		light := variables(t, style)
		_, after, ok := strings.Cut(style, "@media (prefers-color-scheme: dark) {")
		if !ok {
			t.Fatal("no dark mode")
		}
		dark := variables(t, after)
		for name, value := range light {
			if _, ok := dark[name]; !ok {
				dark[name] = value
			}
		}
		for mode, palette := range map[string]map[string]brand.Color{"light": light, "dark": dark} {
			for _, pair := range pairs {
				front, ok1 := palette[pair.front]
				back, ok2 := palette[pair.back]
				if !ok1 || !ok2 {
					t.Fatalf("%s: no %s or %s in page.css", mode, pair.front, pair.back)
				}
				if ratio := brand.Contrast(front, back); ratio < pair.least {
					t.Errorf("%s, brand %s: %s %s on %s %s has contrast %.2f, want %.1f", mode, color, pair.front, front, pair.back, back, ratio, pair.least)
				}
			}
		}
	}
}

// Colours stand in page.css only where its variables are set, so that the pairs above are all there are.
func TestColorsAreVariables(t *testing.T) {
	style, err := styleOf(brand.Default())
	if err != nil {
		t.Fatal(err)
	}
	screen, _, _ := strings.Cut(style, "@media print")
	for line := range strings.Lines(screen) {
		if strings.Contains(line, "#") && !strings.HasPrefix(strings.TrimSpace(line), "--") {
			t.Errorf("a colour outside the variables: %s", line)
		}
	}
}

// variables reads the declarations of the first :root block.
func variables(t *testing.T, style string) map[string]brand.Color {
	t.Helper()
	_, block, ok := strings.Cut(style, ":root {")
	if !ok {
		t.Fatal("no :root")
	}
	block, _, _ = strings.Cut(block, "}")
	palette := map[string]brand.Color{}
	for declaration := range strings.SplitSeq(block, ";") {
		name, value, ok := strings.Cut(strings.TrimSpace(declaration), ": ")
		if !ok || !strings.HasPrefix(name, "--") {
			continue
		}
		color, err := brand.ParseColor(value)
		if err != nil {
			t.Fatal(fmt.Errorf("%s: %w", name, err))
		}
		palette[name] = color
	}
	return palette
}
