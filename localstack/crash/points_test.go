package crash

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/localstack/aws"
)

// point is a call, and what happens to it.
type point struct {
	aws.Seen
	nth  int  // of the function's calls of that action, from 1
	cold bool // only the first invocation of a process makes this call
	disturbance

	at    int      // place among the function's calls
	calls []string // the function's calls of an undisturbed run
}

func (p point) String() string {
	return fmt.Sprintf("%s/%s %s #%d %s", p.Function, p.when, p.Action, p.nth, p.disturbance)
}

// disturbance is something that can happen to a call.
type disturbance struct {
	kind, when string
	until      until
}

// until says how often it happens.
type until int

const (
	once           until = iota
	stepFails            // until the step has failed and the machine runs it again
	executionFails       // until the machine has given up; then a person starts the execution again
)

func (d disturbance) String() string {
	return d.kind + [...]string{"", " until the step fails", " until the execution fails"}[d.until]
}

// invoke is the action of an invocation.
const invoke = "lambda:Invoke"

// ownDisturbances are what can happen to a call that Step Functions makes for a workflow. The process cannot die there but with the whole local
// stack, which TestKilledWhileAListIsSent has it do.
func ownDisturbances(action string) []disturbance {
	all := []disturbance{
		{kind: "fail", when: aws.Before}, {kind: "throttle", when: aws.Before}, {kind: "fail", when: aws.Before, until: executionFails},
	}
	if !strings.HasPrefix(action, "s3:Get") {
		all = append(all, disturbance{kind: "fail", when: aws.After}, disturbance{kind: "fail", when: aws.After, until: executionFails})
	}
	return all
}

// disturbances are what can happen to a function's call of the action. A step is what a state machine invokes.
func disturbances(action string, step bool) []disturbance {
	if action == invoke {
		all := []disturbance{{kind: "fail", when: aws.Before}, {kind: "throttle", when: aws.Before}, {kind: "twice", when: aws.Before}}
		if step {
			all = append(all, disturbance{kind: "fail", when: aws.Before, until: executionFails})
		}
		return all
	}
	all := []disturbance{
		{kind: "fail", when: aws.Before, until: stepFails}, {kind: "fail", when: aws.After},
		{kind: "throttle", when: aws.Before}, {kind: "throttle", when: aws.Before, until: stepFails},
		{kind: "kill", when: aws.Before}, {kind: "kill", when: aws.After},
	}
	switch action {
	case "dynamodb:TransactWriteItems":
		all = append(all, disturbance{kind: "conflict", when: aws.Before}, disturbance{kind: "conflict", when: aws.Before, until: stepFails})
	case "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem":
		all = append(all, disturbance{kind: "conflict", when: aws.Before})
	case "dynamodb:BatchExecuteStatement", "dynamodb:BatchGetItem", "events:PutEvents":
		all = append(all, disturbance{kind: "partial", when: aws.Before})
	}
	return all
}

// ownPoints are all points of the calls that Step Functions makes for the workflows themselves.
func ownPoints(workflows []string, seen []aws.Seen) (all []point) {
	for _, workflow := range workflows {
		calls, nth := callsOf(seen, workflow), map[string]int{}
		for at, action := range calls {
			nth[action]++
			for _, d := range ownDisturbances(action) {
				all = append(all, point{Seen: aws.Seen{Function: workflow, Action: action}, nth: nth[action], at: at, calls: calls, disturbance: d})
			}
		}
	}
	return all
}

// pointsOf are all points of the functions, of which some are steps, by what an undisturbed run with new processes called, and one with old ones.
func pointsOf(functions []string, steps map[string]bool, cold, warm []aws.Seen) (all []point) {
	for _, function := range functions {
		usual := callsOf(warm, function)
		first := map[string]int{} // the calls that only new processes make
		for _, action := range callsOf(cold, function) {
			first[action]++
		}
		for _, action := range usual {
			first[action]--
		}
		seen := map[string]int{}
		add := func(p point) {
			for _, p.disturbance = range disturbances(p.Action, steps[function]) {
				all = append(all, p)
			}
		}
		for at, action := range usual {
			seen[action]++
			add(point{Seen: aws.Seen{Function: function, Action: action}, nth: seen[action], at: at, calls: usual})
		}
		for _, action := range slices.Sorted(maps.Keys(first)) {
			for n := range max(0, first[action]) {
				add(point{Seen: aws.Seen{Function: function, Action: action}, nth: n + 1, cold: true, at: -1, calls: usual})
			}
		}
	}
	return all
}

// callsOf are the calls of one function, its invocations among them, or of one workflow.
func callsOf(seen []aws.Seen, caller string) (actions []string) {
	for _, call := range seen {
		if call.Function == caller {
			actions = append(actions, call.Action)
		}
	}
	return actions
}

// slow says how long a point takes, roughly: a step that sends many mails does not give SES up for most of a minute.
func (p point) slow() int {
	switch {
	case p.until == once:
		return 0
	case p.Action == sendMail:
		return 2
	}
	return 1
}

const sendMail = "ses:SendEmail"

// sesTookItAndNobodyNotedIt is the one case in which a mail may be sent twice: SES has taken it, and the answer is lost, or the process ends,
// or the table cannot be written, before it is noted that it was sent. It says how many copies more of each mail there may be.
func (p point) sesTookItAndNobodyNotedIt() (more int) {
	sent := slices.Index(p.calls, sendMail)
	if sent < 0 || p.at < sent {
		return 0
	}
	last := sent
	for last+1 < len(p.calls) && p.calls[last+1] == sendMail {
		last++
	}
	note := p.note(last)
	switch {
	case p.at <= last && p.when == aws.After:
		return 1
	case p.at <= last: // several mails leave at the same time: others than this one may be on their way
		if p.kind == "kill" && last > sent {
			return 1
		}
	case p.at < note && (p.kind == "kill" || p.until == stepFails), p.at == note && p.when == aws.Before && (p.kind == "kill" || p.until == stepFails):
		return 1
	}
	return 0
}

// note is the call that notes that the mails were sent: the last that writes to the table, in the invocation that sent the last of them.
func (p point) note(sent int) (at int) {
	for i := sent + 1; i < len(p.calls) && p.calls[i] != invoke; i++ {
		if slices.Contains([]string{"dynamodb:UpdateItem", "dynamodb:PutItem", "dynamodb:BatchExecuteStatement"}, p.calls[i]) {
			at = i
		}
	}
	return at
}

// invocations is how often the function is invoked up to the point's call.
func (p point) invocations() (n int) {
	for at, action := range p.calls {
		if action == invoke && at <= p.at {
			n++
		}
	}
	return max(1, n)
}

// firstCall is a call that every process of the function makes; "" if there is none.
func (p point) firstCall() string {
	for _, action := range p.calls {
		if !strings.HasPrefix(action, "lambda:") {
			return action
		}
	}
	return ""
}
