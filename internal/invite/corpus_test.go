package invite

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/imip"
	"github.com/calendarinvite/calendarinviteserver/internal/itip"
)

// corpus lists mails as real calendars sent them; the test is skipped where they are not at hand.
func corpus(t *testing.T, kinds ...string) (files []string) {
	t.Helper()
	for _, kind := range kinds {
		found, _ := filepath.Glob(filepath.Join("..", "..", "..", "shared", "corpus", kind, "*.eml"))
		files = append(files, found...)
	}
	if len(files) == 0 {
		t.Skip("the corpus of calendar mail is not beside this repository")
	}
	return files
}

// What a mail asks for must survive being stored: the stored calendar says the same event, and names no guest.
func TestNewRequestCorpus(t *testing.T) {
	read := 0
	for _, file := range corpus(t, "requests", "publish", "cancels") {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		msg, err := imip.Read(raw, imip.Limits{})
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		part, err := msg.Calendar()
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		r, err := NewRequest(Mail{MessageID: "m1"}, msg, part)
		if err != nil {
			if fault.KindOf(err) == fault.Internal {
				t.Errorf("%s: %v", file, err)
			}
			t.Logf("%s: refused: %v", filepath.Base(file), err)
			continue
		}
		read++
		stored, err := unpack(r.Calendar)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if d := itip.Compare(normalise(part.Calendar), stored); d.Change != itip.Nothing {
			t.Errorf("%s: stored with %s changed", file, d.Fields)
		}
		main, _ := part.Calendar.Main()
		for _, guest := range main.Attendees() {
			if at, _ := main.Organizer(); guest.Email != at.Email && !guest.NotMailto && mentions(r, guest.Email) && !mentioned(main.Description()+main.Location()+main.Text("X-ALT-DESC"), guest.Email) {
				t.Errorf("%s: the stored event names the guest %s", file, guest.Email)
			}
		}
		packed, err := pack(normalise(stored))
		if err != nil || !bytes.Equal(packed, r.Calendar) {
			t.Errorf("%s: the normal form of the normal form is another (%v)", file, err)
		}
	}
	t.Logf("%d mails read", read)
}

func mentions(r Request, address string) bool {
	calendar, err := unpack(r.Calendar)
	if err != nil {
		return false
	}
	r.Calendar = nil
	text, err := json.Marshal(r)
	if err != nil || mentioned(strings.ReplaceAll(string(text), r.MailTo, ""), address) && address != r.OriginalOrganizer {
		return true
	}
	for _, child := range calendar.Children {
		for _, props := range child.Props {
			for _, p := range props {
				if mentioned(p.Value, address) {
					return true
				}
			}
		}
	}
	return false
}

func mentioned(text, address string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(address))
}
