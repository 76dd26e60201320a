package states

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"fmt"

	"github.com/calendarinvite/calendarinviteserver/localstack/asl"
)

// chunk is a piece of an execution's history, up to where it can be resumed if it has a checkpoint.
type chunk struct {
	Events     []asl.Event     `json:"events"`
	Checkpoint *asl.Checkpoint `json:"checkpoint,omitempty"`
}

// packed is a chunk as the journal has it. A child's is compressed: a Map Run has thousands of children, and each
// one's input stands in event after event.
type packed struct {
	chunk
	Deflated []byte `json:"deflated,omitempty"` // a chunk, JSON
}

// pack prepares a chunk of an execution for the journal.
func (s *Service) pack(e *execution, c chunk) (packed, error) {
	if e.bucket != childBucket {
		return packed{chunk: c}, nil
	}
	text, err := json.Marshal(c)
	if err != nil {
		return packed{}, fmt.Errorf("states: history of %s: %w", e.record.ARN, err)
	}
	var b bytes.Buffer
	w, ok := s.deflaters.Get().(*flate.Writer)
	if ok {
		w.Reset(&b)
	} else if w, err = flate.NewWriter(&b, flate.BestSpeed); err != nil {
		return packed{}, err
	}
	defer s.deflaters.Put(w)
	if _, err = w.Write(text); err == nil {
		err = w.Close()
	}
	return packed{Deflated: b.Bytes()}, err
}

func (p packed) unpack() (chunk, error) {
	if p.Deflated == nil {
		return p.chunk, nil
	}
	var c chunk
	err := json.NewDecoder(flate.NewReader(bytes.NewReader(p.Deflated))).Decode(&c)
	return c, err
}
