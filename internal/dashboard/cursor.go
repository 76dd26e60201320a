package dashboard

import "github.com/calendarinvite/calendarinviteserver/internal/api"

// The lists that cursors are sealed for.
const (
	cursorAttendees  = "dashboard-attendees"
	cursorGuests     = "dashboard-guests"
	cursorProposals  = "dashboard-proposals"
	cursorOrganizers = "dashboard-organizers"
)

// position is where a list goes on after the page with the cursor; "" from its start. subject is whose list it is.
func (s *Site) position(list, subject, cursor string) (string, error) {
	if cursor == "" {
		return "", nil
	}
	return api.Cursors{Keys: s.Seals}.Open(list, subject, cursor)
}

// cursor is that of the page after the position; "" where there is none.
func (s *Site) cursor(list, subject, position string) string {
	if position == "" {
		return ""
	}
	return api.Cursors{Keys: s.Seals}.Seal(list, subject, position)
}
