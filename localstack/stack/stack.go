// Package stack assembles the local stack: it starts every emulated service in one process, connects them as terraform/wiring.yaml says, and
// stops them again. The command localstack and the tests start the system through it.
package stack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/calendarinvite/calendarinviteserver/localstack/aws"
	"github.com/calendarinvite/calendarinviteserver/localstack/dynamo"
	"github.com/calendarinvite/calendarinviteserver/localstack/events"
	"github.com/calendarinvite/calendarinviteserver/localstack/journal"
	"github.com/calendarinvite/calendarinviteserver/localstack/lambda"
	"github.com/calendarinvite/calendarinviteserver/localstack/objects"
	"github.com/calendarinvite/calendarinviteserver/localstack/outbox"
	"github.com/calendarinvite/calendarinviteserver/localstack/receiving"
	"github.com/calendarinvite/calendarinviteserver/localstack/secrets"
	"github.com/calendarinvite/calendarinviteserver/localstack/states"
	"github.com/calendarinvite/calendarinviteserver/localstack/wiring"
)

// Config says where a stack listens, where its data is and what it runs. Addresses are host:port; port 0 takes a free one.
type Config struct {
	APIAddr  string // REST API and pages
	SMTPAddr string // mail in
	AWSAddr  string // AWS endpoint
	DataDir  string // kept over restarts
	Domain   string // mail domain
	Root     string // folder of the project
	Binary   string // the project's program, built for this machine; empty: built by Start into DataDir
	Warm     bool   // start a process of every function at once, so that the first mail need not wait for any
	Relay    string // smtp://… that sent mail is handed on to; empty: it stays here

	Webhooks map[string]string        // name -> URL: webhooks besides those of wiring.yaml, which get every fact
	Tenants  map[string]wiring.Tenant // by name: tenants besides those of wiring.yaml
	Feedback []string                 // types of SES events that go to EventBridge, besides those of wiring.yaml
	Secrets  map[string]string        // values of secrets, by the setting that holds the secret's name or as webhook-<name>; others are made up

	Env            []string        // NAME=value; a setting that is named here has this value instead of wiring.yaml's
	FunctionEnv    []string        // more NAME=value for the functions, such as GOCOVERDIR=…
	Dynoxide       string          // path of the DynamoDB emulator; empty: found under Root
	DynamoEndpoint string          // URL of a DynamoDB that runs already; empty: one is started
	DeliveryRetry  []time.Duration // waits between attempts to deliver a received mail, or an event; nil: receiving.DefaultRetry, events.DefaultRetry
	Pace           float64         // workflows' Wait states and the delays before their retries are multiplied with it; 0 = 1, real time

	Log *slog.Logger // nil discards
}

// Stack is a running local stack. Its services are there to be looked at and, in tests, to be driven.
type Stack struct {
	API    string // host:port to reach the REST API at
	SMTP   string
	AWS    string
	Domain string

	Wiring   *wiring.Wiring
	Objects  *objects.Store
	Outbox   *outbox.Outbox
	Dynamo   *dynamo.Server
	Runtime  *lambda.Runtime
	States   *states.Service
	Endpoint *aws.Server
	Faults   *aws.Faults
	Events   *events.Bus
	Mail     receiving.Journal // mail that was received

	cfg     Config
	log     *slog.Logger
	closers []closer // in the order of starting
	failed  chan error
}

type closer struct {
	name  string
	close func(context.Context) error
}

// StopTime is the longest that Stop takes.
const StopTime = 5 * time.Second

// Start starts a stack and returns when it answers. Its errors are one line that says what to do. ctx ends only the starting.
func Start(ctx context.Context, cfg Config) (*Stack, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s := &Stack{cfg: cfg, log: cfg.Log, failed: make(chan error, 3)}
	if err := s.start(ctx); err != nil {
		stopCtx, cancel := context.WithTimeout(context.Background(), StopTime)
		defer cancel()
		_ = s.Stop(stopCtx) // the error of starting is the one to tell
		return nil, err
	}
	return s, nil
}

func (s *Stack) start(ctx context.Context) error {
	listeners, err := s.listen(ctx)
	if err != nil {
		return err
	}
	s.API, s.SMTP, s.AWS = lambda.Loopback(listeners.api.Addr()), lambda.Loopback(listeners.smtp.Addr()), lambda.Loopback(listeners.aws.Addr())
	if s.Wiring, err = wiring.Load(s.cfg.Root, wiring.Overrides{
		Domain: s.cfg.Domain, APIURL: "http://" + s.API, Environ: s.cfg.Env, Webhooks: s.cfg.Webhooks, Tenants: s.cfg.Tenants, Feedback: s.cfg.Feedback,
	}); err != nil {
		return err
	}
	s.Domain = s.Wiring.Domain()

	db, err := journal.Open(s.cfg.DataDir)
	if err != nil {
		return err
	}
	s.closing("journal", func(context.Context) error { return db.Close() })

	// The two slow ones start side by side.
	built := make(chan error, 1)
	go func() { built <- s.build(ctx) }()
	s.Dynamo, err = dynamo.Start(ctx, dynamo.Config{
		Wiring: s.Wiring, Root: s.cfg.Root, DataDir: s.cfg.DataDir, Program: s.cfg.Dynoxide, Endpoint: s.cfg.DynamoEndpoint,
	})
	if err == nil {
		s.closing("dynamodb", func(context.Context) error { return s.Dynamo.Close() })
	}
	if err := errors.Join(<-built, err); err != nil {
		return err
	}

	if err := s.services(db, listeners); err != nil {
		return err
	}
	return s.doors(listeners)
}

// services makes what functions use, and opens the AWS endpoint.
func (s *Stack) services(db *journal.DB, l listeners) error {
	var err error
	if s.Objects, err = objects.Open(s.cfg.DataDir, s.Wiring.Buckets()...); err != nil {
		return err
	}
	s.closing("s3", func(context.Context) error { return s.Objects.Close() })
	if s.Outbox, err = outbox.New(outbox.Config{
		Journal: db, Partition: s.Wiring.Partition(), Region: s.Wiring.Region(), Account: s.Wiring.Account(), Domains: s.Wiring.Domains(),
		Feedback: s.Wiring.Feedback, Relay: s.cfg.Relay,
	}); err != nil {
		return err
	}
	s.closing("ses", func(context.Context) error { return s.Outbox.Close() })
	vault, err := secrets.New(db, s.Wiring, s.cfg.Secrets)
	if err != nil {
		return err
	}
	s.Mail = receiving.NewJournal(db)
	s.Faults = aws.NewFaults()
	s.Runtime = lambda.New(lambda.Config{
		Wiring: s.Wiring, Binary: s.cfg.Binary, Endpoint: s.AWS, Journal: db, DataDir: s.cfg.DataDir, Environ: s.cfg.FunctionEnv, Fault: s.Faults.Invoke,
	})
	if s.States, err = states.New(states.Config{
		Journal: db, Region: s.Wiring.Region(), Account: s.Wiring.Account(), Partition: s.Wiring.Partition(), Invoke: s.invoke,
		Objects: states.Stored(s.Objects), Pace: s.cfg.Pace,
		MayStart: func(machine, target string) bool { return s.Wiring.MayStart(s.workflow(machine), s.workflow(target)) },
		MayRead:  func(machine, bucket, key string) bool { return s.Wiring.MayRead(s.workflow(machine), bucket, key) },
		MayWrite: func(machine, bucket, key string) bool { return s.Wiring.MayWrite(s.workflow(machine), bucket, key) },
		Call: func(ctx context.Context, machine, action string, effect func() error) error {
			return s.Faults.Call(ctx, s.workflow(machine), action, effect)
		},
	}); err != nil {
		return err
	}
	for name, workflow := range s.Wiring.Workflows {
		if err := s.States.Define(s.machine(name), workflow.Type, s.Wiring.Definitions[name]); err != nil {
			return fmt.Errorf("statemachines/%s.asl.json: %w", name, err)
		}
	}
	if s.Events, err = events.New(events.Config{Wiring: s.Wiring, Journal: db, Targets: targets{s}, Retry: s.cfg.DeliveryRetry, Log: s.log}); err != nil {
		return err
	}
	pages, err := s.pages()
	if err != nil {
		return err
	}
	s.Endpoint = aws.New(aws.Config{
		Wiring: s.Wiring, Objects: s.Objects, Runtime: s.Runtime.RuntimeAPI(), Messages: s.Outbox.Messages(), Kill: s.Runtime.Kill,
		Faults: s.Faults, Events: s.Events.Deliveries(), Pages: pages, Version: version(),
		Services: map[string]http.Handler{
			"s3": s.Objects.API(), "dynamodb": s.Dynamo, "ses": s.Outbox.API(aws.CallerOf), "secretsmanager": vault.API(),
			"events": s.Events.API(), "states": s.States.API(), "lambda": s.Runtime.API(),
		},
	})
	s.serve("AWS endpoint", l.aws, s.Endpoint, 0) // its long polls end when the runtime closes
	s.closing("lambda", func(context.Context) error { return s.Runtime.Close() })
	s.closing("states", func(context.Context) error { return s.States.Close() })
	s.closing("events", func(context.Context) error { return s.Events.Close() })
	return nil
}

// doors opens what the outside talks to, and goes on with what an earlier run left unfinished.
func (s *Stack) doors(l listeners) error {
	api, err := s.gateway()
	if err != nil {
		return err
	}
	mail, err := s.receiving()
	if err != nil {
		return err
	}
	if err := errors.Join(s.States.Resume(), s.Runtime.Resume(), s.Events.Resume(), mail.Resume()); err != nil {
		return err
	}
	s.Outbox.Publish(s.feedback)
	s.serve("REST API", l.api, s.frontDoor(api), time.Second)
	go func() {
		if err := mail.Serve(l.smtp); err != nil {
			s.failed <- err
		}
	}()
	s.closing("smtp", mail.Close)
	if s.cfg.Warm {
		s.Runtime.Warm()
	}
	return nil
}

// frontDoor puts the stack's own pages beside the REST API.
func (s *Stack) frontDoor(api http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, own := range []string{"/_local", "/_localstack", "/_aws"} {
			if r.URL.Path == own || strings.HasPrefix(r.URL.Path, own+"/") {
				s.Endpoint.Local().ServeHTTP(w, r)
				return
			}
		}
		api.ServeHTTP(w, r)
	})
}

// serve answers HTTP on a listener until the stack stops; then requests have until grace is over to finish.
func (s *Stack) serve(name string, l net.Listener, handler http.Handler, grace time.Duration) {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug)}
	go func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.failed <- fmt.Errorf("%s: %w", name, err)
		}
	}()
	s.closing(name, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, grace)
		defer cancel()
		if err := server.Shutdown(ctx); err == nil {
			return nil
		}
		return server.Close()
	})
}

// Failed delivers an error when the stack cannot go on.
func (s *Stack) Failed() <-chan error { return s.failed }

func (s *Stack) closing(name string, close func(context.Context) error) {
	s.closers = append(s.closers, closer{name, close})
}

// Stop stops everything that Start started, within StopTime or until ctx ends. What is unfinished goes on at the next start.
func (s *Stack) Stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, StopTime)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		var all error
		for _, c := range slices.Backward(s.closers) {
			if err := c.close(ctx); err != nil {
				all = errors.Join(all, fmt.Errorf("stopping %s: %w", c.name, err))
			}
		}
		s.closers = nil
		done <- all
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("stopping: %w", ctx.Err())
	}
}
