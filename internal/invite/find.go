package invite

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/internal/itip"
)

// AttendeeFilter chooses attendees. Its zero value is everybody.
type AttendeeFilter struct {
	Status   itip.Status // the answer that counts now; "" = any
	Delivery DeliveryFilter
	Text     string // part of the address or the name, in any case
}

// DeliveryFilter chooses attendees by what became of their mail.
type DeliveryFilter string

// The filters.
const (
	FilterQueued   DeliveryFilter = "queued"
	FilterSent     DeliveryFilter = "sent"         // handed over, whatever came of it
	FilterCurrent  DeliveryFilter = "current"      // holds the present revision
	FilterOutdated DeliveryFilter = "outdated"     // holds an older one
	FilterSoft     DeliveryFilter = "soft-bounced" // the last mail bounced softly
	FilterBounced  DeliveryFilter = "bounced"      // for good, or refused
	FilterBlocked  DeliveryFilter = "blocked"      // blocked the organizer
)

// IsZero reports whether the filter chooses everybody.
func (f AttendeeFilter) IsZero() bool { return f == AttendeeFilter{} }

// Matches reports whether the filter chooses the attendee of the event.
func (f AttendeeFilter) Matches(e Event, a Attendee) bool {
	if f.Status != "" && a.StatusAt(e) != f.Status {
		return false
	}
	if f.Text != "" {
		text := strings.ToLower(f.Text)
		if !strings.Contains(a.Email, text) && !strings.Contains(strings.ToLower(a.Name), text) {
			return false
		}
	}
	switch f.Delivery {
	case FilterQueued:
		return a.Delivery == DeliveryQueued
	case FilterSent:
		return a.Delivery == DeliverySent
	case FilterCurrent:
		return a.Delivery == DeliverySent && !a.Outdated(e) && !a.Bounced()
	case FilterOutdated:
		return a.Outdated(e)
	case FilterSoft:
		return a.BouncedSoftly()
	case FilterBounced:
		return a.Bounced() || a.Delivery == DeliveryFailed
	case FilterBlocked:
		return a.Blocked
	}
	return true
}

// findReads is how many pages of listPage records FindAttendees reads at most.
const findReads = 4

// FindAttendees lists the attendees that the filter chooses, as Attendees does. It looks at no more than 4,000 attendees: then it returns
// what it found, and where to look on. At most four reads.
func (s *Service) FindAttendees(ctx context.Context, e Event, f AttendeeFilter, after string, limit int) (page []Attendee, next string, err error) {
	if f.IsZero() {
		return s.Attendees(ctx, e.UID, after, limit)
	}
	for range findReads {
		read, more, err := s.store.Attendees(ctx, e.UID, after, listPage)
		if err != nil {
			return nil, "", wrap("find attendees", err)
		}
		for i, a := range read {
			if !f.Matches(e, a) {
				continue
			}
			if page = append(page, a); len(page) == limit && (i < len(read)-1 || more != "") {
				return page, a.Email, nil
			}
		}
		if after = more; after == "" || len(page) == limit {
			return page, after, nil
		}
	}
	return page, after, nil
}

// AttendeeOrder is an order of attendees other than that of their addresses.
type AttendeeOrder string

// The orders.
const (
	OrderName     AttendeeOrder = "name"     // by name, those without one last
	OrderStatus   AttendeeOrder = "status"   // yes, maybe, no, delegated, no answer
	OrderAnswered AttendeeOrder = "answered" // the last answer first, those without one last
)

var statusOrder = []itip.Status{itip.Accepted, itip.Tentative, itip.Declined, itip.Delegated, itip.NoAction}

// MaxSorted is how many attendees an event may have for SortedAttendees.
const MaxSorted = 1_000

// SortedAttendees are the attendees that the filter chooses, in an order: limit of them from the given place, and how many there are in all.
// It reads every attendee, so it is for events of at most MaxSorted.
func (s *Service) SortedAttendees(ctx context.Context, e Event, f AttendeeFilter, order AttendeeOrder, from, limit int) (page []Attendee, all int, err error) {
	var found []Attendee
	err = s.EachAttendee(ctx, e.UID, func(a Attendee) error {
		if f.Matches(e, a) {
			a.History = nil // not in lists, and most of a record
			found = append(found, a)
		}
		return nil
	})
	if err != nil {
		return nil, 0, err
	}
	slices.SortStableFunc(found, func(a, b Attendee) int {
		switch order {
		case OrderAnswered:
			return cmp.Compare(b.AnswerTime(e), a.AnswerTime(e))
		case OrderStatus:
			return cmp.Compare(slices.Index(statusOrder, a.StatusAt(e)), slices.Index(statusOrder, b.StatusAt(e)))
		}
		return cmp.Or(compareTexts(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.Email, b.Email))
	})
	from = min(max(from, 0), len(found))
	return found[from:min(from+limit, len(found))], len(found), nil
}

// compareTexts sorts the empty text last.
func compareTexts(a, b string) int {
	if (a == "") != (b == "") {
		return cmp.Compare(len(b), len(a))
	}
	return cmp.Compare(a, b)
}
