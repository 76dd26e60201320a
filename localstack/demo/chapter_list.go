package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
)

// theList: an administrator lets the organizer send lists, she mails one, and the status report says what became of every row.
func (s *story) theList(ctx context.Context) error {
	if err := s.out.step("An administrator lets Ada send lists", func() (string, error) {
		path := "/system/organizer/" + url.PathEscape(s.ada.Email) + "/bulk"
		_, err := s.d.expect(ctx, http.StatusOK, http.MethodPut, s.d.route(path), "", "x-api-key", adminKey)
		return "PUT " + path, err
	}); err != nil {
		return err
	}
	// Beside the thousand: somebody who has an invitation, somebody twice, and an address that is none.
	rows := append(slices.Clone(s.list), s.three[0], s.list[0], guest{name: "Charles Babbage", email: "charles(at)gmail.example"})
	file, err := listFile(s.uid, rows)
	if err != nil {
		return err
	}
	bulk := "bulk@" + s.d.domain
	if err := s.out.step(fmt.Sprintf("Ada mails %s a CSV file of %s rows", bulk, count(len(rows))), func() (string, error) {
		id, err := s.d.mail(s.ada.Email, "bulk", listMail(s.ada, bulk, "guests.csv", file, s.moment()))
		if err != nil {
			return "", err
		}
		s.sentList = id
		return "guests.csv: uid,email,name", s.d.finished(ctx, "bulk-invites", id, func(m mapRun) { s.out.progress(m.Items.Succeeded, m.Items.All) })
	}); err != nil {
		return err
	}
	if err := s.out.step("Ada gets the status report", func() (string, error) {
		m, err := s.inbox.next(ctx, "the status report", "results.csv")
		if err != nil {
			return "", err
		}
		results, err := tally(m, "result")
		want := map[string]int{"sent": len(s.list), "already": 1, "invalid": 2}
		if err == nil && fmt.Sprint(results) != fmt.Sprint(want) {
			err = fmt.Errorf("the status report counts %v, but should count %v", results, want)
		}
		return fmt.Sprintf("%s\nresults.csv: %s sent, %d invited before, %d invalid", m.subject, count(results["sent"]), results["already"], results["invalid"]), err
	}); err != nil {
		return err
	}
	return s.out.step(fmt.Sprintf("%s calendars have the event, after one invitation each", count(s.everybody())), func() (string, error) {
		if err := s.calendars.expect(ctx, len(s.list), s.everybody(), s.asRegistered); err != nil {
			return "", err
		}
		return "", s.expect(ctx, statistics{Attendees: s.everybody(), Yes: 2, No: 1, Pending: len(s.list)})
	})
}

// tally counts the rows of the CSV file in a mail by what stands in a column.
func tally(m received, column string) (map[string]int, error) {
	file, err := m.part("text/csv")
	if err != nil {
		return nil, err
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(file, "\ufeff"))).ReadAll()
	if err != nil || len(rows) == 0 {
		return nil, fmt.Errorf("the file of %q has %d rows: %w", m.subject, len(rows), err)
	}
	at := slices.Index(rows[0], column)
	if at < 0 {
		return nil, fmt.Errorf("the file of %q has the columns %q", m.subject, rows[0])
	}
	counts := map[string]int{}
	for _, row := range rows[1:] {
		counts[row[at]]++
	}
	return counts, nil
}

// theAnswers: every eighth person of the list answers, with the calendar that they use.
func (s *story) theAnswers(ctx context.Context) error {
	counts := statistics{Attendees: s.everybody(), Yes: 2, No: 1, Pending: len(s.list)}
	answers := []string{imiptest.Accepted, imiptest.Accepted, imiptest.Accepted, imiptest.Tentative, imiptest.Declined}
	calendars := map[string]int{}
	var who []guest
	for i := 0; i < len(s.list); i += 8 {
		g := s.list[i+len(who)%len(mailHosts)] // so that all calendars are among them
		g.answer = answers[len(who)%len(answers)]
		who = append(who, g)
		calendars[g.calendar]++
		counts.count(g.answer)
	}
	if err := s.out.step(fmt.Sprintf("%d people on the list answer", len(who)), func() (string, error) {
		at := s.moment()
		for i, g := range who {
			if _, err := s.reply(g, g.answer, at); err != nil {
				return "", err
			}
			s.out.progress(i+1, len(who))
		}
		var used []string
		for _, at := range mailHosts {
			used = append(used, fmt.Sprintf("%d in %s", calendars[at.calendar], at.calendar))
		}
		return strings.Join(used, ", "), wait(ctx, "all answers", func() (bool, error) {
			got, err := s.counted(ctx)
			return got == counts, err
		})
	}); err != nil {
		return err
	}
	s.show(s.event.Summary, counts)
	s.counts = counts
	return nil
}
