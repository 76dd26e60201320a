package fault_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
)

func TestKinds(t *testing.T) {
	for kind, want := range map[fault.Kind]struct {
		permanent bool
		status    int
	}{
		fault.InvalidRequest: {true, 400},
		fault.NotAuthorized:  {true, 403},
		fault.NotFound:       {true, 404},
		fault.Conflict:       {true, 409},
		fault.Stale:          {true, 409},
		fault.Throttled:      {false, 429},
		fault.Unavailable:    {false, 503},
		fault.Internal:       {false, 500},
	} {
		if kind.Permanent() != want.permanent || kind.HTTPStatus() != want.status || kind.Known() != kind {
			t.Errorf("%s: permanent %t, status %d, known %s", kind, kind.Permanent(), kind.HTTPStatus(), kind.Known())
		}
	}
	if got := fault.Kind("States.Timeout").Known(); got != fault.Internal {
		t.Errorf("a foreign name is %s", got)
	}
}

// An error keeps its kind, reason and sentence through any number of wraps, and its cause stays reachable.
func TestWrapping(t *testing.T) {
	err := fmt.Errorf("read mail: %w", fault.Wrap(fault.Unavailable, "s3", fmt.Errorf("get: %w", io.ErrUnexpectedEOF)))
	if fault.KindOf(err) != fault.Unavailable || fault.ReasonOf(err) != "s3" || fault.PublicOf(err) != "" {
		t.Errorf("%s, %s, %q", fault.KindOf(err), fault.ReasonOf(err), fault.PublicOf(err))
	}
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error("the cause is lost")
	}
	if want := "read mail: Unavailable (s3): get: unexpected EOF"; err.Error() != want {
		t.Errorf("%q, want %q", err, want)
	}
	said := fault.New(fault.NotFound, "unknown-event", "There is no such event.")
	if fault.PublicOf(said) != "There is no such event." || said.Error() != "NotFound (unknown-event): There is no such event." {
		t.Errorf("%q", said)
	}
	if plain := io.EOF; fault.KindOf(plain) != fault.Internal || fault.ReasonOf(plain) != "" || fault.PublicOf(plain) != "" {
		t.Error("an unclassified error must be internal")
	}
}
