package ddbstore

import (
	"context"
	"strings"

	"github.com/guregu/dynamo/v2"

	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/itip"
)

// PutProposal implements invite.Store. One PutItem.
func (s *Store) PutProposal(ctx context.Context, p invite.Proposal) error {
	record, err := item(proposalKey(p.UID, p.Email, p.RecurrenceID), p)
	if err != nil {
		return err
	}
	repeated := ""
	if p.State == invite.ProposalOpen {
		repeated = p.MessageID
	}
	put := ifNewer(s.table.Put(record), "", itip.Revision{Sequence: p.Sequence, DTStamp: p.DTStamp}, "at", p.At, repeated)
	return unlessRefused("put proposal", put.Run(ctx))
}

// Proposals implements invite.Store. One Query.
func (s *Store) Proposals(ctx context.Context, uid, after string, limit int) ([]invite.Proposal, string, error) {
	return page[invite.Proposal](ctx, s, uid, proposalPrefix, after, limit)
}

// PutGuest implements invite.Store. One PutItem.
func (s *Store) PutGuest(ctx context.Context, g invite.Guest) error {
	record, err := item(guestKey(g.UID, g.Email), g)
	if err != nil {
		return err
	}
	repeated := ""
	if g.State == invite.GuestHeld {
		repeated = g.Reply.MessageID
	}
	put := ifNewer(s.table.Put(record), "'reply'.", itip.Revision{Sequence: g.Reply.Sequence, DTStamp: g.Reply.DTStamp}, "updated", g.Updated, repeated)
	return unlessRefused("put guest", put.Run(ctx))
}

// Guests implements invite.Store. One Query.
func (s *Store) Guests(ctx context.Context, uid, after string, limit int) ([]invite.Guest, string, error) {
	return page[invite.Guest](ctx, s, uid, guestPrefix, after, limit)
}

// ifNewer makes the put replace only an older revision (RFC 5546 §2.1.5), or the same one that came no later. What a mail says that is
// delivered again does not replace what the organizer has made of it since: repeated is the mail's id, "" where the organizer's own decision
// is put. The revision stands under the prefix in the record, the moment under arrived.
func ifNewer(put *dynamo.Put, prefix string, r itip.Revision, arrived string, at int64, repeated string) *dynamo.Put {
	args := []any{r.Sequence, r.Sequence, r.DTStamp, r.DTStamp, at}
	same := "'" + arrived + "' <= ?"
	if repeated != "" {
		same += " AND (attribute_not_exists(.'message_id') OR .'message_id' <> ?)"
		args = append(args, repeated)
	}
	condition := notExists + " OR .'sequence' < ? OR (.'sequence' = ? AND (.'dtstamp' < ? OR (.'dtstamp' = ? AND " + same + ")))"
	return put.If(strings.ReplaceAll(condition, ".", prefix), args...)
}
