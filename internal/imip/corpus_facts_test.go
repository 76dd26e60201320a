package imip

import (
	"encoding/json"
	"reflect"
	"strings"

	goical "github.com/emersion/go-ical"

	"github.com/calendarinvite/calendarinviteserver/internal/ical"
)

// mailFacts gives the facts of a mail in the manifest's words.
func mailFacts(m *Message) map[string]any {
	facts := map[string]any{
		"container": "eml",
		"from":      orNull(m.From.Email),
		"from_name": orNull(m.From.Name),
		"sender":    orNull(m.Sender.Email),
		"reply_to":  orNull(m.ReplyTo.Email),
		"subject":   nil,
	}
	if m.Header.Has("Subject") {
		facts["subject"] = m.Subject
	}
	if m.Header.Has("Return-Path") {
		facts["return_path"] = m.ReturnPath
	}
	tree := []string{}
	for _, p := range m.Parts {
		tree = append(tree, strings.Join(p.Nesting, " > "))
	}
	facts["mime_tree"] = tree
	return facts
}

func partPlace(p *CalendarPart) map[string]any {
	place := map[string]any{
		"nesting":       strings.Join(p.Nesting, " > "),
		"cte":           orNull(p.Encoding),
		"method_param":  orNull(p.MethodParam),
		"charset_param": orNull(p.Params["charset"]),
		"disposition":   orNull(p.Disposition),
		"filename":      orNull(p.Filename),
		"inside_rfc822": p.InsideRFC822,
	}
	return place
}

func partFacts(m *Message, p *CalendarPart) map[string]any {
	facts := calendarFacts(p.Calendar, p.Method)
	facts["n_calendar_parts"] = len(m.Calendars)
	facts["calendar_part"] = partPlace(p)
	facts["charset_used"] = p.Charset
	if p.BodyMethod == "" {
		facts["method_from_content_type"] = orNull(p.MethodParam)
	}
	return facts
}

// calendarFacts gives the facts of a calendar in the manifest's words.
func calendarFacts(cal *ical.Calendar, method string) map[string]any {
	component := goical.CompEvent
	for _, other := range []string{goical.CompFreeBusy, goical.CompToDo, goical.CompJournal} {
		if len(cal.Events()) == 0 && component == goical.CompEvent && len(cal.Components(other)) > 0 {
			component = other
		}
	}
	events := cal.Components(component)
	main, ok := cal.Main()
	switch {
	case ok:
	case len(events) > 0:
		main = events[0]
	default:
		main = ical.Event{Component: goical.NewComponent(component)}
	}
	facts := eventFacts(main)
	facts["n_vcalendar"] = cal.Objects
	facts["method"] = orNull(cal.Method())
	facts["prodid"] = orNull(cal.ProdID())
	facts["component"] = component
	facts["n_components"] = len(events)
	var all []map[string]any
	for _, e := range events {
		all = append(all, eventFacts(e))
	}
	facts["events"] = all
	facts["action"] = "publish"
	switch {
	case component != goical.CompEvent:
		facts["action"] = "none"
	case method != "":
		facts["action"] = strings.ToLower(method)
	}
	facts["is_invite"] = facts["action"] == "request" || facts["action"] == "add"
	return facts
}

func eventFacts(e ical.Event) map[string]any {
	facts := map[string]any{
		"uid": e.UID(), "sequence": nil, "rrule": orNull(e.RRule()), "status": orNull(e.Status()),
		"dtstart": nil, "dtend": nil, "recurrence_id": nil, "organizer": nil, "organizer_cn": nil,
	}
	for field, name := range map[string]string{"summary": "SUMMARY", "location": "LOCATION", "comment": "COMMENT"} {
		if facts[field] = nil; e.Has(name) {
			facts[field] = e.Text(name)
		}
	}
	if e.Has("SEQUENCE") {
		facts["sequence"] = e.Sequence()
	}
	if e.Has("DURATION") {
		facts["duration"] = e.Props["DURATION"][0].Value
	}
	if t, ok := e.Start(); ok {
		facts["dtstart"] = timeFacts(t)
	}
	if t, ok := e.End(); ok && (e.Has("DTEND") || e.Has("DURATION")) {
		facts["dtend"] = timeFacts(t)
	}
	if t, ok := e.RecurrenceID(); ok {
		facts["recurrence_id"] = timeFacts(t)
	}
	if o, ok := e.Organizer(); ok {
		facts["organizer"], facts["organizer_cn"] = o.Email, orNull(o.CN)
		facts["organizer_sent_by"], facts["organizer_email_param"] = orNull(o.SentBy), orNull(o.EmailParam)
	}
	attendees := []map[string]any{}
	for _, a := range e.Attendees() {
		person := map[string]any{"email": strings.ToLower(a.Email), "partstat": orNull(a.PartStat)}
		for field, value := range map[string]string{"cn": a.CN, "role": a.Role, "cutype": a.CUType, "rsvp": a.RSVP,
			"email_param": a.EmailParam, "delegated_to": a.DelegatedTo, "delegated_from": a.DelegatedFrom} {
			if value != "" && (field != "email_param" || !strings.EqualFold(value, a.Email)) {
				person[field] = value
			}
		}
		if a.NotMailto {
			person["value_is_not_mailto"] = true
		}
		attendees = append(attendees, person)
	}
	facts["attendees"] = attendees
	var exdates []string
	for _, t := range e.Dates("EXDATE") {
		exdates = append(exdates, t.Value)
	}
	facts["exdate"] = exdates
	return facts
}

func timeFacts(t ical.Time) map[string]any {
	facts := map[string]any{"value": t.Value, "all_day": t.AllDay}
	if t.TZID != "" {
		facts["tzid"] = t.TZID
	}
	if t.Floating {
		facts["floating"] = true
	}
	if t.AllDay || t.Floating {
		return facts
	}
	facts["epoch"] = nil
	if !t.At.IsZero() {
		facts["epoch"] = t.At.Unix()
		facts["zone_source"] = string(t.Source)
		if t.Source == "iana" {
			facts["zone_source"] = "iana name"
		}
	}
	if t.Disputed != nil {
		facts["disputed_epoch"] = t.Disputed.Unix()
	}
	return facts
}

// holds reports whether got states all that want, a value a lenient reader may give, states.
func holds(got, want any) bool {
	switch w := want.(type) {
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			return false
		}
		for i := range w {
			if !holds(g[i], w[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		g, _ := got.(map[string]any)
		for field, value := range w {
			if !holds(g[field], value) {
				return false
			}
		}
		return len(g) > 0
	}
	return want != nil && got == want
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// equalFacts compares as JSON, addresses without regard to case, and allows the manifest's second answers for times.
func equalFacts(field string, got, want any) bool {
	g, w := normalise(got), normalise(want)
	switch field {
	case "organizer", "attendees":
		g, w = lowerEmails(g), lowerEmails(w)
	case "dtstart", "dtend", "recurrence_id":
		return equalTimes(g, w)
	case "events":
		return equalEvents(g, w)
	}
	return reflect.DeepEqual(g, w)
}

func equalTimes(got, want any) bool {
	g, ok1 := got.(map[string]any)
	w, ok2 := want.(map[string]any)
	if !ok1 || !ok2 {
		return got == nil && want == nil
	}
	g["epoch_seen"], w["epoch_seen"] = g["epoch"], w["epoch"]
	if w["disputed"] != nil && (g["epoch"] == w["epoch_by_iana_name"] || g["epoch"] == w["epoch"]) {
		g["epoch_seen"] = w["epoch_seen"]
	}
	for _, field := range []string{"value", "tzid", "all_day", "floating", "zone_source", "epoch_seen"} {
		if w["disputed"] != nil && field == "zone_source" {
			continue
		}
		if g[field] != w[field] {
			return false
		}
	}
	return true
}

func equalEvents(got, want any) bool {
	g, ok1 := got.([]any)
	w, ok2 := want.([]any)
	if !ok1 || !ok2 || len(g) != len(w) {
		return false
	}
	for i := range w {
		for field, value := range w[i].(map[string]any) {
			if !equalFacts(field, g[i].(map[string]any)[field], value) {
				return false
			}
		}
	}
	return true
}

func lowerEmails(v any) any {
	switch v := v.(type) {
	case string:
		return strings.ToLower(v)
	case []any:
		for _, person := range v {
			if p, ok := person.(map[string]any); ok {
				for _, field := range []string{"email", "email_param", "delegated_to", "delegated_from"} {
					if s, ok := p[field].(string); ok {
						p[field] = strings.ToLower(s)
					}
				}
			}
		}
	}
	return v
}

func normalise(v any) any {
	var out any
	data, _ := json.Marshal(v)
	_ = json.Unmarshal(data, &out)
	return out
}

func toJSON(v any) string {
	data, _ := json.Marshal(v)
	return string(data)
}
