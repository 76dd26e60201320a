package states

import (
	"github.com/calendarinvite/calendarinviteserver/localstack/asl"
	"github.com/calendarinvite/calendarinviteserver/localstack/protocol"
)

// MapRuns returns the Map Runs of an execution, the latest of that name, oldest first. The error is as Describe's.
func (s *Service) MapRuns(machine, name string) ([]MapRun, error) {
	e, err := s.named(machine, name)
	if err != nil {
		return nil, err
	}
	return s.mapRunsFrom(e), nil
}

func (s *Service) mapRunsFrom(e *execution) []MapRun {
	s.mu.Lock()
	runs := s.mapRunsOf[e.record.ARN]
	s.mu.Unlock()
	all := []MapRun{}
	for _, r := range runs {
		all = append(all, r.snapshot())
	}
	return all
}

// MapRun returns a Map Run by its id. The error is a *protocol.Error ResourceNotFound if there is none.
func (s *Service) MapRun(id string) (MapRun, error) {
	r := s.mapRunNamed(id)
	if r == nil {
		return MapRun{}, protocol.Errorf("ResourceNotFound", "Resource not found: '%s'", id)
	}
	return r.snapshot(), nil
}

// Children tells of up to limit children of a Map Run that have begun, without their inputs, in order of their numbers and from the
// one at place from on; status chooses among them unless it is empty. all is how many there are to choose from. The
// error is as MapRun's.
func (s *Service) Children(mapRun, status string, from, limit int) (page []Summary, all int, err error) {
	r := s.mapRunNamed(mapRun)
	if r == nil {
		return nil, 0, protocol.Errorf("ResourceNotFound", "Resource not found: '%s'", mapRun)
	}
	numbers := r.numbers(asl.Status(status))
	from = min(max(0, from), len(numbers))
	page = []Summary{}
	for _, n := range numbers[from:min(from+limit, len(numbers))] {
		e, err := r.at(n)
		if err != nil {
			return nil, 0, err
		}
		if e != nil {
			child, _ := e.snapshot()
			child.Input = nil
			page = append(page, child.summary())
		}
	}
	return page, len(numbers), nil
}

// numbers are the numbers of the children that have begun and stand like that, or of all of them if status is empty.
func (r *mapRun) numbers(status asl.Status) []int {
	r.mu.Lock()
	defer r.mu.Unlock()
	var numbers []int
	if r.record.Dropped {
		return numbers
	}
	for n := range r.outcomes {
		if now := r.outcome(n); now != "" && (status == "" || now == status) {
			numbers = append(numbers, n)
		}
	}
	return numbers
}
