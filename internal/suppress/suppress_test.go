package suppress_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/calendarinvite/calendarinviteserver/internal/fact"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/seal"
	"github.com/calendarinvite/calendarinviteserver/internal/suppress"
)

const (
	bob = "bob@example.com"
	ada = "ada@organizer.example"
)

// store knows one event, of a tenant, and remembers blocks.
type store struct {
	blocks map[string]bool
	last   invite.Block
	err    error
}

func (s *store) Event(_ context.Context, uid string) (invite.Event, error) {
	switch {
	case s.err != nil:
		return invite.Event{}, s.err
	case uid == "event1":
		return invite.Event{UID: uid, MailTo: ada, Tenant: "acme"}, nil
	}
	return invite.Event{}, fault.New(fault.NotFound, invite.ReasonUnknownEvent, "")
}

func (s *store) Blocked(_ context.Context, attendee, organizer string) (bool, error) {
	return s.blocks[attendee+" "+organizer], s.err
}

func (s *store) SetBlock(_ context.Context, b invite.Block, on bool) (bool, error) {
	key := b.Attendee + " " + b.Organizer.Email
	changed := s.blocks[key] != on
	s.blocks[key], s.last = on, b
	return changed, s.err
}

// told collects facts.
type told struct {
	facts []fact.Fact
	err   error
}

func (t *told) Publish(_ context.Context, facts ...fact.Fact) error {
	t.facts = append(t.facts, facts...)
	return t.err
}

func TestApply(t *testing.T) {
	s, facts := &store{blocks: map[string]bool{}}, &told{}
	link := suppress.FromLink(seal.Link{Email: bob, Extra: ada, UID: "event1"})
	apply := func(of suppress.Subscription, choice suppress.Choice, at int64) suppress.Blocked {
		t.Helper()
		state, err := suppress.Apply(t.Context(), s, facts, of, choice, at)
		if err != nil {
			t.Fatal(err)
		}
		return state
	}
	expect := func(what string, want, got any) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	state := func(blocked, changed bool) suppress.Blocked {
		return suppress.Blocked{Blocked: blocked, Changed: changed, Attendee: bob, Organizer: ada}
	}
	expect("looked at", state(false, false), apply(link, suppress.Keep, 7))
	expect("blocked", state(true, true), apply(link, suppress.Block, 7))
	expect("the block", invite.Block{Attendee: bob, Organizer: invite.Organizer{Tenant: "acme", Email: ada}, UID: "event1", By: invite.ByLink, At: 7}, s.last)
	expect("looked at then", state(true, false), apply(link, suppress.Keep, 7))
	expect("blocked again", state(true, false), apply(link, suppress.Block, 7))
	expect("undone", state(false, true), apply(link, suppress.Undo, 8))

	if len(facts.facts) != 3 || facts.facts[0].ID != facts.facts[1].ID || facts.facts[0].ID == facts.facts[2].ID {
		t.Fatalf("facts: %+v", facts.facts)
	}
	expect("told", fact.Block{Attendee: bob, Organizer: ada, By: invite.ByLink}, facts.facts[0].Data)
	expect("types", []fact.Type{fact.OrganizerBlocked, fact.OrganizerUnblock}, []fact.Type{facts.facts[0].Type, facts.facts[2].Type})

	for _, test := range []struct {
		name string
		of   suppress.Subscription
		want invite.Block
	}{
		{"an older link", suppress.Subscription{Attendee: bob, Organizer: ada, By: invite.ByLink}, invite.Block{Organizer: invite.Organizer{Tenant: "default", Email: ada}, By: invite.ByLink}},
		{"by mail", suppress.Subscription{Attendee: bob, UID: "event1", By: invite.ByMail}, invite.Block{Organizer: invite.Organizer{Tenant: "acme", Email: ada}, UID: "event1", By: invite.ByMail}},
		{"an event that is gone", suppress.Subscription{Attendee: bob, Organizer: ada, UID: "gone"}, invite.Block{Organizer: invite.Organizer{Tenant: "default", Email: ada}}},
		{"another's event", suppress.Subscription{Attendee: bob, Organizer: "eve@example.com", UID: "event1"}, invite.Block{Organizer: invite.Organizer{Tenant: "default", Email: "eve@example.com"}}},
	} {
		apply(test.of, suppress.Block, 9)
		test.want.Attendee, test.want.At = bob, 9
		expect(test.name, test.want, s.last)
	}
}

func TestApplyFaults(t *testing.T) {
	s := &store{blocks: map[string]bool{}}
	byMail := suppress.Subscription{Attendee: bob, UID: "gone", By: invite.ByMail}
	for _, choice := range []suppress.Choice{suppress.Keep, suppress.Block} {
		if _, err := suppress.Apply(t.Context(), s, nil, byMail, choice, 7); fault.KindOf(err) != fault.NotFound {
			t.Errorf("nobody's event, %q: %v", choice, err)
		}
	}
	link := suppress.FromLink(seal.Link{Email: bob, Extra: ada})
	if state, err := suppress.Apply(t.Context(), s, nil, link, suppress.Block, 7); err != nil || !state.Blocked {
		t.Errorf("nobody to tell: %+v, %v", state, err)
	}
	down := fault.New(fault.Unavailable, "bus", "")
	if _, err := suppress.Apply(t.Context(), s, &told{err: down}, link, suppress.Block, 7); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("the bus is down: %v", err)
	}
	s.err = errors.New("the table is down")
	for _, choice := range []suppress.Choice{suppress.Keep, suppress.Block, suppress.Undo} {
		if _, err := suppress.Apply(t.Context(), s, nil, link, choice, 7); !errors.Is(err, s.err) {
			t.Errorf("%q: %v", choice, err)
		}
	}
}
