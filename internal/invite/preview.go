package invite

import (
	"context"
	"slices"
	"sync"
)

// previewing is how many batches Preview reads at a time.
const previewing = 8

// Preview says of every row what SendBatch would do with it now, and changes nothing: RowReady where the invitation would be sent. It takes
// any number of rows, each batch of which costs two reads, and keeps no more of a row that it is through with than the result. remaining
// is how many invitations the event may still send, if it has a limit (negative = none); it is for lists about one event.
func (s *Service) Preview(ctx context.Context, b BatchRequest, remaining int) ([]SentRow, error) {
	results := make([]SentRow, 0, len(b.Items))
	seen := map[person]bool{}
	for items := range slices.Chunk(b.Items, previewing*MaxBatch) {
		part := b
		part.Items = items
		all := s.newBatch(part, seen)
		left, err := s.foresee(ctx, all, remaining)
		if err != nil {
			return nil, wrap("preview list", err)
		}
		remaining = left
		results = append(results, all.sent().Results...)
	}
	return results, nil
}

// foresee settles the rows by what is known now, and returns how many invitations the event may send after them.
func (s *Service) foresee(ctx context.Context, b *batch, remaining int) (int, error) {
	var groups [][]*batchRow
	for _, group := range b.byEvent() {
		groups = slices.AppendSeq(groups, slices.Chunk(group, MaxBatch))
	}
	found, err := s.gatherAll(ctx, b.owner, groups)
	if err != nil {
		return 0, err
	}
	now := s.now()
	for i, group := range groups {
		for _, row := range group {
			if s.judge(row, b, found[i], now); row.step == rowSettled {
				continue
			}
			if remaining >= 0 && row.change.Invites > remaining {
				row.settle(RowLimit, ReasonInviteLimit)
				continue
			}
			if remaining >= 0 {
				remaining -= row.change.Invites
			}
			row.settle(RowReady, "")
		}
	}
	return remaining, nil
}

// gatherAll is what deciding about each group needs, read a few groups at a time.
func (s *Service) gatherAll(ctx context.Context, owner Organizer, groups [][]*batchRow) ([]Gathered, error) {
	found := make([]Gathered, len(groups))
	failures := make([]error, len(groups))
	slots := make(chan struct{}, previewing)
	var wait sync.WaitGroup
	for i, group := range groups {
		wait.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			found[i], failures[i] = s.store.Gather(ctx, gathering(owner, group))
		})
	}
	wait.Wait()
	if failed := slices.IndexFunc(failures, func(err error) bool { return err != nil }); failed >= 0 {
		return nil, failures[failed]
	}
	return found, nil
}
