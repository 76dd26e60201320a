package main

import (
	"context"
	"fmt"
	"net/http"
)

// theReport: one request, and the list of all attendees is in the organizer's mail.
func (s *story) theReport(ctx context.Context) error {
	path := "/event/" + s.uid + "/report"
	if err := s.out.step("The attendee report is asked for", func() (string, error) {
		_, err := s.d.expect(ctx, http.StatusOK, http.MethodGet, s.d.route(path), "")
		return "GET " + path, err
	}); err != nil {
		return err
	}
	return s.out.step("Ada gets the list of her guests", func() (string, error) {
		m, err := s.inbox.next(ctx, "the attendee report", "attendees.csv")
		if err != nil {
			return "", err
		}
		rows, err := tally(m, "status")
		want := map[string]int{"accepted": s.counts.Yes, "tentative": s.counts.Maybe, "declined": s.counts.No, "noaction": s.counts.Pending}
		if err == nil && fmt.Sprint(rows) != fmt.Sprint(want) {
			err = fmt.Errorf("the report counts %v, but should count %v", rows, want)
		}
		return fmt.Sprintf("%s\nattendees.csv: %s rows, %d accepted, %d tentative, %d declined", m.subject,
			count(s.everybody()), rows["accepted"], rows["tentative"], rows["declined"]), err
	})
}
