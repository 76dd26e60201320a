package invite_test

import (
	"fmt"
	"testing"

	"github.com/calendarinvite/calendarinviteserver/internal/invite"
)

func (w *world) preview(b invite.BatchRequest, remaining int) []invite.SentRow {
	w.t.Helper()
	rows, err := w.Service.Preview(w.t.Context(), b, remaining)
	if err != nil {
		w.t.Fatal(err)
	}
	return rows
}

// A preview says what the sending then does, and neither changes nor mails nor tells anything.
func TestPreviewIsWhatIsSent(t *testing.T) {
	w := newWorld(t)
	event := w.Create()
	w.Block(invite.Block{Attendee: "blocker@example.com", Organizer: owner, By: invite.ByLink, At: 1}, true)
	w.Invite(event, "invited@example.com")
	w.Invite(event, "decliner@example.com")
	w.Answer(w.Reply(event, "decliner@example.com", "DECLINED"))
	w.mails.take(t)
	w.facts.take()
	before := w.Event(event.UID)

	b := list("list-1", event, "no address", "Fresh@Example.com", "fresh@example.com", "blocker@example.com", "invited@example.com", "decliner@example.com", ada)
	b.Items = append(b.Items, invite.BatchItem{Row: 99, UID: "unknown", Email: "fresh@example.com"})
	b.Origin = invite.OriginDashboard
	foresaw := w.preview(b, -1)
	expect(t, "preview", []string{
		"invalid bad-address", "ready", "invalid duplicate", "blocked blocked", "already", "already", "invalid organizer", "invalid unknown-event",
	}, words(foresaw))
	expect(t, "mails", []string{}, w.mails.take(t))
	expect(t, "facts", 0, len(w.facts.take()))
	expect(t, "event", before, w.Event(event.UID))
	expect(t, "record", "", w.Attendee(event, "fresh@example.com").Email)
	w.Check()

	for i, row := range w.send(b) {
		want := foresaw[i]
		if want.Result == invite.RowReady {
			want.Result = invite.RowSent
		}
		row.SESMessageID = ""
		expect(t, "sent", want, row)
	}
}

// A list that nobody may send is all refused beforehand.
func TestPreviewWithoutPermission(t *testing.T) {
	w := newWorld(t)
	event := w.Create()
	b := list("list-1", event, "bob@example.com")
	expect(t, "a mailed list", []string{"invalid no-bulk-permission"}, words(w.preview(b, -1)))
	b.Origin = invite.OriginDashboard
	expect(t, "the dashboard's", []string{"ready"}, words(w.preview(b, -1)))
	if err := w.Store.SetStanding(t.Context(), owner, invite.Suspended, true, 1); err != nil {
		t.Fatal(err)
	}
	expect(t, "suspended", []string{"invalid suspended"}, words(w.preview(b, -1)))
}

// The rows that come first get what is left of the limit, also where the list is many batches long; a person stands in it once.
func TestPreviewOfALongList(t *testing.T) {
	w := newWorld(t)
	event := w.Create()
	w.Invite(event, "guest00003@example.com")
	var people []string
	for i := range 20 * invite.MaxBatch {
		people = append(people, fmt.Sprintf("guest%05d@example.com", i))
	}
	people = append(people, people[0])
	b := list("list-1", event, people...)
	b.Origin = invite.OriginDashboard
	const remaining = 15 * invite.MaxBatch
	w.calls.take()
	rows := w.preview(b, remaining)
	expect(t, "calls", map[string]int{"BatchGetItem": 40}, w.calls.take())
	counted := map[invite.BatchResult]int{}
	ready := 0
	for i, row := range rows {
		counted[row.Result]++
		want := invite.RowReady
		switch {
		case i == len(people)-1:
			want = invite.RowInvalid
		case i == 3:
			want = invite.RowAlready
		case ready == remaining:
			want = invite.RowLimit
		}
		if row.Result != want || row.Row != i+2 || row.Email != people[i] {
			t.Fatalf("row %d: %+v, want %s", i, row, want)
		}
		if want == invite.RowReady {
			ready++
		}
	}
	expect(t, "results", map[invite.BatchResult]int{
		invite.RowReady: remaining, invite.RowAlready: 1, invite.RowLimit: 20*invite.MaxBatch - remaining - 1, invite.RowInvalid: 1,
	}, counted)
}
