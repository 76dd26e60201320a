package itip

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/calendarinvite/calendarinviteserver/internal/ical"
)

// A conversation is a text file: what the organizer and the attendees send, in order, and what each message does. A message begins
// with a line "-- organizer: EFFECT" or "-- attendee: OUTCOME STATUS"; lines with # are remarks.
func TestConversations(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no conversations", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			c := conversation{attendees: map[string]Known{}}
			for _, m := range messages(string(text)) {
				calendar, err := ical.Read([]byte(m.text), ical.Limits{})
				if err != nil {
					t.Fatalf("line %d: %v", m.line, err)
				}
				var effect string
				if m.from == "organizer" {
					effect = c.organizer(calendar)
				} else {
					effect = c.attendee(calendar)
				}
				if effect != m.expect {
					t.Errorf("%s:%d: %q, want %q", file, m.line, effect, m.expect)
				}
			}
		})
	}
}

type message struct {
	line               int
	from, expect, text string
}

func messages(text string) (all []message) {
	for n, line := range strings.Split(text, "\n") {
		if header, ok := strings.CutPrefix(line, "-- "); ok {
			from, expect, _ := strings.Cut(header, ": ")
			all = append(all, message{line: n + 1, from: from, expect: expect})
		} else if len(all) > 0 && !strings.HasPrefix(line, "#") {
			all[len(all)-1].text += line + "\r\n"
		}
	}
	return all
}

// conversation is the organizer's side of it: what is stored.
type conversation struct {
	uid       string
	stored    *ical.Calendar
	event     Occasion
	attendees map[string]Known
}

func (c *conversation) organizer(arrived *ical.Calendar) string {
	main, _ := arrived.Main()
	switch {
	case c.stored == nil:
		c.stored, c.uid = arrived, main.UID()
		return "new"
	case !SameUID(c.uid, main.UID()):
		return "another event"
	case arrived.Method() == "CANCEL":
		return c.cancel(arrived, main)
	case !Series(arrived):
		update, stale := MergeInstances(c.stored, arrived)
		if stale {
			return "stale"
		}
		c.stored = update.Calendar
		if len(update.Changed) == 0 {
			return "nothing"
		}
		c.event.Sequence++
		effect := "instance " + strings.Join(update.Changed, " ")
		if len(update.Moved) > 0 {
			effect += " moved"
		}
		return effect
	}
	series, _ := c.stored.Main()
	if RevisionOf(main).Compare(RevisionOf(series)) < 0 {
		return "stale"
	}
	arrived = KeepInstances(c.stored, arrived)
	difference := Compare(c.stored, arrived)
	c.stored = arrived
	if difference.Change == Nothing {
		return string(Nothing)
	}
	c.event.Sequence++
	if difference.Change == Reschedule {
		c.event.Rescheduled = c.event.Sequence
		for name, known := range c.attendees {
			known.Status = NoAction
			c.attendees[name] = known
		}
	}
	effect := string(difference.Change)
	for _, field := range difference.Fields {
		if difference.Change != Reschedule || field.Reschedules() {
			effect += " " + string(field)
		}
	}
	return effect
}

func (c *conversation) cancel(arrived *ical.Calendar, main ical.Event) string {
	if !main.IsOverride() {
		c.event.Sequence++
		c.event.Cancelled = true
		return "cancel"
	}
	cancellation, stale := CancelInstances(c.stored, arrived)
	switch {
	case stale:
		return "stale"
	case len(cancellation.Cancelled) == 0:
		return "already"
	}
	c.stored = cancellation.Calendar
	c.event.Sequence++
	return "cancel " + strings.Join(cancellation.Cancelled, " ")
}

func (c *conversation) attendee(arrived *ical.Calendar) string {
	event, _ := arrived.Main()
	person := event.Attendees()[0]
	if !SameUID(c.uid, event.UID()) {
		return "another event"
	}
	known := c.attendees[person.Email]
	if known.Status == "" {
		known.Status = NoAction
	}
	answer, outcome, _ := Fold(known, c.event, Answer{Revision: RevisionOf(event), Status: StatusOf(person.PartStat)})
	if outcome == Apply {
		known.Status = answer.Status
	}
	if outcome == Apply || outcome == Record {
		known.Last, known.Seen = answer.Revision, true
	}
	c.attendees[person.Email] = known
	return fmt.Sprintf("%s %s", outcome, known.Status)
}
