package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
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

	event    imiptest.Event // that everybody is invited to, as it stands in her calendar
	sixth    imiptest.Event // that she could register after the order
	uid      string         // ours
	newest   string         // the uid of the event that was registered last
	three    []guest        // who open the link
	list     []guest        // who are on the list
	sentList string         // id of the mail that brought it
	counts   statistics     // of the event, before it moves
	now      time.Time      // when the last mail of a calendar was written; each next one is a second later
}

// chapters of the story: what each is called, in a sentence what it is about, and who tells it.
var chapters = []struct {
	title, about string
	tell         func(*story, context.Context) error
}{
	{"An event", "Ada makes it in her own calendar, and invites one address more.", (*story).anEvent},
	{"Three people open its link", "A link in a newsletter or on a page sends a calendar invitation.", (*story).threeGuests},
	{"A thousand people on a list", "One mail with a CSV file invites them all.", (*story).theList},
	{"They answer", "Their calendars mail the answers back, and the server counts them.", (*story).theAnswers},
	{"Who comes?", "All guests in a file, whenever Ada wants it.", (*story).theReport},
	{"The event moves", "Ada changes it in her calendar, and all calendars follow.", (*story).theUpdate},
	{"A sixth event", "Five are free. An order lifts the limit.", (*story).theOrder},
	{"No more mail, please", "Whoever unsubscribes gets nothing more from this organizer.", (*story).theUnsubscribe},
	{"The event is called off", "Ada deletes it, and all calendars learn of it.", (*story).theCancellation},
}

// play tells the story, and returns where to look at what it left. The people are new in each one, so that it can be played again
// against the same stack.
func play(ctx context.Context, d doors, out *terminal) (links [][2]string, err error) {
	begin := time.Now()
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
	for i, chapter := range chapters {
		out.chapter(i+1, chapter.title, chapter.about)
		if err := chapter.tell(s, ctx); err != nil {
			return nil, err
		}
	}
	if err := s.nothingElse(ctx); err != nil {
		return nil, err
	}
	out.end(fmt.Sprintf("All of this was checked: %s mails to %s people, in %s.", count(s.calendars.read), count(s.everybody()+1), short(time.Since(begin))))
	return [][2]string{
		{"the list", d.page("executions/bulk-invites/" + s.sentList)},
		{"the update", d.page("executions/event-update/" + s.uid + "-1")},
		{"the event", d.page("event/" + s.uid)},
		{"Ada's mail", d.page("sent?to=" + ada.Email)},
		{"all workflows", d.page("executions")},
	}, nil
}

// nothingElse fails if anybody has got a mail that the story does not tell of.
func (s *story) nothingElse(ctx context.Context) error {
	if err := s.inbox.nothingElse(ctx); err != nil {
		return err
	}
	mails, err := s.calendars.follow(ctx)
	if err == nil && len(mails) > 0 {
		err = fmt.Errorf("these people got a mail that nobody told of: %v", slices.Sorted(maps.Keys(mails)))
	}
	return err
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
