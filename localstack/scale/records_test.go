package scale

import (
	"fmt"
	"maps"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// record is an item of the table.
type record = map[string]types.AttributeValue

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

// table is the table for whoever has the account's own keys.
func (s *system) table() *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		BaseEndpoint: aws.String("http://" + s.AWS), Region: s.Wiring.Region(), Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
}

func (s *system) read(pk, sk string) record {
	s.t.Helper()
	out, err := s.table().GetItem(s.t.Context(), &dynamodb.GetItemInput{
		TableName: &s.Wiring.Table.Name, Key: record{"pk": text(pk), "sk": text(sk)}, ConsistentRead: aws.Bool(true),
	})
	if err != nil || out.Item == nil {
		s.t.Fatalf("record %s %s: %v", pk, sk, err)
	}
	return out.Item
}

// invited writes records of so many people at the event, as the invitation of one, which is sent for it, has left them. Nothing counts
// them.
func (s *system) invited(uid string, people int) {
	s.t.Helper()
	model := fmt.Sprintf("model@%s.example.org", uid)
	if a := s.Do("GET", "/event/"+uid+"/invite?name=Guest+Number&email="+model, ""); a.Status != 302 {
		s.t.Fatalf("the invite link answers %d %s", a.Status, a.Body)
	}
	like := s.read("event#"+uid, "attendee#"+model)
	const most = 100 // of a transaction; the emulator writes one at once, and everything else item by item
	api, batches := s.table(), make(chan []types.TransactWriteItem)
	var writers sync.WaitGroup
	for range 4 {
		writers.Go(func() {
			for batch := range batches {
				if _, err := api.TransactWriteItems(s.t.Context(), &dynamodb.TransactWriteItemsInput{TransactItems: batch}); err != nil {
					s.t.Error(err)
				}
			}
		})
	}
	var batch []types.TransactWriteItem
	for n := range people {
		one := maps.Clone(like)
		one["sk"], one["email"], one["name"] = text("attendee#"+guest(n)), text(guest(n)), text(fmt.Sprintf("Guest Number %d", n))
		batch = append(batch, types.TransactWriteItem{Put: &types.Put{TableName: &s.Wiring.Table.Name, Item: one}})
		if len(batch) == most || n == people-1 {
			batches <- batch
			batch = nil
		}
	}
	close(batches)
	writers.Wait()
}
