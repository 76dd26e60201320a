package invite

import (
	"context"
	"errors"

	"github.com/calendarinvite/calendarinviteserver/internal/fact"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/imip"
	"github.com/calendarinvite/calendarinviteserver/internal/itip"
)

// How everybody ends up with the newest revision, whatever overtakes what: a record knows the newest revision that its attendee was
// sent (SentSequence), and no mark lowers it. Each revision's fan-out stages those who are behind, sends them the event as it is when
// their batch comes up, marks them, and stages again until nobody is behind. A mail of an older revision that arrives last (of an
// older fan-out, or a queued invitation) has a lower SEQUENCE, so calendars keep what they have (RFC 5546 §2.1.5).

// Staging is what a pass of a fan-out over the attendees found.
type Staging struct {
	Event     Event
	Behind    int // attendees to be told
	OutOfDate int // attendees who hold an older revision and are not to be told: they blocked the organizer, or complained
}

// StageAttendees calls stage with the address of each attendee who is behind the event's present revision, in the order of addresses,
// and counts them. sequence is the revision that the fan-out is for: where the event has a newer one, nobody is staged, because that
// one's own fan-out tells everybody, and two would tell people twice. One read, and one for each page of attendees.
func (s *Service) StageAttendees(ctx context.Context, uid string, sequence int, stage func(email string) error) (found Staging, err error) {
	found.Event, err = s.store.Event(ctx, uid)
	if err != nil {
		return found, wrap("stage attendees", err)
	}
	if found.Event.Sequence > sequence {
		return found, nil
	}
	err = s.EachAttendee(ctx, uid, func(a Attendee) error {
		if !a.behind(found.Event) {
			if a.outOfDate(found.Event) {
				found.OutOfDate++
			}
			return nil
		}
		found.Behind++
		return stage(a.Email)
	})
	return found, wrap("stage attendees", err)
}

// behind reports whether the attendee is to be sent the event's present revision: holds, or may hold, an invitation to an older one,
// and can be written to.
func (a Attendee) behind(e Event) bool {
	holds := a.Delivery == DeliverySent || a.Delivery == DeliveryQueued || a.Via != ""
	return holds && max(a.SentSequence, a.Spared) < e.Sequence && a.Undeliverable == "" && !a.Blocked
}

// missed reports whether the attendee was invited but may not hold the event's present revision: it was not sent, or bounced softly. Whoever
// declined it misses nothing: no list asks twice.
func (a Attendee) missed(e Event) bool {
	return (a.behind(e) || a.BouncedSoftly() && !a.Blocked) && a.StatusAt(e) != itip.Declined
}

// BouncedSoftly reports whether the last mail to the attendee came back, but may arrive another time.
func (a Attendee) BouncedSoftly() bool {
	return a.Delivery == DeliverySent && a.Bounce != nil && a.Bounce.At >= a.SentAt && a.Undeliverable == ""
}

// Outdated reports whether the attendee holds an older revision than the event's present one.
func (a Attendee) Outdated(e Event) bool { return a.behind(e) || a.outOfDate(e) }

// outOfDate reports whether the attendee holds an older revision and is not to be told of the present one. Whose address bounces holds none.
func (a Attendee) outOfDate(e Event) bool {
	holds := a.Delivery == DeliverySent || a.Delivery == DeliveryQueued || a.Via != ""
	return holds && a.SentSequence < e.Sequence && !a.Bounced() && !a.behind(e)
}

// Missed calls do with each attendee to whom sending again (BatchRequest.Again) has a point. One read for each page of attendees.
func (s *Service) Missed(ctx context.Context, e Event, do func(Attendee) error) error {
	return s.EachAttendee(ctx, e.UID, func(a Attendee) error {
		if !a.missed(e) {
			return nil
		}
		return do(a)
	})
}

// SendUpdates sends the event as it is now to those of the attendees who are behind: an update, only the instances that changed where
// that is all that an attendee lacks, or the cancellation. sequence is the revision that the fan-out is for: as in StageAttendees, a newer
// one is its own fan-out's. It may be run again like SendBatch, and fails like it. At most MaxBatch addresses. Two reads (one more where
// this process does not know the event), the mails, and one batched write.
func (s *Service) SendUpdates(ctx context.Context, uid string, sequence int, emails []string) (UpdatesSent, error) {
	if len(emails) > MaxBatch {
		return UpdatesSent{}, fault.New(fault.InvalidRequest, "batch-too-large", "")
	}
	sent, err := s.sendUpdates(ctx, uid, sequence, emails)
	return sent, wrap("send updates", err)
}

func (s *Service) sendUpdates(ctx context.Context, uid string, sequence int, emails []string) (UpdatesSent, error) {
	found, err := s.gatherAttendees(ctx, uid, emails)
	if err != nil {
		return UpdatesSent{}, err
	}
	event := *found.Event
	done := UpdatesSent{Sequence: event.Sequence}
	if event.Sequence > sequence {
		done.Current = len(emails)
		return done, nil
	}
	news, err := s.newsOf(event)
	if err != nil {
		return UpdatesSent{}, err
	}
	var behind []Attendee
	var parcels []parcel
	for _, email := range emails {
		a, has := found.Attendees[email]
		delete(found.Attendees, email) // once, however often it is listed
		switch {
		case !has || !a.behind(event):
			done.Current++
		case found.Blocked[email]:
			done.Blocked++
			if err := s.spare(ctx, a, event); err != nil {
				return UpdatesSent{}, err
			}
		default:
			p := parcel{to: recipient(event, a), tags: tags(event)}
			for _, l := range news.letters(event, a) {
				composer, err := s.composer(event, l)
				if err != nil {
					return UpdatesSent{}, err
				}
				p.composers = append(p.composers, composer)
			}
			behind, parcels = append(behind, a), append(parcels, p)
		}
	}
	return s.sendParcels(ctx, event, behind, parcels, done)
}

// sendParcels sends, marks, and gives up on those whom SES refuses for good.
func (s *Service) sendParcels(ctx context.Context, e Event, to []Attendee, parcels []parcel, done UpdatesSent) (UpdatesSent, error) {
	handed := s.deliver(ctx, parcels)
	at := s.now().Unix()
	var marks []UpdateMark
	for i, a := range to {
		if handed[i].err == nil {
			marks = append(marks, UpdateMark{
				UID: a.UID, Email: a.Email, Sequence: e.Sequence, Rescheduled: e.Rescheduled, SESMessageID: handed[i].sesMessageID, At: at,
			})
		}
	}
	if len(marks) > 0 {
		if err := s.store.MarkUpdated(ctx, marks); err != nil {
			return UpdatesSent{}, err
		}
	}
	var failure error
	var facts []fact.Fact
	for i, a := range to {
		switch h := handed[i]; {
		case h.unsent():
			failure = h.err
		case h.refused():
			failed, err := s.giveUp(ctx, a, h.err, at)
			if err != nil {
				failure = err
				continue
			}
			done.Failed++
			facts = append(facts, bounceFact(failed))
		default:
			done.Sent++
		}
	}
	if err := s.tell(ctx, facts...); err != nil {
		failure = err
	}
	if failure != nil {
		return UpdatesSent{}, failure
	}
	return done, nil
}

// gatherAttendees reads the event as it is now, and the attendees; a fault NotFound when there is no such event.
func (s *Service) gatherAttendees(ctx context.Context, uid string, emails []string) (Gathered, error) {
	owner := s.owners.get(uid)
	if owner.Email == "" {
		event, err := s.store.Event(ctx, uid)
		if err != nil {
			return Gathered{}, err
		}
		owner = event.Owner()
		s.owners.put(uid, owner)
	}
	found, err := s.store.Gather(ctx, GatherQuery{UID: uid, Owner: owner, Emails: emails})
	if err == nil && found.Event == nil {
		err = unknownEvent()
	}
	return found, err
}

// spare notes that somebody who blocked the organizer (by another event's mail, or the record would say so) is sent nothing about this
// revision: so that they are not staged again and again. Who changed the record meanwhile is staged once more.
func (s *Service) spare(ctx context.Context, a Attendee, e Event) error {
	a.Spared, a.LastModified = e.Sequence, s.now().Unix()
	if err := s.store.Amend(ctx, a, Statistics{}); !errors.Is(err, ErrEventChanged) {
		return err
	}
	return nil
}

// news is what the event's present revision changed, for those who hold the one before.
type news struct {
	on, off bool // only instances changed: some take place, some are called off
}

func (s *Service) newsOf(e Event) (news, error) {
	if e.Cancelled() || len(e.SourceInstances) == 0 {
		return news{}, nil
	}
	calendar, err := e.ReadCalendar()
	if err != nil {
		return news{}, fault.Wrap(fault.Internal, "stored-calendar", err)
	}
	on, off, whole := itip.SplitInstances(calendar, e.SourceInstances)
	if whole {
		return news{}, nil
	}
	return news{on: len(on) > 0, off: len(off) > 0}, nil
}

// letters are the mails that bring the attendee to the event's present revision. The changed instances alone do for whoever surely holds
// the revision before (field rule 24); everybody else gets the whole event.
func (n news) letters(e Event, a Attendee) []letter {
	next := a.Delivery == DeliverySent && a.SentSequence == e.Sequence-1
	switch {
	case e.Cancelled():
		return []letter{{method: imip.MethodCancel}}
	case !next || !n.on && !n.off:
		return []letter{{method: imip.MethodRequest, update: a.Delivery != DeliveryQueued, next: next}}
	}
	var letters []letter
	if n.on {
		letters = append(letters, letter{method: imip.MethodRequest, update: true, next: true, instances: true})
	}
	if n.off {
		letters = append(letters, letter{method: imip.MethodCancel, update: true, instances: true})
	}
	return letters
}
