package invite

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/ical"
	"github.com/calendarinvite/calendarinviteserver/internal/imip"
	"github.com/calendarinvite/calendarinviteserver/internal/itip"
)

// Limits on what a request may hold, so that an event fits an item of the table (400 KB) and, as JSON, the data of a state (256
// KiB, of which this is one part).
const (
	MaxCalendar    = 128 << 10 // octets of the gzipped calendar
	MaxDescription = 8 << 10   // octets of the description field (field rule 25); longer ones are cut
	maxLine        = 1 << 10   // octets of the summary, the location and the names; longer ones are cut
	maxRequestJSON = 232 << 10
)

// Request is an organizer's message in the form that events are made of. NewRequest makes it; the steps hand it on.
type Request struct {
	MessageID string `json:"message_id"` // of the mail: the uid of an event that it creates
	Tenant    string `json:"tenant"`
	MailTo    string `json:"mailto"`    // the sender: whose events it concerns
	Organizer string `json:"organizer"` // display name

	OriginalUID       string `json:"original_uid"`
	OriginalOrganizer string `json:"original_organizer,omitempty"` // address in ORGANIZER

	Method       string `json:"method"`                  // REQUEST, PUBLISH, CANCEL ...; "" reads as REQUEST
	Status       string `json:"status"`                  // confirmed, tentative, cancelled
	RecurrenceID string `json:"recurrence_id,omitempty"` // the calendar holds single instances only: itip.InstanceKey of the first
	ProdID       string `json:"prodid,omitempty"`

	DTStart int64  `json:"dtstart"`
	DTEnd   int64  `json:"dtend"`
	Ends    int64  `json:"ends,omitempty"`
	AllDay  bool   `json:"all_day"`
	TZID    string `json:"tzid,omitempty"`
	RRule   string `json:"rrule,omitempty"`
	// UnknownZone is the start's TZID if nobody knows it: then the times are taken as floating.
	UnknownZone string `json:"unknown_zone,omitempty"`

	Summary         string `json:"summary"`
	SummaryHTML     string `json:"summary_html"`
	Description     string `json:"description"`
	DescriptionHTML string `json:"description_html"`
	Location        string `json:"location"`
	LocationHTML    string `json:"location_html"`

	Calendar []byte `json:"calendar"` // gzip of the normalised calendar

	SourceSequence int   `json:"source_sequence"`
	SourceDTStamp  int64 `json:"source_dtstamp,omitempty"`
}

// NewRequest reads an organizer's message: who, what, when, and the calendar in the normal form that is stored and sent on (see
// normalise). A message with no event that can be read, or one too large to keep, is a fault InvalidRequest with one of imip's
// reasons or ReasonNoStart.
func NewRequest(mail Mail, msg *imip.Message, part *imip.CalendarPart) (Request, error) {
	if part == nil || part.Calendar == nil {
		return Request{}, fault.New(fault.InvalidRequest, imip.ReasonNoCalendar, "")
	}
	calendar := normalise(part.Calendar)
	main, ok := calendar.Main()
	if !ok {
		return Request{}, fault.New(fault.InvalidRequest, imip.ReasonNoEvent, "The calendar file in your message holds no event.")
	}
	from, err := ParseAddress(msg.From.Email)
	if err != nil || !msg.HasFrom {
		return Request{}, fault.New(fault.NotAuthorized, "no-sender", "The message does not say whom it is from.")
	}
	r := Request{
		MessageID: strings.ToLower(mail.MessageID), Tenant: mail.Tenant, MailTo: from, OriginalUID: main.UID(),
		Method: method(part), ProdID: cut(part.Calendar.ProdID(), MaxProdID), Status: StatusConfirmed,
		Summary: cut(oneLine(main.Summary()), maxLine), Location: cut(main.Location(), maxLine),
		Description: cut(strings.TrimSpace(main.Description()), MaxDescription),
	}
	if r.OriginalUID == "" {
		return Request{}, fault.New(fault.InvalidRequest, "no-uid", "The event has no identifier (UID), so that later changes could not be told apart.")
	}
	if len(r.OriginalUID) > maxLine {
		r.OriginalUID = itip.UIDKey(r.OriginalUID) // longer than any index takes
	}
	if r.Tenant == "" {
		r.Tenant = DefaultTenant
	}
	original, _ := part.Calendar.Main()
	r.Organizer, r.OriginalOrganizer = organizer(original, msg, from)
	switch {
	case r.Method == "CANCEL" || main.Status() == "CANCELLED":
		r.Status = StatusCancelled
	case main.Status() == "TENTATIVE":
		r.Status = StatusTentative
	}
	r.RecurrenceID = itip.InstanceKeyOf(main)
	revision := itip.RevisionOf(main)
	r.SourceSequence, r.SourceDTStamp = revision.Sequence, believable(revision.DTStamp, mail.Received)
	r.SummaryHTML, r.DescriptionHTML, r.LocationHTML = HTML(r.Summary), HTML(r.Description), HTML(r.Location)
	if err := r.times(calendar, main); err != nil {
		return Request{}, err
	}
	if r.Calendar, err = pack(calendar); err != nil {
		return Request{}, err
	}
	if text, err := json.Marshal(r); err != nil || len(text) > maxRequestJSON {
		return Request{}, tooLarge()
	}
	return r, nil
}

// Cancels reports whether the request calls off the event or instances of it (spec §3).
func (r Request) Cancels() bool { return r.Status == StatusCancelled }

// ReasonNoStart is the fault's reason for an event without a start that can be read.
const ReasonNoStart = "event-without-start"

// maxZone is how many octets of the name of an unknown zone are kept.
const maxZone = 100

// times fills in the moments of the event. A cancellation may do without (some calendars leave DTSTART out).
func (r *Request) times(calendar *ical.Calendar, main ical.Event) error {
	start, ok := main.Start()
	if !ok || start.Wall.IsZero() {
		if r.Cancels() {
			return nil
		}
		return fault.New(fault.InvalidRequest, ReasonNoStart, "The event has no start date that could be read. Please send the invitation again from your calendar.")
	}
	end, has := main.End()
	if !has || epoch(end) < epoch(start) {
		end = start // RFC 5545 §3.6.1: without DTEND and DURATION a timed event takes no time
	}
	r.DTStart, r.DTEnd, r.AllDay, r.TZID = epoch(start), epoch(end), start.AllDay, start.TZID
	if start.Floating || start.Source == ical.ZoneUnresolved && start.TZID != "" { // of a zone that nobody knows, the clock's time is what is left
		r.TZID = itip.Floating
		r.UnknownZone = cut(oneLine(start.TZID), maxZone)
	}
	r.RRule = main.RRule()
	r.Ends = lastEnd(calendar, main)
	return nil
}

// epoch is the moment in seconds since 1970; of a date or floating time, as if the zone were UTC.
func epoch(t ical.Time) int64 {
	if t.At.IsZero() {
		return t.Wall.Unix()
	}
	return t.At.Unix()
}

// method is the METHOD that the message acts by; a calendar file without one is read as the invitation it was mailed as.
func method(part *imip.CalendarPart) string {
	if m := strings.ToUpper(strings.TrimSpace(part.Method)); m != "" {
		return m
	}
	return "REQUEST"
}

// organizer is the display name to show and the address in ORGANIZER: CN, else the From name, else the address's local part (spec
// §2.4: where ORGANIZER is another address, its name is shown and From owns).
func organizer(e ical.Event, msg *imip.Message, from string) (name, address string) {
	if person, ok := e.Organizer(); ok {
		name, address = person.CN, person.Address()
	}
	if name = oneLine(name); name == "" || strings.EqualFold(name, address) {
		if fromName := oneLine(msg.From.Name); fromName != "" {
			name = fromName
		}
	}
	if name == "" {
		name, _, _ = strings.Cut(from, "@")
	}
	return cut(name, maxLine), cut(address, maxLine)
}

// pack writes the calendar and compresses it.
func pack(c *ical.Calendar) ([]byte, error) {
	text, err := ical.Write(c.Component)
	if err != nil {
		return nil, fault.Wrap(fault.InvalidRequest, imip.ReasonBroken, fmt.Errorf("invite: write calendar: %w", err))
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed) // a zero header: the same calendar gives the same bytes
	_, err = w.Write(text)
	if closed := w.Close(); err != nil || closed != nil {
		return nil, fault.Wrap(fault.Internal, "gzip", err)
	}
	if packed.Len() > MaxCalendar {
		return nil, tooLarge()
	}
	return packed.Bytes(), nil
}

// maxUnpacked bounds what a stored calendar unpacks to; the reader's own limit is 1 MiB.
const maxUnpacked = 4 << 20

// unpack reads what pack wrote.
func unpack(packed []byte) (*ical.Calendar, error) {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("invite: unpack calendar: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(r, maxUnpacked))
	if err != nil {
		return nil, fmt.Errorf("invite: unpack calendar: %w", err)
	}
	calendar, err := ical.Read(text, ical.Limits{Bytes: maxUnpacked})
	if err != nil {
		return nil, fmt.Errorf("invite: read stored calendar: %w", err)
	}
	return calendar, nil
}

func tooLarge() error {
	return fault.New(fault.InvalidRequest, imip.ReasonTooLarge,
		"The event is too large to keep. Link to files instead of attaching them, shorten the description, and send it again.")
}

// newEvent is the event that the request creates.
func (r Request) newEvent(inviteLimit int, now time.Time) Event {
	e := Event{
		UID: r.MessageID, OriginalUID: r.OriginalUID, Tenant: r.Tenant, MailTo: r.MailTo, Organizer: r.Organizer, OriginalOrganizer: r.OriginalOrganizer,
		InviteLimit: inviteLimit, Created: now.Unix(),
	}
	r.applyTo(&e, now)
	e.SourceChange = string(itip.Reschedule)
	return e
}

// applyTo makes the event what the request says, as a revision of this moment. Sequence and the reset of answers are the caller's; the
// organizer's name stays what it was, for the ORGANIZER in the guests' calendars is constant (spec §4).
func (r Request) applyTo(e *Event, now time.Time) {
	e.Method, e.Status, e.ProdID = r.Method, r.Status, r.ProdID
	e.DTStart, e.DTEnd, e.Ends, e.AllDay, e.TZID, e.RRule = r.DTStart, r.DTEnd, r.Ends, r.AllDay, r.TZID, r.RRule
	e.Summary, e.SummaryHTML = r.Summary, r.SummaryHTML
	e.Description, e.DescriptionHTML = r.Description, r.DescriptionHTML
	e.Location, e.LocationHTML = r.Location, r.LocationHTML
	e.Calendar = r.Calendar
	e.DTStamp, e.LastModified = now.Unix(), now.Unix()
	e.SourceSequence, e.SourceDTStamp, e.SourceMessage = r.SourceSequence, r.SourceDTStamp, r.MessageID
}

func (r Request) revision() itip.Revision {
	return itip.Revision{Sequence: r.SourceSequence, DTStamp: r.SourceDTStamp}
}

func (e Event) source() itip.Revision {
	return itip.Revision{Sequence: e.SourceSequence, DTStamp: e.SourceDTStamp}
}
