package addto

import (
	"net/url"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/internal/ical"
)

// Link adds an event to a calendar on the web: it opens the form for a new event there, filled in.
type Link struct {
	Name      string // of the calendar, as its users call it
	URL       string
	FirstOnly bool // the event has more dates than the link can say: it adds the first
}

// Links are the links to all the calendars that take one.
func (e Event) Links() []Link {
	google, whole := e.google()
	return []Link{
		{Name: "Google Calendar", URL: google, FirstOnly: e.Series && !whole},
		{Name: "Outlook.com", URL: e.outlook("outlook.live.com"), FirstOnly: e.Series},
		{Name: "Office 365", URL: e.outlook("outlook.office.com"), FirstOnly: e.Series},
		{Name: "Yahoo", URL: e.yahoo(), FirstOnly: e.Series},
	}
}

// Forms of dates and times in links.
const (
	date       = "20060102"
	local      = "20060102T150405"
	utc        = "20060102T150405Z"
	isoDate    = "2006-01-02"
	isoLocal   = "2006-01-02T15:04:05"
	isoInstant = "2006-01-02T15:04:05Z"
)

// google is the link to Google Calendar, and whether it says all dates of a series. A time is written in the event's zone where that has a name:
// a series is at the same clock time all year only there. A time without a zone is that of the reader's own.
func (e Event) google() (link string, whole bool) {
	q := query{}
	q.add("action", "TEMPLATE")
	q.add("text", e.Title)
	named := zone(e.Start)
	if named != nil {
		q.add("dates", e.Start.In(named).Format(local)+"/"+e.End.In(named).Format(local))
		q.add("ctz", named.String())
	} else {
		q.add("dates", form(e.Start, date, local, utc)+"/"+form(e.End, date, local, utc))
	}
	q.add("details", e.Details)
	q.add("location", e.Where)
	if whole = e.Rule != "" && (named != nil || e.Start.At.IsZero() || e.Start.Source == ical.ZoneUTC); whole {
		q.add("recur", "RRULE:"+e.Rule)
	}
	return "https://calendar.google.com/calendar/render?" + q.String(), whole
}

// outlook is the link to Outlook on the web, which takes no recurrence. The end of whole days is the day after, as in DTEND.
func (e Event) outlook(host string) string {
	q := query{}
	q.add("path", "/calendar/action/compose")
	q.add("rru", "addevent")
	q.add("subject", e.Title)
	q.add("startdt", form(e.Start, isoDate, isoLocal, isoInstant))
	q.add("enddt", form(e.End, isoDate, isoLocal, isoInstant))
	if e.Start.AllDay {
		q.add("allday", "true")
	}
	q.add("body", e.Details)
	q.add("location", e.Where)
	return "https://" + host + "/calendar/0/deeplink/compose?" + q.String()
}

// yahoo is the link to Yahoo Calendar, whose few patterns of recurrence (RPAT) say neither zones nor most rules. Whole days end with the
// last of them, so that an event of one day is one day however et is read.
func (e Event) yahoo() string {
	q := query{}
	q.add("v", "60")
	q.add("title", e.Title)
	q.add("st", form(e.Start, date, local, utc))
	if e.Start.AllDay {
		q.add("et", e.End.Wall.AddDate(0, 0, -1).Format(date))
		q.add("dur", "allday")
	} else {
		q.add("et", form(e.End, date, local, utc))
	}
	q.add("desc", e.Details)
	q.add("in_loc", e.Where)
	return "https://calendar.yahoo.com/?" + q.String()
}

// form writes a time as a date, as a clock time without a zone, or as an instant in UTC.
func form(t ical.Time, day, clock, instant string) string {
	switch {
	case t.AllDay:
		return t.Wall.Format(day)
	case t.At.IsZero():
		return t.Wall.Format(clock)
	}
	return t.At.Format(instant)
}

// query writes the parameters of a link in the order in which they are added, and none that is empty. A space is %20: Outlook shows the plus
// sign that url.Values writes.
type query struct{ strings.Builder }

func (q *query) add(name, value string) {
	if value == "" {
		return
	}
	if q.Len() > 0 {
		q.WriteByte('&')
	}
	q.WriteString(name + "=" + strings.ReplaceAll(url.QueryEscape(value), "+", "%20"))
}
