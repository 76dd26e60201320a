package ddbstore

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"github.com/guregu/dynamo/v2"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
)

// A write that meets a transaction on the same item, or a transaction that meets throttling, is tried again this often, after a random part of a delay that
// doubles from firstDelay to maxDelay.
const (
	maxTries   = 9
	firstDelay = 10 * time.Millisecond
	maxDelay   = 400 * time.Millisecond
)

// failed says which operations of a transaction failed their condition, with the items that were in the way, by their place in it.
type failed map[int]dynamo.Item

// transact runs a transaction. A nil error with a nil failed means that it is done; with failed, that nothing was written because of
// conditions. The error is a fault.
func (s *Store) transact(ctx context.Context, doing string, build func() *dynamo.WriteTx) (failed, error) {
	for try := 1; ; try++ {
		err := build().Idempotent(true).Run(ctx) // the token makes the SDK's own repeats after a lost answer harmless
		if err == nil {
			return nil, nil
		}
		var cancelled *types.TransactionCanceledException
		if !errors.As(err, &cancelled) && !retryable(err) {
			return nil, translate(doing, err)
		}
		conditions := failed{}
		again := cancelled == nil
		if cancelled != nil {
			for i, reason := range cancelled.CancellationReasons {
				switch code(reason) {
				case "ConditionalCheckFailed":
					conditions[i] = reason.Item
				case "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded":
					again = true
				}
			}
		}
		switch {
		case len(conditions) > 0:
			return conditions, nil
		case !again:
			return nil, translate(doing, err)
		case try == maxTries:
			return nil, fault.Wrap(fault.Throttled, "table-busy", fmt.Errorf("ddbstore: %s: %w", doing, err))
		}
		if err := pause(ctx, try); err != nil {
			return nil, translate(doing, err)
		}
	}
}

// patiently makes a single write again while a transaction holds its item.
func patiently[Out any](ctx context.Context, write func() (Out, error)) (Out, error) {
	for try := 1; ; try++ {
		out, err := write()
		if err == nil || !retryable(err) || try == maxTries || pause(ctx, try) != nil {
			return out, err
		}
	}
}

// pause waits before the next try, or returns the context's error.
func pause(ctx context.Context, try int) error {
	delay := min(maxDelay, firstDelay<<(try-1))
	timer := time.NewTimer(delay/2 + rand.N(delay))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func code(r types.CancellationReason) string {
	if r.Code == nil {
		return ""
	}
	return *r.Code
}

// retryable reports whether another transaction with the same item or token was in the way of this call as a whole.
func retryable(err error) bool {
	var conflict *types.TransactionConflictException
	var running *types.TransactionInProgressException
	return errors.As(err, &conflict) || errors.As(err, &running)
}

// translate makes a fault of what DynamoDB or the way to it said.
func translate(doing string, err error) error {
	if err == nil {
		return nil
	}
	err = fmt.Errorf("ddbstore: %s: %w", doing, err)
	var api smithy.APIError
	if !errors.As(err, &api) {
		return fault.Wrap(fault.Unavailable, "table-unreachable", err) // no answer, or the context ended
	}
	switch api.ErrorCode() {
	case "ProvisionedThroughputExceededException", "RequestLimitExceeded", "ThrottlingException", "LimitExceededException",
		"TransactionConflictException", "TransactionInProgressException":
		return fault.Wrap(fault.Throttled, "table-busy", err)
	case "InternalServerError", "ServiceUnavailable", "InternalFailure":
		return fault.Wrap(fault.Unavailable, "table-unavailable", err)
	}
	return fault.Wrap(fault.Internal, "table", err)
}

// refusedBy is the item that failed the condition of a single write; false when err is something else.
func refusedBy(err error) (dynamo.Item, bool) {
	var refused *types.ConditionalCheckFailedException
	if !errors.As(err, &refused) {
		return nil, false
	}
	return refused.Item, true
}

// unlessRefused is the fault of a write; that its condition did not hold is none.
func unlessRefused(doing string, err error) error {
	if _, refused := refusedBy(err); refused {
		return nil
	}
	return translate(doing, err)
}
