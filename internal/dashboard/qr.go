package dashboard

import (
	"fmt"
	"strings"

	"rsc.io/qr"
)

// quiet is the empty border around a QR code, in modules (ISO/IEC 18004 §5.3.8 asks for four).
const quiet = 4

// qrCode draws the text as a QR code: black on white in any theme, because that is what cameras know.
func qrCode(text string) ([]byte, error) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return nil, err
	}
	size := code.Size + 2*quiet
	var path strings.Builder
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			if !code.Black(x, y) {
				continue
			}
			end := x
			for end < code.Size && code.Black(end, y) {
				end++
			}
			fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", x+quiet, y+quiet, end-x, end-x)
			x = end
		}
	}
	return fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h%dv%dH0z"/><path d="%s"/></svg>`,
		size, size, size, size, path.String()), nil
}
