package states

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/localstack/asl"
	"github.com/calendarinvite/calendarinviteserver/localstack/protocol"
)

// childName is the name of a child: its Map Run's id and its number.
func childName(mapRun string, n int) string { return mapRun + "-" + strconv.Itoa(n) }

// childKey is a child's key in childBucket: sorting such keys sorts by number.
func childKey(mapRun string, n int) string { return fmt.Sprintf("%s/%08x", mapRun, n) }

// numberOf is the number in a childKey.
func numberOf(key string) (int, error) {
	n, err := strconv.ParseUint(key[strings.LastIndexByte(key, '/')+1:], 16, 31)
	return int(n), err
}

// Run implements asl.Children.
func (r *mapRun) Run(ctx context.Context, c asl.Child) (asl.Status, error) {
	r.mu.Lock()
	status, machine := r.outcome(c.Number), r.processor
	r.mu.Unlock()
	if status != "" {
		return status, nil
	}
	e, err := r.child(ctx, c)
	if err != nil {
		return "", err
	}
	r.begun(c, e)
	err = r.s.run(e, machine)
	done, _ := e.snapshot()
	if err != nil {
		e.cancel(nil)
		done.Status = ""
	}
	r.done(c, done.Status)
	return done.Status, err
}

// child makes the execution of a child. A Standard one is stored at once, or taken from where it is stored; an Express
// one is stored at its end: cut off before, it is to run again from its input, which is read again, too.
func (r *mapRun) child(ctx context.Context, c asl.Child) (*execution, error) {
	run, key := r.snapshot(), childKey(r.record.ID, c.Number)
	machine, _, _ := strings.Cut(run.Machine, "/")
	machine += "/" + run.Label
	name := childName(run.ID, c.Number)
	fresh := record{
		Machine: machine, Name: name, ARN: r.s.arn("execution", machine+":"+name), Type: run.Type, RoleARN: r.record.RoleARN,
		Definition: r.record.Definition, Start: r.s.now(), Status: asl.Running, Input: c.Input, MapRun: run.ID, Items: c.Items,
	}
	if run.Type == Express {
		fresh.ARN = r.s.arn("express", machine+":"+name+":"+run.ID)
		return newExecution(ctx, childBucket, key, fresh), nil
	}
	bucket := r.s.cfg.Journal.Bucket(childBucket)
	var old record
	found, err := bucket.Get(key, &old)
	if err != nil {
		return nil, err
	}
	if found {
		e := newExecution(ctx, childBucket, key, old)
		return e, r.s.goOn(e)
	}
	if err := bucket.Put(key, fresh); err != nil {
		return nil, err
	}
	return newExecution(ctx, childBucket, key, fresh), nil
}

func (r *mapRun) begun(c asl.Child, e *execution) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open[c.Number] = e
	r.count(c, asl.Running)
}

// done notes how a child ended; "" if it was cut off.
func (r *mapRun) done(c asl.Child, status asl.Status) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.open, c.Number)
	r.record.Items.Running -= c.Items
	r.record.Children.Running--
	r.count(c, status)
}

// count notes how a child stands. The caller holds r.mu.
func (r *mapRun) count(c asl.Child, status asl.Status) {
	r.outcomes = setOutcome(r.outcomes, c.Number, status)
	r.record.Items.add(status, c.Items)
	r.record.Children.add(status, 1)
}

// mapRunNamed returns the Map Run of an id; nil if there is none.
func (s *Service) mapRunNamed(id string) *mapRun {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mapRuns[id]
}

// childNamed returns the child of a Map Run, wherever it is.
func (s *Service) childNamed(machine, name string) (*execution, error) {
	unknown := protocol.Errorf("ExecutionDoesNotExist", "Execution Does Not Exist: '%s'", s.arn("execution", machine+":"+name))
	i := strings.LastIndexByte(name, '-')
	if i < 0 {
		return nil, unknown
	}
	n, err := strconv.Atoi(name[i+1:])
	r := s.mapRunNamed(name[:i])
	if err != nil || r == nil {
		return nil, unknown
	}
	e, err := r.at(n)
	if err == nil && (e == nil || e.record.Machine != machine) {
		return nil, unknown
	}
	return e, err
}

// at returns child number n; nil if it has not begun.
func (r *mapRun) at(n int) (*execution, error) {
	r.mu.Lock()
	e := r.open[n]
	r.mu.Unlock()
	if e != nil {
		return e, nil
	}
	var kept record
	key := childKey(r.record.ID, n)
	if found, err := r.s.cfg.Journal.Bucket(childBucket).Get(key, &kept); err != nil || !found {
		return nil, err
	}
	e = newExecution(r.s.ctx, childBucket, key, kept)
	e.end() // as far as anybody here is concerned
	return e, nil
}

// find returns the execution of an ARN, also a child.
func (s *Service) find(arn string) (*execution, error) {
	s.mu.Lock()
	e := s.byARN[arn]
	s.mu.Unlock()
	if e != nil {
		return e, nil
	}
	return s.executionOf(arn)
}
