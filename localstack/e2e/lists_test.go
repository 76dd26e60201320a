package e2e

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
)

// page is a page of any of the lists.
type page struct {
	Attendees []struct{ Email, Name, Status, Origin string }
	Events    []struct{ UID, MailTo, Status string }
	Cursor    string
}

// pages asks for one page after the other, of so many items each.
func (s *system) pages(path, key string, limit int) (all []page) {
	s.t.Helper()
	for cursor := ""; ; cursor = all[len(all)-1].Cursor {
		a := s.Do("GET", fmt.Sprintf("%s?limit=%d&cursor=%s", path, limit, url.QueryEscape(cursor)), "", "x-api-key", key)
		var p page
		if err := json.Unmarshal([]byte(a.Body), &p); err != nil || a.Status != 200 {
			s.t.Fatalf("%s: %d %v: %s", path, a.Status, err, a.Body)
		}
		if all = append(all, p); p.Cursor == "" {
			return all
		}
	}
}

func TestLists(t *testing.T) {
	s := start(t, withAcme, stacktest.Env("EVENT_LIMIT", "0"), stacktest.Env("EVENT_VIEW_LENGTH", "4"), stacktest.Env("MAX_EVENT_VIEW_LENGTH", "6"))
	organizer, other := somebody("ada"), somebody("grace")
	var uids []string // in the order of their last change
	for i := range 7 {
		e := tea(organizer)
		e.Key = fmt.Sprint("event", i)
		uids = append(uids, s.register(e))
	}
	otherUID := s.register(tea(other))
	guests := map[string]string{}
	for _, name := range []string{"zoe", "bob", "Ćeda", "ann", "dan", "eve", "fay"} {
		guest := somebody(name)
		s.invite(uids[0], guest)
		guests[guest.Email] = guest.Name
	}

	t.Run("of attendees, who are masked", func(t *testing.T) {
		s := s.on(t)
		path := "/event/" + uids[0] + "/attendees"
		var masked []string
		for i, p := range s.pages(path, "local-key", 3) {
			if want := []int{3, 3, 1}; len(p.Attendees) != want[i] {
				t.Errorf("page %d has %d", i+1, len(p.Attendees))
			}
			for _, a := range p.Attendees {
				if a.Status != "noaction" || a.Origin != "api" {
					t.Errorf("%+v", a)
				}
				masked = append(masked, a.Email+" "+a.Name)
			}
		}
		var want []string
		for email, name := range guests {
			local, domain, _ := strings.Cut(email, "@")
			first, initial := []rune(local)[:1], []rune(name)[:1]
			want = append(want, string(first)+"*******@"+domain+" "+string(initial)+"*******")
		}
		slices.Sort(masked)
		slices.Sort(want)
		if !slices.Equal(masked, want) {
			t.Errorf("%q, want %q", masked, want)
		}
		a := s.Get(path)
		for email, name := range guests {
			if strings.Contains(a.Body, email) || strings.Contains(a.Body, name) {
				t.Errorf("%s is not masked: %s", email, a.Body)
			}
		}
	})

	t.Run("of an organizer's events, the last changed first", func(t *testing.T) {
		s := s.on(t)
		for _, path := range []string{"/organizer/" + organizer.Email + "/events", "/shadow/organizer/" + url.PathEscape(strings.ToUpper(organizer.Email)) + "/events"} {
			var listed []string
			for _, p := range s.pages(path, "local-key", 2) {
				for _, e := range p.Events {
					listed = append(listed, e.UID)
				}
			}
			if len(listed) != 7 || len(slices.Compact(slices.Sorted(slices.Values(listed)))) != 7 {
				t.Errorf("%s: %v", path, listed)
			}
		}
		ask := func(query string) (p page) {
			a := s.Do("POST", "/organizer/events"+query, `{"organizer":" `+organizer.Email+`"}`, "x-api-key", "local-key")
			if err := json.Unmarshal([]byte(a.Body), &p); err != nil || a.Status != 200 {
				t.Fatalf("%d %v: %s", a.Status, err, a.Body)
			}
			return p
		}
		first := ask("")
		second := ask("?cursor=" + url.QueryEscape(first.Cursor))
		if len(first.Events) != 4 || len(second.Events) != 3 || second.Cursor != "" || len(ask("?limit=100").Events) != 6 {
			t.Errorf("%d and %d events; at most %d", len(first.Events), len(second.Events), len(ask("?limit=100").Events))
		}
		// An event that changes goes to the front: its last_modified is in another second.
		changed := tea(organizer)
		changed.Key = "event0"
		before := time.Now().Unix()
		s.Eventually("another second", func() bool { return time.Now().Unix() > before })
		changed.Summary, changed.Sequence, changed.At = "Cake", 1, changed.At.Add(time.Minute)
		s.endsIn(s.request(changed), "EventUpdated")
		if top := ask("?limit=1").Events[0].UID; top != uids[0] {
			t.Errorf("%s is the first, not the changed %s", top, uids[0])
		}
	})

	t.Run("of a tenant's events", func(t *testing.T) {
		s := s.on(t)
		e := tea(organizer)
		raw, err := imiptest.ComposeRequest(e)
		if err != nil {
			t.Fatal(err)
		}
		theirs := s.WaitExecution("event-request", s.SendMail(organizer.Email, "create@"+acme, raw)).Name
		for key, want := range map[string][]string{adminKey: append([]string{otherUID}, uids...), acmeAdminKey: {theirs}} {
			var listed []string
			for _, p := range s.pages("/system/events", key, 3) {
				for _, e := range p.Events {
					listed = append(listed, e.UID)
				}
			}
			slices.Sort(listed)
			if want = slices.Sorted(slices.Values(want)); !slices.Equal(listed, want) {
				t.Errorf("%s lists %v, want %v", key, listed, want)
			}
		}
	})

	t.Run("with a cursor of theirs alone", func(t *testing.T) {
		s := s.on(t)
		cursor := url.QueryEscape(s.pages("/event/"+uids[0]+"/attendees", "local-key", 1)[0].Cursor)
		system := url.QueryEscape(s.pages("/system/events", adminKey, 1)[0].Cursor)
		for _, path := range []string{
			"/event/" + uids[1] + "/attendees?cursor=" + cursor, "/organizer/" + organizer.Email + "/events?cursor=" + cursor,
			"/organizer/" + organizer.Email + "/events?cursor=" + system, "/event/" + uids[0] + "/attendees?cursor=" + forge(cursor),
			"/event/" + uids[0] + "/attendees?limit=-1", "/event/" + uids[0] + "/attendees?limit=many",
		} {
			if a := s.Get(path); a.Status != 400 || !strings.HasPrefix(a.Body, `{"message":"`) {
				t.Errorf("%s: %d %s", path, a.Status, a.Body)
			}
		}
		if a := s.Do("GET", "/system/events?cursor="+system, "", "x-api-key", acmeAdminKey); a.Status != 400 {
			t.Errorf("another tenant's cursor: %d %s", a.Status, a.Body)
		}
	})

	t.Run("statistics are the sums", func(t *testing.T) {
		s := s.on(t)
		var own, all tenantStatistics
		s.get("/shadow/organizer/"+organizer.Email+"/statistics", &own)
		if err := s.asAdmin("/system/statistics", &all); err != nil {
			t.Fatal(err)
		}
		if own.Events != 7 || own.Attendees != 7 || own.Invites != 7 || own.RSVP["noaction"] != 7 || own.Origin["api"] != 7 || all.Events != 8 || all.Attendees != 7 {
			t.Errorf("%+v\n%+v", own, all)
		}
	})
}
