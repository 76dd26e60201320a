package e2e

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
	"github.com/calendarinvite/calendarinviteserver/internal/seal"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
)

func TestLinksThatAsk(t *testing.T) {
	s := start(t, stacktest.Env("INVITE_LINKS", "confirm"))
	uid := s.register(tea(somebody("ada")))
	guest := somebody("guest")
	a := s.link(uid, guest.Email, "name", `<script>alert("x")</script>`)
	if a.Status != 200 || !strings.Contains(a.Body, "<form") || strings.Contains(a.Body, "<script") || s.sentTo(guest.Email) != 0 {
		t.Fatalf("%d, %d mails: %s", a.Status, s.sentTo(guest.Email), a.Body)
	}
	if strings.Contains(a.Body, "(no title)") {
		t.Errorf("the page shows an event that it does not know: %s", a.Body)
	}
	for range 2 { // an impatient finger
		a = s.Do("POST", "/event/"+uid+"/invite", url.Values{"email": {guest.Email}, "name": {"Grace"}, "origin": {"emailcta"}}.Encode(), "Content-Type", "application/x-www-form-urlencoded")
		if a.Status != 302 || a.Header.Get("Location") != s.eventPage(uid) || s.sentTo(guest.Email) != 1 {
			t.Errorf("%d %s, %d mails", a.Status, a.Body, s.sentTo(guest.Email))
		}
	}
	if got := s.attendee(uid, guest.Email); got.Origin != "emailcta" || got.Name != "Grace" {
		t.Errorf("%+v", got)
	}
}

func TestSignedLinks(t *testing.T) {
	s := start(t, stacktest.Env("INVITE_LINKS", "signed"))
	organizer := somebody("ada")
	uid := s.register(tea(organizer))
	other := tea(organizer)
	other.Key = "other"
	otherUID := s.register(other)
	confirmation := string(read(t, s.WaitSent(organizer.Email, 1)[0].Raw).Parts[0].Body)
	_, token, found := strings.Cut(confirmation, "/invite?token=")
	if !found {
		t.Fatalf("the confirmation has no signed link: %s", confirmation)
	}
	token = token[:strings.IndexAny(token, "& \r\n")]
	guest := somebody("guest")
	for _, c := range []struct {
		uid, token string
		status     int
	}{{uid, "", 403}, {uid, forge(token), 403}, {otherUID, token, 403}, {uid, token, 302}} {
		if a := s.link(c.uid, guest.Email, "token", c.token); a.Status != c.status {
			t.Errorf("token %q: %d %s, want %d", c.token, a.Status, a.Body, c.status)
		}
	}
	if n := s.sentTo(guest.Email); n != 1 {
		t.Errorf("%d mails", n)
	}
	// A link for one address, as a mailing tool of the organizer's makes it.
	other1, other2 := somebody("guest"), somebody("guest")
	token = s.keys().Link(seal.Link{Purpose: seal.Invite, UID: uid, Email: other1.Email})
	old := s.keys().Link(seal.Link{Purpose: seal.Invite, UID: uid, Expires: time.Now().Add(-time.Hour).Unix()})
	rsvpToken := s.keys().Link(seal.Link{Purpose: seal.RSVP, UID: uid, Email: other1.Email})
	for _, c := range []struct {
		email, token string
		status       int
	}{{other2.Email, token, 403}, {other1.Email, old, 403}, {other1.Email, rsvpToken, 403}, {other1.Email, token, 302}} {
		if a := s.link(uid, c.email, "token", c.token); a.Status != c.status {
			t.Errorf("%s: %d %s, want %d", c.email, a.Status, a.Body, c.status)
		}
	}
	if s.sentTo(other1.Email) != 1 || s.sentTo(other2.Email) != 0 {
		t.Errorf("%d and %d mails", s.sentTo(other1.Email), s.sentTo(other2.Email))
	}
}

// A mail tool's merge tag leaves a + as it is, which a query reads as a space.
func TestPlusInTheAddress(t *testing.T) {
	s := start(t)
	uid := s.register(tea(imiptest.Address{Name: "Ada", Email: "ada@example.com"}))
	if a := s.Do("GET", "/event/"+uid+"/invite?email=grace+tea@example.com", ""); a.Status != 302 || s.sentTo("grace+tea@example.com") != 1 {
		t.Errorf("%d %s", a.Status, a.Body)
	}
}
