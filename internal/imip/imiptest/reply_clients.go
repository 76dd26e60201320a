package imiptest

import (
	"mime"
	"strconv"
	"strings"
	"time"
)

// gmail answers as Google Calendar does: from the person through Google's sender, automatic by its header, all times in UTC, the
// note in a parameter of ATTENDEE, and the calendar twice.
func (a *answer) gmail() []byte {
	l := lines{"BEGIN:VCALENDAR", "PRODID:" + prodIDs[Gmail], "VERSION:2.0", "CALSCALE:GREGORIAN", "METHOD:" + a.method, "BEGIN:VEVENT"}
	a.times(&l, inUTC)
	note := ""
	if a.Comment != "" {
		note = ";X-RESPONSE-COMMENT=" + `"` + strings.Trim(param(escape(a.Comment)), `"`) + `"`
	}
	l.add("DTSTAMP:"+utc(a.At), "ORGANIZER;CN="+param(a.organizer.nameOrEmail())+":mailto:"+a.organizer.Email, "UID:"+a.uid,
		"ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT="+a.Answer+a.delegation()+";CN="+param(a.who.nameOrEmail())+
			";X-NUM-GUESTS="+strconv.Itoa(a.Guests)+note+":mailto:"+a.who.Email,
		"CREATED:"+utc(a.At.Add(-time.Hour)), "DESCRIPTION:"+escape(a.description), "LAST-MODIFIED:"+utc(a.At),
		"LOCATION:"+escape(a.location), "SEQUENCE:"+a.sequence, "STATUS:CONFIRMED", "SUMMARY:"+escape(a.summary), "TRANSP:OPAQUE",
		"END:VEVENT", "END:VCALENDAR")
	calendar := l.bytes()
	id := digest(a.key())
	e := envelope{
		from: a.who, to: a.organizer, date: a.At, messageID: "calendar-" + uuid(a.key()) + "@google.com",
		subject: words[a.Answer] + ": " + a.summary + " @ " + a.start.Format("Mon Jan 2, 2006 3:04pm (MST)") + " (" + a.who.nameOrEmail() + ")",
		fields:  []string{"Reply-To: " + encodeAddress(a.who), "Sender: Google Calendar <calendar-notification@google.com>", "Auto-Submitted: auto-generated"},
	}
	return e.mail(multi("mixed", "000000000000"+id[:16],
		multi("alternative", "000000000000"+id[16:32],
			leaf(`text/plain; charset="UTF-8"; format=flowed; delsp=yes`, "base64", []byte(a.text())),
			leaf(`text/html; charset="UTF-8"`, "quoted-printable", []byte("<html><body>"+a.text()+"</body></html>")),
			leaf(`text/calendar; charset="UTF-8"; method=`+a.method, "quoted-printable", calendar)),
		leaf(`application/ics; name="invite.ics"`, "base64", calendar, `Content-Disposition: attachment; filename="invite.ics"`)))
}

// outlook answers as Exchange does: no ORGANIZER, MAILTO in capitals, the user's own zone under Microsoft's name, everything that
// can be in base64, and here the UID in capitals too: the roughest handling that it gets on its way.
func (a *answer) outlook() []byte {
	location, name := windowsZone(a.start.Location())
	l := lines{"BEGIN:VCALENDAR", "METHOD:" + a.method, "PRODID:" + prodIDs[Outlook], "VERSION:2.0"}
	if !a.allDay {
		l.add(zone(location, name, a.start)...)
	}
	l.add("BEGIN:VEVENT", "ATTENDEE;PARTSTAT="+a.Answer+a.delegation()+";CN="+param(a.who.nameOrEmail())+":MAILTO:"+a.who.Email)
	if a.Comment != "" {
		l.add("COMMENT;LANGUAGE=en-US:" + escape(a.Comment) + `\n`)
	}
	l.add("UID:"+strings.ToUpper(a.uid), "SUMMARY;LANGUAGE=en-US:"+escape(a.subject()))
	a.times(&l, inZone(location, name))
	l.add("CLASS:PUBLIC", "PRIORITY:5", "DTSTAMP:"+utc(a.At), "TRANSP:OPAQUE", "STATUS:CONFIRMED", "SEQUENCE:"+a.sequence,
		"LOCATION;LANGUAGE=en-US:"+escape(a.location), "X-MICROSOFT-CDO-APPT-SEQUENCE:"+a.sequence, "X-MICROSOFT-CDO-OWNERAPPTID:0",
		"X-MICROSOFT-CDO-BUSYSTATUS:BUSY", "X-MICROSOFT-CDO-INTENDEDSTATUS:BUSY", "X-MICROSOFT-CDO-ALLDAYEVENT:"+strings.ToUpper(strconv.FormatBool(a.allDay)),
		"X-MICROSOFT-CDO-IMPORTANCE:1", "X-MICROSOFT-CDO-INSTTYPE:0")
	if a.method == "COUNTER" { // MS-OXCICAL §2.1.3.1.1.20
		l.add("X-MS-OLK-ORIGINALSTART;TZID="+name+":"+a.invited.start.In(location).Format(localForm),
			"X-MS-OLK-ORIGINALEND;TZID="+name+":"+a.invited.end.In(location).Format(localForm))
	}
	l.add("END:VEVENT", "END:VCALENDAR")
	host := strings.ToUpper(digest(a.key())[:18])
	e := envelope{
		from: a.who, to: a.organizer, date: a.At, subject: a.subject(), messageID: host + "@" + host + ".eurprd05.prod.outlook.com",
		fields: []string{"Thread-Topic: " + fold(mime.QEncoding.Encode("UTF-8", oneLine(a.summary))), "Accept-Language: en-US", "Content-Language: en-US", "X-MS-Has-Attach:", "X-MS-TNEF-Correlator:"},
	}
	return e.mail(multi("alternative", "_000_"+host+"eurp_",
		leaf(`text/plain; charset="utf-8"`, "base64", []byte(a.Comment+"\r\n")),
		leaf(`text/calendar; charset="utf-8"; method=`+a.method, "base64", l.bytes())))
}

// apple answers as Apple's Calendar does through Mail: the calendar is an attachment beside HTML, its method stands only in the
// body, and its line ends are encoded.
func (a *answer) apple() []byte {
	l := lines{"BEGIN:VCALENDAR", "CALSCALE:GREGORIAN", "VERSION:2.0", "METHOD:" + a.method, "PRODID:" + prodIDs[Apple]}
	form := inUTC
	if name := a.start.Location().String(); name != "UTC" && !a.allDay && !a.floating {
		l.add(zone(a.start.Location(), name, a.start)...)
		form = inZone(a.start.Location(), name)
	}
	l.add("BEGIN:VEVENT", "CREATED:"+utc(a.At.Add(-time.Hour)), "UID:"+a.uid)
	a.times(&l, form)
	l.add("ATTENDEE;CN="+param(a.who.nameOrEmail())+";CUTYPE=INDIVIDUAL;EMAIL="+a.who.Email+";PARTSTAT="+a.Answer+a.delegation()+
		";ROLE=REQ-PARTICIPANT:mailto:"+a.who.Email,
		"TRANSP:OPAQUE", "SUMMARY:"+escape(a.summary), "DTSTAMP:"+utc(a.At), "ORGANIZER;CN="+param(a.organizer.nameOrEmail())+":mailto:"+a.organizer.Email,
		"SEQUENCE:"+a.sequence)
	if a.Comment != "" {
		l.add("COMMENT:"+escape(a.Comment), "X-CALENDARSERVER-PRIVATE-COMMENT:"+escape(a.Comment))
	}
	l.add("END:VEVENT", "END:VCALENDAR")
	id := strings.ToUpper(uuid(a.key()))
	file := "iCal-" + a.At.UTC().Format("20060102-150405") + ".ics"
	e := envelope{
		from: a.who, to: a.organizer, date: a.At, messageID: id + "@icloud.com", subject: a.subject(),
		fields: []string{"X-Mailer: iCloud MailClient", "X-Mail-Calendar-Part: Yes"},
	}
	return e.mail(multi("alternative", "Apple-Mail=_"+id,
		leaf("text/plain; charset=utf-8", "quoted-printable", []byte(a.text())),
		multi("mixed", "Apple-Mail=_1"+id[1:],
			leaf("text/html; charset=utf-8", "quoted-printable", []byte("<html><body>"+a.text()+"</body></html>")),
			leaf(`text/calendar; name="`+file+`"`, "binary quoted-printable", l.bytes(), "Content-Disposition: attachment; filename="+file))))
}

// generic answers with no more than the standards ask for, in 8bit.
func (a *answer) generic() []byte {
	l := lines{"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:" + prodIDs[Generic], "METHOD:" + a.method, "BEGIN:VEVENT", "UID:" + a.uid, "DTSTAMP:" + utc(a.At)}
	if a.method == "REFRESH" {
		l.add("ATTENDEE:mailto:" + a.who.Email)
		a.start, a.end = time.Time{}, time.Time{}
	} else {
		l.add("SEQUENCE:"+a.sequence, "ORGANIZER:mailto:"+a.organizer.Email,
			"ATTENDEE;PARTSTAT="+a.Answer+a.delegation()+":mailto:"+a.who.Email, "SUMMARY:"+escape(a.summary))
	}
	a.times(&l, inUTC)
	if a.Comment != "" {
		l.add("COMMENT:" + escape(a.Comment))
	}
	l.add("END:VEVENT", "END:VCALENDAR")
	id := uuid(a.key())
	e := envelope{
		from: a.who, to: a.organizer, date: a.At, subject: a.subject(), messageID: id + "@" + a.who.Email[strings.LastIndexByte(a.who.Email, '@')+1:],
		fields: []string{"User-Agent: Mozilla Thunderbird"},
	}
	return e.mail(multi("alternative", "------------"+id[:24],
		leaf("text/plain; charset=UTF-8", "8bit", []byte(a.text())),
		leaf("text/calendar; method="+a.method+"; charset=UTF-8", "8bit", l.bytes())))
}
