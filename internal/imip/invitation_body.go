package imip

import (
	_ "embed" // the templates
	"strings"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/brand"
	"github.com/calendarinvite/calendarinviteserver/internal/ical"
	"github.com/calendarinvite/calendarinviteserver/internal/when"
)

//go:embed templates/invitation.txt
var textTemplate string

//go:embed templates/invitation.html
var htmlTemplate string

// maxLocation is the most octets of a place that the texts show; the calendar has all of it.
const maxLocation = 500

// cancelColor is the bar's colour over a cancelled event, whatever the brand's is.
var cancelColor = brand.Color{R: 0xb3, G: 0x26, B: 0x1e}

// darkCard is the background of the dark card in invitation.html, on which links must be readable.
var darkCard = brand.Color{R: 0x1b, G: 0x1e, B: 0x24}

// composeBodies writes the two parts that people read, with holes for what is the recipient's own.
func composeBodies(inv *Invitation, events []ical.Event) (text, html []piece, err error) {
	values := bodyValues(inv, events[0])
	var plain, rich layout
	if err := plain.fill(textTemplate, values, false); err != nil {
		return nil, nil, err
	}
	if err := rich.fill(htmlTemplate, htmlValues(inv, values), true); err != nil {
		return nil, nil, err
	}
	return plain.pieces, rich.pieces, nil
}

// bodyValues is what the mail says about the event, as plain text.
func bodyValues(inv *Invitation, main ical.Event) map[string]string {
	span := spanOf(inv.Calendar, main)
	values := map[string]string{
		"title":           cutRunes(title(main), 300),
		"when":            when.Span{Start: span.Start, End: span.End, AllDay: span.AllDay, Floating: span.Floating}.String(),
		"repeats":         repeats(main),
		"instance":        "",
		"where":           cutText(cleanLine(main.Location()), maxLocation),
		"join_url":        joinLink(main),
		"description":     plainDescription(main),
		"organizer":       inv.organizerName(),
		"organizer_email": inv.OrganizerEmail,
		"brand":           cleanName(inv.Brand.Name),
		"brand_address":   strings.TrimSpace(inv.Brand.Address),
		"link_base":       strings.TrimSuffix(inv.LinkBase, "/"),
		"answerable":      "yes",
		"cancelled":       "",
	}
	if main.IsOverride() {
		values["instance"] = "This is one date of a series."
	}
	if values["where"] == values["join_url"] {
		values["where"] = ""
	}
	switch {
	case inv.Method == MethodCancel:
		values["answerable"], values["cancelled"] = "", "yes"
		values["join_url"] = ""
		values["lead"] = values["organizer"] + " has cancelled this event."
		if main.IsOverride() {
			values["lead"] = values["organizer"] + " has cancelled this date."
		}
	case inv.Update:
		values["lead"] = values["organizer"] + " has changed this event."
	default:
		values["lead"] = values["organizer"] + " invites you to:"
	}
	return values
}

// htmlValues is the same, escaped, with what only the HTML shows.
func htmlValues(inv *Invitation, plain map[string]string) map[string]string {
	values := make(map[string]string, len(plain)+16)
	for name, value := range plain {
		values[name] = string(appendEscapedHTML(nil, value))
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
	if main, ok := inv.Calendar.Main(); ok {
		if span := spanOf(inv.Calendar, main); span.Known() {
			values["tile_month"] = strings.ToUpper(span.Start.Format("Jan"))
			values["tile_day"] = span.Start.Format("2")
			values["tile_weekday"] = span.Start.Format("Mon")
		}
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

// spanOf is when the event is, in the zone that it was written in.
func spanOf(calendar *ical.Calendar, e ical.Event) when.Span {
	start, _ := e.Start()
	span := when.Span{AllDay: start.AllDay, Floating: start.At.IsZero() && !start.AllDay}
	zone := displayZone(calendar, start)
	in := func(t ical.Time) time.Time {
		if t.At.IsZero() {
			return t.Wall
		}
		return t.At.In(zone)
	}
	span.Start = in(start)
	if end, ok := endOf(e, start); ok {
		span.End = in(end)
	}
	return span
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
