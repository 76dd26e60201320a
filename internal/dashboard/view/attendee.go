package view

import (
	"strconv"
	"strings"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/plain"
	"github.com/calendarinvite/calendarinviteserver/internal/when"
)

// Attendee is one attendee: the answer, how it came about, and how the mails fared.
type Attendee struct {
	Frame    Frame
	Occasion Occasion

	Name, Email string
	Origin      string // where the first invitation came from, of spec §4
	Invited     time.Time

	Answer      Answer
	Grade       Grade
	Answered    time.Time
	AnsweredBy  string // the alias or delegate who answered; empty = the attendee
	DelegatedTo string
	Via         string // whose invitation a forwarded guest holds
	Calendar    string // the calendar that answered, as it names itself; our own page is none
	Comment     string
	Instances   []InstanceAnswer // answers to single dates of a series
	History     []HistoryEntry   // newest first

	Delivery                Delivery
	Queued, Sent, Delivered time.Time
	Revision                int // that the attendee was sent
	Current                 int // the event's
	Bounce                  string
	Bounced                 time.Time
	Blocked                 bool // has blocked the organizer
}

// InstanceAnswer is the answer to one date of a series.
type InstanceAnswer struct {
	When   when.Span
	Answer Answer
	At     time.Time
}

// Channel is how an answer came.
type Channel string

// The channels.
const (
	ByMail Channel = "mail" // from a calendar
	ByPage Channel = "page" // the button on our page
)

// HistoryEntry is one answer as it came.
type HistoryEntry struct {
	Answer   Answer
	At       time.Time
	Channel  Channel
	Grade    Grade
	Calendar string // as the calendar names itself
	By       string // the alias or delegate who answered
	Revision int    // that it answers
	Instance string // the date of a series that it is about, in words; empty = all of it
	Note     string // why it does not count; empty = it does
}

// Attendee draws the page.
func (v *Views) Attendee(p Attendee) ([]byte, error) { return v.draw("attendee", p) }

func (p Attendee) fill(to values) error {
	p.Frame.fill(to)
	to.in("events", "overview")
	p.Occasion.fill(to)
	to.person(p.Name, p.Email)
	to.set("heading", to.texts["person"])
	to.set("mailto", "mailto:"+queryEscape(plain.Line(p.Email, maxLine)))
	to.line("origin", originWords(p.Origin))
	to.moment("was_invited", p.Invited)
	to.answer(p.Answer)
	to.grade(p.Grade)
	to.moment("when_answered", p.Answered)
	to.line("answered_by", p.AnsweredBy)
	to.line("delegated_to", p.DelegatedTo)
	to.line("via", p.Via)
	to.line("calendar", calendarName(p.Calendar))
	to.comment(p.Comment)
	p.mail(to)
	to.flag("any_instances", len(p.Instances) > 0)
	for _, i := range p.Instances {
		item := to.item("instances")
		item.set("instance", i.When.Short())
		item.answer(i.Answer)
		item.moment("given", i.At)
	}
	to.flag("any_history", len(p.History) > 0)
	for _, entry := range p.History {
		entry.fill(to.item("history"))
	}
	return nil
}

// originWords say how an attendee came, after "Came"; an origin that nobody has words for stands as it is.
func originWords(origin string) string {
	switch origin {
	case "api": // what a link without an origin counts under
		return "by a link"
	case "bulk", "vip", "multievent":
		return "from a list"
	case "dashboard":
		return "from the dashboard"
	case "shared":
		return "with a forwarded invitation"
	case "test":
		return "with a test"
	case "klaviyo", "sendgrid":
		origin += "cta" // the same tools' other ways
	case "wix":
		origin = "wixv2"
	}
	for _, tool := range Tools() {
		if tool.Origin == origin {
			name, common := strings.CutPrefix(tool.Name, "A ")
			if common {
				name = "a " + name
			}
			return "by " + name
		}
	}
	return origin
}

// ownCalendar is how the PRODID of what our own page answers begins.
const ownCalendar = "-//Calendar Invite Server//"

// calendarName is how a calendar names itself, and nothing for our own page, which is none.
func calendarName(name string) string {
	if strings.HasPrefix(name, ownCalendar) {
		return ""
	}
	return name
}

func (p Attendee) mail(to values) {
	text, bad := p.Delivery.words()
	to.set("delivery", text)
	to.flag("delivery_bad", bad)
	to.moment("queued", p.Queued)
	to.moment("sent", p.Sent)
	to.moment("delivered", p.Delivered)
	to.moment("bounced", p.Bounced)
	to.line("bounce", p.Bounce)
	to.flag("has_blocked", p.Blocked)
	mailed := p.Delivery != "" && !p.Sent.IsZero()
	to.flag("mailed", mailed)
	to.flag("outdated_mail", mailed && p.Revision < p.Current)
	to.set("revision", strconv.Itoa(p.Revision+1)) // people count from one
	to.set("current", strconv.Itoa(p.Current+1))
}

func (e HistoryEntry) fill(to values) {
	to.answer(e.Answer)
	to.moment("given", e.At)
	to.set("channel", "")
	switch e.Channel {
	case ByMail:
		to.set("channel", "by calendar")
	case ByPage:
		to.set("channel", "on the page")
	}
	to.grade(e.Grade)
	to.line("calendar", calendarName(e.Calendar))
	to.line("by", e.By)
	to.set("revision", strconv.Itoa(e.Revision+1))
	to.line("instance", e.Instance)
	to.line("note", e.Note)
}
