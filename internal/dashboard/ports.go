package dashboard

import (
	"context"
	"io"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/api"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/sfnflow"
)

// Events is what the pages read and change; *invite.Service is it.
type Events interface {
	OrganizerEvents(ctx context.Context, o invite.Organizer, after string, limit int) ([]invite.Event, string, error)
	Overviews(ctx context.Context, o invite.Organizer, uids []string) (map[string]invite.Overview, error)
	Overview(ctx context.Context, o invite.Organizer, uid string) (invite.Overview, error)
	FindAttendees(ctx context.Context, e invite.Event, f invite.AttendeeFilter, after string, limit int) ([]invite.Attendee, string, error)
	SortedAttendees(ctx context.Context, e invite.Event, f invite.AttendeeFilter, order invite.AttendeeOrder, from, limit int) ([]invite.Attendee, int, error)
	Attendee(ctx context.Context, uid, email string) (invite.Attendee, error)
	EachAttendee(ctx context.Context, uid string, do func(invite.Attendee) error) error
	Missed(ctx context.Context, e invite.Event, do func(invite.Attendee) error) error
	Preview(ctx context.Context, b invite.BatchRequest, remaining int) ([]invite.SentRow, error)
	MayInvite(ctx context.Context, o invite.Organizer, uid string) (reason string, err error)
	NoteWork(ctx context.Context, w invite.Work) error
	SendTest(ctx context.Context, e invite.Event) (sesMessageID string, err error)

	Guests(ctx context.Context, uid, after string, limit int) ([]invite.Guest, string, error)
	AdmitGuest(ctx context.Context, uid, email string) (invite.Answered, error)
	RefuseHeldGuest(ctx context.Context, uid, email string) (invite.Refused, error)
	Proposals(ctx context.Context, uid, after string, limit int) ([]invite.Proposal, string, error)
	DeclineProposal(ctx context.Context, uid, email, instance, comment string) (invite.Declined, error)

	Standings(ctx context.Context, o invite.Organizer) (invite.Standings, error)
	SetStanding(ctx context.Context, o invite.Organizer, kind invite.StandingKind, on bool) error
	Organizers(ctx context.Context, tenant, prefix, after string, limit int) ([]invite.OrganizerEntry, string, error)
	CountOrganizers(ctx context.Context, tenant string) (int, error)
	OrganizerStatistics(ctx context.Context, o invite.Organizer) (invite.Statistics, error)
	SystemStatistics(ctx context.Context, tenant string) (invite.Statistics, error)
	SystemDays(ctx context.Context, tenant, from, to string) ([]invite.Day, error)
}

// Uses counts what may not be done too often, or more than once; *ddbstore.Store does.
type Uses interface {
	Take(ctx context.Context, c invite.Cap, n int) (bool, error)
	UseOnce(ctx context.Context, token, request string, until int64) (bool, error)
}

// Flows looks at executions and starts them; *sfnflow.Flows does.
type Flows interface {
	Start(ctx context.Context, machineARN, name string, input any) error
	List(ctx context.Context, machineARN, status string, limit int) ([]sfnflow.Execution, error)
	Describe(ctx context.Context, machineARN, name string) (sfnflow.Execution, error)
	Progress(ctx context.Context, machineARN, name string) (sfnflow.Progress, error)
}

// Keys says who an API key belongs to; a fault NotAuthorized when it is nobody's.
type Keys interface {
	Owner(ctx context.Context, key string) (api.Caller, error)
}

// Upload is an object that is being written.
type Upload interface {
	io.Writer
	Close() error
	Abort()
}

// Files keeps the lists that are to be sent, and the files to download.
type Files interface {
	Create(ctx context.Context, key, contentType string) Upload
	// Link is an address under which the object can be had for a time, as a file of that name.
	Link(ctx context.Context, key, name string, valid time.Duration) (string, error)
}

// List is a list that was checked, and lies in Files to be sent.
type List struct {
	ID       string           `json:"id"` // names the execution
	Owner    invite.Organizer `json:"-"`
	UID      string           `json:"-"`
	File     string           `json:"file,omitempty"` // the list's name
	Rows     int              `json:"rows"`
	Accepted int              `json:"accepted"` // of which go through the workflow
	Ready    int              `json:"ready"`    // of which get an invitation, by what was known when the list was checked
	Again    bool             `json:"again,omitempty"`
	At       int64            `json:"at"` // when it was checked
}

// FanOut is the input of the workflows event-update and event-cancellation, started by hand.
type FanOut struct {
	UID       string `json:"uid"`
	Sequence  int    `json:"sequence"`
	Execution string `json:"execution"` // its own name
}

// Lists sends lists, by the workflow bulk-invites.
type Lists interface {
	Send(ctx context.Context, l List) error
}

// Workflow is a state machine.
type Workflow struct {
	ARN     string `json:"arn"`
	Express bool   `json:"express,omitempty"` // keeps no executions: theirs are in the log
}
