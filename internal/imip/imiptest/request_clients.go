package imiptest

import (
	"fmt"
	"mime"
	"strings"
	"time"
)

// gmail writes as Google Calendar does: quoted-printable, a VTIMEZONE of the zone, X-GOOGLE-CONFERENCE and, at the end of the
// description, the block about the meeting.
func (e Event) gmail(method string) []byte {
	l := lines{"BEGIN:VCALENDAR", "PRODID:" + prodIDs[Gmail], "VERSION:2.0", "CALSCALE:GREGORIAN", e.methodLine(method)}
	form := inUTC
	if location, name, ok := e.zoned(); ok {
		l.add(zone(location, name, e.Start)...)
		form = inZone(location, name)
	}
	l.add("BEGIN:VEVENT")
	e.times(&l, form)
	l.add("DTSTAMP:"+utc(e.At), "ORGANIZER;CN="+param(e.Organizer.nameOrEmail())+":mailto:"+e.Organizer.Email, "UID:"+e.uid(),
		"ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;RSVP=TRUE;CN="+param(e.Organizer.nameOrEmail())+";X-NUM-GUESTS=0:mailto:"+e.Organizer.Email)
	for _, guest := range append([]Address{e.To}, e.Guests...) {
		l.add("ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE;CN=" + param(guest.nameOrEmail()) + ";X-NUM-GUESTS=0:mailto:" + guest.Email)
	}
	description := e.Description
	if e.JoinLink != "" {
		l.add("X-GOOGLE-CONFERENCE:" + e.JoinLink)
		description = strings.TrimPrefix(description+"\n\n", "\n\n") + meetBlock(e.JoinLink)
	}
	l.add("X-MICROSOFT-CDO-OWNERAPPTID:1057520960", "CREATED:"+utc(e.At.Add(-time.Minute)), "DESCRIPTION:"+escape(description),
		"LAST-MODIFIED:"+utc(e.At), "LOCATION:"+escape(e.Location), fmt.Sprintf("SEQUENCE:%d", e.Sequence), status(method),
		"SUMMARY:"+escape(e.Summary), "TRANSP:OPAQUE", "BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:This is an event reminder",
		"TRIGGER:-P0DT0H10M0S", "END:VALARM", "END:VEVENT", "END:VCALENDAR")
	calendar := l.bytes()
	word := "Invitation"
	switch {
	case method == "CANCEL":
		word = "Canceled event"
	case e.Sequence > 0:
		word = "Updated invitation"
	}
	id := digest(e.messageID(method))
	mail := envelope{
		from: e.Organizer, to: e.To, date: e.At, messageID: "calendar-" + e.messageID(method) + "@google.com",
		subject: word + ": " + e.Summary + " @ " + e.Start.Format("Mon Jan 2, 2006 3:04pm (MST)") + " (" + e.To.Email + ")",
		fields:  []string{"Reply-To: " + encodeAddress(e.Organizer), "Sender: Google Calendar <calendar-notification@google.com>", "Auto-Submitted: auto-generated"},
	}
	return mail.mail(multi("mixed", "000000000000"+id[:16],
		multi("alternative", "000000000000"+id[16:32],
			leaf(`text/plain; charset="UTF-8"; format=flowed; delsp=yes`, "base64", []byte(e.Summary+"\r\n"+e.Start.Format(time.RFC1123)+"\r\n")),
			leaf(`text/html; charset="UTF-8"`, "quoted-printable", []byte("<html><body><h2>"+e.Summary+"</h2></body></html>")),
			leaf(`text/calendar; charset="UTF-8"; method=`+method, "quoted-printable", calendar)),
		leaf(`application/ics; name="invite.ics"`, "base64", calendar, `Content-Disposition: attachment; filename="invite.ics"`)))
}

// meetBlock is what Google Calendar adds to a description.
func meetBlock(link string) string {
	const rule = "-::~:~::~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~:~::~:~::-"
	return rule + "\nJoin with Google Meet: " + link + "\nOr dial: (EE) +372 685 2028 PIN: 498100683#\nMore phone numbers: " +
		strings.Replace(link, "https://meet.google.com/", "https://tel.meet/", 1) + "?pin=3731942702741&hs=7\n\nLearn more about Meet at: " +
		"https://support.google.com/a/users/answer/9282720\n\nPlease do not edit this section.\n" + rule
}

// outlook writes as Exchange does: base64, a Windows zone with its VTIMEZONE, the Teams block and X-MICROSOFT properties.
func (e Event) outlook(method string) []byte {
	location, name := windowsZone(e.Start.Location())
	l := lines{"BEGIN:VCALENDAR", e.methodLine(method), "PRODID:" + prodIDs[Outlook], "VERSION:2.0"}
	if !e.AllDay {
		l.add(zone(location, name, e.Start)...)
	}
	l.add("BEGIN:VEVENT", "ORGANIZER;CN="+param(e.Organizer.nameOrEmail())+":MAILTO:"+e.Organizer.Email)
	for _, guest := range append([]Address{e.To}, e.Guests...) {
		l.add("ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE;CN=" + param(guest.nameOrEmail()) + ":MAILTO:" + guest.Email)
	}
	description := e.Description + "\n"
	if e.JoinLink != "" {
		rule := strings.Repeat("_", 80)
		description += rule + "\nMicrosoft Teams meeting\nJoin on your computer, mobile app or room device\nClick here to join the meeting<" +
			e.JoinLink + ">\nLearn More<https://aka.ms/JoinTeamsMeeting>\n" + rule + "\n"
	}
	busy, summary := "TENTATIVE", e.Summary
	if method == "CANCEL" {
		busy, summary = "FREE", "Canceled: "+e.Summary
	}
	l.add("DESCRIPTION;LANGUAGE=en-US:"+escape(description), "UID:"+e.uid(), "SUMMARY;LANGUAGE=en-US:"+escape(summary))
	e.times(&l, inZone(location, name))
	l.add("CLASS:PUBLIC", "PRIORITY:5", "DTSTAMP:"+utc(e.At), "TRANSP:OPAQUE", status(method), fmt.Sprintf("SEQUENCE:%d", e.Sequence),
		"LOCATION;LANGUAGE=en-US:"+escape(e.Location), fmt.Sprintf("X-MICROSOFT-CDO-APPT-SEQUENCE:%d", e.Sequence),
		"X-MICROSOFT-CDO-OWNERAPPTID:2118915354", "X-MICROSOFT-CDO-BUSYSTATUS:"+busy, "X-MICROSOFT-CDO-INTENDEDSTATUS:BUSY",
		"X-MICROSOFT-CDO-ALLDAYEVENT:"+strings.ToUpper(fmt.Sprint(e.AllDay)), "X-MICROSOFT-CDO-IMPORTANCE:1", "X-MICROSOFT-CDO-INSTTYPE:0")
	l.addIf("X-MICROSOFT-SKYPETEAMSMEETINGURL", e.JoinLink)
	l.add("X-MICROSOFT-DONOTFORWARDMEETING:FALSE", "X-MICROSOFT-DISALLOW-COUNTER:FALSE", "BEGIN:VALARM", "DESCRIPTION:REMINDER",
		"TRIGGER;RELATED=START:-PT15M", "ACTION:DISPLAY", "END:VALARM", "END:VEVENT", "END:VCALENDAR")
	host := strings.ToUpper(digest(e.messageID(method))[:18])
	mail := envelope{
		from: e.Organizer, to: e.To, date: e.At, subject: summary, messageID: host + "@" + host + ".eurprd05.prod.outlook.com",
		fields: []string{"Thread-Topic: " + fold(mime.QEncoding.Encode("UTF-8", oneLine(e.Summary))), "Accept-Language: en-US", "Content-Language: en-US", "X-MS-Has-Attach:", "X-MS-TNEF-Correlator:"},
	}
	return mail.mail(multi("alternative", "_000_"+host+"eurp_",
		leaf(`text/plain; charset="utf-8"`, "base64", []byte(description)),
		leaf(`text/html; charset="utf-8"`, "base64", []byte("<html><body>"+e.Description+"</body></html>")),
		leaf(`text/calendar; charset="utf-8"; method=`+method, "base64", l.bytes())))
}

// apple writes as Apple's Calendar does: method only in the body, the calendar an attachment beside HTML.
func (e Event) apple(method string) []byte {
	l := lines{"BEGIN:VCALENDAR", "CALSCALE:GREGORIAN", "VERSION:2.0", e.methodLine(method), "PRODID:" + prodIDs[Apple]}
	form := inUTC
	if location, name, ok := e.zoned(); ok {
		l.add(zone(location, name, e.Start)...)
		form = inZone(location, name)
	}
	l.add("BEGIN:VEVENT", "CREATED:"+utc(e.At.Add(-time.Minute)), "UID:"+e.uid())
	e.times(&l, form)
	l.add("ATTENDEE;CN=" + param(e.Organizer.nameOrEmail()) + ";CUTYPE=INDIVIDUAL;EMAIL=" + e.Organizer.Email + ";PARTSTAT=ACCEPTED;ROLE=CHAIR:mailto:" + e.Organizer.Email)
	for _, guest := range append([]Address{e.To}, e.Guests...) {
		l.add("ATTENDEE;CN=" + param(guest.nameOrEmail()) + ";CUTYPE=INDIVIDUAL;EMAIL=" + guest.Email + ";PARTSTAT=NEEDS-ACTION;ROLE=REQ-PARTICIPANT;RSVP=TRUE:mailto:" + guest.Email)
	}
	l.add("TRANSP:OPAQUE", "SUMMARY:"+escape(e.Summary), "DTSTAMP:"+utc(e.At), "ORGANIZER;CN="+param(e.Organizer.nameOrEmail())+
		";EMAIL="+e.Organizer.Email+":mailto:"+e.Organizer.Email, fmt.Sprintf("SEQUENCE:%d", e.Sequence))
	if method == "CANCEL" {
		l.add(status(method))
	}
	l.addIf("LOCATION", escape(e.Location))
	l.addIf("DESCRIPTION", escape(e.Description))
	l.addIf("URL;VALUE=URI", e.JoinLink)
	l.add("END:VEVENT", "END:VCALENDAR")
	id := strings.ToUpper(e.messageID(method))
	file := "iCal-" + e.At.UTC().Format("20060102-150405") + ".ics"
	mail := envelope{
		from: e.Organizer, to: e.To, date: e.At, messageID: id + "@icloud.com", subject: e.Summary,
		fields: []string{"X-Mailer: iCloud MailClient", "X-Mail-Calendar-Part: Yes"},
	}
	return mail.mail(multi("alternative", "Apple-Mail=_"+id,
		leaf("text/plain; charset=utf-8", "quoted-printable", []byte(e.Organizer.nameOrEmail()+" has invited you to: "+e.Summary+"\r\n")),
		multi("mixed", "Apple-Mail=_1"+id[1:],
			leaf("text/html; charset=utf-8", "quoted-printable", []byte("<html><body>"+e.Summary+"</body></html>")),
			leaf(`text/calendar; name="`+file+`"`, "binary quoted-printable", l.bytes(), "Content-Disposition: attachment; filename="+file))))
}

// generic writes no more than the standards ask for, in 8bit.
func (e Event) generic(method string) []byte {
	l := lines{"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:" + prodIDs[Generic], e.methodLine(method)}
	form := inUTC
	if location, name, ok := e.zoned(); ok {
		l.add(zone(location, name, e.Start)...)
		form = inZone(location, name)
	}
	l.add("BEGIN:VEVENT", "UID:"+e.uid(), "DTSTAMP:"+utc(e.At))
	e.times(&l, form)
	l.add(fmt.Sprintf("SEQUENCE:%d", e.Sequence), "ORGANIZER;CN="+param(e.Organizer.nameOrEmail())+":mailto:"+e.Organizer.Email)
	for _, guest := range append([]Address{e.To}, e.Guests...) {
		l.add("ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:" + guest.Email)
	}
	l.add("SUMMARY:"+escape(e.Summary), status(method))
	l.addIf("LOCATION", escape(e.Location))
	l.addIf("DESCRIPTION", escape(strings.TrimSpace(e.Description+"\n"+e.JoinLink)))
	l.add("END:VEVENT", "END:VCALENDAR")
	id := e.messageID(method)
	mail := envelope{
		from: e.Organizer, to: e.To, date: e.At, subject: "Event Invitation: " + e.Summary,
		messageID: id + "@" + e.Organizer.Email[strings.LastIndexByte(e.Organizer.Email, '@')+1:], fields: []string{"User-Agent: Mozilla Thunderbird"},
	}
	return mail.mail(multi("alternative", "------------"+id[:24],
		leaf("text/plain; charset=UTF-8", "8bit", []byte(e.Summary+"\r\n")),
		leaf("text/calendar; method="+method+"; charset=UTF-8", "8bit", l.bytes())))
}
