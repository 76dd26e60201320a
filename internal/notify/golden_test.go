package notify

import (
	"context"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // golden files must not depend on the machine's zone files

	"github.com/google/go-cmp/cmp"

	"github.com/calendarinvite/calendarinviteserver/internal/brand"
	"github.com/calendarinvite/calendarinviteserver/internal/bulk"
	"github.com/calendarinvite/calendarinviteserver/internal/imip"
	"github.com/calendarinvite/calendarinviteserver/internal/when"
)

var update = flag.Bool("update", false, "write the golden files anew")

// full is a deployment that sets everything, bare one that sets nothing.
func full() Settings {
	return Settings{
		Brand: brand.Brand{
			Name: "Calendar Invite Server", Color: "#3d52d5", SupportEmail: "help@example.org", SupportURL: "https://example.org/help",
			DocsURL: "https://example.org/docs", PricingURL: "https://example.org/plans", DashboardURL: "https://app.example.org/dashboard",
			Address: "Example Ltd\n1 Long Street\nLondon", Copyright: "© 2026 Example Ltd. All rights reserved.",
		},
		Create: "create@example.org", Bulk: "bulk@example.org",
	}
}

func bare() Settings {
	return Settings{Brand: brand.Default(), Create: "create@cis.localhost"}
}

const (
	testUID  = "k3v9dq1p7c2m5s8x0b4n6z1r9t7w3y5h2j8f6g01"
	testLink = "https://api.example.org/event/" + testUID + "/invite"
)

const testFile = "https://api.example.org/download/mfrggzdfmztwq2lknnwg23tpobyxe43uov3ho6dzpi"

func testUntil() time.Time { return time.Date(2026, 3, 19, 10, 0, 0, 0, time.UTC) }

func testTime() when.Span {
	return when.New(1773306000, 1773313200, false, "Europe/Berlin", "")
}

func newEvent() NewEvent {
	return NewEvent{
		Mailto: "ada@example.com", Organizer: "Ada Lovelace", Summary: "Analytical Engine: first demonstration", UID: testUID, When: testTime(),
		Where: "Science Museum, Exhibition Road, London", Events: 3, InviteLink: testLink, EventPage: "https://app.example.org/event/" + testUID,
	}
}

// samples are the golden files: one per mail and per way it can look.
func samples() []struct {
	name     string
	settings Settings
	tell     Notification
} {
	event := newEvent()
	dev := newEvent()
	dev.Development = true
	lost := newEvent()
	lost.UnknownZone = "Our Office"
	rtl := newEvent()
	rtl.Summary, rtl.Where, rtl.Organizer = "מפגש קהילה: בינה מלאכותית 2026", "תל אביב, רוטשילד 1", "נועה לוי"
	return []struct {
		name     string
		settings Settings
		tell     Notification
	}{
		{"new_event", full(), event},
		{"new_event_bare", bare(), NewEvent{Mailto: "ada@example.com", UID: testUID, InviteLink: testLink, Events: 1}},
		{"new_event_right_to_left", full(), rtl},
		{"new_event_unknown_zone", full(), lost},
		{"dev_new_event", full(), dev},
		{"failed_event", full(), FailedEvent{Mailto: "ada@example.com", Summary: "Team lunch", Reason: "winmail-dat"}},
		{"failed_event_unknown", bare(), FailedEvent{Mailto: "ada@example.com", Reason: "never-heard-of"}},
		{"failed_event_encrypted", full(), FailedEvent{Mailto: "ada@example.com", Reason: imip.ReasonEncrypted}},
		{"event_limit", full(), EventLimit{Mailto: "ada@example.com", Summary: "Team lunch", Limit: 5}},
		{"event_limit_bare", bare(), EventLimit{Mailto: "ada@example.com", Summary: "Team lunch", Limit: 5}},
		{"invite_limit", full(), EventLimit{Mailto: "ada@example.com", Summary: "Team lunch", UID: testUID, Limit: 2500, Invites: true, EventPage: "https://app.example.org/event/" + testUID}},
		{"enrollment", full(), Enrollment{Mailto: "ada@example.com", Product: "Unlimited events, one year", Order: "#1042"}},
		{"enrollment_bare", bare(), Enrollment{Mailto: "ada@example.com"}},
		{"attendee_report", full(), AttendeeReport{
			Mailto: "ada@example.com", Summary: "Analytical Engine: first demonstration", UID: testUID, When: testTime(), Attendees: 1310,
			Accepted: 873, Declined: 102, Tentative: 64, NoAction: 271, File: "attendees.csv", EventPage: "https://app.example.org/event/" + testUID,
		}},
		{"attendee_report_download", full(), AttendeeReport{
			Mailto: "ada@example.com", Summary: "Analytical Engine: first demonstration", UID: testUID, When: testTime(), Attendees: 90240,
			Accepted: 61002, Declined: 7011, Tentative: 1204, Delegated: 16, NoAction: 21007, Bounced: 2, Blocked: 31, File: "attendees.csv",
			Download: testFile, DownloadUntil: testUntil(), EventPage: "https://app.example.org/event/" + testUID,
		}},
		{"bulk_invites", full(), BulkInvites{
			Mailto: "ada@example.com", Rows: 2512, File: "invitations-2026-03-01.csv", Events: []BulkEvent{
				{Summary: "Analytical Engine: first demonstration", UID: testUID, Sent: 1980, Already: 12, Blocked: 3, Invalid: 9},
				{Summary: "מפגש קהילה: בינה מלאכותית 2026", UID: strings.Replace(testUID, "k3", "q7", 1), Sent: 498, Limit: 2, Failed: 1},
			},
		}},
		{"bulk_invites_all", full(), BulkInvites{
			Mailto: "ada@example.com", Rows: 2492, File: "invitations-2026-03-01.csv", Events: []BulkEvent{
				{Summary: "Analytical Engine: first demonstration", UID: testUID, Sent: 2480, Already: 12},
			},
		}},
		{"bulk_invites_download", bare(), BulkInvites{
			Mailto: "ada@example.com", Rows: 90240, File: "invitations-2026-03-01.csv", Download: testFile, DownloadUntil: testUntil(),
			Events: slices.Repeat([]BulkEvent{{UID: testUID, Sent: 1000, Already: 1, Blocked: 1, Invalid: 1, Limit: 1, Failed: 1}}, maxBulkEvents+3),
		}},
		{"bulk_failed", full(), BulkFailed{Mailto: "ada@example.com", Summary: "guests.xlsx", Reason: bulk.ReasonSpreadsheet}},
		{"bulk_failed_unknown", bare(), BulkFailed{Mailto: "ada@example.com", Reason: "never-heard-of"}},
		{"proposal", full(), Proposal{
			Mailto: "ada@example.com", Guest: "Grace Hopper", Email: "grace.hopper@example.com", Summary: "Analytical Engine: first demonstration", UID: testUID,
			When: testTime(), Proposed: when.New(1773327600, 1773334800, false, "Europe/Berlin", ""), Comment: "My train arrives at three.\nThe later the better!",
			DeclineLink: "https://api.example.org/proposals/mfrggzdfmztwq2lk?of=1", ProposalsLink: "https://api.example.org/proposals/mfrggzdfmztwq2lk",
		}},
		{"proposal_instance", bare(), Proposal{
			Mailto: "ada@example.com", Email: "grace.hopper@example.com", Summary: "Tea", UID: testUID, When: when.New(1773306000, 1773313200, false, "Europe/Berlin", "FREQ=WEEKLY"),
			Instance: when.New(1773910800, 1773918000, false, "Europe/Berlin", ""), Proposed: when.New(1773925200, 1773932400, false, "Europe/Berlin", ""),
		}},
		{"held_guest", full(), HeldGuest{
			Mailto: "ada@example.com", Guest: "Grace Hopper", Email: "grace.hopper@example.com", Invited: "charles@example.com", Answer: "accepted",
			Summary: "Analytical Engine: first demonstration", UID: testUID, When: testTime(), Comment: "Charles told me about it.\nMay I come?",
			GuestsLink: "https://api.example.org/guests/mfrggzdfmztwq2lknnwg23tpobyxe43uov3ho6dzpi",
		}},
		{"held_guest_bare", bare(), HeldGuest{
			Mailto: "ada@example.com", Email: "grace.hopper@example.com", GuestsLink: "https://api.example.org/guests/mfrggzdfmztwq2lk",
		}},
		{"question", full(), Question{
			Mailto: "ada@example.com", Guest: "Grace Hopper", Email: "grace.hopper@example.com", Summary: "Analytical Engine: first demonstration", UID: testUID,
			Subject: "Re: Analytical Engine: first demonstration", Text: "Dear Ada,\n\nis there a cloakroom?\nAnd may my bug come along?\n\nGrace",
		}},
		{"sign_in", full(), SignIn{Mailto: "ada@example.com", Link: "https://api.example.org/dashboard/sign-in/mfrggzdfmztwq2lk", Minutes: 15}},
		{"question_unknown", bare(), Question{Mailto: "ada@example.com", Email: "grace.hopper@example.com"}},
		{"question_long", bare(), Question{
			Mailto: "ada@example.com", Guest: "נועה לוי", Email: "noa@example.com", Subject: "שאלה", Text: strings.Repeat("שאלה ארוכה מאוד. ", 300),
		}},
		{"confirm_request", full(), ConfirmRequest{
			Mailto: "ada@example.com", Summary: "Analytical Engine: first demonstration", When: testTime(), Where: "Science Museum, London",
			Action: ActionCreate, ConfirmLink: "https://api.example.org/confirm/mfrggzdfmztwq2lknnwg23tpobyxe43uov3ho6dzpi",
		}},
	}
}

func write(t *testing.T, settings Settings, blobs Blobs, n Notification) Mail {
	t.Helper()
	w, err := New(settings, blobs)
	if err != nil {
		t.Fatal(err)
	}
	mail, err := w.Write(context.Background(), n)
	if err != nil {
		t.Fatal(err)
	}
	return mail
}

func TestGoldenMails(t *testing.T) {
	for _, sample := range samples() {
		t.Run(sample.name, func(t *testing.T) {
			mail := write(t, sample.settings, nil, sample.tell)
			golden(t, sample.name+".html", mail.HTML)
			golden(t, sample.name+".txt", "Subject: "+mail.Subject+"\n\n"+mail.Text)
			if len(mail.Notices) > 0 {
				t.Errorf("notices without an override: %q", mail.Notices)
			}
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-golden +got; accept with -update):\n%s", path, diff)
	}
}

// Every built-in mail is well-formed XML with the doctype of XHTML 1.0 Transitional, has no placeholder left, and is far below the 102 KB at which Gmail
// cuts a mail off.
func TestMailsAreWellFormed(t *testing.T) {
	for _, sample := range samples() {
		t.Run(sample.name, func(t *testing.T) {
			mail := write(t, sample.settings, nil, sample.tell)
			if !strings.HasPrefix(mail.HTML, `<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"`) {
				t.Error("doctype is not XHTML 1.0 Transitional")
			}
			wellFormed(t, mail.HTML)
			for _, name := range slices.Concat(slices.Collect(maps.Values(mail.Kind.names()))...) {
				if tag := "{" + name + "}"; strings.Contains(mail.HTML+mail.Text+mail.Subject, tag) {
					t.Errorf("%s is left", tag)
				}
			}
			if size := len(mail.HTML); size > 60<<10 {
				t.Errorf("HTML has %d bytes", size)
			}
		})
	}
}

// The text alternative says what the HTML says: every link is in it.
func TestTextHasTheLinks(t *testing.T) {
	for _, sample := range samples() {
		mail := write(t, sample.settings, nil, sample.tell)
		for _, rest := range strings.Split(mail.HTML, `href="`)[1:] {
			href, _, _ := strings.Cut(rest, `"`)
			href = strings.TrimPrefix(strings.ReplaceAll(href, "&amp;", "&"), "mailto:")
			if !strings.Contains(mail.Text, href) {
				t.Errorf("%s: text lacks %s", sample.name, href)
			}
		}
	}
}
