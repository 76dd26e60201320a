package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/calendarinvite/calendarinviteserver/internal/secrets"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack"
)

// doors are where a stack is talked to from outside: mail in, the REST API with the stack's pages, the AWS endpoint.
type doors struct {
	api, smtp, aws string // host:port
	domain         string // of the mailboxes
}

// The keys of the local stack.
const (
	key      = "local-key"
	adminKey = "local-admin-key"
)

// client opens links as a browser does, up to a redirect.
var client = &http.Client{
	Timeout:       patience,
	Transport:     &http.Transport{MaxIdleConnsPerHost: 16},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// connect finds the stack that runs at the addresses in the environment.
func connect(ctx context.Context, env func(string) string) (doors, error) {
	d := doors{
		api: cmp.Or(env("CIS_API_ADDR"), "127.0.0.1:8080"), smtp: cmp.Or(env("CIS_SMTP_ADDR"), "127.0.0.1:2525"), aws: cmp.Or(env("CIS_AWS_ADDR"), "127.0.0.1:4566"),
	}
	var home struct {
		About struct {
			Domain string `json:"domain"`
		} `json:"about"`
	}
	if err := d.getJSON(ctx, d.page(""), &home); err != nil {
		return d, fmt.Errorf("no local stack answers at %s; start one with make run, or unset CIS_API_ADDR, CIS_SMTP_ADDR and CIS_AWS_ADDR: %w", d.api, err)
	}
	d.domain = home.About.Domain
	return d, nil
}

// page is the address of one of the stack's own pages.
func (d doors) page(path string) string { return "http://" + d.api + "/_local/" + path }

// route is the address of a route of the REST API.
func (d doors) route(path string) string { return "http://" + d.api + path }

// mail hands in a mail to one of the server's mailboxes, and returns the message id that the door answers with.
func (d doors) mail(from, mailbox string, raw []byte) (id string, err error) {
	return stack.SendMail(d.smtp, from, mailbox+"@"+d.domain, raw)
}

// request makes a request with headers given as name, value, name, value, and reads the answer.
func (d doors) request(ctx context.Context, method, url, body string, header ...string) (status int, answer []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("x-api-key", key)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(resp.Body)
	return resp.StatusCode, answer, err
}

// expect makes a request that must be answered with the status.
func (d doors) expect(ctx context.Context, want int, method, url, body string, header ...string) ([]byte, error) {
	status, answer, err := d.request(ctx, method, url, body, header...)
	if err == nil && status != want {
		err = fmt.Errorf("%s %s answers %d instead of %d: %s", method, url, status, want, answer)
	}
	return answer, err
}

func (d doors) getJSON(ctx context.Context, url string, into any) error {
	answer, err := d.expect(ctx, http.StatusOK, http.MethodGet, url, "")
	if err != nil {
		return err
	}
	return json.Unmarshal(answer, into)
}

// open opens an invite link.
func (d doors) open(ctx context.Context, uid, email, name string) error {
	query := url.Values{"email": {email}, "name": {name}, "origin": {"landingpage"}}
	_, err := d.expect(ctx, http.StatusFound, http.MethodGet, d.route("/event/"+uid+"/invite?"+query.Encode()), "")
	return err
}

// mapRun is how a Distributed Map of an execution stands.
type mapRun struct {
	Items struct{ All, Succeeded int }
}

// finished waits for the end of an execution, which must not fail. progress, if there is one, is told how its Distributed Map stands.
func (d doors) finished(ctx context.Context, workflow, name string, progress func(mapRun)) error {
	page := d.page("executions/" + workflow + "/" + name)
	return wait(ctx, "the end of execution "+workflow+"/"+name, func() (bool, error) {
		status, answer, err := d.request(ctx, http.MethodGet, page, "")
		if err != nil || status == http.StatusNotFound { // it has not begun
			return false, err
		}
		var execution struct {
			Status  string
			MapRuns []mapRun
		}
		if status != http.StatusOK {
			return false, fmt.Errorf("%s answers %d: %s", page, status, answer)
		}
		if err := json.Unmarshal(answer, &execution); err != nil {
			return false, err
		}
		switch execution.Status {
		case "RUNNING":
			if n := len(execution.MapRuns); n > 0 && progress != nil {
				progress(execution.MapRuns[n-1])
			}
			return false, nil
		case "SUCCEEDED":
			return true, nil
		}
		return false, fmt.Errorf("execution %s: see %s", strings.ToLower(execution.Status), page)
	})
}

// secret asks Secrets Manager, as the AWS CLI does.
func (d doors) secret(ctx context.Context, name string) (string, error) {
	value, err := secrets.New(aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String("http://" + d.aws),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		}),
	}).Get(ctx, name)
	return string(value), err
}

// wait asks again and again, less and less often, until the condition holds.
func wait(ctx context.Context, what string, condition func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for pause := 5 * time.Millisecond; ; pause = min(pause*5/4, 250*time.Millisecond) {
		if done, err := condition(); done || err != nil {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w", what, ctx.Err())
		}
	}
}
