package notify

import (
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/calendarinvite/calendarinviteserver/internal/brand"
)

// Every piece of text in every built-in mail is readable on what lies behind it, in light and in dark mode, whatever the brand colour
// (WCAG 2.2 §1.4.3, level AA). The test paints as a mail client does: inline styles, and in dark mode the class rules over them.
func TestContrast(t *testing.T) {
	for _, color := range []string{"#3d52d5", "#ffee00", "#00ff88", "#7f7f7f", "#000000", "#ffffff", "#b00020"} {
		for _, sample := range samples() {
			settings := sample.settings
			settings.Brand.Color = color
			mail := write(t, settings, nil, sample.tell)
			document, err := html.Parse(strings.NewReader(mail.HTML))
			if err != nil {
				t.Fatal(err)
			}
			for mode, rules := range map[string]map[string]string{"light": nil, "dark": darkRules(t, mail.HTML)} {
				checked := 0
				paint(document, ink{"#000000", "#ffffff"}, rules, func(text string, on ink) {
					checked++
					front, err := brand.ParseColor(on.front)
					if err != nil {
						t.Fatalf("%s: %v", sample.name, err)
					}
					back, err := brand.ParseColor(on.back)
					if err != nil {
						t.Fatalf("%s: %v", sample.name, err)
					}
					if ratio := brand.Contrast(front, back); ratio < brand.ReadableContrast {
						t.Errorf("%s, %s, brand %s: %q is %s on %s, contrast %.2f", sample.name, mode, color, text, front, back, ratio)
					}
				})
				if checked < 5 {
					t.Errorf("%s, %s: only %d texts found", sample.name, mode, checked)
				}
			}
		}
	}
}

// ink is the colour of text and of what lies behind it.
type ink struct{ front, back string }

// paint walks the document with inherited colours and shows each visible text.
func paint(n *html.Node, on ink, rules map[string]string, see func(string, ink)) {
	if n.Type == html.TextNode {
		if text := strings.TrimSpace(strings.Trim(n.Data, "\u00a0 \n")); text != "" {
			see(text, on)
		}
		return
	}
	if n.Type == html.ElementNode {
		if n.Data == "head" {
			return
		}
		style, classes := attribute(n, "style"), strings.Fields(attribute(n, "class"))
		if strings.Contains(style, "display:none") {
			return
		}
		on.set(style)
		for _, class := range classes {
			on.set(rules[class])
		}
	}
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		paint(child, on, rules, see)
	}
}

func (i *ink) set(style string) {
	for declaration := range strings.SplitSeq(style, ";") {
		name, value, _ := strings.Cut(declaration, ":")
		value = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "!important"))
		switch strings.TrimSpace(name) {
		case "color":
			i.front = value
		case "background-color":
			i.back = value
		}
	}
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// darkRules reads the ".class { declarations }" lines of the dark block.
func darkRules(t *testing.T, document string) map[string]string {
	t.Helper()
	_, block, ok := strings.Cut(document, "@media (prefers-color-scheme: dark) {\n")
	if !ok {
		t.Fatal("no dark mode")
	}
	block, _, _ = strings.Cut(block, "\n}\n")
	rules := map[string]string{}
	for line := range strings.Lines(block) {
		selector, declarations, ok := strings.Cut(strings.TrimSpace(line), " { ")
		if !ok || !strings.HasPrefix(selector, ".") {
			t.Fatalf("unexpected rule %q", line)
		}
		rules[selector[1:]] = strings.TrimSuffix(declarations, " }")
	}
	return rules
}

// In dark mode everything that is painted light must be repainted: an element with a colour of its own and no class would stay behind.
func TestDarkModeReachesEverything(t *testing.T) {
	for _, sample := range samples() {
		mail := write(t, sample.settings, nil, sample.tell)
		rules := darkRules(t, mail.HTML)
		document, err := html.Parse(strings.NewReader(mail.HTML))
		if err != nil {
			t.Fatal(err)
		}
		for n := range document.Descendants() {
			style := attribute(n, "style")
			if n.Type != html.ElementNode || strings.Contains(style, "display:none") || !strings.Contains(style, "color:#") {
				continue
			}
			covered := strings.Contains(style, "background-color:"+sample.settings.Brand.Main().String())
			for _, class := range strings.Fields(attribute(n, "class")) {
				covered = covered || rules[class] != ""
			}
			if !covered {
				t.Errorf("%s: <%s style=%q> stays light", sample.name, n.Data, style)
			}
		}
	}
}
