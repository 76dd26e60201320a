package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

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
	if err := d.getJSON(ctx, "http://"+d.api+"/_local/", &home); err != nil {
		return d, fmt.Errorf("no local stack answers at %s; start one with make run, or unset CIS_API_ADDR, CIS_SMTP_ADDR and CIS_AWS_ADDR: %w", d.api, err)
	}
	d.domain = home.About.Domain
	return d, nil
}

func (d doors) get(ctx context.Context, url string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("x-api-key", "local-key")
	client := http.Client{Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return client.Do(req)
}

func (d doors) getJSON(ctx context.Context, url string, into any) error {
	resp, err := d.get(ctx, url)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s: %s", url, resp.Status, body)
	}
	return json.Unmarshal(body, into)
}

// open opens an invite link as a browser does, up to the redirect.
func (d doors) open(ctx context.Context, uid, email, name string) error {
	link := fmt.Sprintf("http://%s/event/%s/invite?%s", d.api, uid, url.Values{"email": {email}, "name": {name}, "origin": {"landingpage"}}.Encode())
	resp, err := d.get(ctx, link)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusFound {
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			return err
		}
		return fmt.Errorf("%s answers %s instead of 302: %s", link, resp.Status, body)
	}
	return nil
}

// sentMail is a message of GET /_aws/ses.
type sentMail struct {
	ID          string `json:"Id"`
	Subject     string
	RawData     string
	Destination struct{ ToAddresses []string }
}

// outbox waits for a mail to an address.
func (d doors) outbox(ctx context.Context, to string) (found sentMail, err error) {
	err = wait(ctx, "a mail to "+to, func() (bool, error) {
		var out struct{ Messages []sentMail }
		if err := d.getJSON(ctx, "http://"+d.aws+"/_aws/ses", &out); err != nil {
			return false, err
		}
		for _, m := range slices.Backward(out.Messages) {
			if slices.Contains(m.Destination.ToAddresses, to) {
				found = m
				return true, nil
			}
		}
		return false, nil
	})
	return found, err
}

// finished waits for the execution that a mail started, and fails if it did.
func (d doors) finished(ctx context.Context, workflow, id string) error {
	return wait(ctx, "the end of execution "+workflow+"/"+id, func() (bool, error) {
		var list []struct{ Machine, Name, Status string }
		if err := d.getJSON(ctx, "http://"+d.api+"/_local/executions?machine="+workflow, &list); err != nil {
			return false, err
		}
		for _, e := range list {
			if e.Name != id || e.Status == "RUNNING" {
				continue
			}
			if e.Status != "SUCCEEDED" {
				return false, fmt.Errorf("execution %s: see http://%s/_local/executions/%s/%s", strings.ToLower(e.Status), d.api, workflow, id)
			}
			return true, nil
		}
		return false, nil
	})
}

// wait asks again and again until the condition holds.
func wait(ctx context.Context, what string, condition func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if done, err := condition(); done || err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w", what, ctx.Err())
		}
	}
}
