package crash

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// record is an item of the table.
type record map[string]types.AttributeValue

func (r record) text(name string) string {
	if s, ok := r[name].(*types.AttributeValueMemberS); ok {
		return s.Value
	}
	return ""
}

func (r record) number(name string) int {
	if n, ok := r[name].(*types.AttributeValueMemberN); ok {
		value, _ := strconv.Atoi(n.Value)
		return value
	}
	return 0
}

func (r record) list(name string) []types.AttributeValue {
	if l, ok := r[name].(*types.AttributeValueMemberL); ok {
		return l.Value
	}
	return nil
}

// scan reads the whole table as any SDK client does.
func scan(t *testing.T, endpoint string) (all []record) {
	t.Helper()
	db := dynamodb.New(dynamodb.Options{
		BaseEndpoint: aws.String("http://" + endpoint), Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
	for pages := dynamodb.NewScanPaginator(db, &dynamodb.ScanInput{TableName: aws.String("cis"), ConsistentRead: aws.Bool(true)}); pages.HasMorePages(); {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range page.Items {
			all = append(all, item)
		}
	}
	return all
}

// event is an event with what belongs to it.
type event struct {
	record
	attendees map[string]record // by address
	counted   map[string]int    // the sum of its statistics' shards
}

// eventsIn are the events of a table, by uid.
func eventsIn(all []record) map[string]event {
	found := map[string]event{}
	of := func(pk string) (event, string) {
		uid := strings.TrimPrefix(pk, "event#")
		e, ok := found[uid]
		if !ok {
			e = event{attendees: map[string]record{}, counted: map[string]int{}}
		}
		return e, uid
	}
	for _, r := range all {
		pk, sk := r.text("pk"), r.text("sk")
		if !strings.HasPrefix(pk, "event#") {
			continue
		}
		e, uid := of(pk)
		switch {
		case sk == pk:
			e.record = r
		case strings.HasPrefix(sk, "attendee#"):
			e.attendees[strings.TrimPrefix(sk, "attendee#")] = r
		case strings.HasPrefix(sk, "event_statistics#"):
			for name := range r {
				if counted(name) {
					e.counted[name] += r.number(name)
				}
			}
		}
		found[uid] = e
	}
	return found
}

// counted reports whether a number in an event's statistics counts attendees.
func counted(name string) bool {
	family, _, _ := strings.Cut(name, "#")
	return slices.Contains([]string{"attendees", "invites", "rsvp", "origin", "prodid"}, family)
}

// count is what the statistics must be, by the attendees' records.
func (e event) count() map[string]int {
	n := map[string]int{}
	for _, a := range e.attendees {
		n["attendees"]++
		if a.text("delivery") != "" { // else a guest who came by a forwarded mail
			n["invites"]++ // each was invited once
		}
		status := a.text("status")
		if a.number("rescheduled") < e.number("rescheduled") { // an answer to an earlier time is none any more
			status = "noaction"
		}
		n["rsvp#"+status]++
		n["origin#"+a.text("origin")]++
		if prod := a.text("prodid_counted"); prod != "" {
			n["prodid#"+prod]++
		}
	}
	return n
}

// checkStatistics compares an event's statistics with its attendees' records.
func (e event) checkStatistics(t testing.TB) {
	t.Helper()
	maps.DeleteFunc(e.counted, func(_ string, n int) bool { return n == 0 })
	if want := e.count(); !maps.Equal(want, e.counted) {
		t.Errorf("event %s: the attendees' records make %v, but counted are %v", e.text("uid"), want, e.counted)
	}
}

// plain is an attribute's value without its type.
func plain(v types.AttributeValue) any {
	var value any
	if err := attributevalue.UnmarshalWithOptions(v, &value, func(o *attributevalue.DecoderOptions) { o.UseNumber = true }); err != nil {
		return err
	}
	return value
}
