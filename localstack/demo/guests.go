package main

import (
	"bytes"
	"encoding/base64"
	"encoding/csv"
	"fmt"
	"mime"
	"strings"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
)

// guest is somebody who is invited.
type guest struct {
	name, email string
	client      imiptest.Client
	calendar    string // what people call the client
	answer      string
}

// mailHosts are where the people on the list have their mail, and the calendars that they use there.
var mailHosts = []struct {
	host     string
	client   imiptest.Client
	calendar string
}{
	{"gmail.example", imiptest.Gmail, "Gmail"}, {"outlook.example", imiptest.Outlook, "Outlook"},
	{"icloud.example", imiptest.Apple, "Apple Calendar"}, {"mail.example", imiptest.Generic, "Thunderbird"},
}

var (
	firstNames = strings.Fields("Ada Alan Andrés Barbara Bjarne Claude Dorothy Edsger Émilie Evelyn Frances Fritz Georg Grete Hedy Hypatia Ida Ivan Jean " +
		"John Julia Karen Katherine Kurt Lise Łukasz Margaret Maria Mary Niels Noor Olga Paul Radia Rosa Sofia Søren Tim Wanda Yukihiro")
	lastNames = strings.Fields("Allen Babbage Bartik Borg Curie Dahl Estrin Fermat Gödel Hamilton Holberton Johnson Keller Knuth Kovalevskaya Lamarr " +
		"Liskov Meitner Mirzakhani O'Neil Perlman Raman Shannon Vaughan Wing")
	asciiLetters = strings.NewReplacer("é", "e", "É", "e", "ø", "o", "ö", "o", "Ł", "l", "'", "")
)

// listed are the thousand people on the list. people ends the local part of their addresses.
func listed(people string) []guest {
	var all []guest
	for _, first := range firstNames {
		for _, last := range lastNames {
			at := mailHosts[len(all)%len(mailHosts)]
			local := strings.ToLower(asciiLetters.Replace(first + "." + last))
			all = append(all, guest{name: first + " " + last, email: local + people + at.host, client: at.client, calendar: at.calendar})
		}
	}
	return all
}

// listFile is the CSV file that invites people to an event, as a spreadsheet saves it.
func listFile(uid string, people []guest) ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	rows := [][]string{{"uid", "email", "name"}}
	for _, g := range people {
		rows = append(rows, []string{uid, g.email, g.name})
	}
	err := w.WriteAll(rows)
	return b.Bytes(), err
}

// listMail is a mail with the list attached.
func listMail(from imiptest.Address, to, filename string, list []byte, at time.Time) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "From: %s\r\nTo: %s\r\nSubject: %s\r\nDate: %s\r\nMessage-ID: <%d.%s>\r\nMIME-Version: 1.0\r\n"+
		"Content-Type: multipart/mixed; boundary=\"the-list\"\r\n\r\n--the-list\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"+
		"Please invite these people.\r\n--the-list\r\nContent-Type: text/csv; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n"+
		"Content-Disposition: attachment; filename=%q\r\n\r\n",
		from, to, mime.QEncoding.Encode("UTF-8", "Our guests"), at.Format(time.RFC1123Z), at.UnixNano(), from.Email, filename)
	for text := base64.StdEncoding.EncodeToString(list); text != ""; {
		n := min(76, len(text))
		b.WriteString(text[:n] + "\r\n")
		text = text[n:]
	}
	b.WriteString("--the-list--\r\n")
	return []byte(b.String())
}
