package api_test

import (
	"strings"
	"testing"

	"github.com/calendarinvite/calendarinviteserver/internal/api"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/seal"
)

func cursors(t testing.TB, secret string) api.Cursors {
	t.Helper()
	keys, err := seal.ParseKeys([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return api.Cursors{Keys: keys}
}

func TestCursors(t *testing.T) {
	c := cursors(t, "a secret for tests only")
	sealed := c.Seal("organizer-events", "default/ada@organizer.example", "1772442000#Abc")
	if strings.Contains(sealed, "ada") || strings.Contains(sealed, "1772442000") {
		t.Errorf("the cursor shows what it holds: %s", sealed)
	}
	for _, test := range []struct {
		name, list, subject, cursor string
		want                        string
	}{
		{"its own list", "organizer-events", "default/ada@organizer.example", sealed, "1772442000#Abc"},
		{"capitals", "organizer-events", "default/Ada@organizer.example", strings.ToUpper(sealed), "1772442000#Abc"},
		{"another organizer's", "organizer-events", "default/bob@organizer.example", sealed, ""},
		{"another tenant's", "organizer-events", "other/ada@organizer.example", sealed, ""},
		{"another list", "attendees", "default/ada@organizer.example", sealed, ""},
		{"cut", "organizer-events", "default/ada@organizer.example", sealed[:len(sealed)-1], ""},
		{"changed", "organizer-events", "default/ada@organizer.example", "a" + sealed, ""},
		{"none", "organizer-events", "default/ada@organizer.example", "1772442000", ""},
		{"empty", "organizer-events", "default/ada@organizer.example", "", ""},
		{"of other keys", "organizer-events", "default/ada@organizer.example", cursors(t, "another secret for tests").Seal("organizer-events", "default/ada@organizer.example", "x"), ""},
		{"a link", "organizer-events", "default/ada@organizer.example", c.Keys.Link(seal.Link{Purpose: seal.RSVP, UID: "organizer-events", Email: "default/ada@organizer.example", Extra: "x"}), ""},
	} {
		got, err := c.Open(test.list, test.subject, test.cursor)
		if got != test.want || (err == nil) != (test.want != "") || err != nil && (fault.KindOf(err) != fault.InvalidRequest || fault.ReasonOf(err) != "bad-cursor") {
			t.Errorf("%s: %q, %v", test.name, got, err)
		}
	}
}

func TestLimit(t *testing.T) {
	for text, want := range map[string]int{"": 100, "1": 1, "250": 250, "1000": 500, "0": 0, "-1": 0, "x": 0, "1e3": 0, "99999999999999999999": 0} {
		got, err := api.Limit(api.Request{QueryStringParameters: map[string]string{"limit": text}}, 100, 500)
		if got != want || (err == nil) != (want != 0) {
			t.Errorf("limit %q: %d, %v", text, got, err)
		}
	}
	if got, err := api.Limit(api.Request{}, 1000, 500); got != 500 || err != nil {
		t.Errorf("no limit asked for: %d, %v", got, err)
	}
}

// FuzzOpen: no text makes Open panic, and a cursor gives back its position, to its own list alone.
func FuzzOpen(f *testing.F) {
	c := cursors(f, "a secret for tests only")
	f.Add("attendees", "default/abc", "bob@example.com")
	f.Add("events", "\xff\x00", strings.Repeat("x", 3000))
	f.Fuzz(func(t *testing.T, list, subject, position string) {
		if _, err := c.Open(list, subject, position); err == nil {
			t.Fatalf("%q opens", position)
		}
		if len(list)+len(subject)+len(position) > 2000 {
			return // longer than any cursor that we make
		}
		sealed := c.Seal(list, subject, position)
		if _, err := c.Open(list+"x", subject, sealed); err == nil {
			t.Fatal("opens for another list")
		}
		if _, err := c.Open(list, subject+"x", sealed); err == nil {
			t.Fatal("opens for another subject")
		}
		got, err := c.Open(list, strings.TrimSpace(subject), sealed)
		if strings.ToLower(subject) == subject && (err != nil || got != position) {
			t.Fatalf("%q %q %q: %q, %v", list, subject, position, got, err)
		}
	})
}
