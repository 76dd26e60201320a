package invite

import (
	"context"

	"github.com/calendarinvite/calendarinviteserver/internal/fact"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
)

// Standings reads what an organizer was granted, or denied.
func (s *Service) Standings(ctx context.Context, o Organizer) (Standings, error) {
	standings, err := s.store.Standings(ctx, o)
	return standings, wrap("read standings", err)
}

// SetStanding grants an organizer a standing, or takes it away: the bulk permission, the suspension, the subscription. What is granted
// already keeps its beginning. Another kind is a fault InvalidRequest.
func (s *Service) SetStanding(ctx context.Context, o Organizer, kind StandingKind, on bool) error {
	switch kind {
	case Subscription, Suspended, BulkAllowed:
		return wrap("set standing", s.store.SetStanding(ctx, o, kind, on, s.now().Unix()))
	}
	return fault.New(fault.InvalidRequest, "bad-standing", "There is no such standing.")
}

// maySend is a fault NotAuthorized where the organizer is suspended: then nothing is sent that they ask for (spec §3). One call.
func (s *Service) maySend(ctx context.Context, o Organizer) error {
	standings, err := s.store.Standings(ctx, o)
	if err == nil && standings.Suspended != 0 {
		err = fault.New(fault.NotAuthorized, ReasonSuspended, "This account is suspended: it can send nothing.")
	}
	return err
}

// Results of Enroll.
const (
	EnrolledNow    = "new"
	EnrolledAgain  = "own"      // this very order enrolled the organizer: the step ran before, and may not have told it
	EnrolledBefore = "existing" // by another order, or an administrator: it is left as it is
)

// Enrolled is the outcome of Enroll.
type Enrolled struct {
	Result       string             `json:"result"`
	Subscription SubscriptionRecord `json:"subscription"` // the one that counts
}

// Enroll gives an organizer the subscription of an order, unless they have one (spec §9): it lifts the event limit. Told again, an order
// changes nothing. One call, and organizer.enrolled is told.
func (s *Service) Enroll(ctx context.Context, o Organizer, r SubscriptionRecord) (Enrolled, error) {
	r.Created = s.now().Unix()
	existing, err := s.store.Subscribe(ctx, o, r)
	if err != nil {
		return Enrolled{}, wrap("enroll", err)
	}
	enrolled := Enrolled{Result: EnrolledNow, Subscription: r}
	if existing != nil {
		enrolled.Subscription = *existing
		if existing.Order != r.Order || existing.OrderID != r.OrderID {
			enrolled.Result = EnrolledBefore
			return enrolled, nil
		}
		enrolled.Result = EnrolledAgain
	}
	counted := enrolled.Subscription
	return enrolled, s.tell(ctx, fact.New(fact.OrganizerEnrolled, o.Tenant, counted.Created,
		fact.Enrollment{Organizer: o.Email, Product: counted.Product, Order: counted.Order}, o.Tenant, o.Email, counted.OrderID, counted.Order))
}
