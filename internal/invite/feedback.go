package invite

import (
	"context"
	"errors"

	"github.com/calendarinvite/calendarinviteserver/internal/fact"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
)

// Values of Bounce.Type: SES's own, and ours.
const (
	bouncePermanent = "Permanent"
	bounceRejected  = "Rejected"
	bounceComplaint = "Complaint"
)

// RecordFeedback notes in the attendee's record what SES says about a mail (spec §7). A hard bounce, a rejected mail and a complaint end
// all mail to the attendee about the event; the first two are counted as bounced; the last is also a block of the organizer. A soft
// bounce and a delivery are noted, where they are about the last mail. The same bounce or complaint told twice changes nothing, and is
// told on under the same ID. One read and one transaction; a complaint takes two more of each.
func (s *Service) RecordFeedback(ctx context.Context, f Feedback) (FeedbackRecorded, error) {
	if reason := f.ignored(); reason != "" {
		return FeedbackRecorded{Result: FeedbackIgnored, Reason: reason}, nil
	}
	a, err := s.store.Attendee(ctx, f.UID, f.Email)
	if err != nil && fault.KindOf(err) == fault.NotFound {
		return FeedbackRecorded{Result: FeedbackIgnored, Reason: ReasonUnknownAttendee}, nil
	}
	if err != nil {
		return FeedbackRecorded{}, wrap("record feedback", err)
	}
	recorded, err := s.recordFeedback(ctx, f, a)
	return recorded, wrap("record feedback", err)
}

// ignored is why the feedback changes no record; "" when it may.
func (f Feedback) ignored() string {
	switch {
	case f.Kind == FeedbackDelay || f.Kind == FeedbackOther:
		return ReasonNoMatter
	case f.Kind == FeedbackComplaint && f.Subtype == "not-spam":
		return ReasonNotSpam
	case f.UID == "" || f.Email == "":
		return ReasonNoEvent
	}
	return ""
}

func (s *Service) recordFeedback(ctx context.Context, f Feedback, a Attendee) (FeedbackRecorded, error) {
	block := Block{Attendee: a.Email, Organizer: a.owner(), UID: a.UID, By: ByComplaint, At: f.At}
	if f.Kind == FeedbackComplaint && !a.told(f) { // told again after the attendee took the block back, it stays undone
		if _, err := s.store.SetBlock(ctx, block, true); err != nil {
			return FeedbackRecorded{}, err
		}
		var err error
		if a, err = s.store.Attendee(ctx, f.UID, f.Email); err != nil { // the block is noted in it
			return FeedbackRecorded{}, err
		}
	}
	var done FeedbackRecorded
	a, err := s.amend(ctx, a, func(a *Attendee) (change bool) {
		done, change = f.applyTo(a)
		return change
	})
	if err != nil || done.Result == FeedbackIgnored || f.Kind == FeedbackDelivery {
		return done, err
	}
	facts := []fact.Fact{bounceFact(f.notedIn(a))}
	if f.Kind == FeedbackComplaint {
		facts = append(facts, block.Fact(true))
	}
	return done, s.tell(ctx, facts...)
}

// told reports whether the record holds the feedback already.
func (a Attendee) told(f Feedback) bool {
	if f.Kind == FeedbackDelivery {
		return a.DeliveredAt >= f.At
	}
	return a.Bounce != nil && a.Bounce.FeedbackID == f.FeedbackID && a.Bounce.At == f.At && a.Bounce.Type == f.bounce().Type
}

// older reports whether the feedback is about an earlier mail than the attendee's last one, and says nothing about the address: a hard
// bounce holds whichever mail it was.
func (f Feedback) older(a Attendee) bool {
	return !f.final() && f.SESMessageID != "" && a.SESMessageID != "" && f.SESMessageID != a.SESMessageID && f.At < a.SentAt
}

// final reports whether nothing more is to be mailed to the attendee.
func (f Feedback) final() bool { return f.undeliverable() != "" }

func (f Feedback) undeliverable() Undeliverable {
	switch {
	case f.Kind == FeedbackBounce && f.Type == bouncePermanent:
		return HardBounce
	case f.Kind == FeedbackReject:
		return Rejected
	case f.Kind == FeedbackComplaint:
		return Complained
	}
	return ""
}

// bounce is the feedback as the record keeps it.
func (f Feedback) bounce() Bounce {
	b := Bounce{Type: f.Type, Subtype: f.Subtype, Diagnostic: cut(oneLine(f.Diagnostic), maxLine), At: f.At, FeedbackID: f.FeedbackID}
	switch f.Kind {
	case FeedbackReject:
		b.Type = bounceRejected
	case FeedbackComplaint:
		b.Type = bounceComplaint
	}
	return b
}

// notedIn is the record with this feedback as its bounce, also where it keeps another.
func (f Feedback) notedIn(a Attendee) Attendee {
	b := f.bounce()
	a.Bounce, a.Undeliverable = &b, f.undeliverable()
	return a
}

// applyTo notes the feedback in the record, or says why it changes nothing. What ended the mail first stays the reason, and a soft
// bounce does not take the place of a hard one.
func (f Feedback) applyTo(a *Attendee) (done FeedbackRecorded, change bool) {
	switch {
	case a.told(f):
		return FeedbackRecorded{Result: FeedbackRepeated}, false
	case f.older(*a):
		return FeedbackRecorded{Result: FeedbackIgnored, Reason: ReasonOlderMail}, false
	case f.Kind == FeedbackDelivery:
		a.DeliveredAt = f.At
		return FeedbackRecorded{Result: FeedbackRecordedNow}, true
	case a.Undeliverable != "" && !f.final():
		return FeedbackRecorded{Result: FeedbackIgnored, Reason: ReasonUndeliverable}, false
	case a.Undeliverable == "":
		a.Undeliverable = f.undeliverable()
	}
	b := f.bounce()
	a.Bounce = &b
	return FeedbackRecorded{Result: FeedbackRecordedNow}, true
}

// amend changes an attendee's record, and the counts that follow, by change, which reports whether there is anything to write. Where
// somebody else wrote the record meanwhile, it is read and changed again.
func (s *Service) amend(ctx context.Context, a Attendee, change func(*Attendee) bool) (Attendee, error) {
	for range maxAttempts {
		after := a
		if !change(&after) {
			return a, nil
		}
		after.LastModified = s.now().Unix()
		err := s.store.Amend(ctx, after, move(Event{}, &a, after)) // no answer changes, so it is one at whichever event
		if err == nil {
			after.Version++
			return after, nil
		}
		if !errors.Is(err, ErrEventChanged) {
			return Attendee{}, err
		}
		if a, err = s.store.Attendee(ctx, a.UID, a.Email); err != nil {
			return Attendee{}, err
		}
	}
	return Attendee{}, errContended()
}
