package imiptest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // the charsets of mails
	_ "time/tzdata"                            // the zones of invitations
)

// invited is what a calendar keeps of an invitation when it answers it.
type invited struct {
	method, uid, sequence, summary, location, description string

	organizer Address // ORGANIZER: where the answer goes
	attendee  Address // the only ATTENDEE
	start     time.Time
	end       time.Time // zero when there is none
	allDay    bool
	floating  bool
	series    bool
	instance  string // the RECURRENCE-ID line of an invitation to one instance
}

// readInvitation reads a mail as a calendar does: the text/calendar part, its first VEVENT.
func readInvitation(raw []byte) (invited, error) {
	_, calendar, err := calendarPart(raw)
	if err != nil {
		return invited{}, err
	}
	in := invited{}
	return in, in.read(calendar)
}

// calendarPart finds the first text/calendar part of a mail, and its method parameter.
func calendarPart(raw []byte) (method, calendar string, err error) {
	entity, err := message.Read(bytes.NewReader(raw))
	if err != nil {
		return "", "", fmt.Errorf("imiptest: reading the mail: %w", err)
	}
	found := false
	err = entity.Walk(func(_ []int, part *message.Entity, err error) error {
		if err != nil {
			return err
		}
		if kind, params, _ := part.Header.ContentType(); kind == "text/calendar" && !found {
			body, err := io.ReadAll(part.Body)
			method, calendar, found = params["method"], string(body), true
			return err
		}
		return nil
	})
	if err != nil {
		return "", "", fmt.Errorf("imiptest: reading the parts: %w", err)
	}
	if !found {
		return "", "", errors.New("imiptest: the mail has no text/calendar part")
	}
	return method, calendar, nil
}

func (in *invited) read(calendar string) error {
	calendar = strings.ReplaceAll(strings.ReplaceAll(calendar, "\r\n ", ""), "\n ", "")
	events, depth := 0, ""
	for line := range strings.SplitSeq(calendar, "\n") {
		line = strings.TrimRight(line, "\r")
		head, value := cutLine(line)
		name, params, _ := strings.Cut(head, ";")
		switch name = strings.ToUpper(name); name {
		case "BEGIN":
			depth = value
			if value == "VEVENT" {
				events++
			}
			continue
		case "END":
			depth = ""
			continue
		case "METHOD":
			in.method = value
		}
		if depth != "VEVENT" || events != 1 {
			continue
		}
		switch name {
		case "UID":
			in.uid = value
		case "SEQUENCE":
			in.sequence = value
		case "SUMMARY":
			in.summary = unescape(value)
		case "LOCATION":
			in.location = unescape(value)
		case "DESCRIPTION":
			in.description = unescape(value)
		case "ORGANIZER":
			in.organizer = Address{Name: paramOf(params, "CN"), Email: mailbox(value)}
		case "ATTENDEE":
			in.attendee = Address{Name: paramOf(params, "CN"), Email: mailbox(value)}
		case "RRULE", "RDATE":
			in.series = true
		case "RECURRENCE-ID":
			in.instance = line
		case "DTSTART", "DTEND":
			at, err := in.time(params, value)
			if err != nil {
				return err
			}
			if name == "DTSTART" {
				in.start = at
			} else {
				in.end = at
			}
		}
	}
	if in.uid == "" || in.start.IsZero() {
		return errors.New("imiptest: the calendar has no event with UID and DTSTART")
	}
	return nil
}

func (in *invited) time(params, value string) (time.Time, error) {
	location := time.UTC
	form := localForm
	switch zone := paramOf(params, "TZID"); {
	case len(value) == len(dateForm):
		in.allDay, form = true, dateForm
	case strings.HasSuffix(value, "Z"):
		form = utcForm
	case zone == "":
		in.floating = true
	default:
		var err error
		if location, err = loadZone(zone); err != nil {
			return time.Time{}, fmt.Errorf("imiptest: this calendar knows no zone %q: %w", zone, err)
		}
	}
	at, err := time.ParseInLocation(form, value, location)
	if err != nil {
		return time.Time{}, fmt.Errorf("imiptest: time %q: %w", value, err)
	}
	return at, nil
}

// cutLine parts a content line at the colon before its value.
func cutLine(line string) (head, value string) {
	quoted := false
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case '"':
			quoted = !quoted
		case ':':
			if !quoted {
				return line[:i], line[i+1:]
			}
		}
	}
	return line, ""
}

// paramOf finds a parameter's value among "A=1;B=2".
func paramOf(params, name string) string {
	quoted := false
	fields := strings.FieldsFunc(params, func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return r == ';' && !quoted
	})
	for _, field := range fields {
		if key, value, _ := strings.Cut(field, "="); strings.EqualFold(key, name) {
			return strings.Trim(value, `"`)
		}
	}
	return ""
}

func mailbox(value string) string {
	if len(value) > 7 && strings.EqualFold(value[:7], "mailto:") {
		return value[7:]
	}
	return value
}
