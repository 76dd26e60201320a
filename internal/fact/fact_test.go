package fact_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/calendarinvite/calendarinviteserver/internal/fact"
)

var update = flag.Bool("update", false, "write the examples in docs/events.md anew")

// examples are one fact of each type: those of docs/events.md.
func examples() []fact.Fact {
	const (
		uid   = "0k3oq8hmvn6hlb5p9qjfe2u1r4c7d8s9t0a1b2c3"
		ada   = "ada@organizer.example"
		bob   = "bob@example.com"
		at    = 1_772_442_000
		start = 1_775_034_000
	)
	created := fact.Event{
		UID: uid, OriginalUID: "8f5a@organizer.example", Organizer: ada, Name: "Ada Ng", Status: "confirmed", Summary: "Planning & <lunch>", Location: "Room 1",
		DTStart: start, DTEnd: start + 3600, TZID: "Europe/Vienna", RRule: "FREQ=DAILY;COUNT=5",
	}
	updated := created
	updated.Sequence, updated.Location, updated.Change, updated.Instances = 1, "Room 2", "details", []string{"20260402T090000Z"}
	cancelled := created
	cancelled.Sequence, cancelled.Status, cancelled.Change = 2, "cancelled", "cancelled"
	data := map[fact.Type]any{
		fact.EventCreated: created, fact.EventUpdated: updated, fact.EventCancelled: cancelled,
		fact.InviteSent: fact.Invites{UID: uid, Organizer: ada, Invites: []fact.Invite{
			{Attendee: bob, Name: "Bob", Origin: "bulk", SESMessageID: "0100019c-1"}, {Attendee: "cat@example.com", Origin: "bulk", SESMessageID: "0100019c-2"},
		}},
		fact.InviteRefused: fact.Invites{UID: uid, Organizer: ada, Invites: []fact.Invite{{Attendee: bob, Origin: "webform", Reason: "blocked"}}},
		fact.RSVPChanged: fact.RSVP{
			UID: uid, Organizer: ada, Attendee: bob, Status: "accepted", Previous: "noaction", Grade: "proven", Channel: "mail",
			RecurrenceID: "20260402T090000Z", Comment: "Looking forward to it",
		},
		fact.AttendeeBounced: fact.Bounce{
			UID: uid, Organizer: ada, Attendee: bob, Type: "Permanent", Subtype: "General", Diagnostic: "smtp; 550 5.1.1 user unknown", Final: true,
		},
		fact.OrganizerBlocked:  fact.Block{Attendee: bob, Organizer: ada, By: "link"},
		fact.OrganizerUnblock:  fact.Block{Attendee: bob, Organizer: ada, By: "link"},
		fact.OrganizerEnrolled: fact.Enrollment{Organizer: ada, Product: "Pro", Order: "820982911946154508"},
	}
	var all []fact.Fact
	for _, t := range fact.Types() {
		all = append(all, fact.New(t, "default", at, data[t], uid, "1"))
	}
	return all
}

// The page that others rely on shows each fact exactly as it is told.
func TestDocument(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "events.md")
	document, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := string(document)
	for _, f := range examples() {
		want = withExample(t, want, f)
	}
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, string(document)); diff != "" {
		t.Errorf("docs/events.md differs from the facts (go test ./internal/fact -update):\n%s", diff)
	}
	if sections := strings.Count(want, "\n### "); sections != len(fact.Types()) {
		t.Errorf("%d sections for %d types", sections, len(fact.Types()))
	}
}

// withExample is the document with the fact as the example of its section.
func withExample(t *testing.T, document string, f fact.Fact) string {
	t.Helper()
	const fence, end = "```json\n", "```\n"
	heading, after, found := strings.Cut(document, "### `"+string(f.Type)+"`\n")
	text, rest, fenced := strings.Cut(after, fence)
	_, rest, closed := strings.Cut(rest, end)
	if !found || !fenced || !closed {
		t.Fatalf("docs/events.md has no example of %s", f.Type)
	}
	var example bytes.Buffer
	encoder := json.NewEncoder(&example)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(f); err != nil {
		t.Fatal(err)
	}
	return heading + "### `" + string(f.Type) + "`\n" + text + fence + example.String() + end + rest
}

func TestID(t *testing.T) {
	id := func(t fact.Type, key ...string) string { return fact.New(t, "default", 1, nil, key...).ID }
	same := id(fact.EventUpdated, "uid", "1")
	if again := fact.New(fact.EventUpdated, "default", 2, "other data", "uid", "1").ID; again != same {
		t.Errorf("told again: %s, then %s", same, again)
	}
	seen := map[string]bool{same: true}
	for _, other := range []string{
		id(fact.EventUpdated, "uid", "2"), id(fact.EventCreated, "uid", "1"), id(fact.EventUpdated, "uid1"), id(fact.EventUpdated, "ui", "d1"), id(fact.EventUpdated),
	} {
		if seen[other] || !strings.HasPrefix(other, "fact_") || len(other) != len("fact_")+32 {
			t.Errorf("%s", other)
		}
		seen[other] = true
	}
}
