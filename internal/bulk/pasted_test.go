package bulk

import (
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPasted(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"nothing", " \n ", ""},
		{"one", "ada@example.com", "email,name\nada@example.com,\n"},
		{"lines", "ada@example.com\r\n\r\nbob@example.com\n", "email,name\nada@example.com,\nbob@example.com,\n"},
		{"commas and semicolons", "ada@example.com, bob@example.com;cat@example.com,", "email,name\nada@example.com,\nbob@example.com,\ncat@example.com,\n"},
		{"from a mail program", "Ada Lovelace <ada@example.com>, \"Hopper, Grace\" <grace@example.com>", "email,name\nada@example.com,Ada Lovelace\ngrace@example.com,\"Hopper, Grace\"\n"},
		{"comment", "ada@example.com (Ada Lovelace)", "email,name\nada@example.com,Ada Lovelace\n"},
		{"words", "Ada Lovelace ada@example.com", "email,name\nada@example.com,Ada Lovelace\n"},
		{"tab", "ada@example.com\tAda", "email,name\nada@example.com,Ada\n"},
		{"no address", "ada@example.com\nnobody", "email,name\nada@example.com,\nnobody,\n"},
		{"open quote", "\"Ada <ada@example.com>\nbob@example.com", "email,name\nada@example.com,Ada\nbob@example.com,\n"},
		{"formula", "=cmd() <ada@example.com>", "email,name\nada@example.com,=cmd()\n"},
		{"no address first", "nobody\nada@example.com", "email,name\nnobody,\nada@example.com,\n"},
		{"a greeting", "Guests:\nAda <ada@example.com>", "email,name\nGuests:,\nada@example.com,Ada\n"},
		{"no address at all", "Name;Phone\nAda;12", "Name;Phone\nAda;12"},
		{"a list with a header", "E-Mail;Name\nada@example.com;Ada", "E-Mail;Name\nada@example.com;Ada"},
	} {
		t.Run(test.name, func(t *testing.T) {
			list, _ := Pasted(test.text)
			if diff := cmp.Diff(test.want, string(list)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Rows are counted as whoever pasted them sees them: the first one is the first, and of a list with a header the second.
func TestPastedNumbers(t *testing.T) {
	for text, want := range map[string][]int{"ada@example.com\nnobody, bob@example.com": {1, 2, 3}, "email\nada@example.com\nnobody": {2, 3}} {
		list, added := Pasted(text)
		rows, err := Rows(list, Options{UID: "event", Added: added})
		if err != nil {
			t.Fatal(err)
		}
		var got []int
		for row, err := rows.Next(); err != io.EOF; row, err = rows.Next() {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, row.Number)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}

// Whatever is pasted, every entry of it becomes one row that the reader of lists reads.
func FuzzPasted(f *testing.F) {
	for _, seed := range []string{"ada@example.com", "Ada <ada@example.com>; \"b, c\" <b@example.com>", "a@b\n\"", "a@b(", "<@>"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		list, added := Pasted(text)
		if added == 0 || !strings.HasPrefix(string(list), "email,name\n") {
			return
		}
		rows, err := Rows(list, Options{UID: "event"})
		if err != nil {
			return // not text
		}
		for {
			if _, err := rows.Next(); err == io.EOF {
				return
			} else if err != nil {
				t.Fatalf("%q: %v", list, err)
			}
		}
	})
}
