package scale

import (
	"encoding/json"
	"fmt"
	"maps"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/localstack/dynamo"
)

// records reads an event and its attendees from the table, with the account's own keys.
func (s *system) records(uid string) (event invite.Event, attendees []invite.Attendee) {
	s.t.Helper()
	api := dynamodb.New(dynamodb.Options{
		BaseEndpoint: aws.String("http://" + s.AWS), Region: s.Wiring.Region(), Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
	pages := dynamodb.NewQueryPaginator(api, &dynamodb.QueryInput{
		TableName: &s.Wiring.Table.Name, ConsistentRead: aws.Bool(true), KeyConditionExpression: aws.String("pk = :pk"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":pk": &types.AttributeValueMemberS{Value: "event#" + uid}},
	})
	decode := func(item map[string]types.AttributeValue, into any) {
		if err := attributevalue.UnmarshalMapWithOptions(item, into, func(o *attributevalue.DecoderOptions) { o.TagKey = "json" }); err != nil {
			s.t.Fatal(err)
		}
	}
	for pages.HasMorePages() {
		page, err := pages.NextPage(s.t.Context())
		if err != nil {
			s.t.Fatal(err)
		}
		for _, item := range page.Items {
			if _, isAttendee := item["email"]; isAttendee {
				attendees = append(attendees, invite.Attendee{})
				decode(item, &attendees[len(attendees)-1])
			} else if item["mailto"] != nil {
				decode(item, &event)
			}
		}
	}
	return event, attendees
}

// table calls the emulator itself: what a test writes costs nobody anything.
func (s *system) table(action string, in, out any) {
	s.t.Helper()
	if err := s.Dynamo.Call(s.t.Context(), action, in, out); err != nil {
		s.t.Error(err)
	}
}

func text(s string) json.RawMessage {
	value, _ := json.Marshal(map[string]string{"S": s}) // strings always encode
	return value
}

func number(n int) json.RawMessage { return json.RawMessage(fmt.Sprintf(`{"N":"%d"}`, n)) }

// invited writes records of so many people at the event, as the invitation of one, which is sent for it, has left them. Nothing counts
// them.
func (s *system) invited(uid string, people int) {
	s.t.Helper()
	model := fmt.Sprintf("model@%s.example.org", uid)
	if a := s.Do("GET", "/event/"+uid+"/invite?name=Guest+Number&email="+model, ""); a.Status != 302 {
		s.t.Fatalf("the invite link answers %d %s", a.Status, a.Body)
	}
	var like struct{ Item dynamo.Item }
	key := dynamo.Item{"pk": text("event#" + uid), "sk": text("attendee#" + model)}
	s.table("GetItem", map[string]any{"TableName": s.Wiring.Table.Name, "Key": key}, &like)
	s.table("DeleteItem", map[string]any{"TableName": s.Wiring.Table.Name, "Key": key}, nil)
	const most = 100 // of a transaction, which the emulator is fastest with: it commits every other write by itself
	type put struct{ Put map[string]any }
	work := make(chan []put)
	var writers sync.WaitGroup
	for range 4 {
		writers.Go(func() {
			for puts := range work {
				s.table("TransactWriteItems", map[string]any{"TransactItems": puts}, nil)
			}
		})
	}
	var puts []put
	for n := range people {
		one := maps.Clone(like.Item)
		one["sk"], one["email"], one["name"] = text("attendee#"+guest(n)), text(guest(n)), text(fmt.Sprintf("Guest Number %d", n))
		puts = append(puts, put{map[string]any{"TableName": s.Wiring.Table.Name, "Item": one}})
		if len(puts) == most || n == people-1 {
			work <- puts
			puts = nil
		}
	}
	close(work)
	writers.Wait()
}

// revised makes the event look as if it had been changed, and nobody told yet.
func (s *system) revised(uid string, sequence int) {
	s.t.Helper()
	s.table("UpdateItem", map[string]any{
		"TableName": s.Wiring.Table.Name, "Key": dynamo.Item{"pk": text("event#" + uid), "sk": text("event#" + uid)},
		"UpdateExpression": "SET #sequence = :sequence", "ExpressionAttributeNames": map[string]string{"#sequence": "sequence"},
		"ExpressionAttributeValues": dynamo.Item{":sequence": number(sequence)},
	}, nil)
}
