package brand

import (
	"fmt"
	"math"
)

// Color is an opaque sRGB colour.
type Color struct{ R, G, B uint8 }

// The colours that text on a brand-coloured area may have.
var (
	Black = Color{0, 0, 0}
	White = Color{255, 255, 255}
)

// ReadableContrast is the least contrast of normal-sized text (WCAG 2.2 §1.4.3, level AA).
const ReadableContrast = 4.5

// ParseColor reads "#rrggbb" and nothing else, so that a parsed colour's String can stand in any style sheet.
func ParseColor(s string) (Color, error) {
	if len(s) != 7 || s[0] != '#' {
		return Color{}, fmt.Errorf("%q is not #rrggbb", s)
	}
	var parts [3]uint8
	for i := range parts {
		hi, lo := hexDigit(s[1+2*i]), hexDigit(s[2+2*i])
		if hi > 15 || lo > 15 {
			return Color{}, fmt.Errorf("%q is not #rrggbb", s)
		}
		parts[i] = hi<<4 | lo
	}
	return Color{parts[0], parts[1], parts[2]}, nil
}

func hexDigit(c byte) uint8 {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	}
	return 255
}

// String is the colour as "#rrggbb" in lower case.
func (c Color) String() string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

// Contrast is the WCAG contrast ratio of two colours, 1 to 21 (WCAG 2.2, "contrast ratio" and "relative luminance").
func Contrast(a, b Color) float64 {
	la, lb := a.luminance(), b.luminance()
	if la < lb {
		la, lb = lb, la
	}
	return (la + 0.05) / (lb + 0.05)
}

func (c Color) luminance() float64 {
	return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
}

func linear(v uint8) float64 {
	s := float64(v) / 255
	if s <= 0.04045 {
		return s / 12.92
	}
	return math.Pow((s+0.055)/1.055, 2.4)
}

// Text is the colour of text on an area of colour c: white where that is readable, else black, which then is.
func (c Color) Text() Color {
	if Contrast(White, c) >= ReadableContrast {
		return White
	}
	return Black
}

// On is c where it is readable as text on the background, else c moved towards black or white just far enough to be readable.
func (c Color) On(background Color) Color {
	target := background.Text()
	for step := 0; step <= 20; step++ {
		if mixed := c.mix(target, float64(step)/20); Contrast(mixed, background) >= ReadableContrast {
			return mixed
		}
	}
	return target
}

// mix moves c towards the other colour by a share of 0 to 1.
func (c Color) mix(other Color, share float64) Color {
	part := func(a, b uint8) uint8 { return uint8(math.Round(float64(a) + (float64(b)-float64(a))*share)) }
	return Color{part(c.R, other.R), part(c.G, other.G), part(c.B, other.B)}
}
