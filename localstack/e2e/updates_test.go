package e2e

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/ical"
	"github.com/calendarinvite/calendarinviteserver/internal/imip"
	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
	"github.com/calendarinvite/calendarinviteserver/localstack/aws"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
	"github.com/calendarinvite/calendarinviteserver/localstack/states"
)

// party is an event with its guests, as the organizer and the guests see it.
type party struct {
	*system
	event  imiptest.Event // in the organizer's calendar
	uid    string
	guests []imiptest.Address
}

// party registers an event and invites so many people to it.
func (s *system) party(e imiptest.Event, guests int) *party {
	s.t.Helper()
	p := &party{system: s, event: e, uid: s.register(e)}
	for range guests {
		who := somebody("guest")
		s.invite(p.uid, who)
		p.guests = append(p.guests, who)
	}
	return p
}

// next makes the next version of the event in the organizer's calendar.
func (p *party) next(change func(e *imiptest.Event)) imiptest.Event {
	p.event.Sequence, p.event.At = p.event.Sequence+1, p.event.At.Add(time.Minute)
	change(&p.event)
	return p.event
}

// instance is a version of the one instance that starts at original; the series stays as it is.
func (p *party) instance(original time.Time, change func(e *imiptest.Event)) imiptest.Event {
	one := p.next(func(*imiptest.Event) {})
	one.Instance, one.Start, one.End = original, original, original.Add(p.event.End.Sub(p.event.Start))
	change(&one)
	return one
}

// update mails a version of the event and waits until every guest was told.
func (p *party) update(e imiptest.Event) {
	p.t.Helper()
	x := p.request(e)
	p.endsIn(x, "EventUpdated")
	p.announced(x)
}

// callOff mails the cancellation of the event, or of an instance, and waits until every guest was told.
func (p *party) callOff(e imiptest.Event) {
	p.t.Helper()
	x := p.cancel(e)
	p.endsIn(x, "EventCancelled")
	p.announced(x)
}

// says answers the last mail that a guest got about the event.
func (p *party) says(guest int, client imiptest.Client, word string) string {
	p.t.Helper()
	who := p.guests[guest]
	mails := p.inbox(who)
	return string(p.result(p.reply(mails[len(mails)-1], who.Email, imiptest.Reply{Client: client, Answer: word, At: time.Now()})).Result)
}

// announced waits until the fan-out of the revision that a request made is over.
func (s *system) announced(x states.Execution) {
	s.t.Helper()
	var out struct {
		Updated, Cancelled struct {
			Done struct {
				FanOut string `json:"fan_out"`
			}
		}
	}
	if err := json.Unmarshal(x.Output, &out); err != nil {
		s.t.Fatal(err)
	}
	if name := out.Cancelled.Done.FanOut; name != "" {
		s.endsIn(s.WaitExecution("event-cancellation", name), "AttendeesTold")
		return
	}
	s.endsIn(s.WaitExecution("event-update", out.Updated.Done.FanOut), "AttendeesUpdated")
}

// inbox is every mail that somebody got, oldest first.
func (s *system) inbox(who imiptest.Address) (mails [][]byte) {
	s.t.Helper()
	for _, sent := range s.Sent(who.Email) {
		mails = append(mails, sent.Raw)
	}
	return mails
}

// lastMail is what somebody got last.
func (s *system) lastMail(who imiptest.Address) []byte {
	s.t.Helper()
	mails := s.inbox(who)
	if len(mails) == 0 {
		s.t.Fatalf("%s got no mail", who.Email)
	}
	return mails[len(mails)-1]
}

// shown is what a calendar shows of the event after these mails. It shows the same when the mails come in the reverse order.
func (s *system) shown(uid string, mails ...[]byte) imiptest.Entry {
	s.t.Helper()
	show := func(mails [][]byte) (imiptest.Entry, string) {
		s.t.Helper()
		calendar := imiptest.NewCalendar()
		for _, mail := range mails {
			if err := calendar.Receive(mail); err != nil {
				s.t.Fatalf("%v:\n%s", err, mail)
			}
		}
		events := calendar.Events()
		if len(events) != 1 || !strings.HasPrefix(events[0].UID, uid+"-") {
			s.t.Fatalf("the calendar shows %+v", events)
		}
		text, err := json.Marshal(events)
		if err != nil {
			s.t.Fatal(err)
		}
		return events[0], string(text)
	}
	entry, forth := show(mails)
	back := slices.Clone(mails)
	slices.Reverse(back)
	if _, got := show(back); got != forth {
		s.t.Errorf("in the reverse order, the calendar shows\n%s, not\n%s", got, forth)
	}
	return entry
}

// sees is what the calendar of somebody shows of the event.
func (p *party) sees(who imiptest.Address) imiptest.Entry {
	p.t.Helper()
	return p.shown(p.uid, p.inbox(who)...)
}

// told checks how many mails everybody has got about the event.
func (p *party) told(n int) {
	p.t.Helper()
	for _, who := range p.guests {
		if got := p.sentTo(who.Email); got != n {
			p.t.Errorf("%s got %d mails, not %d", who.Email, got, n)
		}
	}
}

// dates are starts of a series in days and hours.
func dates(starts []time.Time) string {
	var all []string
	for _, at := range starts {
		all = append(all, at.UTC().Format("2 Jan 15h"))
	}
	return strings.Join(all, ", ")
}

// calendarOf is the calendar part of a mail.
func (s *system) calendarOf(mail []byte) *imip.CalendarPart {
	s.t.Helper()
	part, err := read(s.t, mail).Calendar()
	if err != nil {
		s.t.Fatal(err)
	}
	return part
}

// fails lets a call of a function go wrong again and again, until the faults are cleared.
func (s *system) fails(f aws.Fault) {
	s.t.Helper()
	f.Times = cmp.Or(f.Times, -1)
	if err := s.Faults.Add(f); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(s.Faults.Clear)
}

func TestUpdates(t *testing.T) {
	s := start(t)

	for _, client := range imiptest.Clients {
		t.Run("everybody's calendar follows that of the organizer, "+string(client), func(t *testing.T) {
			s := s.on(t)
			e := tea(somebody("ada"))
			e.Client = client
			p := s.party(e, 4)
			words := []string{imiptest.Accepted, imiptest.Declined, imiptest.Tentative, "NEEDS-ACTION"}
			for i, word := range words[:3] {
				p.says(i, client, word)
			}
			first := map[string]imiptest.Entry{}
			for _, who := range p.guests {
				first[who.Email] = p.sees(who)
			}
			second := time.Now().Unix()
			s.Eventually("the next second, for a later DTSTAMP", func() bool { return time.Now().Unix() > second })

			p.update(p.next(func(e *imiptest.Event) { e.Summary, e.Location, e.Description = "Tea & cake", "Paris", "Bring a fork." }))
			p.told(2)
			for i, who := range p.guests {
				got, before := p.sees(who), first[who.Email]
				if got.Summary != "Tea & cake" || got.Location != "Paris" || !strings.Contains(got.Description, "Bring a fork.") || !got.Start.Equal(e.Start) {
					t.Errorf("%s sees %+v", who.Email, got)
				}
				if got.UID != before.UID || got.Sequence != 1 || !got.DTStamp.After(before.DTStamp) || got.PartStat != words[i] {
					t.Errorf("%s, whose answer was %s: %+v; before, it was %+v", who.Email, words[i], got, before)
				}
				mails := p.inbox(who)
				was, is := read(t, mails[0]), read(t, mails[1])
				if len(was.References) == 0 || is.References[0] != was.References[0] || is.ReplyTo.Email != e.Organizer.Email || !strings.Contains(is.Text(), "Paris") {
					t.Errorf("the update references %v, the invitation %v; it reads\n%s", is.References, was.References, is.Text())
				}
				if to := s.attendeeIn(mails[1]); to.Email != who.Email || to.CN != who.Name {
					t.Errorf("the update for %s is to %+v", who.Email, to)
				}
				if got := s.attendee(p.uid, who.Email); got.SentSequence != 1 {
					t.Errorf("%+v", got)
				}
			}
			if counts := s.statistics(p.uid); counts.Confirmed != 1 || counts.Declined != 1 || counts.Tentative != 1 || counts.Pending != 1 {
				t.Errorf("a new title resets answers: %+v", counts)
			}

			p.update(p.next(func(e *imiptest.Event) { e.Start, e.End = e.Start.Add(time.Hour), e.End.Add(time.Hour) }))
			p.told(3)
			for i, who := range p.guests {
				if got := p.sees(who); !got.Start.Equal(p.event.Start) || !got.End.Equal(p.event.End) || got.PartStat != "NEEDS-ACTION" || got.Sequence != 2 || got.UID != first[who.Email].UID {
					t.Errorf("%s sees %+v", who.Email, got)
				}
				if got := s.attendee(p.uid, who.Email); got.Status != "noaction" || got.SentSequence != 2 || len(got.History) != min(1, 3-i) {
					t.Errorf("recorded as %+v", got)
				}
			}
			if counts := s.statistics(p.uid); counts.Pending != 4 || counts.Attendees != 4 {
				t.Errorf("a move keeps answers: %+v", counts)
			}

			fanOuts := len(s.executions("event-update"))
			again := p.event
			again.At = again.At.Add(time.Minute)
			s.ignored(s.request(again), "unchanged")
			old := p.event
			old.Sequence, old.Summary = 0, "An old version"
			s.ignored(s.request(old), "stale")
			if n := len(s.executions("event-update")); n != fanOuts {
				t.Errorf("%d fan-outs for nothing", n-fanOuts)
			}
			p.told(3)

			if got := p.says(1, client, imiptest.Accepted); got != "applied" {
				t.Errorf("an answer to the new time is %s", got)
			}
			if got := s.result(s.reply(p.inbox(p.guests[3])[0], p.guests[3].Email, imiptest.Reply{Client: client, Answer: imiptest.Accepted, At: time.Now()})); got.Result != "outdated" {
				t.Errorf("an answer to the old time: %+v", got)
			}
			if counts := s.statistics(p.uid); counts.Confirmed != 1 || counts.Pending != 3 {
				t.Errorf("%+v", counts)
			}
		})
	}

	t.Run("whoever wants no mail, or gets none, is left out", func(t *testing.T) {
		s := s.on(t)
		p := s.party(tea(somebody("ada")), 1)
		blocked, elsewhere := somebody("annoyed"), somebody("fed-up")
		bounced := imiptest.Address{Email: fmt.Sprintf("bounce+%d@simulator.amazonses.com", people.Add(1))}
		complained := imiptest.Address{Email: fmt.Sprintf("complaint+%d@simulator.amazonses.com", people.Add(1))}
		for _, who := range []imiptest.Address{blocked, elsewhere, bounced, complained} {
			s.invite(p.uid, who)
		}
		for who, why := range map[string]string{bounced.Email: "bounced", complained.Email: "complained"} {
			s.Eventually(who+" is "+why, func() bool { return string(s.attendee(p.uid, who).Undeliverable) == why })
		}
		other := tea(p.event.Organizer)
		other.Key = "other"
		s.oneClick(p.inbox(blocked)[0])
		s.oneClick(s.invite(s.register(other), elsewhere)) // blocks the person Ada, by the mail about another event
		p.update(p.next(func(e *imiptest.Event) { e.Summary = "Cake" }))
		p.callOff(p.next(func(*imiptest.Event) {}))
		for who, want := range map[string]int{p.guests[0].Email: 3, blocked.Email: 1, elsewhere.Email: 2, bounced.Email: 1, complained.Email: 1} {
			if got := s.sentTo(who); got != want {
				t.Errorf("%s got %d mails, not %d", who, got, want)
			}
		}
		s.statistics(p.uid)
	})

	t.Run("a guest by a forwarded mail holds the invited person's UID, and follows too", func(t *testing.T) {
		s := s.on(t)
		p := s.party(tea(somebody("ada")), 1)
		friend, forwarded := somebody("friend"), p.inbox(p.guests[0])[0]
		s.reply(forwarded, friend.Email, imiptest.Reply{Client: imiptest.Apple, Answer: imiptest.Accepted, At: time.Now(), As: friend})
		p.update(p.next(func(e *imiptest.Event) { e.Summary = "Cake" }))
		p.told(2)
		if n := s.sentTo(friend.Email); n != 1 {
			t.Fatalf("%d mails to the friend", n)
		}
		if got := s.shown(p.uid, append([][]byte{forwarded}, p.inbox(friend)...)...); got.Summary != "Cake" || got.PartStat != "ACCEPTED" || got.Sequence != 1 {
			t.Errorf("the friend sees %+v", got)
		}
		if guest := s.invited(s.lastMail(friend)).Attendees()[0]; guest.Email != friend.Email {
			t.Errorf("the update for the friend is to %s", guest.Email)
		}
		p.update(p.next(func(e *imiptest.Event) { e.Start, e.End = e.Start.Add(time.Hour), e.End.Add(time.Hour) }))
		r := imiptest.Reply{Client: imiptest.Gmail, Answer: imiptest.Tentative, At: time.Now()}
		if got := s.result(s.reply(s.lastMail(friend), friend.Email, r)); got.Result != "applied" || got.Attendee != friend.Email {
			t.Errorf("the friend answers the new time: %+v", got)
		}
		p.callOff(p.next(func(*imiptest.Event) {}))
		if got := s.shown(p.uid, append([][]byte{forwarded}, p.inbox(friend)...)...); !got.Cancelled {
			t.Errorf("the friend sees %+v", got)
		}
	})

	t.Run("an invitation right after the update is to the new version, and the only mail", func(t *testing.T) {
		s := s.on(t)
		p := s.party(tea(somebody("ada")), 2)
		x := s.request(p.next(func(e *imiptest.Event) { e.Summary = "Cake" }))
		late := somebody("late")
		s.invite(p.uid, late)
		s.announced(x)
		p.told(2)
		if got := p.sees(late); got.Summary != "Cake" || got.Sequence != 1 || s.sentTo(late.Email) != 1 || s.attendee(p.uid, late.Email).SentSequence != 1 {
			t.Errorf("%d mails: %+v", s.sentTo(late.Email), got)
		}
	})

	for _, client := range imiptest.Clients {
		t.Run("called off once, from "+string(client), func(t *testing.T) {
			s := s.on(t)
			e := tea(somebody("ada"))
			e.Client = client
			p := s.party(e, 2)
			p.says(0, client, imiptest.Accepted)
			uid := p.sees(p.guests[0]).UID
			p.callOff(p.next(func(*imiptest.Event) {}))
			p.told(2)
			for _, who := range p.guests {
				got, mail := p.sees(who), p.lastMail(who)
				if !got.Cancelled || got.Sequence != 1 || !got.Start.Equal(e.Start) || s.calendarOf(mail).Method != "CANCEL" || !strings.Contains(strings.ToLower(read(t, mail).Subject), "cancel") {
					t.Errorf("%s sees %+v", who.Email, got)
				}
				if got.UID != p.shown(p.uid, p.inbox(who)[0]).UID {
					t.Errorf("the cancellation is of %s", got.UID)
				}
			}
			if got := p.sees(p.guests[0]); got.UID != uid {
				t.Errorf("%s was cancelled, not %s", got.UID, uid)
			}
			s.ignored(s.cancel(p.event), "already")
			s.ignored(s.cancel(p.next(func(*imiptest.Event) {})), "already")
			told := s.sentTo(e.Organizer.Email)
			s.endsIn(s.request(p.next(func(e *imiptest.Event) { e.Summary = "After all" })), "RequestRefused") // put back in the organizer's calendar
			if text := textOf(t, s.lastMail(e.Organizer)); s.sentTo(e.Organizer.Email) != told+1 || !strings.Contains(text, "cannot be taken up again") {
				t.Errorf("the organizer is told:\n%s", text)
			}
			s.settle()
			p.told(2)
			if got := p.says(1, client, imiptest.Accepted); got != "cancelled" {
				t.Errorf("an answer to the cancelled event is %s", got)
			}
			if counts := s.statistics(p.uid); counts.Confirmed != 1 || counts.Pending != 1 || len(s.attendee(p.uid, p.guests[1].Email).History) != 1 {
				t.Errorf("%+v", counts)
			}
		})
	}
}

// oneClick blocks the organizer by a mail's one-click link (RFC 8058).
func (s *system) oneClick(mail []byte) {
	s.t.Helper()
	link := read(s.t, mail).Header.Get("List-Unsubscribe")
	link = link[strings.Index(link, "/unsubscribe/"):strings.Index(link, ">")]
	if a := s.Do("POST", link, "List-Unsubscribe=One-Click", "Content-Type", "application/x-www-form-urlencoded"); a.Status != 200 {
		s.t.Fatalf("one click answers %d %s", a.Status, a.Body)
	}
}

// executions are those of a workflow.
func (s *system) executions(workflow string) []states.Summary {
	s.t.Helper()
	all, err := s.States.List(s.Wiring.Prefix() + "-" + workflow)
	if err != nil {
		s.t.Fatal(err)
	}
	return all
}

// events are the VEVENTs of a mail.
func (s *system) events(mail []byte) []ical.Event {
	s.t.Helper()
	return s.calendarOf(mail).Calendar.Events()
}

// except is a request whose series does not take place on one of its dates: calendars keep that with the series (EXDATE).
func except(t testing.TB, e imiptest.Event, date time.Time) []byte {
	t.Helper()
	e.Client = imiptest.Generic // the others encode what they write
	raw, err := imiptest.ComposeRequest(e)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Replace(raw, []byte("RRULE:"+e.Rule), []byte("RRULE:"+e.Rule+"\r\nEXDATE:"+date.UTC().Format("20060102T150405Z")), 1)
}

// A series changes as a whole, or by single instances; in every calendar it takes place when the organizer's calendar says.
func TestSeriesUpdates(t *testing.T) {
	s := start(t)
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	weekly := func(client imiptest.Client) imiptest.Event {
		e := tea(somebody("ada"))
		e.Client, e.Start, e.End, e.Rule = client, e.Start.In(berlin), e.End.In(berlin), "FREQ=WEEKLY;COUNT=5"
		e.UID = fmt.Sprintf("series-%d@calendar.example", people.Add(1))
		return e
	}
	week := func(e imiptest.Event, n int) time.Time { return e.Start.AddDate(0, 0, 7*n) }

	for _, client := range imiptest.Clients {
		t.Run(string(client), func(t *testing.T) {
			s := s.on(t)
			e := weekly(client)
			p := s.party(e, 2)
			p.says(0, client, imiptest.Accepted)
			takesPlace := func(want ...time.Time) {
				t.Helper()
				for _, who := range p.guests {
					if got := p.sees(who); dates(got.Starts(10)) != dates(want) {
						t.Errorf("%s sees it at %s, not %s", who.Email, dates(got.Starts(10)), dates(want))
					}
				}
			}
			only := func(method string, original time.Time) {
				t.Helper()
				for _, who := range p.guests {
					mail := p.lastMail(who)
					events := s.events(mail)
					if len(events) != 1 || s.calendarOf(mail).Method != method || events[0].Props.Get("RECURRENCE-ID") == nil || events[0].RRule() != "" {
						t.Fatalf("%s got a %s of %d events:\n%s", who.Email, s.calendarOf(mail).Method, len(events), mail)
					}
					if id, ok := events[0].Time("RECURRENCE-ID"); !ok || !id.At.Equal(original) {
						t.Errorf("it is about the instance of %s, not %s", id.At, original)
					}
				}
			}
			takesPlace(week(e, 0), week(e, 1), week(e, 2), week(e, 3), week(e, 4))

			moved := week(e, 1).AddDate(0, 0, 1)
			p.update(p.instance(week(e, 1), func(e *imiptest.Event) { e.Start, e.End = e.Start.AddDate(0, 0, 1), e.End.AddDate(0, 0, 1) }))
			p.told(2)
			only("REQUEST", week(e, 1))
			takesPlace(week(e, 0), moved, week(e, 2), week(e, 3), week(e, 4))
			if got := p.sees(p.guests[0]); len(got.Instances) != 1 || got.Instances[0].PartStat != "NEEDS-ACTION" {
				t.Errorf("who accepted the series sees %+v", got)
			}
			if counts := s.statistics(p.uid); counts.Confirmed != 1 || counts.Pending != 1 {
				t.Errorf("%+v", counts)
			}

			p.callOff(p.instance(week(e, 2), func(*imiptest.Event) {}))
			p.told(3)
			only("CANCEL", week(e, 2))
			takesPlace(week(e, 0), moved, week(e, 3), week(e, 4))
			s.ignored(s.cancel(p.instance(week(e, 2), func(*imiptest.Event) {})), "already")
			if got := s.event(p.uid); got.Status != "confirmed" {
				t.Errorf("the series is %+v", got)
			}

			p.update(p.instance(week(e, 3), func(e *imiptest.Event) { e.Summary = "Tea with the Queen" }))
			p.told(4)
			only("REQUEST", week(e, 3))
			takesPlace(week(e, 0), moved, week(e, 3), week(e, 4))
			if got := p.sees(p.guests[0]); got.Summary != "Tea" || got.Instances[len(got.Instances)-1].Summary != "Tea with the Queen" || got.Instances[len(got.Instances)-1].PartStat != "ACCEPTED" {
				t.Errorf("%+v", got)
			}

			late := somebody("late")
			s.invite(p.uid, late)
			if got := p.sees(late); dates(got.Starts(10)) != dates([]time.Time{week(e, 0), moved, week(e, 3), week(e, 4)}) {
				t.Errorf("who comes late sees %s", dates(got.Starts(10)))
			}

			x := s.mail(e.Organizer.Email, except(t, p.next(func(e *imiptest.Event) { e.Location = "Paris" }), week(e, 2)))
			s.endsIn(x, "EventUpdated")
			s.announced(x)
			p.told(5)
			takesPlace(week(e, 0), moved, week(e, 3), week(e, 4))
			if got := p.sees(p.guests[0]); got.Location != "Paris" || got.PartStat != "ACCEPTED" || got.Instances[0].PartStat != "NEEDS-ACTION" {
				t.Errorf("%+v", got)
			}

			p.update(p.next(func(e *imiptest.Event) { e.Start, e.End = e.Start.Add(time.Hour), e.End.Add(time.Hour) }))
			p.told(6)
			takesPlace(week(p.event, 0), week(p.event, 1), week(p.event, 2), week(p.event, 3), week(p.event, 4))
			if got := p.sees(p.guests[0]); got.PartStat != "NEEDS-ACTION" {
				t.Errorf("%+v", got)
			}
			if counts := s.statistics(p.uid); counts.Pending != 3 {
				t.Errorf("%+v", counts)
			}
			p.callOff(p.next(func(*imiptest.Event) {}))
			takesPlace()
		})
	}

	t.Run("whoever missed the revision before gets the whole", func(t *testing.T) {
		s := s.on(t)
		e := weekly(imiptest.Gmail)
		p := s.party(e, 3)
		s.fails(aws.Fault{Function: "send-event-update", Action: "ses:SendEmail", Kind: "throttle"})
		s.endsIn(s.request(p.next(func(e *imiptest.Event) { e.Summary = "Cake" })), "EventUpdated")
		s.endsIn(s.cancel(p.instance(week(e, 1), func(*imiptest.Event) {})), "EventCancelled")
		s.Faults.Clear()
		s.settle()
		for _, who := range p.guests {
			whole := 0
			for _, mail := range p.inbox(who) { // what was on its way may still come, and is old
				if main := s.invited(mail); main.Sequence() == 2 {
					whole++
					if main.RRule() == "" || s.calendarOf(mail).Method != "REQUEST" {
						t.Errorf("%s gets one instance only:\n%s", who.Email, mail)
					}
				}
			}
			if whole != 1 {
				t.Errorf("%s is sent the newest version %d times", who.Email, whole)
			}
			if got := p.sees(who); got.Summary != "Cake" || got.Sequence != 2 || dates(got.Starts(10)) != dates([]time.Time{e.Start, week(e, 2), week(e, 3), week(e, 4)}) {
				t.Errorf("%s sees %+v at %s", who.Email, got, dates(got.Starts(10)))
			}
			if got := s.attendee(p.uid, who.Email); got.SentSequence != 2 {
				t.Errorf("%+v", got)
			}
		}
	})

	t.Run("an answer to one instance", func(t *testing.T) {
		s := s.on(t)
		e := weekly(imiptest.Gmail)
		p := s.party(e, 2)
		p.says(0, imiptest.Gmail, imiptest.Accepted)
		one := imiptest.Reply{Client: imiptest.Gmail, Answer: imiptest.Declined, At: time.Now(), Instance: week(e, 1), Comment: "On holiday"}
		if got := s.result(s.reply(p.inbox(p.guests[0])[0], p.guests[0].Email, one)); got.Result != "applied" {
			t.Fatalf("%+v", got)
		}
		p.update(p.instance(week(e, 1), func(e *imiptest.Event) { e.Summary = "Tea in the garden" })) // the same time
		if got := p.sees(p.guests[0]); len(got.Instances) != 1 || got.Instances[0].PartStat != "DECLINED" {
			t.Errorf("a new title asks again: %+v", got)
		}
		p.update(p.instance(week(e, 1), func(e *imiptest.Event) { e.Start, e.End = e.Start.Add(time.Hour), e.End.Add(time.Hour) }))
		if got := p.sees(p.guests[0]); got.Instances[0].PartStat != "NEEDS-ACTION" {
			t.Errorf("another time does not ask again: %+v", got)
		}
		one.At, one.Answer = time.Now().Add(time.Minute), imiptest.Accepted
		if got := s.result(s.reply(p.lastMail(p.guests[0]), p.guests[0].Email, one)); got.Result != "applied" {
			t.Errorf("%+v", got)
		}
		p.update(p.next(func(e *imiptest.Event) { e.Summary = "Cake" }))
		got := p.sees(p.guests[0])
		if got.PartStat != "ACCEPTED" || len(got.Instances) != 1 || got.Instances[0].PartStat != "ACCEPTED" {
			t.Errorf("%+v", got)
		}
		if counts := s.statistics(p.uid); counts.Confirmed != 1 || counts.Pending != 1 {
			t.Errorf("%+v", counts)
		}
	})
}

// Whatever overtakes what, everybody ends up with the newest version.
func TestUpdatesOvertakeEachOther(t *testing.T) {
	s := start(t, stacktest.Env("SEND_CONCURRENCY", "2"))
	slow := aws.Fault{Function: "send-event-update", Action: "ses:SendEmail", Kind: "delay", DelayMS: 150}
	underWay := func(p *party) {
		p.t.Helper()
		p.Eventually("the first of several mails", func() bool {
			n := 0
			for _, who := range p.guests {
				n += p.sentTo(who.Email) - 1
			}
			return n > 0
		})
	}
	newest := func(p *party, sequence int, is func(imiptest.Entry) bool) {
		p.t.Helper()
		for _, who := range p.guests {
			if got := p.sees(who); got.Sequence != sequence || !is(got) {
				p.t.Errorf("%s sees %+v", who.Email, got)
			}
			if got := p.attendee(p.uid, who.Email); got.SentSequence != sequence {
				p.t.Errorf("recorded as %+v", got)
			}
			seen := map[int]int{}
			for _, mail := range p.inbox(who) {
				event := p.events(mail)[0]
				if seen[event.Sequence()]++; seen[event.Sequence()] > 1 {
					p.t.Errorf("%s got revision %d more than once", who.Email, event.Sequence())
				}
			}
		}
		p.statistics(p.uid)
	}

	t.Run("a second and a third update while the first is on its way", func(t *testing.T) {
		s := s.on(t)
		p := s.party(tea(somebody("ada")), 12)
		p.says(0, imiptest.Gmail, imiptest.Accepted)
		s.fails(slow)
		s.endsIn(s.request(p.next(func(e *imiptest.Event) { e.Summary = "Cake" })), "EventUpdated")
		underWay(p)
		s.endsIn(s.request(p.next(func(e *imiptest.Event) { e.Start, e.End = e.Start.Add(time.Hour), e.End.Add(time.Hour) })), "EventUpdated")
		s.endsIn(s.request(p.next(func(e *imiptest.Event) { e.Summary = "Biscuits" })), "EventUpdated")
		s.settle()
		newest(p, 3, func(e imiptest.Entry) bool {
			return e.Summary == "Biscuits" && e.Start.Equal(p.event.Start) && e.PartStat == "NEEDS-ACTION"
		})
	})

	t.Run("called off while an update is on its way", func(t *testing.T) {
		s := s.on(t)
		p := s.party(tea(somebody("ada")), 12)
		s.fails(slow)
		s.endsIn(s.request(p.next(func(e *imiptest.Event) { e.Summary = "Cake" })), "EventUpdated")
		underWay(p)
		s.endsIn(s.cancel(p.next(func(*imiptest.Event) {})), "EventCancelled")
		s.settle()
		newest(p, 2, func(e imiptest.Entry) bool { return e.Cancelled })
	})

	t.Run("links and lists while the event changes again and again", func(t *testing.T) {
		s := s.on(t)
		p := s.party(tea(somebody("ada")), 4)
		s.put("organizer#"+p.event.Organizer.Email, "bulk#"+p.event.Organizer.Email)
		list := "uid,email,name\r\n"
		var invited []imiptest.Address
		for i := range 30 {
			who := somebody("crowd")
			invited = append(invited, who)
			if i%2 == 0 {
				list += p.uid + "," + who.Email + "," + who.Name + "\r\n"
			}
		}
		var links sync.WaitGroup
		for i, who := range invited {
			if i%2 == 1 {
				links.Go(func() {
					if a := s.link(p.uid, who.Email); a.Status != 302 {
						t.Errorf("%d %s", a.Status, a.Body)
					}
				})
			}
		}
		bulk := s.SendMail(p.event.Organizer.Email, "bulk@cis.localhost", csvMail(p.event.Organizer.Email, list))
		for i := range 4 {
			s.endsIn(s.request(p.next(func(e *imiptest.Event) {
				e.Summary, e.Start, e.End = fmt.Sprint("Tea ", i), e.Start.Add(time.Hour), e.End.Add(time.Hour)
			})), "EventUpdated")
		}
		links.Wait()
		if x := s.WaitExecution("bulk-invites", bulk); x.Status != "SUCCEEDED" {
			t.Errorf("the list is %s: %s %s", x.Status, x.Error, x.Cause)
		}
		s.settle()
		p.guests = append(p.guests, invited...)
		newest(p, 4, func(e imiptest.Entry) bool { return e.Summary == "Tea 3" && e.Start.Equal(p.event.Start) })
		if counts := s.statistics(p.uid); counts.Attendees != 34 || counts.Pending != 34 {
			t.Errorf("%+v", counts)
		}
	})
}

// csvMail brings a list.
func csvMail(from, list string) []byte {
	return fmt.Appendf(nil, "From: %s\r\nTo: bulk@cis.localhost\r\nSubject: My guests\r\nMessage-ID: <list-%d@example.com>\r\nMIME-Version: 1.0\r\n"+
		"Content-Type: text/csv; charset=UTF-8; name=\"list.csv\"\r\nContent-Disposition: attachment; filename=\"list.csv\"\r\n\r\n%s", from, people.Add(1), list)
}
