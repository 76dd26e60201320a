package invite

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/internal/itip"
)

// Answer records an answer (spec §5): it moves one count and writes the attendee's record in one transaction, or says why it changes
// nothing. Older answers and repeats write nothing; an answer to a time that is no longer, or to a cancelled event, stays in the
// history and is not counted. Two calls; a reply to an invitation that another system sent takes one more.
func (s *Service) Answer(ctx context.Context, r Reply) (Answered, error) {
	who := attribute(r)
	if who.reason != "" {
		return Answered{Result: AnswerRefused, Reason: who.reason}, nil
	}
	if known(r.Attendee) == "" && r.PartStat == "" && r.Channel != ChannelPage {
		return Answered{Result: AnswerRefused, Reason: ReasonNoAnswer}, nil // some calendars leave the ATTENDEE out, and with it the answer
	}
	if s.isOwn(who.email) {
		return Answered{Result: AnswerRefused, Reason: ReasonOwnAddress}, nil
	}
	emails := []string{who.email}
	if invited := known(r.Invited); invited != "" && invited != who.email {
		emails = append(emails, invited)
	}
	uid, err := s.answeredEvent(ctx, r)
	if err != nil || uid == "" {
		return Answered{Result: AnswerUnknownEvent}, wrap("answer", err)
	}
	for range maxAttempts {
		found, err := s.store.Answering(ctx, uid, emails)
		if err != nil {
			return Answered{}, wrap("answer", err)
		}
		if found.Event == nil {
			if uid, err = s.foreignEvent(ctx, r, uid); err != nil || uid == "" {
				return Answered{Result: AnswerUnknownEvent}, wrap("answer", err)
			}
			continue
		}
		answered, err := s.answer(ctx, r, who, found)
		if !errors.Is(err, ErrEventChanged) {
			return answered, wrap("answer", err)
		}
	}
	return Answered{}, wrap("answer", errContended())
}

// answeredEvent is the uid of the event that the reply names. A token says it; without one, the UID is the event's own, with or
// without our domain, or another system's.
func (s *Service) answeredEvent(ctx context.Context, r Reply) (string, error) {
	local, _, _ := strings.Cut(strings.TrimSpace(r.UID), "@")
	if uid, err := ParseUID(local); err == nil {
		return uid, nil
	}
	return s.foreignEvent(ctx, r, "")
}

// foreignEvent is the event with the organizer's own UID, if there is exactly one; not is what was looked at already.
func (s *Service) foreignEvent(ctx context.Context, r Reply, not string) (string, error) {
	if r.Invited != "" {
		return "", nil // the token names the event; there is no other
	}
	uids, err := s.store.LookUpAny(ctx, r.UID)
	if err != nil || len(uids) != 1 || uids[0] == not {
		return "", err
	}
	return uids[0], nil
}

// answer is one attempt against the records as they were read.
func (s *Service) answer(ctx context.Context, r Reply, who attribution, found Answering) (Answered, error) {
	event := *found.Event
	answered := Answered{UID: event.UID, Attendee: who.email, Grade: who.grade}
	before, has := found.Attendees[who.email]
	if who.email == event.MailTo {
		answered.Result, answered.Reason = AnswerRefused, ReasonOrganizer
		return answered, nil
	}
	if who.guest && !has && known(r.Invited) != "" && !s.delegate(who, found.Attendees[known(r.Invited)]) {
		switch s.config.ForwardedGuests {
		case HoldGuests:
			answered.Result, answered.Reason = AnswerHeld, ReasonForwardedGuest
			return answered, nil
		case RefuseGuests:
			answered.Result, answered.Reason = AnswerRefused, ReasonForwardedGuest
			return answered, nil
		}
	}
	answered.Previous = before.StatusAt(event)
	given := itip.Answer{Revision: itip.Revision{Sequence: r.Sequence, DTStamp: r.DTStamp}, Status: itip.StatusOf(r.PartStat)}
	if who.token {
		given.Generation = r.Generation
	}
	occasion := itip.Occasion{Sequence: event.Sequence, Rescheduled: event.Rescheduled, Cancelled: event.Cancelled()}
	if r.RecurrenceID != "" {
		occasion.Rescheduled = max(event.Rescheduled, event.Instances[r.RecurrenceID])
	}
	given, outcome, reason := itip.Fold(before.knownOf(event, r), occasion, given)
	answered.Reason, answered.Status = reason, answered.Previous
	switch outcome {
	case itip.Duplicate:
		answered.Result = AnswerDuplicate
		return answered, nil
	case itip.Stale:
		answered.Result = AnswerStale
		return answered, nil
	}
	after := s.afterAnswer(r, who, event, before, has, given, outcome, reason)
	if outcome == itip.Apply {
		after.count(r, found.Prods[who.email])
	}
	var earlier *Attendee
	if has {
		earlier = &before
	}
	if err := s.store.RecordAnswer(ctx, event, after, move(event, earlier, after)); err != nil {
		return Answered{}, err
	}
	answered.Status = after.StatusAt(event)
	switch {
	case outcome == itip.Apply:
		answered.Result = AnswerApplied
	case reason == itip.ReasonEventCancelled:
		answered.Result = AnswerCancelled
	default:
		answered.Result = AnswerOutdated
	}
	return answered, nil
}

// delegate reports whether the invited person handed the invitation on to the one who answers (RFC 5546 §3.2.2.3): then this is no
// uninvited guest, whatever the policy.
func (s *Service) delegate(who attribution, invited Attendee) bool {
	return invited.DelegatedTo != "" && sameAddress(invited.DelegatedTo, who.email)
}

// knownOf is what is known of the attendee's answer to what the reply is to.
func (a Attendee) knownOf(e Event, r Reply) itip.Known {
	k := itip.Known{
		Status: a.StatusAt(e), Last: itip.Revision{Sequence: a.ReplySequence, DTStamp: a.ReplyDTStamp},
		Seen: a.AnsweredAt != 0 || a.ReplyDTStamp != 0, Generation: a.Generation,
	}
	if r.RecurrenceID != "" {
		own, ok := a.Instances[r.RecurrenceID]
		k.Status, k.Last, k.Seen = own.Status, itip.Revision{Sequence: own.Sequence, DTStamp: own.DTStamp}, ok
	}
	k.Recorded = func(answer itip.Answer) bool {
		return slices.ContainsFunc(a.History, func(h HistoryEntry) bool {
			return h.Status == answer.Status && h.DTStamp == answer.DTStamp && h.Sequence == answer.Sequence &&
				h.RecurrenceID == r.RecurrenceID && h.MessageID == r.MessageID
		})
	}
	return k
}

// maxInstanceAnswers is how many single instances an attendee's record keeps answers for; then the oldest goes.
const maxInstanceAnswers = 100

// afterAnswer is the attendee's record with the answer in it. Only one that applies changes the status.
func (s *Service) afterAnswer(r Reply, who attribution, e Event, before Attendee, has bool, given itip.Answer, outcome itip.Outcome, note string) Attendee {
	now := s.now().Unix()
	after := before
	if !has {
		after = Attendee{
			UID: e.UID, Email: who.email, Name: cut(oneLine(r.Name), maxName), MailTo: e.MailTo, Tenant: e.Tenant, Origin: OriginShared,
			Status: itip.NoAction, Rescheduled: e.Rescheduled, Created: now,
		}
	}
	after.LastModified = now
	channel := r.Channel
	if channel == "" {
		channel = ChannelMail
	}
	after.remember(HistoryEntry{
		Status: given.Status, Timestamp: now, DTStamp: given.DTStamp, Sequence: given.Sequence, ProdID: cut(oneLine(r.ProdID), MaxProdID),
		Channel: channel, Grade: who.grade, By: who.by, RecurrenceID: r.RecurrenceID, MessageID: r.MessageID, Note: note,
	})
	applies := outcome == itip.Apply
	if r.RecurrenceID != "" {
		if applies {
			after.Instances = withInstance(before.Instances, r.RecurrenceID, Instance{Status: given.Status, Sequence: given.Sequence, DTStamp: given.DTStamp, At: now})
		}
		return after
	}
	after.ReplySequence, after.ReplyDTStamp = given.Sequence, given.DTStamp
	if applies {
		after.Status, after.Rescheduled, after.Answered, after.AnsweredAt = given.Status, e.Rescheduled, given.Sequence, now
		after.Grade, after.AnsweredBy = who.grade, who.by
		after.DelegatedTo = ""
		if given.Status == itip.Delegated {
			after.DelegatedTo = known(r.DelegatedTo)
		}
		if comment := strings.TrimSpace(r.Comment); comment != "" {
			after.Comment = cut(comment, maxLine)
		}
	}
	return after
}

func withInstance(all map[string]Instance, key string, answer Instance) map[string]Instance {
	after := maps.Clone(all)
	if after == nil {
		after = make(map[string]Instance, 1)
	}
	if _, has := after[key]; !has && len(after) >= maxInstanceAnswers {
		oldest := ""
		for k, instance := range after {
			if oldest == "" || instance.At < after[oldest].At || instance.At == after[oldest].At && k < oldest {
				oldest = k
			}
		}
		delete(after, oldest)
	}
	after[key] = answer
	return after
}

// otherProd is what calendars beyond the first MaxProds are counted as.
const otherProd = "other"

// count says under which name the attendee's calendar is counted; have are the names that its counters know.
func (a *Attendee) count(r Reply, have []string) {
	name := cut(oneLine(r.ProdID), MaxProdID)
	if name == "" {
		return
	}
	a.ProdID, a.CountedProd = name, name
	if len(have) >= MaxProds && !slices.Contains(have, name) {
		a.CountedProd = otherProd
	}
}
