package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
)

// story is what the chapters have in common.
type story struct {
	d   doors
	out *terminal

	people    string           // ends the local parts of all addresses of this story: ".k3x9qd@"
	ada       imiptest.Address // the organizer
	inbox     *mailbox         // hers
	calendars *calendars       // of all guests

	event    imiptest.Event // as it stands in her calendar
	uid      string         // ours
	newest   string         // the uid of the event that was registered last
	three    []guest        // who open the link
	list     []guest        // who are on the list
	sentList string         // id of the mail that brought it
	now      time.Time      // when the last mail of a calendar was written; each next one is a second later
}

// play tells the story. The people are new in each one, so that it can be played again against the same stack.
func play(ctx context.Context, d doors, out *terminal) error {
	people := "." + strings.ToLower(rand.Text()[:6]) + "@"
	ada := imiptest.Address{Name: "Ada Lovelace", Email: "ada" + people + "example.com"}
	s := &story{
		d: d, out: out, people: people, ada: ada, inbox: &mailbox{d: d, address: ada.Email}, calendars: newCalendars(d, people, ada.Email),
		three: []guest{
			{name: "Grace Hopper", email: "grace" + people + "gmail.example", client: imiptest.Gmail, calendar: "Gmail", answer: imiptest.Accepted},
			{name: "Alan Turing", email: "alan" + people + "outlook.example", client: imiptest.Outlook, calendar: "Outlook", answer: imiptest.Declined},
			{name: "Emmy Noether", email: "emmy" + people + "icloud.example", client: imiptest.Apple, calendar: "Apple Calendar", answer: imiptest.Tentative},
		},
		list: listed(people), now: time.Now().UTC().Truncate(time.Second),
	}
	for _, chapter := range []struct {
		title string
		tell  func(*story, context.Context) error
	}{
		{"An event", (*story).anEvent},
		{"Three people open its link", (*story).threeGuests},
		{"A thousand people on a list", (*story).theList},
		{"They answer", (*story).theAnswers},
		{"The event moves", (*story).theUpdate},
		{"The event is called off", (*story).theCancellation},
		{"Who was invited, and what became of it", (*story).theReport},
		{"A sixth event", (*story).theOrder},
		{"No more mail, please", (*story).theUnsubscribe},
	} {
		out.chapter(chapter.title)
		if err := chapter.tell(s, ctx); err != nil {
			return err
		}
	}
	out.links([][2]string{
		{"the list's workflow, as a graph", d.page("executions/bulk-invites/" + s.sentList)},
		{"the update's, with its Map Run", d.page("executions/event-update/" + s.uid + "-1")},
		{"all workflows that ran", d.page("executions")},
		{"Ada's mail", d.page("sent?to=" + ada.Email)},
		{"the event and its guests", d.page("event/" + s.uid)},
		{"the statistics (x-api-key: " + key + ")", d.route("/event/" + s.uid + "/statistics")},
	})
	return nil
}

// everybody is how many people are invited to the event.
func (s *story) everybody() int { return len(s.three) + len(s.list) }

// moment is the time of the next mail that a calendar writes: it tells by the second which of two is newer.
func (s *story) moment() time.Time {
	s.now = s.now.Add(time.Second)
	return s.now
}

// statistics is the part of GET /event/{uid}/statistics that the story is about.
type statistics struct {
	Attendees int `json:"attendee_count"`
	Yes       int `json:"rsvp_confirmed"`
	No        int `json:"rsvp_declined"`
	Maybe     int `json:"rsvp_tentative"`
	Pending   int `json:"rsvp_pending"`
}

// count counts an answer of somebody who had none.
func (c *statistics) count(answer string) {
	c.Pending--
	switch answer {
	case imiptest.Accepted:
		c.Yes++
	case imiptest.Declined:
		c.No++
	case imiptest.Tentative:
		c.Maybe++
	}
}

// counted asks for the event's statistics.
func (s *story) counted(ctx context.Context) (got statistics, err error) {
	return got, s.d.getJSON(ctx, s.d.route("/event/"+s.uid+"/statistics"), &got)
}

// expect compares the event's statistics with what they should be now.
func (s *story) expect(ctx context.Context, want statistics) error {
	got, err := s.counted(ctx)
	if err == nil && got != want {
		err = fmt.Errorf("the statistics are %+v, but should be %+v", got, want)
	}
	return err
}

// show draws the statistics.
func (s *story) show(heading string, c statistics) {
	s.out.table(heading, []row{{"yes", c.Yes, green}, {"maybe", c.Maybe, yellow}, {"no", c.No, red}, {"no answer", c.Pending, faint}})
}
