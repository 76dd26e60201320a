package dashboard

import (
	"cmp"
	"context"
	"html"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/dashboard/view"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/itip"
)

// maxListed is how many of an organizer's events the list knows: those changed last. They come in one read, or a few where they say much.
const maxListed = 1000

// home is the list of the organizer's events; for administrators the system's page.
func (s *Site) home(w http.ResponseWriter, r *http.Request, who Session) error {
	switch {
	case who.Admin:
		s.redirect(w, r, view.SystemPath)
		return nil
	case who.Email == "":
		return s.askToSignIn(w, r)
	}
	ctx, query := r.Context(), r.URL.Query()
	listed, _, err := s.Events.OrganizerEvents(ctx, who.Organizer(), "", maxListed)
	if err != nil {
		return err
	}
	standings, err := s.Events.Standings(ctx, who.Organizer())
	if err != nil {
		return err
	}
	page := view.Events{
		Frame: frameOf(r, who), Search: query.Get(view.FieldSearch), State: view.EventState(query.Get(view.FieldState)), After: query.Get(view.FieldAfter),
		Create: s.Create, Used: len(listed), Suspended: standings.Suspended != 0,
	}
	if standings.Subscription == nil {
		page.Limit = s.EventLimit
	}
	chosen := nextFirst(listed, page.Search, page.State, s.Now())
	from := min(atoi(page.After), len(chosen))
	chosen = chosen[from:]
	if len(chosen) > invite.MaxOverviews {
		chosen = chosen[:invite.MaxOverviews]
		page.Next = itoa(from + invite.MaxOverviews)
	}
	if page.Items, err = s.rows(ctx, who, chosen); err != nil {
		return err
	}
	html, err := s.Views.Events(page)
	return show(w, html, err)
}

// rows reads the events of a page, with their answers.
func (s *Site) rows(ctx context.Context, who Session, events []invite.Event) ([]view.EventRow, error) {
	uids := make([]string, len(events))
	for i, e := range events {
		uids[i] = e.UID
	}
	found, err := s.Events.Overviews(ctx, who.Organizer(), uids)
	if err != nil {
		return nil, err
	}
	var rows []view.EventRow
	for _, uid := range uids {
		if of, has := found[uid]; has {
			rows = append(rows, view.EventRow{Occasion: occasion(of.Event, s.Now()), Answers: answersOf(of.Statistics)})
		}
	}
	return rows, nil
}

// nextFirst are the events that the filters choose: those to come in the order of their starts, then those that are over, the last first. What
// lists hold of an event is enough to tell.
func nextFirst(events []invite.Event, search string, state view.EventState, now time.Time) []invite.Event {
	search = strings.ToLower(strings.TrimSpace(search))
	chosen := slices.DeleteFunc(slices.Clone(events), func(e invite.Event) bool {
		text := strings.ToLower(html.UnescapeString(e.SummaryHTML + "\n" + e.LocationHTML))
		is := stateOf(e, now)
		return !strings.Contains(text, search) || state != "" && state != is && !(state == view.Upcoming && is == view.Unsure) // to come, if it does
	})
	slices.SortStableFunc(chosen, func(a, b invite.Event) int {
		switch over, too := a.Over(now), b.Over(now); {
		case over && too:
			return cmp.Compare(b.DTStart, a.DTStart)
		case over:
			return 1
		case too:
			return -1
		}
		return cmp.Compare(a.DTStart, b.DTStart)
	})
	return chosen
}

func stateOf(e invite.Event, now time.Time) view.EventState {
	switch {
	case e.Cancelled():
		return view.Cancelled
	case e.Over(now):
		return view.Over
	case e.Status == invite.StatusTentative:
		return view.Unsure
	}
	return view.Upcoming
}

// occasion is what every page of an event shows of it.
func occasion(e invite.Event, now time.Time) view.Occasion {
	return view.Occasion{
		UID: e.UID, Title: e.Summary, When: e.Span(), Where: e.Location, State: stateOf(e, now),
	}
}

// answersOf are the answers as they are counted.
func answersOf(s invite.Statistics) view.Answers {
	return view.Answers{
		Accepted: s.RSVP[string(itip.Accepted)], Tentative: s.RSVP[string(itip.Tentative)], Declined: s.RSVP[string(itip.Declined)],
		Delegated: s.RSVP[string(itip.Delegated)], NoAction: s.RSVP[string(itip.NoAction)],
	}
}
