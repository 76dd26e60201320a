package bulk_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/calendarinvite/calendarinviteserver/internal/bulk"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/imip"
)

const (
	aList     = "uid,email,name\r\nu1,a@example.com,Ann\r\n"
	otherList = "uid,email,name\r\nu1,b@example.com,Bob\r\n"
	letter    = "Content-Type: text/plain; charset=utf-8\r\n\r\nHi, here is the list.\r\n"
	archive   = "PK\x03\x04\x14\x00\x06\x00"
)

// part is a part of a mail with a header and a body in base64.
func part(header, body string) string {
	return header + "\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.StdEncoding.EncodeToString([]byte(body)) + "\r\n"
}

// file is an attachment.
func file(mediaType, name, body string) string {
	return part(fmt.Sprintf("Content-Type: %s\r\nContent-Disposition: attachment; filename=%q", mediaType, name), body)
}

func multipart(kind string, parts ...string) string {
	boundary := fmt.Sprintf("=_%s%d", kind, len(strings.Join(parts, "")))
	return fmt.Sprintf("Content-Type: multipart/%s; boundary=%q\r\n\r\n--%s\r\n%s--%s--\r\n", kind, boundary,
		boundary, strings.Join(parts, "--"+boundary+"\r\n"), boundary)
}

func mail(t *testing.T, content string) *imip.Message {
	t.Helper()
	m, err := imip.Read([]byte("From: ada@example.com\r\nSubject: list\r\nMIME-Version: 1.0\r\n"+content), imip.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestAttachment(t *testing.T) {
	html := "Content-Type: text/html\r\n\r\n<p>Hi, here is the list.</p>\r\n"
	for _, test := range []struct{ name, content, reason string }{ // no reason: aList is found
		{"text/csv", multipart("mixed", letter, file("text/csv", "list.csv", aList)), ""},
		{"text/csv without a name", multipart("mixed", letter, part("Content-Type: text/csv", aList)), ""},
		{"text/csv shown inline", multipart("mixed", letter, part("Content-Type: text/csv; name=\"list.csv\"\r\nContent-Disposition: inline", aList)), ""},
		{"from Windows", multipart("mixed", letter, file("application/vnd.ms-excel", "List.CSV", aList)), ""},
		{"from Windows without a name", multipart("mixed", letter, part("Content-Type: application/vnd.ms-excel", aList)), ""},
		{"octet-stream", multipart("mixed", letter, file("application/octet-stream", "my list.csv", aList)), ""},
		{"text/plain", multipart("mixed", letter, file("text/plain", "list.csv", aList)), ""},
		{"tabs", multipart("mixed", letter, file("application/octet-stream", "list.tsv", aList)), ""},
		{"tabs by type", multipart("mixed", letter, file("text/tab-separated-values", "list", aList)), ""},
		{"a text file", multipart("mixed", letter, file("text/plain", "list.txt", aList)), ""},
		{"text that claims to be a workbook", multipart("mixed", letter, file("application/vnd.ms-excel", "export.xls", aList)), ""},
		{"nested", multipart("mixed", multipart("related", multipart("alternative", letter, html), file("text/csv", "list.csv", aList)), letter), ""},
		{"alone", file("text/csv", "list.csv", aList), ""},
		{"within a message that is attached", multipart("mixed", letter, "Content-Type: message/rfc822\r\n\r\nFrom: b@example.com\r\n"+multipart("mixed", letter, file("text/csv", "list.csv", aList))), ""},
		{"beside one in a message that is attached", multipart("mixed", letter, file("text/csv", "list.csv", aList), "Content-Type: message/rfc822\r\n\r\n"+file("text/csv", "old.csv", otherList)), ""},
		{"the same file twice", multipart("mixed", letter, file("text/csv", "list.csv", aList), file("application/octet-stream", "list (1).csv", aList)), ""},
		{"beside a footer in a text file", multipart("mixed", letter, file("text/plain", "ATT00001.txt", "_______\r\nfans mailing list\r\n"), file("text/csv", "list.csv", aList)), ""},
		{"beside a workbook of the same", multipart("mixed", letter, file("application/octet-stream", "list.xlsx", archive), file("text/csv", "list.csv", aList)), ""},
		{"in the text of the mail", "Content-Type: text/plain\r\n\r\n" + aList, ""},
		{"in the text of the mail beside HTML", multipart("alternative", part("Content-Type: text/plain", aList), html), ""},

		{"nothing", letter, bulk.ReasonNoCSV},
		{"a picture", multipart("mixed", letter, file("image/png", "list.png", "\x89PNG")), bulk.ReasonNoCSV},
		{"addresses in the text of the mail", "Content-Type: text/plain\r\n\r\nemail\r\na@example.com\r\n", bulk.ReasonNoCSV},
		{"a text file that is no list", multipart("mixed", letter, file("text/plain", "notes.txt", "Dear all")), bulk.ReasonNoCSV},
		{"two lists", multipart("mixed", letter, file("text/csv", "a.csv", aList), file("text/csv", "b.csv", otherList)), bulk.ReasonSeveralCSV},
		{"a list and its like", multipart("mixed", letter, file("text/csv", "a.csv", aList), file("text/csv", "a.csv", aList), file("text/csv", "b.csv", otherList)), bulk.ReasonSeveralCSV},
		{"a workbook", multipart("mixed", letter, file("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "list.xlsx", archive)), bulk.ReasonSpreadsheet},
		{"a workbook without a type", multipart("mixed", letter, file("application/octet-stream", "list.xlsx", archive)), bulk.ReasonSpreadsheet},
		{"an old workbook", multipart("mixed", letter, file("application/vnd.ms-excel", "list.xls", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")), bulk.ReasonSpreadsheet},
		{"a workbook that is a page", multipart("mixed", letter, file("application/vnd.ms-excel", "list.xls", "<html><table>")), bulk.ReasonSpreadsheet},
		{"an OpenDocument", multipart("mixed", letter, file("application/vnd.oasis.opendocument.spreadsheet", "list.ods", archive)), bulk.ReasonSpreadsheet},
		{"from Numbers", multipart("mixed", letter, file("application/octet-stream", "list.numbers", archive)), bulk.ReasonSpreadsheet},
		{"a workbook renamed", multipart("mixed", letter, file("text/csv", "list.csv", archive)), bulk.ReasonSpreadsheet},
		{"winmail.dat", multipart("mixed", letter, file("application/ms-tnef", "winmail.dat", "\x78\x9f\x3e\x22\x01\x00")), bulk.ReasonWinmail},
	} {
		t.Run(test.name, func(t *testing.T) {
			found, err := bulk.Attachment(mail(t, test.content))
			if test.reason == "" {
				if err != nil || strings.TrimSpace(string(found.Body)) != strings.TrimSpace(aList) {
					t.Errorf("%q, %v", found.Body, err)
				}
				return
			}
			if found.Body != nil || fault.KindOf(err) != fault.InvalidRequest || fault.ReasonOf(err) != test.reason || fault.PublicOf(err) == "" {
				t.Errorf("%q, %v; want %s", found.Body, err, test.reason)
			}
		})
	}
}
