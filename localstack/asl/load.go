package asl

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// InvalidDefinition says why a definition is not a state machine; AWS refuses it too, in like words.
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html
type InvalidDefinition struct {
	// Problems are of the form "CODE: what is wrong at /place".
	Problems []string
}

func (e *InvalidDefinition) Error() string {
	return "Invalid State Machine Definition: '" + strings.Join(e.Problems, ", ") + "'"
}

// Unsupported says what of a valid definition this interpreter does not implement.
type Unsupported struct {
	// Problems are of the form "what is not supported at /place".
	Problems []string
}

func (e *Unsupported) Error() string {
	return "unsupported by the local stack: " + strings.Join(e.Problems, ", ")
}

// maxDefinition is the longest definition, in bytes.
const maxDefinition = 1 << 20

// Environment is what a machine has around it. What is nil the machine cannot use: Load refuses a definition that
// needs it.
type Environment struct {
	Express   bool      // the machine is an Express one
	Resources Resources // what its Task states call
	Objects   Objects   // what ItemReader reads and ResultWriter writes
	MapRuns   MapRuns   // who runs the children of distributed Maps

	// ResultFile is the most bytes of one result file that a ResultWriter writes; a single entry may be longer.
	// 0 = 16 MiB. (AWS: 5 GB.)
	ResultFile int
}

// Load reads a definition and checks all of it. The error is an *InvalidDefinition or an *Unsupported.
func Load(definition []byte, env Environment) (*Machine, error) {
	if env.ResultFile == 0 {
		env.ResultFile = 16 << 20
	}
	l := &loader{env: env, express: env.Express, names: map[string]bool{}, labels: map[string]bool{}}
	m := l.machine(definition)
	switch {
	case len(l.unsupported) > 0: // first: what is not known here, such as JSONata, may be why other things look wrong
		return nil, &Unsupported{l.unsupported}
	case len(l.invalid) > 0:
		return nil, &InvalidDefinition{l.invalid}
	}
	return m, nil
}

type loader struct {
	env         Environment
	express     bool            // what is being read runs as an Express workflow
	names       map[string]bool // of all states; they are unique throughout the machine
	labels      map[string]bool // of all distributed Maps; so are they
	invalid     []string
	unsupported []string
}

func (l *loader) schema(at, format string, args ...any) {
	l.invalid = append(l.invalid, "SCHEMA_VALIDATION_FAILED: "+fmt.Sprintf(format, args...)+" at "+at)
}

// badPath files an error about a JSONPath or intrinsic function under what it is: invalid, or only unsupported.
func (l *loader) badPath(at, message string, err error) {
	var unsupported *unsupportedPath
	if errors.As(err, &unsupported) {
		l.unsupported = append(l.unsupported, unsupported.Error()+" at "+at)
		return
	}
	l.schema(at, "%s", message)
}

func (l *loader) machine(definition []byte) *Machine {
	if len(definition) > maxDefinition {
		l.invalid = append(l.invalid, fmt.Sprintf("INVALID_JSON_DESCRIPTION: The definition is longer than %d bytes", maxDefinition))
		return nil
	}
	v, err := ParseJSON(definition)
	o, ok := v.(*Object)
	if err != nil || !ok {
		l.invalid = append(l.invalid, "INVALID_JSON_DESCRIPTION: The definition is not a JSON object")
		return nil
	}
	f := l.fields(o, "")
	m := &Machine{timeout: f.integer("TimeoutSeconds", 0, 1, 99_999_999)}
	f.text("Version")
	f.language()
	m.body = *l.body(f)
	f.done()
	return m
}

// body reads StartAt and States, which may stand among other fields.
func (l *loader) body(f *fields) *body {
	b := &body{start: f.text("StartAt"), states: map[string]*state{}}
	f.text("Comment")
	f.required("StartAt", "States")
	states := f.object("States")
	if states == nil {
		return b
	}
	at := f.at + "/States"
	for _, name := range states.keys {
		if l.names[name] {
			l.invalid = append(l.invalid, fmt.Sprintf("DUPLICATE_STATE_NAME: Duplicate State name: %s at %s/%s", name, at, name))
		}
		l.names[name] = true
		if len([]rune(name)) > 80 {
			l.schema(at+"/"+name, "The name of a state is longer than 80 characters")
		}
		o, ok := states.values[name].(*Object)
		if !ok {
			l.schema(at+"/"+name, "Expected value of type Object")
			continue
		}
		b.states[name] = l.state(name, l.fields(o, at+"/"+name))
	}
	l.transitions(b, states.keys, f.at)
	return b
}

// transitions checks that every state named exists and that every state can be reached.
func (l *loader) transitions(b *body, order []string, at string) {
	if b.start != "" && b.states[b.start] == nil {
		l.invalid = append(l.invalid, fmt.Sprintf("MISSING_TRANSITION_TARGET: Missing 'Next' target: %s at %s/StartAt", b.start, at))
		return
	}
	reached := map[string]bool{b.start: true}
	for queue := []string{b.start}; len(queue) > 0; queue = queue[1:] {
		s := b.states[queue[0]]
		if s == nil {
			continue
		}
		for _, next := range s.targets() {
			if b.states[next] == nil {
				l.invalid = append(l.invalid, fmt.Sprintf("MISSING_TRANSITION_TARGET: Missing 'Next' target: %s at %s/States/%s", next, at, s.name))
				continue
			}
			if !reached[next] {
				reached[next] = true
				queue = append(queue, next)
			}
		}
	}
	for _, name := range order {
		if !reached[name] {
			l.invalid = append(l.invalid, fmt.Sprintf("MISSING_TRANSITION_TARGET: State \"%s\" is not reachable. at %s/States/%s", name, at, name))
		}
	}
}

// targets are the states that this one may go on to.
func (s *state) targets() []string {
	var names []string
	if s.next != "" {
		names = append(names, s.next)
	}
	if c, ok := s.work.(*choice); ok {
		for _, r := range c.rules {
			names = append(names, r.next)
		}
		if c.fallback != "" {
			names = append(names, c.fallback)
		}
	}
	for _, c := range s.catch {
		names = append(names, c.next)
	}
	return slices.Compact(names)
}
