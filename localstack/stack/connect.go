package stack

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/localstack/events"
	"github.com/calendarinvite/calendarinviteserver/localstack/gateway"
	"github.com/calendarinvite/calendarinviteserver/localstack/inspect"
	"github.com/calendarinvite/calendarinviteserver/localstack/lambda"
	"github.com/calendarinvite/calendarinviteserver/localstack/outbox"
	"github.com/calendarinvite/calendarinviteserver/localstack/protocol"
	"github.com/calendarinvite/calendarinviteserver/localstack/receiving"
	"github.com/calendarinvite/calendarinviteserver/localstack/states"
)

// receiveMail is the function that SES invokes with each mail (spec §2).
const receiveMail = "receive-mail"

// machine is a workflow's name in Step Functions.
func (s *Stack) machine(workflow string) string {
	return s.Wiring.Prefix() + "-" + s.workflow(workflow)
}

// workflow is a state machine's name in wiring.yaml.
func (s *Stack) workflow(machine string) string {
	return strings.TrimPrefix(machine, s.Wiring.Prefix()+"-")
}

// invoke runs a function for Step Functions.
func (s *Stack) invoke(ctx context.Context, ref string, payload []byte) (answer []byte, functionError string, err error) {
	name, ok := s.Wiring.FunctionOf(ref)
	if !ok {
		return nil, "", &protocol.Error{Status: 404, Code: "ResourceNotFoundException", Message: "Function not found: " + ref}
	}
	result, err := s.Runtime.Invoke(ctx, name, payload)
	return result.Payload, result.FunctionError, err
}

// invoker runs a function for those to whom a failed function is an error like any other.
type invoker struct{ runtime *lambda.Runtime }

func (i invoker) call(ctx context.Context, function string, payload []byte) ([]byte, error) {
	result, err := i.runtime.Invoke(ctx, function, payload)
	if err != nil {
		return nil, fmt.Errorf("invoking %s: %w", function, err)
	}
	if result.FunctionError != "" {
		// What a function says about its failure may hold addresses. It is in the function's log, masked, and does not go into another one.
		var failure struct{ ErrorType string }
		if err := json.Unmarshal(result.Payload, &failure); err != nil {
			return nil, fmt.Errorf("%s failed", function)
		}
		return nil, fmt.Errorf("%s failed: %s", function, failure.ErrorType)
	}
	return result.Payload, nil
}

// Invoke implements receiving.Invoker.
func (i invoker) Invoke(ctx context.Context, function string, payload []byte) error {
	_, err := i.call(ctx, function, payload)
	return err
}

// targets are what EventBridge rules act on.
type targets struct{ *Stack }

func (t targets) InvokeAsync(function string, payload []byte) error {
	return t.Runtime.InvokeAsync(function, payload)
}

func (t targets) StartWorkflow(ctx context.Context, workflow, name string, input []byte) error {
	_, err := t.States.Start(ctx, t.machine(workflow), name, input)
	return err
}

// feedback hands what SES has to say about a mail to EventBridge.
func (s *Stack) feedback(ctx context.Context, f outbox.Feedback) error {
	_, err := s.Events.Publish(ctx, events.Event{
		ID: f.ID, Source: "aws.ses", DetailType: f.DetailType, Time: f.Time, Resources: f.Resources, Detail: f.Detail,
	})
	return err
}

func (s *Stack) receiving() (*receiving.Server, error) {
	cfg := receiving.Config{
		Domains: s.Wiring.Domains(), Bucket: s.Wiring.MailBucket(), Region: s.Wiring.Region(),
		Function: receiveMail, FunctionARN: s.Wiring.FunctionARN(receiveMail),
		Objects: s.Objects, Invoker: invoker{s.Runtime}, Deliveries: s.Mail, Retry: s.cfg.DeliveryRetry, Log: s.log,
	}
	for _, name := range slices.Sorted(maps.Keys(s.Wiring.Mailboxes)) {
		m := s.Wiring.Mailboxes[name]
		cfg.Mailboxes = append(cfg.Mailboxes, receiving.Mailbox{Name: name, Prefix: m.Prefix, Invoke: m.Workflow != ""})
	}
	return receiving.New(cfg)
}

func (s *Stack) gateway() (*gateway.Gateway, error) {
	plan := s.Wiring.UsagePlan
	cfg := gateway.Config{
		OpenAPI: s.Wiring.OpenAPI, FunctionOf: s.Wiring.FunctionOf, Invoke: invoker{s.Runtime}.call,
		Plan: gateway.Plan{Rate: plan.Rate, Burst: plan.Burst, Quota: plan.Quota}, Account: s.Wiring.Account(), Stage: "local", Log: s.log,
	}
	for _, tenant := range s.Wiring.Tenants {
		for _, key := range tenant.Keys {
			cfg.Keys = append(cfg.Keys, key.Value())
		}
	}
	return gateway.New(cfg)
}

func (s *Stack) pages() (*inspect.Pages, error) {
	return inspect.New(inspect.Sources{
		About:  inspect.About{API: s.API, SMTP: s.SMTP, AWS: s.AWS, Domain: s.Domain, DataDir: s.cfg.DataDir, Bucket: s.Wiring.MailBucket()},
		Outbox: s.Outbox, Received: s.Mail, Executions: executions{s}, Tables: s.Dynamo, Objects: s.Objects, Functions: functions{s}, MapRuns: executions{s},
	}, s.log)
}

// executions tells the pages about executions, by the workflows' names in wiring.yaml.
type executions struct{ *Stack }

func (e executions) List(workflow string) ([]states.Summary, error) {
	machine := workflow
	if workflow != "" {
		machine = e.machine(workflow)
	}
	all, err := e.States.List(machine)
	for i := range all {
		all[i].Machine = e.workflow(all[i].Machine)
	}
	return all, err
}

func (e executions) Describe(workflow, name string) (states.Execution, error) {
	x, err := e.States.Describe(e.machine(workflow), name)
	x.Machine = e.workflow(x.Machine)
	return x, err
}

func (e executions) History(workflow, name string) ([]states.HistoryEvent, error) {
	return e.States.History(e.machine(workflow), name)
}

// MapRuns implements inspect.MapRuns, as the next two do.
func (e executions) MapRuns(workflow, name string) ([]states.MapRun, error) {
	all, err := e.States.MapRuns(e.machine(workflow), name)
	for i := range all {
		all[i].Machine = e.workflow(all[i].Machine)
	}
	return all, err
}

func (e executions) MapRun(id string) (states.MapRun, error) {
	run, err := e.States.MapRun(id)
	run.Machine = e.workflow(run.Machine)
	return run, err
}

func (e executions) Children(id, status string, from, limit int) ([]states.Summary, int, error) {
	page, all, err := e.States.Children(id, status, from, limit)
	for i := range page {
		page[i].Machine = e.workflow(page[i].Machine)
	}
	return page, all, err
}

// functions tells the pages about the functions.
type functions struct{ *Stack }

// Functions implements inspect.Functions.
func (f functions) Functions() []inspect.Function {
	calls, processes, peaks := f.Endpoint.Calls().Counts(), f.Runtime.Processes(), f.Runtime.Peak()
	refused := map[string][]string{}
	for _, d := range f.Endpoint.Permissions().Denied() {
		refused[d.Function] = append(refused[d.Function], d.Action+" on "+d.Resource)
	}
	var all []inspect.Function
	for _, name := range slices.Sorted(maps.Keys(f.Wiring.Functions)) {
		unused := map[string]bool{}
		for _, u := range f.Endpoint.Permissions().Unused(name) {
			unused[u.Permission+u.Action+u.Resource] = true
		}
		def := f.Wiring.Functions[name]
		one := inspect.Function{
			Name: name, Memory: def.Memory, Timeout: def.Timeout, Processes: processes[name], Peak: peaks[name], Calls: calls[name],
			Log: f.Runtime.Log(name), Refused: refused[name],
		}
		for _, g := range f.Wiring.Grants(name) {
			one.Grants = append(one.Grants, inspect.Grant{
				Permission: g.Permission, Action: g.Action, Resource: g.Resource, Used: !unused[g.Permission+g.Action+g.Resource],
			})
		}
		all = append(all, one)
	}
	return all
}
