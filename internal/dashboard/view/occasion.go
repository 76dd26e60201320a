package view

import (
	"strconv"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/plain"
	"github.com/calendarinvite/calendarinviteserver/internal/when"
)

// EventState is where an event stands.
type EventState string

// The states.
const (
	Upcoming  EventState = "upcoming" // or going on
	Over      EventState = "over"
	Cancelled EventState = "cancelled"
	Unsure    EventState = "tentative" // STATUS:TENTATIVE: the organizer is not sure yet
)

// Word is the state as a badge says it.
func (s EventState) Word() string {
	switch s {
	case Upcoming:
		return "Upcoming"
	case Over:
		return "Over"
	case Cancelled:
		return "Cancelled"
	case Unsure:
		return "Tentative"
	}
	return ""
}

// state adds a state's word, and a flag per state.
func (v values) state(state EventState) {
	v.set("state", state.Word())
	for _, s := range []EventState{Upcoming, Over, Cancelled, Unsure} {
		v.flag("state_"+string(s), s == state)
	}
}

// Occasion is what every page of an event shows at its top. Texts are plain text and may hold anything.
type Occasion struct {
	UID       string
	Title     string
	When      when.Span
	Where     string
	Join      string // the conference's link; not shown unless it is http or https
	State     EventState
	Held      int // guests who ask to join
	Proposals int // open proposals for a new time
}

func (o Occasion) fill(to values) {
	to.title(o.Title)
	to.when(o.When)
	to.line("where", o.Where)
	if to.link("join", o.Join) != nil {
		to.set("join", "") // it comes out of somebody's calendar
	}
	to.state(o.State)
	to.flag("open", o.State != Over && o.State != Cancelled)
	to.number("held_count", o.Held)
	to.flag("any_held", o.Held > 0)
	to.number("proposal_count", o.Proposals)
	to.flag("any_proposals", o.Proposals > 0)
	to.set("uid", plain.Line(o.UID, maxLine))
	to.set("event_path", EventPath(o.UID))
	for _, part := range []string{"live", "invite", "share", "guests", "proposals", "test", "again", "report", "attendees.csv"} {
		to.set(pathKey(part), EventPath(o.UID, part))
	}
}

func pathKey(part string) string {
	if part == "attendees.csv" {
		part = "csv"
	}
	return part + "_path"
}

// when adds an event's time in words, its day as a leaf of a calendar, and, where a zone can change it, start_at and end_at for the script.
func (v values) when(span when.Span) {
	v.set("when", span.String())
	v.set("when_short", span.Short())
	for _, name := range []string{"month", "day", "start_at", "end_at"} {
		v.set(name, "")
	}
	if !span.Known() {
		return
	}
	v.set("month", span.Start.Format("Jan"))
	v.set("day", strconv.Itoa(span.Start.Day()))
	if span.AllDay || span.Floating {
		return
	}
	v.set("start_at", span.Start.Format(time.RFC3339)) // with its offset: the script shows a second time where the reader's differs
	if span.End.After(span.Start) {
		v.set("end_at", span.End.Format(time.RFC3339))
	}
}

// Progress is a list or an update that is being sent.
type Progress struct {
	What    Work
	Done    int // guests who are through, whatever came of it
	Total   int // 0 = not known yet
	Failed  int // of Done
	Started time.Time
}

// Work is what is being sent.
type Work string

// What can be on its way.
const (
	WorkInvite Work = "invite"
	WorkUpdate Work = "update"
	WorkCancel Work = "cancel"
)

func (w Work) words() string {
	switch w {
	case WorkUpdate:
		return "Sending the update"
	case WorkCancel:
		return "Sending the cancellation"
	}
	return "Sending invitations"
}

// progress adds what is running; nil is nothing.
func (v values) progress(p *Progress) {
	v.flag("running", p != nil)
	if p == nil {
		p = &Progress{}
	}
	v.set("work", p.What.words())
	v.count("progress_total", p.Total)
	v.set("progress_max", strconv.Itoa(max(p.Total, 1)))
	v.set("progress_value", strconv.Itoa(p.Done))
	v.number("progress_done", p.Done)
	v.set("progress_share", percent(p.Done, p.Total))
	v.number("progress_failed", p.Failed)
	v.flag("any_failed", p.Failed > 0)
	v.moment("progress_started", p.Started)
}
