package inspect

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/itip"
	"github.com/calendarinvite/calendarinviteserver/internal/when"
)

// eventPage shows one event with its guests: what the confirmation mail's "See who comes" leads to on this machine.
type eventPage struct {
	Event  invite.Event
	When   string
	Counts []count
	Guests []guest
	Table  string
	PK     string
}

type guest struct {
	invite.Attendee
	Now itip.Status // the answer that counts for the event as it stands
}

// event shows an event and everybody who was invited or answered, from the records themselves.
func (p *Pages) event(w http.ResponseWriter, r *http.Request) error {
	tables, err := p.Tables.Tables(r.Context())
	if err != nil {
		return err
	}
	if len(tables) == 0 {
		return errNotFound
	}
	page := eventPage{Table: tables[0], PK: "event#" + r.PathValue("uid")}
	query := map[string]any{
		"TableName": page.Table, "ConsistentRead": true, "KeyConditionExpression": "pk = :pk",
		"ExpressionAttributeValues": map[string]any{":pk": map[string]string{"S": page.PK}},
	}
	found := false
	for {
		var out struct {
			Items            []map[string]any
			LastEvaluatedKey json.RawMessage
		}
		if err := p.Tables.Call(r.Context(), "Query", query, &out); err != nil {
			return fmt.Errorf("reading event %s: %w", r.PathValue("uid"), err)
		}
		for _, item := range out.Items {
			record := plainMap(item)
			switch sk := fmt.Sprint(record["sk"]); {
			case sk == page.PK:
				found = true
				err = decode(record, &page.Event)
			case strings.HasPrefix(sk, "attendee#"):
				page.Guests = append(page.Guests, guest{})
				err = decode(record, &page.Guests[len(page.Guests)-1].Attendee)
			}
			if err != nil {
				return err
			}
		}
		if len(out.LastEvaluatedKey) == 0 {
			break
		}
		query["ExclusiveStartKey"] = out.LastEvaluatedKey
	}
	if !found {
		return errNotFound
	}
	e := page.Event
	page.When = when.New(e.DTStart, e.DTEnd, e.AllDay, e.TZID, e.RRule).String()
	page.count()
	return p.render(w, r, "event", view{Title: e.Summary, Section: "tables", Page: page}, map[string]any{"event": e, "attendees": page.Guests})
}

func (page *eventPage) count() {
	given := map[itip.Status]int{}
	for i := range page.Guests {
		page.Guests[i].Now = page.Guests[i].StatusAt(page.Event)
		given[page.Guests[i].Now]++
	}
	page.Counts = []count{{Label: "guests", N: len(page.Guests)}}
	for _, status := range itip.Statuses() {
		page.Counts = append(page.Counts, count{Label: statusWords[status], N: given[status]})
	}
}

var statusWords = map[itip.Status]string{
	itip.Accepted: "said yes", itip.Tentative: "said maybe", itip.Declined: "said no", itip.NoAction: "not answered", itip.Delegated: "delegated",
}

// decode reads a record, whose attributes are named as the fields are in JSON.
func decode(record map[string]any, into any) error {
	data, err := json.Marshal(record)
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		return fmt.Errorf("reading record %v: %w", record["sk"], err)
	}
	return nil
}
