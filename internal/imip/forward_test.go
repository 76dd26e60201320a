package imip

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func mailOf(t testing.TB, header, body string) *Message {
	t.Helper()
	m, err := Read([]byte(strings.ReplaceAll("From: grace@example.org\n"+header+"\n\n"+body, "\n", "\r\n")), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestForwardText(t *testing.T) {
	const attached = "Content-Type: multipart/mixed; boundary=b"
	for name, test := range map[string]struct{ header, body, want string }{
		"plain":                 {"", "May I bring a friend?\n\nGrace", "May I bring a friend?\n\nGrace"},
		"Gmail":                 {"", "Can we start later?\n\nOn Tue, Mar 3, 2026 at 9:30 AM Ada Ng via Calendar Snack <\ninvites@cis.localhost> wrote:\n\n> Hello Grace,\n>\n> Ada Ng invites you to:\n", "Can we start later?\n\n" + quoteLeftOut},
		"one line":              {"", "Later?\n\nAm 03.03.26 um 09:30 schrieb Ada:\n> Hallo\n> du\n\n", "Later?\n\n" + quoteLeftOut},
		"two lines":             {"", "Later?\n\nOn Tue, Mar 3, 2026 at 9:30 AM Ada Ng\nwrote:\n> Hi", "Later?\n\n" + quoteLeftOut},
		"Outlook":               {"", "Is there parking?\n\n________________________________\nFrom: Ada Ng via Calendar Snack <invites@cis.localhost>\nSent: Tuesday, March 3, 2026 9:30 AM\nTo: Grace\nSubject: Invitation\n\nHello Grace", "Is there parking?\n\n" + quoteLeftOut},
		"Outlook, German":       {"", "Gibt es Parkplätze?\n\n*Von:* Ada Ng\n*Gesendet:* Dienstag, 3. März 2026\n*An:* Grace\n*Betreff:* Invitation\n\nHello", "Gibt es Parkplätze?\n\n" + quoteLeftOut},
		"Original Message":      {"", "Yes.\n\n-----Original Message-----\nFrom: Ada", "Yes.\n\n" + quoteLeftOut},
		"answers below":         {"", "On Tuesday Ada wrote:\n> Hello Grace\n\nMay I come later?", "On Tuesday Ada wrote:\n> Hello Grace\n\nMay I come later?"},
		"answers between":       {"", "> ten?\nno\n> eleven?\nyes", "> ten?\nno\n> eleven?\nyes"},
		"nothing but a quote":   {"", "> Hello Grace", "> Hello Grace"},
		"a header on its own":   {"", "From: where do we start?\nGrace", "From: where do we start?\nGrace"},
		"no header":             {"", "Hello\n\nFrom: the station\nI will walk.\nhttps://example.com\nhttps://example.org", "Hello\n\nFrom: the station\nI will walk.\nhttps://example.com\nhttps://example.org"},
		"underscores":           {"", "Hello\n\n____________________\nGrace\nThe Office", "Hello\n\n____________________\nGrace\nThe Office"},
		"dashes":                {"", "Hello\n-- \nGrace\n--------------------", "Hello\n-- \nGrace\n--------------------"},
		"HTML":                  {"Content-Type: text/html; charset=utf-8", "<html><head><style>p{}</style></head><body><p>Is it <b>warm</b>&nbsp;there?</p><script>evil()</script><div class=\"gmail_quote\"><div>On Tuesday Ada wrote:<br></div><blockquote type=\"cite\"><p>Hello</p><p>Grace</p></blockquote></div></body></html>", "Is it warm there?\n\n" + quoteLeftOut},
		"HTML, answers below":   {"Content-Type: text/html", "<blockquote>Hello<blockquote>older</blockquote>Grace</blockquote><p>Late</p>", "> Hello\n> older\n> Grace\nLate"},
		"HTML after nothing":    {"Content-Type: multipart/alternative; boundary=b", "--b\nContent-Type: text/plain\n\n \n--b\nContent-Type: text/html\n\n<p>Hi</p>\n--b--", "Hi"},
		"files":                 {attached, "--b\n\nSee there.\n--b\nContent-Type: application/pdf; name=\"plan.pdf\"\nContent-Disposition: attachment\n\nx\n--b\nContent-Type: image/png\nContent-Disposition: inline; filename=\"a\u202eb.png\"\n\nx\n--b\nContent-Type: text/calendar; name=invite.ics\n\nx\n--b--", "See there.\n\nAttached files: plan.pdf, ab.png"},
		"files alone":           {attached, "--b\nContent-Type: application/pdf; name=\"plan.pdf\"\n\nx\n--b--", "Attached files: plan.pdf"},
		"another charset":       {"Content-Type: text/plain; charset=iso-8859-1", "Gr\xfc\xdfe", "Grüße"},
		"control characters":    {"", "a\x1b[31mb\x00c\u202ed", "a [31mb cd"},
		"nothing":               {"", "", ""},
		"a forwarded message":   {attached, "--b\nContent-Type: message/rfc822\n\nSubject: x\n\ninside\n--b--", ""},
		"cut":                   {"", strings.Repeat("ä", 300), strings.Repeat("ä", 199) + "…"},
		"many files":            {attached, strings.Repeat("--b\nContent-Type: image/png; name=a.png\n\nx\n", 12) + "--b--", "Attached files: " + strings.TrimSuffix(strings.Repeat("a.png, ", 10), ", ") + " and 2 more"},
		"a calendar's own mail": {"Content-Type: multipart/alternative; boundary=b", "--b\n\nyes\n--b\nContent-Type: text/calendar; method=REPLY\n\nBEGIN:VCALENDAR\nEND:VCALENDAR\n--b--", "yes"},
	} {
		if got := mailOf(t, test.header, test.body).ForwardText(200); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

func FuzzForwardText(f *testing.F) {
	f.Add("text/plain", "Later?\n\nOn Tue Ada wrote:\n> Hi", 10)
	f.Add("text/plain", "x\n____________________\n\n\nFrom: a\nTo: b\nSent: c", 1000)
	f.Add("text/html", "<p>a<blockquote>b</blockquote><!-- <script>x</script><a href='>'>c", 1000)
	f.Add("text/html", "\x0e\x0f<blockquote></blockquote></blockquote>&#14;&#15;x", 1000)
	f.Fuzz(func(t *testing.T, kind, body string, limit int) {
		m, err := Read([]byte("From: a@b.c\r\nContent-Type: "+kind+"\r\n\r\n"+body), Limits{})
		if err != nil {
			return
		}
		limit &= 0xfff
		text := m.ForwardText(limit)
		if !utf8.ValidString(text) || strings.ContainsAny(text, "\r\x00\x0e\x0f\x1b\u202e") {
			t.Errorf("%q", text)
		}
		if head, _, _ := strings.Cut(text, "\n\nAttached files: "); utf8.RuneCountInString(head) > max(limit, 1) && !strings.HasPrefix(head, "Attached files: ") {
			t.Errorf("%d characters of %d", utf8.RuneCountInString(head), limit)
		}
	})
}
