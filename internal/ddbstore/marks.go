package ddbstore

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/itip"
)

// maxStatements is the most statements of one BatchExecuteStatement.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchExecuteStatement.html
const maxStatements = 25

// MarkInvited implements invite.Store. One BatchExecuteStatement for 25 marks: a statement is an UpdateItem in all but name, and costs
// half of what it would cost in a transaction.
func (s *Store) MarkInvited(ctx context.Context, marks []invite.InviteMark) error {
	statements := make([]types.BatchStatementRequest, len(marks))
	for i, m := range marks {
		k := attendeeKey(m.UID, m.Email)
		set := `"delivery"=? SET "ses_message_id"=? SET "sent_at"=?`
		where := `"delivery"=? AND "generation"=? AND "request_id"`
		values := []types.AttributeValue{
			text(string(invite.DeliverySent)), text(m.SESMessageID), number(m.At), text(k.pk), text(k.sk),
			text(string(invite.DeliveryQueued)), number(int64(m.Generation)),
		}
		if m.RequestID == "" {
			where += " IS MISSING"
		} else {
			where, values = where+"=?", append(values, text(m.RequestID))
		}
		statements[i] = s.statement(set, where, values)
	}
	_, err := s.execute(ctx, "mark invitations sent", statements)
	return err
}

// MarkUpdated implements invite.Store. One BatchExecuteStatement for 25 marks, and another for those of them whose record has an answer
// to the event as it stands.
func (s *Store) MarkUpdated(ctx context.Context, marks []invite.UpdateMark) error {
	statements := make([]types.BatchStatementRequest, len(marks))
	for i, m := range marks {
		statements[i] = s.updateMark(m, m.Rescheduled > 0)
	}
	refused, err := s.execute(ctx, "mark updates sent", statements)
	if err != nil {
		return err
	}
	var plain []types.BatchStatementRequest
	for _, i := range refused {
		if marks[i].Rescheduled > 0 {
			plain = append(plain, s.updateMark(marks[i], false))
		}
	}
	_, err = s.execute(ctx, "mark updates sent", plain)
	return err
}

// updateMark is the statement for one mark: for a record whose answer is older than the reschedule, or for any.
func (s *Store) updateMark(m invite.UpdateMark, outdated bool) types.BatchStatementRequest {
	k := attendeeKey(m.UID, m.Email)
	set := `"sent_sequence"=? SET "ses_message_id"=? SET "sent_at"=? SET "delivery"=?`
	where := `"sent_sequence"<?`
	values := []types.AttributeValue{number(int64(m.Sequence)), text(m.SESMessageID), number(m.At), text(string(invite.DeliverySent))}
	if outdated {
		set += ` SET "status"=? SET "rescheduled"=?`
		where += ` AND "rescheduled"<?`
		values = append(values, text(string(itip.NoAction)), number(int64(m.Rescheduled)))
	}
	values = append(values, text(k.pk), text(k.sk), number(int64(m.Sequence)))
	if outdated {
		values = append(values, number(int64(m.Rescheduled)))
	}
	return s.statement(set, where, values)
}

// statement updates one record, if the condition holds, and counts its version up. The values are those of set, the record's key, and
// those of where.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.update.html
func (s *Store) statement(set, where string, values []types.AttributeValue) types.BatchStatementRequest {
	statement := fmt.Sprintf(`UPDATE "%s" SET "version"=version+1 SET %s WHERE "pk"=? AND "sk"=? AND %s`, s.table.Name(), set, where)
	return types.BatchStatementRequest{Statement: &statement, Parameters: values}
}

// execute runs statements, 25 in a call, and returns the places of those whose condition did not hold. What the table was too busy for
// is tried again.
func (s *Store) execute(ctx context.Context, doing string, statements []types.BatchStatementRequest) (refused []int, err error) {
	pending := make([]int, len(statements))
	for i := range pending {
		pending[i] = i
	}
	for try := 1; len(pending) > 0; try++ {
		var busy []int
		for places := range slices.Chunk(pending, maxStatements) {
			failed, err := s.executeChunk(ctx, doing, statements, places)
			if err != nil {
				return nil, err
			}
			refused = append(refused, failed.refused...)
			busy = append(busy, failed.busy...)
		}
		if pending = busy; len(pending) == 0 {
			break
		}
		if try == maxTries {
			return nil, fault.Wrap(fault.Throttled, "table-busy", fmt.Errorf("ddbstore: %s: %d records left", doing, len(pending)))
		}
		if err := pause(ctx, try); err != nil {
			return nil, translate(doing, err)
		}
	}
	return refused, nil
}

// failures are the places of statements that did nothing.
type failures struct {
	refused []int // by their condition
	busy    []int // by the table
}

// executeChunk runs the statements at the places in one call. A statement fails by itself, under HTTP 200.
func (s *Store) executeChunk(ctx context.Context, doing string, statements []types.BatchStatementRequest, places []int) (f failures, err error) {
	in := &dynamodb.BatchExecuteStatementInput{}
	for _, i := range places {
		in.Statements = append(in.Statements, statements[i])
	}
	out, err := s.api.BatchExecuteStatement(ctx, in)
	if err != nil {
		return f, translate(doing, err)
	}
	if len(out.Responses) != len(places) {
		return f, fault.Wrap(fault.Internal, "table", fmt.Errorf("ddbstore: %s: %d answers to %d statements", doing, len(out.Responses), len(places)))
	}
	for n, response := range out.Responses {
		if response.Error == nil {
			continue
		}
		switch response.Error.Code {
		case types.BatchStatementErrorCodeEnumConditionalCheckFailed:
			f.refused = append(f.refused, places[n])
		case types.BatchStatementErrorCodeEnumTransactionConflict, types.BatchStatementErrorCodeEnumThrottlingError,
			types.BatchStatementErrorCodeEnumProvisionedThroughputExceeded, types.BatchStatementErrorCodeEnumRequestLimitExceeded,
			types.BatchStatementErrorCodeEnumInternalServerError:
			f.busy = append(f.busy, places[n])
		default:
			return f, fault.Wrap(fault.Internal, "table", fmt.Errorf("ddbstore: %s: %s: %s", doing, response.Error.Code, aws.ToString(response.Error.Message)))
		}
	}
	return f, nil
}
