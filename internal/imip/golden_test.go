package imip_test

import (
	"strings"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/imip"
	"github.com/calendarinvite/calendarinviteserver/internal/itip"
	"github.com/calendarinvite/calendarinviteserver/internal/when"
)

// berlin is a complete VTIMEZONE as Google sends it.
const berlin = `BEGIN:VTIMEZONE
TZID:Europe/Berlin
X-LIC-LOCATION:Europe/Berlin
BEGIN:DAYLIGHT
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:CEST
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
TZNAME:CET
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE
`

const single = `
DTSTART;TZID=Europe/Berlin:20260312T100000
DTEND;TZID=Europe/Berlin:20260312T110000
SUMMARY:Spring planning
LOCATION:Library\, second floor\, Unter den Linden 8\, Berlin
DESCRIPTION:Bring your ideas.\n\nAgenda: https://example.com/agenda\n- last season\n- this season
X-GOOGLE-CONFERENCE:https://meet.google.com/abc-defg-hij
CATEGORIES:PLANNING,SPRING
CLASS:PUBLIC
TRANSP:OPAQUE
PRIORITY:5
URL:https://example.com/spring
GEO:52.517;13.392
ATTACH:https://example.com/plan.pdf
CREATED:20260101T120000Z
LAST-MODIFIED:20260102T120000Z
SEQUENCE:7
STATUS:CONFIRMED
ORGANIZER;CN=Ada Ng:mailto:ada@example.com
ATTENDEE;CN=Create;PARTSTAT=NEEDS-ACTION;SCHEDULE-AGENT=SERVER:mailto:create@cis.localhost
ATTENDEE;CN=Somebody Else:mailto:secret@example.com`

// series is a weekly event with one instance moved.
const series = `BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test//EN
` + berlin + `BEGIN:VEVENT
UID:original@example.com
DTSTAMP:20260101T000000Z
DTSTART;TZID=Europe/Berlin:20260303T140000
DTEND;TZID=Europe/Berlin:20260303T150000
RRULE:FREQ=WEEKLY;UNTIL=20260630T120000Z;BYDAY=TU
EXDATE;TZID=Europe/Berlin:20260317T140000
EXDATE:20260407T120000Z
SUMMARY:Weekly stand-up
END:VEVENT
BEGIN:VEVENT
UID:original@example.com
DTSTAMP:20260101T000000Z
RECURRENCE-ID;TZID=Europe/Berlin:20260310T140000
DTSTART;TZID=Europe/Berlin:20260311T160000
DTEND;TZID=Europe/Berlin:20260311T170000
SUMMARY:Weekly stand-up (moved)
END:VEVENT
BEGIN:VEVENT
UID:original@example.com
DTSTAMP:20260101T000000Z
RECURRENCE-ID;TZID=Europe/Berlin:20260324T140000
DTSTART;TZID=Europe/Berlin:20260324T140000
DTEND;TZID=Europe/Berlin:20260324T150000
STATUS:CANCELLED
SUMMARY:Weekly stand-up
END:VEVENT
END:VCALENDAR`

// instance is one moved instance, alone.
const instance = `BEGIN:VCALENDAR
VERSION:2.0
` + berlin + `BEGIN:VEVENT
UID:original@example.com
DTSTAMP:20260101T000000Z
RECURRENCE-ID;TZID=Europe/Berlin:20260310T140000
DTSTART;TZID=Europe/Berlin:20260311T160000
DTEND;TZID=Europe/Berlin:20260311T170000
SUMMARY:Weekly stand-up
END:VEVENT
END:VCALENDAR`

func zoned(lines string) string {
	return strings.Replace(event(lines), "BEGIN:VEVENT", berlin+"BEGIN:VEVENT", 1)
}

// goldenMails are the mails kept in testdata/mails, one a case.
func goldenMails(t testing.TB) map[string][]byte {
	t.Helper()
	mails := map[string][]byte{}
	add := func(name, calendar string, change func(*imip.Invitation), r imip.Recipient) {
		inv := invitation(t, calendar)
		if change != nil {
			change(&inv)
		}
		mails[name] = mustAppend(t, mustComposer(t, inv), r)
	}
	cancel := func(inv *imip.Invitation) { inv.Method, inv.Sequence = imip.MethodCancel, 2 }
	add("single", zoned(single), nil, grace)
	add("update", zoned(single), func(inv *imip.Invitation) {
		inv.Update, inv.Sequence, inv.DTStamp = true, 1, testStamp.Add(time.Hour)
	}, imip.Recipient{Email: "grace@example.org", Name: "Grace Hopper", PartStat: "ACCEPTED"})
	add("all-day", event("DTSTART;VALUE=DATE:20260501\nDTEND;VALUE=DATE:20260504\nSUMMARY:Spring fair\nLOCATION:Market square\nTRANSP:TRANSPARENT"), nil, grace)
	add("floating", event("DTSTART:20260501T080000\nDURATION:PT45M\nSUMMARY:Morning run, wherever you are"), nil, grace)
	add("series", series, nil, grace)
	add("instance", instance, func(inv *imip.Invitation) { inv.Update, inv.Sequence = true, 3 }, grace)
	add("cancel", zoned(single), cancel, grace)
	add("cancel-series", series, cancel, grace)
	add("cancel-instance", instance, cancel, grace)
	add("windows-zone", event("DTSTART;TZID=Pacific Standard Time:20260305T090000\nDTEND;TZID=Pacific Standard Time:20260305T093000\nRRULE:FREQ=WEEKLY;BYDAY=TH;COUNT=6\nSUMMARY:Coast call\nX-MICROSOFT-SKYPETEAMSMEETINGURL:https://teams.microsoft.com/l/meetup-join/19%3ameeting_x%40thread.v2/0?context=%7b%22Tid%22%3a%22y%22%7d"), nil, grace)
	add("rdates", event("DTSTART:20260302T160000Z\nDTEND:20260302T170000Z\nRDATE:20260304T160000Z,20260309T160000Z\nSUMMARY:Three evenings"), nil, grace)
	add("unicode", event("DTSTART:20260312T090000Z\nDTEND:20260312T100000Z\nSUMMARY:"+strings.Repeat("Frühlingsplanung mit Äpfeln 🍏🍎, Grüße aus 東京 – ", 5)+
		"\nLOCATION:Café „Größe“\\, 東京都千代田区\nDESCRIPTION:"+strings.Repeat("Zeile mit Umlauten äöüß und Zeichen 漢字 und 👩‍👩‍👧‍👦\\n", 30)),
		func(inv *imip.Invitation) { inv.OrganizerName = "Zoë Müller-Lüdenscheidt" }, imip.Recipient{Email: "jose@example.org", Name: "José Ñandú 🎉"})
	add("hostile", event("DTSTART:20260312T090000Z\nDTEND:20260312T100000Z\nSUMMARY:=?UTF-8?Q?Faked?= <script>alert(1)</script> {title} {rsvp_token}"+
		"\nDESCRIPTION:<b>bold</b><script>alert(2)</script> <a href=\"javascript:alert(3)\">x</a> <a href=\"https://example.com/?a=1&amp;b=2\">link</a>\nLOCATION:\"><img src=x>"+
		"\nX-HOSTILE;X-P=\"a\":v"),
		func(inv *imip.Invitation) {
			inv.OrganizerName = "Eve\r\nBcc: victim@example.net\r\n\"quoted\" \\ <a@b>; ,\u202e"
		}, imip.Recipient{Email: "o'neil+x@example.org", Name: "N\"\r\nATTENDEE:mailto:x@y;,:\x00 =?UTF-8?Q?z?="})

	// Updates, which say what changed; of a series' instances, only these.
	revise := func(sequence int, changed ...itip.Field) func(*imip.Invitation) {
		return func(inv *imip.Invitation) {
			inv.Update, inv.Sequence, inv.DTStamp, inv.Changed = true, sequence, testStamp.Add(time.Duration(sequence)*time.Hour), changed
		}
	}
	instances := func(method string, sequence int, keys []string, changed ...itip.Field) func(*imip.Invitation) {
		return func(inv *imip.Invitation) {
			revise(sequence, changed...)(inv)
			inv.Method, inv.Instances = method, keys
		}
	}
	accepted := imip.Recipient{Email: "grace@example.org", Name: "Grace Hopper", PartStat: "ACCEPTED"}
	add("update-details", zoned(single), revise(1, itip.FieldSummary, itip.FieldDescription, itip.FieldLocation, itip.FieldConferencing), accepted)
	add("reschedule", zoned(single), revise(2, itip.FieldStart, itip.FieldEnd, itip.FieldLocation), grace)
	add("reschedule-all-day", event("DTSTART;VALUE=DATE:20260501\nDTEND;VALUE=DATE:20260504\nSUMMARY:Spring fair\nLOCATION:Market square"), revise(1, itip.FieldEnd), grace)
	add("reschedule-floating", event("DTSTART:20260501T083000\nDURATION:PT45M\nSUMMARY:Morning run, wherever you are"), revise(1, itip.FieldStart, itip.FieldEnd), grace)
	add("reschedule-series", series, revise(1, itip.FieldRecurrence, itip.FieldInstances), grace)
	add("instance-moved", series, instances(imip.MethodRequest, 3, []string{"20260310T130000Z"}, itip.FieldStart, itip.FieldEnd, itip.FieldSummary), grace)
	add("instance-cancelled", series, instances(imip.MethodCancel, 4, []string{"20260324T130000Z"}), accepted)
	add("instances-changed", series, instances(imip.MethodRequest, 5, []string{"20260310T130000Z", "20260414T120000Z"}, itip.FieldStart, itip.FieldLocation),
		imip.Recipient{Email: "grace@example.org", Name: "Grace Hopper", PartStat: "ACCEPTED", Instances: map[string]string{"20260310T130000Z": "NEEDS-ACTION"}})
	add("instances-cancelled", series, instances(imip.MethodCancel, 5, []string{"20260317T130000Z", "20260324T130000Z"}), accepted)
	add("instance-moved-all-day", event("DTSTART;VALUE=DATE:20260501\nRRULE:FREQ=MONTHLY;COUNT=4\nSUMMARY:Cleaning day\nEND:VEVENT\nBEGIN:VEVENT\nUID:original@example.com\nDTSTAMP:20260101T000000Z"+
		"\nRECURRENCE-ID;VALUE=DATE:20260601\nDTSTART;VALUE=DATE:20260602\nSUMMARY:Cleaning day"), instances(imip.MethodRequest, 1, []string{"20260601"}, itip.FieldStart), grace)
	add("forwarded", zoned(single), revise(1, itip.FieldLocation), imip.Recipient{
		Email: "edith@example.net", Name: "Edith Clarke", PartStat: "DELEGATED", DelegatedTo: "joan@example.net", UIDEmail: grace.Email, UIDGeneration: 1,
	})
	declined := func(inv *imip.Invitation) {
		inv.Method, inv.Sequence, inv.Comment = imip.MethodDeclineCounter, 1, "Sorry, the room; is taken then.\nSee you at ten?"
	}
	add("decline-counter", zoned(single), func(inv *imip.Invitation) {
		declined(inv)
		start := time.Date(2026, 3, 12, 13, 0, 0, 0, time.UTC)
		inv.Proposal = when.Span{Start: start, End: start.Add(time.Hour)}
	}, imip.Recipient{Email: "grace@example.org", Name: "Grace Hopper", PartStat: "TENTATIVE"})
	add("decline-counter-instance", series, func(inv *imip.Invitation) {
		declined(inv)
		inv.Instances = []string{"20260407T120000Z"}
	}, grace)
	return mails
}

func TestGoldenMails(t *testing.T) {
	for name, mail := range goldenMails(t) {
		t.Run(name, func(t *testing.T) { golden(t, name, mail) })
	}
}
