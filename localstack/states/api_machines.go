package states

import (
	"context"

	"github.com/calendarinvite/calendarinviteserver/localstack/journal"
	"github.com/calendarinvite/calendarinviteserver/localstack/protocol"
)

type machineRequest struct {
	StateMachineARN string `json:"stateMachineArn"`
	Name            string `json:"name"`
	Type            string `json:"type"`
	RoleARN         string `json:"roleArn"`
	Definition      string `json:"definition"`
}

func (s *Service) createStateMachine(_ context.Context, in machineRequest) (members, error) {
	if in.Type == "" {
		in.Type = Standard
	}
	m, err := s.newMachine(in.Name, in.Type, in.RoleARN, []byte(in.Definition))
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if old := s.machines[in.Name]; old != nil {
		if old.Type != m.Type || string(old.Definition) != in.Definition {
			return nil, protocol.Errorf("StateMachineAlreadyExists", "State Machine Already Exists: '%s'", s.MachineARN(in.Name))
		}
		m = old
	} else if err := s.keep(m); err != nil {
		return nil, err
	}
	return members{"stateMachineArn": s.MachineARN(in.Name), "creationDate": epoch(m.Created)}, nil
}

// keep makes a machine last and known. The caller holds s.mu.
func (s *Service) keep(m *machine) error {
	m.ByAPI = true
	if err := s.cfg.Journal.Bucket(machineBucket).Put(m.Name, m); err != nil {
		return err
	}
	s.machines[m.Name] = m
	return nil
}

func (s *Service) updateStateMachine(_ context.Context, in machineRequest) (members, error) {
	old, err := s.machineOf(in.StateMachineARN)
	if err != nil {
		return nil, err
	}
	changed := &machine{Name: old.Name, Type: old.Type, RoleARN: old.RoleARN, Created: old.Created}
	changed.runs(old.Definition, old.loaded)
	if in.Definition != "" {
		loaded, err := s.load(old.Name, old.Type, []byte(in.Definition))
		if err != nil {
			return nil, err
		}
		changed.runs([]byte(in.Definition), loaded)
	}
	if in.RoleARN != "" {
		changed.RoleARN = in.RoleARN
	}
	changed.Updated = s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.keep(changed); err != nil {
		return nil, err
	}
	return members{"updateDate": epoch(changed.Updated), "revisionId": changed.hash[:36]}, nil
}

func (s *Service) deleteStateMachine(_ context.Context, in machineRequest) (members, error) {
	m, err := s.machineOf(in.StateMachineARN)
	if refused, ok := err.(*protocol.Error); ok && refused.Code == "StateMachineDoesNotExist" { //nolint:errorlint // made by machineOf
		return members{}, nil
	}
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.machines, m.Name)
	return members{}, s.cfg.Journal.Update(func(tx *journal.Tx) error { return tx.Delete(machineBucket, m.Name) })
}

func (s *Service) describeStateMachine(_ context.Context, in machineRequest) (members, error) {
	m, err := s.machineOf(in.StateMachineARN)
	if err != nil {
		return nil, err
	}
	return members{
		"stateMachineArn": s.MachineARN(m.Name), "name": m.Name, "type": m.Type, "status": "ACTIVE",
		"roleArn": m.RoleARN, "definition": string(m.Definition), "creationDate": epoch(m.Created),
		"loggingConfiguration":    members{"level": "OFF", "includeExecutionData": false},
		"tracingConfiguration":    members{"enabled": false},
		"encryptionConfiguration": members{"type": "AWS_OWNED_KEY"},
	}, nil
}

func (s *Service) listStateMachines(_ context.Context, in page) (members, error) {
	names := s.Machines()
	answer := members{}
	from, to, err := in.of(len(names), answer)
	if err != nil {
		return nil, err
	}
	list := []members{}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range names[from:to] {
		if m := s.machines[name]; m != nil {
			list = append(list, members{
				"stateMachineArn": s.MachineARN(name), "name": name, "type": m.Type, "creationDate": epoch(m.Created),
			})
		}
	}
	answer["stateMachines"] = list
	return answer, nil
}

func (s *Service) validateStateMachineDefinition(_ context.Context, in machineRequest) (members, error) {
	diagnostics := []members{}
	for _, d := range s.diagnoses(in.Type, []byte(in.Definition)) {
		diagnostics = append(diagnostics, members{"severity": "ERROR", "code": d[0], "message": d[1], "location": d[2]})
	}
	result := "OK"
	if len(diagnostics) > 0 {
		result = "FAIL"
	}
	return members{"result": result, "diagnostics": diagnostics, "truncated": false}, nil
}

func (s *Service) listTagsForResource(_ context.Context, in struct {
	ResourceARN string `json:"resourceArn"`
}) (members, error) {
	if _, err := s.machineOf(in.ResourceARN); err != nil {
		return nil, err
	}
	return members{"tags": []any{}}, nil
}
