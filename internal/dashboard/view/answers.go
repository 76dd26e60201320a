package view

import (
	"strconv"
	"strings"
)

// Answer is an attendee's status in the words of the records (spec §5).
type Answer string

// The answers.
const (
	Accepted  Answer = "accepted"
	Tentative Answer = "tentative"
	Declined  Answer = "declined"
	NoAction  Answer = "noaction" // invited, not answered
	Delegated Answer = "delegated"
)

var answers = []Answer{Accepted, Tentative, Declined, Delegated, NoAction}

// Word is the answer as a guest would say it; "" is no answer that we know.
func (a Answer) Word() string {
	switch a {
	case Accepted:
		return "Yes"
	case Tentative:
		return "Maybe"
	case Declined:
		return "No"
	case Delegated:
		return "Delegated"
	case NoAction:
		return "No answer"
	}
	return ""
}

// answer adds an answer's word, and a flag per answer of which at most the given one is on.
func (v values) answer(given Answer) {
	v.set("answer", given.Word())
	for _, a := range answers {
		v.flag(string(a), a == given)
	}
}

// Answers are how many attendees gave each answer.
type Answers struct{ Accepted, Tentative, Declined, Delegated, NoAction int }

// Total is how many attendees there are.
func (a Answers) Total() int { return a.Answered() + a.NoAction }

// Answered is how many of them answered.
func (a Answers) Answered() int { return a.Accepted + a.Tentative + a.Declined + a.Delegated }

func (a Answers) of(answer Answer) int {
	switch answer {
	case Accepted:
		return a.Accepted
	case Tentative:
		return a.Tentative
	case Declined:
		return a.Declined
	case Delegated:
		return a.Delegated
	}
	return a.NoAction
}

// words are the counts as a picture's text alternative: "4,213 yes, 310 maybe, 522 no, 2,796 without an answer".
func (a Answers) words() string {
	if a.Total() == 0 {
		return "Nobody is invited yet"
	}
	parts := []string{grouped(a.Accepted) + " yes", grouped(a.Tentative) + " maybe", grouped(a.Declined) + " no"}
	if a.Delegated > 0 {
		parts = append(parts, grouped(a.Delegated)+" delegated")
	}
	return strings.Join(append(parts, grouped(a.NoAction)+" without an answer"), ", ")
}

// fill adds the numbers, and the bar as places and widths on a scale of 0 to 100: ANSWER_x and ANSWER_w.
func (a Answers) fill(to values) {
	to.set("answers", a.words())
	to.number("total", a.Total())
	to.number("answered", a.Answered())
	to.set("answered_share", percent(a.Answered(), a.Total()))
	to.set("answered_w", "0")
	if a.Total() > 0 {
		to.set("answered_w", place(float64(a.Answered())/float64(a.Total())*100))
	}
	to.flag("any_guests", a.Total() > 0)
	to.flag("any_delegated", a.Delegated > 0)
	at := 0.0
	for _, answer := range answers {
		n, name := a.of(answer), string(answer)
		width := 0.0
		if n > 0 {
			width = float64(n) / float64(a.Total()) * 100
		}
		to.number(name+"_count", n)
		to.set(name+"_share", percent(n, a.Total()))
		to.set(name+"_x", place(at))
		to.set(name+"_w", place(width))
		at += width
	}
}

// place writes a place or length in a drawing.
func place(f float64) string {
	return strings.TrimRight(strings.TrimRight(strconv.FormatFloat(f, 'f', 2, 64), "0"), ".")
}
