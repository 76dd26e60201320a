package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/calendarinvite/calendarinviteserver/localstack/outbox"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
	"github.com/calendarinvite/calendarinviteserver/localstack/states"
)

// corpusFile is what the corpus's manifest says about a mail, as far as a server shows it at its doors.
type corpusFile struct {
	File, Kind string
	Expect     struct {
		From       *string
		ReturnPath *string `json:"return_path"`
		UID        *string
		Summary    *string
		DTStart    *struct {
			Epoch    *int64
			AllDay   bool `json:"all_day"`
			Disputed json.RawMessage
		}
	}
}

// ending is how an execution ends, why, and whether a mail goes back to who wrote.
type ending struct {
	state, reason string
	answered      bool
}

// registered is how a request ends unless otherwise holds it.
var registered = ending{"EventCreated", "created", true}

// otherwise holds the mails of the corpus that make no new event, each by the letter of spec §2 or §3.
var otherwise = map[string]ending{
	"requests/gmail-list-invite.eml":                  {"NothingToDo", "precedence", false}, // Precedence: list
	"requests/gmail-list-invite-updated.eml":          {"NothingToDo", "precedence", false},
	"requests/exchange-online-series-teams.eml":       {"NothingToDo", "precedence", false},
	"publish/zoom-publish-forwarded.eml":              {"NothingToDo", "precedence", false},
	"requests/exchange2003-cdo-display-name-tzid.eml": {"NothingToDo", "no-from", false},
	"requests/thunderbird-single-update-major.eml":    {"EventUpdated", "updated", false}, // the same UID as thunderbird-single.eml
	"requests/thunderbird-repeat.eml":                 {"NothingToDo", "stale", false},    // likewise, and older
	"requests/thunderbird-repeat-exception.eml":       {"EventUpdated", "updated", false},

	"not-invites/tnef-small.eml":                        {"RequestRefused", "winmail-dat", true},
	"not-invites/tnef-richtext.eml":                     {"RequestRefused", "winmail-dat", true},
	"not-invites/dsn-gmail.eml":                         {"NothingToDo", "delivery-report", false},
	"not-invites/dsn-postfix.eml":                       {"NothingToDo", "delivery-report", false},
	"not-invites/dsn-returning-our-own-invite.eml":      {"NothingToDo", "delivery-report", false},
	"not-invites/auto-reply-vacation.eml":               {"NothingToDo", "auto-reply", false},
	"not-invites/auto-reply-mimecast.eml":               {"NothingToDo", "null-return-path", false},
	"not-invites/mdn-read-receipt.eml":                  {"NothingToDo", "read-receipt", false},
	"not-invites/malformed-1.eml":                       {"RequestRefused", "no-calendar", true},
	"not-invites/exchange-counter-truncated-base64.eml": {"RequestRefused", "calendar-unreadable", true},
	"not-invites/ics-in-headers-empty-body.eml":         {"RequestRefused", "calendar-unreadable", true},
	"not-invites/calendar-without-vevent.eml":           {"RequestRefused", "calendar-without-event", true},
	"not-invites/ses-spam-spf-fail-dmarc-fail.eml":      {"NothingToDo", "dmarc-fail", false},
	"not-invites/ses-outlook-com-plain.eml":             {"RequestRefused", "no-calendar", true},
	"not-invites/ses-setup-notification.eml":            {"NothingToDo", "ses-setup", false},
}

// verdicts are what SES finds about the mails of the corpus that it finds anything wrong with.
var verdicts = map[string]string{"not-invites/ses-spam-spf-fail-dmarc-fail.eml": "spf=fail dkim=gray dmarc=fail"}

// TestCorpus mails every request of the corpus to create@, and everything that is none, all at once: the first become events with the
// manifest's title, start and organizer, the others change nothing and end with a reason, which who wrote is told if an answer may go there.
func TestCorpus(t *testing.T) {
	folder := filepath.Join(stacktest.Root(t), "..", "shared", "corpus")
	data, err := os.ReadFile(filepath.Join(folder, "MANIFEST.json"))
	if err != nil {
		t.Skipf("the corpus is not here: %v", err)
	}
	var manifest struct{ Files []corpusFile }
	if err := json.Unmarshal(data, &manifest); err != nil {
		t.Fatal(err)
	}
	var names []string
	conversations := map[string][]corpusFile{} // mails about the same event of the same organizer go one after the other
	for _, f := range manifest.Files {
		if strings.HasSuffix(f.File, ".eml") && slices.Contains([]string{"requests", "publish", "not-invites"}, f.Kind) {
			key := f.File
			if f.Expect.UID != nil && f.Expect.From != nil {
				key = *f.Expect.UID + *f.Expect.From
			}
			conversations[key] = append(conversations[key], f)
			names = append(names, f.File)
		}
	}
	for name := range otherwise {
		if !slices.Contains(names, name) {
			t.Errorf("the corpus has no %s", name)
		}
	}

	s := start(t, stacktest.Env("EVENT_LIMIT", "0"), stacktest.Env("ANSWER_CAP", "0"))
	var mu sync.Mutex
	found := map[string]ending{}
	t.Run("mail", func(t *testing.T) {
		for _, files := range conversations {
			t.Run(files[0].File, func(t *testing.T) {
				t.Parallel()
				for _, f := range files {
					got := s.on(t).corpusMail(folder, f)
					mu.Lock()
					found[f.File] = got
					mu.Unlock()
				}
			})
		}
	})

	answers := 0
	for _, name := range names {
		got, want := found[name], registered
		if special, ok := otherwise[name]; ok {
			want = special
		}
		told := ""
		if got.answered {
			told = "told"
			answers++
		}
		t.Logf("%-52s %-15s %-23s %s", name, got.state, got.reason, told)
		if got != want {
			t.Errorf("%s ends in %+v, want %+v", name, got, want)
		}
	}
	if sent := len(s.Sent("")); sent != answers {
		t.Errorf("%d mails were sent, %d executions tell of one", sent, answers)
	}
}

// corpusMail mails a file and returns what became of it.
func (s *system) corpusMail(folder string, f corpusFile) ending {
	s.t.Helper()
	raw, err := os.ReadFile(filepath.Join(folder, f.File))
	if err != nil {
		s.t.Fatal(err)
	}
	if v := verdicts[f.File]; v != "" {
		raw = with(raw, "X-Local-Verdicts: "+v)
	}
	sender := "somebody@example.org"
	if f.Expect.ReturnPath != nil {
		sender = *f.Expect.ReturnPath
	}
	x := s.mail(sender, raw)
	got := ending{state: x.States[len(x.States)-1].Name, reason: s.reason(x)}
	if x.Status != "SUCCEEDED" {
		s.t.Errorf("%s: %s: %s %s", f.File, x.Status, x.Error, x.Cause)
	}
	if answer, ok := s.answer(x); ok {
		got.answered = true
		if f.Expect.From == nil || !slices.Equal(answer.To, []string{strings.ToLower(*f.Expect.From)}) {
			s.t.Errorf("%s: the answer goes to %v", f.File, answer.To)
		}
	}
	if got == registered {
		s.isAsStated(x.Name, f)
	} else if a := s.Get("/event/" + x.Name); a.Status != 404 {
		s.t.Errorf("%s: an event all the same: %d %s", f.File, a.Status, a.Body)
	}
	return got
}

// answer is the mail that an execution sent back.
func (s *system) answer(x states.Execution) (outbox.Sent, bool) {
	s.t.Helper()
	var out struct {
		Notified struct {
			Done struct {
				SESMessageID string `json:"ses_message_id"`
			}
		}
	}
	if err := json.Unmarshal(x.Output, &out); err != nil {
		s.t.Fatal(err)
	}
	if out.Notified.Done.SESMessageID == "" {
		return outbox.Sent{}, false
	}
	sent, ok, err := s.Outbox.Get(out.Notified.Done.SESMessageID)
	if err != nil || !ok {
		s.t.Fatalf("the answer %s was not sent: %v", out.Notified.Done.SESMessageID, err)
	}
	return sent, true
}

// isAsStated holds the registered event against the manifest.
func (s *system) isAsStated(uid string, f corpusFile) {
	s.t.Helper()
	got, want := s.event(uid), f.Expect
	if want.From == nil || got.MailTo != strings.ToLower(*want.From) {
		s.t.Errorf("%s: organizer is %q", f.File, got.MailTo)
	}
	if want.Summary != nil && strings.TrimSpace(got.Summary) != strings.TrimSpace(*want.Summary) {
		s.t.Errorf("%s: summary is %q, want %q", f.File, got.Summary, *want.Summary)
	}
	if start := want.DTStart; start != nil && start.Epoch != nil && start.Disputed == nil && got.DTStart != *start.Epoch {
		s.t.Errorf("%s: starts at %d, want %d", f.File, got.DTStart, *start.Epoch)
	}
	event, _ := s.records(uid)
	if want.UID != nil && event.OriginalUID != *want.UID {
		s.t.Errorf("%s: original UID is %q, want %q", f.File, event.OriginalUID, *want.UID)
	}
}
