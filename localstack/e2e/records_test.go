package e2e

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/seal"
)

// item is a record as any client of the table sees it.
type item map[string]types.AttributeValue

func (i item) text(name string) string {
	if s, ok := i[name].(*types.AttributeValueMemberS); ok {
		return s.Value
	}
	return ""
}

// admin is whoever has the AWS account's own keys.
var admin = credentials.NewStaticCredentialsProvider("test", "test", "")

func (s *system) table() *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{BaseEndpoint: aws.String("http://" + s.AWS), Region: "us-east-1", Credentials: admin})
}

// put writes a record as an administrator does on the console.
func (s *system) put(pk, sk string) {
	s.t.Helper()
	record := item{"pk": &types.AttributeValueMemberS{Value: pk}, "sk": &types.AttributeValueMemberS{Value: sk}}
	if _, err := s.table().PutItem(context.Background(), &dynamodb.PutItemInput{TableName: aws.String("cis"), Item: record}); err != nil {
		s.t.Fatal(err)
	}
}

// scan reads the whole table.
func (s *system) scan() (all []item) {
	s.t.Helper()
	for pages := dynamodb.NewScanPaginator(s.table(), &dynamodb.ScanInput{TableName: aws.String("cis"), ConsistentRead: aws.Bool(true)}); pages.HasMorePages(); {
		page, err := pages.NextPage(context.Background())
		if err != nil {
			s.t.Fatal(err)
		}
		for _, i := range page.Items {
			all = append(all, i)
		}
	}
	return all
}

// records are an event's own record and its attendees'.
func (s *system) records(uid string) (event invite.Event, attendees []invite.Attendee) {
	s.t.Helper()
	for _, i := range s.scan() {
		switch pk, sk := i.text("pk"), i.text("sk"); {
		case pk != "event#"+uid:
		case sk == pk:
			s.decode(i, &event)
		case strings.HasPrefix(sk, "attendee#"):
			var a invite.Attendee
			s.decode(i, &a)
			attendees = append(attendees, a)
		}
	}
	return event, attendees
}

// attendee is the record of a person at an event; its zero value when there is none.
func (s *system) attendee(uid, email string) (found invite.Attendee) {
	s.t.Helper()
	_, all := s.records(uid)
	for _, a := range all {
		if a.Email == email {
			found = a
		}
	}
	return found
}

func (s *system) decode(i item, into any) {
	s.t.Helper()
	if err := attributevalue.UnmarshalMapWithOptions(i, into, func(o *attributevalue.DecoderOptions) { o.TagKey = "json" }); err != nil {
		s.t.Fatal(err)
	}
}

// counts are the numbers of one set of statistics: attendees, events, rsvp#accepted, origin#api ...
type counts map[string]int

// countsAreSums holds every statistic of the table - each event's, each organizer's, the system's - against the records that it counts (spec §8).
func (s *system) countsAreSums() {
	s.t.Helper()
	all := s.scan()
	events := map[string]invite.Event{}
	for _, i := range all {
		if pk := i.text("pk"); strings.HasPrefix(pk, "event#") && i.text("sk") == pk {
			var e invite.Event
			s.decode(i, &e)
			events[pk] = e
		}
	}
	want, got := map[string]counts{}, map[string]counts{}
	add := func(to map[string]counts, name string, n int, of ...string) {
		for _, one := range of {
			if to[one] == nil {
				to[one] = counts{}
			}
			to[one][name] += n
		}
	}
	for _, e := range events {
		add(want, "events", 1, "organizer#"+e.MailTo, "system#")
	}
	for _, i := range all {
		pk, sk := i.text("pk"), i.text("sk")
		switch {
		case strings.HasPrefix(pk, "event#") && strings.HasPrefix(sk, "attendee#"):
			var a invite.Attendee
			s.decode(i, &a)
			e := events[pk]
			for _, name := range []string{"attendees", "rsvp#" + string(a.StatusAt(e)), "origin#" + a.Origin} {
				add(want, name, 1, pk, "organizer#"+e.MailTo, "system#")
			}
			if a.CountedProd != "" {
				add(want, "prodid#"+a.CountedProd, 1, pk, "organizer#"+e.MailTo, "system#")
			}
		case strings.Contains(sk, "_statistics#"):
			for name, value := range i {
				group, _, _ := strings.Cut(name, "#")
				number, ok := value.(*types.AttributeValueMemberN)
				if !ok || !slices.Contains([]string{"events", "attendees", "rsvp", "origin", "prodid"}, group) {
					continue
				}
				n, err := strconv.Atoi(number.Value)
				if err != nil {
					s.t.Error(err)
				}
				add(got, name, n, pk)
			}
		}
	}
	for _, of := range got {
		maps.DeleteFunc(of, func(_ string, n int) bool { return n == 0 })
	}
	for _, of := range slices.Sorted(maps.Keys(want)) {
		if !maps.Equal(got[of], want[of]) {
			s.t.Errorf("%s counts %v, its records make %v", of, got[of], want[of])
		}
	}
	for of := range got {
		if want[of] == nil && len(got[of]) > 0 {
			s.t.Errorf("%s counts %v, and has no records", of, got[of])
		}
	}
}

// keys are the deployment's own keys, which nobody outside has.
func (s *system) keys() *seal.Keys {
	s.t.Helper()
	vault := secretsmanager.New(secretsmanager.Options{BaseEndpoint: aws.String("http://" + s.AWS), Region: "us-east-1", Credentials: admin})
	secret, err := vault.GetSecretValue(context.Background(), &secretsmanager.GetSecretValueInput{SecretId: aws.String("cis/link-signing")})
	if err != nil {
		s.t.Fatal(err)
	}
	keys, err := seal.ParseKeys([]byte(aws.ToString(secret.SecretString)))
	if err != nil {
		s.t.Fatal(err)
	}
	return keys
}
