package bulk_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/unicode"
	"pgregory.net/rapid"

	"github.com/calendarinvite/calendarinviteserver/internal/bulk"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/sheet"
)

var update = flag.Bool("update", false, "write the golden files anew")

const (
	spring = "0aq2g8c3m1v5n7k9p4r6t8w0y2b4d6f8h1j3l5z7"
	autumn = "9zx7c5v3b1n8m6k4j2h0g9f7d5s3a1q8w6e4r2t0"
)

// read is every row of a list.
func read(t testing.TB, list []byte, o bulk.Options) []bulk.Row {
	t.Helper()
	rows, err := readAll(list, o)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func readAll(list []byte, o bulk.Options) ([]bulk.Row, error) {
	reader, err := bulk.Rows(list, o)
	if err != nil {
		return nil, err
	}
	var rows []bulk.Row
	for {
		row, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return rows, err
		}
		rows = append(rows, row)
	}
}

func lists(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/lists/*.csv")
	if err != nil || len(files) == 0 {
		t.Fatal("no lists", err)
	}
	return files
}

// The lists are what the programs export that they are named after.
func TestExports(t *testing.T) {
	for _, file := range lists(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".csv"), func(t *testing.T) {
			list, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			for _, row := range read(t, list, bulk.Options{UID: "fromthesubject"}) {
				fmt.Fprintf(&got, "%d %s %q %q %s\n", row.Number, row.UID, row.Email, row.Name, row.Problem)
			}
			golden := strings.TrimSuffix(file, ".csv") + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("%s differs (-golden +got; accept with -update):\n%s", golden, diff)
			}
		})
	}
}

func TestRows(t *testing.T) {
	row := func(number int, email, name string) bulk.Row {
		return bulk.Row{Number: number, UID: "u1", Email: email, Name: name}
	}
	bad := func(number int, email, name, problem string) bulk.Row {
		r := row(number, email, name)
		r.Problem = problem
		return r
	}
	const a, b = "a@example.com", "b@example.com"
	long := strings.Repeat("x", 64<<10)
	for _, test := range []struct {
		name, list string
		want       []bulk.Row
	}{
		{"header alone", "uid,email\n", nil},
		{"LF", "uid,email\nu1,a@example.com\n", []bulk.Row{row(2, a, "")}},
		{"no line end at the end", "uid,email\nu1,a@example.com", []bulk.Row{row(2, a, "")}},
		{"CR and LF mixed", "uid,email\r\nu1,a@example.com\ru1,b@example.com\n", []bulk.Row{row(2, a, ""), row(3, b, "")}},
		{"several byte order marks", "\xef\xbb\xbf\xef\xbb\xbfuid,email\nu1,a@example.com\n", []bulk.Row{row(2, a, "")}},
		{"header in capitals, padded, quoted", "\" UID \", E-MAIL\u00a0,Name*\nu1,a@example.com,Ann\n", []bulk.Row{row(2, a, "Ann")}},
		{"other columns", "no,email,city,uid,name\n1,a@example.com,Paris,u1,Ann\n", []bulk.Row{row(2, a, "Ann")}},
		{"semicolons", "uid;email;name\nu1;a@example.com;\"Ng, Ann\"\n", []bulk.Row{row(2, a, "Ng, Ann")}},
		{"bars", "uid|email|name\nu1|a@example.com|Ng, Ann\n", []bulk.Row{row(2, a, "Ng, Ann")}},
		{"tabs with commas in the names", "uid\temail\tname, title\nu1\ta@example.com\tNg\n", []bulk.Row{row(2, a, "")}},
		{"one column and the mail's event", "email\na@example.com\n", nil},
		{"separator line", "sep=;\nuid;email\nu1;a@example.com\n", []bulk.Row{row(2, a, "")}},
		{"separator line, quoted", "\"SEP=\t\"\r\nuid\temail\r\nu1\ta@example.com\r\n", []bulk.Row{row(2, a, "")}},
		{"empty lines count", "\n\nuid,email\n\n,\n \t,\u00a0\nu1,a@example.com\n\n", []bulk.Row{row(7, a, "")}},
		{"line break in a cell", "uid,email,name\nu1,a@example.com,\"Ann\r\nNg\"\nu1,b@example.com,\n", []bulk.Row{row(2, a, "Ann Ng"), row(3, b, "")}},
		{"doubled quotes", `uid,email,name` + "\n" + `u1,a@example.com,"Ann ""the"" Ng"` + "\n" + `u1,b@example.com,""""` + "\n",
			[]bulk.Row{row(2, a, `Ann "the" Ng`), row(3, b, `"`)}},
		{"quotes within a cell", "uid,email,name\nu1,a@example.com,6\" Ann\nu1,b@example.com,Bob \"B\"\n", []bulk.Row{row(2, a, `6" Ann`), row(3, b, `Bob "B"`)}},
		{"text after the quotes", "uid,email,name\nu1,a@example.com,\"Ann\" Ng\n", []bulk.Row{row(2, a, "Ann Ng")}},
		{"spaces around the quotes", "uid,email,name\nu1, \"a@example.com\" , \"Ann\" \n", []bulk.Row{row(2, a, "Ann")}},
		{"rows too short and too long", "uid,email,name\nu1\nu1,a@example.com\nu1,b@example.com,B,c,d\n", []bulk.Row{row(2, "", ""), row(3, a, ""), row(4, b, "B")}},
		{"mailboxes", "uid,email,name\nu1,\"\"\"Ann Ng\"\" <a@example.com>\",\nu1,Bob <b@example.com>,B\nu1,<a@example.com>,\n",
			[]bulk.Row{row(2, a, "Ann Ng"), row(3, b, "B"), row(4, a, "")}},
		{"mailto", "uid,email\nu1,mailto:a@example.com?subject=x\nu1,MAILTO:b@example.com;\n", []bulk.Row{row(2, a, ""), row(3, b, "")}},
		{"invisible characters", "uid,email\n\u200bu1\u200b,\u2060a@example.com\ufeff\n", []bulk.Row{row(2, a, "")}},
		{"quoted as by hand", "uid,email\nu1,'a@example.com'\n", []bulk.Row{row(2, a, "")}},
		{"written by us", "uid,email,name\nu1,'-a@example.com,'=1+1\n", []bulk.Row{row(2, "-a@example.com", "=1+1")}},
		{"full name before its parts", "uid,email,first name,last name,full name\nu1,a@example.com,Ann,Ng,Ann B. Ng\nu1,b@example.com,Bob,Li,\n",
			[]bulk.Row{row(2, a, "Ann B. Ng"), row(3, b, "Bob Li")}},
		{"family name called name", "uid,email,Name,Vorname\nu1,a@example.com,Ng,Ann\nu1,b@example.com,Bob Li,Bob\n", []bulk.Row{row(2, a, "Ann Ng"), row(3, b, "Bob Li")}},
		{"two addresses under one label, as Google's contacts have them", "uid,Name,E-mail 1 - Value\nu1,Bo,a@example.com ::: b@example.com\n", []bulk.Row{row(2, a, "Bo")}},
		{"notes above the header, as LinkedIn writes them", "Notes:\n\"When exporting, you may notice\nthat some addresses are missing.\"\n\nFirst Name,Last Name,Email Address,uid\nAnn,Ng,a@example.com,u1\n",
			[]bulk.Row{row(5, a, "Ann Ng")}},
		{"a table's name above the header, as Numbers writes it", "Table 1,,\nuid,email,name\nu1,a@example.com,Ann\n", []bulk.Row{row(3, a, "Ann")}},
		{"names of a ticket service", "uid,Attendee first name,Attendee Surname,Attendee email\nu1,Ann,Ng,a@example.com\n", []bulk.Row{row(2, a, "Ann Ng")}},
		{"long name", "uid,email,name\nu1,a@example.com," + strings.Repeat("n", 200) + "\n", []bulk.Row{row(2, a, strings.Repeat("n", 99)+"…")}},

		{"NUL", "uid,email,name\nu1,a@example.com,A\x00B\nu1,b@example.com,B\n", []bulk.Row{bad(2, a, "A B", bulk.ReasonNotText), row(3, b, "B")}},
		{"quote open to the end", "uid,email,name\nu1,a@example.com,\"Ann\nu1,b@example.com,B\n", []bulk.Row{bad(2, a, "Ann", bulk.ReasonQuote), row(3, b, "B")}},
		{"quote open in the last line", "uid,email,name\nu1,a@example.com,\"Ann", []bulk.Row{bad(2, a, "Ann", bulk.ReasonQuote)}},
		{"quote open up to the next one", "uid,email,name\nu1,a@example.com,\"Ann\nu1,b@example.com,\"Bob\"\n", []bulk.Row{bad(2, a, "Ann", bulk.ReasonQuote), row(3, b, "Bob")}},
		{"quote open in a second line", "uid,email,name,note\nu1,a@example.com,\"Ann\nNg\",\"x\nu1,b@example.com,B,\n", []bulk.Row{bad(2, a, "Ann Ng", bulk.ReasonQuote), row(3, b, "B")}},
		{"quote open for longer than a cell may be", "uid,email,name\nu1,a@example.com,\"Ann\n" + strings.Repeat("u1,b@example.com,B\n", 4000) + "u1,a@example.com,\"\"\n",
			append(append([]bulk.Row{bad(2, a, "Ann", bulk.ReasonQuote)}, numbered(3, 4000, row(0, b, "B"))...), row(4003, a, ""))},
		{"longest cell", "uid,email,name,note\nu1,a@example.com,A,\"" + long + "\"\nu1,b@example.com,B,\n", []bulk.Row{row(2, a, "A"), row(3, b, "B")}},
		{"too long a cell", "uid,email,name,note\nu1,a@example.com,A,xx" + long + ",z\nu1,b@example.com,B,\n", []bulk.Row{bad(2, a, "A", bulk.ReasonTooLong), row(3, b, "B")}},
		{"too long a cell in quotes, in one line", "uid,email,name,note\nu1,a@example.com,A,\"xx" + long + long + "\"\nu1,b@example.com,B,\n",
			[]bulk.Row{bad(2, a, "A", bulk.ReasonQuote), row(3, b, "B")}},
		{"too long a row", "uid,email,name\nu1,a@example.com,A" + strings.Repeat(","+long[:1000], 300) + "\nu1,b@example.com,B\n", []bulk.Row{bad(2, a, "A", bulk.ReasonTooLong), row(3, b, "B")}},
		{"very many columns", "uid,email,name\nu1,a@example.com,A" + strings.Repeat(",", 1<<20) + "\nu1,b@example.com,B\n", []bulk.Row{bad(2, a, "A", bulk.ReasonTooLong), row(3, b, "B")}},
	} {
		t.Run(test.name, func(t *testing.T) {
			for charset, list := range map[string][]byte{"UTF-8": []byte(test.list), "UTF-16": utf16(t, test.list)} {
				o := bulk.Options{}
				if test.name == "one column and the mail's event" {
					o.UID, test.want = "u1", []bulk.Row{row(2, a, "")}
				}
				if diff := cmp.Diff(test.want, read(t, list, o)); diff != "" {
					t.Errorf("%s (-want +got):\n%s", charset, clip(diff))
				}
			}
		})
	}
}

func numbered(from, count int, row bulk.Row) (rows []bulk.Row) {
	for i := range count {
		row.Number = from + i
		rows = append(rows, row)
	}
	return rows
}

func clip(s string) string { return s[:min(len(s), 3000)] }

// utf16 is the text as Excel's "Unicode Text".
func utf16(t testing.TB, text string) []byte {
	t.Helper()
	list, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().Bytes([]byte(strings.TrimPrefix(text, "\xef\xbb\xbf")))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// In the export of a ticket service, "Event" and "Event ID" are that service's. Where the mail says which event is meant, only a uid of ours
// overrules it.
func TestForeignEvents(t *testing.T) {
	const ours, other = "0123456789abcdefghijklmnopqrstuvwxyz0123", "9123456789abcdefghijklmnopqrstuvwxyz0123"
	for _, test := range []struct{ name, list, want string }{
		{"a number", "Order #,Event Name,Event ID,Email\n1,Summer Party,789012345678,a@example.com\n", ours},
		{"a name", "Name,Email,Event\nAnn,a@example.com,Summer Party\n", ours},
		{"a name of as many letters", "Email,Event\na@example.com,\"Annual Meeting of the Shareholders, 2026\"\n", ours},
		{"a uid of ours", "Email,Event ID\na@example.com," + other + "\n", other},
		{"a wrong uid, under its own name", "Email,UID\na@example.com,789012345678\n", "789012345678"},
	} {
		list, err := bulk.Rows([]byte(test.list), bulk.Options{UID: ours})
		if err != nil {
			t.Fatal(err)
		}
		if row, err := list.Next(); err != nil || row.UID != test.want {
			t.Errorf("%s: %+v %v", test.name, row, err)
		}
	}
}

func TestColumnNames(t *testing.T) {
	for _, header := range []string{
		"uid,email,name", "UID,EMAIL,NAME", "Name;UID;E-Mail", "event;mail;full name", "event_id\te-mail\tdisplay name", "Event ID|Email Address|Display_Name",
		"Event UID,E-Mail-Adresse,Name", "uid,courriel,nom complet", "uid,Adresse de messagerie,Nom complet", "uid,Correo electrónico,Nombre completo",
		"uid,Dirección de correo,Nombre", "uid,Indirizzo e-mail,Nome completo", "uid,E-mail 1 - Value,Name", "uid,e-mailadres,naam",
		"uid,メールアドレス,氏名", "uid,邮箱,姓名", "uid,Электронная почта,Имя", "uid,(E-Mail),*Name*", "\"uid\",\"E-postadress\",\"namn\"",
	} {
		t.Run(header, func(t *testing.T) {
			keys := strings.FieldsFunc(header, func(r rune) bool { return strings.ContainsRune(",;\t|", r) })
			comma := header[len(keys[0]) : len(keys[0])+1]
			var cells []string
			for _, key := range keys {
				switch key = strings.ToLower(strings.Trim(key, `"`)); {
				case strings.HasPrefix(key, "uid"), strings.HasPrefix(key, "event"):
					cells = append(cells, "u1")
				case strings.Contains(key, "nam"), strings.HasPrefix(key, "nom"), slices.Contains([]string{"氏名", "姓名", "имя", "naam"}, key):
					cells = append(cells, "Ann")
				default:
					cells = append(cells, "a@example.com")
				}
			}
			want := []bulk.Row{{Number: 2, UID: "u1", Email: "a@example.com", Name: "Ann"}}
			if diff := cmp.Diff(want, read(t, []byte(header+"\n"+strings.Join(cells, comma)), bulk.Options{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestCharsets(t *testing.T) {
	for _, test := range []struct{ name, label, list, want string }{
		{"UTF-8", "", "email,name\na@example.com,Zoë", "Zoë"},
		{"UTF-8 under a wrong label", "iso-8859-1", "email,name\na@example.com,Zoë", "Zoë"},
		{"UTF-8 with an error in it", "", "email,name\na@example.com,Zoë ö \xff", "Zoë ö \uFFFD"},
		{"UTF-8 with a mark and an error", "", "\xef\xbb\xbfemail,name\na@example.com,Zo\xff", "Zo\uFFFD"},
		{"Windows-1252", "", "email,name\na@example.com,Zo\xeb \x80", "Zoë €"},
		{"Windows-1252 under a wrong label", "utf-8", "email,name\na@example.com,Zo\xeb \x80", "Zoë €"},
		{"Windows-1252 under an unknown label", "x-user", "email,name\na@example.com,Zo\xeb \x80", "Zoë €"},
		{"Windows-1250 by its label", "windows-1250", "email,name\na@example.com,Luk\xe1\x9a \xc8ern\xfd", "Lukáš Černý"},
		{"Shift JIS by its label", "Shift_JIS", "email,name\na@example.com,\x8e\x52\x93\x63", "山田"},
		{"UTF-16 little-endian without a mark", "", "e\x00m\x00a\x00i\x00l\x00,\x00n\x00a\x00m\x00e\x00\n\x00a\x00@\x00b\x00.\x00d\x00e\x00,\x00\xeb\x00", "ë"},
		{"UTF-16 big-endian without a mark", "utf-16", "\x00e\x00m\x00a\x00i\x00l\x00,\x00n\x00a\x00m\x00e\x00\n\x00a\x00@\x00b\x00.\x00d\x00e\x00,\x00\xeb", "ë"},
		{"UTF-16 cut in a character", "", "\xff\xfee\x00m\x00a\x00i\x00l\x00,\x00n\x00a\x00m\x00e\x00\n\x00a\x00@\x00b\x00.\x00d\x00e\x00,\x00\xeb\x00x", "ë\uFFFD"},
		{"UTF-16 with half a pair", "", "\xff\xfee\x00m\x00a\x00i\x00l\x00,\x00n\x00a\x00m\x00e\x00\n\x00a\x00@\x00b\x00.\x00d\x00e\x00,\x00\x3d\xd8A\x00", "\uFFFDA"},
	} {
		t.Run(test.name, func(t *testing.T) {
			rows := read(t, []byte(test.list), bulk.Options{UID: "u1", Charset: test.label})
			if len(rows) != 1 || rows[0].Name != test.want {
				t.Errorf("%+v, want the name %q", rows, test.want)
			}
		})
	}
}

func TestListsRefused(t *testing.T) {
	for _, test := range []struct{ name, list, uid, reason string }{
		{"empty", "", "u1", bulk.ReasonEmptyList},
		{"a byte order mark alone", "\xef\xbb\xbf", "u1", bulk.ReasonEmptyList},
		{"empty lines", "\n\r\n,,,\n  \n", "u1", bulk.ReasonEmptyList},
		{"separator line alone", "sep=,\n", "u1", bulk.ReasonEmptyList},
		{"no header", "u1,a@example.com,Ann\n", "u1", bulk.ReasonNoHeader},
		{"no header with mailboxes", "Ann;a@example.com\n", "u1", bulk.ReasonNoHeader},
		{"header without email", "uid,name\nu1,Ann\n", "", bulk.ReasonNoHeader},
		{"prose", "Dear all,\nplease find the list attached.\n", "u1", bulk.ReasonNoHeader},
		{"no event", "email,name\na@example.com,Ann\n", "", bulk.ReasonNoEvent},
		{"addresses without event", "a@example.com\nb@example.com\n", "", bulk.ReasonNoEvent},
		{"binary", "\x7fELF\x02\x01\x01\x00\x00\x00\x00", "u1", bulk.ReasonNotText},
		{"workbook", "PK\x03\x04\x14\x00", "u1", bulk.ReasonSpreadsheet},
		{"old workbook", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "u1", bulk.ReasonSpreadsheet},
		{"header without end", strings.Repeat("x", 1<<20), "u1", bulk.ReasonNoHeader},
		{"too many rows", "uid,email\n" + strings.Repeat("u1,a@example.com\n", bulk.MaxRows+1), "", bulk.ReasonTooManyRows},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := readAll([]byte(test.list), bulk.Options{UID: test.uid})
			if fault.KindOf(err) != fault.InvalidRequest || fault.ReasonOf(err) != test.reason || fault.PublicOf(err) == "" {
				t.Errorf("%v, want %s", err, test.reason)
			}
		})
	}
}

func TestAsManyRowsAsAllowed(t *testing.T) {
	rows := read(t, []byte("uid,email\n"+strings.Repeat("u1,a@example.com\n\n", bulk.MaxRows)), bulk.Options{})
	if len(rows) != bulk.MaxRows || rows[len(rows)-1].Number != 2*bulk.MaxRows {
		t.Errorf("%d rows, the last one is %d", len(rows), rows[len(rows)-1].Number)
	}
}

// A list whose rows are for the most part quoted wrongly costs no more than another one: it would take hours.
func TestHostileQuotes(t *testing.T) {
	for _, line := range []string{"u1,\"a@example.com\n", "\"\n", "\"\"\"\n", ",\"\"\n", "x\"\n", "\"\n\n\n\n", strings.Repeat("\"", 99) + "\n", strings.Repeat(" ", 999) + "\""} {
		list := "uid,email\n" + strings.Repeat(line, min(bulk.MaxRows, 4<<20/len(line)))
		if _, err := readAll([]byte(list), bulk.Options{}); err != nil {
			t.Errorf("%q: %v", line, err)
		}
		if _, err := readAll(utf16(t, list), bulk.Options{}); err != nil {
			t.Errorf("%q in UTF-16: %v", line, err)
		}
	}
}

// A list that package sheet has written is read back the same.
func TestSheetIsReadBack(t *testing.T) {
	// What people write, but for what is taken off around a value, and what plain.Line makes of names.
	text := rapid.StringOfN(rapid.SampledFrom([]rune("ab =+-@'\",;|ö李👩")), 0, 60, -1).Filter(func(s string) bool {
		return strings.Join(strings.Fields(s), " ") == s
	})
	rapid.Check(t, func(t *rapid.T) {
		var file bytes.Buffer
		w := sheet.NewWriter(&file, "row", "uid", "name", "email")
		var want []bulk.Row
		for i := range rapid.IntRange(0, 20).Draw(t, "rows") {
			row := bulk.Row{Number: i + 2, UID: rapid.SampledFrom([]string{spring, autumn}).Draw(t, "uid"),
				Email: rapid.StringMatching(`[-+=a-z][-+=a-z.]{0,9}@[a-z]{1,9}\.example`).Draw(t, "email"), Name: text.Draw(t, "name")}
			if err := w.Write("7", row.UID, row.Name, row.Email); err != nil {
				t.Fatal(err)
			}
			want = append(want, row)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		got, err := readAll(file.Bytes(), bulk.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("(-written +read):\n%s\n%s", diff, file.Bytes())
		}
	})
}
