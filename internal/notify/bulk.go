package notify

import (
	"strings"
	"time"
)

// BulkInvites tells the sender of a CSV list what became of it. Every row is attached as a CSV file, or, where that is too large for a mail, there for
// download.
type BulkInvites struct {
	Mailto        string
	Events        []BulkEvent
	Rows          int       // of the list, without its header
	File          string    // the name of the file with every row's outcome
	Download      string    // link to the file; empty = it is attached
	DownloadUntil time.Time // when the link expires
}

// BulkEvent is what became of a list's rows for one event. Rows of the list that no event counts are those that name none of the sender's: they are told as
// invalid.
type BulkEvent struct {
	Summary string
	UID     string
	Sent    int
	Already int // invited before
	Blocked int // the guest wants no invitations from the organizer
	Invalid int // no address, a repeated row, no such event, or one that is over
	Limit   int // over the event's limit of invites
	Failed  int // by our fault
}

// maxBulkEvents is how many events the mail shows. With more, it would come near the size at which Gmail cuts mails off (102 KB); the file has them all.
const maxBulkEvents = 50

// Kind implements Notification.
func (n BulkInvites) Kind() Kind { return KindBulkInvites }

func (n BulkInvites) fill(v values, _ Settings) error {
	var total BulkEvent
	for i, event := range n.Events {
		total.add(event)
		if i < maxBulkEvents {
			item := v.item("events")
			item.line("summary", firstOf(event.Summary, untitled))
			item.line("uid", event.UID)
			event.counts(item)
		}
	}
	strays := max(n.Rows-total.rows(), 0)
	total.Invalid += strays
	v.line("mailto", n.Mailto)
	v.count("rows", n.Rows)
	total.counts(v)
	v.some("strays", strays)
	v.some("unsent", total.rows()-total.Sent-total.Already)
	v.some("more_events", max(len(n.Events)-maxBulkEvents, 0))
	v.line("file", n.File)
	v.moment("download_until", n.DownloadUntil)
	return v.link("download", n.Download)
}

func (e *BulkEvent) add(event BulkEvent) {
	e.Sent += event.Sent
	e.Already += event.Already
	e.Blocked += event.Blocked
	e.Invalid += event.Invalid
	e.Limit += event.Limit
	e.Failed += event.Failed
}

func (e BulkEvent) rows() int { return e.Sent + e.Already + e.Blocked + e.Invalid + e.Limit + e.Failed }

// counts adds the counts. Of what was sent, 0 is told, too.
func (e BulkEvent) counts(v values) {
	v.count("sent", e.Sent)
	v.some("already", e.Already)
	v.some("blocked", e.Blocked)
	v.some("invalid", e.Invalid)
	v.some("limit", e.Limit)
	v.some("failed", e.Failed)
}

// BulkFailed tells the sender of a CSV list why it could not be used, and what to do. It is for who may send lists: nobody else is answered.
type BulkFailed struct {
	Mailto  string
	Summary string // the file's name, else the mail's subject; may be empty
	Reason  string // the reason word of the error (fault.ReasonOf)
	Public  string // its public sentence (fault.PublicOf), for a word that this package has no text for
}

// Kind implements Notification.
func (n BulkFailed) Kind() Kind { return KindBulkFailed }

func (n BulkFailed) fill(v values, s Settings) error {
	e := bulkReasons.explain(n.Reason, n.Public)
	v.line("mailto", n.Mailto)
	v.line("summary", n.Summary)
	v.line("reason", e.reason)
	v.block("advice", strings.ReplaceAll(e.advice, "{bulk}", firstOf(s.Bulk, "us")))
	return nil
}
