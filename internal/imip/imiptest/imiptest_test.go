package imiptest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/brand"
	"github.com/calendarinvite/calendarinviteserver/internal/ical"
	"github.com/calendarinvite/calendarinviteserver/internal/imip"
	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
	"github.com/calendarinvite/calendarinviteserver/internal/seal"
)

var (
	ada    = imiptest.Address{Name: "Ada Ng", Email: "ada@example.com"}
	create = imiptest.Address{Email: "create@cis.localhost"}
	grace  = imiptest.Address{Name: "Grace Höpper", Email: "grace@example.org"}
	stamp  = time.Date(2026, 2, 3, 9, 30, 0, 0, time.UTC)
)

const uid = "0k3oq8hmvn6hlb5p9qjfe2u1r4c7d8s9t0a1b2c3"

func berlin(t testing.TB) *time.Location {
	t.Helper()
	location, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return location
}

func event(t testing.TB, client imiptest.Client) imiptest.Event {
	start := time.Date(2026, 3, 3, 14, 0, 0, 0, berlin(t))
	return imiptest.Event{
		Client: client, Organizer: ada, To: create, Key: "spring", Summary: "Spring planning, “grün” 🌱; all", Location: "Library; room 1, Berlin",
		Description: "Bring ideas.\nAnd tea; coffee, too.", Start: start, End: start.Add(90 * time.Minute), At: stamp, Sequence: 2,
		JoinLink: "https://meet.google.com/abc-defg-hij", Rule: "FREQ=WEEKLY;COUNT=5",
	}
}

// read reads a mail with the reader under test.
func read(t testing.TB, raw []byte) (*imip.Message, *imip.CalendarPart, ical.Event) {
	t.Helper()
	m, err := imip.Read(raw, imip.Limits{})
	if err != nil {
		t.Fatalf("%v in\n%s", err, raw)
	}
	part, err := m.Calendar()
	if err != nil {
		t.Fatalf("%v in\n%s", err, raw)
	}
	main, ok := part.Calendar.Main()
	if !ok {
		t.Fatalf("no event in\n%s", raw)
	}
	if len(part.Calendar.Problems) > 0 {
		t.Errorf("problems %v in\n%s", part.Calendar.Problems, raw)
	}
	return m, part, main
}

func TestRequests(t *testing.T) {
	for _, client := range imiptest.Clients {
		for _, method := range []string{"REQUEST", "CANCEL"} {
			t.Run(string(client)+" "+method, func(t *testing.T) {
				e := event(t, client)
				compose := imiptest.ComposeRequest
				if method == "CANCEL" {
					compose = imiptest.ComposeCancel
				}
				raw, err := compose(e)
				if err != nil {
					t.Fatal(err)
				}
				m, part, main := read(t, raw)
				start, _ := main.Start()
				end, _ := main.End()
				organizer, _ := main.Organizer()
				summary := strings.TrimPrefix(main.Summary(), "Canceled: ")
				if part.Method != method || summary != e.Summary || main.Location() != e.Location || main.RRule() != e.Rule || main.Sequence() != 2 ||
					!start.At.Equal(e.Start) || !end.At.Equal(e.End) || start.Source != ical.ZoneVTimezone || organizer.Email != ada.Email ||
					m.From.Email != ada.Email || !main.DTStamp().Equal(stamp) || main.UID() == "" || !strings.HasPrefix(main.Description(), e.Description) {
					t.Errorf("read %+v, %v, %v in\n%s", main.Component, start, end, raw)
				}
				var invited []string
				for _, attendee := range main.Attendees() {
					invited = append(invited, attendee.Email)
				}
				if !strings.Contains(strings.Join(invited, " "), create.Email) {
					t.Errorf("attendees %v", invited)
				}
			})
		}
	}
}

func TestRequestVariants(t *testing.T) {
	e := event(t, imiptest.Gmail)
	e.Rule, e.AllDay, e.Start, e.End = "", true, time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 5, 3, 0, 0, 0, 0, time.UTC)
	raw, _ := imiptest.ComposeRequest(e)
	if _, _, main := read(t, raw); main.Props.Get("DTEND").Value != "20260503" {
		t.Errorf("all day: %v", main.Props["DTEND"])
	}
	e = event(t, imiptest.Outlook)
	e.Instance = e.Start.AddDate(0, 0, 7)
	raw, _ = imiptest.ComposeCancel(e)
	if _, _, main := read(t, raw); !main.IsOverride() || main.RRule() != "" {
		t.Errorf("one instance: %v", main.Props)
	}
	e = event(t, imiptest.Gmail)
	e.MethodIsLow = true
	raw, _ = imiptest.ComposeRequest(e)
	if _, part, _ := read(t, raw); part.Method != "REQUEST" {
		t.Errorf("method %q", part.Method)
	}
	if _, err := imiptest.ComposeRequest(imiptest.Event{}); err == nil {
		t.Error("an empty event is composed")
	}
	if _, err := imiptest.ComposeReply([]byte("Subject: x\r\n\r\nhello"), imiptest.Reply{Client: imiptest.Gmail, Answer: imiptest.Accepted, At: stamp}); err == nil {
		t.Error("a mail without a calendar is answered")
	}
}

// invite is the server's invitation to the event that an organizer mailed in: what guests answer.
func invite(t testing.TB, keys *seal.Keys, e imiptest.Event) []byte {
	t.Helper()
	raw, err := imiptest.ComposeRequest(e)
	if err != nil {
		t.Fatal(err)
	}
	_, part, _ := read(t, raw)
	composer, err := imip.NewComposer(imip.Invitation{
		Calendar: part.Calendar, Method: imip.MethodRequest, UID: uid, Sequence: 3, DTStamp: stamp, OrganizerName: ada.Name, OrganizerEmail: ada.Email,
		RSVP: "rsvp@cis.localhost", Sender: "invites@cis.localhost", Domain: "cis.localhost", Brand: brand.Default(), LinkBase: "http://127.0.0.1:8080",
	}, keys)
	if err != nil {
		t.Fatal(err)
	}
	mail, err := composer.Append(nil, imip.Recipient{Email: grace.Email, Name: grace.Name})
	if err != nil {
		t.Fatal(err)
	}
	return mail
}

func TestReplies(t *testing.T) {
	keys, err := seal.ParseKeys([]byte("a secret for tests, not for use"))
	if err != nil {
		t.Fatal(err)
	}
	invitation := invite(t, keys, event(t, imiptest.Gmail))
	single := event(t, imiptest.Gmail)
	single.Rule = ""
	alias := imiptest.Address{Name: "Grace at home", Email: "grace.h@example.net"}
	for _, client := range imiptest.Clients {
		for name, r := range map[string]imiptest.Reply{
			"accepted":  {Answer: imiptest.Accepted},
			"declined":  {Answer: imiptest.Declined, Comment: "Sorry, no; not “then”, really: \"no\""},
			"tentative": {Answer: imiptest.Tentative, As: alias},
			"instance":  {Answer: imiptest.Declined, Instance: event(t, client).Start.AddDate(0, 0, 7)},
		} {
			t.Run(string(client)+" "+name, func(t *testing.T) {
				r.Client, r.At = client, stamp.Add(time.Hour)
				raw, err := imiptest.ComposeReply(invitation, r)
				if err != nil {
					t.Fatal(err)
				}
				m, part, main := read(t, raw)
				who := grace
				if r.As.Email != "" {
					who = r.As
				}
				attendees := main.Attendees()
				opened, err := keys.OpenUID(main.UID())
				if err != nil || opened.UID != uid || opened.Email != grace.Email {
					t.Errorf("UID %q: %+v, %v", main.UID(), opened, err)
				}
				if part.Method != "REPLY" || len(attendees) != 1 || attendees[0].Email != who.Email || attendees[0].PartStat != r.Answer ||
					m.From.Email != who.Email || m.From.Name != who.Name || main.Sequence() != 3 || !main.DTStamp().Equal(r.At) {
					t.Errorf("read %+v from %v in\n%s", attendees, m.From, raw)
				}
				if _, ok := main.Organizer(); ok == (client == imiptest.Outlook) {
					t.Errorf("ORGANIZER there: %v", ok)
				}
				if id, ok := main.RecurrenceID(); ok != !r.Instance.IsZero() || ok && !id.At.Equal(r.Instance) {
					t.Errorf("RECURRENCE-ID %v", id)
				}
				comment := strings.TrimSpace(main.Comment())
				if client == imiptest.Gmail { // Google writes the note as a parameter
					comment = strings.NewReplacer(`\,`, ",", `\;`, ";").Replace(main.Props.Get("ATTENDEE").Params.Get("X-RESPONSE-COMMENT"))
				}
				if strings.ReplaceAll(comment, `"`, "'") != strings.ReplaceAll(r.Comment, `"`, "'") {
					t.Errorf("comment %q, want %q", comment, r.Comment)
				}
				again, _ := imiptest.ComposeReply(invitation, r)
				if string(again) != string(raw) {
					t.Error("not the same bytes again")
				}
			})
		}
	}
}

func TestCounters(t *testing.T) {
	keys, err := seal.ParseKeys([]byte("a secret for tests, not for use"))
	if err != nil {
		t.Fatal(err)
	}
	e := event(t, imiptest.Outlook)
	e.Rule = ""
	invitation := invite(t, keys, e)
	proposed := e.Start.Add(48 * time.Hour)
	for _, client := range imiptest.Clients {
		raw, err := imiptest.ComposeCounter(invitation, imiptest.Counter{
			Reply: imiptest.Reply{Client: client, Answer: imiptest.Tentative, At: stamp, Comment: "Thursday?"}, Start: proposed, End: proposed.Add(time.Hour),
		})
		if err != nil {
			t.Fatal(err)
		}
		_, part, main := read(t, raw)
		start, _ := main.Start()
		end, _ := main.End()
		if part.Method != "COUNTER" || !start.At.Equal(proposed) || !end.At.Equal(proposed.Add(time.Hour)) {
			t.Errorf("%s: %s %v %v in\n%s", client, part.Method, start, end, raw)
		}
	}
}
