package handlers_test

import (
	"encoding/json"
	"testing"

	"github.com/calendarinvite/calendarinviteserver/handlers"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
)

func TestExecutionErrorReason(t *testing.T) {
	for _, test := range []struct {
		name, err, cause string
		want             string
	}{
		{"a fault", "InvalidRequest", `{"errorMessage":"InvalidRequest (no-calendar): There is no calendar.","errorType":"InvalidRequest"}`, "no-calendar"},
		{"a wrapped fault", "Conflict", `{"errorMessage":"create event: Conflict (event-cancelled): it is","errorType":"Conflict"}`, "event-cancelled"},
		{"parentheses before it", "Conflict", `{"errorMessage":"create (again): Conflict (event-over)","errorType":"Conflict"}`, "event-over"},
		{"without a reason", "NotFound", `{"errorMessage":"NotFound: There is no such event.","errorType":"NotFound"}`, "NotFound"},
		{"not closed", "NotFound", `{"errorMessage":"NotFound (unknown","errorType":"NotFound"}`, "NotFound"},
		{"another kind's", "Internal", `{"errorMessage":"NotFound (unknown-event)"}`, "Internal"},
		{"no message", "Lambda.Unknown", `{}`, "Lambda.Unknown"},
		{"no JSON", "States.Timeout", "The state timed out.", "States.Timeout"},
		{"no cause", "States.Timeout", "", "States.Timeout"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := (&handlers.ExecutionError{Error: test.err, Cause: test.cause}).Reason(); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

// The reason survives the way through Lambda and Step Functions: what a step answers is what the notification explains.
func TestExecutionErrorReasonOfAStep(t *testing.T) {
	left := fault.New(fault.InvalidRequest, "winmail-dat", "The calendar is inside a winmail.dat.")
	cause, err := json.Marshal(map[string]string{"errorMessage": left.Error(), "errorType": string(left.Kind)})
	if err != nil {
		t.Fatal(err)
	}
	if got := (&handlers.ExecutionError{Error: string(left.Kind), Cause: string(cause)}).Reason(); got != left.Reason {
		t.Errorf("%q", got)
	}
}

func TestFirstRunes(t *testing.T) {
	for _, test := range []struct {
		text string
		n    int
		want string
	}{
		{"", 3, ""},
		{"ab", 3, "ab"},
		{"abc", 3, "abc"},
		{"abcd", 3, "abc"},
		{"äöüß", 3, "äöü"},
		{"🎉🎉🎉🎉", 1, "🎉"},
		{"a\xffbc", 2, "a\xff"},
		{"abc", 0, ""},
	} {
		if got := handlers.FirstRunes(test.text, test.n); got != test.want {
			t.Errorf("FirstRunes(%q, %d) = %q, want %q", test.text, test.n, got, test.want)
		}
	}
}
