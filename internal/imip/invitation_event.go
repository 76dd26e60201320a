package imip

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	goical "github.com/emersion/go-ical"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/ical"
	"github.com/calendarinvite/calendarinviteserver/internal/itip"
)

// ProdID names this system in the calendars that it writes (RFC 5545 §3.7.3).
const ProdID = "-//calendarinvite//Calendar Invite Server//EN"

// Most octets of the long texts in a composed calendar. Nobody publishes a limit; larger values come from runaway pastes.
const (
	maxDescription     = 8 << 10  // field rule 25
	maxAltDescription  = 32 << 10 // dropped when longer: half an HTML document is none
	maxOtherValue      = 16 << 10 // any other property; dropped when longer
	maxComment         = 2 << 10
	dateForm           = "20060102"
	localForm          = "20060102T150405"
	utcForm            = "20060102T150405Z"
	propAltDescription = "X-ALT-DESC"
)

// calendarWriter writes the calendar of an invitation, with holes where recipients differ.
type calendarWriter struct {
	inv   *Invitation
	out   layout
	line  []byte
	zones zoneTable
	start ical.Time // of the series, in whose form RECURRENCE-IDs are; its Wall is zero when the calendar does not hold the series
	utc   bool      // a single event: times go out in UTC
}

// composeCalendar writes the VCALENDAR of the invitation (RFC 5546 §3.2.2, §3.2.5, §3.2.8).
func composeCalendar(inv *Invitation, events []ical.Event) ([]piece, error) {
	w := &calendarWriter{inv: inv, utc: !recurs(events)}
	if main, _ := inv.Calendar.Main(); !main.IsOverride() {
		w.start, _ = main.Start()
	}
	w.zones = newZoneTable(inv.Calendar, w.start, events, w.utc)
	w.begin(goical.CompCalendar)
	w.text(goical.PropProductID, ProdID)
	w.text(goical.PropVersion, "2.0")
	w.text(goical.PropCalendarScale, "GREGORIAN")
	w.text(goical.PropMethod, inv.Method)
	for _, zone := range w.zones.components {
		text, err := ical.Write(zone)
		if err != nil {
			return nil, fmt.Errorf("imip: writing a time zone: %w", err)
		}
		w.out.write(text)
	}
	for _, event := range events {
		w.event(event)
	}
	w.end(goical.CompCalendar)
	return w.out.pieces, nil
}

// eventsToSend picks the VEVENTs that the mail carries: those of the main event's UID (RFC 5546 §3.2.2: all of one UID). A
// cancelled series is named by its main event alone, and an instance that the organizer cancelled is no part of a REQUEST:
// exclusion from the series says so (field rule 15: STATUS is only TENTATIVE or CONFIRMED).
func eventsToSend(inv *Invitation) ([]ical.Event, error) {
	main, ok := inv.Calendar.Main()
	if !ok {
		return nil, fault.New(fault.InvalidRequest, "calendar-without-event", "The calendar has no event.")
	}
	if len(inv.Instances) > 0 {
		return instancesToSend(inv, itip.OnlyInstances(inv.Calendar, inv.Instances).Events())
	}
	if start, ok := main.Start(); !ok || start.Wall.IsZero() {
		return nil, fault.New(fault.InvalidRequest, "event-without-start", "The event has no start that can be read.")
	}
	overrides := overridesOf(inv.Calendar, main)
	switch {
	case main.IsOverride():
		return instancesToSend(inv, overrides)
	case inv.Method != MethodRequest:
		return []ical.Event{main}, nil
	}
	events := []ical.Event{main}
	for _, override := range overrides {
		if start, ok := override.Start(); ok && !start.Wall.IsZero() && override.Status() != "CANCELLED" {
			events = append(events, override)
		}
	}
	return events, nil
}

// instancesToSend picks the instances that a mail without their series carries: a REQUEST those that take place, a CANCEL of single
// instances those that do not, and a CANCEL of the whole event all.
func instancesToSend(inv *Invitation, instances []ical.Event) ([]ical.Event, error) {
	var events []ical.Event
	for _, e := range instances {
		off := e.Status() == "CANCELLED"
		if inv.Method == MethodRequest && off || inv.Method == MethodCancel && !off && len(inv.Instances) > 0 {
			continue
		}
		if start, ok := e.Start(); ok && !start.Wall.IsZero() {
			events = append(events, e)
		}
	}
	switch {
	case len(events) == 0:
		return nil, fault.New(fault.InvalidRequest, "calendar-without-instance", "The calendar has no instance that the mail could be about.")
	case inv.Method == MethodDeclineCounter: // RFC 5546 §3.2.8: one VEVENT
		return events[:1], nil
	}
	return events, nil
}

// overridesOf lists the instances of the event that have a VEVENT of their own. Exchange writes the instance's date into their UIDs
// (field rule 29).
func overridesOf(calendar *ical.Calendar, main ical.Event) []ical.Event {
	uid := main.UID()
	return slices.DeleteFunc(calendar.Overrides(""), func(e ical.Event) bool {
		own := e.UID()
		return own != uid && !itip.SameUID(own, uid)
	})
}

// recurs reports whether the times must stay in the series' own zone: a rule or an instance of one is among the events.
func recurs(events []ical.Event) bool {
	for _, event := range events {
		if event.IsOverride() || event.Has(goical.PropRecurrenceRule) || event.Has(goical.PropRecurrenceDates) {
			return true
		}
	}
	return false
}

func (w *calendarWriter) event(e ical.Event) {
	cancel := w.inv.Method == MethodCancel
	w.begin(goical.CompEvent)
	w.out.hole(holeUIDLine)
	w.text(goical.PropSequence, strconv.Itoa(w.inv.Sequence))
	w.text(goical.PropDateTimeStamp, moment(w.inv.DTStamp)) // RFC 5545 §3.8.7.2: UTC
	allDay := w.times(e)
	w.kept(goical.PropSummary, e)
	if !e.Has(goical.PropSummary) {
		w.text(goical.PropSummary, noTitle) // RFC 5546 §3.2.2: SUMMARY 1
	}
	w.organizer()
	w.out.instanceHole(holeAttendeeLine, itip.InstanceKeyOf(e))
	if comment := cutText(strings.TrimSpace(w.inv.Comment), maxComment); comment != "" {
		w.text(goical.PropComment, ical.EscapeText(comment))
	}
	w.text(goical.PropStatus, status(e, cancel))
	for _, name := range slices.Sorted(maps.Keys(e.Props)) {
		switch {
		case name == goical.PropDescription:
			w.description(e)
		case travels(name):
			w.kept(name, e)
		}
	}
	w.microsoft(e, allDay, cancel)
	w.end(goical.CompEvent) // and no VALARM: guests keep their own defaults (field rule 26)
}

// status is the STATUS that may stand in the method (RFC 5546 §3.2.2, §3.2.5).
func status(e ical.Event, cancel bool) string {
	switch {
	case cancel:
		return "CANCELLED"
	case e.Status() == "TENTATIVE":
		return "TENTATIVE"
	}
	return "CONFIRMED"
}

// organizer writes ORGANIZER: our mailbox under the organizer's name, the bare address, no SENT-BY (field rules 9, 10).
func (w *calendarWriter) organizer() {
	p := goical.Prop{Name: goical.PropOrganizer, Params: goical.Params{}, Value: mailtoURI(w.inv.RSVP)}
	p.Params.Set(goical.ParamCommonName, w.inv.organizerName())
	w.prop(&p)
}

// microsoft writes what Outlook reads about the event and nobody else does (MS-OXCICAL §2.1.3; field rules 23, 26).
func (w *calendarWriter) microsoft(e ical.Event, allDay, cancel bool) {
	busy := "BUSY"
	intended := strings.ToUpper(e.Text("X-MICROSOFT-CDO-INTENDEDSTATUS"))
	switch {
	case cancel, strings.EqualFold(e.Text(goical.PropTransparency), "TRANSPARENT"):
		busy = "FREE"
	case intended == "OOF" || intended == "FREE" || intended == "TENTATIVE" || intended == "WORKINGELSEWHERE":
		busy = intended
	case status(e, cancel) == "TENTATIVE":
		busy = "TENTATIVE"
	}
	w.text("X-MICROSOFT-CDO-BUSYSTATUS", busy)
	if allDay {
		w.text("X-MICROSOFT-CDO-ALLDAYEVENT", "TRUE")
	}
	disallow := "FALSE"
	if strings.EqualFold(e.Text("X-MICROSOFT-DISALLOW-COUNTER"), "TRUE") {
		disallow = "TRUE"
	}
	w.text("X-MICROSOFT-DISALLOW-COUNTER", disallow)
}

// written lists the properties that event writes by rules of its own, or that no invitation may carry.
var written = map[string]bool{
	goical.PropUID: true, goical.PropSequence: true, goical.PropDateTimeStamp: true, goical.PropSummary: true,
	goical.PropOrganizer: true, goical.PropAttendee: true, goical.PropStatus: true, goical.PropMethod: true,
	goical.PropDateTimeStart: true, goical.PropDateTimeEnd: true, goical.PropDuration: true, goical.PropRecurrenceID: true,
	goical.PropRecurrenceRule: true, goical.PropRecurrenceDates: true, goical.PropExceptionDates: true,
	goical.PropRequestStatus:       true, // field rule 15
	"X-MICROSOFT-DISALLOW-COUNTER": true,
}

// ofTheCopy lists the beginnings of properties that describe the organizer's own copy of the event, not the event.
var ofTheCopy = []string{"X-MICROSOFT-CDO-", "X-MS-OLK-", "X-MOZ-", "X-LIC-", "X-EVOLUTION-", "X-CALENDARSERVER-", "X-APPLE-TRAVEL-", "X-WR-"}

// travels reports whether a property goes to guests as the organizer wrote it. Unknown ones do: an attendee sees what the
// organizer sees (spec §3).
func travels(name string) bool {
	if written[name] {
		return false
	}
	for _, prefix := range ofTheCopy {
		if strings.HasPrefix(name, prefix) {
			return false
		}
	}
	return true
}

// kept writes the event's properties of a name as they are, but for what must not travel with them.
func (w *calendarWriter) kept(name string, e ical.Event) {
	limit := maxOtherValue
	if name == propAltDescription {
		limit = maxAltDescription
	}
	for _, p := range e.Props[name] {
		if len(p.Value) > limit || !attachable(&p) {
			continue
		}
		clean := goical.Prop{Name: name, Params: goical.Params{}, Value: p.Value}
		for param, values := range p.Params {
			if !strings.HasPrefix(param, "SCHEDULE-") { // RFC 6638 §7: between a server and its own clients
				clean.Params[param] = values
			}
		}
		if strings.TrimSpace(clean.Value) != "" || name == goical.PropSummary {
			w.prop(&clean)
		}
	}
}

// attachable reports whether an ATTACH, or anything like it, is a link that guests can follow: nothing inline (it would be in every
// mail twice) and nothing that points into the organizer's mail.
func attachable(p *goical.Prop) bool {
	if strings.EqualFold(p.Params.Get(goical.ParamValue), "BINARY") || p.Params.Get("ENCODING") != "" {
		return false
	}
	if p.Name != goical.PropAttach && p.Name != "IMAGE" {
		return true
	}
	scheme, _, ok := strings.Cut(strings.ToLower(strings.TrimSpace(p.Value)), "://")
	return ok && (scheme == "https" || scheme == "http" || scheme == "ftp" || scheme == "ftps")
}

// description writes DESCRIPTION as plain text within its limit (field rule 25).
func (w *calendarWriter) description(e ical.Event) {
	text := PlainDescription(e)
	if text == "" {
		return
	}
	p := goical.Prop{Name: goical.PropDescription, Params: goical.Params{}, Value: ical.EscapeText(text)}
	if language := e.Props[goical.PropDescription][0].Params.Get(goical.ParamLanguage); language != "" {
		p.Params.Set(goical.ParamLanguage, language)
	}
	w.prop(&p)
}

// PlainDescription is DESCRIPTION without HTML, cut to maxDescription octets.
func PlainDescription(e ical.Event) string {
	text := strings.TrimSpace(plainText(e.Description()))
	return cutText(strings.ToValidUTF8(text, "\uFFFD"), maxDescription)
}

func (w *calendarWriter) begin(component string) { w.out.string("BEGIN:" + component + "\r\n") }

func (w *calendarWriter) end(component string) { w.out.string("END:" + component + "\r\n") }

// text writes a property without parameters whose value needs no escaping.
func (w *calendarWriter) text(name, value string) { w.prop(&goical.Prop{Name: name, Value: value}) }

func (w *calendarWriter) prop(p *goical.Prop) {
	w.line = ical.AppendProp(w.line[:0], p)
	w.out.write(w.line)
}

// moment is a date-time in UTC, as a value.
func moment(t time.Time) string { return t.UTC().Format(utcForm) }
