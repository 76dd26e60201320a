package states

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/calendarinvite/calendarinviteserver/localstack/protocol"
)

// maxName is the longest name of a machine or an execution, in characters.
// https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
const maxName = 80

// checkName refuses names that AWS refuses.
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
func checkName(name string) error {
	bad := func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune("?*<>{}[]\"#%\\^|~`$&,;:/", r)
	}
	if name == "" || utf8.RuneCountInString(name) > maxName || !utf8.ValidString(name) || strings.ContainsFunc(name, bad) {
		return protocol.Errorf("InvalidName", "Invalid Name: '%s'", name)
	}
	return nil
}

func (s *Service) arn(kind, rest string) string {
	return "arn:" + s.cfg.Partition + ":states:" + s.cfg.Region + ":" + s.cfg.Account + ":" + kind + ":" + rest
}

// MachineARN is the ARN of the machine with that name.
func (s *Service) MachineARN(name string) string { return s.arn("stateMachine", name) }

// parseARN returns the kind of resource that an ARN of this service names (stateMachine, execution, express)
// and what follows the kind.
func parseARN(arn string) (kind, rest string, err error) {
	parts := strings.SplitN(arn, ":", 7)
	if len(parts) < 7 || parts[0] != "arn" || parts[2] != "states" || parts[6] == "" {
		return "", "", protocol.Errorf("InvalidArn", "Invalid Arn: 'Invalid ARN prefix: %s'", arn)
	}
	return parts[5], parts[6], nil
}

// machineNamed returns the machine of an ARN; a version or alias after the name is not looked at.
func (s *Service) machineOf(arn string) (*machine, error) {
	kind, name, err := parseARN(arn)
	if err != nil {
		return nil, err
	}
	if kind != "stateMachine" {
		return nil, wrongKind(kind)
	}
	name, _, _ = strings.Cut(name, ":")
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.machines[name]
	if m == nil {
		return nil, protocol.Errorf("StateMachineDoesNotExist", "State Machine Does Not Exist: '%s'", arn)
	}
	return m, nil
}

// executionOf returns the Standard execution of an ARN, or a child of a Map Run. Other Express executions have no API
// on AWS.
func (s *Service) executionOf(arn string) (*execution, error) {
	kind, rest, err := parseARN(arn)
	if err != nil {
		return nil, err
	}
	if machine, name, ok := strings.Cut(rest, ":"); ok && strings.Contains(machine, "/") && kind != "mapRun" {
		name, _, _ = strings.Cut(name, ":")
		return s.childNamed(machine, name)
	}
	if kind != "execution" {
		return nil, wrongKind(kind)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.byARN[arn]
	if e == nil {
		return nil, protocol.Errorf("ExecutionDoesNotExist", "Execution Does Not Exist: '%s'", arn)
	}
	return e, nil
}

func wrongKind(kind string) error {
	return protocol.Errorf("InvalidArn", "Invalid Arn: 'Resource type not valid in this context: %s'", kind)
}
