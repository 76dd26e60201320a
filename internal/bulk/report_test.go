package bulk_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/calendarinvite/calendarinviteserver/internal/bulk"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
)

// stored is objects by "bucket/key".
type stored map[string]string

func (s stored) Open(_ context.Context, bucket, key string) (io.ReadCloser, error) {
	text, ok := s[bucket+"/"+key]
	if !ok {
		return nil, fault.Wrap(fault.NotFound, "no-such-object", errors.New(key))
	}
	return io.NopCloser(strings.NewReader(text)), nil
}

var files = bulk.Files{Bucket: "mail", Accepted: "accepted.jsonl", Rejected: "rejected.jsonl", Manifest: "run/manifest.json"}

// execution is an entry of a result file as Step Functions writes it.
func execution(status string, input, output any) string {
	inner := func(v any) string {
		text, _ := json.Marshal(v)
		return string(text)
	}
	entry := map[string]any{
		"ExecutionArn": "arn:aws:states:us-east-1:123456789012:express:bulk/invites:r:1", "Name": "1", "Status": status,
		"StartDate": "2026-04-01T10:00:00.000Z", "StopDate": "2026-04-01T10:00:01.000Z", "RedriveCount": 0, "RedriveStatus": "NOT_REDRIVABLE",
		"Input": inner(input), "InputDetails": map[string]bool{"Included": true},
	}
	if output != nil {
		entry["Output"], entry["OutputDetails"] = inner(output), map[string]bool{"Included": true}
	} else {
		entry["Error"], entry["Cause"] = "Throttled", "slow down"
	}
	return inner(entry)
}

func jsonLines[T any](values ...T) string {
	var text strings.Builder
	for _, v := range values {
		line, _ := json.Marshal(v)
		text.Write(append(line, '\n'))
	}
	return text.String()
}

func TestReport(t *testing.T) {
	item := func(row int, uid string) bulk.Item {
		return bulk.Item{Row: row, UID: uid, Email: fmt.Sprintf("g%d@example.com", row), Name: "=1+1"}
	}
	result := func(i bulk.Item, result, reason string) bulk.Result {
		return bulk.Result{Row: i.Row, UID: i.UID, Email: i.Email, Result: result, Reason: reason}
	}
	i2, i3, i4, i5, i6, i7, i8, i9, i10, i11 := item(2, "u1"), item(3, "u1"), item(4, "u2"), item(5, "u1"), item(6, "u1"), item(7, "u1"), item(8, "u2"), item(9, "u1"), item(10, "u1"), item(11, "u2")
	objects := stored{
		"mail/accepted.jsonl": jsonLines(i2, i3, i4, i5, i6, i7, i8, i9, i10, i11),
		"mail/rejected.jsonl": jsonLines(
			bulk.Rejected{Row: 12, UID: "u1", Email: "=cmd|' /C calc'!A0", Reason: invite.ReasonBadAddress, Known: true},
			bulk.Rejected{Row: 13, UID: "u9", Email: "x@example.com", Reason: invite.ReasonUnknownEvent}),
		"mail/run/manifest.json": `{"DestinationBucket":"results","MapRunArn":"arn:aws:states:us-east-1:123456789012:mapRun:bulk/invites:r","ResultFiles":{
			"FAILED":[{"Key":"run/FAILED_0.json","Size":1}],"PENDING":[{"Key":"run/PENDING_0.json","Size":1}],
			"SUCCEEDED":[{"Key":"run/SUCCEEDED_0.json","Size":1},{"Key":"run/SUCCEEDED_1.json","Size":1}]}}`,
		"results/run/SUCCEEDED_0.json": "[" + execution("SUCCEEDED", bulk.Batch{Items: []bulk.Item{i2, i3, i4}}, []bulk.Result{
			result(i4, bulk.Limit, invite.ReasonInviteLimit), result(i2, bulk.Sent, ""), result(i3, bulk.Already, "")}) + ",\n" +
			execution("SUCCEEDED", bulk.Batch{Items: []bulk.Item{i5}}, []bulk.Result{}) + "]",
		"results/run/SUCCEEDED_1.json": "[" + execution("SUCCEEDED", map[string]any{"BatchInput": map[string]string{"list": "m1"}, "Items": []bulk.Item{i6, i7}}, []bulk.Result{
			result(i6, bulk.Blocked, invite.ReasonBlocked), result(i7, bulk.Failed, bulk.ReasonRefused)}) + "]",
		"results/run/FAILED_0.json":  "[" + execution("FAILED", bulk.Batch{Items: []bulk.Item{i8, i2}}, nil) + "]",
		"results/run/PENDING_0.json": "[" + execution("PENDING", bulk.Batch{Items: []bulk.Item{i9}}, nil) + "]",
	}
	var out bytes.Buffer
	outcome, err := bulk.Report(t.Context(), objects, files, &out)
	if err != nil {
		t.Fatal(err)
	}
	again, stopped := bulk.Explain(bulk.ReasonUnavailable), bulk.Explain(bulk.ReasonNotStarted)
	want := "\xef\xbb\xbf" + strings.ReplaceAll(`row,uid,email,result,reason,explanation
12,u1,"'=cmd|' /C calc'!A0",invalid,bad-address,This is not a valid email address.
13,u9,x@example.com,invalid,unknown-event,You have no event with this uid.
2,u1,g2@example.com,sent,,
3,u1,g3@example.com,already,,
4,u2,g4@example.com,limit,invite-limit,The event has no invitations left.
5,u1,g5@example.com,failed,unavailable,`+again+`
6,u1,g6@example.com,blocked,blocked,This person does not want invitations from you.
7,u1,g7@example.com,failed,refused,The mail service refuses mail to this address.
8,u2,g8@example.com,failed,unavailable,`+again+`
9,u1,g9@example.com,failed,not-started,`+stopped+`
10,u1,g10@example.com,failed,not-started,`+stopped+`
11,u2,g11@example.com,failed,not-started,`+stopped+`
`, "\n", "\r\n")
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(bulk.Outcome{
		Rows: 12, Total: bulk.Tally{Sent: 1, Already: 1, Blocked: 1, Invalid: 2, Limit: 1, Failed: 6},
		Events: []bulk.EventTally{
			{UID: "u1", Tally: bulk.Tally{Sent: 1, Already: 1, Blocked: 1, Invalid: 1, Failed: 4}},
			{UID: "u2", Tally: bulk.Tally{Limit: 1, Failed: 2}},
		},
		Reasons:   map[string]int{"bad-address": 1, "unknown-event": 1, "invite-limit": 1, "unavailable": 2, "blocked": 1, "refused": 1, "not-started": 3},
		Unsettled: 5,
	}, outcome); diff != "" {
		t.Errorf("outcome (-want +got):\n%s", diff)
	}
}

// Another program, or another setting of the ResultWriter, may write Input and Output as JSON, or leave Input out.
func TestReportOfOtherEntries(t *testing.T) {
	objects := stored{
		"mail/accepted.jsonl":    jsonLines(bulk.Item{Row: 2, UID: "u1", Email: "a@example.com"}, bulk.Item{Row: 3, UID: "u1", Email: "b@example.com"}),
		"mail/rejected.jsonl":    "",
		"mail/run/manifest.json": `{"ResultFiles":{"SUCCEEDED":[{"Key":"s"}]}}`,
		"mail/s": `[{"Input":{"Items":[{"row":2,"uid":"u1","email":"a@example.com"}]},"Output":[{"row":2,"uid":"u1","email":"a@example.com","result":"sent"}]},
			{"Output":"[{\"row\":3,\"uid\":\"u1\",\"email\":\"b@example.com\",\"result\":\"already\"}]"}]`,
	}
	outcome, err := bulk.Report(t.Context(), objects, files, io.Discard)
	if want := (bulk.Tally{Sent: 1, Already: 1}); err != nil || outcome.Total != want || outcome.Rows != 2 {
		t.Errorf("%+v, %v", outcome, err)
	}
}

func TestReportWithoutARun(t *testing.T) {
	objects := stored{
		"mail/accepted.jsonl": jsonLines(bulk.Item{Row: 2, UID: "u1", Email: "a@example.com"}),
		"mail/rejected.jsonl": jsonLines(bulk.Rejected{Row: 3, Email: "b", Reason: invite.ReasonBadUID}),
	}
	none := files
	none.Manifest = ""
	outcome, err := bulk.Report(t.Context(), objects, none, io.Discard)
	if want := (bulk.Tally{Invalid: 1, Failed: 1}); err != nil || outcome.Total != want || outcome.Unsettled != 1 || len(outcome.Events) != 1 {
		t.Errorf("%+v, %v", outcome, err)
	}
}

// A row number that no list has costs no memory.
func TestReportOfStrangeRows(t *testing.T) {
	objects := stored{
		"mail/accepted.jsonl": jsonLines(bulk.Item{Row: 1 << 60, UID: "u1"}, bulk.Item{Row: -1, UID: "u1"}, bulk.Item{Row: 0, UID: "u1"}),
		"mail/rejected.jsonl": "",
	}
	none := files
	none.Manifest = ""
	if outcome, err := bulk.Report(t.Context(), objects, none, io.Discard); err != nil || outcome.Rows != 3 {
		t.Errorf("%+v, %v", outcome, err)
	}
}

// breaking is an object that breaks off.
type breaking struct{ stored }

func (b breaking) Open(ctx context.Context, bucket, key string) (io.ReadCloser, error) {
	body, err := b.stored.Open(ctx, bucket, key)
	if err != nil || key != files.Accepted {
		return body, err
	}
	return io.NopCloser(io.MultiReader(body, broken{})), nil
}

type broken struct{}

func (broken) Read([]byte) (int, error) {
	return 0, fault.Wrap(fault.Unavailable, "s3", errors.New("connection reset"))
}

func TestReportErrors(t *testing.T) {
	with := func(key, text string) stored {
		objects := stored{
			"mail/accepted.jsonl": jsonLines(bulk.Item{Row: 2, UID: "u1", Email: "a@example.com"}), "mail/rejected.jsonl": "",
			"mail/run/manifest.json": `{"ResultFiles":{"SUCCEEDED":[{"Key":"s"}]}}`, "mail/s": "[]",
		}
		objects[key] = text
		return objects
	}
	missing := with("", "")
	delete(missing, "mail/s")
	for _, test := range []struct {
		name    string
		objects bulk.Objects
		kind    fault.Kind
		reason  string
	}{
		{"missing file", missing, fault.NotFound, "no-such-object"},
		{"manifest that is none", with("mail/run/manifest.json", "<Error>"), fault.Internal, "bulk-files"},
		{"results cut off", with("mail/s", `[{"Output":"[]"},`), fault.Internal, "bulk-files"},
		{"results that are no array", with("mail/s", `{}`), fault.Internal, "bulk-files"},
		{"empty results", with("mail/s", ``), fault.Internal, "bulk-files"},
		{"answer that is no array", with("mail/s", `[{"Output":"{\"results\":[]}"}]`), fault.Internal, "bulk-files"},
		{"input that is no batch", with("mail/s", `[{"Input":"[]"}]`), fault.Internal, "bulk-files"},
		{"rejected rows cut off", with("mail/rejected.jsonl", `{"row":2`), fault.Internal, "bulk-files"},
		{"stream that breaks", breaking{with("", "")}, fault.Unavailable, "s3"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := bulk.Report(t.Context(), test.objects, files, io.Discard); fault.KindOf(err) != test.kind || fault.ReasonOf(err) != test.reason {
				t.Errorf("%v, want %s (%s)", err, test.kind, test.reason)
			}
		})
	}
	if _, err := bulk.Report(t.Context(), with("", ""), files, refusing{}); fault.KindOf(err) != fault.Throttled {
		t.Errorf("a writer that refuses: %v", err)
	}
}

// However the batches end, and wherever the run stops, each row of the list is reported once and counted once.
func TestEveryRowIsReportedOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.IntRange(1, 60).Draw(t, "rows")
		var items []bulk.Item
		var rejected []bulk.Rejected
		for row := 2; row < rows+2; row++ {
			uid := rapid.SampledFrom([]string{"u1", "u2", "u3"}).Draw(t, "uid")
			if rapid.Bool().Draw(t, "accepted") {
				items = append(items, bulk.Item{Row: row, UID: uid, Email: "a@example.com"})
			} else {
				rejected = append(rejected, bulk.Rejected{Row: row, UID: uid, Reason: bulk.ReasonDuplicate, Known: true})
			}
		}
		objects := stored{"mail/accepted.jsonl": jsonLines(items...), "mail/rejected.jsonl": jsonLines(rejected...)}
		entries := map[string][]string{}
		for rest := items; len(rest) > 0; {
			size := rapid.IntRange(1, min(9, len(rest))).Draw(t, "size")
			batch := bulk.Batch{Items: rest[:size]}
			rest = rest[size:]
			switch status := rapid.SampledFrom([]string{"SUCCEEDED", "FAILED", "PENDING", ""}).Draw(t, "status"); status {
			case "SUCCEEDED":
				var results []bulk.Result
				for _, item := range batch.Items {
					word := rapid.SampledFrom([]string{bulk.Sent, bulk.Already, bulk.Blocked, bulk.Invalid, bulk.Limit, bulk.Failed, ""}).Draw(t, "result")
					if word != "" {
						results = append(results, bulk.Result{Row: item.Row, UID: item.UID, Email: item.Email, Result: word})
					}
				}
				entries[status] = append(entries[status], execution(status, batch, results))
			case "FAILED", "PENDING":
				entries[status] = append(entries[status], execution(status, batch, nil))
			}
		}
		files := files
		if rapid.Bool().Draw(t, "ran") {
			results := map[string][]map[string]any{}
			for status, list := range entries {
				key := status + "_0.json"
				objects["mail/"+key] = "[" + strings.Join(list, ",") + "]"
				results[status] = []map[string]any{{"Key": key, "Size": 1}}
			}
			text, err := json.Marshal(map[string]any{"DestinationBucket": "mail", "ResultFiles": results})
			if err != nil {
				t.Fatal(err)
			}
			objects["mail/"+files.Manifest] = string(text)
		} else {
			files.Manifest = ""
		}

		var out bytes.Buffer
		outcome, err := bulk.Report(context.Background(), objects, files, &out)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		lines := strings.Split(strings.TrimSpace(out.String()), "\r\n")[1:]
		for _, line := range lines {
			row, _, _ := strings.Cut(line, ",")
			if seen[row] {
				t.Fatalf("row %s twice", row)
			}
			seen[row] = true
		}
		sum := func(t bulk.Tally) int { return t.Sent + t.Already + t.Blocked + t.Invalid + t.Limit + t.Failed }
		byEvent := 0
		for _, event := range outcome.Events {
			byEvent += sum(event.Tally)
		}
		if len(lines) != rows || outcome.Rows != rows || sum(outcome.Total) != rows || byEvent != rows || outcome.Total.Invalid < len(rejected) {
			t.Fatalf("%d rows, %d lines: %+v", rows, len(lines), outcome)
		}
	})
}

// generated is files of a run over many rows that nobody has in memory as a whole.
type generated struct{ batches int }

func (g generated) Open(_ context.Context, _, key string) (io.ReadCloser, error) {
	reader, writer := io.Pipe()
	go func() { writer.CloseWithError(g.write(writer, key)) }()
	return reader, nil
}

func (g generated) write(w io.Writer, key string) error {
	const size = 90
	if key == files.Manifest {
		_, err := io.WriteString(w, `{"DestinationBucket":"mail","ResultFiles":{"SUCCEEDED":[{"Key":"s"}]}}`)
		return err
	}
	for n := range g.batches {
		var batch bulk.Batch
		var results []bulk.Result
		for i := range size {
			item := bulk.Item{Row: 2 + n*size + i, UID: spring, Email: fmt.Sprintf("guest%d@example.com", n*size+i), Name: "Guest"}
			batch.Items = append(batch.Items, item)
			results = append(results, bulk.Result{Row: item.Row, UID: item.UID, Email: item.Email, Result: bulk.Sent})
		}
		var text string
		switch {
		case key == files.Accepted:
			text = jsonLines(batch.Items...)
		case key == files.Rejected:
		case n == 0:
			text = "[" + execution("SUCCEEDED", batch, results)
		default:
			text = "," + execution("SUCCEEDED", batch, results)
		}
		if key == "s" && n == g.batches-1 {
			text += "]"
		}
		if _, err := io.WriteString(w, text); err != nil {
			return err
		}
	}
	return nil
}

// What is held during a report over 100,000 rows is what one batch needs.
func TestReportMemory(t *testing.T) {
	before := held()
	most := int64(0)
	watch := watcher{every: 1 << 20, look: func() { most = max(most, held()-before) }}
	outcome, err := bulk.Report(t.Context(), generated{batches: 1111}, files, &watch)
	if want := (bulk.Tally{Sent: 99_990}); err != nil || outcome.Total != want {
		t.Fatalf("%+v, %v", outcome, err)
	}
	if watch.looks < 5 || most > 4<<20 {
		t.Errorf("%d KiB are held, at %d looks", most>>10, watch.looks)
	}
}

// watcher calls look after every so many bytes.
type watcher struct {
	every, left, looks int
	look               func()
}

func (w *watcher) Write(p []byte) (int, error) {
	if w.left -= len(p); w.left < 0 {
		w.left += w.every
		w.looks++
		w.look()
	}
	return len(p), nil
}

// Whatever a result file holds, the report has as many lines as it counts rows, or it fails.
func FuzzReport(f *testing.F) {
	item := bulk.Item{Row: 2, UID: "u1", Email: "a@example.com"}
	f.Add("[" + execution("SUCCEEDED", bulk.Batch{Items: []bulk.Item{item}}, []bulk.Result{{Row: 2, UID: "u1", Email: "a@example.com", Result: bulk.Sent}}) + "]")
	f.Add("[" + execution("FAILED", bulk.Batch{Items: []bulk.Item{item}}, nil) + "]")
	f.Add(`[{"Output":[{"row":3,"uid":"=1\n","result":"?"}]}]`)
	f.Fuzz(func(t *testing.T, results string) {
		objects := stored{"mail/accepted.jsonl": jsonLines(item), "mail/rejected.jsonl": "", "mail/s": results,
			"mail/run/manifest.json": `{"ResultFiles":{"SUCCEEDED":[{"Key":"s"}]}}`}
		var out bytes.Buffer
		outcome, err := bulk.Report(t.Context(), objects, files, &out)
		if err != nil {
			if fault.KindOf(err) != fault.Internal {
				t.Fatal(err)
			}
			return
		}
		lines, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(out.String(), "\xef\xbb\xbf"))).ReadAll()
		if err != nil || len(lines)-1 != outcome.Rows || outcome.Rows == 0 {
			t.Fatalf("%d lines, %+v, %v", len(lines), outcome, err)
		}
	})
}
