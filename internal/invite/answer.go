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
// history and is not counted. A forwarded guest's answer is counted, held or refused by the policy (FORWARDED_GUESTS). What counts is
// told: rsvp.changed. Two calls and the telling; a reply to an invitation that another system sent takes one more, a held guest two.
func (s *Service) Answer(ctx context.Context, r Reply) (Answered, error) {
	answered, err := s.answerUnder(ctx, r, s.config.ForwardedGuests)
	if err == nil && answered.Status == itip.Delegated && s.config.ForwardedGuests == HoldGuests {
		err = s.admitDelegate(ctx, answered.UID, known(r.DelegatedTo))
	}
	return answered, wrap("answer", err)
}

// answerUnder is Answer under a policy for forwarded guests.
func (s *Service) answerUnder(ctx context.Context, r Reply, policy GuestPolicy) (Answered, error) {
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
	uid, err := s.answeredEvent(ctx, r)
	if err != nil || uid == "" {
		return Answered{Result: AnswerUnknownEvent}, err
	}
	for range maxAttempts {
		found, err := s.store.Answering(ctx, uid, concerned(r, who))
		if err != nil {
			return Answered{}, err
		}
		if found.Event == nil {
			if uid, err = s.foreignEvent(ctx, r, uid); err != nil || uid == "" {
				return Answered{Result: AnswerUnknownEvent}, err
			}
			continue
		}
		answered, err := s.answer(ctx, r, who, policy, found)
		if !errors.Is(err, ErrEventChanged) {
			return answered, err
		}
	}
	return Answered{}, errContended()
}

// concerned are the addresses whose records a mail is about: whose it is, and who was invited.
func concerned(r Reply, who attribution) []string {
	emails := []string{who.email}
	if invited := known(r.Invited); invited != "" && invited != who.email {
		emails = append(emails, invited)
	}
	return emails
}

// answeredEvent is the uid of the event that the reply names. A token says it; without one, the UID is the event's own, with or
// without our domain, or another system's.
func (s *Service) answeredEvent(ctx context.Context, r Reply) (string, error) {
	if uid := ownUID(r.UID); uid != "" {
		return uid, nil
	}
	return s.foreignEvent(ctx, r, "")
}

// ownUID is the uid of an event of ours that the text may be, with or without our domain; "" when it cannot be one.
func ownUID(text string) string {
	local, _, _ := strings.Cut(strings.TrimSpace(text), "@")
	uid, err := ParseUID(local)
	if err != nil {
		return ""
	}
	return uid
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
func (s *Service) answer(ctx context.Context, r Reply, who attribution, policy GuestPolicy, found Answering) (Answered, error) {
	event := *found.Event
	answered := Answered{UID: event.UID, Attendee: who.email, Grade: who.grade}
	before, has := found.Attendees[who.email]
	if who.email == event.MailTo {
		answered.Result, answered.Reason = AnswerRefused, ReasonOrganizer
		return answered, nil
	}
	if who.guest && !has && !invitedElsewhere(r, event) && !delegate(who, found.Attendees[known(r.Invited)]) {
		if away, err := s.turnAway(ctx, r, answered, policy, event); err != nil || away.Result != "" {
			return away, err
		}
	}
	answered.Previous = before.StatusAt(event)
	given := itip.Answer{Revision: itip.Revision{Sequence: r.Sequence, DTStamp: r.DTStamp}, Status: itip.StatusOf(r.PartStat)}
	pressed, again := before.pressedAgain(event, r, given)
	switch {
	case again:
		given.DTStamp = pressed
	case r.Channel == ChannelPage: // by somebody who is there now, whatever the clock of their calendar said, and by whichever mail's link
		given.DTStamp = max(given.DTStamp, before.ReplyDTStamp+1)
	case who.token:
		given.Generation = r.Generation
	}
	occasion := occasionOf(event, r.RecurrenceID)
	given, outcome, reason := itip.Fold(before.knownOf(event, r), occasion, given)
	if outcome == itip.Duplicate && before.hears(r, given) && !occasion.Cancelled && given.Sequence >= occasion.Rescheduled {
		outcome, reason = itip.Apply, ""
	}
	answered.Reason, answered.Status = reason, answered.Previous
	switch outcome {
	case itip.Duplicate:
		answered.Result = AnswerDuplicate
		return answered, s.tellAgain(ctx, event, before, r, given)
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
		previous := answered.Previous
		if r.RecurrenceID != "" {
			previous = before.InstanceStatusAt(event, r.RecurrenceID)
		}
		return answered, s.tell(ctx, rsvpFact(event, after, previous, after.History[len(after.History)-1]))
	case reason == itip.ReasonEventCancelled:
		answered.Result = AnswerCancelled
	default:
		answered.Result = AnswerOutdated
	}
	return answered, nil
}

// pressedAgain reports whether the guest presses the button of the page that they pressed last, with no other words, and when that was: an
// answer of the page is stamped with the moment it comes, and whoever was answered with an error presses again.
func (a Attendee) pressedAgain(e Event, r Reply, given itip.Answer) (at int64, again bool) {
	if r.Channel != ChannelPage || len(a.History) == 0 || a.StatusAt(e) != given.Status {
		return 0, false
	}
	last := a.History[len(a.History)-1]
	words := comment(r)
	return last.DTStamp, last.Channel == ChannelPage && last.Status == given.Status && last.Sequence == given.Sequence && last.Note == "" &&
		last.RecurrenceID == r.RecurrenceID && last.MessageID == r.MessageID && (words == "" || words == a.Comment)
}

// occasionOf is what an answer to the event, or to an instance of it, is to.
func occasionOf(e Event, instance string) itip.Occasion {
	occasion := itip.Occasion{Sequence: e.Sequence, Rescheduled: e.Rescheduled, Cancelled: e.Cancelled()}
	if instance != "" {
		occasion.Rescheduled = max(e.Rescheduled, e.Instances[instance])
	}
	return occasion
}

// hears reports whether an answer that is otherwise a repeat brings new words, in another mail: some calendars stamp every answer with
// the invitation's own DTSTAMP.
func (a Attendee) hears(r Reply, given itip.Answer) bool {
	comment := comment(r)
	return comment != "" && comment != a.Comment && a.entryOf(r, given) < 0
}

// maxComment is how many octets are kept of what a guest or an organizer says in a form or a calendar: the thousand characters that the
// pages promise (page.CommentLength), in any script.
const maxComment = 4000

// comment is what is kept of the words that come with an answer.
func comment(r Reply) string { return cut(strings.TrimSpace(r.Comment), maxComment) }

// entryOf is the place in the history of the entry that this very mail made; -1 without one.
func (a Attendee) entryOf(r Reply, given itip.Answer) int {
	return slices.IndexFunc(a.History, func(h HistoryEntry) bool {
		return h.Status == given.Status && h.DTStamp == given.DTStamp && h.Sequence == given.Sequence &&
			h.RecurrenceID == r.RecurrenceID && h.MessageID == r.MessageID
	})
}

// tellAgain tells of the answer that this very mail made when it was read before: nobody knows whether that was told then.
func (s *Service) tellAgain(ctx context.Context, e Event, a Attendee, r Reply, given itip.Answer) error {
	own := a.entryOf(r, given)
	if own < 0 || a.History[own].Note != "" {
		return nil
	}
	previous := itip.NoAction
	for _, entry := range a.History[:own] {
		if entry.RecurrenceID == r.RecurrenceID && entry.Note == "" {
			previous = entry.Status
		}
	}
	return s.tell(ctx, rsvpFact(e, a, previous, a.History[own]))
}

// invitedElsewhere reports whether the reply is to an invitation of the organizer's own calendar: whom that invited is no stranger.
func invitedElsewhere(r Reply, e Event) bool { return known(r.Invited) == "" && ownUID(r.UID) != e.UID }

// delegate reports whether the invited person handed the invitation on to the one who answers (RFC 5546 §3.2.2.3): then this is no
// uninvited guest, whatever the policy.
func delegate(who attribution, invited Attendee) bool {
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
	k.Recorded = func(answer itip.Answer) bool { return a.entryOf(r, answer) >= 0 }
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
	if invited := known(r.Invited); who.guest && invited != "" && after.Delivery == "" {
		after.Via, after.ViaGeneration = invited, r.Generation // the UID in their calendar is this invitation's
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
	if words := comment(r); applies && words != "" {
		after.Comment = words
	}
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
