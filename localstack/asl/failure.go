package asl

import "fmt"

// Error names that the interpreter itself raises.
// https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
const (
	ErrorAll                    = "States.ALL"
	ErrorTimeout                = "States.Timeout"
	ErrorHeartbeatTimeout       = "States.HeartbeatTimeout"
	ErrorTaskFailed             = "States.TaskFailed"
	ErrorRuntime                = "States.Runtime"
	ErrorDataLimitExceeded      = "States.DataLimitExceeded"
	ErrorResultPathMatchFailure = "States.ResultPathMatchFailure"
	ErrorToleratedFailures      = "States.ExceedToleratedFailureThreshold"
	ErrorItemReader             = "States.ItemReaderFailed"
	ErrorResultWriter           = "States.ResultWriterFailed"
)

// Failure is an error as a state machine sees it: a name that Retry and Catch match, and a cause. Resources
// return it for errors of their own; any other error of a resource becomes States.TaskFailed.
type Failure struct {
	Name  string // e.g. "Lambda.TooManyRequestsException"; empty in a Fail state without Error
	Cause string // for people; often JSON text

	fatal   bool // ends the execution: no Retry and no Catch may act on it
	located bool // the cause tells the state
}

func (f *Failure) Error() string {
	if f.Cause == "" {
		return f.Name
	}
	return f.Name + ": " + f.Cause
}

// runtimeError is a States.Runtime failure before the state it happened in is known.
func runtimeError(format string, args ...any) *Failure {
	return &Failure{Name: ErrorRuntime, Cause: fmt.Sprintf(format, args...), fatal: true}
}

// in tells the state that a failure of the interpreter happened in, in AWS's words.
func (f *Failure) in(state string, entered int64) *Failure {
	if !f.fatal || f.located {
		return f
	}
	cause := fmt.Sprintf("An error occurred while executing the state '%s' (entered at the event id #%d). %s", state, entered, f.Cause)
	return &Failure{Name: f.Name, Cause: cause, fatal: true, located: true}
}

// matches says whether the names of a retrier or catcher cover the failure. States.TaskFailed stands for every
// error but a timeout, and States.Timeout also for a missed heartbeat.
func (f *Failure) matches(names []string) bool {
	for _, name := range names {
		switch {
		case name == f.Name, name == ErrorAll:
			return true
		case name == ErrorTaskFailed && f.Name != ErrorTimeout:
			return true
		case name == ErrorTimeout && f.Name == ErrorHeartbeatTimeout:
			return true
		}
	}
	return false
}

// tooManyEvents ends a Standard execution that goes on for ever.
var tooManyEvents = &Failure{Name: ErrorRuntime, Cause: "The execution reached the maximum number of history events (25000).", fatal: true, located: true}

// awsText is an error in AWS's words, which begin with a capital letter.
type awsText string

func (t awsText) Error() string { return string(t) }

func awsTextf(format string, args ...any) error { return awsText(fmt.Sprintf(format, args...)) }
