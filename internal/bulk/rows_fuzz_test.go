package bulk_test

import (
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/calendarinvite/calendarinviteserver/internal/bulk"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
)

// Whatever a list holds, each row has a number above that of the row before, what it says is text, it is no row of nothing, and a fault is
// the sender's. A list that is UTF-8 reads the same in UTF-16, where it comes through a window.
func FuzzRows(f *testing.F) {
	for _, file := range lists(f) {
		list, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(list, "", "fromthesubject")
	}
	f.Add([]byte("sep=;\nuid;email\nu1;a@example.com\n"), "windows-1250", "")
	f.Add([]byte("a@example.com\nb@example.com\n"), "", "u1")
	f.Add([]byte("uid,email\nu1,\"a\nu1,\"b\"\n\"\"\"\nu1,\x00"), "", "")
	f.Fuzz(func(t *testing.T, list []byte, charset, uid string) {
		o := bulk.Options{UID: strings.ToValidUTF8(uid, ""), Charset: charset}
		rows, err := readAll(list, o)
		if err != nil && (fault.KindOf(err) != fault.InvalidRequest || fault.PublicOf(err) == "") {
			t.Fatalf("%v", err)
		}
		last := 0
		for _, row := range rows {
			if row.Number <= last {
				t.Fatalf("row %d after %d", row.Number, last)
			}
			last = row.Number
			if !utf8.ValidString(row.UID + row.Email + row.Name) {
				t.Fatalf("%+q is no text", row.UID+row.Email+row.Name)
			}
			if strings.ContainsAny(row.Name, "\r\n\t") || utf8.RuneCountInString(row.Name) > 100 {
				t.Fatalf("name %q", row.Name)
			}
		}
		if !utf8.Valid(list) || strings.Contains(string(list), "\x00") || len(list) == 0 {
			return
		}
		again, err2 := readAll(utf16(t, string(list)), o)
		if fault.ReasonOf(err) != fault.ReasonOf(err2) {
			if fault.ReasonOf(err) == bulk.ReasonSpreadsheet { // the bytes tell
				return
			}
			t.Fatalf("%v, in UTF-16 %v", err, err2)
		}
		if diff := cmp.Diff(rows, again); diff != "" {
			t.Fatalf("(-UTF-8 +UTF-16):\n%s", diff)
		}
	})
}
