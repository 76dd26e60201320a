package imip_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/calendarinvite/calendarinviteserver/internal/imip"
)

// The rules of interoperability that concern the calendar object (15-26).

func TestRule15_RequestHasWhatItNeeds(t *testing.T) {
	for name, mail := range goldenMails(t) {
		c := readSent(t, mail).calendar(t)
		events := strings.Count(strings.Join(c, "\n"), "BEGIN:VEVENT")
		for _, required := range []string{"UID", "DTSTAMP", "DTSTART", "ORGANIZER", "SUMMARY", "ATTENDEE", "SEQUENCE", "STATUS"} {
			if n := len(c.all(required)); n != events {
				t.Errorf("%s: %d %s in %d events", name, n, required, events)
			}
		}
		uids := c.all("UID")
		if slices.ContainsFunc(uids, func(uid string) bool { return uid != uids[0] }) {
			t.Errorf("%s: UIDs %q", name, uids)
		}
		zones := map[string]bool{}
		for _, line := range c {
			if id, ok := strings.CutPrefix(line, "TZID:"); ok {
				zones[id] = true
			}
			if used := regexp.MustCompile(`^[A-Z-]+;TZID=([^:;]+):`).FindStringSubmatch(line); used != nil && !zones[used[1]] {
				t.Errorf("%s: %q without VTIMEZONE", name, line)
			}
			if strings.Contains(line, "SCHEDULE-") || strings.HasPrefix(line, "REQUEST-STATUS") {
				t.Errorf("%s: %q", name, line)
			}
		}
	}
	dirty := event("DTSTART:20260312T090000Z\nSUMMARY:x\nREQUEST-STATUS:2.0;Success\nSTATUS:NEEDS-ACTION\nCONTACT;SCHEDULE-STATUS=1.1:Ada\nSUMMARY:y")
	c := calendarOf(t, strings.Replace(dirty, "\nSUMMARY:y", "", 1))
	c.want(t, "STATUS:CONFIRMED", "CONTACT:Ada")
	if c.one(t, "REQUEST-STATUS") != "" {
		t.Error("REQUEST-STATUS is sent")
	}
	calendarOf(t, event("DTSTART:20260312T090000Z\nSTATUS:TENTATIVE")).want(t, "STATUS:TENTATIVE", "SUMMARY:(no title)", "X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE")
	two := strings.Replace(event("DTSTART:20260312T090000Z\nSUMMARY:x"), "END:VCALENDAR", "BEGIN:VEVENT\nUID:another@example.com\nDTSTART:20260313T090000Z\nSUMMARY:other\nEND:VEVENT\nEND:VCALENDAR", 1)
	calendarOf(t, two).want(t, "SUMMARY:x")
}

func TestRule16_AttendeeShape(t *testing.T) {
	composer := mustComposer(t, invitation(t, zoned(single)))
	for _, test := range []struct {
		recipient imip.Recipient
		cn, stat  string
		address   string
	}{
		{grace, "Grace Hopper", "NEEDS-ACTION", "grace@example.org"},
		{imip.Recipient{Email: "grace@example.org"}, "grace@example.org", "NEEDS-ACTION", "grace@example.org"},
		{imip.Recipient{Email: "grace@example.org", Name: "Hopper, Grace; \"Amazing\"", PartStat: "ACCEPTED"}, `"Hopper, Grace; 'Amazing'"`, "ACCEPTED", "grace@example.org"},
		{imip.Recipient{Email: "a+b/c?d=1%@example.org", Name: "x"}, "x", "NEEDS-ACTION", "a+b%2Fc%3Fd%3D1%25@example.org"},
	} {
		line := readSent(t, mustAppend(t, composer, test.recipient)).calendar(t).one(t, "ATTENDEE")
		for _, param := range []string{"CUTYPE=INDIVIDUAL", "ROLE=REQ-PARTICIPANT", "PARTSTAT=" + test.stat, "RSVP=TRUE", "CN=" + test.cn, "X-NUM-GUESTS=0"} {
			if !strings.Contains(line, ";"+param+";") && !strings.Contains(line, ";"+param+":mailto:") {
				t.Errorf("%q has no %s", line, param)
			}
		}
		if !strings.HasSuffix(line, ":mailto:"+test.address) {
			t.Errorf("%q is not to %s", line, test.address)
		}
	}
}

func TestRule17_SequenceIsOurs(t *testing.T) {
	inv := invitation(t, zoned(single)) // the organizer's is 7
	inv.Sequence = 3
	readSent(t, compose(t, inv)).calendar(t).want(t, "SEQUENCE:3")
}

func TestRule18_DTStampIsTheRevision(t *testing.T) {
	inv := invitation(t, zoned(single))
	inv.DTStamp = time.Date(2026, 2, 3, 10, 30, 59, 999, time.FixedZone("", 3600))
	first := compose(t, inv)
	readSent(t, first).calendar(t).want(t, "DTSTAMP:20260203T093059Z")
	if string(compose(t, inv)) != string(first) {
		t.Error("a retried send is not the same bytes")
	}
}

func TestRule19_UID(t *testing.T) {
	inv := invitation(t, zoned(single))
	inv.Domain = strings.Repeat("d", 97) + ".eu"
	composer := mustComposer(t, inv)
	for _, local := range []int{1, 30, 60, 240} {
		uid := readSent(t, mustAppend(t, composer, imip.Recipient{Email: strings.Repeat("a", local) + "@example.org"})).calendar(t).one(t, "UID")
		if len(uid)-len("UID:") > 255 || !strings.HasSuffix(uid, "@"+inv.Domain) {
			t.Errorf("%d octets: %s", len(uid)-len("UID:"), uid)
		}
	}
	mails := goldenMails(t)
	for _, name := range []string{"update", "cancel"} { // neither is a new UID
		if readSent(t, mails[name]).calendar(t).one(t, "UID") != readSent(t, mails["single"]).calendar(t).one(t, "UID") {
			t.Errorf("%s has another UID", name)
		}
	}
}

func TestRule20_Cancel(t *testing.T) {
	mails := goldenMails(t)
	readSent(t, mails["cancel"]).calendar(t).want(t, "METHOD:CANCEL", "STATUS:CANCELLED", "SEQUENCE:2", "DTSTAMP:20260203T093000Z",
		"DTSTART:20260312T090000Z", "DTEND:20260312T100000Z", "SUMMARY:Spring planning", "ORGANIZER;CN=Ada Ng:mailto:rsvp@cis.localhost",
		"X-MICROSOFT-CDO-BUSYSTATUS:FREE")
	readSent(t, mails["cancel-series"]).calendar(t).want(t, "STATUS:CANCELLED", "DTSTART;TZID=Europe/Berlin:20260303T140000", "SUMMARY:Weekly stand-up")
	readSent(t, mails["cancel-instance"]).calendar(t).want(t, "STATUS:CANCELLED", "RECURRENCE-ID;TZID=Europe/Berlin:20260310T140000")
	if subject, _ := readSent(t, mails["cancel"]).header.Text("Subject"); subject != "Cancelled: Spring planning" {
		t.Errorf("subject %q", subject)
	}
}

func TestRule21_FoldingAndEscaping(t *testing.T) {
	for name, mail := range goldenMails(t) {
		for line := range strings.SplitSeq(readSent(t, mail).part(t, "text/calendar").body, "\r\n") {
			if len(line) > 75 {
				t.Errorf("%s: line of %d octets: %q", name, len(line), line)
			}
			if !utf8.ValidString(line) {
				t.Errorf("%s: a fold splits a character: %q", name, line)
			}
			trailing := len(line) - len(strings.TrimRight(line, `\`))
			if trailing%2 == 1 {
				t.Errorf("%s: a fold splits an escape: %q", name, line)
			}
		}
	}
	calendarOf(t, event(`DTSTART:20260312T090000Z`+"\n"+`SUMMARY:a\, b\; c\\ d`+"\n"+`DESCRIPTION:one\ntwo\, three`)).want(t, `SUMMARY:a\, b\; c\\ d`, `DESCRIPTION:one\ntwo\, three`)
	inv := invitation(t, zoned(single))
	inv.OrganizerName = "Ng, \"Ada\"\x07; x:y"
	readSent(t, compose(t, inv)).calendar(t).want(t, `ORGANIZER;CN="Ng, 'Ada' ; x:y":mailto:rsvp@cis.localhost`)
}

func TestRule22_Times(t *testing.T) {
	t.Run("a single event goes out in UTC", func(t *testing.T) {
		c := calendarOf(t, zoned(single))
		c.want(t, "DTSTART:20260312T090000Z", "DTEND:20260312T100000Z")
		if slices.Contains(c, "BEGIN:VTIMEZONE") {
			t.Error("it has a VTIMEZONE that it does not need")
		}
	})
	t.Run("a series keeps its zone", func(t *testing.T) {
		c := calendarOf(t, series)
		for _, line := range []string{"BEGIN:STANDARD", "BEGIN:DAYLIGHT", "DTSTART;TZID=Europe/Berlin:20260303T140000", "DTEND;TZID=Europe/Berlin:20260303T150000",
			"EXDATE;TZID=Europe/Berlin:20260317T140000", "EXDATE;TZID=Europe/Berlin:20260407T140000" /* was in UTC */} {
			if !slices.Contains(c, line) {
				t.Errorf("no %s", line)
			}
		}
	})
	t.Run("a Windows zone becomes a complete IANA one", func(t *testing.T) {
		c := readSent(t, goldenMails(t)["windows-zone"]).calendar(t)
		for _, line := range []string{"TZID:America/Los_Angeles", "BEGIN:STANDARD", "BEGIN:DAYLIGHT", "DTSTART;TZID=America/Los_Angeles:20260305T090000"} {
			if !slices.Contains(c, line) {
				t.Errorf("no %s in %q", line, c)
			}
		}
	})
	t.Run("half a VTIMEZONE is completed", func(t *testing.T) {
		half := berlin[:strings.Index(berlin, "BEGIN:DAYLIGHT")] + berlin[strings.Index(berlin, "BEGIN:STANDARD"):]
		c := calendarOf(t, strings.Replace(event("DTSTART;TZID=Europe/Berlin:20260203T140000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY\nSUMMARY:x"), "BEGIN:VEVENT", half+"BEGIN:VEVENT", 1))
		if !slices.Contains(c, "BEGIN:DAYLIGHT") {
			t.Errorf("%q", c)
		}
		c.want(t, "DTEND;TZID=Europe/Berlin:20260203T150000")
	})
	t.Run("the organizer's own zone definition is the truth", func(t *testing.T) {
		custom := "BEGIN:VTIMEZONE\nTZID:Our Office\nBEGIN:STANDARD\nDTSTART:16010101T000000\nTZOFFSETFROM:+0230\nTZOFFSETTO:+0230\nEND:STANDARD\nEND:VTIMEZONE\n"
		c := calendarOf(t, strings.Replace(event("DTSTART;TZID=Our Office:20260203T140000\nRRULE:FREQ=DAILY;COUNT=3\nSUMMARY:x"), "BEGIN:VEVENT", custom+"BEGIN:VEVENT", 1))
		c.want(t, "DTSTART;TZID=Our Office:20260203T140000")
		if !slices.Contains(c, "TZOFFSETTO:+0230") {
			t.Errorf("%q", c)
		}
	})
	t.Run("floating stays floating", func(t *testing.T) {
		calendarOf(t, event("DTSTART:20260501T080000\nDURATION:PT45M\nSUMMARY:x")).want(t, "DTSTART:20260501T080000", "DTEND:20260501T084500")
	})
	t.Run("an unknown zone is no zone", func(t *testing.T) {
		calendarOf(t, event("DTSTART;TZID=Nowhere:20260501T080000\nRRULE:FREQ=DAILY;COUNT=2\nSUMMARY:x")).want(t, "DTSTART:20260501T080000")
	})
	t.Run("an end before the start is none", func(t *testing.T) {
		if end := calendarOf(t, event("DTSTART:20260501T080000Z\nDTEND:20260501T070000Z\nSUMMARY:x")).one(t, "DTEND"); end != "" {
			t.Errorf("%q", end)
		}
	})
	t.Run("UNTIL is in UTC beside a zone", func(t *testing.T) {
		calendarOf(t, zoned("DTSTART;TZID=Europe/Berlin:20260303T140000\nRRULE:FREQ=WEEKLY;UNTIL=20260630T140000\nSUMMARY:x")).want(t, "RRULE:FREQ=WEEKLY;UNTIL=20260630T120000Z")
		calendarOf(t, event("DTSTART;VALUE=DATE:20260303\nRRULE:FREQ=WEEKLY;UNTIL=20260630T140000Z\nSUMMARY:x")).want(t, "RRULE:FREQ=WEEKLY;UNTIL=20260630")
	})
}

func TestRule23_AllDay(t *testing.T) {
	for name, test := range map[string]struct{ lines, end string }{
		"with end":     {"DTSTART;VALUE=DATE:20260501\nDTEND;VALUE=DATE:20260504", "20260504"},
		"without end":  {"DTSTART;VALUE=DATE:20260501", "20260502"},
		"end is start": {"DTSTART;VALUE=DATE:20260501\nDTEND;VALUE=DATE:20260501", "20260502"},
		"duration":     {"DTSTART;VALUE=DATE:20260501\nDURATION:P2D", "20260503"},
		"series":       {"DTSTART;VALUE=DATE:20260501\nRRULE:FREQ=YEARLY", "20260502"},
	} {
		t.Run(name, func(t *testing.T) {
			calendarOf(t, event(test.lines+"\nSUMMARY:x")).want(t, "DTSTART;VALUE=DATE:20260501", "DTEND;VALUE=DATE:"+test.end, "X-MICROSOFT-CDO-ALLDAYEVENT:TRUE")
		})
	}
}

func TestRule24_Recurrence(t *testing.T) {
	for name, test := range map[string]struct{ lines, want string }{
		"ordinary":          {"RRULE:FREQ=WEEKLY;BYDAY=MO,WE;COUNT=4", "RRULE:FREQ=WEEKLY;BYDAY=MO,WE;COUNT=4"},
		"one nth day":       {"RRULE:FREQ=MONTHLY;BYDAY=1MO", "RRULE:FREQ=MONTHLY;BYDAY=1MO"},
		"RDATE with a rule": {"RRULE:FREQ=WEEKLY;COUNT=2\nRDATE:20260305T160000Z", "RRULE:FREQ=WEEKLY;COUNT=2\nRDATE:20260305T160000Z"},
		"RDATE without a rule": {
			"RDATE:20260304T160000Z,20260308T160000Z", "RRULE:FREQ=DAILY;INTERVAL=2;COUNT=4\nEXDATE:20260306T160000Z",
		},
		"RDATEs weeks apart": {"RDATE:20260316T160000Z\nRDATE:20260330T160000Z", "RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=3"},
		"two nth days that end": {
			"RRULE:FREQ=MONTHLY;BYDAY=1MO,3MO;COUNT=4", "RRULE:FREQ=WEEKLY;INTERVAL=1;COUNT=8\nEXDATE:20260309T160000Z\nEXDATE:20260323T160000Z\nEXDATE:20260330T160000Z\nEXDATE:20260413T160000Z",
		},
		"two nth days for ever":    {"RRULE:FREQ=MONTHLY;BYDAY=1MO,3MO", "RRULE:FREQ=MONTHLY;BYDAY=1MO,3MO"},
		"RDATE at another time":    {"RDATE:20260304T170000Z", "RDATE:20260304T170000Z"},
		"RDATE years apart":        {"RDATE:20280304T160000Z,20280305T160000Z", "RDATE:20280304T160000Z\nRDATE:20280305T160000Z"},
		"a filter that never hits": {"RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=2", "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=2"},
		"every second":             {"RRULE:FREQ=SECONDLY;UNTIL=99991231T000000Z", "RRULE:FREQ=SECONDLY;UNTIL=99991231T000000Z"},
		"exceptions stay":          {"RDATE:20260304T160000Z\nEXDATE:20260302T160000Z", "RRULE:FREQ=DAILY;INTERVAL=2;COUNT=2\nEXDATE:20260302T160000Z"},
		"periods stay":             {"RDATE;VALUE=PERIOD:20260304T160000Z/PT2H", "RDATE;VALUE=PERIOD:20260304T160000Z/PT2H"},
		"nonsense":                 {"RRULE:FREQ=SOMETIMES", "RRULE:FREQ=SOMETIMES"},
	} {
		t.Run(name, func(t *testing.T) {
			c := calendarOf(t, event("DTSTART:20260302T160000Z\nDTEND:20260302T170000Z\nSUMMARY:x\n"+test.lines))
			got := slices.Concat(c.all("RRULE"), c.all("RDATE"), c.all("EXDATE"))
			if strings.Join(got, "\n") != test.want {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), test.want)
			}
		})
	}
	t.Run("a changed instance goes alone", func(t *testing.T) {
		c := readSent(t, goldenMails(t)["instance"]).calendar(t)
		c.want(t, "RECURRENCE-ID;TZID=Europe/Berlin:20260310T140000", "DTSTART;TZID=Europe/Berlin:20260311T160000", "SEQUENCE:3")
		if c.one(t, "RRULE") != "" {
			t.Error("it has a rule")
		}
	})
	t.Run("a series has its overrides, and exclusions for the cancelled ones", func(t *testing.T) {
		c := readSent(t, goldenMails(t)["series"]).calendar(t)
		if got := c.all("RECURRENCE-ID"); len(got) != 1 || !slices.Contains(c, "EXDATE;TZID=Europe/Berlin:20260324T140000") {
			t.Errorf("%q, %q", got, c.all("EXDATE"))
		}
	})
}

func TestRule25_Description(t *testing.T) {
	for name, test := range map[string]struct{ given, want string }{
		"plain":               {`Bring tea <b than coffee\, and 1 < 2`, `Bring tea <b than coffee\, and 1 < 2`},
		"Outlook's links":     {`Join<https://teams.microsoft.com/l/x>`, `Join<https://teams.microsoft.com/l/x>`},
		"Google's HTML":       {`This is <b>bold</b>.&nbsp\;<br><br>Bye &lt\;you&gt\;`, `This is bold. \n\nBye <you>`},
		"link with a text":    {`<a href="https://example.com/a?b=1&amp\;c=2">Agenda</a>`, `Agenda https://example.com/a?b=1&c=2`},
		"link that is a text": {`See <a href="https://example.com/">https://example.com</a>.`, `See https://example.com.`},
		"list":                {`<ul><li>one</li><li>two</li></ul>`, `- one\n- two`},
		"script":              {`<p>a</p><script>evil()</script><style>b{}</style><p>c</p>`, `a\n\nc`},
	} {
		t.Run(name, func(t *testing.T) {
			calendarOf(t, event("DTSTART:20260312T090000Z\nSUMMARY:x\nDESCRIPTION:"+test.given)).want(t, "DESCRIPTION:"+test.want)
		})
	}
	t.Run("cap", func(t *testing.T) {
		line := calendarOf(t, event("DTSTART:20260312T090000Z\nSUMMARY:x\nDESCRIPTION:"+strings.Repeat("ä", 9000))).one(t, "DESCRIPTION")
		if n := len(line) - len("DESCRIPTION:"); n > 8<<10 || n < 8<<10-8 || !strings.HasSuffix(line, "ä…") {
			t.Errorf("%d octets, ends %q", n, line[len(line)-10:])
		}
	})
	t.Run("X-ALT-DESC is kept if the organizer had it", func(t *testing.T) {
		calendarOf(t, event("DTSTART:20260312T090000Z\nSUMMARY:x\nDESCRIPTION:y\nX-ALT-DESC;FMTTYPE=text/html:<html><body>y</body></html>")).want(t, "X-ALT-DESC;FMTTYPE=text/html:<html><body>y</body></html>")
	})
}

func TestRule26_MicrosoftExtras(t *testing.T) {
	for name, test := range map[string]struct{ lines, busy, counter string }{
		"ordinary":    {"", "BUSY", "FALSE"},
		"transparent": {"TRANSP:TRANSPARENT", "FREE", "FALSE"},
		"Exchange's":  {"X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE\nX-MICROSOFT-CDO-INTENDEDSTATUS:BUSY\nX-MICROSOFT-DISALLOW-COUNTER:TRUE", "BUSY", "TRUE"},
		"away":        {"X-MICROSOFT-CDO-INTENDEDSTATUS:OOF", "OOF", "FALSE"},
	} {
		t.Run(name, func(t *testing.T) {
			c := calendarOf(t, event("DTSTART:20260312T090000Z\nSUMMARY:x\n"+test.lines+"\nX-MS-OLK-FORCEINSPECTOROPEN:TRUE\nX-MICROSOFT-CDO-OWNERAPPTID:5\nBEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT15M\nDESCRIPTION:alarm\nEND:VALARM"))
			c.want(t, "X-MICROSOFT-CDO-BUSYSTATUS:"+test.busy, "X-MICROSOFT-DISALLOW-COUNTER:"+test.counter)
			for _, name := range []string{"X-MS-OLK-FORCEINSPECTOROPEN", "X-MICROSOFT-CDO-OWNERAPPTID", "TRIGGER", "X-MICROSOFT-CDO-ALLDAYEVENT"} {
				if c.one(t, name) != "" {
					t.Errorf("%s is sent", name)
				}
			}
		})
	}
}

// What the organizer sees, the attendee sees (spec: "kept losslessly").
func TestPropertiesTravel(t *testing.T) {
	lines := []string{
		"CATEGORIES:PLANNING,SPRING", "CLASS:PRIVATE", "TRANSP:OPAQUE", "PRIORITY:5", "URL:https://example.com/spring", "GEO:52.517;13.392",
		"ATTACH;FILENAME=plan.pdf:https://example.com/plan.pdf", "X-GOOGLE-CONFERENCE:https://meet.google.com/abc-defg-hij",
		"X-MICROSOFT-SKYPETEAMSMEETINGURL:https://teams.microsoft.com/l/x", "CONFERENCE;FEATURE=VIDEO;VALUE=URI:https://zoom.us/j/123",
		"LOCATION:Library", "X-APPLE-STRUCTURED-LOCATION;VALUE=URI:geo:52.5,13.4", "COLOR:green", "X-SOMETHING-NEW;X-P=1:kept",
	}
	c := calendarOf(t, event("DTSTART:20260312T090000Z\nSUMMARY;LANGUAGE=de:x\n"+strings.Join(lines, "\n")))
	c.want(t, append(lines, "SUMMARY;LANGUAGE=de:x")...)
	c = calendarOf(t, event("DTSTART:20260312T090000Z\nSUMMARY:x\nATTACH;ENCODING=BASE64;VALUE=BINARY:AAAA\nATTACH:cid:part1\nATTACH:data:text/html,x\nX-BIG:"+strings.Repeat("x", 17<<10)))
	if c.all("ATTACH") != nil || c.one(t, "X-BIG") != "" {
		t.Errorf("inline attachments travel: %q", c.all("ATTACH"))
	}
}
