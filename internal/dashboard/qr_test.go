package dashboard

import (
	"encoding/xml"
	"fmt"
	"strings"
	"testing"

	"rsc.io/qr"
)

// drawn reads the picture back: which modules are black, without the border.
func drawn(t *testing.T, picture []byte) [][]bool {
	t.Helper()
	var svg struct {
		ViewBox string `xml:"viewBox,attr"`
		Paths   []struct {
			Fill string `xml:"fill,attr"`
			D    string `xml:"d,attr"`
		} `xml:"path"`
	}
	if err := xml.Unmarshal(picture, &svg); err != nil {
		t.Fatal(err)
	}
	var x, y, width, size int
	if _, err := fmt.Sscanf(svg.ViewBox, "0 0 %d %d", &width, &size); err != nil || width != size {
		t.Fatalf("viewBox %q: %v", svg.ViewBox, err)
	}
	if len(svg.Paths) != 2 || svg.Paths[0].Fill != "#fff" || svg.Paths[0].D != fmt.Sprintf("M0 0h%dv%dH0z", size, size) || svg.Paths[1].Fill != "" {
		t.Fatalf("not black on white: %+v", svg.Paths)
	}
	modules := make([][]bool, size-2*quiet)
	for i := range modules {
		modules[i] = make([]bool, len(modules))
	}
	for bar := range strings.SplitSeq(strings.TrimSuffix(svg.Paths[1].D, "z"), "z") {
		var back int
		if _, err := fmt.Sscanf(bar, "M%d %dh%dv1h-%d", &x, &y, &width, &back); err != nil || width < 1 || back != width {
			t.Fatalf("%q: %v", bar, err)
		}
		for n := range width {
			if x+n < quiet || x+n >= size-quiet || y < quiet || y >= size-quiet {
				t.Fatalf("%q lies in the border", bar)
			}
			modules[y-quiet][x+n-quiet] = true
		}
	}
	return modules
}

func TestQRCode(t *testing.T) {
	for _, text := range []string{"http://127.0.0.1:8080/e/x", "https://api.example.com/prod/e/" + strings.Repeat("z", 40) + "?token=" + strings.Repeat("A", 120)} {
		picture, err := qrCode(text)
		if err != nil {
			t.Fatal(err)
		}
		code, err := qr.Encode(text, qr.M)
		if err != nil {
			t.Fatal(err)
		}
		modules := drawn(t, picture)
		if len(modules) != code.Size {
			t.Fatalf("%d modules, not %d", len(modules), code.Size)
		}
		for y, row := range modules {
			for x, black := range row {
				if black != code.Black(x, y) {
					t.Fatalf("module %d %d is black: %v", x, y, black)
				}
			}
		}
		// What a camera looks for: three corners, each of seven modules with a ring of white within (ISO/IEC 18004 §5.3.2).
		for _, corner := range [][2]int{{0, 0}, {len(modules) - 7, 0}, {0, len(modules) - 7}} {
			for y := range 7 {
				for x := range 7 {
					ring := max(max(x, 6-x), max(y, 6-y)) // 6: the edge, 5: the white ring
					if modules[corner[1]+y][corner[0]+x] != (ring != 5) {
						t.Fatalf("the corner at %v is not one", corner)
					}
				}
			}
		}
	}
	if _, err := qrCode(strings.Repeat("z", 4000)); err == nil {
		t.Error("a text that no code can hold has one")
	}
}
