package handlers

import (
	"context"

	"github.com/calendarinvite/calendarinviteserver/internal/api"
	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/itip"
	"github.com/calendarinvite/calendarinviteserver/internal/maillog"
)

// lister is what the list routes share: who calls, how long pages are, and the cursors between them.
type lister struct {
	callers api.Keys
	cursors api.Cursors
	length  int // of a page, unless the caller asks for another
	longest int
}

func newLister(ctx context.Context, a *app.App) lister {
	return lister{
		callers: a.Callers(), cursors: api.Cursors{Keys: a.Keys(ctx)},
		length: a.Settings.Count("EVENT_VIEW_LENGTH"), longest: a.Settings.Count("MAX_EVENT_VIEW_LENGTH"),
	}
}

// list is one request for a page.
type list struct {
	name, subject string // what the cursor is bound to
	after         string
	limit         int
}

// read reads limit and cursor. The cursor opens only for the list and the subject that it was made for.
func (l lister) read(request api.Request, name, subject string) (list, error) {
	limit, err := api.Limit(request, l.length, l.longest)
	if err != nil {
		return list{}, err
	}
	wanted := list{name: name, subject: subject, limit: limit}
	if token := request.QueryStringParameters["cursor"]; token != "" {
		wanted.after, err = l.cursors.Open(name, subject, token)
	}
	return wanted, err
}

// next is the cursor of the page after; "" on the last one.
func (l lister) next(of list, position string) string {
	if position == "" {
		return ""
	}
	return l.cursors.Seal(of.name, of.subject, position)
}

// EventPage is one page of an event list.
type EventPage struct {
	Events []ListedEvent `json:"events"`
	Cursor string        `json:"cursor,omitempty"` // of the next page; absent on the last one
}

// ListedEvent is an event as lists show it (spec §9).
type ListedEvent struct {
	UID             string `json:"uid"`
	MailTo          string `json:"mailto"`
	Organizer       string `json:"organizer"`
	Status          string `json:"status"`
	Created         int64  `json:"created"`
	DTStart         int64  `json:"dtstart"`
	DTEnd           int64  `json:"dtend"`
	SummaryHTML     string `json:"summary_html"`
	DescriptionHTML string `json:"description_html"`
	LocationHTML    string `json:"location_html"`
}

func listed(events []invite.Event) []ListedEvent {
	all := make([]ListedEvent, 0, len(events))
	for _, e := range events {
		all = append(all, ListedEvent{
			UID: e.UID, MailTo: e.MailTo, Organizer: e.Organizer, Status: e.Status, Created: e.Created, DTStart: e.DTStart, DTEnd: e.DTEnd,
			SummaryHTML: e.SummaryHTML, DescriptionHTML: e.DescriptionHTML, LocationHTML: e.LocationHTML,
		})
	}
	return all
}

// AttendeePage is one page of an event's attendees.
type AttendeePage struct {
	Attendees []SanitizedAttendee `json:"attendees"`
	Cursor    string              `json:"cursor,omitempty"` // of the next page; absent on the last one
}

// SanitizedAttendee is an attendee whose address and name are hidden behind their first characters.
type SanitizedAttendee struct {
	Email  string      `json:"email"`
	Name   string      `json:"name,omitempty"`
	Status itip.Status `json:"status"`
	Origin string      `json:"origin"`
}

func sanitized(e invite.Event, attendees []invite.Attendee) []SanitizedAttendee {
	all := make([]SanitizedAttendee, 0, len(attendees))
	for _, a := range attendees {
		all = append(all, SanitizedAttendee{Email: maillog.Mask(a.Email), Name: maillog.MaskName(a.Name), Status: a.StatusAt(e), Origin: a.Origin})
	}
	return all
}

// admin is the caller, who must have an admin key.
func admin(callers api.Keys, request api.Request) (api.Caller, error) {
	caller, err := callers.Caller(request)
	if err == nil && !caller.Admin {
		err = fault.New(fault.NotAuthorized, "not-admin", "Only an admin key may do that.")
	}
	return caller, err
}

// organizerOf is the organizer that a request names, as the caller's tenant knows them. A missing or impossible address is nobody: 404.
func organizerOf(caller api.Caller, address string) (invite.Organizer, error) {
	email, err := invite.ParseAddress(address)
	if err != nil {
		return invite.Organizer{}, fault.New(fault.NotFound, "no-organizer", "There is no such organizer.")
	}
	return invite.Organizer{Tenant: caller.Tenant, Email: email}, nil
}
