package imip_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/emersion/go-message"
)

// sentPart is a leaf of a composed mail as another MIME reader sees it.
type sentPart struct {
	path        string // media types from the outermost on
	contentType string
	params      map[string]string
	encoding    string
	disposition string
	body        string // decoded
}

// sent is a composed mail, read back.
type sent struct {
	header *message.Header
	parts  []sentPart
	raw    []byte
}

func readSent(t testing.TB, raw []byte) sent {
	t.Helper()
	entity, err := message.Read(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	s := sent{header: &entity.Header, raw: raw}
	var walk func(path string, e *message.Entity)
	walk = func(path string, e *message.Entity) {
		kind, params, err := e.Header.ContentType()
		if err != nil {
			t.Fatal(err)
		}
		path += kind
		if multipart := e.MultipartReader(); multipart != nil {
			for {
				child, err := multipart.NextPart()
				if err == io.EOF {
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				walk(path+" > ", child)
			}
		}
		body, err := io.ReadAll(e.Body)
		if err != nil {
			t.Fatal(err)
		}
		s.parts = append(s.parts, sentPart{
			path: path, contentType: kind, params: params, encoding: e.Header.Get("Content-Transfer-Encoding"),
			disposition: e.Header.Get("Content-Disposition"), body: string(body),
		})
	}
	walk("", entity)
	return s
}

// part is the decoded part of a media type.
func (s sent) part(t testing.TB, contentType string) sentPart {
	t.Helper()
	for _, p := range s.parts {
		if p.contentType == contentType {
			return p
		}
	}
	t.Fatalf("no %s", contentType)
	return sentPart{}
}

// calendar is the invitation in the mail, unfolded, one content line each.
func (s sent) calendar(t testing.TB) calendarLines {
	t.Helper()
	body := s.part(t, "text/calendar").body
	return strings.Split(strings.TrimSuffix(strings.ReplaceAll(body, "\r\n ", ""), "\r\n"), "\r\n")
}

// calendarLines are unfolded content lines.
type calendarLines []string

// all lists the lines of a property, from within VEVENTs unless the property is one of the calendar's own.
func (c calendarLines) all(name string) []string {
	var found []string
	zone := false
	for _, line := range c {
		switch line {
		case "BEGIN:VTIMEZONE":
			zone = true
		case "END:VTIMEZONE":
			zone = false
		}
		if !zone && (strings.HasPrefix(line, name+":") || strings.HasPrefix(line, name+";")) {
			found = append(found, line)
		}
	}
	return found
}

// one is the only line of a property, "" when there is none.
func (c calendarLines) one(t testing.TB, name string) string {
	t.Helper()
	found := c.all(name)
	if len(found) > 1 {
		t.Fatalf("%d lines of %s: %q", len(found), name, found)
	}
	if len(found) == 0 {
		return ""
	}
	return found[0]
}

// want checks the only lines of properties.
func (c calendarLines) want(t testing.TB, lines ...string) {
	t.Helper()
	for _, want := range lines {
		name := want[:strings.IndexAny(want, ":;")]
		if got := c.one(t, name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

// calendarOf composes an invitation and reads its calendar.
func calendarOf(t testing.TB, calendar string) calendarLines {
	t.Helper()
	return readSent(t, compose(t, invitation(t, calendar))).calendar(t)
}
