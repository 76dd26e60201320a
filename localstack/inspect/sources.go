package inspect

import (
	"context"

	"github.com/calendarinvite/calendarinviteserver/localstack/objects"
	"github.com/calendarinvite/calendarinviteserver/localstack/outbox"
	"github.com/calendarinvite/calendarinviteserver/localstack/receiving"
	"github.com/calendarinvite/calendarinviteserver/localstack/states"
)

// Sources are what the pages show. All are required but MapRuns.
type Sources struct {
	About      About
	Outbox     Outbox
	Received   Mailroom
	Executions Executions
	MapRuns    MapRuns // nil: the pages show none
	Tables     Tables
	Objects    Objects
	Functions  Functions
}

// About says where the stack listens and what it is for.
type About struct {
	API     string `json:"api"`    // host:port
	SMTP    string `json:"smtp"`   // host:port
	AWS     string `json:"aws"`    // host:port
	Domain  string `json:"domain"` // mail domain
	DataDir string `json:"data_dir"`
	Bucket  string `json:"bucket"` // mail bucket
}

// Outbox is the mail that the system sent. *outbox.Outbox is one.
type Outbox interface {
	// List returns the chosen mails without their raw text, oldest first.
	List(outbox.Filter) ([]outbox.Sent, error)
	// Get returns a mail whole; ok is false when there is none.
	Get(id string) (s outbox.Sent, ok bool, err error)
}

// Mailroom is the mail that the system received.
type Mailroom interface {
	// All lists the deliveries, oldest first.
	All() ([]receiving.Delivery, error)
}

// Executions are the runs of the state machines. *states.Service is one.
type Executions interface {
	// List tells of the executions of a machine, or of all if machine is empty, oldest first.
	List(machine string) ([]states.Summary, error)
	// Describe returns an execution with every visit of a state; the error is a *protocol.Error ExecutionDoesNotExist if there is none.
	Describe(machine, name string) (states.Execution, error)
	// History returns what GetExecutionHistory tells of an execution.
	History(machine, name string) ([]states.HistoryEvent, error)
}

// Tables are the DynamoDB tables. *dynamo.Server is one.
type Tables interface {
	Tables(ctx context.Context) ([]string, error)
	// Call makes a request: action such as "Scan", in and out in DynamoDB's JSON.
	Call(ctx context.Context, action string, in, out any) error
}

// Objects are the S3 objects. *objects.Store is one.
type Objects interface {
	Buckets() ([]string, error)
	// List returns up to limit objects whose keys begin with prefix and come after the key after, in order of their keys.
	List(ctx context.Context, bucket, prefix, after string, limit int) ([]objects.Object, error)
	// Get returns an object with its body; objects.ErrNotFound if there is none.
	Get(ctx context.Context, bucket, key string) (objects.Object, error)
}

// Functions are the Lambda functions.
type Functions interface {
	// Functions lists them, by name.
	Functions() []Function
}

// Function is a Lambda function and what it did since the stack started.
type Function struct {
	Name      string         `json:"name"`
	Memory    int            `json:"memory"`    // MiB, by wiring.yaml
	Timeout   int            `json:"timeout"`   // seconds
	Processes int            `json:"processes"` // alive
	Peak      int64          `json:"peak"`      // bytes of memory that one process took at most; 0 = never ran
	Calls     map[string]int `json:"calls"`     // AWS calls by service:Action
	Grants    []Grant        `json:"grants"`    // what it may do
	Log       []string       `json:"log"`       // last lines, oldest first
	Refused   []string       `json:"refused"`   // calls that its permissions did not allow: "action on resource"
}

// Grant is one action on one resource pattern that wiring.yaml allows a function.
type Grant struct {
	Permission string `json:"permission"` // name in wiring.yaml
	Action     string `json:"action"`
	Resource   string `json:"resource"`
	Used       bool   `json:"used"`
}
