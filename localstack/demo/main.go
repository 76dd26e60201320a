// Command demo plays the whole story of the Calendar Invite Server: an event, a list of 1,000 people by mail, the status report, replies, an
// update that reaches every calendar, the attendee report, an order that lifts the limit, an unsubscribe, a cancellation. It looks at the
// system as people do: through the mails that they send and get, and the REST API. What it tells it has checked, or it ends with status 1.
//
// It starts a local stack of its own, on free ports and with temporary data. With CIS_API_ADDR, CIS_SMTP_ADDR or CIS_AWS_ADDR set it plays
// against the stack that runs there.
package main

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/calendarinvite/calendarinviteserver/localstack/stack"
)

// patience is how long one step of the story may take.
const patience = 2 * time.Minute

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	out := newTerminal(os.Stdout)
	if err := run(ctx, os.Getenv, os.Stdin, out); err != nil {
		out.failure(err)
		stop()
		os.Exit(1)
	}
}

// run plays the story against a running stack if the environment names one, else against one of its own. That one ends with the demo,
// but while somebody sits at the terminal it waits for them.
func run(ctx context.Context, env func(string) string, in *os.File, out *terminal) error {
	out.title("From one mail to a thousand calendars, and back")
	if env("CIS_API_ADDR") != "" || env("CIS_SMTP_ADDR") != "" || env("CIS_AWS_ADDR") != "" {
		d, err := connect(ctx, env)
		if err != nil {
			return err
		}
		out.note("On the stack that runs. Watch it at " + d.page(""))
		links, err := play(ctx, d, out)
		if err == nil {
			out.links(links)
		}
		return err
	}
	s, err := own(ctx, out)
	if err != nil {
		return err
	}
	defer s.stop()
	links, err := play(ctx, s.doors, out)
	if err != nil {
		return err
	}
	if !interactive(in) {
		out.note("To look at the mails, the workflows and the records: make run, and then", "CIS_API_ADDR=127.0.0.1:8080 make demo in another terminal.")
		return nil
	}
	out.links(links)
	out.note("These pages are there until you press Enter.")
	enter := make(chan struct{})
	go func() {
		defer close(enter)
		_, _ = bufio.NewReader(in).ReadString('\n') // or the end of the input
	}()
	select {
	case <-enter:
	case <-ctx.Done():
	}
	return nil
}

type ownStack struct {
	doors
	stop func()
}

// own starts a stack on free ports with temporary data.
func own(ctx context.Context, out *terminal) (*ownStack, error) {
	here, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	root, err := stack.Root(here)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "cis-demo-")
	if err != nil {
		return nil, err
	}
	out.note("On a local stack of its own, with temporary data.")
	var s *stack.Stack
	err = out.step("The stack starts", func() (string, error) {
		s, err = stack.Start(ctx, stack.Config{
			APIAddr: "127.0.0.1:0", SMTPAddr: "127.0.0.1:0", AWSAddr: "127.0.0.1:0", DataDir: filepath.Join(dir, "data"), Domain: "cis.localhost",
			Root: root, Env: os.Environ(), Dynoxide: os.Getenv("CIS_DYNOXIDE"), DynamoEndpoint: os.Getenv("DYNAMODB_ENDPOINT"),
		})
		if err != nil {
			return "", err
		}
		return "watch it at http://" + s.API + "/_local/", nil
	})
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return &ownStack{doors{api: s.API, smtp: s.SMTP, aws: s.AWS, domain: s.Domain}, func() {
		ctx, cancel := context.WithTimeout(context.Background(), stack.StopTime)
		defer cancel()
		if err := errors.Join(s.Stop(ctx), os.RemoveAll(dir)); err != nil {
			out.failure(err)
		}
	}}, nil
}

// interactive reports whether somebody sits at the terminal.
func interactive(f *os.File) bool {
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}
