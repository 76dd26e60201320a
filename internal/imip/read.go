package imip

import (
	"bytes"
	"net/mail"
	"strings"
)

// maxReferences is how many ids of References are kept, the latest ones.
const maxReferences = 100

// Read reads a mail. It never panics, runs in time linear in the message, and holds no more than a small multiple of it in
// memory. A malformed message yields what could be read. The only error is ReasonTooLarge, for a message beyond
// lim.MessageBytes; the Message that comes with it has its header fields, so that the sender can be told.
//
// Read keeps references to raw: it must not be changed afterwards.
func Read(raw []byte, lim Limits) (*Message, error) {
	lim = lim.withDefaults()
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	raw = bytes.TrimLeft(raw, "\r\n")
	if len(raw) > lim.MessageBytes {
		h, _, _ := readHeader(raw[:lim.MessageBytes], lim)
		m := &Message{Header: h, chosen: -1, refusal: refuse(ReasonTooLarge, nil), Truncated: true}
		m.readFields()
		return m, m.refusal
	}
	if bareCR(raw) {
		raw = bytes.ReplaceAll(raw, []byte{'\r'}, newline)
	}
	h, body, complete := readHeader(raw, lim)
	m := &Message{Header: h, chosen: -1}
	m.readFields()

	w := walker{lim: lim, budget: lim.DecodedBytes, truncated: !complete, parts: make([]Part, 0, 4)}
	w.entity(h, body, place{})
	m.Parts, m.Truncated = w.parts, w.truncated
	m.findReports()
	m.findCalendars()
	m.choose(lim)
	return m, nil
}

// bareCR reports whether the first line ends with CR alone.
// QUIRK: the line ends of old Mac software.
func bareCR(raw []byte) bool {
	i := bytes.IndexAny(raw, "\r\n")
	return i >= 0 && raw[i] == '\r' && i+1 < len(raw) && raw[i+1] != '\n' && raw[i+1] != '\r'
}

// readFields reads the header fields that have a meaning here.
func (m *Message) readFields() {
	h := m.Header
	m.readFrom()
	if list := parseAddresses(h.Get("Sender")); len(list) > 0 {
		m.Sender = list[0]
	}
	if list := parseAddresses(h.Get("Reply-To")); len(list) > 0 {
		m.ReplyTo = list[0]
	}
	if f := h.find("Return-Path"); f != nil {
		m.ReturnPath = strings.Trim(f.Value(), " \t<>")
		if list := parseAddresses(f.Value()); len(list) > 0 {
			m.ReturnPath = list[0].Email
		}
		// QUIRK: some servers write the null path out as the name that bounces have in From.
		m.NullReturnPath = m.ReturnPath == "" || strings.EqualFold(m.ReturnPath, "MAILER-DAEMON")
	}
	m.Subject = h.Text("Subject")
	if ids := parseIDs(h.Get("Message-ID"), 1); len(ids) > 0 {
		m.MessageID = ids[0]
	}
	if ids := parseIDs(h.Get("In-Reply-To"), 1); len(ids) > 0 {
		m.InReplyTo = ids[0]
	}
	m.References = parseIDs(h.Get("References"), 10*maxReferences)
	if n := len(m.References); n > maxReferences {
		m.References = m.References[n-maxReferences:]
	}
	if date, err := mail.ParseDate(h.Get("Date")); err == nil {
		m.Date = date.UTC()
	}
	m.Auto = readAutomatic(h)
}

// readFrom reads From. RFC 5322 allows several authors and forbids several fields; whichever way a message names more than one
// address, checks of authenticity may have looked at another one than we would, so nobody has spoken.
func (m *Message) readFrom() {
	for _, value := range m.Header.Values("From") {
		for _, a := range parseAddresses(value) {
			if m.Senders == 0 {
				m.From = a
			}
			if m.Senders == 0 || !strings.EqualFold(a.Email, m.From.Email) {
				m.Senders++
			}
		}
	}
	m.HasFrom = m.Senders == 1
}
