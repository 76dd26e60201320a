package app

import (
	"context"

	"github.com/calendarinvite/calendarinviteserver/internal/fact"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
)

// Events is the application's service for steps that read events. It changes nothing and tells nobody anything.
func (a *App) Events() *invite.Service {
	return invite.New(invite.Deps{Store: a.Store(), Clock: a})
}

// Editor is the service for steps that change events and organizers: it tells the facts.
func (a *App) Editor() *invite.Service { return a.telling(invite.Config{}) }

// Registrar is Editor with the limits for new events.
func (a *App) Registrar() *invite.Service {
	return a.telling(invite.Config{
		EventLimit:       a.Settings.Count("EVENT_LIMIT"),
		EventInviteLimit: a.Settings.Count("EVENT_INVITE_LIMIT"),
	})
}

// Answers is the service for steps that record answers.
func (a *App) Answers() *invite.Service {
	return a.telling(invite.Config{ForwardedGuests: a.forwardedGuests(), OwnAddresses: a.OwnAddresses()})
}

// Proposals is the service for the step that records what guests propose.
func (a *App) Proposals() *invite.Service {
	return invite.New(invite.Deps{Store: a.Store(), Clock: a, Config: invite.Config{OwnAddresses: a.OwnAddresses()}})
}

// Gatekeeper is the service for the step that verifies invitations.
func (a *App) Gatekeeper() *invite.Service { return a.telling(a.linkCaps()) }

// Inviter is the service for the step that sends the invitation of a link.
func (a *App) Inviter(ctx context.Context) *invite.Service {
	return a.writing(ctx, a.Facts(), a.linkCaps())
}

// BulkInviter is the service for the step that sends the invitations of a list.
func (a *App) BulkInviter(ctx context.Context) *invite.Service {
	return a.writing(ctx, a.Facts(), invite.Config{SendConcurrency: a.Settings.Count("SEND_CONCURRENCY")})
}

// Updater is the service for the steps that send updates and cancellations to many attendees.
func (a *App) Updater(ctx context.Context) *invite.Service {
	return a.writing(ctx, a.Facts(), invite.Config{SendConcurrency: a.Settings.Count("SEND_CONCURRENCY")})
}

// Correspondent is the service for the steps that write to single attendees: the invitation again, a declined proposal.
func (a *App) Correspondent(ctx context.Context) *invite.Service {
	return a.writing(ctx, nil, invite.Config{})
}

// Host is the service for the page on which the organizer admits and refuses forwarded guests.
func (a *App) Host(ctx context.Context) *invite.Service {
	return a.writing(ctx, a.Facts(), invite.Config{ForwardedGuests: a.forwardedGuests()})
}

func (a *App) telling(settings invite.Config) *invite.Service {
	return invite.New(invite.Deps{Store: a.Store(), Clock: a, Facts: a.Facts(), Config: settings})
}

func (a *App) writing(ctx context.Context, facts fact.Publisher, settings invite.Config) *invite.Service {
	return invite.New(invite.Deps{Store: a.Store(), Mailer: a.Mailer(), Clock: a, Keys: a.Keys(ctx), Facts: facts, Config: a.mailing(settings)})
}

// mailing adds what mail to attendees needs.
func (a *App) mailing(settings invite.Config) invite.Config {
	settings.Domain = a.Settings.Text("DOMAIN")
	settings.OwnAddresses = a.OwnAddresses()
	settings.Sender = a.Settings.Address("SENDER")
	settings.RSVP = a.Settings.Address("RSVP_EMAIL")
	settings.Unsubscribe = "unsubscribe@" + settings.Domain
	settings.LinkBase = a.Settings.URL("API_URL")
	settings.Brand = a.Brand()
	return settings
}

func (a *App) linkCaps() invite.Config {
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
