package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack"
)

// guest is one of those who open the link.
type guest struct {
	name, email string
	client      imiptest.Client
	calendar    string // what people call the client
	answer      string
	invitation  []byte
}

// verbs word an answer.
var verbs = map[string]string{imiptest.Accepted: "accepts", imiptest.Declined: "declines", imiptest.Tentative: "says maybe"}

// statistics is the part of GET /event/{uid}/statistics that the story is about.
type statistics struct {
	Attendees int `json:"attendee_count"`
	Yes       int `json:"rsvp_confirmed"`
	No        int `json:"rsvp_declined"`
	Maybe     int `json:"rsvp_tentative"`
	Pending   int `json:"rsvp_pending"`
}

// play tells the story. The people are new in each one, so that it can be played again against the same stack.
func play(ctx context.Context, d doors, out *terminal) error {
	run := strings.ToLower(rand.Text()[:6])
	ada := imiptest.Address{Name: "Ada Lovelace", Email: "ada." + run + "@example.com"}
	guests := []*guest{
		{name: "Grace Hopper", email: "grace." + run + "@gmail.example", client: imiptest.Gmail, calendar: "Gmail", answer: imiptest.Accepted},
		{name: "Alan Turing", email: "alan." + run + "@outlook.example", client: imiptest.Outlook, calendar: "Outlook", answer: imiptest.Declined},
		{name: "Emmy Noether", email: "emmy." + run + "@icloud.example", client: imiptest.Apple, calendar: "Apple Calendar", answer: imiptest.Tentative},
	}

	uid, err := register(ctx, d, out, ada)
	if err != nil {
		return err
	}
	for _, g := range guests {
		if err := out.step(g.name+" opens the invite link and gets an invitation", func() (string, error) {
			if err := d.open(ctx, uid, g.email, g.name); err != nil {
				return "", err
			}
			m, err := d.outbox(ctx, g.email)
			g.invitation = []byte(m.RawData)
			return m.Subject, err
		}); err != nil {
			return err
		}
	}
	if err := expect(ctx, d, uid, statistics{Attendees: 3, Pending: 3}); err != nil {
		return err
	}
	now := time.Now().UTC()
	for _, g := range guests {
		if err := answer(ctx, d, out, g, now, fmt.Sprintf("%s %s in %s", g.name, verbs[g.answer], g.calendar)); err != nil {
			return err
		}
	}
	if err := expect(ctx, d, uid, statistics{Attendees: 3, Yes: 1, No: 1, Maybe: 1}); err != nil {
		return err
	}
	emmy := guests[2]
	emmy.answer = imiptest.Accepted
	if err := answer(ctx, d, out, emmy, now.Add(2*time.Second), emmy.name+" changes her mind and accepts"); err != nil {
		return err
	}
	// An answer that was overtaken on its way must not undo the later one.
	emmy.answer = imiptest.Declined
	if err := answer(ctx, d, out, emmy, now.Add(time.Second), "An older answer of hers arrives late and is ignored"); err != nil {
		return err
	}
	final := statistics{Attendees: 3, Yes: 2, No: 1}
	if err := expect(ctx, d, uid, final); err != nil {
		return err
	}

	out.table("Tea with the Analytical Engine", []row{
		{"yes", final.Yes, green}, {"maybe", final.Maybe, yellow}, {"no", final.No, red}, {"no answer", final.Pending, faint},
	})
	pages := "http://" + d.api + "/_local/"
	out.links([][2]string{
		{"the event's registration, as a graph", pages + "executions/event-request/" + uid},
		{"all executions", pages + "executions"},
		{"the mails that were sent", pages + "sent"},
		{"the records", pages + "tables/cis?prefix=event%23" + uid},
		{"the statistics (x-api-key: local-key)", "http://" + d.api + "/event/" + uid + "/statistics"},
	})
	return nil
}

// register mails the organizer's invitation and waits for the confirmation.
func register(ctx context.Context, d doors, out *terminal, ada imiptest.Address) (uid string, err error) {
	create := "create@" + d.domain
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		return "", err
	}
	day := time.Now().AddDate(0, 1, 0)
	start := time.Date(day.Year(), day.Month(), day.Day(), 15, 0, 0, 0, zone)
	raw, err := imiptest.ComposeRequest(imiptest.Event{
		Client: imiptest.Gmail, Organizer: ada, To: imiptest.Address{Email: create}, Key: "demo",
		Summary: "Tea with the Analytical Engine", Description: "An hour of tea, punched cards and biscuits.", Location: "St James's Square 12, London",
		JoinLink: "https://meet.google.com/abc-defg-hij", Start: start, End: start.Add(90 * time.Minute), At: time.Now().UTC(),
	})
	if err != nil {
		return "", err
	}
	if err := out.step("Ada invites "+create+" in her Google Calendar", func() (string, error) {
		if uid, err = stack.SendMail(d.smtp, ada.Email, create, raw); err != nil {
			return "", err
		}
		return "250 2.0.0 " + uid, d.finished(ctx, "event-request", uid)
	}); err != nil {
		return "", err
	}
	return uid, out.step("Ada gets a confirmation", func() (string, error) {
		m, err := d.outbox(ctx, ada.Email)
		if err == nil && !strings.Contains(m.RawData, uid) {
			err = fmt.Errorf("the confirmation %q does not name the event %s", m.Subject, uid)
		}
		return m.Subject, err
	})
}

// answer mails a guest's answer as her calendar would.
func answer(ctx context.Context, d doors, out *terminal, g *guest, at time.Time, what string) error {
	return out.step(what, func() (string, error) {
		raw, err := imiptest.ComposeReply(g.invitation, imiptest.Reply{Client: g.client, Answer: g.answer, At: at})
		if err != nil {
			return "", err
		}
		id, err := stack.SendMail(d.smtp, g.email, "rsvp@"+d.domain, raw)
		if err != nil {
			return "", err
		}
		return "", d.finished(ctx, "event-reply", id)
	})
}

// expect compares the event's statistics with what they should be now.
func expect(ctx context.Context, d doors, uid string, want statistics) error {
	var got statistics
	if err := d.getJSON(ctx, "http://"+d.api+"/event/"+uid+"/statistics", &got); err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("the statistics are %+v, but should be %+v", got, want)
	}
	return nil
}
