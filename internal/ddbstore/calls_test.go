package ddbstore_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/calendarinvite/calendarinviteserver/internal/ddbstore"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/invite/storetest"
	"github.com/calendarinvite/calendarinviteserver/localstack/dynamo/dynamotest"
)

// calls counts the calls of DynamoDB by action, and how many items they name.
type calls struct {
	mu    sync.Mutex
	made  map[string]int
	items map[string]int
}

func (c *calls) RoundTrip(r *http.Request) (*http.Response, error) {
	_, action, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	var named struct {
		TransactItems, Statements []json.RawMessage
		RequestItems              map[string]struct{ Keys []json.RawMessage }
	}
	if err := json.Unmarshal(body, &named); err != nil {
		return nil, err
	}
	c.mu.Lock()
	if c.made == nil {
		c.made, c.items = map[string]int{}, map[string]int{}
	}
	c.made[action]++
	items := len(named.TransactItems) + len(named.Statements)
	for _, table := range named.RequestItems {
		items += len(table.Keys)
	}
	if items > 0 {
		c.items[action] += items
	}
	c.mu.Unlock()
	return http.DefaultTransport.RoundTrip(r)
}

// take returns what was counted and starts over.
func (c *calls) take() (made, items map[string]int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	made, items = maps.Clone(c.made), maps.Clone(c.items)
	clear(c.made)
	clear(c.items)
	return made, items
}

// The cost of a step is the number of calls it makes: these are the numbers that its doc comment promises.
func TestCalls(t *testing.T) {
	count := &calls{}
	cfg, table := dynamotest.NewTable(t, count)
	w := storetest.NewWorld(t, ddbstore.New(cfg, table))
	ctx := t.Context()
	expect := func(what string, want map[string]int) {
		t.Helper()
		made, _ := count.take()
		if diff := cmp.Diff(want, made); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	event := w.Create()
	expect("create", map[string]int{"BatchGetItem": 1, "TransactWriteItems": 1})

	verify := func(email string) invite.Verification {
		verified, err := w.Service.Verify(ctx, invite.InviteRequest{ID: email, UID: event.UID, Email: email, SourceIP: "192.0.2.1"})
		if err != nil || !verified.Verified {
			t.Fatal(verified.Reason, err)
		}
		return verified
	}
	verify("bob@example.com")
	expect("verify, the first time in a process", map[string]int{"GetItem": 1, "BatchGetItem": 1})
	verified := verify("bob@example.com")
	expect("verify", map[string]int{"BatchGetItem": 1})
	if _, err := w.Service.Send(ctx, verified.Request, verified.Event); err != nil {
		t.Fatal(err)
	}
	expect("send", map[string]int{"TransactWriteItems": 1, "UpdateItem": 1})
	if len(w.Mails.Sent) != 1 {
		t.Errorf("%d mails for one invitation", len(w.Mails.Sent))
	}
	reply := w.Reply(event, "bob@example.com", "ACCEPTED")
	count.take()
	w.Answer(reply)
	expect("answer", map[string]int{"BatchGetItem": 1, "TransactWriteItems": 1})
	w.Answer(reply)
	expect("repeated answer", map[string]int{"BatchGetItem": 1})
	w.Clock.Pass(time.Minute)

	request := w.Request("ada@organizer.example", strings.Replace(storetest.Meeting("SEQUENCE:1"), "Room 1", "Room 2", 1))
	if _, err := w.Service.Route(ctx, request); err != nil {
		t.Fatal(err)
	}
	expect("route", map[string]int{"GetItem": 1, "BatchGetItem": 1})
	if _, err := w.Service.UpdateEvent(ctx, event.UID, request); err != nil {
		t.Fatal(err)
	}
	expect("update", map[string]int{"GetItem": 1, "TransactWriteItems": 1})
	request = w.Request("ada@organizer.example", storetest.Meeting("SEQUENCE:2", "DTSTART:20260401T080000Z"))
	if _, err := w.Service.UpdateEvent(ctx, event.UID, request); err != nil {
		t.Fatal(err)
	}
	expect("reschedule", map[string]int{"GetItem": 1, "Query": 1, "TransactWriteItems": 1})
	if _, err := w.Service.CancelEvent(ctx, event.UID, w.Request("ada@organizer.example", storetest.Meeting("METHOD:CANCEL", "SEQUENCE:3"))); err != nil {
		t.Fatal(err)
	}
	expect("cancel", map[string]int{"GetItem": 1, "TransactWriteItems": 1})
	if _, err := w.Service.Statistics(ctx, "default", event.UID); err != nil {
		t.Fatal(err)
	}
	expect("statistics", map[string]int{"Query": 1})
}

// What a batch costs is the number of its calls and of the items that they read and write.
func TestBatchCalls(t *testing.T) {
	count := &calls{}
	cfg, table := dynamotest.NewTable(t, count)
	store := ddbstore.New(cfg, table)
	w := storetest.NewWorld(t, store)
	ctx := t.Context()
	check := func(what string, err error, calls, items map[string]int) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		made, named := count.take()
		if diff := cmp.Diff(calls, made); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
		if diff := cmp.Diff(items, named); diff != "" {
			t.Errorf("items of %s (-want +got):\n%s", what, diff)
		}
	}
	event := w.Create()
	var emails []string
	for i := range invite.MaxBatch {
		emails = append(emails, fmt.Sprintf("guest%d@example.com", i))
	}
	count.take()
	_, err := store.Gather(ctx, invite.GatherQuery{UID: event.UID, Owner: event.Owner(), Emails: emails, Standings: true})
	check("gather", err, map[string]int{"BatchGetItem": 2}, map[string]int{"BatchGetItem": 181})
	batch := w.Batch(event, "bulk-1", emails...)
	count.take()
	_, err = store.InviteBatch(ctx, batch)
	check("invite", err, map[string]int{"TransactWriteItems": 1}, map[string]int{"TransactWriteItems": 93})
	var invited []invite.InviteMark
	var updated []invite.UpdateMark
	for _, email := range emails {
		invited = append(invited, invite.InviteMark{UID: event.UID, Email: email, RequestID: "bulk-1", Generation: 1, SESMessageID: "ses", At: 1})
		updated = append(updated, invite.UpdateMark{UID: event.UID, Email: email, Sequence: 1, Rescheduled: 1, SESMessageID: "ses", At: 1})
	}
	check("mark invited", store.MarkInvited(ctx, invited), map[string]int{"BatchExecuteStatement": 4}, map[string]int{"BatchExecuteStatement": 89})
	check("mark updated", store.MarkUpdated(ctx, updated), map[string]int{"BatchExecuteStatement": 4}, map[string]int{"BatchExecuteStatement": 89})
	for i := range updated {
		updated[i].Sequence = 2
	}
	check("mark updated who answered", store.MarkUpdated(ctx, updated[:25]), map[string]int{"BatchExecuteStatement": 2}, map[string]int{"BatchExecuteStatement": 50})

	w.Reconfigure(func(c *invite.Config) { c.EventInviteLimit = invite.MaxBatch })
	limited := w.Create("UID:limited")
	batch = w.Batch(limited, "bulk-1", emails...)
	count.take()
	_, err = store.InviteBatch(ctx, batch)
	check("invite from all shards", err, map[string]int{"TransactWriteItems": 2, "Query": 1}, map[string]int{"TransactWriteItems": 193})
	more := w.Batch(limited, "bulk-2", "late@example.com")
	count.take()
	_, err = store.InviteBatch(ctx, more)
	check("invite beyond the limit", err, map[string]int{"TransactWriteItems": 1, "Query": 1}, map[string]int{"TransactWriteItems": 5})

	attendee, err := store.Attendee(ctx, event.UID, emails[0])
	check("attendee", err, map[string]int{"GetItem": 1}, map[string]int{})
	check("amend", store.Amend(ctx, attendee, invite.Statistics{}), map[string]int{"PutItem": 1}, map[string]int{})
	attendee.Version++
	check("amend and count", store.Amend(ctx, attendee, invite.Statistics{Bounced: 1}), map[string]int{"TransactWriteItems": 1}, map[string]int{"TransactWriteItems": 5})
	block := invite.Block{Attendee: emails[0], Organizer: event.Owner(), UID: event.UID, By: invite.ByLink, At: 1}
	for _, on := range []bool{true, false} {
		_, err = store.SetBlock(ctx, block, on)
		check("block", err, map[string]int{"BatchGetItem": 1, "TransactWriteItems": 1}, map[string]int{"BatchGetItem": 2, "TransactWriteItems": 5})
	}
	_, err = store.SetBlock(ctx, block, false)
	check("no block", err, map[string]int{"BatchGetItem": 1}, map[string]int{"BatchGetItem": 2})
	_, err = store.Subscribe(ctx, event.Owner(), invite.SubscriptionRecord{Created: 1})
	check("subscribe", err, map[string]int{"UpdateItem": 1, "PutItem": 1}, map[string]int{})
	_, err = store.Subscribe(ctx, event.Owner(), invite.SubscriptionRecord{Created: 2})
	check("subscribe again", err, map[string]int{"UpdateItem": 1, "PutItem": 1}, map[string]int{})
	_, err = store.Standings(ctx, event.Owner())
	check("standings", err, map[string]int{"BatchGetItem": 1}, map[string]int{"BatchGetItem": 3})
	check("proposal", store.PutProposal(ctx, invite.Proposal{UID: event.UID, Email: emails[0]}), map[string]int{"PutItem": 1}, map[string]int{})
	check("guest", store.PutGuest(ctx, invite.Guest{UID: event.UID, Email: emails[0]}), map[string]int{"PutItem": 1}, map[string]int{})
	for _, limit := range []int{1, 2, 10} {
		_, _, err = store.OrganizerEvents(ctx, event.Owner(), "", limit)
		check("events of an organizer", err, map[string]int{"Query": 1}, map[string]int{})
		_, _, err = store.SystemEvents(ctx, invite.DefaultTenant, "", limit)
		check("events of a tenant", err, map[string]int{"Query": 1}, map[string]int{})
	}
	_, _, err = store.Attendees(ctx, event.UID, "", 50)
	check("attendees", err, map[string]int{"Query": 1}, map[string]int{})
	_, err = store.LookUpAny(ctx, event.OriginalUID)
	check("look up", err, map[string]int{"Query": 1}, map[string]int{})
	_, err = store.OrganizerStatistics(ctx, event.Owner())
	check("counts of an organizer", err, map[string]int{"Query": 1}, map[string]int{})
}

// A write of up to 1 KB costs one unit, in a transaction two: an invited attendee's record must not grow beyond that.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
func TestAttendeeSize(t *testing.T) {
	cfg, table := dynamotest.NewTable(t, nil)
	store := ddbstore.New(cfg, table)
	w := storetest.NewWorld(t, store)
	event := w.Create()
	email := "maximiliane.von-der-leuchtenberg-hohenstein@engineering.subsidiary.example.com"
	batch := w.Batch(event, "arn:aws:states:us-east-1:123456789012:express:production-bulk-invites:0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0:1a2b3c4d-5e6f-7081-92a3-b4c5d6e7f809", email)
	batch.Attendees[0].Name = "Prof. Dr. Maximiliane von der Leuchtenberg-Hohenstein (Engineering)"
	batch.Attendees[0].MailTo = "conference-and-community-events@headquarters.example.org"
	batch.Attendees[0].Tenant = "headquarters-events"
	w.InviteBatch(batch)
	mark := invite.InviteMark{UID: event.UID, Email: email, RequestID: batch.Attendees[0].RequestID, Generation: 1, SESMessageID: "0100018f3c2d1e0f-12345678-90ab-cdef-1234-567890abcdef-000000", At: 1772442000}
	if err := store.MarkInvited(t.Context(), []invite.InviteMark{mark}); err != nil {
		t.Fatal(err)
	}
	found, err := dynamodb.NewFromConfig(cfg).GetItem(t.Context(), &dynamodb.GetItemInput{TableName: &table, Key: map[string]types.AttributeValue{
		"pk": &types.AttributeValueMemberS{Value: "event#" + event.UID}, "sk": &types.AttributeValueMemberS{Value: "attendee#" + email},
	}})
	if err != nil || found.Item["sent_at"] == nil {
		t.Fatal(found, err)
	}
	size := 0
	for name, value := range found.Item {
		size += len(name)
		switch value := value.(type) {
		case *types.AttributeValueMemberS:
			size += len(value.Value)
		case *types.AttributeValueMemberN:
			size += len(value.Value)/2 + 2
		case *types.AttributeValueMemberBOOL:
			size++
		default:
			t.Errorf("%s is a %T", name, value)
		}
	}
	if size > 1024 {
		t.Errorf("%d octets", size)
	}
	t.Logf("%d octets", size)
}
