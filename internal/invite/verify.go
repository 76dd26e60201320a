package invite

import (
	"context"
	"net/netip"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
)

// Verify says whether the person may be invited (spec §4, "Verification before any send"). It changes nothing. A refusal is an
// answer with a Reason, not an error. One read, and a second one when this process has not seen the event before.
func (s *Service) Verify(ctx context.Context, q InviteRequest) (Verification, error) {
	r, reason := s.checkRequest(q)
	if reason != "" {
		return Verification{Reason: reason, Request: r}, nil
	}
	standing, err := s.standing(ctx, r)
	if err != nil {
		return Verification{}, wrap("verify invitation", err)
	}
	reason = s.refusal(r, standing)
	verification := Verification{Verified: reason == "", Reason: reason, Request: r}
	if standing.Event != nil {
		verification.Event = *standing.Event
	}
	if !verification.Verified {
		verification.Event.Calendar = nil // nobody is going to need it
	}
	return verification, nil
}

// Refused tells others that Verify refused an invitation to an event that there is.
func (s *Service) Refused(ctx context.Context, v Verification) error {
	if v.Verified || v.Event.UID == "" {
		return nil
	}
	return s.tell(ctx, refusedFact(v.Request, v.Event, v.Reason, s.now().Unix()))
}

// maxName is the most octets of an attendee's name.
const maxName = 200

// checkRequest puts the request into normal form, or says what is wrong with it.
func (s *Service) checkRequest(r InviteRequest) (InviteRequest, string) {
	if r.Origin == "" {
		r.Origin = OriginAPI
	}
	r.Name = cut(oneLine(r.Name), maxName)
	email, err := ParseAddress(r.Email)
	if err != nil {
		return r, ReasonBadAddress
	}
	uid, err := ParseUID(r.UID)
	if err != nil {
		return r, ReasonBadUID
	}
	r.Email, r.UID = email, uid
	switch {
	case !KnownOrigin(r.Origin):
		return r, ReasonUnknownOrigin
	case s.isOwn(email):
		return r, ReasonOwnAddress
	}
	return r, ""
}

// standing reads everything that decides about the request.
func (s *Service) standing(ctx context.Context, r InviteRequest) (Standing, error) {
	q := StandingQuery{UID: r.UID, Owner: s.owners.get(r.UID), Email: r.Email, Bulk: needsPermission(r.Origin), Caps: s.caps(r)}
	if q.Owner.Email != "" {
		return s.store.Standing(ctx, q)
	}
	event, err := s.store.Event(ctx, r.UID)
	if err != nil {
		if fault.KindOf(err) == fault.NotFound {
			return Standing{}, nil
		}
		return Standing{}, err
	}
	s.owners.put(r.UID, event.Owner())
	q.Owner, q.Known = event.Owner(), true
	standing, err := s.store.Standing(ctx, q)
	standing.Event = &event
	return standing, err
}

// refusal is why the request is refused, or "".
func (s *Service) refusal(r InviteRequest, standing Standing) string {
	event := standing.Event
	switch {
	case event == nil:
		return ReasonUnknownEvent
	case event.Cancelled():
		return ReasonEventCancelled
	case event.Over(s.now()):
		return ReasonEventOver
	case sameMailbox(r.Email, event.MailTo):
		return ReasonOrganizer
	case standing.Blocked:
		return ReasonBlocked
	case standing.Suspended:
		return ReasonSuspended
	case standing.Attendee != nil && standing.Attendee.Undeliverable != "":
		return ReasonUndeliverable
	case needsPermission(r.Origin) && !standing.BulkAllowed:
		return ReasonNoBulk
	case needsPermission(r.Origin) && event.InviteLimit > 0 && standing.Sent >= event.InviteLimit:
		return ReasonInviteLimit
	case len(standing.Full) > 0:
		return standing.Full[0]
	}
	return ""
}

// capWindow is the window of the caps on public links, and capKept how long a window's counter is kept after it.
const (
	capWindow = time.Hour
	capKept   = time.Hour
)

// caps are the caps that the request counts against: those on public links, where a link from outside and nobody's signature or key
// brought it (spec §4, "Anyone can call the public link").
func (s *Service) caps(r InviteRequest) []Cap {
	if r.SourceIP == "" || r.Signed {
		return nil
	}
	window := s.now().Truncate(capWindow)
	until := window.Add(capWindow + capKept).Unix()
	var caps []Cap
	if s.config.LinkAddressCap > 0 {
		caps = append(caps, Cap{Name: ReasonAddressCap, Key: mailboxKey(r.Email), Window: window.Unix(), Until: until, Limit: s.config.LinkAddressCap})
	}
	if s.config.LinkSourceCap > 0 {
		caps = append(caps, Cap{Name: ReasonSourceCap, Key: SourceOf(r.SourceIP), Window: window.Unix(), Until: until, Limit: s.config.LinkSourceCap})
	}
	return caps
}

// SourceOf is what counts as one source: an IPv4 address, or the /64 that an IPv6 address lies in, which one household has whole.
func SourceOf(ip string) string {
	address, err := netip.ParseAddr(ip)
	if err != nil {
		return ip
	}
	address = address.Unmap().WithZone("")
	if address.Is6() {
		if prefix, err := address.Prefix(64); err == nil {
			return prefix.String()
		}
	}
	return address.String()
}
