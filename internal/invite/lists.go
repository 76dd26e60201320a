package invite

import "context"

// listPage is how many records are read at a time where all are wanted.
const listPage = 1000

// Attendees lists the attendees of an event in the order of their addresses: at most limit, after the given position ("" = from the
// start); next is "" on the last page. Whether the caller may see the event is for Event to say.
func (s *Service) Attendees(ctx context.Context, uid, after string, limit int) (page []Attendee, next string, err error) {
	page, next, err = s.store.Attendees(ctx, uid, after, limit)
	return page, next, wrap("list attendees", err)
}

// Attendee reads one attendee of an event; a fault NotFound when there is none. One call.
func (s *Service) Attendee(ctx context.Context, uid, email string) (Attendee, error) {
	attendee, err := s.store.Attendee(ctx, uid, email)
	return attendee, wrap("read attendee", err)
}

// EachAttendee calls do for every attendee of the event in the order of their addresses, and ends with its first error. It holds one
// page at a time, however many there are.
func (s *Service) EachAttendee(ctx context.Context, uid string, do func(Attendee) error) error {
	for after := ""; ; {
		page, next, err := s.store.Attendees(ctx, uid, after, listPage)
		if err != nil {
			return wrap("read attendees", err)
		}
		for _, attendee := range page {
			if err := do(attendee); err != nil {
				return err
			}
		}
		if after = next; after == "" {
			return nil
		}
	}
}

// OrganizerEvents lists the organizer's events, the last modified first, as Attendees pages. They hold only what lists show. An organizer
// of whom nothing is known has none.
func (s *Service) OrganizerEvents(ctx context.Context, o Organizer, after string, limit int) (page []Event, next string, err error) {
	page, next, err = s.store.OrganizerEvents(ctx, o, after, limit)
	return page, next, wrap("list organizer's events", err)
}

// SystemEvents lists all events of the tenant, as OrganizerEvents does.
func (s *Service) SystemEvents(ctx context.Context, tenant, after string, limit int) (page []Event, next string, err error) {
	page, next, err = s.store.SystemEvents(ctx, tenant, after, limit)
	return page, next, wrap("list events", err)
}

// Overviews reads up to MaxOverviews of the organizer's events with their statistics, without days and works, by uid; those of others are
// absent. One call.
func (s *Service) Overviews(ctx context.Context, o Organizer, uids []string) (map[string]Overview, error) {
	found, err := s.store.Overviews(ctx, uids)
	for uid, of := range found {
		if of.Event.Owner() != o {
			delete(found, uid)
		}
	}
	return found, wrap("overviews", err)
}

// Organizers lists the tenant's organizers whose address begins with the prefix, as Attendees pages. Two calls, or a few.
func (s *Service) Organizers(ctx context.Context, tenant, prefix, after string, limit int) (page []OrganizerEntry, next string, err error) {
	page, next, err = s.store.Organizers(ctx, tenant, prefix, after, limit)
	return page, next, wrap("list organizers", err)
}

// CountOrganizers is how many organizers the tenant has. One call for about ten thousand.
func (s *Service) CountOrganizers(ctx context.Context, tenant string) (int, error) {
	n, err := s.store.CountOrganizers(ctx, tenant)
	return n, wrap("count organizers", err)
}

// KnownOrganizer reports whether the address has made an event, or was given a standing.
func (s *Service) KnownOrganizer(ctx context.Context, o Organizer) (bool, error) {
	known, err := s.store.KnownOrganizer(ctx, o)
	return known, wrap("look for organizer", err)
}

// SystemDays are the tenant's days from one date to another, as 2026-04-01, both included, without those on which nothing came in.
func (s *Service) SystemDays(ctx context.Context, tenant, from, to string) ([]Day, error) {
	days, err := s.store.SystemDays(ctx, tenant, from, to)
	return days, wrap("read days", err)
}

// OrganizerStatistics are the counts of all the organizer's events.
func (s *Service) OrganizerStatistics(ctx context.Context, o Organizer) (Statistics, error) {
	counts, err := s.store.OrganizerStatistics(ctx, o)
	return counts, wrap("read organizer's statistics", err)
}

// SystemStatistics are the counts of all events of the tenant.
func (s *Service) SystemStatistics(ctx context.Context, tenant string) (Statistics, error) {
	counts, err := s.store.SystemStatistics(ctx, tenant)
	return counts, wrap("read statistics", err)
}

// before is a text that sorts before the address and after everything else that does, so that a list that goes on after it goes on with
// the address.
func before(email string) string {
	if email == "" {
		return ""
	}
	last := len(email) - 1
	return email[:last] + string(rune(email[last]-1)) + "\U0010ffff"
}
