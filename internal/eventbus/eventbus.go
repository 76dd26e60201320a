// Package eventbus publishes facts on an EventBridge bus.
package eventbus

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/smithy-go"

	"github.com/calendarinvite/calendarinviteserver/internal/fact"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
)

// Limits of one PutEvents call. https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
// The size is the one that the targets of rules take too: what starts a state machine may be no larger.
const (
	maxEntries = 10
	maxSize    = 256 << 10 // octets of all entries, counted as sizeOf does
)

// Entries that EventBridge did not take for now are handed over again this often, after a random part of a delay that doubles.
const (
	maxTries   = 5
	firstDelay = 50 * time.Millisecond
)

// Bus is an event bus. It satisfies fact.Publisher, and is safe for use by several goroutines.
type Bus struct {
	client *eventbridge.Client
	name   string
}

var _ fact.Publisher = (*Bus)(nil)

// New returns the bus of the name or ARN.
func New(cfg aws.Config, name string) *Bus {
	return &Bus{client: eventbridge.NewFromConfig(cfg), name: name}
}

// Publish puts the facts on the bus: one call for ten of them, none for none. Its errors are faults: Throttled and Unavailable, where
// all may be published again under the same IDs, and Internal, where the bus is not there or not ours.
func (b *Bus) Publish(ctx context.Context, facts ...fact.Fact) error {
	entries := make([]types.PutEventsRequestEntry, len(facts))
	for i, f := range facts {
		detail, err := encode(f)
		if err != nil {
			return fault.Wrap(fault.Internal, "fact", fmt.Errorf("eventbus: encode %s: %w", f.Type, err))
		}
		entries[i] = types.PutEventsRequestEntry{
			EventBusName: &b.name, Source: aws.String(fact.Source), DetailType: aws.String(string(f.Type)), Detail: &detail, Time: &f.Timestamp,
		}
	}
	for len(entries) > 0 {
		n := fits(entries)
		if err := b.put(ctx, entries[:n]); err != nil {
			return err
		}
		entries = entries[n:]
	}
	return nil
}

// encode is the fact's JSON without escapes that only HTML needs.
func encode(f fact.Fact) (string, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(f)
	return string(bytes.TrimSuffix(text.Bytes(), []byte("\n"))), err
}

// fits is how many of the entries, at least one, go into one call.
func fits(entries []types.PutEventsRequestEntry) int {
	size := 0
	for i, entry := range entries {
		if size += sizeOf(entry); i > 0 && (i == maxEntries || size > maxSize) {
			return i
		}
	}
	return len(entries)
}

// sizeOf is the entry's size as EventBridge counts it.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html
func sizeOf(entry types.PutEventsRequestEntry) int {
	const timeSize = 14
	return timeSize + len(*entry.Source) + len(*entry.DetailType) + len(*entry.Detail)
}

// put hands over the entries of one call, and those again that EventBridge did not take.
func (b *Bus) put(ctx context.Context, entries []types.PutEventsRequestEntry) error {
	for try := 1; ; try++ {
		answer, err := b.client.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: entries})
		if err != nil {
			return putFault(err)
		}
		var left []types.PutEventsRequestEntry
		code := ""
		for i, result := range answer.Entries {
			if result.ErrorCode != nil && i < len(entries) {
				left, code = append(left, entries[i]), *result.ErrorCode
			}
		}
		if len(left) == 0 {
			return nil
		}
		entries = left
		refused := fault.Wrap(kindOf(code), "event-bus", fmt.Errorf("eventbus: %d events refused: %s", len(left), code))
		if try == maxTries || refused.Kind == fault.Internal {
			return refused
		}
		if err := pause(ctx, try); err != nil {
			return refused
		}
	}
}

// pause waits before the next try, or returns the context's error.
func pause(ctx context.Context, try int) error {
	delay := firstDelay << (try - 1)
	timer := time.NewTimer(delay/2 + rand.N(delay))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func putFault(err error) error {
	cause := fmt.Errorf("eventbus: put events: %w", err)
	if api := smithy.APIError(nil); errors.As(err, &api) {
		return fault.Wrap(kindOf(api.ErrorCode()), "event-bus", cause)
	}
	return fault.Wrap(fault.Unavailable, "event-bus", cause)
}

// kindOf says what to do about an error code of PutEvents, of the call or of one entry.
func kindOf(code string) fault.Kind {
	switch code {
	case "ThrottlingException", "Throttling", "LimitExceededException":
		return fault.Throttled
	case "InternalFailure", "InternalException", "InternalServerError", "ServiceUnavailable", "ServiceUnavailableException":
		return fault.Unavailable
	}
	return fault.Internal // access denied, no such bus, malformed: no repeat helps before a person does
}
