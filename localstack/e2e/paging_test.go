package e2e

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/api"
	"github.com/calendarinvite/calendarinviteserver/internal/seal"
	"github.com/calendarinvite/calendarinviteserver/localstack/dynamo"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
	"github.com/calendarinvite/calendarinviteserver/localstack/wiring"
)

const (
	usualPage   = 25  // EVENT_VIEW_LENGTH
	longestPage = 100 // MAX_EVENT_VIEW_LENGTH
)

// listing is one list of the API.
type listing struct {
	method, path, body, key string
	members                 string // the name of the list in the answer
}

// pageOf is one page of a list, as what identifies each item.
type pageOf struct {
	ids    []string
	cursor string
}

// ask asks for a page, with parameters given as name, value, name, value, as often as the key's usage plan lets it.
func (s *system) ask(l listing, parameters ...string) (a stacktest.Answer) {
	s.t.Helper()
	values := url.Values{}
	for i := 0; i+1 < len(parameters); i += 2 {
		values.Set(parameters[i], parameters[i+1])
	}
	path := l.path
	if len(values) > 0 {
		path += "?" + values.Encode()
	}
	s.Eventually("an answer that is not 429", func() bool {
		a = s.Do(l.method, path, l.body, "x-api-key", l.key)
		return a.Status != 429
	})
	return a
}

// pageOf reads a page. Items are told apart by their uid, or, where addresses are masked, by their domain.
func (s *system) pageOf(l listing, parameters ...string) (p pageOf) {
	s.t.Helper()
	a := s.ask(l, parameters...)
	var answer map[string]json.RawMessage
	var items []struct{ UID, Email string }
	if err := json.Unmarshal([]byte(a.Body), &answer); err != nil || a.Status != 200 {
		s.t.Fatalf("%s %v: %d %s", l.path, parameters, a.Status, a.Body)
	}
	if raw, has := answer["cursor"]; has {
		if err := json.Unmarshal(raw, &p.cursor); err != nil || p.cursor == "" {
			s.t.Fatalf("the cursor is %s", raw)
		}
	}
	if err := json.Unmarshal(answer[l.members], &items); err != nil || items == nil {
		s.t.Fatalf("%s: %v: %s", l.path, err, a.Body)
	}
	for _, item := range items {
		_, domain, _ := strings.Cut(item.Email, "@")
		p.ids = append(p.ids, cmp.Or(item.UID, domain))
	}
	return p
}

// walk reads all pages, each of which but the last is full.
func (s *system) walk(l listing, length int, parameters ...string) (ids []string) {
	s.t.Helper()
	for p := s.pageOf(l, parameters...); ; p = s.pageOf(l, append(slices.Clone(parameters), "cursor", p.cursor)...) {
		ids = append(ids, p.ids...)
		if p.cursor == "" {
			if len(p.ids) > length || len(p.ids) == 0 && len(ids) > 0 {
				s.t.Errorf("%d items on the last page of %s", len(p.ids), l.path)
			}
			return ids
		}
		if len(p.ids) != length {
			s.t.Fatalf("%d items on a page of %d of %s", len(p.ids), length, l.path)
		}
	}
}

func textValue(s string) json.RawMessage {
	value, _ := json.Marshal(map[string]string{"S": s}) // strings always encode
	return value
}

func numberValue(n int64) json.RawMessage { return json.RawMessage(fmt.Sprintf(`{"N":"%d"}`, n)) }

// fill writes records straight into the emulator, a hundred at a time.
func (s *system) fill(count int, record func(n int) dynamo.Item) {
	s.t.Helper()
	type put struct{ Put map[string]any }
	work := make(chan []put)
	var writers sync.WaitGroup
	for range 4 {
		writers.Go(func() {
			for puts := range work {
				if err := s.Dynamo.Call(s.t.Context(), "TransactWriteItems", map[string]any{"TransactItems": puts}, nil); err != nil {
					s.t.Error(err)
				}
			}
		})
	}
	var puts []put
	for n := range count {
		puts = append(puts, put{map[string]any{"TableName": s.Wiring.Table.Name, "Item": record(n)}})
		if len(puts) == 100 || n == count-1 {
			work <- puts
			puts = nil
		}
	}
	close(work)
	writers.Wait()
}

// like is a record with some attributes changed.
func like(model, changes dynamo.Item) dynamo.Item {
	record := maps.Clone(model)
	maps.Copy(record, changes)
	return record
}

func (s *system) model(pk, sk string) dynamo.Item {
	s.t.Helper()
	var out struct{ Item dynamo.Item }
	key := dynamo.Item{"pk": textValue(pk), "sk": textValue(sk)}
	if err := s.Dynamo.Call(s.t.Context(), "GetItem", map[string]any{"TableName": s.Wiring.Table.Name, "Key": key}, &out); err != nil || out.Item == nil {
		s.t.Fatalf("%s %s: %v", pk, sk, err)
	}
	return out.Item
}

// shelf is a tenant with so many events of one organizer, and one event of another with so many attendees.
type shelf struct {
	tenant, organizer string
	size              int
	events            []string // uids
	modified          map[string]int64
	crowded           string   // the event with attendees
	attendees         []string // domains, in the order of the addresses
}

func (f *shelf) key() string { return "local-" + f.tenant }

// eventOf is an event's record in the shelf.
func (f *shelf) eventOf(model dynamo.Item, uid, organizer string, modified int64) dynamo.Item {
	return like(model, dynamo.Item{
		"pk": textValue("event#" + uid), "sk": textValue("event#" + uid), "uid": textValue(uid), "original_uid": textValue(uid),
		"tenant": textValue(f.tenant), "mailto": textValue(organizer), "last_modified": numberValue(modified),
	})
}

// fillShelf makes a tenant's records.
func (s *system) fillShelf(tenant, organizer string, size int, event, attendee dynamo.Item) *shelf {
	s.t.Helper()
	f := &shelf{tenant: tenant, organizer: organizer, size: size, modified: map[string]int64{}, crowded: strings.ReplaceAll(fmt.Sprintf("crowded%33s", tenant), " ", "0")}
	s.fill(1, func(int) dynamo.Item { return f.eventOf(event, f.crowded, "crowded@example.com", 1) })
	s.fill(size, func(n int) dynamo.Item {
		domain := fmt.Sprintf("%05d.example.org", n)
		f.attendees = append(f.attendees, domain)
		return like(attendee, dynamo.Item{
			"pk": textValue("event#" + f.crowded), "sk": textValue("attendee#guest@" + domain), "uid": textValue(f.crowded),
			"email": textValue("guest@" + domain), "tenant": textValue(tenant),
		})
	})
	s.fill(size, func(n int) dynamo.Item {
		uid, at := fmt.Sprintf("%040x", n*7919+size), int64(1_700_000_000+n*37%size/3) // in no order, some in the same second
		f.events, f.modified[uid] = append(f.events, uid), at
		return f.eventOf(event, uid, organizer, at)
	})
	return f
}

// lists are the lists of a shelf.
func (f *shelf) lists() map[string]listing {
	body, _ := json.Marshal(map[string]string{"organizer": f.organizer}) // strings always encode
	return map[string]listing{
		"attendees":                      {"GET", "/event/" + f.crowded + "/attendees", "", f.key(), "attendees"},
		"organizer's events":             {"POST", "/organizer/events", string(body), f.key(), "events"},
		"organizer's events, by path":    {"GET", "/organizer/" + f.organizer + "/events", "", f.key(), "events"},
		"organizer's events, the shadow": {"GET", "/shadow/organizer/" + f.organizer + "/events", "", f.key(), "events"},
		"all events":                     {"GET", "/system/events", "", f.key() + "-admin", "events"},
	}
}

// of is what a list holds: its ids, and whether they come in its order.
func (f *shelf) of(name string) (ids []string, inOrder func([]string) bool) {
	modified := maps.Clone(f.modified)
	newestFirst := func(ids []string) bool {
		return slices.IsSortedFunc(ids, func(a, b string) int { return cmp.Compare(modified[b], modified[a]) })
	}
	switch name {
	case "attendees":
		return f.attendees, slices.IsSorted[[]string]
	case "all events":
		modified[f.crowded] = 1
		return append(slices.Clone(f.events), f.crowded), newestFirst
	}
	return f.events, newestFirst
}

// TestPaging: every list pages correctly with nothing, one item, exactly one page, and 10,000.
func TestPaging(t *testing.T) {
	many := 10_000
	if testing.Short() {
		many = 503
		t.Logf("-short: %d items instead of 10,000", many)
	}
	sizes := map[string]int{"none": 0, "one": 1, "usual": usualPage, "longest": longestPage, "many": many}
	tenants := map[string]wiring.Tenant{}
	for tenant := range sizes {
		tenants[tenant] = wiring.Tenant{Domain: tenant + ".localhost", Keys: []wiring.Key{{Name: tenant}, {Name: tenant + "-admin", Admin: true}}}
	}
	// The records are written past the counters, so what start checks at the end does not hold.
	s := &system{Stack: stacktest.Start(t, func(cfg *stack.Config) { cfg.Tenants = tenants }), t: t}
	host, guest := somebody("ada"), somebody("guest")
	first := s.register(tea(host))
	s.invite(first, guest)
	event, attendee := s.model("event#"+first, "event#"+first), s.model("event#"+first, "attendee#"+guest.Email)
	shelves := map[string]*shelf{}
	for tenant, size := range sizes {
		organizer := "ada@" + tenant + ".example.com"
		if tenant == "many" {
			organizer = host.Email // whom the default tenant knows, too
		}
		shelves[tenant] = s.fillShelf(tenant, organizer, size, event, attendee)
	}

	for _, tenant := range slices.Sorted(maps.Keys(shelves)) {
		f := shelves[tenant]
		for name, l := range f.lists() {
			t.Run(tenant+"/"+name, func(t *testing.T) {
				s := s.on(t)
				want, inOrder := f.of(name)
				lengths := map[int][]string{longestPage: {"limit", fmt.Sprint(longestPage)}}
				if len(want) < 2*longestPage {
					lengths[usualPage], lengths[7] = nil, []string{"limit", "7"}
				}
				for length, parameters := range lengths {
					got := s.walk(l, length, parameters...)
					if !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))) {
						t.Errorf("by pages of %d there are %d items, %d different ones, want %d", length, len(got), len(slices.Compact(slices.Sorted(slices.Values(got)))), len(want))
					}
					if !inOrder(got) {
						t.Errorf("by pages of %d the items are in no order", length)
					}
				}
				if n := len(want); n > 0 && n <= longestPage {
					if p := s.pageOf(l, "limit", fmt.Sprint(n)); p.cursor != "" || len(p.ids) != n {
						t.Errorf("exactly one page has %d items of %d, and the cursor %q", len(p.ids), n, p.cursor)
					}
				}
			})
		}
	}
	t.Run("limits", func(t *testing.T) { s.on(t).limits(shelves["many"]) })
	t.Run("cursors", func(t *testing.T) { s.on(t).cursors(shelves["many"], shelves["longest"]) })
	t.Run("an organizer whom two tenants know", func(t *testing.T) {
		s := s.on(t)
		body := fmt.Sprintf(`{"organizer":%q}`, host.Email)
		if ids := s.walk(listing{"POST", "/organizer/events", body, "local-key", "events"}, usualPage); !slices.Equal(ids, []string{first}) {
			t.Errorf("the default tenant sees %d events: %.200v", len(ids), ids)
		}
	})
	t.Run("what changes between two pages", func(t *testing.T) { s.on(t).changes(shelves["longest"], event) })
}

// limits checks the bounds of limit.
func (s *system) limits(f *shelf) {
	for name, l := range f.lists() {
		for limit, want := range map[string]int{"": usualPage, "1": 1, "99": 99, "100": longestPage, "101": longestPage, "1000000": longestPage} {
			if p := s.pageOf(l, "limit", limit); len(p.ids) != want || p.cursor == "" {
				s.t.Errorf("%s: limit %q gives %d items, want %d", name, limit, len(p.ids), want)
			}
		}
		for _, limit := range []string{"0", "-1", "1.5", "ten", " 5", "1e3", "99999999999999999999", "0x10"} {
			a := s.ask(l, "limit", limit)
			var answer struct{ Message string }
			if err := json.Unmarshal([]byte(a.Body), &answer); err != nil || a.Status != 400 || !strings.Contains(answer.Message, "limit") {
				s.t.Errorf("%s: limit %q: %d %s", name, limit, a.Status, a.Body)
			}
		}
	}
}

// cursors checks that a cursor opens only the list that it is of, and that nothing else does.
func (s *system) cursors(f, other *shelf) {
	keys := s.keys()
	stranger, err := seal.ParseKeys([]byte("the secret of another deployment"))
	if err != nil {
		s.t.Fatal(err)
	}
	all := f.lists()
	foreign := map[string]string{}
	for name, l := range other.lists() { // another event's, organizer's, and tenant's
		foreign["of another's "+name] = s.pageOf(l, "limit", "5").cursor
	}
	for name, l := range all {
		own := s.pageOf(l, "limit", "5").cursor
		expected := s.pageOf(l, "limit", "10").ids[5:]
		for range 2 {
			if next := s.pageOf(l, "limit", "5", "cursor", own); !slices.Equal(next.ids, expected) {
				s.t.Errorf("%s goes on with %v, want %v", name, next.ids, expected)
			}
		}
		bad := maps.Clone(foreign)
		for kind, of := range all {
			if of.members != l.members || (kind == "all events") != (name == "all events") {
				bad["of the list "+kind] = s.pageOf(of, "limit", "5").cursor
			}
		}
		maps.Copy(bad, map[string]string{
			"forged": forge(own), "cut": own[:len(own)-1], "with more": own + "a", "made up": "eyJwayI6ImV2ZW50IyJ9", "a position": "1700000000." + f.crowded,
			"long": strings.Repeat("a", 4096), "no text": "\x00\xff", "sealed for something else": keys.Link(seal.Link{Purpose: seal.Invite, UID: f.crowded}),
			"void since yesterday":       keys.Link(seal.Link{Purpose: seal.Download, Extra: "reports/x.csv", Expires: time.Now().Unix() - 86400}),
			"sealed with another secret": api.Cursors{Keys: stranger}.Seal("attendees", f.crowded, "guest@00004.example.org"),
		})
		for what, cursor := range bad {
			a := s.ask(l, "cursor", cursor)
			var answer struct{ Message string }
			if err := json.Unmarshal([]byte(a.Body), &answer); err != nil || a.Status != 400 || !strings.Contains(answer.Message, "cursor") {
				s.t.Errorf("%s, cursor %s: %d %.200s", name, what, a.Status, a.Body)
			}
		}
		if strings.Contains(own, "example") || strings.Contains(own, "17000") {
			s.t.Errorf("the cursor of %s tells where it is: %s", name, own)
		}
	}
}

// changes: an event that is changed between two pages moves to the front, and takes no other's place.
func (s *system) changes(f *shelf, model dynamo.Item) {
	l := f.lists()["organizer's events"]
	before := s.walk(l, longestPage, "limit", fmt.Sprint(longestPage))
	head := s.pageOf(l, "limit", "10")
	last := head.ids[9]
	s.fill(1, func(int) dynamo.Item { return f.eventOf(model, last, f.organizer, 1_900_000_000) })
	if got := append(slices.Clone(head.ids), s.walk(l, 10, "limit", "10", "cursor", head.cursor)...); !slices.Equal(got, before) {
		s.t.Errorf("%d events were listed, want %d as before: %v", len(got), len(before), got)
	}
	if front := s.pageOf(l, "limit", "1"); front.ids[0] != last {
		s.t.Errorf("the list begins with %v, want %s", front.ids, last)
	}
}
