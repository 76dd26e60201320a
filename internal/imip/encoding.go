package imip

import (
	"bytes"
)

// decodeTransfer undoes a Content-Transfer-Encoding (RFC 2045 §6). Damage costs the damaged characters, never the part. Unknown
// encodings are read as if there were none. The result may be data itself; it is never longer than data.
func decodeTransfer(data []byte, encoding string) []byte {
	switch encoding {
	case "base64":
		if startsCalendar(data) { // QUIRK: announced, but not done
			return data
		}
		return decodeBase64(data)
	case "quoted-printable":
		return decodeQuotedPrintable(data)
	case "x-uuencode", "uuencode", "x-uue", "x-uu":
		return decodeUU(data)
	}
	return data
}

// base64Value maps a base64 digit to its value; 64 marks padding, 65 anything else.
var base64Value = func() (table [256]byte) {
	for i := range table {
		table[i] = 65
	}
	for i, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
		table[c] = byte(i)
	}
	table['='] = 64
	return table
}()

// decodeBase64 skips what is not base64 (RFC 2045 §6.8 asks for it), goes on after padding in the middle, and keeps the whole
// bytes of a cut end.
func decodeBase64(data []byte) []byte {
	out := make([]byte, 0, len(data)/4*3+3)
	var bits uint32
	n := 0
	for i := 0; i < len(data); i++ {
		// Four digits in a row are the rule.
		for n == 0 && i+4 <= len(data) {
			a, b, c, d := base64Value[data[i]], base64Value[data[i+1]], base64Value[data[i+2]], base64Value[data[i+3]]
			if a|b|c|d >= 64 {
				break
			}
			out = append(out, a<<2|b>>4, b<<4|c>>2, c<<6|d)
			i += 4
		}
		if i >= len(data) {
			break
		}
		v := base64Value[data[i]]
		switch {
		case v < 64:
			bits = bits<<6 | uint32(v)
			if n++; n == 4 {
				out = append(out, byte(bits>>16), byte(bits>>8), byte(bits))
				bits, n = 0, 0
			}
		case v == 64:
			out = appendCut(out, bits, n)
			bits, n = 0, 0
		}
	}
	return appendCut(out, bits, n)
}

// appendCut appends the whole bytes of a quantum of n digits.
func appendCut(out []byte, bits uint32, n int) []byte {
	switch n {
	case 2:
		return append(out, byte(bits>>4))
	case 3:
		return append(out, byte(bits>>10), byte(bits>>2))
	}
	return out
}

// decodeQuotedPrintable leaves a "=" that escapes nothing as it is (RFC 2045 §6.7 suggests it).
// QUIRK: white space at the end of a line stays. RFC 2045 wants it removed as the work of a gateway; nowadays it is the sender's,
// and inside a folded calendar line it is text.
func decodeQuotedPrintable(data []byte) []byte {
	first := bytes.IndexByte(data, '=')
	if first < 0 {
		return data
	}
	out := append(make([]byte, 0, len(data)), data[:first]...)
	for data = data[first:]; len(data) > 0; {
		// data starts with "="
		if len(data) >= 3 {
			if hi, lo := unhex(data[1]), unhex(data[2]); hi >= 0 && lo >= 0 {
				out = append(out, byte(hi<<4|lo))
				data = data[3:]
				goto next
			}
		}
		if n := cutSoftBreak(data); n > 0 {
			data = data[n:]
		} else {
			out = append(out, '=')
			data = data[1:]
		}
	next:
		i := bytes.IndexByte(data, '=')
		if i < 0 {
			return append(out, data...)
		}
		out = append(out, data[:i]...)
		data = data[i:]
	}
	return out
}

// cutSoftBreak is the length of the soft line break that data starts with, or 0. Padding may stand before the line end.
func cutSoftBreak(data []byte) int {
	const longestPadding = 80
	for i := 1; i < len(data) && i < longestPadding; i++ {
		switch data[i] {
		case '\n':
			return i + 1
		case ' ', '\t', '\r':
		default:
			return 0
		}
	}
	if len(data) < longestPadding {
		return len(data) // the part ends with "="
	}
	return 0
}

// decodeUU undoes uuencode, line by line, between its begin and end lines.
func decodeUU(data []byte) []byte {
	if i := bytes.Index(data, []byte("begin ")); i >= 0 {
		_, next := cutLine(data, i)
		data = data[next:]
	}
	out := make([]byte, 0, len(data)/4*3)
	for pos := 0; pos < len(data); {
		var line []byte
		if line, pos = cutLine(data, pos); len(line) == 0 {
			continue
		}
		n := int(line[0]-' ') & 63
		if n == 0 || string(line) == "end" {
			break
		}
		line = line[1:]
		for i := 0; i < len(line) && n > 0; i += 4 {
			var q [4]byte
			for j := range q {
				if i+j < len(line) {
					q[j] = (line[i+j] - ' ') & 63
				}
			}
			three := [3]byte{q[0]<<2 | q[1]>>4, q[1]<<4 | q[2]>>2, q[2]<<6 | q[3]}
			keep := min(n, 3)
			out = append(out, three[:keep]...)
			n -= keep
		}
	}
	return out
}
