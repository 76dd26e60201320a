package app

import (
	"context"

	"github.com/calendarinvite/calendarinviteserver/internal/invite"
)

// Events is the application's service for steps that register, change and read events. It sends nothing.
func (a *App) Events() *invite.Service {
	return a.events(invite.Config{})
}

// Registrar is Events with the limits for new events.
func (a *App) Registrar() *invite.Service {
	return a.events(invite.Config{
		EventLimit:       a.Settings.Count("EVENT_LIMIT"),
		EventInviteLimit: a.Settings.Count("EVENT_INVITE_LIMIT"),
	})
}

// Answers is the service for steps that record answers.
func (a *App) Answers() *invite.Service {
	return a.events(invite.Config{ForwardedGuests: a.forwardedGuests(), OwnAddresses: a.OwnAddresses()})
}

// Gatekeeper is the service for the step that verifies invitations.
func (a *App) Gatekeeper() *invite.Service { return a.events(a.invitations()) }

// Inviter is the service for the step that sends invitations.
func (a *App) Inviter(ctx context.Context) *invite.Service {
	settings := a.invitations()
	settings.Sender = a.Settings.Address("SENDER")
	settings.RSVP = a.Settings.Address("RSVP_EMAIL")
	settings.Unsubscribe = "unsubscribe@" + settings.Domain
	settings.LinkBase = a.Settings.URL("API_URL")
	settings.Brand = a.Brand()
	return invite.New(invite.Deps{Store: a.Store(), Mailer: a.Mailer(), Clock: a, Keys: a.Keys(ctx), Config: settings})
}

func (a *App) events(settings invite.Config) *invite.Service {
	return invite.New(invite.Deps{Store: a.Store(), Clock: a, Config: settings})
}

func (a *App) invitations() invite.Config {
	return invite.Config{
		Domain:         a.Settings.Text("DOMAIN"),
		OwnAddresses:   a.OwnAddresses(),
		LinkAddressCap: a.Settings.Count("LINK_ADDRESS_CAP"),
		LinkSourceCap:  a.Settings.Count("LINK_SOURCE_CAP"),
	}
}

func (a *App) forwardedGuests() invite.GuestPolicy {
	return invite.GuestPolicy(a.Settings.Choice("FORWARDED_GUESTS", string(invite.AcceptGuests), string(invite.HoldGuests), string(invite.RefuseGuests)))
}

// OwnAddresses are the mailboxes that we read or write from: mail from them is a loop, and they are never guests.
func (a *App) OwnAddresses() []string {
	domain := a.Settings.Text("DOMAIN")
	return []string{
		a.Settings.Address("SENDER"), a.Settings.Address("RSVP_EMAIL"), a.Settings.Address("SYSTEM_EMAIL"),
		"create@" + domain, "rsvp@" + domain, "bulk@" + domain, "unsubscribe@" + domain,
	}
}
