package e2e

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

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

// scopes are counts by whose they are: event#<uid>; organizer#<email> and system# of the default tenant, and those of another with
// @<tenant> after them.
type scopes map[string]counts

func (of scopes) add(name string, n int, to ...string) {
	for _, scope := range to {
		if of[scope] == nil {
			of[scope] = counts{}
		}
		of[scope][name] += n
	}
}

// ofTenant is whose counts a scope's are at a tenant.
func ofTenant(scope, tenant string) string {
	if tenant == "" || tenant == invite.DefaultTenant {
		return scope
	}
	return scope + "@" + tenant
}

// countsAreSums holds every statistic of the table - each event's, each organizer's, the system's, at every tenant - against the records
// that it counts (spec §8). Guests who are held and proposals are no attendees and count nowhere.
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
	want, got := scopes{}, scopes{}
	for _, e := range events {
		want.add("events", 1, ofTenant("organizer#"+e.MailTo, e.Tenant), ofTenant("system#", e.Tenant))
	}
	attendees, generations := map[string]bool{}, counts{}
	for _, i := range all {
		pk, sk := i.text("pk"), i.text("sk")
		switch {
		case strings.HasPrefix(pk, "event#") && strings.HasPrefix(sk, "attendee#"):
			var a invite.Attendee
			s.decode(i, &a)
			attendees[pk+" "+a.Email] = true
			generations[pk] += a.Generation
			s.countAttendee(want, pk, events[pk], a)
		case strings.HasPrefix(pk, "attendee#") && strings.HasPrefix(sk, "block#"):
			organizer := strings.TrimPrefix(sk, "block#")
			want.add("blocked", 1, ofTenant("organizer#"+organizer, i.text("tenant")), ofTenant("system#", i.text("tenant")))
		case strings.Contains(sk, "_statistics#"):
			s.countShard(got, i)
		}
	}
	s.sentAtLeast(got, events, generations)
	for _, of := range got {
		delete(of, "invites") // sentAtLeast has looked at them
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
	s.guestsAreSettled(all, attendees)
}

func (s *system) countAttendee(want scopes, event string, e invite.Event, a invite.Attendee) {
	owner, tenant := ofTenant("organizer#"+e.MailTo, e.Tenant), ofTenant("system#", e.Tenant)
	for _, name := range []string{"attendees", "rsvp#" + string(a.StatusAt(e)), "origin#" + a.Origin} {
		want.add(name, 1, event, owner, tenant)
	}
	if a.CountedProd != "" {
		want.add("prodid#"+a.CountedProd, 1, event, owner, tenant)
	}
	if a.Undeliverable == invite.HardBounce || a.Undeliverable == invite.Rejected {
		want.add("bounced", 1, event, owner, tenant)
	}
	if a.Blocked { // of an organizer and a tenant, the blocks are counted
		want.add("blocked", 1, event)
	}
}

// countShard adds one item of statistics to those whose it is: its sort key ends with nothing or #<shard> at the default tenant, and with
// #<tenant> or #<tenant>.<shard> at another.
func (s *system) countShard(got scopes, i item) {
	s.t.Helper()
	scope, sk := i.text("pk"), i.text("sk")
	if !strings.HasPrefix(scope, "event#") {
		whose := "system_statistics"
		if address, isOrganizer := strings.CutPrefix(scope, "organizer#"); isOrganizer {
			whose = "organizer_statistics#" + address
		}
		tenant := strings.TrimPrefix(strings.TrimPrefix(sk, whose), "#")
		if dot := strings.LastIndexByte(tenant, '.'); dot >= 0 {
			tenant = tenant[:dot]
		}
		if _, err := strconv.Atoi(tenant); err == nil { // a shard of the default tenant's
			tenant = ""
		}
		scope = ofTenant(scope, tenant)
	}
	for name, value := range i {
		group, _, _ := strings.Cut(name, "#")
		number, ok := value.(*types.AttributeValueMemberN)
		if !ok || !slices.Contains([]string{"events", "attendees", "invites", "bounced", "blocked", "rsvp", "origin", "prodid"}, group) {
			continue
		}
		n, err := strconv.Atoi(number.Value)
		if err != nil {
			s.t.Error(err)
		}
		got.add(name, n, scope)
	}
}

// sentAtLeast holds the invitations that were counted against the records: every generation of an attendee's was one, and repeats may
// have been more. What an organizer and a tenant sent is what their events did.
func (s *system) sentAtLeast(got scopes, events map[string]invite.Event, generations counts) {
	s.t.Helper()
	sum := counts{}
	for pk, e := range events {
		sent := got[pk]["invites"]
		if sent < generations[pk] {
			s.t.Errorf("%s counts %d invitations, its attendees hold %d", pk, sent, generations[pk])
		}
		sum[ofTenant("organizer#"+e.MailTo, e.Tenant)] += sent
		sum[ofTenant("system#", e.Tenant)] += sent
	}
	for scope, sent := range sum {
		if got[scope]["invites"] != sent {
			s.t.Errorf("%s counts %d invitations, its events %d", scope, got[scope]["invites"], sent)
		}
	}
}

// guestsAreSettled holds the other records of an event against its attendees: a guest who is held or refused is none of them, an admitted
// one is, and only attendees propose.
func (s *system) guestsAreSettled(all []item, attendees map[string]bool) {
	s.t.Helper()
	for _, i := range all {
		pk, sk := i.text("pk"), i.text("sk")
		switch {
		case strings.HasPrefix(sk, "guest#"):
			var g invite.Guest
			if s.decode(i, &g); attendees[pk+" "+g.Email] != (g.State == invite.GuestAdmitted) {
				s.t.Errorf("%s %s is %s; an attendee: %t", pk, sk, g.State, attendees[pk+" "+g.Email])
			}
		case strings.HasPrefix(sk, "proposal#"):
			var p invite.Proposal
			if s.decode(i, &p); !attendees[pk+" "+p.Email] {
				s.t.Errorf("%s %s is by nobody who is invited", pk, sk)
			}
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

// crowd writes the records of so many guests of the event, who hold its invitation and have much to say, and counts them: through the
// doors it takes too long.
func (p *party) crowd(n int) {
	p.t.Helper()
	text := func(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
	guest, err := attributevalue.MarshalMapWithOptions(invite.Attendee{
		UID: p.uid, MailTo: p.event.Organizer.Email, Tenant: "default", Origin: "bulk", Status: "noaction", Delivery: invite.DeliverySent, Generation: 1, Version: 1,
		Comment: strings.Repeat("Looking forward to it. ", 90),
	}, func(o *attributevalue.EncoderOptions) { o.TagKey = "json" })
	if err != nil {
		p.t.Fatal(err)
	}
	table, ctx := p.table(), context.Background()
	var writers sync.WaitGroup
	batches := make(chan []types.TransactWriteItem)
	for range 4 {
		writers.Go(func() {
			for batch := range batches {
				if _, err := table.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: batch}); err != nil {
					p.t.Error(err)
				}
			}
		})
	}
	var batch []types.TransactWriteItem
	for i := range n {
		email, record := fmt.Sprintf("guest%d@crowd.example", i), maps.Clone(guest)
		record["pk"], record["sk"], record["email"] = text("event#"+p.uid), text("attendee#"+email), text(email)
		batch = append(batch, types.TransactWriteItem{Put: &types.Put{TableName: aws.String("cis"), Item: record}})
		if len(batch) == 100 || i == n-1 { // the most of a transaction
			batches <- batch
			batch = nil
		}
	}
	close(batches)
	writers.Wait()
	shards := map[string]string{
		"event#" + p.uid: "event_statistics#" + p.uid + "#0", "organizer#" + p.event.Organizer.Email: "organizer_statistics#" + p.event.Organizer.Email + "#0",
		"system#": "system_statistics#0",
	}
	for pk, sk := range shards {
		_, err := table.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName: aws.String("cis"), Key: item{"pk": text(pk), "sk": text(sk)}, UpdateExpression: aws.String("ADD attendees :n, invites :n, #silent :n, #bulk :n"),
			ExpressionAttributeNames:  map[string]string{"#silent": "rsvp#noaction", "#bulk": "origin#bulk"},
			ExpressionAttributeValues: item{":n": &types.AttributeValueMemberN{Value: strconv.Itoa(n)}},
		})
		if err != nil {
			p.t.Fatal(err)
		}
	}
}
