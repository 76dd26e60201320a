package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
)

// corpusFile is what the corpus's manifest says about a mail, as far as a server shows it at its doors.
type corpusFile struct {
	File, Kind string
	Expect     struct {
		From    *string
		Summary *string
		DTStart *struct {
			Epoch    *int64
			AllDay   bool `json:"all_day"`
			Disputed json.RawMessage
		}
	}
}

// ending is how an execution ends, and why when it does nothing.
type ending struct{ state, reason string }

// otherwise holds the requests of the corpus that make no new event, each by the letter of spec §2 or §3.
var otherwise = map[string]ending{
	"requests/gmail-list-invite.eml":                  {"NothingToDo", "precedence"}, // Precedence: list
	"requests/gmail-list-invite-updated.eml":          {"NothingToDo", "precedence"},
	"requests/exchange-online-series-teams.eml":       {"NothingToDo", "precedence"},
	"publish/zoom-publish-forwarded.eml":              {"NothingToDo", "precedence"},
	"requests/exchange2003-cdo-display-name-tzid.eml": {"NothingToDo", "no-from"},
	"requests/thunderbird-single-update-major.eml":    {"EventUpdated", ""}, // the same UID as thunderbird-single.eml
	"requests/thunderbird-repeat.eml":                 {"NothingToDo", ""},  // likewise, and older
	"requests/thunderbird-repeat-exception.eml":       {"EventUpdated", ""},
}

// TestCorpus mails every request of the corpus to create@, and everything that is none: the first become events with the
// manifest's title, start and organizer, the others change nothing and end with a reason.
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
	s := start(t, stacktest.Env("EVENT_LIMIT", "0"), stacktest.Env("ANSWER_CAP", "0"))
	for _, file := range manifest.Files {
		if !strings.HasSuffix(file.File, ".eml") || file.Kind != "requests" && file.Kind != "publish" && file.Kind != "not-invites" {
			continue
		}
		t.Run(file.File, func(t *testing.T) {
			s := s.on(t)
			raw, err := os.ReadFile(filepath.Join(folder, file.File))
			if err != nil {
				t.Fatal(err)
			}
			x := s.mail("sender@example.org", raw)
			last := x.States[len(x.States)-1].Name
			t.Logf("%-60s %-16s %s", file.File, last, s.reason(x))
			if x.Status != "SUCCEEDED" {
				t.Fatalf("%s: %s %s", x.Status, x.Error, x.Cause)
			}
			if file.Kind == "not-invites" {
				if last != "NothingToDo" && last != "RequestRefused" || s.reason(x) == "" {
					t.Errorf("ends in %s with reason %q", last, s.reason(x))
				}
				return
			}
			want, found := otherwise[file.File]
			if !found {
				want = ending{"EventCreated", ""}
			}
			if got := (ending{last, s.reason(x)}); got != want {
				t.Fatalf("ends in %+v, want %+v", got, want)
			}
			if !found {
				s.isAsStated(x.Name, file)
			}
		})
	}
}

// isAsStated holds the registered event against the manifest.
func (s *system) isAsStated(uid string, file corpusFile) {
	s.t.Helper()
	got, want := s.event(uid), file.Expect
	if want.From != nil && got.MailTo != strings.ToLower(*want.From) {
		s.t.Errorf("organizer is %q, want %q", got.MailTo, *want.From)
	}
	if want.Summary != nil && strings.TrimSpace(got.Summary) != strings.TrimSpace(*want.Summary) {
		s.t.Errorf("summary is %q, want %q", got.Summary, *want.Summary)
	}
	if start := want.DTStart; start != nil && start.Epoch != nil && start.Disputed == nil && got.DTStart != *start.Epoch {
		s.t.Errorf("starts at %d, want %d", got.DTStart, *start.Epoch)
	}
}
