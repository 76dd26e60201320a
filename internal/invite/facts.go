package invite

import (
	"context"
	"strconv"

	"github.com/calendarinvite/calendarinviteserver/internal/fact"
	"github.com/calendarinvite/calendarinviteserver/internal/itip"
)

// tell publishes what happened. It comes after the write that it tells of; when it fails, so does the step, and the step that runs
// again finds its own earlier work and tells it again, under the same ID.
func (s *Service) tell(ctx context.Context, facts ...fact.Fact) error {
	if s.facts == nil || len(facts) == 0 {
		return nil
	}
	return wrap("tell", s.facts.Publish(ctx, facts...))
}

// maxToldInstances is how many changed instances a fact lists: all facts fit an EventBridge event (256 KiB).
const maxToldInstances = 1000

// eventFact tells of the event's present revision.
func eventFact(t fact.Type, e Event) fact.Fact {
	sequence, at, change := e.Sequence, e.DTStamp, e.SourceChange
	if t == fact.EventCreated { // also when told again after the event was revised
		sequence, at, change = 0, e.Created, ""
	}
	return fact.New(t, e.Tenant, at, fact.Event{
		UID: e.UID, OriginalUID: e.OriginalUID, Organizer: e.MailTo, Name: e.Organizer, Status: e.Status, Sequence: e.Sequence,
		Summary: e.Summary, Location: e.Location, DTStart: e.DTStart, DTEnd: e.DTEnd, AllDay: e.AllDay, TZID: cut(e.TZID, maxLine),
		RRule: cut(e.RRule, maxLine), Change: change,
		Instances: e.SourceInstances[:min(len(e.SourceInstances), maxToldInstances)],
	}, e.UID, strconv.Itoa(sequence))
}

// invitesFact tells of invitations to one event that one request sent at one moment, or that were refused. Its ID is made of whom
// they are to.
func invitesFact(t fact.Type, e Event, requestID string, at int64, invites []fact.Invite) fact.Fact {
	key := []string{e.UID, requestID}
	if t == fact.InviteSent {
		key = append(key, strconv.FormatInt(at, 10))
	}
	for _, i := range invites {
		key = append(key, i.Attendee, i.Reason)
	}
	return fact.New(t, e.Tenant, at, fact.Invites{UID: e.UID, Organizer: e.MailTo, Invites: invites}, key...)
}

// refusedFact tells that the request was refused.
func refusedFact(r InviteRequest, e Event, reason string, at int64) fact.Fact {
	refused := fact.Invite{Attendee: r.Email, Name: r.Name, Origin: r.Origin, Reason: reason}
	return invitesFact(fact.InviteRefused, e, r.ID, at, []fact.Invite{refused})
}

// rsvpFact tells of an answer that was applied: the entry of the attendee's history that it made. previous is what counted before.
func rsvpFact(e Event, a Attendee, previous itip.Status, given HistoryEntry) fact.Fact {
	return fact.New(fact.RSVPChanged, e.Tenant, given.Timestamp, fact.RSVP{
		UID: e.UID, Organizer: e.MailTo, Attendee: a.Email, Status: string(given.Status), Previous: string(previous),
		Grade: string(given.Grade), Channel: given.Channel, RecurrenceID: given.RecurrenceID, Comment: a.Comment,
	}, e.UID, a.Email, given.RecurrenceID, given.MessageID, string(given.Status), strconv.FormatInt(given.DTStamp, 10))
}

// bounceFact tells of the bounce in the attendee's record.
func bounceFact(a Attendee) fact.Fact {
	var b Bounce
	if a.Bounce != nil {
		b = *a.Bounce
	}
	return fact.New(fact.AttendeeBounced, a.Tenant, b.At, fact.Bounce{
		UID: a.UID, Organizer: a.MailTo, Attendee: a.Email, Type: b.Type, Subtype: b.Subtype, Diagnostic: b.Diagnostic,
		Final: a.Undeliverable != "",
	}, a.UID, a.Email, b.FeedbackID, strconv.FormatInt(b.At, 10))
}
