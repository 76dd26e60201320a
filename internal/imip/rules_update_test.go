package imip_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/imip"
	"github.com/calendarinvite/calendarinviteserver/internal/itip"
)

// The rules of interoperability as they concern updates, cancellations and answers to proposals.

// sentCalendar is the calendar of a mail about instances of a series.
func sentCalendar(t *testing.T, calendar, method string, instances ...string) calendarLines {
	t.Helper()
	inv := invitation(t, calendar)
	inv.Method, inv.Instances, inv.Update, inv.Sequence = method, instances, true, 2
	return readSent(t, compose(t, inv)).calendar(t)
}

// A guest's calendar finds the instance by a RECURRENCE-ID in the form of the series' DTSTART that it holds (RFC 5545 §3.8.4.4).
func TestRule24_RecurrenceIDInTheSeriesForm(t *testing.T) {
	const office = "BEGIN:VTIMEZONE\nTZID:Our Office\nBEGIN:STANDARD\nDTSTART:16010101T000000\nTZOFFSETFROM:+0230\nTZOFFSETTO:+0230\nEND:STANDARD\nEND:VTIMEZONE\n"
	for name, test := range map[string]struct{ zones, start, id, key, want, begin string }{
		"in UTC beside a zone":         {berlin, "DTSTART;TZID=Europe/Berlin:20260303T140000", "RECURRENCE-ID:20260310T130000Z", "20260310T130000Z", "RECURRENCE-ID;TZID=Europe/Berlin:20260310T140000", "TZID:Europe/Berlin"},
		"a Windows zone":               {"", "DTSTART;TZID=Pacific Standard Time:20260305T090000", "RECURRENCE-ID;TZID=Pacific Standard Time:20260312T090000", "20260312T160000Z", "RECURRENCE-ID;TZID=America/Los_Angeles:20260312T090000", "TZID:America/Los_Angeles"},
		"two names of a zone":          {berlin, "DTSTART;TZID=Europe/Berlin:20260303T140000", "RECURRENCE-ID;TZID=W. Europe Standard Time:20260310T140000", "20260310T130000Z", "RECURRENCE-ID;TZID=Europe/Berlin:20260310T140000", "TZID:Europe/Berlin"},
		"the organizer's own zone":     {office, "DTSTART;TZID=Our Office:20260303T140000", "RECURRENCE-ID:20260310T113000Z", "20260310T113000Z", "RECURRENCE-ID;TZID=Our Office:20260310T140000", "TZID:Our Office"},
		"a series in UTC":              {"", "DTSTART:20260303T130000Z", "RECURRENCE-ID;TZID=Europe/Berlin:20260310T140000", "20260310T130000Z", "RECURRENCE-ID:20260310T130000Z", ""},
		"whole days":                   {"", "DTSTART;VALUE=DATE:20260303", "RECURRENCE-ID;VALUE=DATE:20260310", "20260310", "RECURRENCE-ID;VALUE=DATE:20260310", ""},
		"floating":                     {"", "DTSTART:20260303T140000", "RECURRENCE-ID:20260310T140000", "20260310T140000", "RECURRENCE-ID:20260310T140000", ""},
		"a date beside a zone":         {berlin, "DTSTART;TZID=Europe/Berlin:20260303T140000", "RECURRENCE-ID;VALUE=DATE:20260310", "20260310", "RECURRENCE-ID;TZID=Europe/Berlin:20260310T140000", "TZID:Europe/Berlin"},
		"without a VEVENT of its own":  {berlin, "DTSTART;TZID=Europe/Berlin:20260303T140000", "", "20260407T120000Z", "RECURRENCE-ID;TZID=Europe/Berlin:20260407T140000", "TZID:Europe/Berlin"},
		"the instance in another zone": {berlin, "DTSTART;TZID=Europe/Berlin:20260303T140000", "RECURRENCE-ID;TZID=Europe/Berlin:20260310T140000\nDTSTART;TZID=Asia/Tokyo:20260311T090000", "20260310T130000Z", "RECURRENCE-ID;TZID=Europe/Berlin:20260310T140000", "TZID:Europe/Berlin"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(event(test.start+"\nDURATION:PT1H\nRRULE:FREQ=WEEKLY\nSUMMARY:x"), "BEGIN:VEVENT", test.zones+"BEGIN:VEVENT", 1)
			if strings.Contains(test.start, "VALUE=DATE") {
				text = strings.Replace(text, "DURATION:PT1H\n", "", 1)
			}
			if test.id != "" {
				own := test.id
				if !strings.Contains(own, "DTSTART") {
					own += strings.Replace("\nDTSTART:20260310T150000Z", ":20260310T150000Z", strings.TrimPrefix(test.start, "DTSTART"), 1)
				}
				text = strings.Replace(text, "END:VCALENDAR", "BEGIN:VEVENT\nUID:original@example.com\nDTSTAMP:20260101T000000Z\n"+own+"\nSUMMARY:x\nEND:VEVENT\nEND:VCALENDAR", 1)
			}
			c := sentCalendar(t, text, imip.MethodRequest, test.key)
			c.want(t, test.want)
			whole := readSent(t, compose(t, invitation(t, text))).calendar(t)
			form, _, _ := strings.Cut(strings.TrimPrefix(test.want, "RECURRENCE-ID"), ":")
			if start := whole.all("DTSTART")[0]; !strings.HasPrefix(start, "DTSTART"+form+":") {
				t.Errorf("the series starts with %s", start)
			}
			if test.id != "" && !slices.Contains(whole, test.want) {
				t.Errorf("the series' mail has %q", whole.all("RECURRENCE-ID"))
			}
			if test.begin != "" && !slices.Contains(c, test.begin) {
				t.Errorf("no VTIMEZONE with %s", test.begin)
			}
			if c.one(t, "RRULE") != "" {
				t.Error("it has a rule")
			}
		})
	}
}

func TestRule24_InstancesGoAlone(t *testing.T) {
	c := sentCalendar(t, series, imip.MethodRequest, "20260310T130000Z", "20260324T130000Z")
	c.want(t, "METHOD:REQUEST", "RECURRENCE-ID;TZID=Europe/Berlin:20260310T140000", "SEQUENCE:2", "STATUS:CONFIRMED") // the other is called off
	c = sentCalendar(t, series, imip.MethodCancel, "20260310T130000Z", "20260324T130000Z")
	c.want(t, "METHOD:CANCEL", "RECURRENCE-ID;TZID=Europe/Berlin:20260324T140000", "STATUS:CANCELLED", "SUMMARY:Weekly stand-up",
		"DTSTART;TZID=Europe/Berlin:20260324T140000", "DTEND;TZID=Europe/Berlin:20260324T150000")
	for _, test := range []struct{ method, key string }{{imip.MethodRequest, "20260324T130000Z"}, {imip.MethodCancel, "20260310T130000Z"}, {imip.MethodRequest, "soon"}} {
		inv := invitation(t, series)
		inv.Method, inv.Instances = test.method, []string{test.key}
		if _, err := imip.NewComposer(inv, testKeys(t)); fault.ReasonOf(err) != "calendar-without-instance" || fault.KindOf(err) != fault.InvalidRequest {
			t.Errorf("%s of %s: %v", test.method, test.key, err)
		}
	}
}

// Exchange's CANCEL has a title in the organizer's language and sometimes no end (field rules 20, 29).
func TestRule20_CancelledInstanceAsGuestsKnowIt(t *testing.T) {
	exchange := strings.Replace(series, "DTEND;TZID=Europe/Berlin:20260324T150000\nSTATUS:CANCELLED\nSUMMARY:Weekly stand-up", "STATUS:CANCELLED\nSUMMARY:Canceled: Weekly stand-up", 1)
	sentCalendar(t, exchange, imip.MethodCancel, "20260324T130000Z").want(t, "SUMMARY:Weekly stand-up", "DTEND;TZID=Europe/Berlin:20260324T150000")
	sentCalendar(t, series, imip.MethodCancel, "20260317T130000Z").want(t, "STATUS:CANCELLED", "RECURRENCE-ID;TZID=Europe/Berlin:20260317T140000") // EXDATE alone
}

// The UID of one instance holds its date in Exchange's form (field rule 29): it is an instance of the series all the same.
func TestRule29_InstancesOfExchange(t *testing.T) {
	const whole = "040000008200E00074C5B7101A82E008000000003040AB905072D5010000000000000000100000006F400595F64BE64F9B3BE5C86142E3B7"
	dated := strings.Replace(whole, "E00800000000", "E00807EA030A", 1)
	text := strings.Replace(strings.ReplaceAll(series, "original@example.com", dated), dated, whole, 1)
	c := readSent(t, compose(t, invitation(t, text))).calendar(t)
	if len(c.all("RECURRENCE-ID")) != 1 || !slices.Contains(c, "EXDATE;TZID=Europe/Berlin:20260324T140000") {
		t.Errorf("%q, %q", c.all("RECURRENCE-ID"), c.all("EXDATE"))
	}
}

// Instances of a series that the organizer invited to without the series go together.
func TestInstancesWithoutTheirSeries(t *testing.T) {
	second := strings.NewReplacer("20260310", "20260407", "20260311", "20260408").Replace(instance[strings.Index(instance, "BEGIN:VEVENT"):strings.Index(instance, "END:VCALENDAR")])
	two := strings.Replace(instance, "END:VCALENDAR", second+"END:VCALENDAR", 1)
	if ids := readSent(t, compose(t, invitation(t, two))).calendar(t).all("RECURRENCE-ID"); len(ids) != 2 {
		t.Errorf("invited to %q", ids)
	}
	off := strings.Replace(two, "SUMMARY", "STATUS:CANCELLED\nSUMMARY", 1)
	readSent(t, compose(t, invitation(t, off))).calendar(t).want(t, "RECURRENCE-ID;TZID=Europe/Berlin:20260407T140000", "STATUS:CONFIRMED")
	cancel := invitation(t, off)
	cancel.Method = imip.MethodCancel
	if ids := readSent(t, compose(t, cancel)).calendar(t).all("RECURRENCE-ID"); len(ids) != 2 {
		t.Errorf("cancelled are %q", ids)
	}
	sentCalendar(t, off, imip.MethodCancel, "20260310T130000Z").want(t, "RECURRENCE-ID;TZID=Europe/Berlin:20260310T140000", "STATUS:CANCELLED")
}

// An update finds the event under the UID that the guest's calendar holds it by (field rules 12, 19).
func TestRule12_ForwardedGuestKeepsTheUID(t *testing.T) {
	composer := mustComposer(t, invitation(t, zoned(single)))
	keys := testKeys(t)
	edith := imip.Recipient{Email: "edith@example.net", Generation: 3, UIDEmail: grace.Email, UIDGeneration: 1}
	s := readSent(t, mustAppend(t, composer, edith))
	uid := strings.TrimPrefix(s.calendar(t).one(t, "UID"), "UID:")
	if opened, err := keys.OpenUID(uid); err != nil || opened.Email != grace.Email || opened.Generation != 1 {
		t.Errorf("%s opens as %+v, %v", uid, opened, err)
	}
	if s.header.Get("References") != "<"+uid+">" {
		t.Errorf("References %s", s.header.Get("References"))
	}
	if attendee := s.calendar(t).one(t, "ATTENDEE"); !strings.HasSuffix(attendee, ":mailto:edith@example.net") {
		t.Errorf("%s", attendee)
	}
	_, after, _ := strings.Cut(s.part(t, "text/plain").body, "/rsvp/")
	token, _, _ := strings.Cut(after, "?")
	if link, err := keys.OpenLink("rsvp", token); err != nil || link.Email != "edith@example.net" || link.Generation != 3 {
		t.Errorf("the link opens as %+v, %v", link, err)
	}
}

// RFC 5546 §3.2.2.3: a delegator is shown with the delegate. The next recipient is not.
func TestRule16_Delegated(t *testing.T) {
	composer := mustComposer(t, invitation(t, zoned(single)))
	for _, test := range []struct{ partStat, delegate, want string }{
		{"DELEGATED", "joan@example.net", `;DELEGATED-TO="mailto:joan@example.net";PARTSTAT=DELEGATED;`},
		{"DELEGATED", "", `;CUTYPE=INDIVIDUAL;PARTSTAT=DELEGATED;`},
		{"DELEGATED", "joan\"@example.net", `;CUTYPE=INDIVIDUAL;PARTSTAT=DELEGATED;`},
		{"ACCEPTED", "joan@example.net", `;CUTYPE=INDIVIDUAL;PARTSTAT=ACCEPTED;`},
	} {
		r := imip.Recipient{Email: grace.Email, PartStat: test.partStat, DelegatedTo: test.delegate}
		if line := readSent(t, mustAppend(t, composer, r)).calendar(t).one(t, "ATTENDEE"); !strings.Contains(line, test.want) {
			t.Errorf("%s to %q: %s", test.partStat, test.delegate, line)
		}
	}
}

// Each instance carries the answer to it: a series accepted with one date declined stays so.
func TestRule17_AnswersToInstances(t *testing.T) {
	composer := mustComposer(t, invitation(t, series))
	r := imip.Recipient{Email: grace.Email, Name: "Grace Höpper, Dr.; \"x\"", PartStat: "ACCEPTED", Instances: map[string]string{"20260310T130000Z": "DECLINED", "20260407T120000Z": "TENTATIVE"}}
	s := readSent(t, mustAppend(t, composer, r))
	if s.part(t, "text/calendar").body != s.part(t, "application/ics").body {
		t.Error("the two calendars differ")
	}
	lines := s.calendar(t).all("ATTENDEE")
	if len(lines) != 2 || !strings.Contains(lines[0], "PARTSTAT=ACCEPTED") || !strings.Contains(lines[1], "PARTSTAT=DECLINED") ||
		strings.Replace(lines[1], "DECLINED", "ACCEPTED", 1) != lines[0] {
		t.Errorf("%q", lines)
	}
	again := readSent(t, mustAppend(t, composer, grace)).calendar(t).all("ATTENDEE")
	if !strings.Contains(again[1], "PARTSTAT=NEEDS-ACTION") {
		t.Errorf("the next recipient gets %q", again)
	}
	r.Instances["x"] = "PERHAPS"
	if _, err := composer.Append(nil, r); fault.ReasonOf(err) != "bad-partstat" {
		t.Errorf("error %v", err)
	}
}

// RFC 5546 §3.2.8.
func TestRule33_DeclineCounter(t *testing.T) {
	mails := goldenMails(t)
	c := readSent(t, mails["decline-counter"]).calendar(t)
	c.want(t, "METHOD:DECLINECOUNTER", "SEQUENCE:1", `COMMENT:Sorry\, the room\; is taken then.\nSee you at ten?`, "STATUS:CONFIRMED", "ORGANIZER;CN=Ada Ng:mailto:rsvp@cis.localhost")
	if c.one(t, "UID") != readSent(t, mails["single"]).calendar(t).one(t, "UID") {
		t.Error("another UID")
	}
	readSent(t, mails["decline-counter-instance"]).calendar(t).want(t, "RECURRENCE-ID;TZID=Europe/Berlin:20260407T140000", "DTSTART;TZID=Europe/Berlin:20260407T140000")
	inv := invitation(t, series)
	inv.Method = imip.MethodDeclineCounter
	c = readSent(t, compose(t, inv)).calendar(t)
	if c.one(t, "RRULE") == "" || c.one(t, "RECURRENCE-ID") != "" {
		t.Errorf("the whole series is %q", c)
	}
}

// The mails of one revision are different mails.
func TestRule43_MessageIDsDiffer(t *testing.T) {
	seen := map[string]string{}
	for name, change := range map[string]func(*imip.Invitation){
		"whole":     func(*imip.Invitation) {},
		"cancel":    func(inv *imip.Invitation) { inv.Method = imip.MethodCancel },
		"one moved": func(inv *imip.Invitation) { inv.Instances = []string{"20260310T130000Z"} },
		"another":   func(inv *imip.Invitation) { inv.Instances = []string{"20260414T120000Z"} },
		"one cancelled": func(inv *imip.Invitation) {
			inv.Method, inv.Instances = imip.MethodCancel, []string{"20260324T130000Z"}
		},
		"decline counter": func(inv *imip.Invitation) { inv.Method = imip.MethodDeclineCounter },
	} {
		inv := invitation(t, series)
		change(&inv)
		id := readSent(t, compose(t, inv)).header.Get("Message-ID")
		if other, has := seen[id]; has {
			t.Errorf("%s and %s are both %s", name, other, id)
		}
		seen[id] = name
	}
}

// What changed stands in the text's first lines, with what it is now.
func TestUpdateSaysWhatChanged(t *testing.T) {
	bare := event("DTSTART:20260312T090000Z\nSUMMARY:x\nSTATUS:TENTATIVE")
	for name, test := range map[string]struct {
		calendar  string
		changed   []itip.Field
		instances []string
		want, not string
	}{
		"not said":           {bare, nil, nil, "has changed this event.\n\n  x", "New "},
		"taken out":          {bare, []itip.Field{itip.FieldLocation, itip.FieldRecurrence, itip.FieldConferencing}, nil, "It takes place only once now.\nThe place was taken out.\nThe link to join has changed.\n", "New "},
		"less certain":       {bare, []itip.Field{itip.FieldStatus}, nil, "It is not certain any more.\n", "again"},
		"certain":            {zoned(single), []itip.Field{itip.FieldStatus}, nil, "It is certain now.\n", "again"},
		"another time":       {bare, []itip.Field{itip.FieldEnd}, nil, "New time: Thursday, 12 March 2026, 09:00 UTC\n\nThe time is new, so earlier answers no longer count", "stands"},
		"details":            {zoned(single), []itip.Field{itip.FieldDescription}, nil, "If you have answered already, your answer stands.", "again"},
		"several instances":  {series, []itip.Field{itip.FieldStart}, []string{"20260310T130000Z", "20260331T120000Z"}, "Times are new: please answer for these dates again", "New time"},
		"details of one":     {series, []itip.Field{itip.FieldSummary}, []string{"20260310T130000Z"}, "New title: Weekly stand-up (moved)\n", "again"},
		"one, nothing known": {series, nil, []string{"20260310T130000Z"}, "has changed one date of this series: Tuesday, 10 March 2026.\n\n  Weekly", "New "},
	} {
		t.Run(name, func(t *testing.T) {
			inv := invitation(t, test.calendar)
			inv.Update, inv.Changed, inv.Instances = true, test.changed, test.instances
			text := strings.ReplaceAll(readSent(t, compose(t, inv)).part(t, "text/plain").body, "\r\n", "\n")
			if !strings.Contains(text, test.want) || strings.Contains(text, test.not) {
				t.Errorf("want %q and not %q in\n%s", test.want, test.not, text)
			}
		})
	}
}

// A mail about very many instances lists some of them, and its calendar has all.
func TestManyInstancesInAMail(t *testing.T) {
	long := event("DTSTART:20260302T160000Z\nDTEND:20260302T170000Z\nRRULE:FREQ=DAILY\nSUMMARY:" + strings.Repeat("y", 300))
	var keys []string
	for day := testStamp; len(keys) < 300; day = day.AddDate(0, 0, 1) {
		keys = append(keys, day.Format("20060102")+"T160000Z")
	}
	inv := invitation(t, long)
	inv.Update, inv.Instances = true, keys
	s := readSent(t, compose(t, inv))
	if n := len(s.calendar(t).all("RECURRENCE-ID")); n != 300 {
		t.Errorf("%d instances", n)
	}
	if text := s.part(t, "text/plain").body; !strings.Contains(text, "and 280 more, which your calendar shows") || strings.Count(text, "16:00 – 17:00") != 20 {
		t.Errorf("text\n%s", text)
	}
	if subject, err := s.header.Text("Subject"); err != nil || len([]rune(subject)) > 200 || !strings.HasSuffix(subject, "… (300 dates)") {
		t.Errorf("subject %q, %v", subject, err)
	}
}
