package imip

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"
	"unicode/utf16"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
)

// event is a calendar with the method (none when empty) and extra lines in its event.
func event(method, summary string, extra ...string) string {
	lines := []string{"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//EN"}
	if method != "" {
		lines = append(lines, "METHOD:"+method)
	}
	lines = append(lines, "BEGIN:VEVENT", "UID:1@example.com", "DTSTAMP:20250101T000000Z", "DTSTART:20250301T100000Z", "SUMMARY:"+summary)
	lines = append(lines, extra...)
	return strings.Join(append(lines, "END:VEVENT", "END:VCALENDAR", ""), "\r\n")
}

const from = "From: Ada Ng <ada@example.com>\r\nMIME-Version: 1.0\r\n"

// multi is a multipart entity without the outermost header; each part brings its own.
func multi(kind, boundary string, parts ...string) string {
	var b strings.Builder
	b.WriteString("Content-Type: multipart/" + kind + "; boundary=\"" + boundary + "\"\r\n\r\n")
	for _, p := range parts {
		b.WriteString("--" + boundary + "\r\n" + p + "\r\n")
	}
	return b.String() + "--" + boundary + "--\r\n"
}

const textPart = "Content-Type: text/plain; charset=utf-8\r\n\r\nPlease come."

// part is a leaf with a Content-Type and further header lines.
func part(contentType, body string, header ...string) string {
	lines := append([]string{"Content-Type: " + contentType}, header...)
	return strings.Join(lines, "\r\n") + "\r\n\r\n" + body
}

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

const base64Header = "Content-Transfer-Encoding: base64"

// encodeIn writes s in a charset.
func encodeIn(e encoding.Encoding, s string) string {
	out, err := e.NewEncoder().String(s)
	if err != nil {
		panic(err)
	}
	return out
}

func utf16LE(s string) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(s)) {
		b.WriteByte(byte(u))
		b.WriteByte(byte(u >> 8))
	}
	return b.String()
}

func wrap(s string, width int, end string) string {
	var b strings.Builder
	for len(s) > width {
		b.WriteString(s[:width] + end)
		s = s[width:]
	}
	return b.String() + s
}

// TestReadClients reads the message shapes of calendars that the corpus has no capture of, and the damage that mail systems do.
func TestReadClients(t *testing.T) {
	cal := "text/calendar; charset=utf-8; method=REQUEST"
	request := part(cal, event("REQUEST", "Lunch"))
	tests := []struct {
		name    string
		mail    string
		nesting string // of the calendar that speaks
		method  string
		summary string
	}{
		// Clients.
		{"Lotus Notes: everything in capitals, quoted method, METHOD only in Content-Type",
			from + multi("mixed", "=_mixed 0036_=", multi("related", "=_related 0036_=", multi("alternative", "=_alternative 0036_=", textPart, part(`TEXT/CALENDAR; METHOD="REQUEST"; CHARSET="UTF-8"`, event("", "Lunch"))))),
			"multipart/mixed > multipart/related > multipart/alternative > text/calendar", "REQUEST", "Lunch"},
		{"Exchange: forwarded as attachment",
			from + multi("mixed", "o", textPart, part("message/rfc822", "Subject: Lunch\r\n"+multi("alternative", "i", textPart, request))),
			"multipart/mixed > message/rfc822 > multipart/alternative > text/calendar", "REQUEST", "Lunch"},
		{"forwarded as attachment in base64",
			from + multi("mixed", "o", textPart, part("message/rfc822", b64("Subject: Lunch\r\n"+multi("alternative", "i", textPart, request)), base64Header)),
			"multipart/mixed > message/rfc822 > multipart/alternative > text/calendar", "REQUEST", "Lunch"},
		{"Gmail: an automatic reply",
			from + "Auto-Submitted: auto-generated\r\n" + multi("mixed", "o", multi("alternative", "i", textPart, part(`text/calendar; charset="UTF-8"; method=REPLY`, event("REPLY", "Lunch"))), part(`application/ics; name="invite.ics"`, b64(event("REPLY", "Lunch")), base64Header)),
			"multipart/mixed > multipart/alternative > text/calendar", "REPLY", "Lunch"},
		{"Outlook: propose new time",
			from + multi("alternative", "i", textPart, part(`text/calendar; charset="utf-8"; method=COUNTER`, b64(event("COUNTER", "New Time Proposed: Lunch", "X-MS-OLK-ORIGINALSTART:20250301T090000Z", "COMMENT;LANGUAGE=en-US:Later?\\n")), base64Header)),
			"multipart/alternative > text/calendar", "COUNTER", "New Time Proposed: Lunch"},
		{"Zoom: attachment without a method",
			from + multi("mixed", "o", part("text/html", "<p>Join</p>"), part("application/octet-stream; name=\"Zoom Meeting.ICS\"", b64(event("", "Lunch")), base64Header, "Content-Disposition: attachment; filename=\"Zoom Meeting.ICS\"")),
			"multipart/mixed > application/octet-stream", "", "Lunch"},
		{"Yahoo: very long base64 lines with spaces in them",
			from + multi("mixed", "o", part(cal, wrap(b64(event("REQUEST", "Lunch")), 100, " "), base64Header)),
			"multipart/mixed > text/calendar", "REQUEST", "Lunch"},
		{"iCloud: lower-case everything",
			"from: ada@example.com\r\n" + strings.ReplaceAll(multi("alternative", "i", textPart, part("text/calendar; method=request; charset=utf-8", event("request", "Lunch"))), "Content-Type", "content-type"),
			"multipart/alternative > text/calendar", "REQUEST", "Lunch"},
		{"Apple Mail: the calendar beside the html, inside the alternative",
			from + multi("alternative", "a", textPart, multi("mixed", "m", part("text/html", "<p>"), part("text/calendar; x-unix-mode=0644; name=\"iCal-1.ics\"", event("REQUEST", "Lunch"), "Content-Disposition: attachment;\r\n\tfilename=iCal-1.ics"))),
			"multipart/alternative > multipart/mixed > text/calendar", "REQUEST", "Lunch"},
		{"Outlook 2007: the calendar is the whole message", from + request, "text/calendar", "REQUEST", "Lunch"},
		{"several VCALENDARs in one part", from + part(cal, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VTIMEZONE\r\nTZID:X\r\nEND:VTIMEZONE\r\nEND:VCALENDAR\r\n"+event("REQUEST", "Lunch")), "text/calendar", "REQUEST", "Lunch"},
		{"application/ics alone", from + multi("mixed", "o", textPart, part("application/ics", event("REQUEST", "Lunch"))), "multipart/mixed > application/ics", "REQUEST", "Lunch"},
		{"an old type", from + multi("mixed", "o", textPart, part("text/x-vcalendar", event("REQUEST", "Lunch"))), "multipart/mixed > text/x-vcalendar", "REQUEST", "Lunch"},
		{"pasted into the text", from + part("text/plain", "\r\n"+event("REQUEST", "Lunch")), "text/plain", "REQUEST", "Lunch"},
		{"method differs: the body counts", from + part("text/calendar; method=REQUEST", event("CANCEL", "Lunch")), "text/calendar", "CANCEL", "Lunch"},

		// Which part speaks (field rule 27).
		{"the part with a method before the one without", from + multi("mixed", "o", part("text/calendar", event("REQUEST", "copy")), part(cal, event("REQUEST", "Lunch"))), "multipart/mixed > text/calendar", "REQUEST", "Lunch"},
		{"text/calendar before application/ics before a name", from + multi("mixed", "o", part("text/plain; name=a.ics", event("REQUEST", "named")), part("application/ics", event("REQUEST", "ics")), part("text/calendar", event("REQUEST", "Lunch"))), "multipart/mixed > text/calendar", "REQUEST", "Lunch"},
		{"application/ics before a name", from + multi("mixed", "o", part("text/plain; name=a.ics", event("REQUEST", "named")), part("application/ics", event("REQUEST", "Lunch"))), "multipart/mixed > application/ics", "REQUEST", "Lunch"},
		{"an empty part gives way to its copy", from + multi("mixed", "o", part(cal, ""), part("application/ics", event("REQUEST", "Lunch"))), "multipart/mixed > application/ics", "REQUEST", "Lunch"},
		{"a part cut off before its event gives way to its copy", from + multi("mixed", "o", part(cal, b64(event("REQUEST", "Lunch"))[:80], base64Header), part("application/ics", event("REQUEST", "Lunch"))), "multipart/mixed > application/ics", "REQUEST", "Lunch"},
		{"a calendar without METHOD gives way to one with it", from + multi("mixed", "o", part("text/calendar", event("", "mute")), part("application/ics", event("REQUEST", "Lunch"))), "multipart/mixed > application/ics", "REQUEST", "Lunch"},
		{"the message's own before an attached one's", from + multi("mixed", "o", part("message/rfc822", request), part("text/plain; name=a.ics", event("", "Own"))), "multipart/mixed > text/plain", "", "Own"},

		// Encodings.
		{"base64 with junk", from + part(cal, "  "+wrap(b64(event("REQUEST", "Lunch")), 37, "\r\n!*\x00 ")+"\r\n\r\n-- \r\n", base64Header), "text/calendar", "REQUEST", "Lunch"},
		{"base64 without padding", from + part(cal, strings.TrimRight(b64(event("REQUEST", "Lunches")), "="), base64Header), "text/calendar", "REQUEST", "Lunches"},
		{"base64 encoded in pieces, each padded", from + part(cal, b64(event("REQUEST", "Lunch")[:40])+"\r\n"+b64(event("REQUEST", "Lunch")[40:]), base64Header), "text/calendar", "REQUEST", "Lunch"},
		{"base64 not announced", from + part(cal, b64(event("REQUEST", "Lunch"))), "text/calendar", "REQUEST", "Lunch"},
		{"base64 announced but not done", from + part(cal, event("REQUEST", "Lunch"), base64Header), "text/calendar", "REQUEST", "Lunch"},
		{"base64 with the end cut off after the event", from + part(cal, b64(event("REQUEST", "Lunch"))[:240], base64Header), "text/calendar", "REQUEST", "Lunch"},
		{"quoted-printable with errors", from + part(cal, strings.Replace(event("REQUEST", "Lunch =e2=82=AC =zz = 100=\r\n% =\t \r\nok"), "VERSION", "VER=\r\nSION", 1), "Content-Transfer-Encoding: Quoted-Printable"), "text/calendar", "REQUEST", "Lunch € =zz = 100% ok"},
		{"uuencode", from + part(cal, "begin 644 invite.ics\r\n"+uuencode(event("REQUEST", "Lunch"))+"`\r\nend\r\n", "Content-Transfer-Encoding: x-uuencode"), "text/calendar", "REQUEST", "Lunch"},
		{"unknown encoding", from + part(cal, event("REQUEST", "Lunch"), "Content-Transfer-Encoding: 8-bit"), "text/calendar", "REQUEST", "Lunch"},
		{"encoding with a comment", from + part(cal, b64(event("REQUEST", "Lunch")), "Content-Transfer-Encoding: BASE64 (as ever)"), "text/calendar", "REQUEST", "Lunch"},
		{"a multipart encoded as a whole", from + "Content-Type: multipart/mixed; boundary=o\r\n" + base64Header + "\r\n\r\n" + b64("--o\r\n"+request+"\r\n--o--\r\n"), "multipart/mixed > text/calendar", "REQUEST", "Lunch"},

		// Structure.
		{"no closing delimiter", from + strings.TrimSuffix(multi("mixed", "o", textPart, request), "--o--\r\n"), "multipart/mixed > text/calendar", "REQUEST", "Lunch"},
		{"no boundary parameter", from + strings.Replace(multi("mixed", "o", textPart, request), "; boundary=\"o\"", "", 1), "multipart/mixed > text/calendar", "REQUEST", "Lunch"},
		{"another boundary than announced", from + strings.Replace(multi("mixed", "o", textPart, request), "\"o\"", "\"p\"", 1), "multipart/mixed > text/calendar", "REQUEST", "Lunch"},
		{"boundary without its closing quote", from + strings.Replace(multi("mixed", "o o", textPart, request), "\"o o\"", "\"o o", 1), "multipart/mixed > text/calendar", "REQUEST", "Lunch"},
		{"unquoted boundary with odd characters", from + strings.Replace(multi("mixed", "=_(o)o==", textPart, request), "\"=_(o)o==\"", "=_(o)o==", 1), "multipart/mixed > text/calendar", "REQUEST", "Lunch"},
		{"delimiters followed by spaces", from + strings.ReplaceAll(multi("mixed", "o", textPart, request), "--o\r\n", "--o \t\r\n"), "multipart/mixed > text/calendar", "REQUEST", "Lunch"},
		{"a doubled delimiter", from + strings.Replace(multi("mixed", "o", textPart, request), "--o\r\n", "--o\r\n--o\r\n", 1), "multipart/mixed > text/calendar", "REQUEST", "Lunch"},
		{"one boundary begins with the other", from + multi("mixed", "abc", multi("alternative", "abcdef", textPart, request)), "multipart/mixed > multipart/alternative > text/calendar", "REQUEST", "Lunch"},
		{"the inner multipart never closes", from + multi("mixed", "o", strings.TrimSuffix(multi("alternative", "i", textPart, request), "--i--\r\n"), textPart), "multipart/mixed > multipart/alternative > text/calendar", "REQUEST", "Lunch"},
		{"no semicolon after the type", from + part("text/calendar method=REQUEST", event("", "Lunch")), "text/calendar", "REQUEST", "Lunch"},
		{"LF line ends", strings.ReplaceAll(from+multi("mixed", "o", textPart, request), "\r\n", "\n"), "multipart/mixed > text/calendar", "REQUEST", "Lunch"},
		{"CR line ends", strings.ReplaceAll(from+multi("mixed", "o", textPart, request), "\r\n", "\r"), "multipart/mixed > text/calendar", "REQUEST", "Lunch"},
		{"doubled CR", strings.ReplaceAll(from+multi("mixed", "o", textPart, request), "\r\n", "\r\r\n"), "multipart/mixed > text/calendar", "REQUEST", "Lunch"},
		{"a mailbox line and a byte order mark on top", "\xef\xbb\xbfFrom ada@example.com Sat Jan  1 00:00:00 2025\r\n" + from + request, "text/calendar", "REQUEST", "Lunch"},
		{"empty lines on top", "\r\n\r\n" + from + request, "text/calendar", "REQUEST", "Lunch"},
		{"no empty line before the body", from + "Content-Type: text/calendar\r\nContent-Disposition: inline\r\n" + "--\r\n" + event("REQUEST", "Lunch"), "text/calendar", "REQUEST", "Lunch"},
		{"space before the colon, tabs, empty fields", from + "X-Empty:\r\nContent-Type\t :\r\n\ttext/calendar;\r\n\t\tmethod=REQUEST\r\n\r\n" + event("", "Lunch"), "text/calendar", "REQUEST", "Lunch"},
		{"an invitation in a digest", from + multi("digest", "o", "\r\n"+from+request), "multipart/digest > message/rfc822 > text/calendar", "REQUEST", "Lunch"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := Read([]byte(tt.mail), Limits{})
			if err != nil {
				t.Fatal(err)
			}
			p, err := m.Calendar()
			if err != nil {
				t.Fatalf("%v\n%s", err, tt.mail)
			}
			e, _ := p.Calendar.Main()
			if got := strings.Join(p.Nesting, " > "); got != tt.nesting || p.Method != tt.method || e.Summary() != tt.summary {
				t.Errorf("got  %s, method %q, summary %q\nwant %s, method %q, summary %q", got, p.Method, e.Summary(), tt.nesting, tt.method, tt.summary)
			}
			if p.InsideRFC822 != strings.Contains(tt.nesting, "message/") {
				t.Errorf("InsideRFC822 is %v", p.InsideRFC822)
			}
			if m.From.Email != "ada@example.com" || !m.HasFrom {
				t.Errorf("From is %+v", m.From)
			}
		})
	}
}

func uuencode(s string) string {
	var b strings.Builder
	char := func(v byte) { b.WriteByte((v & 63) + ' ') }
	for len(s) > 0 {
		n := min(45, len(s))
		line := []byte(s[:n] + "\x00\x00")
		s = s[n:]
		char(byte(n))
		for i := 0; i < n; i += 3 {
			char(line[i] >> 2)
			char(line[i]<<4 | line[i+1]>>4)
			char(line[i+1]<<2 | line[i+2]>>6)
			char(line[i+2])
		}
		b.WriteString("\r\n")
	}
	return b.String()
}

// TestReadCharsets reads calendars in the charsets, and with the wrong labels, that real ones have.
func TestReadCharsets(t *testing.T) {
	tests := []struct {
		name, label, text, body, used string
	}{
		{"UTF-8", "; charset=UTF-8", "Käse ☕", event("REQUEST", "Käse ☕"), "utf-8"},
		{"no label", "", "Käse", event("REQUEST", "Käse"), "utf-8"},
		{"ASCII", "; charset=utf-8", "Cheese", event("REQUEST", "Cheese"), "ascii"},
		{"us-ascii that is not", "; charset=us-ascii", "Käse", event("REQUEST", "Käse"), "utf-8"},
		{"iso-8859-1 that is UTF-8", "; charset=iso-8859-1", "Käse", event("REQUEST", "Käse"), "utf-8"},
		{"a label that nobody knows", "; charset=x-unknown", "Käse", event("REQUEST", "Käse"), "utf-8"},
		{"iso-8859-1", "; charset=ISO-8859-1", "Käse", encodeIn(charmap.ISO8859_1, event("REQUEST", "Käse")), "iso-8859-1"},
		{"UTF-8 that is windows-1252", "; charset=utf-8", "Käse – €", encodeIn(charmap.Windows1252, event("REQUEST", "Käse – €")), "windows-1252"},
		{"koi8-r", "; charset=koi8-r", "Встреча", encodeIn(charmap.KOI8R, event("REQUEST", "Встреча")), "koi8-r"},
		{"iso-2022-jp", "; charset=ISO-2022-JP", "会議", encodeIn(japanese.ISO2022JP, event("REQUEST", "会議")), "iso-2022-jp"},
		{"Shift_JIS", "; charset=Shift_JIS", "会議", encodeIn(japanese.ShiftJIS, event("REQUEST", "会議")), "shift_jis"},
		{"gb2312", "; charset=\"gb2312\"", "会议", encodeIn(simplifiedchinese.GBK, event("REQUEST", "会议")), "gbk"},
		{"UTF-16 with a mark", "; charset=utf-16", "Käse", "\xff\xfe" + utf16LE(event("REQUEST", "Käse")), "utf-16le"},
		{"UTF-16 without anything", "", "Käse", utf16LE(event("REQUEST", "Käse")), "utf-16le"},
		{"UTF-8 with a mark", "; charset=iso-8859-1", "Käse", "\xef\xbb\xbf" + event("REQUEST", "Käse"), "utf-8"},
		{"a character folded in two", "; charset=utf-8", "Käse", strings.Replace(event("REQUEST", "Käse"), "ä", "\xc3\r\n \xa4", 1), "utf-8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			mail := from + part("text/calendar"+tt.label, b64(tt.body), base64Header)
			m, err := Read([]byte(mail), Limits{})
			if err != nil {
				t.Fatal(err)
			}
			p, err := m.Calendar()
			if err != nil {
				t.Fatal(err)
			}
			e, _ := p.Calendar.Main()
			if e.Summary() != tt.text || p.Charset != tt.used {
				t.Errorf("summary %q from %s, want %q from %s", e.Summary(), p.Charset, tt.text, tt.used)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	noEvent := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nMETHOD:REQUEST\r\nBEGIN:VFREEBUSY\r\nUID:1\r\nDTSTAMP:20250101T000000Z\r\nEND:VFREEBUSY\r\nEND:VCALENDAR\r\n"
	tests := []struct {
		name, mail, reason string
	}{
		{"nothing", from + textPart, ReasonNoCalendar},
		{"an empty message", "", ReasonNoCalendar},
		{"only a header", "From: ada@example.com", ReasonNoCalendar},
		{"bytes", "\x00\xff\xfe\x01", ReasonNoCalendar},
		{"TNEF by type", from + multi("mixed", "o", textPart, part("application/ms-tnef", "eJ8+Ig==", base64Header)), ReasonTNEF},
		{"TNEF by name", from + multi("mixed", "o", textPart, part("application/octet-stream; name=WINMAIL.DAT", "", base64Header)), ReasonTNEF},
		{"TNEF by its first bytes", from + multi("mixed", "o", textPart, part("application/octet-stream", "eJ8+IgEA", base64Header)), ReasonTNEF},
		{"free/busy", from + part("text/calendar; method=REQUEST", noEvent), ReasonNoEvent},
		{"an empty calendar part", from + part("text/calendar; method=REQUEST", "\r\n"), ReasonBroken},
		{"not a calendar at all", from + part("text/calendar; method=REQUEST", "<html>Forbidden</html>"), ReasonBroken},
		{"cut off before the event", from + part("text/calendar; method=REQUEST", event("REQUEST", "x")[:60]), ReasonBroken},
		{"a calendar over the limit", from + part("text/calendar; method=REQUEST", event("REQUEST", strings.Repeat("x", 1<<20))), ReasonTooLarge},
		{"webcal link", from + part("text/html", "<a href=3D\"webcal://example.com/a.ics\">", "Content-Transfer-Encoding: quoted-printable"), ReasonSharedCalendar},
		{"Google calendar link", from + part("text/plain", "See https://calendar.google.com/calendar/u/0/r?cid=abc"), ReasonSharedCalendar},
		{"Outlook sharing invitation", from + multi("mixed", "o", textPart, part("application/x-sharing-metadata-xml; name=sharing_metadata.xml", "<x/>")), ReasonSharedCalendar},
		{"S/MIME", from + part("application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m", "MIIB", base64Header), ReasonEncrypted},
		{"PGP/MIME", from + multi("encrypted; protocol=\"application/pgp-encrypted\"", "o", part("application/pgp-encrypted", "Version: 1"), part("application/octet-stream", "x")), ReasonEncrypted},
		{"out of office", from + "Auto-Submitted: auto-replied\r\n" + textPart, ReasonAutoReply},
		{"bounce", from + multi("report; report-type=delivery-status", "o", textPart, part("message/delivery-status", "Reporting-MTA: dns;x\r\n\r\nAction: failed"), part("message/rfc822", from+part("text/calendar; method=REQUEST", event("REQUEST", "x")))), ReasonDeliveryReport},
		{"read receipt", from + multi("report; report-type=disposition-notification", "o", textPart, part("message/disposition-notification", "Disposition: x")), ReasonReceipt},
		{"complaint", from + multi("report; report-type=feedback-report", "o", textPart, part("message/feedback-report", "Feedback-Type: abuse")), ReasonComplaint},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := Read([]byte(tt.mail), Limits{})
			if err != nil {
				t.Fatal(err)
			}
			p, err := m.Calendar()
			if p != nil || fault.KindOf(err) != fault.InvalidRequest || fault.ReasonOf(err) != tt.reason {
				t.Errorf("refused with %v, want %s", err, tt.reason)
			}
		})
	}
	for reason, sentence := range publicReasons {
		if !strings.HasSuffix(sentence, ".") {
			t.Errorf("%s has no public sentence", reason)
		}
	}
}

func TestReadFields(t *testing.T) {
	mail := strings.Join([]string{
		"Return-Path: <Bounce@Example.com>",
		"Received: from x",
		"Return-Path: <other@example.com>",
		"From: =?utf-8?Q?Ad=C3=A4?= Ng <Ada@example.com>",
		"Sender: \"Office\" <office@example.com>",
		"Reply-To: replies@example.com",
		"Subject: =?utf-8?B?" + b64("Käse") + "?=",
		"Message-ID:\r\n <1@example.com>",
		"In-Reply-To: <0@example.com> (yesterday)",
		"References: <a@x>\r\n\t<b@x>",
		"Date: Sat, 1 Mar 2025 10:00:00 +0100",
		"Precedence: Bulk",
		"List-Id: Friends <friends.example.com>",
		"X-Auto-Response-Suppress: DR, OOF",
		"Auto-Submitted: auto-generated; x=y",
		"", "text",
	}, "\r\n")
	m, err := Read([]byte(mail), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ what, got, want string }{
		{"From", m.From.Name + " " + m.From.Email, "Adä Ng Ada@example.com"},
		{"Sender", m.Sender.Email, "office@example.com"},
		{"Reply-To", m.ReplyTo.Email, "replies@example.com"},
		{"Return-Path", m.ReturnPath, "Bounce@Example.com"},
		{"Subject", m.Subject, "Käse"},
		{"Message-ID", m.MessageID, "1@example.com"},
		{"In-Reply-To", m.InReplyTo, "0@example.com"},
		{"References", strings.Join(m.References, " "), "a@x b@x"},
		{"Date", m.Date.Format("15:04 MST"), "09:00 UTC"},
		{"Precedence", m.Auto.Precedence, "bulk"},
		{"List-Id", m.Auto.ListID, "Friends <friends.example.com>"},
		{"Auto-Submitted", m.Auto.Submitted, "auto-generated"},
		{"Text", m.Text(), "text"},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %q, want %q", c.what, c.got, c.want)
		}
	}
	if m.NullReturnPath || !m.Auto.SuppressReplies || m.Auto.AutoReply {
		t.Errorf("%+v", m.Auto)
	}
}

func TestText(t *testing.T) {
	html := "<html><head><title>no</title></head><style>p{}</style><p>K&auml;se &amp;<br>Wein</p><script>x</script><!-- no --></html>"
	for _, tt := range []struct{ mail, want string }{
		{from + multi("alternative", "o", textPart, part("text/html", html)), "Please come."},
		{from + part("text/html", html), "Käse &\nWein"},
		{from + multi("mixed", "o", part("text/plain", "notes", "Content-Disposition: attachment"), part("text/html", "<b>yes")), "yes"},
		{from + part("image/png", "x"), ""},
		{from + part("text/plain; charset=iso-8859-1", "K\xe4se"), "Käse"},
	} {
		m, _ := Read([]byte(tt.mail), Limits{})
		if got := m.Text(); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

// TestReadKeepsBytes checks that parts that need no decoding are not copied, and that the raw message is not changed.
func TestReadKeepsBytes(t *testing.T) {
	raw := []byte(from + multi("mixed", "o", textPart, part("text/calendar; method=REQUEST", event("REQUEST", "Lunch"))))
	before := bytes.Clone(raw)
	m, _ := Read(raw, Limits{})
	if !bytes.Equal(raw, before) {
		t.Error("Read changed the message")
	}
	raw[bytes.Index(raw, []byte("Please"))] = 'p'
	if got := string(m.Parts[0].Body); got != "please come." {
		t.Errorf("body is %q", got)
	}
}
