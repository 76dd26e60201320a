// Command localstack runs the whole system on this machine: the project's functions, state machines and wiring over emulated AWS services,
// without Docker and without an account. Stop it with Ctrl-C.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/calendarinvite/calendarinviteserver/localstack/stack"
)

func main() {
	if err := run(os.Environ(), os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "localstack:", err)
		os.Exit(1)
	}
}

// run starts the stack, prints the banner, and stops when a signal comes or the stack fails. A second signal ends the process at once.
func run(environ []string, stdout, stderr io.Writer) error {
	begin := time.Now()
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stopped := make(chan struct{})
	go func() {
		<-signals
		cancel()
		select {
		case <-signals:
			os.Exit(1)
		case <-stopped:
		}
	}()
	defer close(stopped)

	log := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelInfo}))
	slog.SetDefault(log)
	cfg, err := settings(environ)
	if err != nil {
		return err
	}
	cfg.Log = log
	s, err := stack.Start(ctx, cfg)
	if errors.Is(err, context.Canceled) {
		return nil // stopped while it started
	}
	if err != nil {
		return err
	}
	fmt.Fprint(stdout, banner(s, cfg, time.Since(begin)))
	select {
	case <-ctx.Done():
		fmt.Fprintln(stdout, "\nStopping.")
	case err = <-s.Failed():
	}
	stopCtx, end := context.WithTimeout(context.Background(), stack.StopTime)
	defer end()
	return errors.Join(err, s.Stop(stopCtx))
}
