// Package states is the Step Functions of the local stack: state machines, their executions, and the API.
//
// Executions are kept in the journal. A Standard execution that the process did not live to finish goes on
// from its last checkpoint at the next start, an asynchronous Express one runs again from its input, as AWS's
// guarantees allow. https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html
package states

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/calendarinvite/calendarinviteserver/localstack/asl"
	"github.com/calendarinvite/calendarinviteserver/localstack/journal"
)

// Config is what a Service needs. Journal, Region, Account, Partition and Invoke are required.
type Config struct {
	Journal                    *journal.DB
	Region, Account, Partition string

	// Invoke invokes a Lambda function by its name, the last part of its ARN. functionError is not empty if the
	// answer is that of a function that failed. An error about the call is a *protocol.Error or *asl.Failure.
	Invoke func(ctx context.Context, function string, payload []byte) (answer []byte, functionError string, err error)

	Clock asl.Clock // asl.SystemClock if nil
	Keep  int       // how many executions are kept after their end; 10,000 if 0
}

// Service is the Step Functions service. Its methods may be called from many goroutines at once.
type Service struct {
	cfg  Config
	ctx  context.Context // ends with Close
	stop context.CancelFunc
	work sync.WaitGroup // executions under way

	mu         sync.Mutex
	machines   map[string]*machine      // by name
	executions []*execution             // in the order of their ids
	byName     map[[2]string]*execution // the latest by machine and name
	byARN      map[string]*execution
	lastID     uint64
}

// New makes a Service with the machines and executions of the journal. Executions under way wait for Resume.
func New(cfg Config) (*Service, error) {
	if cfg.Clock == nil {
		cfg.Clock = asl.SystemClock{}
	}
	if cfg.Keep == 0 {
		cfg.Keep = 10_000
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &Service{
		cfg: cfg, ctx: ctx, stop: stop,
		machines: map[string]*machine{}, byName: map[[2]string]*execution{}, byARN: map[string]*execution{},
	}
	if err := errors.Join(s.loadMachines(), s.loadExecutions()); err != nil {
		stop()
		return nil, err
	}
	return s, nil
}

// Close cuts off the executions under way and returns when they have ceased. They go on after the next start.
func (s *Service) Close() error {
	s.mu.Lock() // so that no execution starts meanwhile
	s.stop()
	s.mu.Unlock()
	s.work.Wait()
	return nil
}

func (s *Service) now() time.Time { return s.cfg.Clock.Now().UTC() }
