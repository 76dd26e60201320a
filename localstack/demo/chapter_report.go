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
		m, err := s.inbox.next(ctx, "the attendee report")
		if err != nil {
			return "", err
		}
		rows, err := tally(m, "status")
		accepted, waiting := rows["accepted"], rows["noaction"]
		if err == nil && (accepted != len(s.three) || accepted+waiting != s.everybody() || len(rows) != 2) {
			err = fmt.Errorf("the report has these rows: %v", rows)
		}
		return fmt.Sprintf("%s · attendees.csv: %s rows", m.subject, count(accepted+waiting)), err
	})
}
