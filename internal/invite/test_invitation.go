package invite

import (
	"context"

	"github.com/calendarinvite/calendarinviteserver/internal/imip"
)

// SendTest sends the organizer the invitation to their own event as a guest gets it. It is recorded and counted nowhere, and an answer
// to it is refused (ReasonOrganizer). A suspended organizer's is a fault NotAuthorized. Two calls.
func (s *Service) SendTest(ctx context.Context, e Event) (sesMessageID string, err error) {
	if err := s.maySend(ctx, e.Owner()); err != nil {
		return "", wrap("send test invitation", err)
	}
	composer, err := s.composer(e, letter{method: imip.MethodRequest})
	if err != nil {
		return "", wrap("send test invitation", err)
	}
	sesMessageID, err = s.mail(ctx, composer, e, imip.Recipient{Email: e.MailTo, Name: e.Organizer})
	return sesMessageID, wrap("send test invitation", err)
}
