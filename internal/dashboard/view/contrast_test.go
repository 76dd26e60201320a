package view

import (
	"fmt"
	"strings"
	"testing"

	"github.com/calendarinvite/calendarinviteserver/internal/brand"
)

// least is the least contrast of borders of fields and of parts of pictures (WCAG 2.2 §1.4.11).
const least = 3

// The pairs of colours that dashboard.css puts on each other, by the names of its variables.
var pairs = []struct {
	front, back string
	least       float64
}{
	{"--text", "--card", brand.ReadableContrast},
	{"--text", "--ground", brand.ReadableContrast},
	{"--text", "--soft", brand.ReadableContrast}, // badge, note, row under the pointer
	{"--ink", "--card", brand.ReadableContrast},
	{"--ink", "--ground", brand.ReadableContrast},
	{"--ink", "--soft", brand.ReadableContrast},
	{"--muted", "--card", brand.ReadableContrast},
	{"--muted", "--ground", brand.ReadableContrast},
	{"--muted", "--soft", brand.ReadableContrast}, // a row under the pointer, code
	{"--link", "--card", brand.ReadableContrast},
	{"--link", "--ground", brand.ReadableContrast},
	{"--link", "--soft", brand.ReadableContrast},
	{"--on-brand", "--brand", brand.ReadableContrast}, // button, month
	{"--on-danger", "--danger", brand.ReadableContrast},
	{"--good-text", "--good-ground", brand.ReadableContrast},
	{"--warn-text", "--warn-ground", brand.ReadableContrast},
	{"--bad-text", "--bad-ground", brand.ReadableContrast},
	{"--bad-text", "--card", brand.ReadableContrast}, // an error, a bounce
	{"--bad-text", "--soft", brand.ReadableContrast},
	{"--edge", "--card", least}, // borders of fields
	{"--edge", "--ground", least},
	{"--yes", "--card", least}, // the parts of a bar, lines of a chart, dots
	{"--maybe", "--card", least},
	{"--no", "--card", least},
	{"--else", "--card", least},
	{"--none", "--card", least},
	{"--yes", "--soft", least}, // the same on a bar's track, and under the pointer
	{"--maybe", "--soft", least},
	{"--no", "--soft", least},
	{"--else", "--soft", least},
}

func TestContrast(t *testing.T) {
	for _, color := range []string{"#3d52d5", "#ffee00", "#00ff88", "#7f7f7f", "#000000", "#ffffff", "#b00020"} {
		style := styleIn(t, color)
		light := variables(t, style)
		_, after, ok := strings.Cut(style, "@media (prefers-color-scheme:dark){")
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
					t.Fatalf("%s: no %s or %s in dashboard.css", mode, pair.front, pair.back)
				}
				if ratio := brand.Contrast(front, back); ratio < pair.least {
					t.Errorf("%s, brand %s: %s %s on %s %s has contrast %.2f, want %.1f", mode, color, pair.front, front, pair.back, back, ratio, pair.least)
				}
			}
		}
	}
}

// Colours stand in dashboard.css only where its variables are set, so that the pairs above are all there are; but for the paper of a QR code, which is white.
func TestColorsAreVariables(t *testing.T) {
	body, err := files.ReadFile("assets/" + styleName)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(body)) {
		line = strings.TrimSpace(line)
		if strings.Contains(line, "#") && !strings.HasPrefix(line, "--") && !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, ".column ") && !strings.HasPrefix(line, ".qr {") {
			t.Errorf("a colour outside the variables: %s", line)
		}
	}
}

func styleIn(t *testing.T, color string) string {
	t.Helper()
	v, err := New(brand.Brand{Name: "x", Color: color}, "https://api.example.org")
	if err != nil {
		t.Fatal(err)
	}
	style, _, ok := v.Asset(styleName)
	if !ok {
		t.Fatal("no style sheet")
	}
	return string(style)
}

// variables reads the declarations of the first :root block.
func variables(t *testing.T, style string) map[string]brand.Color {
	t.Helper()
	_, block, ok := strings.Cut(style, ":root{")
	if !ok {
		t.Fatal("no :root")
	}
	block, _, _ = strings.Cut(block, "}")
	palette := map[string]brand.Color{}
	for declaration := range strings.SplitSeq(block, ";") {
		name, value, ok := strings.Cut(strings.TrimSpace(declaration), ":")
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
