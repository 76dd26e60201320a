package brand

import (
	"math"
	"strings"
	"testing"
)

func TestCheckNamesTheBadSetting(t *testing.T) {
	good := Brand{
		Name: "Ada's Events", Color: "#AA00ff", LogoURL: "https://example.com/logo.png", SupportEmail: "help@example.com",
		SupportURL: "https://example.com/help?a=1&b=2", DashboardURL: "http://localhost:8080/",
	}
	if err := good.Check(); err != nil {
		t.Fatalf("good brand: %v", err)
	}
	if err := Default().Check(); err != nil {
		t.Fatalf("default brand: %v", err)
	}
	tests := []struct {
		name   string
		change func(*Brand)
		want   string
	}{
		{"no name", func(b *Brand) { b.Name = " " }, "name"},
		{"color word", func(b *Brand) { b.Color = "red" }, "color"},
		{"color injection", func(b *Brand) { b.Color = "#fff;}*{x" }, "color"},
		{"color of signs", func(b *Brand) { b.Color = "#+1+2+3" }, "color"},
		{"script logo", func(b *Brand) { b.LogoURL = "javascript:alert(1)" }, "logo"},
		{"data logo", func(b *Brand) { b.LogoURL = "data:image/png;base64,AA==" }, "logo"},
		{"relative docs", func(b *Brand) { b.DocsURL = "/docs" }, "docs"},
		{"pricing without host", func(b *Brand) { b.PricingURL = "https:///x" }, "pricing"},
		{"dashboard with newline", func(b *Brand) { b.DashboardURL = "https://example.com/\nx" }, "dashboard"},
		{"support address with header", func(b *Brand) { b.SupportEmail = "a@example.com?bcc=b@example.com" }, "support email"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := good
			test.change(&b)
			err := b.Check()
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Check() = %v, want an error that names %q", err, test.want)
			}
		})
	}
}

func TestContrastAgainstPublishedValues(t *testing.T) {
	tests := []struct {
		a, b string
		want float64
	}{
		{"#000000", "#ffffff", 21},
		{"#777777", "#ffffff", 4.48},
		{"#767676", "#ffffff", 4.54},
		{"#ff0000", "#ffffff", 4.00},
		{"#123456", "#123456", 1},
	}
	for _, test := range tests {
		a, _ := ParseColor(test.a)
		b, _ := ParseColor(test.b)
		if got := Contrast(a, b); math.Abs(got-test.want) > 0.01 {
			t.Errorf("Contrast(%s, %s) = %.2f, want %.2f", test.a, test.b, got, test.want)
		}
	}
}

// Whatever colour a deployment chooses, text on it and text in it can be read, on light and on dark ground.
func TestAnyColorIsReadable(t *testing.T) {
	grounds := []Color{White, Black, {0x18, 0x1b, 0x21}, {0xf3, 0xf4, 0xf6}}
	for r := 0; r <= 255; r += 15 {
		for g := 0; g <= 255; g += 15 {
			for b := 0; b <= 255; b += 15 {
				c := Color{uint8(r), uint8(g), uint8(b)}
				if got := Contrast(c.Text(), c); got < ReadableContrast {
					t.Fatalf("text on %s has contrast %.2f", c, got)
				}
				for _, ground := range grounds {
					if got := Contrast(c.On(ground), ground); got < ReadableContrast {
						t.Fatalf("%s as text on %s has contrast %.2f", c, ground, got)
					}
				}
			}
		}
	}
}

func TestOnKeepsReadableColors(t *testing.T) {
	c, _ := ParseColor(DefaultColor)
	if got := c.On(White); got != c {
		t.Errorf("default color on white became %s", got)
	}
}
