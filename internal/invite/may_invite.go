package invite

import (
	"context"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
)

// MayInvite says why the organizer may not invite anybody to the event now, or "": it is theirs (spec §2.4), not cancelled and not
// over. One read.
func (s *Service) MayInvite(ctx context.Context, o Organizer, uid string) (reason string, err error) {
	event, err := s.store.Event(ctx, uid)
	switch {
	case err != nil && fault.KindOf(err) == fault.NotFound:
		return ReasonUnknownEvent, nil
	case err != nil:
		return "", wrap("look at event", err)
	case event.Owner() != o:
		return ReasonUnknownEvent, nil
	case event.Cancelled():
		return ReasonEventCancelled, nil
	case event.Over(s.now()):
		return ReasonEventOver, nil
	}
	return "", nil
}
