package states

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/calendarinvite/calendarinviteserver/localstack/asl"
	"github.com/calendarinvite/calendarinviteserver/localstack/journal"
)

// mapRunBucket holds the Map Runs, by id. Their children are in childBucket: an Express one once it has ended, a
// Standard one from its beginning.
const mapRunBucket = "states-map-runs"

// MapRun is a Map Run of a distributed Map state and how its children stand.
// https://docs.aws.amazon.com/step-functions/latest/dg/concepts-examine-map-run.html
type MapRun struct {
	ID        string     `json:"id"` // UUID
	ARN       string     `json:"arn"`
	Machine   string     `json:"machine"`   // of the execution that it belongs to
	Execution string     `json:"execution"` // that one's name
	Label     string     `json:"label"`
	Type      string     `json:"type"`   // of the children: STANDARD or EXPRESS
	Status    asl.Status `json:"status"` // RUNNING, SUCCEEDED, FAILED, ABORTED
	Start     time.Time  `json:"start"`
	Stop      *time.Time `json:"stop"` // nil while it runs

	MaxConcurrency             int64   `json:"maxConcurrency"` // 0 = no limit given
	ToleratedFailureCount      int64   `json:"toleratedFailureCount"`
	ToleratedFailurePercentage float64 `json:"toleratedFailurePercentage"`

	Items    Counts `json:"items"`
	Children Counts `json:"children"`
	Dropped  bool   `json:"dropped,omitempty"` // the children are not kept any more
}

// Counts are the items or children of a Map Run, by how they stand. All is 0 until they have been counted.
type Counts struct {
	All            int `json:"all"`
	Running        int `json:"running"`
	Succeeded      int `json:"succeeded"`
	Failed         int `json:"failed"`
	TimedOut       int `json:"timedOut"`
	Aborted        int `json:"aborted"`
	ResultsWritten int `json:"resultsWritten"`
}

// Pending is how many have not begun.
func (c Counts) Pending() int {
	return max(0, c.All-c.Running-c.Succeeded-c.Failed-c.TimedOut-c.Aborted)
}

// add counts n more that stand like this.
func (c *Counts) add(status asl.Status, n int) {
	switch status {
	case asl.Running:
		c.Running += n
	case asl.Succeeded:
		c.Succeeded += n
	case asl.Failed:
		c.Failed += n
	case asl.TimedOut:
		c.TimedOut += n
	case asl.Aborted:
		c.Aborted += n
	}
}

// mapRunRecord is a Map Run as the journal keeps it.
type mapRunRecord struct {
	MapRun
	Parent     string `json:"parent"` // ARN of the execution that it belongs to
	RoleARN    string `json:"role"`
	Definition string `json:"definition"` // hash of what the children run
	Outcomes   []byte `json:"outcomes"`   // see mapRun; at the end
}

// mapRun is one Map Run. Of its children only those under way are in memory.
type mapRun struct {
	s *Service

	mu        sync.Mutex
	record    mapRunRecord       // without Outcomes
	processor *asl.Machine       // what the children run; nil unless it is running
	outcomes  []byte             // how each child stands, by its number: the first letter of its status, or pending
	open      map[int]*execution // children under way
}

// pending stands for a child that has not begun, or was cut off.
const pending = '-'

// mapRuns lets the interpreter begin Map Runs.
type mapRuns struct{ *Service }

// Begin implements asl.MapRuns.
func (m mapRuns) Begin(spec asl.MapRun) (asl.Children, error) {
	m.mu.Lock()
	r := m.Service.mapRuns[spec.ID]
	m.mu.Unlock()
	if r != nil {
		return r, r.again(spec.Processor)
	}
	parent, err := m.find(spec.Execution)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(spec.Definition)
	kind := Standard
	if spec.Express {
		kind = Express
	}
	machine, _, _ := strings.Cut(parent.record.Machine, "/")
	r = &mapRun{s: m.Service, processor: spec.Processor, open: map[int]*execution{}, record: mapRunRecord{
		MapRun: MapRun{
			ID: spec.ID, ARN: m.arn("mapRun", machine+"/"+spec.Label+":"+spec.ID),
			Machine: parent.record.Machine, Execution: parent.record.Name, Label: spec.Label, Type: kind, Status: asl.Running, Start: m.now(),
			MaxConcurrency: spec.MaxConcurrency, ToleratedFailureCount: spec.ToleratedFailureCount, ToleratedFailurePercentage: spec.ToleratedFailurePercentage,
		},
		Parent: parent.record.ARN, RoleARN: parent.record.RoleARN, Definition: hex.EncodeToString(sum[:]),
	}}
	err = m.cfg.Journal.Update(func(tx *journal.Tx) error {
		if err := tx.Put(definitionBucket, r.record.Definition, json.RawMessage(spec.Definition)); err != nil {
			return err
		}
		return tx.Put(mapRunBucket, spec.ID, r.record)
	})
	if err != nil {
		return nil, err
	}
	m.indexMapRun(r)
	return r, nil
}

// again takes up a Map Run that was begun before.
func (r *mapRun) again(processor *asl.Machine) error {
	r.mu.Lock()
	r.processor = processor
	r.record.Status, r.record.Stop = asl.Running, nil
	r.mu.Unlock()
	return r.recount()
}

func (s *Service) indexMapRun(r *mapRun) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mapRuns[r.record.ID] = r
	s.mapRunsOf[r.record.Parent] = append(s.mapRunsOf[r.record.Parent], r)
}

// loadMapRuns reads all Map Runs, without their children.
func (s *Service) loadMapRuns() error {
	var all []*mapRun
	err := journal.Each(s.cfg.Journal.Bucket(mapRunBucket), "", func(_ string, record mapRunRecord) error {
		r := &mapRun{s: s, record: record, outcomes: record.Outcomes, open: map[int]*execution{}}
		r.record.Outcomes = nil
		all = append(all, r)
		return nil
	})
	slices.SortFunc(all, func(a, b *mapRun) int { return a.record.Start.Compare(b.record.Start) })
	for _, r := range all {
		s.indexMapRun(r)
	}
	return err
}

// ARN implements asl.Children.
func (r *mapRun) ARN() string { return r.record.ARN }

// Expect implements asl.Children.
func (r *mapRun) Expect(items, children int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.record.Items.All, r.record.Children.All = items, children
}

// Each implements asl.Children.
func (r *mapRun) Each(fn func(asl.ChildResult) error) error {
	return journal.Each(r.s.cfg.Journal.Bucket(childBucket), r.record.ID+"/", func(_ string, c record) error {
		if c.Status == asl.Running {
			return nil
		}
		return fn(asl.ChildResult{
			Result: asl.Result{Status: c.Status, Output: c.Output, Error: c.Error, Cause: c.Cause},
			ARN:    c.ARN, Name: c.Name, MachineARN: r.s.MachineARN(c.Machine), Input: c.Input, Start: c.Start, Stop: c.Stop,
		})
	})
}

// End implements asl.Children.
func (r *mapRun) End(status asl.Status, written bool) error {
	now := r.s.now()
	r.mu.Lock()
	r.record.Status, r.record.Stop, r.processor = status, &now, nil
	for _, c := range []*Counts{&r.record.Items, &r.record.Children} {
		if written {
			c.ResultsWritten = c.Succeeded + c.Failed + c.TimedOut + c.Aborted
		}
	}
	r.mu.Unlock()
	if err := r.store(); err != nil {
		return err
	}
	return r.s.pruneChildren()
}

func (r *mapRun) store() error {
	r.mu.Lock()
	record := r.record
	record.Outcomes = slices.Clone(r.outcomes)
	r.mu.Unlock()
	return r.s.cfg.Journal.Bucket(mapRunBucket).Put(record.ID, record)
}

// snapshot returns the Map Run as it stands.
func (r *mapRun) snapshot() MapRun {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.record.MapRun
}

// recount finds out from the journal which children have ended. Those that it has as running were cut off.
func (r *mapRun) recount() error {
	var outcomes []byte
	var items, children Counts
	err := journal.Each(r.s.cfg.Journal.Bucket(childBucket), r.record.ID+"/", func(key string, c struct {
		Status asl.Status
		Items  int
	}) error {
		if c.Status == asl.Running {
			return nil
		}
		n, err := numberOf(key)
		if err != nil {
			return err
		}
		outcomes = setOutcome(outcomes, n, c.Status)
		items.add(c.Status, c.Items)
		children.add(c.Status, 1)
		return nil
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	items.All, children.All = r.record.Items.All, r.record.Children.All
	r.outcomes, r.record.Items, r.record.Children = outcomes, items, children
	return err
}

// setOutcome notes how child number n stands; an empty status is pending.
func setOutcome(outcomes []byte, n int, status asl.Status) []byte {
	for len(outcomes) <= n {
		outcomes = append(outcomes, pending)
	}
	outcomes[n] = pending
	if status != "" {
		outcomes[n] = status[0]
	}
	return outcomes
}

// outcome is how child number n stands; "" if it has not begun or was cut off. The caller holds r.mu.
func (r *mapRun) outcome(n int) asl.Status {
	if n < len(r.outcomes) {
		for _, status := range []asl.Status{asl.Running, asl.Succeeded, asl.Failed, asl.TimedOut, asl.Aborted} {
			if r.outcomes[n] == status[0] {
				return status
			}
		}
	}
	return ""
}

// abortMapRuns ends the Map Runs that an execution left behind, but for one.
func (s *Service) abortMapRuns(execution, but string) error {
	s.mu.Lock()
	runs := slices.Clone(s.mapRunsOf[execution])
	s.mu.Unlock()
	for _, r := range runs {
		if run := r.snapshot(); run.Status != asl.Running || run.ID == but {
			continue
		}
		if err := r.abort(); err != nil {
			return err
		}
	}
	return nil
}

// abortOrphans ends the Map Runs of executions that have ended.
func (s *Service) abortOrphans() error {
	s.mu.Lock()
	var parents []string
	for arn := range s.mapRunsOf {
		parents = append(parents, arn)
	}
	s.mu.Unlock()
	for _, arn := range parents {
		parent, err := s.find(arn)
		if err == nil {
			if r, _ := parent.snapshot(); r.Status == asl.Running {
				continue
			}
		}
		if err := s.abortMapRuns(arn, ""); err != nil {
			return err
		}
	}
	return nil
}

// abort ends a Map Run of which no child is under way any more. Children that were cut off end with it.
func (r *mapRun) abort() error {
	bucket, now := r.s.cfg.Journal.Bucket(childBucket), r.s.now()
	err := journal.Each(bucket, r.record.ID+"/", func(key string, c record) error {
		if c.Status != asl.Running {
			return nil
		}
		c.Status, c.Stop = asl.Aborted, now
		if err := bucket.Put(key, c); err != nil {
			return err
		}
		return r.s.abortMapRuns(c.ARN, "")
	})
	if err != nil {
		return err
	}
	if err := r.recount(); err != nil {
		return err
	}
	return r.End(asl.Aborted, false)
}
