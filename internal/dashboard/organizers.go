package dashboard

import (
	"net/http"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/internal/dashboard/view"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
)

// organizers is the list of the tenant's organizers.
func (s *Site) organizers(w http.ResponseWriter, r *http.Request, who Session) error {
	query := r.URL.Query()
	page := view.Organizers{Frame: frameOf(r, who), Search: strings.ToLower(strings.TrimSpace(query.Get(view.FieldSearch))), After: query.Get(view.FieldAfter)}
	after, err := s.position(cursorOrganizers, who.Tenant, page.After)
	if err != nil {
		return err
	}
	found, next, err := s.Events.Organizers(r.Context(), who.Tenant, page.Search, after, view.Rows)
	if err != nil {
		return err
	}
	page.Next = s.cursor(cursorOrganizers, who.Tenant, next)
	for _, o := range found {
		page.Items = append(page.Items, view.OrganizerRow{
			Name: o.Name, Email: o.Email, Events: o.Events, Invites: o.Invites, Last: moment(o.LastEvent), Standings: standingsOf(o.Standings),
		})
	}
	html, err := s.Views.Organizers(page)
	return show(w, html, err)
}

func standingsOf(s invite.Standings) view.Standings {
	standings := view.Standings{Bulk: moment(s.Bulk), Suspended: moment(s.Suspended)}
	if sub := s.Subscription; sub != nil {
		standings.Subscription, standings.Product, standings.Order = moment(max(sub.Created, 1)), sub.Product, sub.Order
	}
	return standings
}

// organizerNamed is the organizer whom the path names.
func organizerNamed(r *http.Request, who Session) (invite.Organizer, error) {
	email, err := invite.ParseAddress(r.PathValue("email"))
	if err != nil {
		return invite.Organizer{}, fault.Wrap(fault.NotFound, "unknown-organizer", err)
	}
	return invite.Organizer{Tenant: who.Tenant, Email: email}, nil
}

// organizerPage is one organizer, whom the system need not know yet: a standing can be given before the first event.
func (s *Site) organizerPage(w http.ResponseWriter, r *http.Request, who Session) error {
	organizer, err := organizerNamed(r, who)
	if err != nil {
		return err
	}
	standings, err := s.Events.Standings(r.Context(), organizer)
	if err != nil {
		return err
	}
	counts, err := s.Events.OrganizerStatistics(r.Context(), organizer)
	if err != nil {
		return err
	}
	found, _, err := s.Events.Organizers(r.Context(), who.Tenant, organizer.Email, "", 1)
	if err != nil {
		return err
	}
	name := ""
	if len(found) > 0 && found[0].Email == organizer.Email {
		name = found[0].Name
	}
	html, err := s.Views.Organizer(view.Organizer{
		Frame: frameOf(r, who), Name: name, Email: organizer.Email, Standings: standingsOf(standings), Events: counts.Events, EventLimit: s.EventLimit,
		Attendees: counts.Attendees, Invites: counts.Invites, Answers: answersOf(counts), Bounced: counts.Bounced, Blocked: counts.Blocked,
	})
	return show(w, html, err)
}

// switches are the standings that an administrator grants and takes away.
var switches = map[view.Switch]invite.StandingKind{
	view.SwitchBulk: invite.BulkAllowed, view.SwitchSuspended: invite.Suspended, view.SwitchSubscription: invite.Subscription,
}

// setStanding grants a standing or takes it away.
func (s *Site) setStanding(w http.ResponseWriter, r *http.Request, who Session) error {
	organizer, err := organizerNamed(r, who)
	if err != nil {
		return err
	}
	if err := parseForm(w, r); err != nil {
		return err
	}
	kind, known := switches[view.Switch(r.PostForm.Get(view.FieldSwitch))]
	on := r.PostForm.Get(view.FieldOn)
	if !known || on != "yes" && on != "no" {
		return fault.New(fault.InvalidRequest, "no-switch", "")
	}
	if err := s.Events.SetStanding(r.Context(), organizer, kind, on == "yes"); err != nil {
		return err
	}
	s.Note(r.Context(), who, string(kind)+"-"+on, organizer.Email)
	return s.done(w, r, view.OrganizerPath(organizer.Email), view.DoneSwitched, organizer.Email, 0)
}
