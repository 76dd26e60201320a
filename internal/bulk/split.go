package bulk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/calendarinvite/calendarinviteserver/internal/plain"
)

// maxRaw is the most characters that are repeated of a value that is not valid.
const maxRaw = 100

// Summary counts the rows of a list.
type Summary struct {
	Rows     int            `json:"rows"`
	Accepted int            `json:"accepted"`
	Rejected int            `json:"rejected"`
	Events   map[string]int `json:"events,omitempty"`  // accepted rows by uid; at most MaxEvents
	Reasons  map[string]int `json:"reasons,omitempty"` // rejected rows by reason
}

// Split reads a list to its end and writes an Item or a Rejected for each row, as JSON lines, in the order of the list. A list without
// rows is a fault InvalidRequest, ReasonEmptyList; the other faults are those of Reader.Next, of Events and of the writers. After an
// error what was written is to be thrown away.
func Split(ctx context.Context, rows *Reader, check *Check, accepted, rejected io.Writer) (Summary, error) {
	s := Summary{Events: map[string]int{}, Reasons: map[string]int{}}
	good, bad := lines(accepted), lines(rejected)
	for {
		row, err := rows.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return s, err
		}
		item, reason, known, err := check.Row(ctx, row)
		if err != nil {
			return s, fmt.Errorf("check row %d: %w", row.Number, err)
		}
		s.Rows++
		if reason == "" {
			s.Accepted++
			s.Events[item.UID]++
			err = good.Encode(item)
		} else {
			s.Rejected++
			s.Reasons[reason]++
			err = bad.Encode(Rejected{Row: item.Row, UID: plain.Line(item.UID, maxRaw), Email: plain.Line(item.Email, maxRaw), Reason: reason, Known: known})
		}
		if err != nil {
			return s, fmt.Errorf("write row %d: %w", row.Number, err)
		}
	}
	if s.Rows == 0 {
		return s, refuse(ReasonEmptyList)
	}
	return s, nil
}

func lines(w io.Writer) *json.Encoder {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return encoder
}
