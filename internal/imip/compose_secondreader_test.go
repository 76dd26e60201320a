package imip_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// secondReading is what the script in testdata/secondreader prints of one mail.
type secondReading struct {
	Tree          []string
	Subject       string
	From          struct{ Address, Name string }
	To            []struct{ Address, Name string }
	ReplyTo       []struct{ Address, Name string } `json:"reply_to"`
	AutoSubmitted string                           `json:"auto_submitted"`
	Text, HTML    string
	MethodParam   []string `json:"method_param"`
	SameCalendar  bool     `json:"same_calendar"`
	Calendar      struct {
		Method      string
		Zones       []string
		Occurrences []int64
		Events      []struct {
			UID, Summary, Location, Description, Status, RRule string
			Sequence                                           int
			DTStamp                                            int64
			Start, End                                         secondMoment
			RecurrenceID                                       *secondMoment `json:"recurrence_id"`
			Organizer                                          struct{ CN, Value string }
			Attendees                                          []struct{ CN, PartStat, RSVP, Role, Value string }
		}
	}
}

// secondMoment is a time as ical.js understood it.
type secondMoment struct {
	Date  string
	Epoch int64
	Zone  string
	Local string
}

// meant is what a golden mail should say.
type meant struct {
	method, status, subject, summary, rrule, zone string
	sequence                                      int
	start, end                                    string // RFC 3339, or a date
	instance                                      string
	occurrences                                   []string
	partstat, attendee, cn, organizer             string
	events                                        int
	text                                          string // a part of the text
	title                                         string // in the text; empty = summary
	sealedFor                                     string // by the UID; empty = attendee
}

const summer = "2026-03-31T14:00:00+02:00"

var meantMails = map[string]meant{
	"single":   {subject: "Invitation: Spring planning", summary: "Spring planning", start: "2026-03-12T10:00:00+01:00", end: "2026-03-12T11:00:00+01:00", zone: "UTC"},
	"update":   {subject: "Updated invitation: Spring planning", summary: "Spring planning", sequence: 1, partstat: "ACCEPTED", start: "2026-03-12T10:00:00+01:00", end: "2026-03-12T11:00:00+01:00", zone: "UTC"},
	"all-day":  {subject: "Invitation: Spring fair", summary: "Spring fair", start: "2026-05-01", end: "2026-05-04"},
	"floating": {subject: "Invitation: Morning run, wherever you are", summary: "Morning run, wherever you are", start: "2026-05-01T08:00:00", end: "2026-05-01T08:45:00", zone: "floating"},
	"series": {
		subject: "Invitation: Weekly stand-up", summary: "Weekly stand-up", start: "2026-03-03T14:00:00+01:00", end: "2026-03-03T15:00:00+01:00", zone: "Europe/Berlin",
		rrule: "FREQ=WEEKLY;BYDAY=TU;UNTIL=20260630T120000Z", events: 2,
		occurrences: []string{"2026-03-03T14:00:00+01:00", "2026-03-11T16:00:00+01:00", summer, "2026-04-14T14:00:00+02:00", "2026-04-21T14:00:00+02:00", "2026-04-28T14:00:00+02:00", "2026-05-05T14:00:00+02:00", "2026-05-12T14:00:00+02:00"},
	},
	"instance": {subject: "Updated invitation: Weekly stand-up", summary: "Weekly stand-up", sequence: 3, start: "2026-03-11T16:00:00+01:00", end: "2026-03-11T17:00:00+01:00", zone: "Europe/Berlin", instance: "2026-03-10T14:00:00+01:00"},
	"cancel":   {method: "CANCEL", subject: "Cancelled: Spring planning", summary: "Spring planning", sequence: 2, start: "2026-03-12T10:00:00+01:00", end: "2026-03-12T11:00:00+01:00", zone: "UTC"},
	"cancel-series": {
		method: "CANCEL", subject: "Cancelled: Weekly stand-up", summary: "Weekly stand-up", sequence: 2, start: "2026-03-03T14:00:00+01:00", end: "2026-03-03T15:00:00+01:00", zone: "Europe/Berlin",
		rrule: "FREQ=WEEKLY;BYDAY=TU;UNTIL=20260630T120000Z",
	},
	"cancel-instance": {method: "CANCEL", subject: "Cancelled: Weekly stand-up", summary: "Weekly stand-up", sequence: 2, start: "2026-03-11T16:00:00+01:00", end: "2026-03-11T17:00:00+01:00", zone: "Europe/Berlin", instance: "2026-03-10T14:00:00+01:00"},
	"windows-zone": {
		subject: "Invitation: Coast call", summary: "Coast call", start: "2026-03-05T09:00:00-08:00", end: "2026-03-05T09:30:00-08:00", zone: "America/Los_Angeles", rrule: "FREQ=WEEKLY;COUNT=6;BYDAY=TH",
		occurrences: []string{"2026-03-05T09:00:00-08:00", "2026-03-12T09:00:00-07:00", "2026-03-19T09:00:00-07:00", "2026-03-26T09:00:00-07:00", "2026-04-02T09:00:00-07:00", "2026-04-09T09:00:00-07:00"},
	},
	"rdates": {
		subject: "Invitation: Three evenings", summary: "Three evenings", start: "2026-03-02T16:00:00Z", end: "2026-03-02T17:00:00Z", zone: "UTC", rrule: "FREQ=DAILY;COUNT=8",
		occurrences: []string{"2026-03-02T16:00:00Z", "2026-03-04T16:00:00Z", "2026-03-09T16:00:00Z"},
	},
	"unicode": {
		summary: strings.TrimSpace(strings.Repeat("Frühlingsplanung mit Äpfeln 🍏🍎, Grüße aus 東京 – ", 5)), start: "2026-03-12T09:00:00Z", end: "2026-03-12T10:00:00Z", zone: "UTC",
		attendee: "jose@example.org", cn: "José Ñandú 🎉", organizer: "Zoë Müller-Lüdenscheidt",
	},
	"update-details": {subject: "Updated invitation: Spring planning", summary: "Spring planning", sequence: 1, partstat: "ACCEPTED", start: "2026-03-12T10:00:00+01:00", end: "2026-03-12T11:00:00+01:00", zone: "UTC",
		text: "New place: Library, second floor, Unter den Linden 8, Berlin\nNew link: https://meet.google.com/abc-defg-hij\nNew title: Spring planning\nThe description has changed.\n"},
	"reschedule": {subject: "Updated invitation: Spring planning", summary: "Spring planning", sequence: 2, start: "2026-03-12T10:00:00+01:00", end: "2026-03-12T11:00:00+01:00", zone: "UTC",
		text: "New time: Thursday, 12 March 2026, 10:00 – 11:00 CET (Europe/Berlin)\nNew place: Library, second floor, Unter den Linden 8, Berlin\n\nThe time is new, so earlier answers no longer count: please answer again.\n"},
	"reschedule-all-day": {subject: "Updated invitation: Spring fair", summary: "Spring fair", sequence: 1, start: "2026-05-01", end: "2026-05-04", text: "New time: Friday, 1 May – Sunday, 3 May 2026, all day\n"},
	"reschedule-floating": {subject: "Updated invitation: Morning run, wherever you are", summary: "Morning run, wherever you are", sequence: 1, start: "2026-05-01T08:30:00", end: "2026-05-01T09:15:00", zone: "floating",
		text: "New time: Friday, 1 May 2026, 08:30 – 09:15\n"},
	"reschedule-series": {
		subject: "Updated invitation: Weekly stand-up", summary: "Weekly stand-up", sequence: 1, start: "2026-03-03T14:00:00+01:00", end: "2026-03-03T15:00:00+01:00", zone: "Europe/Berlin",
		rrule: "FREQ=WEEKLY;BYDAY=TU;UNTIL=20260630T120000Z", events: 2, text: "New dates: every week on Tuesday, until 30 June 2026\nSingle dates of the series have changed",
		occurrences: []string{"2026-03-03T14:00:00+01:00", "2026-03-11T16:00:00+01:00", summer, "2026-04-14T14:00:00+02:00", "2026-04-21T14:00:00+02:00", "2026-04-28T14:00:00+02:00", "2026-05-05T14:00:00+02:00", "2026-05-12T14:00:00+02:00"},
	},
	"instance-moved": {subject: "Updated invitation: Weekly stand-up (moved) (Tue 10 Mar 2026)", summary: "Weekly stand-up (moved)", sequence: 3, start: "2026-03-11T16:00:00+01:00", end: "2026-03-11T17:00:00+01:00",
		zone: "Europe/Berlin", instance: "2026-03-10T14:00:00+01:00", text: "one date of this series: Tuesday, 10 March 2026.\n\nNew time: Wednesday, 11 March 2026, 16:00 – 17:00 CET (Europe/Berlin)\n"},
	"instance-cancelled": {method: "CANCEL", subject: "Cancelled: Weekly stand-up (Tue 24 Mar 2026)", summary: "Weekly stand-up", sequence: 4, partstat: "ACCEPTED", start: "2026-03-24T14:00:00+01:00", end: "2026-03-24T15:00:00+01:00",
		zone: "Europe/Berlin", instance: "2026-03-24T14:00:00+01:00", text: "one date of this series: Tuesday, 24 March 2026. The other dates stand.\n"},
	"instances-changed": {subject: "Updated invitation: Weekly stand-up (2 dates)", summary: "Weekly stand-up (moved)", sequence: 5, events: 2, start: "2026-03-11T16:00:00+01:00", end: "2026-03-11T17:00:00+01:00",
		zone: "Europe/Berlin", instance: "2026-03-10T14:00:00+01:00", title: "Weekly stand-up",
		text: "Tuesday, 10 March 2026 is now Wednesday, 11 March 2026, 16:00 – 17:00 CET (Europe/Berlin)\nTuesday, 14 April 2026, 14:00 – 15:00 CEST (Europe/Berlin)\n"},
	"instances-cancelled": {method: "CANCEL", subject: "Cancelled: Weekly stand-up (2 dates)", summary: "Weekly stand-up", sequence: 5, events: 2, partstat: "ACCEPTED", start: "2026-03-17T14:00:00+01:00", end: "2026-03-17T15:00:00+01:00",
		zone: "Europe/Berlin", instance: "2026-03-17T14:00:00+01:00", text: "has cancelled 2 dates of this series. The other dates stand.\n"},
	"instance-moved-all-day": {subject: "Updated invitation: Cleaning day (Mon 1 Jun 2026)", summary: "Cleaning day", sequence: 1, start: "2026-06-02", end: "2026-06-03", instance: "2026-06-01", text: "New time: Tuesday, 2 June 2026, all day\n"},
	"forwarded": {subject: "Updated invitation: Spring planning", summary: "Spring planning", sequence: 1, start: "2026-03-12T10:00:00+01:00", end: "2026-03-12T11:00:00+01:00", zone: "UTC",
		attendee: "edith@example.net", cn: "Edith Clarke", partstat: "DELEGATED", sealedFor: "grace@example.org"},
	"decline-counter": {method: "DECLINECOUNTER", subject: "Proposal declined: Spring planning", summary: "Spring planning", sequence: 1, partstat: "TENTATIVE", start: "2026-03-12T10:00:00+01:00", end: "2026-03-12T11:00:00+01:00", zone: "UTC",
		text: "You proposed: Thu 12 Mar 2026, 10:00–11:00 CET → 14:00–15:00 CET\n\nAda Ng writes:\n\nSorry, the room; is taken then.\nSee you at ten?\n"},
	"decline-counter-instance": {method: "DECLINECOUNTER", subject: "Proposal declined: Weekly stand-up (Tue 7 Apr 2026)", summary: "Weekly stand-up", sequence: 1, start: "2026-04-07T14:00:00+02:00", end: "2026-04-07T15:00:00+02:00",
		zone: "Europe/Berlin", instance: "2026-04-07T14:00:00+02:00", text: "This date of the series stays as it is.\n"},
	"hostile": {
		subject: "Invitation: =?UTF-8?Q?Faked?= <script>alert(1)</script> {title} {rsvp_token}", summary: "=?UTF-8?Q?Faked?= <script>alert(1)</script> {title} {rsvp_token}",
		start: "2026-03-12T09:00:00Z", end: "2026-03-12T10:00:00Z", zone: "UTC", attendee: "o'neil+x@example.org", cn: "N' ATTENDEE:mailto:x@y;,: =?UTF-8?Q?z?=",
		organizer: `Eve Bcc: victim@example.net 'quoted' \ <a@b>; ,`,
	},
}

// TestSecondReader has every golden mail read by parsers from another hand: npm's postal-mime and ical.js.
func TestSecondReader(t *testing.T) {
	readings := runSecondReader(t)
	keys := testKeys(t)
	for name, want := range meantMails {
		t.Run(name, func(t *testing.T) {
			got, ok := readings[name]
			if !ok {
				t.Fatal("not read")
			}
			want.fillIn()
			check := func(what string, got, want any) {
				t.Helper()
				if got != want {
					t.Errorf("%s is %v, want %v", what, got, want)
				}
			}
			check("tree", strings.Join(got.Tree, "; "), "multipart/mixed > multipart/alternative > text/plain; multipart/mixed > multipart/alternative > text/html; "+
				"multipart/mixed > multipart/alternative > text/calendar; multipart/mixed > application/ics")
			check("same calendar twice", got.SameCalendar, true)
			check("methods", strings.Join(got.MethodParam, ",")+"="+got.Calendar.Method, want.method+"="+want.method)
			check("from", got.From.Address, "invites@cis.localhost")
			check("auto-submitted", got.AutoSubmitted, "auto-generated")
			if want.subject != "" {
				check("subject", got.Subject, want.subject)
			}
			if len(got.To) != 1 || got.To[0].Address != want.attendee || len(got.ReplyTo) != 1 || got.ReplyTo[0].Address != "ada@example.com" {
				t.Errorf("to %v, reply to %v", got.To, got.ReplyTo)
			}
			title := strings.Join(strings.Fields(want.summary), " ")
			if want.title != "" {
				title = want.title
			}
			if !strings.Contains(got.Text, want.text) {
				t.Errorf("the text lacks %q:\n%s", want.text, got.Text)
			}
			for line := range strings.SplitSeq(strings.TrimSpace(want.text), "\n") {
				if html := strings.NewReplacer("&#39;", "'", "&amp;", "&").Replace(got.HTML); !strings.Contains(html, line[:strings.LastIndexByte(line, ' ')+1]) {
					t.Errorf("the HTML lacks %q:\n%s", line, got.HTML)
				}
			}
			if !strings.Contains(got.Text, title) || !strings.Contains(got.HTML, "<h1") || !strings.Contains(got.Text, "/unsubscribe/") {
				t.Errorf("text or HTML lacks something:\n%s\n%s", got.Text, got.HTML)
			}
			if len(got.Calendar.Events) != want.events {
				t.Fatalf("%d events", len(got.Calendar.Events))
			}
			e := got.Calendar.Events[0]
			check("status", e.Status, want.status)
			check("sequence", e.Sequence, want.sequence)
			check("summary", strings.TrimSpace(e.Summary), want.summary)
			check("rrule", e.RRule, want.rrule)
			check("start", e.Start.text(), epoch(t, want.start, want.zone))
			check("end", e.End.text(), epoch(t, want.end, want.zone))
			check("organizer", e.Organizer.CN+" "+e.Organizer.Value, want.organizer+" mailto:rsvp@cis.localhost")
			if len(e.Attendees) != 1 {
				t.Fatalf("attendees %v", e.Attendees)
			}
			a := e.Attendees[0]
			check("attendee", strings.Join([]string{a.CN, a.PartStat, a.RSVP, a.Role, a.Value}, " "), strings.Join([]string{want.cn, want.partstat, "TRUE", "REQ-PARTICIPANT", "mailto:" + want.attendee}, " "))
			if opened, err := keys.OpenUID(e.UID); err != nil || opened.UID != testUID || opened.Email != want.sealedFor {
				t.Errorf("uid %s opens as %+v, %v", e.UID, opened, err)
			}
			if want.instance == "" != (e.RecurrenceID == nil) || e.RecurrenceID != nil && e.RecurrenceID.text() != epoch(t, want.instance, want.zone) {
				t.Errorf("recurrence-id %v, want %s", e.RecurrenceID, want.instance)
			}
			if want.occurrences != nil {
				var occurrences []int64
				for _, text := range want.occurrences {
					at, _ := time.Parse(time.RFC3339, text)
					occurrences = append(occurrences, at.Unix())
				}
				if !slices.Equal(got.Calendar.Occurrences, occurrences) {
					t.Errorf("occurrences %v, want %v", got.Calendar.Occurrences, occurrences)
				}
			}
		})
	}
	for name := range readings {
		if _, ok := meantMails[name]; !ok {
			t.Errorf("nobody said what %s means", name)
		}
	}
}

// fillIn sets what most mails have in common.
func (m *meant) fillIn() {
	for field, common := range map[*string]string{
		&m.method: "REQUEST", &m.partstat: "NEEDS-ACTION", &m.attendee: "grace@example.org", &m.cn: "Grace Hopper", &m.organizer: "Ada Ng",
	} {
		if *field == "" {
			*field = common
		}
	}
	if m.sealedFor == "" {
		m.sealedFor = m.attendee
	}
	m.events = max(m.events, 1)
	if m.status = "CONFIRMED"; m.method == "CANCEL" {
		m.status = "CANCELLED"
	}
}

// text is the moment in a form that epoch also gives.
func (m secondMoment) text() string {
	switch {
	case m.Date != "":
		return m.Date
	case m.Zone == "floating":
		return m.Local + " floating"
	}
	return time.Unix(m.Epoch, 0).UTC().Format(time.RFC3339) + " " + m.Zone
}

func epoch(t *testing.T, moment, zone string) string {
	t.Helper()
	switch zone {
	case "":
		return moment
	case "floating":
		return moment + " floating"
	}
	at, err := time.Parse(time.RFC3339, moment)
	if err != nil {
		t.Fatal(err)
	}
	return at.UTC().Format(time.RFC3339) + " " + zone
}

// runSecondReader installs the script's packages into a temporary directory and has it read the golden mails.
func runSecondReader(t *testing.T) map[string]secondReading {
	t.Helper()
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed: the golden mails are not read by a second reader", tool)
		}
	}
	mails, err := filepath.Glob(filepath.Join("testdata", "mails", "*.eml"))
	if err != nil || len(mails) == 0 {
		t.Fatalf("no golden mails: %v", err)
	}
	for i := range mails {
		if mails[i], err = filepath.Abs(mails[i]); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", "secondreader"))); err != nil {
		t.Fatal(err)
	}
	run := func(name string, arguments ...string) []byte {
		command := exec.Command(name, arguments...)
		command.Dir = dir
		var problems strings.Builder
		command.Stderr = &problems
		out, err := command.Output()
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, problems.String())
		}
		return out
	}
	run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
	var readings map[string]secondReading
	if err := json.Unmarshal(run("node", append([]string{"read.mjs"}, mails...)...), &readings); err != nil {
		t.Fatal(err)
	}
	return readings
}
