package imiptest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/teambition/rrule-go"
)

// Calendar is a guest's calendar, which applies the scheduling mails that it receives as RFC 5546 says: by UID and RECURRENCE-ID, the
// higher SEQUENCE before the later DTSTAMP (§2.1.5). A mail about the whole event replaces it with all its older instances; a mail
// about single instances replaces these. Cancellations are remembered, so that an invitation that comes late changes nothing, and the
// mails of an event give the same in whatever order they come.
//
// It is strict where real calendars fail without a word: a mail that some of them would not apply is an error.
type Calendar struct {
	known map[string]*knownEvent // by UID, which is compared exactly
}

// knownEvent is what the calendar knows of one UID.
type knownEvent struct {
	organizer string
	whole     *vevent
	instances map[string]*vevent // by instant, or date and clock time, of RECURRENCE-ID
}

// Entry is an event, or one instance of it, as the calendar shows it.
type Entry struct {
	UID, Summary, Location, Description string
	Status, PartStat                    string // of the event; of the guest
	Start, End                          time.Time
	AllDay, Floating                    bool
	Cancelled                           bool
	Sequence                            int
	DTStamp                             time.Time
	Instance                            time.Time   // of an instance: its original start
	Rule                                string      // RRULE; empty = once
	Excluded                            []time.Time // EXDATE
	Instances                           []Entry     // those that differ from the series, called off ones too, by Instance

	dates []time.Time // RDATE
}

// NewCalendar makes an empty calendar.
func NewCalendar() *Calendar { return &Calendar{known: map[string]*knownEvent{}} }

// Receive applies a mail with a REQUEST or a CANCEL; a DECLINECOUNTER changes nothing in a calendar.
func (c *Calendar) Receive(raw []byte) error {
	param, text, err := calendarPart(raw)
	if err != nil {
		return err
	}
	method, events, err := readEvents(text)
	if err != nil {
		return err
	}
	if !strings.EqualFold(param, method) {
		return fmt.Errorf("imiptest: method=%s, but METHOD:%s", param, method)
	}
	uid := events[0].uid()
	before, has := c.known[uid]
	next := &knownEvent{instances: map[string]*vevent{}}
	if has {
		next.organizer, next.whole, next.instances = before.organizer, before.whole, maps.Clone(before.instances)
	}
	for i := range events {
		e := &events[i]
		if err := e.check(method, uid); err != nil {
			return err
		}
		if organizer := e.value("ORGANIZER"); next.organizer == "" {
			next.organizer = organizer
		} else if organizer != next.organizer {
			return fmt.Errorf("imiptest: ORGANIZER was %s and is %s", next.organizer, organizer)
		}
		if method == "DECLINECOUNTER" {
			return nil
		}
		if key := e.instanceKey(); key == "" {
			next.whole = newer(next.whole, e)
		} else {
			next.instances[key] = newer(next.instances[key], e)
		}
	}
	if err := next.checkForms(); err != nil {
		return err
	}
	c.known[uid] = next
	return nil
}

// newer is the one of the later revision, the arrived one of two equal ones.
func newer(known, arrived *vevent) *vevent {
	if known == nil || arrived.sequence > known.sequence || arrived.sequence == known.sequence && !arrived.dtstamp.Before(known.dtstamp) {
		return arrived
	}
	return known
}

// checkForms compares the forms of RECURRENCE-IDs with that of the series' DTSTART (RFC 5545 §3.8.4.4): Outlook finds no instance by
// another.
func (k *knownEvent) checkForms() error {
	if k.whole == nil {
		return nil
	}
	start := k.whole.props["DTSTART"][0]
	for _, e := range k.instances {
		if id := e.props["RECURRENCE-ID"][0]; id.form() != start.form() && !e.older(k.whole) {
			return fmt.Errorf("imiptest: RECURRENCE-ID%s:%s beside DTSTART%s:%s", id.params, id.value, start.params, start.value)
		}
	}
	return nil
}

// Events lists all events by UID, the cancelled ones too.
func (c *Calendar) Events() []Entry {
	var all []Entry
	for _, uid := range slices.Sorted(maps.Keys(c.known)) {
		e, _ := c.Event(uid)
		all = append(all, e)
	}
	return all
}

// Event is one event; false when the calendar never heard of the UID. An event of which only instances are known has no Start.
func (c *Calendar) Event(uid string) (Entry, bool) {
	k, ok := c.known[uid]
	if !ok {
		return Entry{}, false
	}
	entry := Entry{UID: uid}
	if k.whole != nil {
		entry = k.whole.entry()
	}
	for _, e := range k.instances {
		if k.whole == nil || !e.older(k.whole) {
			entry.Instances = append(entry.Instances, e.entry())
		}
	}
	slices.SortFunc(entry.Instances, func(a, b Entry) int { return a.Instance.Compare(b.Instance) })
	return entry, true
}

// Starts lists when the event takes place, in order, at most limit times: the rule's dates, less those that are out, with the
// instances where they are now.
func (e Entry) Starts(limit int) []time.Time {
	if e.Cancelled {
		return nil
	}
	var starts []time.Time
	add := func(t time.Time) {
		same := func(u time.Time) bool { return u.Equal(t) }
		if !slices.ContainsFunc(e.Excluded, same) && !slices.ContainsFunc(e.Instances, func(i Entry) bool { return i.Instance.Equal(t) }) {
			starts = append(starts, t)
		}
	}
	switch {
	case e.Rule != "":
		options, err := rrule.StrToROption(e.Rule)
		if err != nil {
			return nil
		}
		options.Dtstart = e.Start
		rule, err := rrule.NewRRule(*options)
		if err != nil {
			return nil
		}
		next := rule.Iterator()
		for t, more := next(); more && len(starts) < limit+len(e.Instances); t, more = next() {
			add(t)
		}
	case !e.Start.IsZero():
		add(e.Start)
	}
	for _, t := range e.dates {
		add(t)
	}
	for _, instance := range e.Instances {
		if !instance.Cancelled {
			starts = append(starts, instance.Start)
		}
	}
	slices.SortFunc(starts, time.Time.Compare)
	starts = slices.CompactFunc(starts, time.Time.Equal)
	return starts[:min(limit, len(starts))]
}

// property is a property of a VEVENT.
type property struct{ params, value string } // params with the semicolon before them

// form is what a time's RECURRENCE-ID must have in common with it.
func (p property) form() string {
	switch {
	case len(p.value) == len(dateForm):
		return "date"
	case strings.HasSuffix(p.value, "Z"):
		return "UTC"
	}
	return "TZID=" + paramOf(p.params, "TZID")
}

// vevent is a VEVENT as received.
type vevent struct {
	props    map[string][]property
	zones    map[string]bool // the calendar's VTIMEZONEs
	sequence int
	dtstamp  time.Time
	problem  error // the first time that cannot be read
}

// readEvents reads the VEVENTs of a calendar.
func readEvents(calendar string) (method string, events []vevent, err error) {
	calendar = strings.ReplaceAll(strings.ReplaceAll(calendar, "\r\n ", ""), "\n ", "")
	zones := map[string]bool{}
	var within []string
	for line := range strings.SplitSeq(calendar, "\n") {
		head, value := cutLine(strings.TrimRight(line, "\r"))
		name, params, _ := strings.Cut(head, ";")
		if params != "" {
			params = ";" + params
		}
		switch name = strings.ToUpper(name); {
		case name == "BEGIN":
			if within = append(within, value); value == "VEVENT" {
				events = append(events, vevent{props: map[string][]property{}, zones: zones})
			}
		case name == "END" && len(within) > 0:
			within = within[:len(within)-1]
		case len(within) == 1 && name == "METHOD":
			method = value
		case len(within) == 2 && within[1] == "VTIMEZONE" && name == "TZID":
			zones[value] = true
		case len(within) == 2 && within[1] == "VEVENT":
			e := &events[len(events)-1]
			e.props[name] = append(e.props[name], property{params, value})
		}
	}
	if len(events) == 0 {
		return "", nil, errors.New("imiptest: the calendar has no event")
	}
	return method, events, nil
}

func (e *vevent) uid() string { return e.value("UID") }

// value is the first value of a property, "" when there is none.
func (e *vevent) value(name string) string {
	if all := e.props[name]; len(all) > 0 {
		return all[0].value
	}
	return ""
}

// check refuses what RFC 5546 §3.2 does not allow in the method, or the interoperability rules do not.
func (e *vevent) check(method, uid string) error {
	for _, name := range []string{"UID", "DTSTAMP", "ORGANIZER", "ATTENDEE", "DTSTART", "SUMMARY", "SEQUENCE"} {
		if n := len(e.props[name]); n != 1 {
			return fmt.Errorf("imiptest: %d of %s in a %s", n, name, method)
		}
	}
	status := e.value("STATUS")
	switch {
	case e.uid() != uid:
		return fmt.Errorf("imiptest: events %s and %s in one mail", uid, e.uid())
	case method != "REQUEST" && method != "CANCEL" && method != "DECLINECOUNTER":
		return fmt.Errorf("imiptest: a calendar does not take a %s", method)
	case (method == "CANCEL") != (status == "CANCELLED"):
		return fmt.Errorf("imiptest: STATUS:%s in a %s", status, method)
	}
	if _, err := fmt.Sscanf(e.value("SEQUENCE"), "%d", &e.sequence); err != nil {
		return fmt.Errorf("imiptest: SEQUENCE: %w", err)
	}
	var err error
	if e.dtstamp, err = time.Parse(utcForm, e.value("DTSTAMP")); err != nil {
		return fmt.Errorf("imiptest: DTSTAMP: %w", err)
	}
	e.entry()
	return e.problem
}

// older reports whether the whole event is of a later revision, and so has taken the instance's place.
func (e *vevent) older(whole *vevent) bool { return newer(whole, e) == whole }

// instanceKey names the instance that the VEVENT is about; "" for the whole event.
func (e *vevent) instanceKey() string {
	if len(e.props["RECURRENCE-ID"]) == 0 {
		return ""
	}
	entry := e.entry()
	if entry.Floating || entry.AllDay {
		return e.value("RECURRENCE-ID")
	}
	return utc(entry.Instance)
}

// times reads the dates and clock times of a property.
func (e *vevent) times(name string, in *invited) (all []time.Time) {
	for _, p := range e.props[name] {
		if zone := paramOf(p.params, "TZID"); zone != "" && !e.zones[zone] && e.problem == nil {
			e.problem = fmt.Errorf("imiptest: %s in zone %s, which has no VTIMEZONE", name, zone)
		}
		for value := range strings.SplitSeq(p.value, ",") {
			at, err := in.time(p.params, value)
			if err != nil && e.problem == nil {
				e.problem = err
			}
			all = append(all, at)
		}
	}
	return all
}

// entry is the VEVENT as it is shown.
func (e *vevent) entry() Entry {
	in := &invited{}
	first := func(name string) time.Time {
		if all := e.times(name, in); len(all) > 0 {
			return all[0]
		}
		return time.Time{}
	}
	entry := Entry{
		UID: e.uid(), Summary: unescape(e.value("SUMMARY")), Location: unescape(e.value("LOCATION")), Description: unescape(e.value("DESCRIPTION")),
		Status: e.value("STATUS"), Cancelled: e.value("STATUS") == "CANCELLED", Sequence: e.sequence, DTStamp: e.dtstamp, Rule: e.value("RRULE"),
		Start: first("DTSTART"), End: first("DTEND"), AllDay: in.allDay, Floating: in.floating,
		Instance: first("RECURRENCE-ID"), Excluded: e.times("EXDATE", in), dates: e.times("RDATE", in),
	}
	if attendees := e.props["ATTENDEE"]; len(attendees) > 0 {
		entry.PartStat = paramOf(attendees[0].params, "PARTSTAT")
	}
	return entry
}
