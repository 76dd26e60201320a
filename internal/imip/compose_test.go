package imip_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/brand"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/ical"
	"github.com/calendarinvite/calendarinviteserver/internal/imip"
	"github.com/calendarinvite/calendarinviteserver/internal/seal"
)

var updateMails = flag.Bool("update", false, "write the golden mails anew")

// The event of most tests.
const testUID = "0k3oq8hmvn6hlb5p9qjfe2u1r4c7d8s9t0a1b2c3"

var testStamp = time.Date(2026, 2, 3, 9, 30, 0, 0, time.UTC)

func testKeys(t testing.TB) *seal.Keys {
	t.Helper()
	keys, err := seal.ParseKeys([]byte("a secret for tests, not for use"))
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// parseCalendar reads a calendar whose lines are separated by line feeds.
func parseCalendar(t testing.TB, text string) *ical.Calendar {
	t.Helper()
	calendar, err := ical.Read([]byte(strings.ReplaceAll(strings.TrimSpace(text), "\n", "\r\n")+"\r\n"), ical.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return calendar
}

// event wraps lines of a VEVENT into a calendar.
func event(lines string) string {
	return "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//test//EN\nBEGIN:VEVENT\nUID:original@example.com\nDTSTAMP:20260101T000000Z\n" +
		strings.TrimSpace(lines) + "\nEND:VEVENT\nEND:VCALENDAR"
}

// invitation is a first invitation to the event of a calendar.
func invitation(t testing.TB, calendar string) imip.Invitation {
	t.Helper()
	return imip.Invitation{
		Calendar: parseCalendar(t, calendar), Method: imip.MethodRequest, UID: testUID, DTStamp: testStamp,
		OrganizerName: "Ada Ng", OrganizerEmail: "ada@example.com", RSVP: "rsvp@cis.localhost", Sender: "invites@cis.localhost",
		Domain: "cis.localhost", Brand: brand.Brand{Name: "Calendar Snack"}, LinkBase: "https://api.cis.localhost",
		UnsubscribeMailbox: "unsubscribe@cis.localhost",
	}
}

var grace = imip.Recipient{Email: "grace@example.org", Name: "Grace Hopper"}

func mustComposer(t testing.TB, inv imip.Invitation) *imip.Composer {
	t.Helper()
	composer, err := imip.NewComposer(inv, testKeys(t))
	if err != nil {
		t.Fatal(err)
	}
	return composer
}

func mustAppend(t testing.TB, composer *imip.Composer, r imip.Recipient) []byte {
	t.Helper()
	mail, err := composer.Append(nil, r)
	if err != nil {
		t.Fatal(err)
	}
	return mail
}

// compose is the mail of an invitation to Grace.
func compose(t testing.TB, inv imip.Invitation) []byte {
	t.Helper()
	return mustAppend(t, mustComposer(t, inv), grace)
}

// golden compares a mail with the one kept in testdata.
func golden(t *testing.T, name string, mail []byte) {
	t.Helper()
	path := filepath.Join("testdata", "mails", name+".eml")
	if *updateMails {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, mail, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(mail, want) {
		t.Errorf("%s is not as kept; look at the change and accept it with -update", path)
	}
}

func TestNewComposerRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*imip.Invitation)
		reason string
	}{
		"no calendar": {func(inv *imip.Invitation) { inv.Calendar = nil }, "invitation-incomplete"},
		"no event": {func(inv *imip.Invitation) {
			inv.Calendar = parseCalendar(t, "BEGIN:VCALENDAR\nVERSION:2.0\nEND:VCALENDAR")
		}, "calendar-without-event"},
		"no start":        {func(inv *imip.Invitation) { inv.Calendar = parseCalendar(t, event("SUMMARY:x")) }, "event-without-start"},
		"no method":       {func(inv *imip.Invitation) { inv.Method = "PUBLISH" }, "invitation-incomplete"},
		"no uid":          {func(inv *imip.Invitation) { inv.UID = "" }, "invitation-incomplete"},
		"uid of two":      {func(inv *imip.Invitation) { inv.UID = "a\r\nb" }, "invitation-incomplete"},
		"no date":         {func(inv *imip.Invitation) { inv.DTStamp = time.Time{} }, "invitation-incomplete"},
		"no domain":       {func(inv *imip.Invitation) { inv.Domain = "" }, "invitation-incomplete"},
		"long domain":     {func(inv *imip.Invitation) { inv.Domain = strings.Repeat("d", 101) }, "invitation-incomplete"},
		"no RSVP mailbox": {func(inv *imip.Invitation) { inv.RSVP = "" }, "invitation-incomplete"},
		"bad sender":      {func(inv *imip.Invitation) { inv.Sender = "x\r\ny@z" }, "invitation-incomplete"},
		"no link base":    {func(inv *imip.Invitation) { inv.LinkBase = "javascript:x" }, "invitation-incomplete"},
	} {
		t.Run(name, func(t *testing.T) {
			inv := invitation(t, zoned(single))
			test.change(&inv)
			if _, err := imip.NewComposer(inv, testKeys(t)); fault.ReasonOf(err) != test.reason || fault.KindOf(err) != fault.InvalidRequest {
				t.Errorf("error %v", err)
			}
		})
	}
	if _, err := mustComposer(t, invitation(t, zoned(single))).Append(nil, imip.Recipient{Email: "a@b.c", PartStat: "PERHAPS"}); fault.ReasonOf(err) != "bad-partstat" {
		t.Errorf("error %v", err)
	}
}

func TestBoundariesOccurOnlyAsBoundaries(t *testing.T) {
	for name, mail := range goldenMails(t) {
		for marker, want := range map[string]int{"=_mixed_": 4, "=_alternative_": 5} {
			if n := bytes.Count(mail, []byte(marker)); n != want {
				t.Errorf("%s: %d of %s, want %d", name, n, marker, want)
			}
		}
	}
	composer := mustComposer(t, invitation(t, zoned(single)))
	mail := mustAppend(t, composer, grace)
	boundary := string(mail[bytes.Index(mail, []byte("=_mixed_")):][:32])
	evil := mustAppend(t, composer, imip.Recipient{Email: grace.Email, Name: "--" + boundary + "--"})
	if s := readSent(t, evil); len(s.parts) != 4 {
		t.Errorf("a name breaks the mail into %d parts", len(s.parts))
	}
}

func TestAppendIsSafeTogether(t *testing.T) {
	composer := mustComposer(t, invitation(t, series))
	alone := mustAppend(t, composer, grace)
	var wait sync.WaitGroup
	for i := range 8 {
		wait.Go(func() {
			other := imip.Recipient{Email: fmt.Sprintf("guest%d@example.org", i), Name: strings.Repeat("x", i)}
			for range 20 {
				if mail, err := composer.Append(nil, grace); err != nil || !bytes.Equal(mail, alone) {
					t.Error("another mail to the same recipient")
				}
				if mail, err := composer.Append(nil, other); err != nil || bytes.Contains(mail, []byte("grace")) {
					t.Error("a mail holds another recipient's values")
				}
			}
		})
	}
	wait.Wait()
}

func TestAppendAppends(t *testing.T) {
	composer := mustComposer(t, invitation(t, zoned(single)))
	mail, err := composer.Append([]byte("before"), grace)
	if err != nil || !bytes.Equal(mail, append([]byte("before"), mustAppend(t, composer, grace)...)) {
		t.Errorf("does not append: %v", err)
	}
}
