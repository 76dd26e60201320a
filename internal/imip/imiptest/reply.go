package imiptest

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Reply is how a guest answers an invitation.
type Reply struct {
	Client  Client
	Answer  string    // Accepted, Declined, Tentative, Delegated
	At      time.Time // when: DTSTAMP and Date
	Comment string    // the note; empty = none
	// As is who answers instead of the invited address: an alias, a delegate, somebody the mail was forwarded to. Zero = the invited.
	As     Address
	Guests int // how many people come along; only Gmail says so
	// DelegatedTo is whom the guest sends instead; DelegatedFrom, in the delegate's own answer, who sent them (RFC 5546 §3.2.2.3).
	DelegatedTo, DelegatedFrom Address
	// Instance answers for one instance of a series only: its original start. Zero = all of it. Gmail and Outlook write it in UTC,
	// whatever the series' zone.
	Instance time.Time
}

// Counter is a proposal of another time (RFC 5546 §3.2.7). Gmail and Outlook have it; the other clients write it as they would.
type Counter struct {
	Reply      // Answer is mostly Tentative
	Start, End time.Time
}

// ComposeReply writes the mail in which a client answers the invitation (RFC 5546 §3.2.3).
func ComposeReply(invitation []byte, r Reply) ([]byte, error) {
	return compose(invitation, "REPLY", r, time.Time{}, time.Time{})
}

// ComposeCounter writes the mail in which a client proposes another time.
func ComposeCounter(invitation []byte, c Counter) ([]byte, error) {
	return compose(invitation, "COUNTER", c.Reply, c.Start, c.End)
}

// ComposeRefresh writes the mail in which a guest's calendar asks for the present state of the event (RFC 5546 §3.2.6): with no more
// than the standard asks for, not even a time. Of r, At, As and Instance count.
func ComposeRefresh(invitation []byte, r Reply) ([]byte, error) {
	r.Client, r.Answer = Generic, Accepted
	return compose(invitation, "REFRESH", r, time.Time{}, time.Time{})
}

// answer is one answer being written.
type answer struct {
	Reply
	invited
	method     string
	who        Address
	start, end time.Time // as answered or proposed
}

func compose(invitation []byte, method string, r Reply, start, end time.Time) ([]byte, error) {
	if words[r.Answer] == "" || r.At.IsZero() {
		return nil, errors.New("imiptest: an answer needs Answer and At")
	}
	in, err := readInvitation(invitation)
	if err != nil {
		return nil, err
	}
	a := answer{Reply: r, invited: in, method: method, who: in.attendee, start: in.start, end: in.end}
	if r.As.Email != "" {
		a.who = r.As
	}
	if !r.Instance.IsZero() {
		a.end = r.Instance.Add(in.end.Sub(in.start))
		a.start = r.Instance
	}
	if method == "COUNTER" {
		a.start, a.end, a.allDay = start, end, false
	}
	if a.sequence == "" {
		a.sequence = "0"
	}
	switch r.Client {
	case Gmail:
		return a.gmail(), nil
	case Outlook:
		return a.outlook(), nil
	case Apple:
		return a.apple(), nil
	case Generic:
		return a.generic(), nil
	}
	return nil, fmt.Errorf("imiptest: unknown client %q", r.Client)
}

// text is the sentence for people who read the answer in a mail program.
func (a *answer) text() string {
	text := a.who.nameOrEmail() + " has " + strings.ToLower(words[a.Answer]) + " this invitation."
	switch a.method {
	case "REFRESH":
		text = a.who.nameOrEmail() + " asks for the latest version of this event."
	case "COUNTER":
		text = a.who.nameOrEmail() + " has proposed a new time: " + a.start.Format(time.RFC1123)
	}
	if a.Comment != "" {
		text += "\r\n\r\n" + a.Comment
	}
	return text + "\r\n"
}

// subject is "Accepted: Title".
func (a *answer) subject() string {
	switch a.method {
	case "REFRESH":
		return "Refresh: " + a.summary
	case "COUNTER":
		return "New Time Proposed: " + a.summary
	}
	return words[a.Answer] + ": " + a.summary
}

// times adds DTSTART and DTEND, written by form, and the instance by id.
func (a *answer) times(l *lines, form func(time.Time) (params, value string)) {
	add := func(name string, t time.Time) {
		if t.IsZero() {
			return
		}
		params, value := form(t)
		switch {
		case a.allDay:
			params, value = ";VALUE=DATE", t.Format(dateForm)
		case a.floating && a.method == "REPLY":
			params, value = "", t.Format(localForm)
		}
		l.add(name + params + ":" + value)
	}
	add("DTSTART", a.start)
	add("DTEND", a.end)
	switch {
	case !a.Instance.IsZero():
		add("RECURRENCE-ID", a.Instance)
	case a.instance != "":
		l.add(a.instance)
	}
}

// delegation is the parameters of ATTENDEE that say who acts for whom.
func (a *answer) delegation() string {
	params := ""
	if a.DelegatedTo.Email != "" {
		params += `;DELEGATED-TO="mailto:` + a.DelegatedTo.Email + `"`
	}
	if a.DelegatedFrom.Email != "" {
		params += `;DELEGATED-FROM="mailto:` + a.DelegatedFrom.Email + `"`
	}
	return params
}

// inUTC writes times in UTC.
func inUTC(t time.Time) (string, string) { return "", utc(t) }

// inZone writes times in a zone under a name.
func inZone(location *time.Location, name string) func(time.Time) (string, string) {
	return func(t time.Time) (string, string) { return ";TZID=" + name, t.In(location).Format(localForm) }
}

// key makes identifiers of this answer.
func (a *answer) key() string {
	return strings.Join([]string{a.uid, a.method, a.Answer, a.who.Email, utc(a.At), utc(a.Instance)}, " ")
}
