package imip

import (
	"slices"
	"strconv"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/internal/ical"
	"github.com/calendarinvite/calendarinviteserver/internal/itip"
	"github.com/calendarinvite/calendarinviteserver/internal/when"
)

// news is what a mail says first: why it comes.
type news struct {
	lead    string // one sentence
	changes string // lines, such as "New time: ..."; may be empty
	ask     string // asks again for an answer; may be empty
}

// newsOf says why the mail comes. main is the event that the mail shows, events are those in its calendar.
func newsOf(inv *Invitation, main ical.Event, events []ical.Event) news {
	who := inv.organizerName()
	switch {
	case inv.Method == MethodDeclineCounter:
		n := news{lead: who + " cannot take the change that you proposed. The event stays as it is."}
		if main.IsOverride() {
			n.lead = who + " cannot take the change that you proposed. This date of the series stays as it is."
		}
		if inv.Proposal.Known() {
			n.changes = "You proposed: " + when.Move(spanOf(inv.Calendar, main), inv.Proposal)
		}
		return n
	case inv.Method == MethodCancel && len(inv.Instances) > 0:
		return news{lead: who + " has cancelled " + theDates(inv, events) + " The other dates stand."}
	case inv.Method == MethodCancel && main.IsOverride():
		return news{lead: who + " has cancelled this date."}
	case inv.Method == MethodCancel:
		return news{lead: who + " has cancelled this event."}
	case !inv.Update:
		return news{lead: who + " invites you to:"}
	case len(inv.Instances) > 0:
		return news{lead: who + " has changed " + theDates(inv, events), changes: changeLines(inv, main, len(events)), ask: askAgain(inv, len(events))}
	}
	return news{lead: who + " has changed this event.", changes: changeLines(inv, main, len(events)), ask: askAgain(inv, 0)}
}

// theDates names the instances that a mail is about, by the dates for which they were planned: those the recipient knows.
func theDates(inv *Invitation, events []ical.Event) string {
	if len(events) > 1 {
		return strconv.Itoa(len(events)) + " dates of this series."
	}
	return "one date of this series: " + when.Day(plannedStart(inv, events[0])) + "."
}

// askAgain asks for another answer when the revision is a reschedule (RFC 5546 §3.2.2.1): of so many instances, 0 = of the event.
func askAgain(inv *Invitation, instances int) string {
	switch {
	case !slices.ContainsFunc(inv.Changed, itip.Field.Reschedules):
		return ""
	case instances == 0:
		return "The time is new, so earlier answers no longer count: please answer again."
	case instances == 1:
		return "The time is new: please answer for this date again, with the buttons of your own calendar."
	}
	return "Times are new: please answer for these dates again, with the buttons of your own calendar."
}

// changeLines lists what changed in the event that the mail shows, the time first. Of several instances it says nothing: they are
// listed with their times.
func changeLines(inv *Invitation, main ical.Event, events int) string {
	if len(inv.Instances) > 0 && events > 1 {
		return ""
	}
	var lines []string
	say := func(line string, fields ...itip.Field) {
		if slices.ContainsFunc(fields, func(f itip.Field) bool { return slices.Contains(inv.Changed, f) }) {
			lines = append(lines, line)
		}
	}
	sayValue := func(label, value, gone string, field itip.Field) {
		if value == "" {
			say(gone, field)
			return
		}
		say(label+": "+value, field)
	}
	say("New time: "+spanOf(inv.Calendar, main).String(), itip.FieldStart, itip.FieldEnd)
	sayValue("New dates", repeats(main), "It takes place only once now.", itip.FieldRecurrence)
	sayValue("New place", cutText(cleanLine(main.Location()), maxLocation), "The place was taken out.", itip.FieldLocation)
	sayValue("New link", JoinLink(main), "The link to join has changed.", itip.FieldConferencing)
	say("New title: "+cutRunes(title(main), maxTitle), itip.FieldSummary)
	if main.Status() == "TENTATIVE" {
		say("It is not certain any more.", itip.FieldStatus)
	} else {
		say("It is certain now.", itip.FieldStatus)
	}
	say("Single dates of the series have changed, as your calendar shows.", itip.FieldInstances)
	say("The description has changed.", itip.FieldDescription)
	return strings.Join(lines, "\n")
}

// maxDates is how many instances a mail lists; the calendar has all of them.
const maxDates = 20

// dateLines lists the instances that a mail is about, when there are several: when each takes place now, and what it was planned for
// where that is another day or time.
func dateLines(inv *Invitation, events []ical.Event) string {
	if len(inv.Instances) == 0 || len(events) < 2 {
		return ""
	}
	var lines []string
	for _, e := range events[:min(len(events), maxDates)] {
		line := spanOf(inv.Calendar, e).String()
		start, _ := e.Start()
		if id, ok := e.RecurrenceID(); ok && !id.Equal(start) && inv.Method == MethodRequest {
			line = when.Day(plannedStart(inv, e)) + " is now " + line
		}
		lines = append(lines, line)
	}
	if more := len(events) - maxDates; more > 0 {
		lines = append(lines, "and "+strconv.Itoa(more)+" more, which your calendar shows")
	}
	return strings.Join(lines, "\n")
}

// subject is the mail's subject in one line of at most maxSubject characters. One that is about single dates of a series names them:
// nobody must think that all of it is cancelled.
func subject(inv *Invitation, events []ical.Event) string {
	if text := cleanLine(inv.Subject); text != "" {
		return cutRunes(text, maxSubject)
	}
	word, which := "Invitation: ", ""
	switch {
	case inv.Method == MethodCancel:
		word = "Cancelled: "
	case inv.Method == MethodDeclineCounter:
		word = "Proposal declined: "
	case inv.Update:
		word = "Updated invitation: "
	}
	if len(inv.Instances) > 0 {
		which = " (" + when.ShortDay(plannedStart(inv, events[0])) + ")"
		if len(events) > 1 {
			which = " (" + strconv.Itoa(len(events)) + " dates)"
		}
	}
	return cutRunes(word+title(shownEvent(inv, events)), maxSubject-len(which)) + which
}

// shownEvent is the event that the mail's texts show: the only one in its calendar, or of several instances their series.
func shownEvent(inv *Invitation, events []ical.Event) ical.Event {
	if main, _ := inv.Calendar.Main(); len(inv.Instances) > 0 && len(events) > 1 && !main.IsOverride() {
		return main
	}
	return events[0]
}
