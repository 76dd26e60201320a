package sheet

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Escape makes a cell harmless that a spreadsheet would take for a formula, as OWASP says: an apostrophe goes before the sign that
// starts one. The signs are = + - @ and their full-width forms, also behind spaces, control characters and quotes.
// https://owasp.org/www-community/attacks/CSV_Injection
//
// A spreadsheet set to another locale splits the line at other delimiters than ours, and then does not see our quotes either: a cell
// may begin anywhere after a comma, a semicolon, a bar, a tab or a line break. There the same is done.
func Escape(cell string) string {
	if !strings.ContainsAny(cell, "=+-@＝＋－＠") {
		return cell
	}
	var escaped strings.Builder
	copied := 0
	eachStart(cell, func(at int) {
		escaped.WriteString(cell[copied:at])
		escaped.WriteByte('\'')
		copied = at
	})
	escaped.WriteString(cell[copied:])
	return escaped.String()
}

// Unescape undoes Escape: for lists that people send back.
func Unescape(cell string) string {
	if !strings.Contains(cell, "'") {
		return cell
	}
	var plain strings.Builder
	copied := 0
	eachStart(cell, func(at int) {
		if cell[at] == '\'' { // else nobody escaped it
			plain.WriteString(cell[copied:at])
			copied = at + 1
		}
	})
	plain.WriteString(cell[copied:])
	return plain.String()
}

// eachStart calls found with the place of every start of a cell behind which a formula stands. It takes time linear in the cell.
func eachStart(cell string, found func(at int)) {
	skipped, formula := -1, false // up to where the last look went, and what it saw there
	start := true
	for i, r := range cell {
		if start {
			if i > skipped {
				skipped, formula = look(cell, i)
			}
			if formula {
				found(i)
			}
		}
		start = strings.ContainsRune(",;|\t\r\n", r)
	}
}

// look says where what a spreadsheet may skip at the start of a cell ends, and whether a sign that starts a formula comes then.
func look(cell string, from int) (end int, formula bool) {
	for end = from; end < len(cell); {
		r, size := utf8.DecodeRuneInString(cell[end:])
		if !skippable(r) {
			return end, strings.ContainsRune("=+-@＝＋－＠", r)
		}
		end += size
	}
	return end, false
}

func skippable(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || strings.ContainsRune("'\"‘’“”", r)
}
