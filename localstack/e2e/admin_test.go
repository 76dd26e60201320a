package e2e

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
	"github.com/calendarinvite/calendarinviteserver/localstack/states"
)

const adminKey = "local-admin-key"

// standing is an organizer as an administrator sees them.
type standing struct {
	Organizer                     string
	Bulk, Suspended, Subscription bool
	BulkSince                     int64 `json:"bulk_since"`
	SuspendedSince                int64 `json:"suspended_since"`
	SubscriptionSince             int64 `json:"subscription_since"`
	Product, Order                string
	Statistics                    tenantStatistics
}

// tenantStatistics are the counts of an organizer, or of a tenant.
type tenantStatistics struct {
	Events, Attendees, Invites, Bounced, Blocked int
	Origin, RSVP                                 map[string]int
}

// administer asks with an admin key for /system/organizer/{organizer}, or for one of the standings below it.
func (s *system) administer(method, organizer, what string) (now standing) {
	s.t.Helper()
	path := "/system/organizer/" + url.PathEscape(organizer)
	if what != "" {
		path += "/" + what
	}
	a := s.Do(method, path, "", "x-api-key", adminKey)
	if a.Status != 200 {
		s.t.Fatalf("%s %s: %d %s", method, path, a.Status, a.Body)
	}
	if err := json.Unmarshal([]byte(a.Body), &now); err != nil || now.Organizer != organizer {
		s.t.Fatalf("%s %s: %v: %s", method, path, err, a.Body)
	}
	return now
}

// listMail is a mail that brings a list of guests to a bulk mailbox.
func listMail(from, to, list string) []byte {
	return fmt.Appendf(nil, "From: %s\r\nTo: %s\r\nSubject: Guests\r\nMessage-ID: <%d@example.com>\r\nMIME-Version: 1.0\r\n"+
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nHere they are.\r\n"+
		"--b\r\nContent-Type: text/csv; charset=utf-8; name=guests.csv\r\nContent-Disposition: attachment; filename=guests.csv\r\n\r\n%s\r\n--b--\r\n",
		from, to, people.Add(1), strings.ReplaceAll(list, "\n", "\r\n"))
}

// mailList mails a list and waits for the end of its workflow.
func (s *system) mailList(from, list string) states.Execution {
	s.t.Helper()
	return s.WaitExecution("bulk-invites", s.SendMail(from, "bulk@cis.localhost", listMail(from, "bulk@cis.localhost", list)))
}

func TestStandings(t *testing.T) {
	s := start(t, stacktest.Env("EVENT_LIMIT", "1"))

	t.Run("granted and taken away, however often", func(t *testing.T) {
		s := s.on(t)
		for _, email := range []string{somebody("ada").Email, "ada+news@example.com", "o'hara@example.com"} {
			if now := s.administer("GET", email, ""); now.Bulk || now.Suspended || now.Subscription || now.Statistics.Events != 0 {
				t.Errorf("a stranger stands as %+v", now)
			}
			is := map[string]func(standing) (bool, int64){
				"bulk":         func(o standing) (bool, int64) { return o.Bulk, o.BulkSince },
				"suspended":    func(o standing) (bool, int64) { return o.Suspended, o.SuspendedSince },
				"subscription": func(o standing) (bool, int64) { return o.Subscription, o.SubscriptionSince },
			}
			for what, of := range is {
				before := time.Now().Unix()
				_, since := of(s.administer("PUT", email, what))
				if since < before || since > time.Now().Unix() {
					t.Errorf("%s of %s since %d", what, email, since)
				}
				for _, now := range []standing{s.administer("PUT", email, what), s.administer("GET", email, "")} {
					if on, again := of(now); !on || again != since {
						t.Errorf("%s of %s is %t since %d, was granted at %d", what, email, on, again, since)
					}
				}
			}
			for what, of := range is {
				for _, now := range []standing{s.administer("DELETE", email, what), s.administer("DELETE", email, what), s.administer("GET", email, "")} {
					if on, since := of(now); on || since != 0 {
						t.Errorf("%s of %s is still %t since %d", what, email, on, since)
					}
				}
			}
		}
	})

	t.Run("an address however it is written", func(t *testing.T) {
		s := s.on(t)
		s.administer("PUT", "grace+hopper@example.com", "bulk")
		for _, written := range []string{"grace+hopper@example.com", "grace%2Bhopper%40example.com", "grace+hopper%40example.com", "GRACE+Hopper@Example.COM"} {
			if a := s.Do("GET", "/system/organizer/"+written, "", "x-api-key", adminKey); a.Status != 200 || !strings.Contains(a.Body, `"bulk":true`) {
				t.Errorf("%s: %d %s", written, a.Status, a.Body)
			}
		}
		for _, nobody := range []string{"nobody", "%20", "a@", "a%00@example.com", strings.Repeat("a", 255) + "@example.com"} {
			for _, method := range []string{"GET", "PUT"} {
				path := "/system/organizer/" + nobody
				if method == "PUT" {
					path += "/bulk"
				}
				if a := s.Do(method, path, "", "x-api-key", adminKey); a.Status != 404 {
					t.Errorf("%s %s: %d %s", method, path, a.Status, a.Body)
				}
			}
		}
	})

	t.Run("bulk lets lists in", func(t *testing.T) {
		s := s.on(t)
		organizer, guest := somebody("ada"), somebody("guest")
		uid := s.register(tea(organizer))
		mails := s.sentTo(organizer.Email)
		list := "uid,email,name\n" + uid + "," + guest.Email + ",Grace\n"
		s.endsIn(s.mailList(organizer.Email, list), "NothingToDo")
		s.administer("PUT", organizer.Email, "bulk")
		s.endsIn(s.mailList(organizer.Email, list), "ListSettled")
		if s.sentTo(guest.Email) != 1 || s.sentTo(organizer.Email) != mails+1 {
			t.Errorf("%d invitations, %d mails to the organizer", s.sentTo(guest.Email), s.sentTo(organizer.Email)-mails)
		}
		s.administer("DELETE", organizer.Email, "bulk")
		other := somebody("guest")
		s.endsIn(s.mailList(organizer.Email, "uid,email\n"+uid+","+other.Email+"\n"), "NothingToDo")
		if s.sentTo(other.Email) != 0 || s.sentTo(organizer.Email) != mails+1 {
			t.Errorf("%d invitations, %d mails to the organizer", s.sentTo(other.Email), s.sentTo(organizer.Email)-mails)
		}
		if now := s.administer("GET", organizer.Email, ""); now.Statistics.Events != 1 || now.Statistics.Attendees != 1 || now.Statistics.Invites != 1 || now.Statistics.Origin["bulk"] != 1 {
			t.Errorf("%+v", now.Statistics)
		}
	})

	t.Run("who is suspended creates and sends nothing", func(t *testing.T) {
		s := s.on(t)
		organizer, guest := somebody("ada"), somebody("guest")
		e := tea(organizer)
		uid := s.register(e)
		s.invite(uid, guest)
		s.administer("PUT", organizer.Email, "bulk")
		s.administer("PUT", organizer.Email, "subscription")
		s.administer("PUT", organizer.Email, "suspended")
		mails, invited := s.sentTo(organizer.Email), s.sentTo(guest.Email)
		second := tea(organizer)
		second.Key = "second"
		s.ignored(s.request(second), "suspended")
		stranger := somebody("guest")
		if a := s.link(uid, stranger.Email); a.Status != 403 {
			t.Errorf("a link: %d %s", a.Status, a.Body)
		}
		s.endsIn(s.mailList(organizer.Email, "uid,email\n"+uid+","+stranger.Email+"\n"), "RequestRefused")
		e.Location, e.Sequence, e.At = "Paris", 1, e.At.Add(time.Minute)
		s.ignored(s.request(e), "suspended")
		if got := s.event(uid); got.Sequence != 0 || s.sentTo(stranger.Email) != 0 || s.sentTo(guest.Email) != invited {
			t.Errorf("the event is at %d; %d and %d mails to guests", got.Sequence, s.sentTo(stranger.Email), s.sentTo(guest.Email)-invited)
		}
		if n := s.sentTo(organizer.Email) - mails; n != 1 { // a list that was not sent is not passed over in silence
			t.Errorf("%d mails to the organizer", n)
		}
		s.administer("DELETE", organizer.Email, "suspended")
		s.register(second)
		if a := s.link(uid, stranger.Email); a.Status != 302 || s.sentTo(stranger.Email) != 1 {
			t.Errorf("afterwards: %d %s, %d mails", a.Status, a.Body, s.sentTo(stranger.Email))
		}
	})

	t.Run("a subscription lifts the limit", func(t *testing.T) {
		s := s.on(t)
		organizer := somebody("ada")
		another := func(key string) imiptest.Event { e := tea(organizer); e.Key = key; return e }
		s.register(another("first"))
		s.endsIn(s.request(another("second")), "LimitReached")
		s.administer("PUT", organizer.Email, "subscription")
		s.register(another("second"))
		s.register(another("third"))
		s.administer("DELETE", organizer.Email, "subscription")
		s.endsIn(s.request(another("fourth")), "LimitReached")
		if now := s.administer("GET", organizer.Email, ""); now.Statistics.Events != 3 {
			t.Errorf("%+v", now)
		}
	})
}

// asAdmin reads what only an admin key may.
func (s *system) asAdmin(path string, into any) error {
	s.t.Helper()
	a := s.Do("GET", path, "", "x-api-key", adminKey)
	if a.Status != 200 {
		return fmt.Errorf("%d %s", a.Status, a.Body)
	}
	return json.Unmarshal([]byte(a.Body), into)
}

// output decodes what an execution put out.
func (s *system) output(raw json.RawMessage, into any) {
	s.t.Helper()
	if err := json.Unmarshal(raw, into); err != nil {
		s.t.Fatalf("%v: %s", err, raw)
	}
}
