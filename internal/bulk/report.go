package bulk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/sheet"
)

// Objects reads stored objects as streams.
type Objects interface {
	// Open reads an object from its start; a missing object is a fault NotFound.
	Open(ctx context.Context, bucket, key string) (io.ReadCloser, error)
}

// Files names what a run over a list has left in S3.
type Files struct {
	Bucket   string
	Accepted string // key of the accepted rows
	Rejected string // key of the rejected rows
	Manifest string // key of the ResultWriter's manifest; "" when the Distributed Map did not get that far
}

// Tally counts rows by their result.
type Tally struct {
	Sent    int `json:"sent"`
	Already int `json:"already"`
	Blocked int `json:"blocked"`
	Invalid int `json:"invalid"`
	Limit   int `json:"limit"`
	Failed  int `json:"failed"`
}

// add counts a row. A result that is not known here is a failure.
func (t *Tally) add(result string) {
	switch result {
	case Sent:
		t.Sent++
	case Already:
		t.Already++
	case Blocked:
		t.Blocked++
	case Invalid:
		t.Invalid++
	case Limit:
		t.Limit++
	default:
		t.Failed++
	}
}

// EventTally counts the rows for one event.
type EventTally struct {
	UID string `json:"uid"`
	Tally
}

// Outcome says what became of a list.
type Outcome struct {
	Rows      int            `json:"rows"`
	Total     Tally          `json:"total"`
	Events    []EventTally   `json:"events,omitempty"`  // in the order in which they were met, at most MaxEvents; rows for no event of the sender's are in Total alone
	Reasons   map[string]int `json:"reasons,omitempty"` // rows by reason
	Unsettled int            `json:"unsettled"`         // of the failed rows, those that another pass may send
}

// Columns is the header of the file that Report writes. It can be mailed back as a list.
var Columns = []string{"row", "uid", "email", "result", "reason", "explanation"}

// Report writes what became of every row of a list as CSV, and counts it: first the rejected rows, then those of the batches that ran,
// then those of the batches that failed or did not run. Each accepted row is in it once, whatever files the run has left. It holds one
// batch in memory, and one bit for each row. Faults: those of Objects and of the writer; Internal when a file is not what it should be.
func Report(ctx context.Context, objects Objects, files Files, out io.Writer) (Outcome, error) {
	r := report{objects: objects, out: sheet.NewWriter(out, Columns...), events: map[string]int{}}
	r.outcome.Reasons = map[string]int{}
	err := r.rejected(ctx, files)
	if err == nil && files.Manifest != "" {
		err = r.batches(ctx, files)
	}
	if err == nil {
		err = r.missing(ctx, files)
	}
	if err == nil {
		err = r.out.Close()
	}
	return r.outcome, err
}

type report struct {
	objects Objects
	out     *sheet.Writer
	outcome Outcome
	events  map[string]int // uid -> index in outcome.Events
	settled bits
}

// row writes and counts a row. known says whether its uid is an event of the sender's.
func (r *report) row(row Result, known bool) error {
	r.outcome.Rows++
	r.outcome.Total.add(row.Result)
	if row.Reason != "" {
		r.outcome.Reasons[row.Reason]++
	}
	if row.Unsettled() {
		r.outcome.Unsettled++
	}
	if known {
		i, ok := r.events[row.UID]
		if !ok && len(r.events) < MaxEvents {
			i, ok = len(r.outcome.Events), true
			r.events[row.UID] = i
			r.outcome.Events = append(r.outcome.Events, EventTally{UID: row.UID})
		}
		if ok {
			r.outcome.Events[i].add(row.Result)
		}
	}
	return r.out.Write(strconv.Itoa(row.Row), row.UID, row.Email, row.Result, row.Reason, Explain(row.Reason))
}

func (r *report) rejected(ctx context.Context, files Files) error {
	return read(ctx, r.objects, files.Bucket, files.Rejected, func(rows *json.Decoder) error {
		return each(rows, func(row Rejected) error {
			return r.row(Result{Row: row.Row, UID: row.UID, Email: row.Email, Result: Invalid, Reason: row.Reason}, row.Known)
		})
	})
}

// missing adds the accepted rows that are in no batch.
func (r *report) missing(ctx context.Context, files Files) error {
	return read(ctx, r.objects, files.Bucket, files.Accepted, func(rows *json.Decoder) error {
		return each(rows, func(item Item) error { return r.settle(item, Result{Result: Failed, Reason: ReasonNotStarted}) })
	})
}

// manifest is what the ResultWriter of a Distributed Map leaves behind.
// https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
type manifest struct {
	DestinationBucket string
	ResultFiles       struct{ SUCCEEDED, FAILED, PENDING []struct{ Key string } }
}

// child is an entry of a result file: an execution that was started with a Batch. Input and Output are JSON within a JSON string.
type child struct {
	Input, Output json.RawMessage
}

func (r *report) batches(ctx context.Context, files Files) error {
	var m manifest
	err := read(ctx, r.objects, files.Bucket, files.Manifest, func(d *json.Decoder) error { return d.Decode(&m) })
	if err != nil {
		return err
	}
	bucket := m.DestinationBucket
	if bucket == "" {
		bucket = files.Bucket
	}
	for _, group := range []struct {
		files  []struct{ Key string }
		reason string // of rows without a result
	}{
		{m.ResultFiles.SUCCEEDED, ReasonUnavailable}, {m.ResultFiles.FAILED, ReasonUnavailable}, {m.ResultFiles.PENDING, ReasonNotStarted},
	} {
		for _, file := range group.files {
			err := read(ctx, r.objects, bucket, file.Key, func(d *json.Decoder) error {
				return eachIn(d, func(c child) error { return r.batch(c, group.reason) })
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// batch adds the rows of a batch: each that the batch was started with, with its result or, where the answer has none, with that reason.
func (r *report) batch(c child, reason string) error {
	var batch Batch
	var results []Result
	if err := unwrap(c.Input, &batch); err != nil {
		return fmt.Errorf("input: %w", err)
	}
	if err := unwrap(c.Output, &results); err != nil {
		return fmt.Errorf("output: %w", err)
	}
	byRow := make(map[int]Result, len(results))
	for _, result := range results {
		byRow[result.Row] = result
	}
	if len(batch.Items) == 0 { // an entry need not repeat what the execution was started with
		for _, result := range results {
			batch.Items = append(batch.Items, Item{Row: result.Row, UID: result.UID, Email: result.Email})
		}
	}
	for _, item := range batch.Items {
		result, ok := byRow[item.Row]
		if !ok {
			result = Result{Result: Failed, Reason: reason}
		}
		if err := r.settle(item, result); err != nil {
			return err
		}
	}
	return nil
}

// settle adds an accepted row, unless it was there before.
func (r *report) settle(item Item, result Result) error {
	if !r.settled.set(item.Row) {
		return nil
	}
	return r.row(Result{Row: item.Row, UID: item.UID, Email: item.Email, Result: result.Result, Reason: result.Reason}, true)
}

// read opens an object and lets f read the JSON in it.
func read(ctx context.Context, objects Objects, bucket, key string, f func(*json.Decoder) error) error {
	body, err := objects.Open(ctx, bucket, key)
	if err != nil {
		return err
	}
	defer body.Close()
	if err = f(json.NewDecoder(body)); err == nil {
		return nil
	}
	err = fmt.Errorf("read s3://%s/%s: %w", bucket, key, err)
	if named := (*fault.Error)(nil); errors.As(err, &named) { // of the stream
		return err
	}
	return fault.Wrap(fault.Internal, "bulk-files", err)
}

// each reads values one after the other.
func each[T any](d *json.Decoder, f func(T) error) error {
	for {
		var value T
		if err := d.Decode(&value); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		if err := f(value); err != nil {
			return err
		}
	}
}

// eachIn reads the values of an array one after the other.
func eachIn[T any](d *json.Decoder, f func(T) error) error {
	start, err := d.Token()
	if err != nil {
		return err
	}
	if start != json.Delim('[') {
		return fmt.Errorf("%v where an array should start", start)
	}
	for d.More() {
		var value T
		if err := d.Decode(&value); err != nil {
			return err
		}
		if err := f(value); err != nil {
			return err
		}
	}
	_, err = d.Token()
	return err
}

// unwrap reads JSON that may stand within a JSON string, and leaves value alone where there is none.
func unwrap(raw json.RawMessage, value any) error {
	if len(raw) > 0 && raw[0] == '"' {
		var text string
		if err := json.Unmarshal(raw, &text); err != nil {
			return err
		}
		raw = json.RawMessage(text)
	}
	if len(raw) == 0 {
		return nil
	}
	return json.Unmarshal(raw, value)
}
