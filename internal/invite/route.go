package invite

import (
	"context"
	"slices"
)

// creating lists the methods that make or change an event (spec §3). ADD (RFC 5546 §3.2.4) comes as an update.
var creating = []string{"REQUEST", "PUBLISH", "ADD"}

// Route decides what a request asks for: create an event, update or cancel one of the sender's own, or nothing. An original UID that
// another organizer uses is another event. A suspended organizer's update or cancellation asks for nothing, because attendees would be
// mailed (spec §3); whether a suspended one may create, CreateEvent looks. One read, and a second one for an update or a cancellation.
func (s *Service) Route(ctx context.Context, r Request) (Route, error) {
	cancels := r.Cancels() || r.Method == "CANCEL"
	if !cancels && !slices.Contains(creating, r.Method) {
		return Route{Action: ActionIgnore, Reason: "method"}, nil // REPLY, COUNTER, REFRESH ... do not belong in this mailbox
	}
	uid, err := s.store.LookUp(ctx, r.owner(), r.OriginalUID)
	switch {
	case err != nil:
		return Route{}, wrap("route", err)
	case cancels && uid == "":
		return Route{Action: ActionIgnore, Reason: ReasonUnknownEvent}, nil
	case !cancels && (uid == "" || uid == r.MessageID): // the second: this very mail made it, and the step runs again
		return Route{Action: ActionCreate, UID: r.MessageID}, nil
	}
	standings, err := s.store.Standings(ctx, r.owner())
	switch {
	case err != nil:
		return Route{}, wrap("route", err)
	case standings.Suspended != 0:
		return Route{Action: ActionIgnore, Reason: ReasonSuspended}, nil
	case cancels:
		return Route{Action: ActionCancel, UID: uid}, nil
	}
	return Route{Action: ActionUpdate, UID: uid}, nil
}
