package inspect

import (
	"fmt"
	"sort"
	"strings"

	goical "github.com/emersion/go-ical"

	"github.com/calendarinvite/calendarinviteserver/internal/ical"
	"github.com/calendarinvite/calendarinviteserver/internal/imip"
)

// calendarView is the calendar part of a mail, in words.
type calendarView struct {
	Method, Sentence, Title, When, Where string
	Organizer                            string
	Guests                               []guestView
	Rows                                 []propertyView
	Problems                             []string
	Text                                 string // as it stands in the mail
}

type guestView struct {
	Who, Answer string
}

// propertyView is a property of the event with what it means (RFC 5545 §3.8, RFC 5546 §3.2).
type propertyView struct{ Name, Value, Meaning string }

// meanings says in a few words what a property is for.
var meanings = map[string]string{
	"UID":           "names the event; every message about it carries the same",
	"SEQUENCE":      "revision: a higher one replaces a lower one",
	"DTSTAMP":       "when this message was made; decides between equal revisions",
	"DTSTART":       "begins",
	"DTEND":         "ends",
	"DURATION":      "lasts",
	"RRULE":         "repeats",
	"RDATE":         "takes place on these dates too",
	"EXDATE":        "does not take place on these dates",
	"RECURRENCE-ID": "this instance of the series only",
	"ORGANIZER":     "answers go to this address",
	"ATTENDEE":      "who is asked, and what they answered",
	"STATUS":        "TENTATIVE, CONFIRMED or CANCELLED",
	"TRANSP":        "whether the time counts as busy",
	"COMMENT":       "a note to the other side",
	"LAST-MODIFIED": "when the event was changed last",
	"CONFERENCE":    "how to join",
	"URL":           "more about the event",
}

// explain puts a calendar part into words.
func explain(part *imip.CalendarPart) *calendarView {
	text, _ := ical.DecodeText(part.Body, part.Charset)
	v := &calendarView{Method: part.Method, Text: string(text)}
	if part.Calendar == nil {
		return v
	}
	for _, problem := range part.Calendar.Problems {
		v.Problems = append(v.Problems, fmt.Sprint(problem))
	}
	e, ok := part.Calendar.Main()
	if !ok {
		return v
	}
	v.Title, v.Where, v.When = e.Summary(), e.Location(), span(e)
	if o, ok := e.Organizer(); ok {
		v.Organizer = person(o)
	}
	for _, a := range e.Attendees() {
		answer := a.PartStat
		if answer == "" {
			answer = "NEEDS-ACTION" // RFC 5545 §3.2.12: the default
		}
		v.Guests = append(v.Guests, guestView{Who: person(a), Answer: answer})
	}
	v.Sentence = v.sentence()
	for name, props := range e.Props {
		for _, prop := range props {
			v.Rows = append(v.Rows, propertyView{Name: name, Value: propertyText(prop), Meaning: meanings[name]})
		}
	}
	sort.SliceStable(v.Rows, func(i, j int) bool {
		a, b := v.Rows[i], v.Rows[j]
		if (a.Meaning != "") != (b.Meaning != "") {
			return a.Meaning != ""
		}
		return a.Name < b.Name
	})
	return v
}

// sentence says what the message does (RFC 5546 §1.4).
func (v *calendarView) sentence() string {
	var guests []guestView
	for _, g := range v.Guests {
		if g.Who != v.Organizer { // who invites is often a guest too
			guests = append(guests, g)
		}
	}
	guest := guestView{Who: "someone"}
	if len(guests) > 0 {
		guest = guests[0]
	}
	who := guest.Who
	if n := len(guests); n > 1 {
		who = fmt.Sprintf("%s and %d more", who, n-1)
	}
	switch v.Method {
	case "REQUEST":
		return "Invites " + who + ", and asks for an answer."
	case "CANCEL":
		return "Takes the event out of the calendar of " + who + "."
	case "REPLY":
		return guest.Who + " answers " + strings.ToLower(guest.Answer) + "."
	case "COUNTER":
		return guest.Who + " proposes a change."
	case "REFRESH":
		return guest.Who + " asks for the newest version."
	case "PUBLISH":
		return "Announces the event; no answer is expected."
	case "":
		return "Holds an event without saying what to do with it."
	}
	return "Method " + v.Method + "."
}

func person(p ical.Person) string {
	if p.CN != "" && !strings.EqualFold(p.CN, p.Email) {
		return p.CN + " <" + p.Email + ">"
	}
	return p.Email
}

// span says when an event takes place, in the time zone that it is written in.
func span(e ical.Event) string {
	start, ok := e.Start()
	if !ok {
		return ""
	}
	const day, clock = "Mon 2 Jan 2006", "15:04"
	last, hasEnd := e.End()
	if start.AllDay {
		last.Wall = last.Wall.AddDate(0, 0, -1) // DTEND is the day after (RFC 5545 §3.6.1)
	}
	text := start.Wall.Format(day)
	sameDay := last.Wall.Format(day) == text
	switch {
	case start.Wall.IsZero():
		text = start.Value
	case start.AllDay && sameDay:
		text += ", all day"
	case start.AllDay:
		text += " – " + last.Wall.Format(day) + ", all day"
	default:
		text += ", " + start.Wall.Format(clock)
		if hasEnd && sameDay {
			text += " – " + last.Wall.Format(clock)
		} else if hasEnd {
			text += " – " + last.Wall.Format(day+", "+clock)
		}
		switch {
		case start.TZID != "":
			text += " (" + start.TZID + ")"
		case start.Floating:
			text += " (wherever you are)"
		default:
			text += " UTC"
		}
	}
	if rule := e.RRule(); rule != "" {
		text += ", repeated: " + rule
	}
	return text
}

// propertyText is a property's value with its parameters, unescaped where that helps reading.
func propertyText(p goical.Prop) string {
	var b strings.Builder
	for _, name := range sortedKeys(p.Params) {
		fmt.Fprintf(&b, "%s=%s ", name, strings.Join(p.Params[name], ","))
	}
	return b.String() + ical.UnescapeText(p.Value)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
