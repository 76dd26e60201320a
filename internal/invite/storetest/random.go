package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
)

// RunRandom plays random histories of an event (invitations one by one and in batches, answers early and late, repeats, crashes, marks of
// what was sent, bounces, blocks, revisions, cancellations) against new stores, and checks after each step that every statistic equals the attendee records.
func RunRandom(t *testing.T, open func(t *testing.T) invite.Store) {
	rapid.Check(t, func(r *rapid.T) {
		h := history{World: NewWorld(r, open(t))}
		h.Reconfigure(func(c *invite.Config) { c.EventInviteLimit = rapid.IntRange(0, 12).Draw(r, "invite limit") })
		h.event = h.Create("RRULE:FREQ=WEEKLY;COUNT=9")
		h.other = h.CreateAt("elsewhere", "UID:other")
		r.Repeat(map[string]func(*rapid.T){
			"invite":      h.invite,
			"crash":       h.crash,
			"batch":       h.batch,
			"mark":        h.mark,
			"bounce":      h.bounce,
			"block":       h.block,
			"answer":      h.answer,
			"repeat":      h.repeat,
			"revise":      h.revise,
			"cancel":      h.cancel,
			"time passes": func(r *rapid.T) { h.Clock.Pass(time.Duration(rapid.IntRange(1, 600).Draw(r, "seconds")) * time.Second) },
			"":            func(*rapid.T) { h.check() },
		})
	})
}

// history is one random history.
type history struct {
	*World
	event     invite.Event
	other     invite.Event // of the same organizer at another tenant
	replies   []invite.Reply
	requests  []invite.InviteRequest
	revisions int
}

var people = []string{"ann@example.com", "bob@example.com", "cat@example.com", "dan@example.com", "eve@example.com"}

func (h *history) person(r *rapid.T, what string) string {
	return rapid.SampledFrom(people).Draw(r, what)
}

func (h *history) invite(r *rapid.T) {
	h.requests = append(h.requests, invite.InviteRequest{
		ID: h.mailID(), UID: h.event.UID, Email: h.person(r, "invited"), Origin: rapid.SampledFrom([]string{"api", "webform", invite.OriginTest}).Draw(r, "origin"),
	})
	h.InviteAs(h.requests[len(h.requests)-1])
}

// crash is an invitation that dies at the mail; repeat may run it again.
func (h *history) crash(r *rapid.T) {
	left := rapid.Bool().Draw(r, "mail left")
	h.Mails.Fail = func(invite.Outgoing) (bool, error) {
		return left, fault.Wrap(fault.Unavailable, "test", errors.New("gone"))
	}
	defer func() { h.Mails.Fail = nil }()
	request := invite.InviteRequest{ID: h.mailID(), UID: h.event.UID, Email: h.person(r, "invited")}
	h.requests = append(h.requests, request)
	verified := must(h.Service.Verify(h.ctx(), request))(r)
	if !verified.Verified {
		return
	}
	if _, err := h.Service.Send(h.ctx(), verified.Request, verified.Event); err != nil && fault.KindOf(err) != fault.Unavailable {
		r.Fatal(err)
	}
}

func (h *history) answer(r *rapid.T) {
	event := h.Event(h.event.UID)
	attendee := h.person(r, "attendee")
	reply := invite.Reply{
		MessageID: h.mailID(), UID: event.UID, Attendee: attendee, From: attendee, Authenticated: true,
		PartStat: rapid.SampledFrom([]string{"ACCEPTED", "DECLINED", "TENTATIVE", "NEEDS-ACTION", "DELEGATED"}).Draw(r, "partstat"),
		DTStamp:  h.Clock.Now().Unix() + int64(rapid.IntRange(-3, 3).Draw(r, "dtstamp")), Sequence: rapid.IntRange(0, event.Sequence+1).Draw(r, "sequence"),
		ProdID: rapid.SampledFrom([]string{"", "Outlook", "Google"}).Draw(r, "prodid"),
	}
	if rapid.Bool().Draw(r, "token") {
		reply.Invited, reply.Generation = h.person(r, "token of"), rapid.IntRange(1, 2).Draw(r, "generation")
	}
	if rapid.IntRange(0, 3).Draw(r, "instance") == 0 {
		reply.RecurrenceID = "20260408T090000Z"
	}
	h.replies = append(h.replies, reply)
	h.Answer(reply)
}

// batch invites several people at once, to the event as it stands or stood; at the limit, as many as there may be.
func (h *history) batch(r *rapid.T) {
	event := h.Event(h.event.UID)
	if rapid.IntRange(0, 4).Draw(r, "old revision") == 0 {
		event = h.event
	}
	emails := rapid.SliceOfNDistinct(rapid.SampledFrom(people), 1, len(people), rapid.ID).Draw(r, "invited together")
	result := h.InviteBatch(h.Batch(event, h.mailID(), emails...))
	switch result.State {
	case invite.InviteLimit:
		if result.Remaining >= len(emails) || result.Remaining < 0 {
			r.Errorf("%d may be invited, and %d were refused", result.Remaining, len(emails))
		}
		rest := h.Batch(event, h.mailID(), emails[:result.Remaining]...)
		expect(r, "as many as there may be", invite.InvitedBatch{State: invite.InviteRecorded}, h.InviteBatch(rest))
	case invite.InviteChanged:
		if now := h.Event(event.UID); !now.Cancelled() && now.Sequence == event.Sequence {
			r.Errorf("the event is still at revision %d", now.Sequence)
		}
	case invite.InviteRecorded:
	default:
		r.Errorf("batch: %s", result.State)
	}
}

// mark notes what was sent to several people, right or wrong.
func (h *history) mark(r *rapid.T) {
	event := h.Event(h.event.UID)
	var invited []invite.InviteMark
	var updated []invite.UpdateMark
	for _, email := range people {
		known := h.Attendee(event, email)
		invited = append(invited, invite.InviteMark{
			UID: event.UID, Email: email, RequestID: known.RequestID, Generation: known.Generation + rapid.IntRange(0, 1).Draw(r, "generation"), SESMessageID: "ses", At: 1,
		})
		updated = append(updated, invite.UpdateMark{
			UID: event.UID, Email: email, Sequence: rapid.IntRange(0, event.Sequence).Draw(r, "told"), Rescheduled: event.Rescheduled, SESMessageID: "ses", At: 2,
		})
	}
	if err := h.Store.MarkInvited(h.ctx(), invited); err != nil {
		r.Fatal(err)
	}
	if err := h.Store.MarkUpdated(h.ctx(), updated); err != nil {
		r.Fatal(err)
	}
}

// bounce gives mail to somebody up, or tries it again.
func (h *history) bounce(r *rapid.T) {
	attendee := h.Attendee(h.event, h.person(r, "bounced"))
	if attendee.Version == 0 {
		return
	}
	change := invite.Statistics{}
	if attendee.Undeliverable == "" {
		attendee.Undeliverable = rapid.SampledFrom([]invite.Undeliverable{invite.HardBounce, invite.Rejected, invite.Complained}).Draw(r, "why")
		if attendee.Undeliverable != invite.Complained {
			change.Bounced = 1
		}
	} else {
		if attendee.Undeliverable != invite.Complained {
			change.Bounced = -1
		}
		attendee.Undeliverable = ""
	}
	if rapid.IntRange(0, 3).Draw(r, "overtaken") == 0 {
		attendee.Version--
		if err := h.Store.Amend(h.ctx(), attendee, change); !errors.Is(err, invite.ErrEventChanged) {
			r.Fatalf("an old version was amended: %v", err)
		}
		return
	}
	if err := h.Store.Amend(h.ctx(), attendee, change); err != nil {
		r.Fatal(err)
	}
}

func (h *history) block(r *rapid.T) {
	block := invite.Block{Attendee: h.person(r, "blocker"), Organizer: ada, By: invite.ByLink, At: h.Clock.Now().Unix()}
	switch rapid.IntRange(0, 2).Draw(r, "from") {
	case 0:
		block.UID = h.event.UID
	case 1:
		block.UID, block.Organizer = h.other.UID, h.other.Owner()
	}
	h.Block(block, rapid.Bool().Draw(r, "on"))
}

// repeat runs a step once more that ran before: an answer or an invitation.
func (h *history) repeat(r *rapid.T) {
	if len(h.replies) > 0 && rapid.Bool().Draw(r, "answer") {
		h.Answer(rapid.SampledFrom(h.replies).Draw(r, "reply"))
	} else if len(h.requests) > 0 {
		h.InviteAs(rapid.SampledFrom(h.requests).Draw(r, "request"))
	}
}

func (h *history) revise(r *rapid.T) {
	h.revisions++
	line := rapid.SampledFrom([]string{"DTSTART:202604%02dT080000Z", "SUMMARY:Title %02d", "LOCATION:Room %02d"}).Draw(r, "change")
	request := h.Request(organizer, Meeting("RRULE:FREQ=WEEKLY;COUNT=9", fmt.Sprintf("SEQUENCE:%d", h.revisions), fmt.Sprintf(line, 1+h.revisions%28)))
	for range rapid.IntRange(1, 2).Draw(r, "runs") {
		if _, err := h.Service.UpdateEvent(h.ctx(), h.event.UID, request); err != nil && fault.ReasonOf(err) != invite.ReasonEventCancelled {
			r.Fatal(err)
		}
	}
}

// cancel is rare: little happens after it.
func (h *history) cancel(r *rapid.T) {
	if rapid.IntRange(0, 9).Draw(r, "really") != 0 {
		return
	}
	h.revisions++
	must(h.Service.CancelEvent(h.ctx(), h.event.UID, h.Request(organizer, Meeting("METHOD:CANCEL", fmt.Sprintf("SEQUENCE:%d", h.revisions)))))(r)
}

// check compares everything that must agree.
func (h *history) check() {
	h.Check()
	_, counts, err := h.Store.Statistics(h.ctx(), h.event.UID)
	if err != nil {
		h.t.Fatal(err)
	}
	if limit := h.event.InviteLimit; limit > 0 && counts.Invites > limit {
		h.t.Errorf("%d invitations, the limit is %d", counts.Invites, limit)
	}
	for status, n := range counts.RSVP {
		if n < 0 {
			h.t.Errorf("%d attendees %s", n, status)
		}
	}
}
