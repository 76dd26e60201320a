package invite

import (
	"context"
	"strings"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/ical"
	"github.com/calendarinvite/calendarinviteserver/internal/imip"
	"github.com/calendarinvite/calendarinviteserver/internal/itip"
	"github.com/calendarinvite/calendarinviteserver/internal/mailauth"
	"github.com/calendarinvite/calendarinviteserver/internal/seal"
	"github.com/calendarinvite/calendarinviteserver/internal/when"
)

// Counter is a COUNTER that arrived (RFC 5546 §3.2.7): who proposes, for which event, and what.
type Counter struct {
	Reply    Reply         `json:"reply"`
	Proposal itip.Proposal `json:"proposal"`
}

// readCounter reads the first VEVENT of a COUNTER that holds a proposal, and the answer that comes with it: Gmail sends a Maybe so, and Outlook
// the answer of "Decline and Propose New Time", without a REPLY of its own (field rule 33).
func readCounter(mail Mail, part *imip.CalendarPart, judged mailauth.Judgement, keys *seal.Keys) Incoming {
	said, err := readEvents(mail, part, judged, keys)
	if err != nil {
		return ignore(fault.ReasonOf(err))
	}
	for _, of := range said {
		if p, ok := itip.ProposalOf(of.event); ok && plausible(p.Start) && plausible(p.End) {
			p.DTStamp = of.reply.DTStamp
			p.WasStart, p.WasEnd = ical.Time{}, ical.Time{} // the event itself says what was planned
			if p.Comment == "" {
				p.Comment = of.reply.Comment
			}
			in := Incoming{Action: IncomingCounter, Counter: &Counter{Reply: of.reply, Proposal: p}}
			if itip.StatusOf(of.reply.PartStat) != itip.NoAction {
				in.Replies = []Reply{of.reply}
			}
			return in
		}
	}
	return ignore(ReasonNoProposal)
}

// maxYear is the last year in which somebody may propose to meet: a time must fit JSON (RFC 3339) in every zone.
const maxYear = 9000

func plausible(t ical.Time) bool {
	return t.Wall.Year() <= maxYear && t.At.Year() <= maxYear && t.Wall.Year() > 0 && t.At.Year() > 0
}

// Results of Counter.
const (
	CounterProposed = "proposed" // the organizer is to see it
	CounterIgnored  = "ignored"  // there is nothing to decide; Reason says why
)

// Countered is the outcome of Counter: what the mail to the organizer needs.
type Countered struct {
	Result    string   `json:"result"`
	Reason    string   `json:"reason,omitempty"`
	Known     bool     `json:"known"` // it is an attendee's
	UID       string   `json:"uid,omitempty"`
	Organizer string   `json:"organizer,omitempty"` // the event owner's address
	Event     Event    `json:"event"`               // without its calendar
	Proposal  Proposal `json:"proposal"`
	Grade     Grade    `json:"grade,omitempty"` // how sure we are that it is the attendee's own
}

// Counter keeps a guest's proposal of another time for the organizer, who decides. Only known attendees propose. A proposal against the
// times from before the last reschedule, of the present time, or for an event that is called off leaves nothing to decide (RFC 5546
// §2.1.5, §3.2.7). The newest proposal of a guest for the event, or for an instance, replaces the earlier one. Again with the same
// mail, it changes nothing and answers the same. Two calls.
func (s *Service) Counter(ctx context.Context, c Counter) (Countered, error) {
	from, err := s.knownSender(ctx, c.Reply)
	if err != nil {
		return Countered{}, wrap("counter", err)
	}
	countered := Countered{Result: CounterIgnored, Reason: from.reason, UID: from.event.UID}
	if from.reason != "" {
		return countered, nil
	}
	countered.Known = true
	event := from.event
	calendar, err := event.ReadCalendar()
	if err != nil {
		return Countered{}, fault.Wrap(fault.Internal, "stored-calendar", err)
	}
	outcome, reason := itip.Counter(calendar, occasionOf(event, c.Proposal.Instance), c.Proposal, s.now())
	if outcome != itip.Apply {
		countered.Reason = reason
		return countered, nil
	}
	current, _ := itip.CounteredEvent(calendar, c.Proposal)
	proposal := newProposal(c, event, from.attendee, current, s.now())
	if err := s.store.PutProposal(ctx, proposal); err != nil {
		return Countered{}, wrap("counter", err)
	}
	event.Calendar = nil
	return Countered{Result: CounterProposed, Known: true, UID: event.UID, Organizer: event.MailTo, Event: event, Proposal: proposal, Grade: from.grade}, nil
}

// newProposal is the record of a proposal instead of the event, or the instance, as it is.
func newProposal(c Counter, e Event, a Attendee, current ical.Event, now time.Time) Proposal {
	p := c.Proposal
	proposal := Proposal{
		UID: e.UID, Email: a.Email, Name: a.Name, RecurrenceID: p.Instance, Start: epoch(p.Start), AllDay: p.Start.AllDay, TZID: e.TZID,
		Comment: cut(strings.TrimSpace(p.Comment), maxComment), Sequence: min(p.Sequence, e.Sequence), DTStamp: p.DTStamp,
		At: now.Unix(), MessageID: c.Reply.MessageID, State: ProposalOpen,
	}
	if proposal.Name == "" {
		proposal.Name = cut(oneLine(c.Reply.Name), maxName)
	}
	switch {
	case p.Start.Floating, p.Start.Source == ical.ZoneUnresolved && p.Start.TZID != "":
		proposal.TZID = itip.Floating
	case p.Start.AllDay, e.TZID == itip.Floating:
		proposal.TZID = ""
	}
	proposal.End = proposal.Start
	if end, ok := p.EndFor(current); ok {
		proposal.End = max(proposal.Start, epoch(end))
	}
	for _, field := range p.Changes(current) {
		if field == itip.FieldLocation {
			proposal.Location = cut(oneLine(p.Location), maxLine)
		}
	}
	return proposal
}

// Proposals lists what guests propose for the event in the order of their addresses: at most limit, after the given position ("" = from
// the start); next is "" on the last page.
func (s *Service) Proposals(ctx context.Context, uid, after string, limit int) (page []Proposal, next string, err error) {
	page, next, err = s.store.Proposals(ctx, uid, after, limit)
	return page, next, wrap("list proposals", err)
}

// proposal is one guest's proposal for the event or an instance; a fault NotFound when there is none.
func (s *Service) proposal(ctx context.Context, uid, email, instance string) (Proposal, error) {
	for after := before(email); ; {
		page, next, err := s.store.Proposals(ctx, uid, after, listPage)
		if err != nil {
			return Proposal{}, err
		}
		for _, p := range page {
			if p.Email == email && p.RecurrenceID == instance {
				return p, nil
			}
		}
		if next == "" || page[len(page)-1].Email != email {
			return Proposal{}, fault.New(fault.NotFound, "unknown-proposal", "There is no such proposal.")
		}
		after = next
	}
}

// Results of DeclineProposal.
const (
	DeclinedNow     = "declined"
	DeclinedAlready = "already"
	DeclinedOver    = "over" // the event has changed since; nobody is mailed
)

// Declined is the outcome of DeclineProposal.
type Declined struct {
	Result       string   `json:"result"`
	SESMessageID string   `json:"ses_message_id,omitempty"` // of the DECLINECOUNTER; "" when nothing can be mailed to the guest
	Proposal     Proposal `json:"proposal"`
}

// DeclineProposal tells the guest that the event stays as it is (DECLINECOUNTER, RFC 5546 §3.2.8) with the organizer's words, which may
// be empty, and notes that. Declining again, or when nothing is left to decide, mails nothing; a crash between the mail and the note may mail it twice. A proposal that is
// not there is a fault NotFound; a suspended organizer's decision NotAuthorized. Six calls.
func (s *Service) DeclineProposal(ctx context.Context, uid, email, instance, comment string) (Declined, error) {
	declined, err := s.declineProposal(ctx, uid, known(email), instance, comment)
	return declined, wrap("decline proposal", err)
}

func (s *Service) declineProposal(ctx context.Context, uid, email, instance, comment string) (Declined, error) {
	if email == "" {
		return Declined{}, fault.New(fault.InvalidRequest, ReasonBadAddress, "This is not a valid email address.")
	}
	p, err := s.proposal(ctx, uid, email, instance)
	if err != nil {
		return Declined{}, err
	}
	if p.State == ProposalDeclined {
		return Declined{Result: DeclinedAlready, Proposal: p}, nil
	}
	event, err := s.store.Event(ctx, uid)
	if err != nil {
		return Declined{}, err
	}
	if p.StateAt(event) == ProposalOver {
		return Declined{Result: DeclinedOver, Proposal: p}, nil
	}
	if err := s.maySend(ctx, event.Owner()); err != nil {
		return Declined{}, err
	}
	attendee, err := s.store.Attendee(ctx, uid, email)
	if err != nil {
		return Declined{}, err
	}
	declined := Declined{Result: DeclinedNow}
	if attendee.Undeliverable == "" {
		if declined.SESMessageID, err = s.sendDecline(ctx, event, attendee, p, comment); err != nil {
			return Declined{}, err
		}
	}
	p.State, p.Answered = ProposalDeclined, s.now().Unix()
	declined.Proposal = p
	return declined, s.store.PutProposal(ctx, p)
}

// sendDecline mails the DECLINECOUNTER, which echoes the SEQUENCE of the COUNTER.
func (s *Service) sendDecline(ctx context.Context, e Event, a Attendee, p Proposal, comment string) (sesMessageID string, err error) {
	decline, err := s.invitation(e, imip.MethodDeclineCounter)
	if err != nil {
		return "", err
	}
	decline.Sequence, decline.DTStamp = p.Sequence, s.now()
	decline.Comment = cut(strings.TrimSpace(comment), maxComment)
	decline.Proposal = when.New(p.Start, p.End, p.AllDay, p.TZID, "")
	if p.RecurrenceID != "" {
		decline.Instances = []string{p.RecurrenceID}
	}
	composer, err := imip.NewComposer(decline, s.keys)
	if err != nil {
		return "", err
	}
	return s.mail(ctx, composer, e, recipient(e, a))
}
