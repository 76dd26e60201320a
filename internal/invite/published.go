package invite

import "context"

// Published is an event as anybody may see it who has its uid.
type Published struct {
	Event Event
	Full  bool // it has used up its invitations
}

// Published reads an event for its public page. A fault NotFound when there is none, or its organizer is suspended: what they wrote is shown to
// nobody. Two calls.
func (s *Service) Published(ctx context.Context, uid string) (Published, error) {
	id, err := ParseUID(uid)
	if err != nil {
		return Published{}, unknownEvent()
	}
	event, counts, err := s.store.Statistics(ctx, id)
	if err != nil {
		return Published{}, wrap("read published event", err)
	}
	standings, err := s.store.Standings(ctx, event.Owner())
	if err != nil {
		return Published{}, wrap("read the standings of the event's organizer", err)
	}
	if standings.Suspended != 0 {
		return Published{}, unknownEvent()
	}
	return Published{Event: event, Full: event.InviteLimit > 0 && counts.Invites >= event.InviteLimit}, nil
}
