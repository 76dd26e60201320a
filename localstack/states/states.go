// Package states is the Step Functions of the local stack: state machines, their executions, and the API.
//
// Executions are kept in the journal. A Standard execution that the process did not live to finish goes on
// from its last checkpoint at the next start, an asynchronous Express one runs again from its input, as AWS's
// guarantees allow. https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html
// So do the children of a Map Run; those that have ended are not run again.
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

	// Objects is the S3 of ItemReader and ResultWriter; without it they are refused. See Stored.
	Objects asl.Objects
	// MayStart says whether a machine may start another by states:startExecution, MayRead and MayWrite whether it may
	// read and write an object; with an empty key the bucket is meant, to list it. nil allows it all.
	MayStart          func(machine, target string) bool
	MayRead, MayWrite func(machine, bucket, key string) bool
	// Call makes a call of AWS that Step Functions itself makes for a machine: s3:GetObject, s3:ListBucket and s3:PutObject of a Map, and
	// states:StartExecution of a Task. A test may have it fail. nil just makes it.
	Call func(ctx context.Context, machine, action string, effect func() error) error

	Clock        asl.Clock // asl.SystemClock if nil
	Pace         float64   // Wait states and the delays before retries are multiplied with it; 1 if 0
	Keep         int       // how many executions are kept after their end; 10,000 if 0. Children are kept beside their parent,
	KeepChildren int       // but not more than so many in all, whole Map Runs at a time and always the latest; 20,000 if 0
	ResultFile   int       // the most bytes of a file of ResultWriter; 16 MiB if 0
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
	mapRuns    map[string]*mapRun   // by id
	mapRunsOf  map[string][]*mapRun // by the ARN of the execution, in the order of their starts

	deflaters sync.Pool // *flate.Writer
}

// New makes a Service with the machines and executions of the journal. Executions under way wait for Resume.
func New(cfg Config) (*Service, error) {
	if cfg.Clock == nil {
		cfg.Clock = asl.SystemClock{}
	}
	if cfg.Keep == 0 {
		cfg.Keep = 10_000
	}
	if cfg.KeepChildren == 0 {
		cfg.KeepChildren = 20_000
	}
	if cfg.Call == nil {
		cfg.Call = func(_ context.Context, _, _ string, effect func() error) error { return effect() }
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &Service{
		cfg: cfg, ctx: ctx, stop: stop,
		machines: map[string]*machine{}, byName: map[[2]string]*execution{}, byARN: map[string]*execution{}, mapRuns: map[string]*mapRun{}, mapRunsOf: map[string][]*mapRun{},
	}
	if err := errors.Join(s.loadMachines(), s.loadExecutions(), s.loadMapRuns()); err != nil {
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
