package crash

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
)

// definition is a state machine, or what a Map runs for each item.
type definition struct {
	StartAt string
	States  map[string]state
}

type state struct {
	Type, Comment, Resource string
	Parameters              struct{ FunctionName string }
	Next, Default           string
	End                     bool
	Choices                 []struct{ Next string }
	Retry                   []struct {
		ErrorEquals []string
		MaxAttempts *int
	}
	Catch []struct {
		ErrorEquals []string
		Next        string
	}
	ItemProcessor *definition
	Branches      []definition
}

// transient are the errors that a repeated invocation of a function can mend: the steps' own, Lambda's, and what becomes of a process.
// https://docs.aws.amazon.com/step-functions/latest/dg/bp-lambda-serviceexception.html
var transient = []string{
	string(fault.Throttled), string(fault.Unavailable), string(fault.Internal),
	"Lambda.TooManyRequestsException", "Lambda.ServiceException", "Lambda.AWSLambdaException", "Lambda.SdkClientException", "Lambda.Unknown",
	"Sandbox.Timedout", "Runtime.ExitError", "States.Timeout",
}

// permanent are the errors that no repetition mends.
var permanent = []string{
	string(fault.InvalidRequest), string(fault.NotAuthorized), string(fault.NotFound), string(fault.Conflict), string(fault.Stale),
	"States.ALL", "States.TaskFailed",
}

// TestNoUnhandledErrorPath: whatever fails in a workflow ends in a named state that says what a person does.
func TestNoUnhandledErrorPath(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(stacktest.Root(t), "statemachines", "*.asl.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no state machines: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".asl.json"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var machine definition
			if err := json.Unmarshal(text, &machine); err != nil {
				t.Fatal(err)
			}
			machine.check(t, "")
		})
	}
}

// check looks at every state; within names the Map around them.
func (d definition) check(t *testing.T, within string) {
	t.Helper()
	reached := d.from(d.StartAt)
	for _, name := range slices.Sorted(maps.Keys(d.States)) {
		s, at := d.States[name], within+name
		if !reached[name] {
			t.Errorf("%s is never reached", at)
		}
		switch s.Type {
		case "Task", "Map", "Parallel":
			d.checkCatch(t, s, at)
			s.checkRetry(t, at)
		case "Fail":
			checkAdvice(t, s, at, within)
		}
		if s.ItemProcessor != nil {
			s.ItemProcessor.check(t, at+"/")
		}
		for _, branch := range s.Branches {
			branch.check(t, at+"/")
		}
	}
}

// from are the states that can be reached.
func (d definition) from(start string) map[string]bool {
	reached := map[string]bool{}
	for todo := []string{start}; len(todo) > 0; {
		name := todo[0]
		todo = todo[1:]
		if name == "" || reached[name] {
			continue
		}
		reached[name] = true
		todo = append(todo, d.States[name].next()...)
	}
	return reached
}

func (s state) next() (names []string) {
	names = []string{s.Next, s.Default}
	for _, choice := range s.Choices {
		names = append(names, choice.Next)
	}
	for _, c := range s.Catch {
		names = append(names, c.Next)
	}
	return names
}

// checkCatch: the last Catch takes everything, and leads to ends where somebody finds it.
func (d definition) checkCatch(t *testing.T, s state, at string) {
	t.Helper()
	if len(s.Catch) == 0 || !slices.Equal(s.Catch[len(s.Catch)-1].ErrorEquals, []string{"States.ALL"}) {
		t.Errorf("%s: no Catch takes States.ALL", at)
		return
	}
	next := s.Catch[len(s.Catch)-1].Next
	if _, has := d.States[next]; !has {
		t.Errorf("%s: its failures lead to %q, which is no state", at, next)
	}
	for _, name := range d.ends(next) {
		if end := d.States[name]; end.Type != "Fail" && !advice.MatchString(end.Comment) { // what is answered all the same may end well
			t.Errorf("%s: its failures end in %s, where nobody finds them", at, name)
		}
	}
}

// ends are the states in which a failure may end that nobody is told of by mail: what follows a mail to the organizer is left out, unless that
// fails, too.
func (d definition) ends(start string) (names []string) {
	seen := map[string]bool{}
	for todo := []string{start}; len(todo) > 0; {
		name := todo[0]
		todo = todo[1:]
		if seen[name] {
			continue
		}
		seen[name] = true
		s := d.States[name]
		next := slices.DeleteFunc(s.next(), func(name string) bool { return name == "" })
		if strings.Contains(s.Parameters.FunctionName, "notify-organizer-") {
			next = nil
			for _, c := range s.Catch {
				next = append(next, c.Next)
			}
		}
		if len(next) == 0 {
			names = append(names, name)
		}
		todo = append(todo, next...)
	}
	return names
}

// checkRetry: a function is invoked again after all that may pass, and nothing else is tried again. Services of AWS that a workflow asks
// itself name their errors differently, so there all are but those that stand before.
func (s state) checkRetry(t *testing.T, at string) {
	t.Helper()
	invokes := strings.HasSuffix(s.Resource, ":lambda:invoke")
	var again []string
	for _, r := range s.Retry {
		if r.MaxAttempts == nil || *r.MaxAttempts > 0 {
			again = append(again, r.ErrorEquals...)
		}
	}
	for _, name := range transient {
		if invokes && !slices.Contains(again, name) {
			t.Errorf("%s is not tried again after %s", at, name)
		}
	}
	for _, name := range permanent {
		if (invokes || s.Type != "Task") && slices.Contains(again, name) {
			t.Errorf("%s is tried again after %s", at, name)
		}
	}
	if s.Type == "Task" && len(again) == 0 {
		t.Errorf("%s is never tried again", at)
	}
}

// advice says that a person starts something again. In a Map the workflow itself may do it.
var advice = regexp.MustCompile(`(?i)\bstart.*\bagain\b|\bagain\b.*\bstart|\bstart the workflow\b`)

func checkAdvice(t *testing.T, s state, at, within string) {
	t.Helper()
	if s.Comment == "" || within == "" && !advice.MatchString(s.Comment) {
		t.Errorf("%s: its comment does not say what a person does: %q", at, s.Comment)
	}
}
