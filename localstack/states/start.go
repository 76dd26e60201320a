package states

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"

	"github.com/calendarinvite/calendarinviteserver/localstack/asl"
	"github.com/calendarinvite/calendarinviteserver/localstack/journal"
	"github.com/calendarinvite/calendarinviteserver/localstack/protocol"
)

// maxInput is the longest input of an execution, in bytes of UTF-8.
// https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
const maxInput = 256 << 10

// Start starts an execution of a machine and returns its ARN when it is stored; it then runs in the
// background. An empty name becomes a UUID, an empty input {}. A Standard execution starts once by its name:
// again with the same input while it runs it is the same execution, else the error is ExecutionAlreadyExists.
func (s *Service) Start(_ context.Context, machine, name string, input []byte) (arn string, err error) {
	e, err := s.start(machine, name, input, false)
	if err != nil {
		return "", err
	}
	return e.record.ARN, nil
}

// StartSync runs an Express machine and returns how the execution ended.
func (s *Service) StartSync(ctx context.Context, machine, name string, input []byte) (Execution, error) {
	e, err := s.runSync(ctx, machine, name, input)
	if err != nil {
		return Execution{}, err
	}
	return s.describe(e)
}

// runSync runs an Express machine and waits for the end. The execution ends with the caller.
func (s *Service) runSync(ctx context.Context, machine, name string, input []byte) (*execution, error) {
	e, err := s.start(machine, name, input, true)
	if err != nil {
		return nil, err
	}
	select {
	case <-e.ended:
		return e, nil
	case <-ctx.Done():
		e.cancel(&asl.Stop{ErrorName: "States.Aborted", Cause: "The caller of StartSyncExecution is gone."})
		return nil, ctx.Err()
	}
}

// start makes an execution and launches it. A synchronous one is stored at its end only: if the process dies
// nobody waits for its result, and it may have run at most once.
func (s *Service) start(name, as string, input []byte, sync bool) (*execution, error) {
	if as == "" {
		as = protocol.RequestID()
	} else if err := checkName(as); err != nil {
		return nil, err
	}
	input, err := checkInput(input)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	if s.ctx.Err() != nil {
		s.mu.Unlock()
		return nil, &protocol.Error{Status: http.StatusServiceUnavailable, Code: "ServiceUnavailable", Message: "The local stack is being stopped."}
	}
	m := s.machines[name]
	if m == nil {
		s.mu.Unlock()
		return nil, protocol.Errorf("StateMachineDoesNotExist", "State Machine Does Not Exist: '%s'", s.MachineARN(name))
	}
	r := record{
		Machine: m.Name, Name: as, Type: m.Type, RoleARN: m.RoleARN, Definition: m.hash,
		Start: s.now(), Status: asl.Running, Input: input,
	}
	if m.Type == Express {
		r.ARN = s.arn("express", m.Name+":"+as+":"+protocol.RequestID())
	} else {
		r.ARN = s.arn("execution", m.Name+":"+as)
		if sync {
			s.mu.Unlock()
			return nil, protocol.Errorf("StateMachineTypeNotSupported", "This operation is not supported by this type of state machine")
		}
		if old := s.byARN[r.ARN]; old != nil {
			s.mu.Unlock()
			return sameExecution(old, input)
		}
	}
	s.lastID++
	e := newExecution(s.ctx, executionBucket, journal.SeqKey(s.lastID), r)
	s.index(e)
	s.work.Add(1) // so that Close waits for what is being stored, too
	s.mu.Unlock()
	defer s.work.Done()

	if err := s.store(e, m, sync); err != nil {
		s.unindex(e)
		return nil, err
	}
	s.launch(e, m.loaded, sync)
	return e, nil
}

// store stores a new execution and, once, the definition that it runs.
func (s *Service) store(e *execution, m *machine, sync bool) error {
	known := m.stored.Load()
	if known && sync {
		return nil
	}
	err := s.cfg.Journal.Update(func(tx *journal.Tx) error {
		if !known {
			if err := tx.Put(definitionBucket, e.record.Definition, json.RawMessage(m.Definition)); err != nil {
				return err
			}
		}
		if sync {
			return nil
		}
		return tx.Put(e.bucket, e.key, e.record)
	})
	if err == nil {
		m.stored.Store(true)
	}
	return err
}

// unindex takes back an execution that could not be stored.
func (s *Service) unindex(e *execution) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := len(s.executions) - 1; i >= 0; i-- {
		if s.executions[i] == e {
			s.executions = append(s.executions[:i], s.executions[i+1:]...)
			break
		}
	}
	delete(s.byName, [2]string{e.record.Machine, e.record.Name})
	delete(s.byARN, e.record.ARN)
}

// sameExecution returns the execution that has the name already, if it is the same one.
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
func sameExecution(old *execution, input []byte) (*execution, error) {
	r, _ := old.snapshot()
	if r.Status == asl.Running && bytes.Equal(r.Input, input) {
		return old, nil
	}
	return nil, protocol.Errorf("ExecutionAlreadyExists", "Execution Already Exists: '%s'", r.ARN)
}

func checkInput(input []byte) ([]byte, error) {
	if len(input) == 0 {
		return []byte("{}"), nil
	}
	if len(input) > maxInput {
		return nil, protocol.Errorf("ValidationException", "1 validation error detected: Value at 'input' failed to satisfy constraint: Member must have length less than or equal to %d", maxInput)
	}
	// The journal keeps JSON without spaces; so does the comparison of a repeated start.
	var compact bytes.Buffer
	if err := json.Compact(&compact, input); err != nil {
		return nil, protocol.Errorf("InvalidExecutionInput", "Invalid State Machine Execution Input: '%v'", err)
	}
	return compact.Bytes(), nil
}

// Stop ends a running execution for good. One that has ended stays as it is.
func (s *Service) Stop(machine, name, errorName, cause string) error {
	e, err := s.named(machine, name)
	if err != nil {
		return err
	}
	s.abort(e, errorName, cause)
	return nil
}

// abort ends an execution and returns when it has ended.
func (s *Service) abort(e *execution, errorName, cause string) {
	select {
	case <-e.ended:
		return
	default:
	}
	e.cancel(&asl.Stop{ErrorName: errorName, Cause: cause})
	select {
	case <-e.ended:
	case <-s.ctx.Done():
	}
}
