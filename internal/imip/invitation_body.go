package imip

import (
	_ "embed" // the templates
	"strings"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/brand"
	"github.com/calendarinvite/calendarinviteserver/internal/ical"
	"github.com/calendarinvite/calendarinviteserver/internal/itip"
	"github.com/calendarinvite/calendarinviteserver/internal/when"
)

//go:embed templates/invitation.txt
var textTemplate string

//go:embed templates/invitation.html
var htmlTemplate string

// maxLocation is the most octets of a place that the texts show; the calendar has all of it.
const maxLocation = 500

// maxTitle is the most characters of a title that the texts show.
const maxTitle = 300

// cancelColor is the bar's colour over a cancelled event, whatever the brand's is.
var cancelColor = brand.Color{R: 0xb3, G: 0x26, B: 0x1e}

// darkCard is the background of the dark card in invitation.html, on which links must be readable.
var darkCard = brand.Color{R: 0x1b, G: 0x1e, B: 0x24}

// composeBodies writes the two parts that people read, with holes for what is the recipient's own.
func composeBodies(inv *Invitation, events []ical.Event) (text, html []piece, err error) {
	main := shownEvent(inv, events)
	values := bodyValues(inv, main, events)
	var plain, rich layout
	if err := plain.fill(textTemplate, values, false); err != nil {
		return nil, nil, err
	}
	if err := rich.fill(htmlTemplate, htmlValues(inv, main, values), true); err != nil {
		return nil, nil, err
	}
	return plain.pieces, rich.pieces, nil
}

// bodyValues is what the mail says about the event, as plain text.
func bodyValues(inv *Invitation, main ical.Event, events []ical.Event) map[string]string {
	news := newsOf(inv, main, events)
	values := map[string]string{
		"lead":            news.lead,
		"changes":         news.changes,
		"ask":             news.ask,
		"comment":         cutText(strings.TrimSpace(strings.ReplaceAll(inv.Comment, "\r\n", "\n")), maxComment),
		"title":           cutRunes(title(main), maxTitle),
		"when":            spanOf(inv.Calendar, main).String(),
		"dates":           "",
		"repeats":         repeats(main),
		"instance":        "",
		"where":           cutText(cleanLine(main.Location()), maxLocation),
		"join_url":        JoinLink(main),
		"description":     PlainDescription(main),
		"organizer":       inv.organizerName(),
		"organizer_email": inv.OrganizerEmail,
		"brand":           cleanName(inv.Brand.Name),
		"brand_address":   strings.TrimSpace(inv.Brand.Address),
		"link_base":       strings.TrimSuffix(inv.LinkBase, "/"),
		"answerable":      "yes",
		"question":        "Will you be there?",
		"buttons":         "The buttons of your own calendar do the same.",
		"cancelled":       "",
		"gone":            "Your calendar takes the event out by itself. If it stays, delete it there.",
	}
	if main.IsOverride() {
		values["instance"] = "This is one date of a series."
	}
	if values["where"] == values["join_url"] {
		values["where"] = ""
	}
	if dates := dateLines(inv, events); dates != "" {
		values["dates"], values["when"] = dates, ""
	}
	switch {
	case inv.Method == MethodCancel:
		values["answerable"], values["cancelled"] = "", "yes"
		values["join_url"] = ""
		switch {
		case values["dates"] != "":
			values["gone"] = "Your calendar takes these dates out by itself. If they stay, delete them there."
		case len(inv.Instances) > 0:
			values["gone"] = "Your calendar takes this date out by itself. If it stays, delete it there."
		}
	case len(inv.Instances) > 0: // the links answer for the event
		values["question"] = "Will you come to the series?"
		values["buttons"] = "For one date alone, use the buttons of your own calendar."
	case len(inv.Changed) > 0 && news.ask == "":
		values["buttons"] += " If you have answered already, your answer stands."
	}
	return values
}

// htmlValues is the same, escaped, with what only the HTML shows.
func htmlValues(inv *Invitation, main ical.Event, plain map[string]string) map[string]string {
	values := make(map[string]string, len(plain)+18)
	for name, value := range plain {
		if value != "" {
			value = string(appendEscapedHTML(nil, value))
		}
		values[name] = value
	}
	links, bar := inv.Brand.Main(), inv.Brand.Main()
	if inv.Method == MethodCancel {
		bar = cancelColor
	}
	accent := links.On(brand.White).String()
	values["bar"] = bar.String()
	values["on_bar"] = bar.Text().String()
	values["accent"] = accent
	values["accent_dark"] = links.On(darkCard).String()
	values["organizer_mailto"] = string(appendEscapedHTML(nil, strings.TrimPrefix(mailtoURI(inv.OrganizerEmail), "mailto:")))
	values["when_html"] = twoLines(values["when"])
	values["where_html"] = htmlText(plain["where"], accent)
	values["description_html"] = htmlText(plain["description"], accent)
	values["changes_html"] = htmlText(plain["changes"], accent)
	values["dates_html"] = htmlText(plain["dates"], accent)
	values["comment_html"] = htmlText(plain["comment"], accent)
	values["brand_address_html"] = htmlText(plain["brand_address"], "#6b7280")
	values["brand_logo"] = ""
	if brand.CheckURL(inv.Brand.LogoURL) == nil {
		values["brand_logo"] = string(appendEscapedHTML(nil, inv.Brand.LogoURL))
	}
	values["join_label"] = values["join_url"]
	if service := joinService(plain["join_url"]); service != "" {
		values["join_label"] = "Join with " + service
	}
	values["tile_month"], values["tile_day"], values["tile_weekday"] = "", "", ""
	if span := spanOf(inv.Calendar, main); span.Known() && plain["dates"] == "" {
		values["tile_month"] = strings.ToUpper(span.Start.Format("Jan"))
		values["tile_day"] = span.Start.Format("2")
		values["tile_weekday"] = span.Start.Format("Mon")
	}
	return values
}

// twoLines puts the times of one day under the day.
func twoLines(when string) string {
	at := -1
	for i := 0; i+6 < len(when); i++ {
		if when[i:i+2] == ", " && when[i+2] >= '0' && when[i+2] <= '9' && when[i+4] == ':' {
			if at >= 0 {
				return when // over several days
			}
			at = i
		}
	}
	if at < 0 {
		return when
	}
	return when[:at] + "<br>" + when[at+len(", "):]
}

// htmlText escapes a text of several lines and makes its links links.
func htmlText(text, linkColor string) string {
	if text == "" {
		return ""
	}
	var b []byte
	for text != "" {
		link, before, after := cutLink(text)
		b = appendEscapedHTML(b, before)
		if link != "" {
			b = append(b, `<a href="`...)
			b = appendEscapedHTML(b, link)
			b = append(b, `" style="color:`+linkColor+`">`...)
			b = appendEscapedHTML(b, link)
			b = append(b, `</a>`...)
		}
		text = after
	}
	text = strings.ReplaceAll(string(b), "\r\n", "\n")
	return strings.ReplaceAll(text, "\n", "<br>\n")
}

// repeats is the recurrence in words, or "" for an event that does not repeat.
func repeats(e ical.Event) string {
	if e.IsOverride() {
		return ""
	}
	rule := e.RRule()
	words := when.Repeats(rule)
	if words == "repeats" || rule == "" && e.Has("RDATE") {
		return "on several dates, which your calendar shows"
	}
	return words
}

// SpanOf is when an event of the calendar is, in words' form: in the zone that it was written in, without its repetition.
func SpanOf(calendar *ical.Calendar, e ical.Event) when.Span { return spanOf(calendar, e) }

// ProposalSpan is the time that an attendee proposes instead of the event (itip.CounteredEvent), in the event's own zone.
func ProposalSpan(calendar *ical.Calendar, event ical.Event, p itip.Proposal) when.Span {
	start, _ := event.Start()
	zone := displayZone(calendar, start)
	if start.At.IsZero() {
		zone = displayZone(calendar, p.Start)
	}
	end, _ := p.EndFor(event)
	return span(p.Start, end, zone)
}

func spanOf(calendar *ical.Calendar, e ical.Event) when.Span {
	start, _ := e.Start()
	end, _ := endOf(e, start)
	return span(start, end, displayZone(calendar, start))
}

// span is the time from start to end, an end without Wall being none.
func span(start, end ical.Time, zone *time.Location) when.Span {
	s := when.Span{Start: inZone(start, zone), AllDay: start.AllDay, Floating: start.At.IsZero() && !start.AllDay}
	if !end.Wall.IsZero() {
		s.End = inZone(end, zone)
	}
	return s
}

// inZone is a time as people in the zone read it.
func inZone(t ical.Time, zone *time.Location) time.Time {
	if t.At.IsZero() {
		return t.Wall
	}
	return t.At.In(zone)
}

// plannedStart is when the instance was to start by the series' plan: in the series' zone, where the calendar has the series.
func plannedStart(inv *Invitation, instance ical.Event) time.Time {
	id, ok := instance.RecurrenceID()
	if !ok || id.Wall.IsZero() {
		id, _ = instance.Start()
	}
	start := id
	if main, _ := inv.Calendar.Main(); !main.IsOverride() {
		start, _ = main.Start()
		id = instance.Like(id, start)
	}
	return inZone(id, displayZone(inv.Calendar, start))
}

// displayZone is the zone in which people read a time: that of its TZID; of a time in UTC, the calendar's own (Google sends single
// events in UTC), else UTC.
func displayZone(calendar *ical.Calendar, t ical.Time) *time.Location {
	if t.At.IsZero() {
		return time.UTC
	}
	if t.Source != ical.ZoneUTC {
		if location := zoneOf(t); location != nil {
			return location
		}
		return time.FixedZone("", int(t.Wall.Sub(t.At)/time.Second))
	}
	for _, name := range []string{"X-WR-TIMEZONE", "TIMEZONE-ID"} { // RFC 7808 §7.1
		if props := calendar.Props[name]; len(props) > 0 {
			if location, _ := ical.Location(props[0].Value); location != nil {
				return location
			}
		}
	}
	var only *time.Location
	for _, child := range calendar.Children {
		if id := child.Props["TZID"]; child.Name == "VTIMEZONE" && len(id) > 0 {
			if only != nil {
				return time.UTC
			}
			only, _ = ical.Location(id[0].Value)
		}
	}
	if only != nil {
		return only
	}
	return time.UTC
}
