package states

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/calendarinvite/calendarinviteserver/localstack/asl"
	"github.com/calendarinvite/calendarinviteserver/localstack/journal"
	"github.com/calendarinvite/calendarinviteserver/localstack/protocol"
)

// The types of machines.
const (
	Standard = "STANDARD"
	Express  = "EXPRESS"
)

// Buckets of the journal.
const (
	machineBucket    = "states-machines"    // by name: machines made through the API
	definitionBucket = "states-definitions" // by hash: what executions ran
)

// machine is a state machine at one revision.
type machine struct {
	Name       string
	Type       string
	RoleARN    string
	Definition []byte
	Created    time.Time
	Updated    time.Time
	ByAPI      bool // made through the API; the others come with each start

	loaded *asl.Machine
	hash   string      // names the definition
	stored atomic.Bool // the journal has the definition under its hash
}

// runs gives the machine a definition that has been loaded.
func (m *machine) runs(definition []byte, loaded *asl.Machine) {
	sum := sha256.Sum256(definition)
	m.Definition, m.loaded, m.hash = definition, loaded, hex.EncodeToString(sum[:])
}

// Define makes a machine or replaces its definition. The error says by name what of the definition is invalid
// or not supported. Executions under way keep the definition that they began with.
func (s *Service) Define(name, kind string, definition []byte) error {
	m, err := s.newMachine(name, kind, s.arnOfRole(name), definition)
	if err != nil {
		return fmt.Errorf("states: machine %s: %w", name, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.machines[name] = m
	return nil
}

func (s *Service) arnOfRole(name string) string {
	return "arn:" + s.cfg.Partition + ":iam::" + s.cfg.Account + ":role/" + name
}

func (s *Service) newMachine(name, kind, role string, definition []byte) (*machine, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	if kind != Standard && kind != Express {
		return nil, protocol.Errorf("ValidationException", "type must be one of [STANDARD, EXPRESS], not %q", kind)
	}
	loaded, err := s.load(name, kind, definition)
	if err != nil {
		return nil, err
	}
	now := s.now()
	m := &machine{Name: name, Type: kind, RoleARN: role, Created: now, Updated: now}
	m.runs(definition, loaded)
	return m, nil
}

// load reads a definition for a machine of a type; its errors are those of CreateStateMachine.
func (s *Service) load(name, kind string, definition []byte) (*asl.Machine, error) {
	m, err := asl.Load(definition, s.environment(name, kind))
	if err != nil {
		return nil, protocol.Errorf("InvalidDefinition", "%v", err)
	}
	return m, nil
}

// diagnoses returns what is wrong with a definition, each with its code, message and place.
func (s *Service) diagnoses(kind string, definition []byte) [][3]string {
	_, err := asl.Load(definition, s.environment("", kind))
	var invalid *asl.InvalidDefinition
	var unsupported *asl.Unsupported
	var all [][3]string
	note := func(code, problem string) {
		i := strings.LastIndex(problem, " at /")
		if i < 0 {
			problem, i = problem+" at /", len(problem)
		}
		all = append(all, [3]string{code, problem[:i], problem[i+len(" at "):]})
	}
	switch {
	case errors.As(err, &invalid):
		for _, p := range invalid.Problems {
			code, rest, _ := strings.Cut(p, ": ")
			note(code, rest)
		}
	case errors.As(err, &unsupported):
		for _, p := range unsupported.Problems {
			note("UNSUPPORTED_BY_LOCAL_STACK", p)
		}
	}
	return all
}

// loadMachines reads the machines made through the API.
func (s *Service) loadMachines() error {
	return journal.Each(s.cfg.Journal.Bucket(machineBucket), "", func(name string, m *machine) error {
		loaded, err := s.load(m.Name, m.Type, m.Definition)
		if err != nil {
			return fmt.Errorf("states: machine %s: %w", name, err)
		}
		m.runs(m.Definition, loaded)
		s.machines[name] = m
		return nil
	})
}

// Machines returns the names of all machines.
func (s *Service) Machines() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := make([]string, 0, len(s.machines))
	for name := range s.machines {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// definition returns the definition of a machine, or that which an execution of it ran with.
func (s *Service) definition(hash string) (json.RawMessage, error) {
	var text json.RawMessage
	_, err := s.cfg.Journal.Bucket(definitionBucket).Get(hash, &text)
	return text, err
}
