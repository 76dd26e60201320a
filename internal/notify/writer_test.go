package notify

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/calendarinvite/calendarinviteserver/internal/brand"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/template"
)

// bucket is a template bucket in memory. A nil value fails to be read.
type bucket map[string][]byte

func (b bucket) Get(_ context.Context, bucket, key string) ([]byte, error) {
	data, ok := b[bucket+"/"+key]
	if !ok {
		return nil, fault.New(fault.NotFound, "no-object", "")
	}
	if data == nil {
		return nil, fault.Wrap(fault.Unavailable, "s3", errors.New("service is away"))
	}
	return data, nil
}

func withBucket() Settings {
	s := full()
	s.Bucket = "cis-templates"
	return s
}

func TestOverride(t *testing.T) {
	const builtInSays = "Invite with a link"
	tests := []struct {
		name       string
		html, text string // "-" = absent
		wantHTML   string
		wantText   string
		notice     string // empty = none
	}{
		{"none", "-", "-", builtInSays, "INVITE WITH A LINK", ""},
		{"text without html is not used", "-", "mine", builtInSays, "INVITE WITH A LINK", ""},
		{"document", "<html><body><p>Mine: {summary}, {events}</p></body></html>", "-", "<html><body><p>Mine: Tea &amp; cake, 3</p></body></html>", "Mine: Tea & cake, 3\n", ""},
		{"document with text", "<html><p>{uid}</p></html>", "Text: {summary}\n", "<html><p>" + testUID + "</p></html>", "Text: Tea & cake\n", ""},
		{"part of a page gets header and footer", "<p>Mine: {summary}</p>", "-", "<p>Mine: Tea &amp; cake</p></td></tr>", "© 2026 Example Ltd. All rights reserved.", ""},
		{"byte order mark", "\ufeff<html>{uid}</html>", "-", "<html>" + testUID + "</html>", testUID, ""},
		{"built-in part included", "<html>{>new_event_details}</html>", "-", builtInSays, "Invite with a link", ""},
		{"misspelt placeholder", "<html>{sumary}</html>", "-", builtInSays, "INVITE WITH A LINK", "template new_event_notification.html: there is no placeholder {sumary}"},
		{"another mail's placeholder", "<html>{confirm_link}</html>", "-", builtInSays, "INVITE", "{confirm_link}"},
		{"open section", "<html>{?uid}</html>", "-", builtInSays, "INVITE", "does not end"},
		{"bad text beside good html", "<html>mine</html>", "{sumary}", builtInSays, "INVITE", "new_event_notification.txt"},
		{"empty", " \n", "-", builtInSays, "INVITE", "is empty"},
		{"not text", "<html>\xff\xfe</html>", "-", builtInSays, "INVITE", "not UTF-8"},
		{"too large", strings.Repeat("x", template.MaxBytes+1), "-", builtInSays, "INVITE", "256 KiB"},
		{"bomb of includes", strings.Repeat("{>new_event_details}", 2000), "-", builtInSays, "INVITE", "256 KiB"},
		{"cannot be read", "", "-", builtInSays, "INVITE", "read template new_event_notification.html: Unavailable"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := bucket{}
			if test.html != "-" {
				b["cis-templates/new_event_notification.html"] = []byte(test.html)
			}
			if test.html == "" {
				b["cis-templates/new_event_notification.html"] = nil
			}
			if test.text != "-" {
				b["cis-templates/new_event_notification.txt"] = []byte(test.text)
			}
			event := newEvent()
			event.Summary = "Tea & cake"
			mail := write(t, withBucket(), b, event)
			if !strings.Contains(mail.HTML, test.wantHTML) {
				t.Errorf("HTML lacks %q:\n%s", test.wantHTML, mail.HTML)
			}
			if !strings.Contains(mail.Text, test.wantText) {
				t.Errorf("text lacks %q:\n%s", test.wantText, mail.Text)
			}
			if got := strings.Join(mail.Notices, "\n"); (test.notice == "") != (got == "") || !strings.Contains(got, test.notice) {
				t.Errorf("notices = %q, want %q", got, test.notice)
			}
		})
	}
}

// An override replaces its own mail and no other.
func TestOverrideIsPerKind(t *testing.T) {
	b := bucket{"cis-templates/new_event_notification.html": []byte("<html>mine</html>")}
	event := newEvent()
	event.Development = true
	if mail := write(t, withBucket(), b, event); strings.Contains(mail.HTML, "mine") {
		t.Error("the development variant took the other's override")
	}
}

// What people write into an event shows as what it is: in HTML as text, in text as text, in the subject on one line, and never as a placeholder.
func TestHostileValues(t *testing.T) {
	event := newEvent()
	event.Summary = "<script>alert(1)</script> {uid} {?where}\r\nBcc: all@example.com\x00 \"'&"
	event.Where = `" onmouseover="alert(1)`
	event.Organizer = "</td></table><img src=x>"
	mail := write(t, full(), nil, event)
	if want := "Ready to invite: <script>alert(1)</script> {uid} {?where} Bcc: all@example.com \"'&"; mail.Subject != want {
		t.Errorf("subject = %q, want %q", mail.Subject, want)
	}
	for _, bad := range []string{"<script>", `" onmouseover`, "<img src=x>", "\x00"} {
		if strings.Contains(mail.HTML, bad) {
			t.Errorf("HTML has %q", bad)
		}
	}
	if want := "&lt;script&gt;alert(1)&lt;/script&gt; {uid} {?where} Bcc: all@example.com &#34;&#39;&amp;"; strings.Count(mail.HTML, want) != 2 {
		t.Errorf("HTML has %d times %q, want it in title and heading", strings.Count(mail.HTML, want), want)
	}
	if want := "<script>alert(1)</script> {uid} {?where} Bcc: all@example.com \"'&\n"; !strings.Contains(mail.Text, want) {
		t.Errorf("text lacks %q:\n%s", want, mail.Text)
	}
	wellFormed(t, mail.HTML)
}

// The same for the mails that bring what guests wrote: it stays text, in HTML and in text, and nobody's words can pass for ours.
func TestHostileGuests(t *testing.T) {
	const evil = "</p></td></table><script>alert(1)</script><img src=x> {uid} {#events}{/events}\u202e\x00 \"'&"
	const lines = evil + "\r\n> quoted\n\n" + evil + "\n--------------------------------------------------\nCalendar Invite Server sent this"
	tests := []Notification{
		BulkInvites{Mailto: evil, Events: []BulkEvent{{Summary: evil, UID: evil, Sent: 1}}, Rows: 1, File: evil, Download: testFile},
		BulkFailed{Mailto: evil, Summary: evil, Reason: evil, Public: evil},
		AttendeeReport{Mailto: evil, Summary: evil, UID: evil, File: evil, Download: testFile},
		Proposal{Mailto: evil, Guest: evil, Email: evil, Summary: evil, UID: evil, Comment: lines, DeclineLink: testLink, ProposalsLink: testLink},
		HeldGuest{Mailto: evil, Guest: evil, Email: evil, Invited: evil, Summary: evil, UID: evil, Answer: evil, Comment: lines, GuestsLink: testLink},
		Question{Mailto: evil, Guest: evil, Email: evil, Summary: evil, UID: evil, Subject: evil, Text: lines},
	}
	for _, tell := range tests {
		t.Run(string(tell.Kind()), func(t *testing.T) {
			mail := write(t, full(), nil, tell)
			for _, bad := range []string{"<script", "<img src=x", "\u202e", "\x00"} {
				if strings.Contains(mail.HTML, bad) {
					t.Errorf("HTML has %q", bad)
				}
			}
			if !strings.Contains(mail.HTML, "&lt;img src=x&gt; {uid} {#events}{/events}") {
				t.Error("the values are not in the mail as they are")
			}
			if strings.ContainsAny(mail.Subject+mail.Text, "\u202e\x00\r") || strings.Contains(mail.Subject, "\n") {
				t.Errorf("text or subject has control characters: %q", mail.Subject)
			}
			if n := strings.Count(mail.Text, "\nCalendar Invite Server sent this"); n != 1 {
				t.Errorf("%d footers in\n%s", n, mail.Text)
			}
			wellFormed(t, mail.HTML)
		})
	}
}

func wellFormed(t *testing.T, document string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(document))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("not well-formed: %v", err)
		}
	}
}

func TestLongValuesAreShortened(t *testing.T) {
	event := newEvent()
	event.Summary = strings.Repeat("ü", 1<<20)
	mail := write(t, full(), nil, event)
	if n := len([]rune(mail.Subject)); n != maxSubject {
		t.Errorf("subject has %d characters, want %d", n, maxSubject)
	}
	if len(mail.HTML) > 20<<10 {
		t.Errorf("HTML has %d bytes", len(mail.HTML))
	}
}

func TestSubjectSetting(t *testing.T) {
	settings := full()
	settings.Subjects = map[Kind]string{KindNewEvent: "{brand}: {summary}"}
	if got, want := write(t, settings, nil, newEvent()).Subject, "Calendar Invite Server: Analytical Engine: first demonstration"; got != want {
		t.Errorf("subject = %q, want %q", got, want)
	}
	settings.Subjects = map[Kind]string{KindNewEvent: "{?where}{/where}"}
	if got := write(t, settings, nil, newEvent()).Subject; got != "Calendar Invite Server" {
		t.Errorf("an empty subject became %q", got)
	}
}

func TestNewNamesTheBadSetting(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Settings)
		want   string
	}{
		{"color", func(s *Settings) { s.Brand.Color = "red;}" }, "brand color"},
		{"logo", func(s *Settings) { s.Brand.LogoURL = "javascript:x" }, "brand logo"},
		{"subject placeholder", func(s *Settings) { s.Subjects = map[Kind]string{KindNewEvent: "{nope}"} }, "subject of new_event_notification"},
		{"subject of itself", func(s *Settings) { s.Subjects = map[Kind]string{KindNewEvent: "{subject}"} }, "subject of new_event_notification"},
		{"subject of no mail", func(s *Settings) { s.Subjects = map[Kind]string{"nope": "x"} }, "subject of nope"},
		{"bucket without access", func(s *Settings) { s.Bucket = "b" }, "template bucket"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			settings := full()
			test.change(&settings)
			if _, err := New(settings, nil); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("New() = %v, want an error that names %q", err, test.want)
			}
		})
	}
}

func TestUnusableNotifications(t *testing.T) {
	secret := "javascript:steal('token')"
	tests := []struct {
		name string
		tell Notification
		want string
	}{
		{"invite link", NewEvent{InviteLink: secret}, "invite_link"},
		{"event page", EventLimit{EventPage: "//example.com"}, "event_page"},
		{"report page", AttendeeReport{EventPage: "https://example.com/a b"}, "event_page"},
		{"confirm link", ConfirmRequest{Action: ActionCreate, ConfirmLink: secret}, "confirm_link"},
		{"no confirm link", ConfirmRequest{Action: ActionCreate}, "confirm_link"},
		{"report file", AttendeeReport{Download: secret}, "download"},
		{"list's file", BulkInvites{Download: secret}, "download"},
		{"decline link", Proposal{DeclineLink: secret}, "decline_link"},
		{"proposals link", Proposal{ProposalsLink: secret}, "proposals_link"},
		{"guests link", HeldGuest{GuestsLink: secret}, "guests_link"},
		{"no guests link", HeldGuest{}, "guests_link"},
		{"sign-in link", SignIn{Link: secret}, "sign_in_link"},
		{"no sign-in link", SignIn{}, "sign_in_link"},
		{"action", ConfirmRequest{Action: "erase", ConfirmLink: testLink}, "erase"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w, err := New(full(), nil)
			if err != nil {
				t.Fatal(err)
			}
			_, err = w.Write(context.Background(), test.tell)
			if fault.KindOf(err) != fault.Internal || err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Write() = %v, want an internal error about %s", err, test.want)
			}
			if err != nil && strings.Contains(err.Error(), "token") {
				t.Errorf("error quotes the link: %v", err)
			}
		})
	}
}

func TestInviteLinkWithQuery(t *testing.T) {
	event := newEvent()
	event.InviteLink = testLink + "?signature=abc"
	mail := write(t, full(), nil, event)
	if want := testLink + "?signature=abc&email=EMAIL"; !strings.Contains(mail.Text, want) {
		t.Errorf("text lacks %s:\n%s", want, mail.Text)
	}
}

// Every word has a sentence on what happened and one on what to do, and both reach the mail.
func TestEveryReasonIsExplained(t *testing.T) {
	mailboxes := strings.NewReplacer("{create}", "create@example.org", "{bulk}", "bulk@example.org")
	tests := []struct {
		all  reasons
		tell func(reason, public string) Notification
	}{
		{eventReasons, func(reason, public string) Notification {
			return FailedEvent{Mailto: "ada@example.com", Reason: reason, Public: public}
		}},
		{bulkReasons, func(reason, public string) Notification {
			return BulkFailed{Mailto: "ada@example.com", Reason: reason, Public: public}
		}},
	}
	for _, test := range tests {
		for word, e := range test.all.byWord {
			mail := write(t, full(), nil, test.tell(word, "unused"))
			advice := mailboxes.Replace(e.advice)
			if e.reason == "" || !strings.Contains(mail.Text, e.reason) || advice == "" || !strings.Contains(mail.Text, advice) {
				t.Errorf("%s is not explained:\n%s", word, mail.Text)
			}
		}
		mail := write(t, full(), nil, test.tell("brand-new-word", "The moon is in the wrong phase."))
		if !strings.Contains(mail.Text, "The moon is in the wrong phase.") {
			t.Errorf("an unknown word's public sentence is missing:\n%s", mail.Text)
		}
	}
}

func TestLogoReplacesTheName(t *testing.T) {
	settings := full()
	settings.Brand.LogoURL = "https://example.org/logo.png?a=1&b=2"
	mail := write(t, settings, nil, newEvent())
	if want := `<img src="https://example.org/logo.png?a=1&amp;b=2" alt="Calendar Invite Server"`; !strings.Contains(mail.HTML, want) {
		t.Errorf("HTML lacks %s", want)
	}
}

func TestNumbersAreGrouped(t *testing.T) {
	v := newValues()
	for n, want := range map[int]string{-1: "", 0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		if v.count("n", n); v.texts["n"] != want {
			t.Errorf("count(%d) = %q, want %q", n, v.texts["n"], want)
		}
	}
}

func TestBrandColors(t *testing.T) {
	settings := full()
	settings.Brand = brand.Brand{Name: "Lemon", Color: "#FFEE00"}
	mail := write(t, settings, nil, newEvent())
	if !strings.Contains(mail.HTML, "background-color:#ffee00;border:1px solid") || !strings.Contains(mail.HTML, "color:#000000;text-decoration:none") {
		t.Error("a bright brand colour should carry black text")
	}
}
