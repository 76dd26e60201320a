package bulk_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/calendarinvite/calendarinviteserver/internal/bulk"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
)

type contact struct{ Name, Email string }

// TestCorpus reads every list of the shared corpus: its contacts are accepted, and the rows that its manifest names are rejected.
func TestCorpus(t *testing.T) {
	folder := filepath.Join("..", "..", "..", "shared", "corpus")
	text, err := os.ReadFile(filepath.Join(folder, "MANIFEST.json"))
	if err != nil {
		t.Skip("no corpus beside the repository: ", err)
	}
	var manifest struct {
		Files []struct {
			File   string
			Kind   string
			Expect json.RawMessage
		}
	}
	if err := json.Unmarshal(text, &manifest); err != nil {
		t.Fatal(err)
	}
	for _, file := range manifest.Files {
		if file.Kind != "csv" {
			continue
		}
		t.Run(strings.TrimSuffix(filepath.Base(file.File), ".csv"), func(t *testing.T) {
			var expect struct {
				Contacts []contact
				Rejected []struct{ Row int } `json:"rejected_rows"`
			}
			if err := json.Unmarshal(file.Expect, &expect); err != nil {
				t.Fatal(err)
			}
			list, err := os.ReadFile(filepath.Join(folder, file.File))
			if err != nil {
				t.Fatal(err)
			}
			var accepted, rejected bytes.Buffer
			rows, err := bulk.Rows(list, bulk.Options{UID: "u1"})
			if err == nil {
				_, err = bulk.Split(t.Context(), rows, bulk.NewCheck(events(map[string]string{"u1": ""}), "ada@organizer.example"), &accepted, &rejected)
			}
			if len(expect.Contacts) == 0 {
				if fault.ReasonOf(err) != bulk.ReasonEmptyList {
					t.Errorf("%v, want %s", err, bulk.ReasonEmptyList)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var contacts []contact
			for d := json.NewDecoder(&accepted); d.More(); {
				var item bulk.Item
				if err := d.Decode(&item); err != nil {
					t.Fatal(err)
				}
				contacts = append(contacts, contact{item.Name, item.Email})
			}
			if diff := cmp.Diff(expect.Contacts, contacts); diff != "" {
				t.Errorf("contacts (-want +got):\n%s", diff)
			}
			var wrong, wantWrong []int
			for d := json.NewDecoder(&rejected); d.More(); {
				var row bulk.Rejected
				if err := d.Decode(&row); err != nil {
					t.Fatal(err)
				}
				wrong = append(wrong, row.Row)
			}
			for _, row := range expect.Rejected {
				wantWrong = append(wantWrong, row.Row)
			}
			if diff := cmp.Diff(wantWrong, wrong); diff != "" {
				t.Errorf("rejected rows (-want +got):\n%s", diff)
			}
		})
	}
}
