package crash

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
)

// outcome is what a run leaves behind, without what is different each time.
type outcome struct {
	Mails   map[string]int            // copies of each, by recipient and subject
	Records []map[string]string       // that name the run's people, or belong to their events; without counters
	Counts  map[string]map[string]int // the sums of the counters, by what they count for
	Facts   []string                  // that the webhook was told, each id once: a fact that is told again under another id is there twice
}

// outcome looks at what there is of the run.
func (r *run) outcome() outcome {
	r.t.Helper()
	found := outcome{Mails: map[string]int{}, Counts: map[string]map[string]int{}}
	for _, m := range r.sent()[r.mailsBefore:] {
		found.Mails[r.alike(strings.Join(m.Recipients(), ",")+" "+m.Subject)]++
	}
	var all []record
	for _, q := range r.queries() {
		for _, item := range r.query(q) {
			if _, _, counts := counter(item); counts {
				found.count(r, item)
				continue
			}
			if strings.HasPrefix(q, "organizers#") && !strings.Contains(item.text("sk"), r.mark) {
				continue // a list of everybody
			}
			all = append(all, item)
		}
	}
	for uid, e := range eventsIn(all) {
		for name, n := range found.Counts[r.alike("event#"+uid)] {
			if counted(name) {
				e.counted[name] = n
			}
		}
		e.checkStatistics(r.t)
	}
	for _, item := range all {
		same := map[string]string{}
		for name := range item {
			value := fmt.Sprint(plain(item[name]))
			if name == "calendar" {
				value = "…" // has the ids in it, packed
			}
			same[r.alike(name)] = r.alike(value)
		}
		found.Records = append(found.Records, same)
	}
	slices.SortFunc(found.Records, func(a, b map[string]string) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	for of, counts := range r.systemBefore {
		for name, before := range counts {
			found.Counts[of][name] -= before
		}
	}
	for _, counts := range found.Counts {
		maps.DeleteFunc(counts, func(_ string, n int) bool { return n == 0 })
	}
	for _, fact := range r.receiver.take() {
		found.Facts = append(found.Facts, r.facts(fact)...)
	}
	slices.Sort(found.Facts)
	return found
}

// facts are a fact without what is different each time. How many people one fact of invitations names is different each time, too.
func (r *run) facts(fact told) (all []string) {
	parts := []any{fact.Data}
	if invites, has := fact.Data["invites"].([]any); has {
		parts = invites
	}
	for _, part := range parts {
		text, err := json.Marshal(part)
		if err != nil {
			r.t.Fatal(err)
		}
		all = append(all, r.alike(fact.Type+" "+string(text)))
	}
	return all
}

// uncounted are numbers in shards of counters that are none: the revision that each knows, how often it was written, and what it may still send, which is written
// at its first use.
var uncounted = []string{"sequence", "remaining", "version"}

// counter says what an item counts for, if it is a shard of counters.
func counter(item record) (of string, counts map[string]int, is bool) {
	pk, sk := item.text("pk"), item.text("sk")
	day := strings.HasPrefix(sk, "system_day#") || strings.HasPrefix(sk, "event_timeline#")
	if !day && !strings.Contains(sk, "_statistics") {
		return "", nil, false
	}
	counts = map[string]int{}
	for name := range item {
		if !slices.Contains(uncounted, name) {
			counts[name] = item.number(name)
		}
	}
	if pk == "system#" {
		pk = "system"
	}
	if day {
		pk += " by day"
	}
	return pk, counts, true
}

func (o outcome) count(r *run, item record) {
	of, counts, _ := counter(item)
	of = r.alike(of)
	if o.Counts[of] == nil {
		o.Counts[of] = map[string]int{}
	}
	for name, n := range counts {
		o.Counts[of][name] += n
	}
}

// different is what is different each time: seconds since 1970, and the ids of calendars, mails, requests and SES.
var different = regexp.MustCompile(`\b1[5-9]\d{8}\b|[0-9a-f]{26}@google\.com|[a-z0-9]{40}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}` +
	`|[0-9a-f]{16}-[-0-9a-f]+-000000|report-[0-9a-f]+|[0-9a-f]{32}|event_work#\d+`)

// alike is a text of a run as it would be of any other run.
func (r *run) alike(text string) string {
	return different.ReplaceAllString(strings.ReplaceAll(text, r.mark, "RUN"), "…")
}

// queries are the partitions that belong to the run.
func (r *run) queries() (partitions []string) {
	seen := map[string]bool{"system#": true}
	for _, item := range r.named() {
		seen[item.text("pk")] = true
	}
	return slices.Sorted(maps.Keys(seen))
}

// named are the keys of the records that name somebody of the run.
func (r *run) named() []record {
	return r.call("Scan", map[string]any{
		"TableName": "cis", "ConsistentRead": true, "ProjectionExpression": "pk, sk",
		"FilterExpression":          "contains(pk, :run) OR contains(sk, :run) OR contains(mailto, :run)",
		"ExpressionAttributeValues": map[string]any{":run": map[string]string{"S": r.mark}},
	})
}

// query reads a partition.
func (r *run) query(pk string) []record {
	return r.call("Query", map[string]any{
		"TableName": "cis", "ConsistentRead": true, "KeyConditionExpression": "pk = :pk",
		"ExpressionAttributeValues": map[string]any{":pk": map[string]string{"S": pk}},
	})
}

// call reads all pages.
func (r *run) call(action string, in map[string]any) (all []record) {
	r.t.Helper()
	for {
		var page struct {
			Items            []json.RawMessage
			LastEvaluatedKey json.RawMessage
		}
		if err := r.Dynamo.Call(r.t.Context(), action, in, &page); err != nil {
			r.t.Fatal(err)
		}
		for _, item := range page.Items {
			one, err := attributevalue.UnmarshalMapJSON(item)
			if err != nil {
				r.t.Fatal(err)
			}
			all = append(all, one)
		}
		if page.LastEvaluatedKey == nil {
			return all
		}
		in["ExclusiveStartKey"] = page.LastEvaluatedKey
	}
}
