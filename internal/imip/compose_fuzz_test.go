package imip_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/calendarinvite/calendarinviteserver/internal/ical"
	"github.com/calendarinvite/calendarinviteserver/internal/imip"
	"github.com/calendarinvite/calendarinviteserver/internal/itip"
)

// FuzzCompose: whatever calendar an organizer mails in and whatever a recipient is called, the mail is well-formed, its calendar is
// read back without a problem, and it asks one attendee.
func FuzzCompose(f *testing.F) {
	for _, calendar := range []string{zoned(single), series, instance, event("DTSTART;VALUE=DATE:20260501\nRRULE:FREQ=YEARLY"),
		event("DTSTART:20260302T160000Z\nRDATE:20260304T160000Z\nDESCRIPTION:<b>x</b>&nbsp\\;<a href=\"https://x.example\">y</a>")} {
		f.Add([]byte(calendar), "Grace Höpper", byte(0))
	}
	files, _ := filepath.Glob("testdata/mails/*.eml")
	for _, file := range files {
		if mail, err := os.ReadFile(file); err == nil {
			f.Add([]byte(readSent(f, mail).part(f, "text/calendar").body), "\"x\" <y>", byte(7))
			f.Add([]byte(readSent(f, mail).part(f, "text/calendar").body), "joan@example.net", byte(12))
		}
	}
	keys := testKeys(f)
	f.Fuzz(func(t *testing.T, calendar []byte, name string, kind byte) {
		read, err := ical.Read(calendar, ical.Limits{Bytes: 64 << 10})
		if err != nil {
			return
		}
		inv := invitation(t, event("DTSTART:20260302T160000Z"))
		inv.Calendar, inv.OrganizerName, inv.Subject = read, name, name
		inv.Method = []string{imip.MethodRequest, imip.MethodCancel, imip.MethodDeclineCounter}[kind%3]
		if inv.Comment = name; kind&4 != 0 {
			inv.Update = true
			inv.Changed = []itip.Field{itip.FieldStart, itip.FieldRecurrence, itip.FieldLocation, itip.FieldConferencing, itip.FieldSummary, itip.FieldStatus, itip.FieldInstances}
		}
		partStats := map[string]string{}
		if kind&8 != 0 {
			inv.Instances = []string{"20260407T120000Z", "20260407"}
			for _, e := range read.Overrides("") {
				inv.Instances = append(inv.Instances, itip.InstanceKeyOf(e))
				partStats[itip.InstanceKeyOf(e)] = "DECLINED"
			}
		}
		composer, err := imip.NewComposer(inv, keys)
		if err != nil {
			return
		}
		mail := mustAppend(t, composer, imip.Recipient{Email: grace.Email, Name: name, Instances: partStats, PartStat: "DELEGATED", DelegatedTo: name})
		checkWire(t, mail)
		s := readSent(t, mail)
		if len(s.parts) != 4 || s.part(t, "text/calendar").body != s.part(t, "application/ics").body {
			t.Fatalf("%d parts", len(s.parts))
		}
		again, err := ical.Read([]byte(s.part(t, "text/calendar").body), ical.Limits{})
		if err != nil || len(again.Problems) > 0 {
			t.Fatalf("read back: %v, %v in\n%s", err, again, s.part(t, "text/calendar").body)
		}
		for _, event := range again.Events() {
			if attendees := event.Attendees(); len(attendees) != 1 || attendees[0].Email != grace.Email {
				t.Fatalf("attendees %v", attendees)
			}
			organizer, _ := event.Organizer()
			opened, err := keys.OpenUID(event.UID())
			if organizer.Email != inv.RSVP || err != nil || opened.Email != grace.Email {
				t.Fatalf("organizer %v, UID %q: %v", organizer, event.UID(), err)
			}
		}
		if !bytes.HasSuffix([]byte(s.part(t, "text/calendar").body), []byte("END:VCALENDAR\r\n")) {
			t.Fatal("something after END:VCALENDAR")
		}
	})
}
