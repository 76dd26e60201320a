package invite

import (
	"context"
	"slices"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/fact"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/imip"
)

// SendBatch invites the people of a list's batch (spec §4, "Bulk"): for each event in it, two reads and one transaction that records and
// counts all of them; then the mails, several at a time; then one batched write that marks what was sent. Run again, it finds its own
// earlier work, sends only what was not sent, and answers the same. When mails remain unsent, because SES is throttling or away or the
// step's time is up, they stay queued and the error is a transient fault: the same batch is to be sent again.
func (s *Service) SendBatch(ctx context.Context, b BatchRequest) (BatchSent, error) {
	if len(b.Items) > MaxBatch {
		return BatchSent{}, fault.New(fault.InvalidRequest, "batch-too-large", "")
	}
	batch := s.newBatch(b, map[person]bool{})
	var failure error
	for _, group := range batch.byEvent() {
		if err := s.recordGroup(ctx, batch, group); err != nil {
			failure = err // the rows of other events go on
			reopen(group)
		}
	}
	if err := s.sendQueued(ctx, batch); err != nil {
		failure = err
	}
	if err := s.tell(ctx, batch.facts(s.now())...); err != nil {
		failure = err
	}
	if failure != nil {
		return BatchSent{}, wrap("send batch", failure)
	}
	return batch.sent(), nil
}

// batch is a BatchRequest on its way.
type batch struct {
	id     string
	owner  Organizer
	origin string
	rows   []batchRow
	failed []fact.Fact // of rows that SES refused for good
}

// batchRow is a row on its way: through the steps in their order.
type batchRow struct {
	SentRow
	step     rowStep
	request  InviteRequest
	event    Event
	attendee Attendee   // to be written, when fresh; as it stands, when queued or sent
	change   Statistics // what recording a fresh one counts
	at       int64      // of a settled one: when SES took or refused the mail; 0 = it got none
}

type rowStep int

const (
	rowOpen    rowStep = iota // nothing is known yet
	rowFresh                  // to be recorded
	rowQueued                 // recorded, to be sent
	rowSettled                // has its result
)

func (r *batchRow) settle(result BatchResult, reason string) {
	r.step, r.Result, r.Reason = rowSettled, result, reason
}

// person is somebody at an event.
type person struct{ uid, email string }

// newBatch makes rows of the items. Who is among the seen stands in the list before.
func (s *Service) newBatch(b BatchRequest, seen map[person]bool) *batch {
	all := &batch{id: b.ID, owner: b.Owner, origin: b.Origin, rows: make([]batchRow, len(b.Items))}
	if all.origin == "" {
		all.origin = OriginBulk
	}
	for i, item := range b.Items {
		row := &all.rows[i]
		request, reason := s.checkRequest(InviteRequest{ID: b.ID, UID: item.UID, Email: item.Email, Name: item.Name, Origin: all.origin, Listed: true, Again: b.Again})
		row.SentRow = SentRow{Row: item.Row, UID: request.UID, Email: request.Email}
		row.request = request
		switch who := (person{request.UID, request.Email}); {
		case reason != "":
			row.settle(RowInvalid, reason)
		case seen[who]:
			row.settle(RowInvalid, ReasonDuplicate)
		default:
			seen[who] = true
		}
	}
	return all
}

// byEvent are the open rows of each event, in their order.
func (b *batch) byEvent() [][]*batchRow {
	var groups [][]*batchRow
	place := map[string]int{}
	for i := range b.rows {
		row := &b.rows[i]
		if row.step != rowOpen {
			continue
		}
		at, has := place[row.UID]
		if !has {
			at = len(groups)
			place[row.UID] = at
			groups = append(groups, nil)
		}
		groups[at] = append(groups[at], row)
	}
	return groups
}

// gathering is what deciding about the rows of one event needs.
func gathering(owner Organizer, group []*batchRow) GatherQuery {
	query := GatherQuery{UID: group[0].UID, Owner: owner, Standings: true}
	for _, row := range group {
		query.Emails = append(query.Emails, row.Email)
	}
	return query
}

// recordGroup settles the rows of one event, or records them, so that they are queued.
func (s *Service) recordGroup(ctx context.Context, b *batch, group []*batchRow) error {
	query := gathering(b.owner, group)
	found, err := s.store.Gather(ctx, query)
	for range maxAttempts {
		if err != nil {
			return err
		}
		now := s.now()
		older := false
		for _, row := range group {
			if row.step == rowSettled {
				continue
			}
			s.judge(row, b, found, now)
			if row.step == rowQueued && row.attendee.SentSequence > row.event.Sequence {
				older, row.step = true, rowOpen
			}
		}
		fresh := slices.DeleteFunc(slices.Clone(group), func(row *batchRow) bool { return row.step != rowFresh })
		outcome := InvitedBatch{State: InviteRecorded}
		switch {
		case older: // recorded against a newer revision than was read: the mail must not be older
			outcome.State = InviteChanged
		case len(fresh) > 0:
			if outcome, err = s.store.InviteBatch(ctx, invitations(fresh)); err != nil {
				return err
			}
		}
		switch outcome.State {
		case InviteRecorded:
			for _, row := range fresh {
				row.step = rowQueued
				row.attendee.Version++
			}
			return nil
		case InviteKnown:
			for email, known := range outcome.Known {
				found.Attendees[email] = known
			}
		case InviteLimit:
			cutToLimit(fresh, outcome.Remaining)
		case InviteChanged:
			found, err = s.store.Gather(ctx, query)
		}
	}
	return errContended()
}

// reopen forgets what was settled of an event whose fresh rows could not be recorded: the next run may settle more, and all that is
// settled before the mails leave is told in one fact.
func reopen(group []*batchRow) {
	for _, row := range group {
		if row.step == rowSettled {
			row.step = rowOpen
		}
	}
}

// judge decides about a row by what is known now.
func (s *Service) judge(row *batchRow, b *batch, found Gathered, now time.Time) {
	known, has := found.Attendees[row.Email]
	own := has && b.id != "" && known.RequestID == b.id
	standing := Standing{Event: found.Event, Blocked: found.Blocked[row.Email], Suspended: found.Suspended, BulkAllowed: found.BulkAllowed}
	if has {
		standing.Attendee = &known
	}
	if found.Event == nil || found.Event.Owner() != b.owner {
		row.settle(RowInvalid, ReasonUnknownEvent)
		return
	}
	row.event, row.attendee = *found.Event, known
	switch {
	case own && known.Delivery == DeliverySent:
		row.settle(RowSent, "")
		row.SESMessageID, row.at = known.SESMessageID, known.SentAt
		return
	case own && known.Delivery == DeliveryFailed:
		b.refused(row, known)
		return
	}
	switch reason := s.refusal(row.request, standing); reason {
	case "":
	case ReasonBlocked:
		row.settle(RowBlocked, reason)
		return
	default:
		row.settle(RowInvalid, reason)
		return
	}
	switch {
	case own:
		row.step = rowQueued
	case !has:
		row.step, row.attendee = rowFresh, newAttendee(row.request, row.event, now)
		row.change = move(row.event, nil, row.attendee)
		row.change.Invites = 1
	default:
		again, _ := s.inviteAgain(row.request, row.event, known, now)
		if again == nil {
			row.settle(RowAlready, "")
			return
		}
		row.step, row.attendee, row.change = rowFresh, again.Attendee, again.Change
	}
}

// refused settles a row whose mail SES will never take, as its record says.
func (b *batch) refused(row *batchRow, a Attendee) {
	row.settle(RowFailed, ReasonRefused)
	if a.Bounce != nil {
		row.at = a.Bounce.At
	}
	b.failed = append(b.failed, bounceFact(a))
}

// invitations is the transaction that records fresh rows of one event.
func invitations(rows []*batchRow) InvitationBatch {
	recorded := InvitationBatch{Event: rows[0].event, Change: Statistics{Origin: map[string]int{}, RSVP: map[string]int{}, ProdID: map[string]int{}}}
	for _, row := range rows {
		recorded.Attendees = append(recorded.Attendees, row.attendee)
		recorded.Change.add(row.change)
	}
	return recorded
}

// cutToLimit settles the last rows, so that those left take no more invitations than remain.
func cutToLimit(rows []*batchRow, remaining int) {
	for _, row := range rows {
		if row.change.Invites > remaining {
			row.settle(RowLimit, ReasonInviteLimit)
			continue
		}
		remaining -= row.change.Invites
	}
}

// sendQueued sends what is queued and marks it. Its error says that something remains unsent.
func (s *Service) sendQueued(ctx context.Context, b *batch) error {
	var rows []*batchRow
	var parcels []parcel
	var failure error
	for i := range b.rows {
		row := &b.rows[i]
		if row.step != rowQueued {
			continue
		}
		composer, err := s.composer(row.event, letter{method: imip.MethodRequest})
		if err != nil {
			failure = err
			continue
		}
		rows = append(rows, row)
		parcels = append(parcels, parcel{to: recipient(row.event, row.attendee), tags: tags(row.event), composers: []Composer{composer}})
	}
	handed := s.deliver(ctx, parcels)
	at := max(s.now().Unix(), b.latest()+1)
	var marks []InviteMark
	for i, row := range rows {
		if handed[i].err == nil {
			marks = append(marks, InviteMark{
				UID: row.UID, Email: row.Email, RequestID: row.attendee.RequestID, Generation: row.attendee.Generation,
				SESMessageID: handed[i].sesMessageID, At: at,
			})
		}
	}
	if len(marks) > 0 {
		if err := s.store.MarkInvited(ctx, marks); err != nil {
			return err
		}
	}
	for i, row := range rows {
		switch h := handed[i]; {
		case h.unsent():
			failure = h.err
		case h.refused():
			failed, err := s.giveUp(ctx, row.attendee, h.err, at)
			if err != nil {
				failure = err
				continue
			}
			b.refused(row, failed)
		default:
			row.settle(RowSent, "")
			row.SESMessageID, row.at = h.sesMessageID, at
		}
	}
	return failure
}

// latest is when an earlier run of this batch sent its last mail. No two runs share a moment: each is a fact of its own.
func (b *batch) latest() (at int64) {
	for i := range b.rows {
		at = max(at, b.rows[i].at)
	}
	return at
}

// facts tell of the settled rows, of each event apart: what got no mail, and what each run sent or had refused by SES, by the moment that
// it noted. So another run, whatever it adds, tells the same again in the same facts.
func (b *batch) facts(now time.Time) []fact.Fact {
	type key struct {
		t   fact.Type
		uid string
		at  int64
	}
	var order []key
	invites, events := map[key][]fact.Invite{}, map[string]Event{}
	for i := range b.rows {
		row := &b.rows[i]
		if row.step != rowSettled || row.event.UID == "" || row.Result == RowAlready {
			continue
		}
		k := key{fact.InviteRefused, row.UID, row.at}
		if row.Result == RowSent {
			k.t = fact.InviteSent
		}
		if invites[k] == nil {
			order = append(order, k)
		}
		events[row.UID] = row.event
		invites[k] = append(invites[k], fact.Invite{
			Attendee: row.Email, Name: row.request.Name, Origin: b.origin, SESMessageID: row.SESMessageID, Reason: row.Reason,
		})
	}
	facts := slices.Clone(b.failed)
	for _, k := range order {
		at := k.at
		if at == 0 {
			at = now.Unix()
		}
		facts = append(facts, invitesFact(k.t, events[k.uid], b.id, at, invites[k]))
	}
	return facts
}

func (b *batch) sent() BatchSent {
	rows := make([]SentRow, len(b.rows))
	for i := range b.rows {
		rows[i] = b.rows[i].SentRow
	}
	return BatchSent{Results: rows}
}
