package states

import (
	"cmp"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/localstack/asl"
	"github.com/calendarinvite/calendarinviteserver/localstack/journal"
)

// pruneChildren drops the children of the oldest Map Runs that have ended, beyond the number to keep.
func (s *Service) pruneChildren() error {
	s.mu.Lock()
	var runs []*mapRun
	for _, r := range s.mapRuns {
		runs = append(runs, r)
	}
	s.mu.Unlock()
	slices.SortFunc(runs, func(a, b *mapRun) int { // the latest first
		return cmp.Or(b.record.Start.Compare(a.record.Start), strings.Compare(a.record.ID, b.record.ID))
	})
	kept := 0
	for i, r := range runs {
		r.mu.Lock()
		run, n := r.record.MapRun, len(r.outcomes)
		r.mu.Unlock()
		if run.Dropped {
			continue
		}
		if kept += n; i == 0 || kept <= s.cfg.KeepChildren || run.Status == asl.Running {
			continue
		}
		kept -= n
		if err := s.eraseChildren(run.ID); err != nil {
			return err
		}
		r.mu.Lock()
		r.record.Dropped = true
		r.mu.Unlock()
		if err := r.store(); err != nil {
			return err
		}
	}
	return nil
}

// eraseMapRuns removes the Map Runs of an execution with all that belongs to them.
func (s *Service) eraseMapRuns(execution string) error {
	s.mu.Lock()
	runs := s.mapRunsOf[execution]
	delete(s.mapRunsOf, execution)
	for _, r := range runs {
		delete(s.mapRuns, r.record.ID)
	}
	s.mu.Unlock()
	for _, r := range runs {
		if err := s.eraseChildren(r.record.ID); err != nil {
			return err
		}
		if err := s.cfg.Journal.Bucket(mapRunBucket).Delete(r.record.ID); err != nil {
			return err
		}
	}
	return nil
}

// eraseChildren removes the children of a Map Run, a number at a time, and the Map Runs of theirs.
func (s *Service) eraseChildren(id string) error {
	s.mu.Lock()
	var parents []string
	for arn := range s.mapRunsOf {
		if strings.Contains(arn, ":"+id+"-") {
			parents = append(parents, arn)
		}
	}
	s.mu.Unlock()
	for _, arn := range parents {
		if err := s.eraseMapRuns(arn); err != nil {
			return err
		}
	}
	for _, bucket := range []string{historyBucket, childBucket} {
		for {
			keys, err := s.someKeys(bucket, id+"/")
			if err != nil {
				return err
			}
			if len(keys) == 0 {
				break
			}
			err = s.cfg.Journal.Update(func(tx *journal.Tx) error {
				for _, key := range keys {
					if err := tx.Delete(bucket, key); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// errEnough ends a walk through the journal.
var errEnough = errors.New("enough")

// someKeys returns up to 256 keys with a prefix.
func (s *Service) someKeys(bucket, prefix string) ([]string, error) {
	var keys []string
	err := s.cfg.Journal.Bucket(bucket).ForEach(prefix, func(key string, _ json.RawMessage) error {
		if keys = append(keys, key); len(keys) == 256 {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return keys, err
}
