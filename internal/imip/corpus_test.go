package imip

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/ical"
)

// disputed lists values of the corpus that we are sure are wrong: file, field, why.
var disputed = map[[2]string]string{}

// notInvites says which refusal each of the corpus's not-invites must get.
var notInvites = map[string]string{
	"tnef-small.eml":                        ReasonTNEF,
	"tnef-richtext.eml":                     ReasonTNEF,
	"dsn-gmail.eml":                         ReasonDeliveryReport,
	"dsn-postfix.eml":                       ReasonDeliveryReport,
	"dsn-returning-our-own-invite.eml":      ReasonDeliveryReport,
	"auto-reply-vacation.eml":               ReasonAutoReply,
	"auto-reply-mimecast.eml":               ReasonAutoReply,
	"mdn-read-receipt.eml":                  ReasonReceipt,
	"malformed-1.eml":                       ReasonNoCalendar,
	"exchange-counter-truncated-base64.eml": ReasonBroken,
	"ics-in-headers-empty-body.eml":         ReasonBroken,
	"calendar-without-vevent.eml":           ReasonNoEvent,
	"ses-spam-spf-fail-dmarc-fail.eml":      ReasonNoCalendar,
	"ses-outlook-com-plain.eml":             ReasonNoCalendar,
	"ses-setup-notification.eml":            ReasonSetupNotice,
}

// corpusDir is the folder of real mails; without it the test is skipped.
func corpusDir(tb testing.TB) string {
	tb.Helper()
	dir, err := findCorpus()
	if err != nil {
		tb.Skip("the corpus of real mails is not here: ", err)
	}
	return dir
}

// findCorpus finds the collection of real mails beside the repository.
func findCorpus() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir != filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		dir = filepath.Dir(dir)
	}
	corpus := filepath.Join(dir, "..", "shared", "corpus")
	_, err = os.Stat(corpus)
	return corpus, err
}

type corpusFile struct {
	File   string
	Kind   string
	Expect map[string]any
}

func readManifest(tb testing.TB, dir string) []corpusFile {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "MANIFEST.json"))
	if err != nil {
		tb.Fatal(err)
	}
	var manifest struct{ Files []corpusFile }
	if err := json.Unmarshal(data, &manifest); err != nil {
		tb.Fatal(err)
	}
	return manifest.Files
}

// TestCorpus reads every real mail and calendar and compares every value that the manifest states.
func TestCorpus(t *testing.T) {
	dir := corpusDir(t)
	var table strings.Builder
	tab := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tab, "file\tfields compared\tfields wrong\t")
	csv, files, fields, wrong := 0, 0, 0, 0
	for _, f := range readManifest(t, dir) {
		if f.Kind == "csv" {
			csv++
			continue
		}
		files++
		t.Run(f.File, func(t *testing.T) {
			raw, err := os.ReadFile(filepath.Join(dir, f.File))
			if err != nil {
				t.Fatal(err)
			}
			c := comparison{t: t, file: f.File}
			if strings.HasSuffix(f.File, ".ics") {
				c.compareICS(raw, f.Expect)
			} else {
				c.compareMail(raw, f.Expect)
			}
			fmt.Fprintf(tab, "%s\t%d\t%s\t\n", f.File, c.compared, strings.Join(c.wrong, " "))
			fields += c.compared
			wrong += len(c.wrong)
		})
	}
	tab.Flush()
	t.Logf("\n%s%d files, %d fields compared, %d wrong, %d disputed; %d contact lists are not mail and belong to package bulk",
		table.String(), files, fields, wrong, len(disputed), csv)
}

// comparison compares what was read from one file with what its manifest entry states.
type comparison struct {
	t        *testing.T
	file     string
	compared int
	wrong    []string
}

func (c *comparison) check(field string, got, want any) {
	c.compared++
	if equalFacts(field, got, want) {
		return
	}
	if why := disputed[[2]string{c.file, field}]; why != "" {
		c.t.Logf("disputed: %s: %s", field, why)
		return
	}
	c.wrong = append(c.wrong, field)
	c.t.Errorf("%s:\n got %s\nwant %s", field, toJSON(got), toJSON(want))
}

// compareMail compares the mail's own facts, then its calendar's.
func (c *comparison) compareMail(raw []byte, expect map[string]any) {
	m, err := Read(raw, Limits{})
	if err != nil {
		c.t.Fatal(err)
	}
	facts := mailFacts(m)
	part, refusal := m.Calendar()
	if part != nil {
		for field, value := range partFacts(m, part) {
			facts[field] = value
		}
	} else {
		facts["action"], facts["is_invite"] = "none", false
	}
	for field, want := range expect {
		switch field {
		case "notes", "lenient", "lenient_note", "accept_refusal", "refusal_note": // remarks, and what is right besides
		case "reason":
			c.check(field, fault.ReasonOf(refusal), notInvites[filepath.Base(c.file)])
			if fault.KindOf(refusal) != fault.InvalidRequest || publicReasons[fault.ReasonOf(refusal)] == "" {
				c.t.Errorf("refusal %v has no sentence for people", refusal)
			}
		case "calendar_inside_that_must_not_be_acted_on":
			c.checkInside(m, want.(map[string]any))
		default:
			got, known := facts[field]
			if !known {
				c.t.Errorf("refused (%v), or no value for field %q of the manifest", refusal, field)
			}
			c.check(field, got, want)
		}
	}
}

// checkInside compares the calendar that is in the message but must not speak.
func (c *comparison) checkInside(m *Message, want map[string]any) {
	if len(m.Calendars) == 0 {
		c.check("calendar_inside", nil, want)
		return
	}
	p := &m.Calendars[0]
	c.check("calendar_inside.calendar_part", partPlace(p), want["calendar_part"])
	text, _ := ical.DecodeText(p.Body, p.Params["charset"])
	cal, err := ical.Read(text, ical.Limits{})
	if err != nil {
		c.check("calendar_inside.n_components", 0, want["n_components"])
		return
	}
	c.check("calendar_inside.n_components", len(cal.Events()), want["n_components"])
	if method, ok := want["method"]; ok {
		c.check("calendar_inside.method", cal.Method(), method)
	}
	if uid, ok := want["uid"]; ok {
		e, _ := cal.Main()
		c.check("calendar_inside.uid", e.UID(), uid)
	}
}

func (c *comparison) compareICS(raw []byte, expect map[string]any) {
	text, charset := ical.DecodeText(raw, "")
	cal, err := ical.Read(text, ical.Limits{})
	if err != nil {
		c.t.Fatal(err)
	}
	facts := calendarFacts(cal, cal.Method())
	facts["container"], facts["charset_used"] = "ics", charset
	for field, want := range expect {
		switch field {
		case "notes", "lenient", "lenient_note", "accept_refusal", "refusal_note":
			continue
		}
		if lenient, ok := expect["lenient"].(map[string]any); ok && holds(lowerEmails(normalise(facts[field])), lowerEmails(lenient[field])) {
			want = facts[field]
		}
		c.check(field, facts[field], want)
	}
}
