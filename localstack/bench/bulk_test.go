package bench

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/localstack/aws"
	"github.com/calendarinvite/calendarinviteserver/localstack/outbox"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
)

const (
	listed = 8900 // people of a list: whole batches
	batch  = 89   // rows of a batch (statemachines/bulk-invites.asl.json)
	lister = "host@example.com"
	sender = "send-bulk-event-invites"
)

// BenchmarkBulk: an organizer mails lists of people for one event; each is done when the status report has left. It measures what every
// invitation costs, and makes the bill for a million of them.
func BenchmarkBulk(b *testing.B) {
	s := system(b)
	uid, err := register(s, lister)
	if err != nil {
		b.Fatal(err)
	}
	if a := s.Do("PUT", "/system/organizer/"+lister+"/bulk", "", "x-api-key", "local-admin-key"); a.Status != 200 {
		b.Fatalf("permission for lists: %d %s", a.Status, a.Body)
	}
	mailList(b, s, uid, 0, concurrency*batch) // until as many processes as are needed have started
	s.Endpoint.Calls().Reset()
	s.Faults.Record()
	before, logs, mails, since := usageNow(), logged(b, s), bytesSent(b, s), time.Now()
	u := used{parts: map[string]int{}}
	for b.Loop() {
		id := mailList(b, s, uid, concurrency*batch+u.invites, listed)
		u.invites += listed
		u.lists++
		u.follow(b, s, id)
	}
	took, cpu := time.Since(since), usageNow().minus(before)
	u.calls, u.units, u.cpu = s.Endpoint.Calls().Counts(), s.Endpoint.Calls().AllUnits(), cpu.functions
	u.logBytes, u.mailBytes = logged(b, s)-logs, bytesSent(b, s)-mails
	for _, seen := range s.Faults.Recorded() {
		if seen.Action == "lambda:Invoke" {
			u.parts[seen.Function]++
		}
	}
	u.memory = map[string]int{}
	for function, is := range s.Wiring.Functions {
		u.memory[function] = is.Memory
	}
	for caller := range u.calls { // what the benchmark itself asked
		if _, is := s.Wiring.Functions[caller]; !is {
			delete(u.calls, caller)
			delete(u.units, caller)
		}
	}
	report(b, row{name: "invite of a list", operations: u.invites, took: took, used: cpu, calls: u.calls, peak: peak(s.Runtime.Peak())})
	bill = u.bill()
	b.ReportMetric(u.perInvite(u.writes()), "write-units/op")
	b.ReportMetric(total(bill), "USD/million")
	b.ReportMetric(total(bill)/sesAlone, "of-SES-alone")
	if got := u.perInvite(float64(u.calls[sender]["ses:SendEmail"])); got != 1 {
		b.Errorf("%v calls of SES for an invitation", got)
	}
	if total(bill) > mostOfSES*sesAlone {
		b.Errorf("a million invites cost $%.2f, at most %.2f times SES's $%.2f are allowed", total(bill), mostOfSES, sesAlone)
	}
	if expect := concurrency*batch + u.invites; expect != invitesCounted(b, s, uid) {
		b.Errorf("%d invitations are counted, want %d", invitesCounted(b, s, uid), expect)
	}
}

// used is what lists have used.
type used struct {
	invites, lists int
	children       int // of Distributed Maps
	transitions    int // of Standard executions, their starts and ends included
	history        int // events of the children's histories
	stored         int // objects that Step Functions wrote

	calls     map[string]map[string]int // by function and action
	units     map[string]aws.Units      // by function
	parts     map[string]int            // invocations by function
	memory    map[string]int            // MB by function
	cpu       time.Duration             // of all functions
	logBytes  int64
	mailBytes int64
}

func (u used) perInvite(sum float64) float64 { return sum / float64(u.invites) }

// writes are the write units of all functions.
func (u used) writes() (sum float64) {
	for _, of := range u.units {
		sum += of.Write
	}
	return sum
}

// follow adds what Step Functions did for the list that the mail has brought.
func (u *used) follow(b *testing.B, s *stacktest.Stack, id string) {
	b.Helper()
	machine := s.Wiring.Prefix() + "-bulk-invites"
	x, err := s.States.Describe(machine, id)
	if err != nil {
		b.Fatal(err)
	}
	u.transitions += len(x.States) + 2
	for _, state := range x.States {
		u.transitions += state.Retries
	}
	runs, err := s.States.MapRuns(machine, id)
	if err != nil || len(runs) != 1 {
		b.Fatalf("%d Map Runs: %v", len(runs), err)
	}
	u.children += runs[0].Children.All
	one, _, err := s.States.Children(runs[0].ID, "", 0, 1)
	if err != nil || len(one) != 1 {
		b.Fatalf("%d children: %v", len(one), err)
	}
	history, err := s.States.History(one[0].Machine, one[0].Name)
	if err != nil {
		b.Fatal(err)
	}
	u.history += len(history) * runs[0].Children.All
	written, err := s.Objects.List(b.Context(), s.Wiring.MailBucket(), "lists/"+id+"/results/", "", 1000)
	if err != nil {
		b.Fatal(err)
	}
	u.stored += len(written)
}

// mailList mails a list of so many people, the first of whom is the nth guest, and waits for the end.
func mailList(b *testing.B, s *stacktest.Stack, uid string, n, people int) (id string) {
	b.Helper()
	var csv strings.Builder
	csv.WriteString("email,name\r\n")
	for i := range people {
		fmt.Fprintf(&csv, "%s,Guest Number %d\r\n", guest(n+i), n+i)
	}
	var mail strings.Builder
	fmt.Fprintf(&mail, "From: %s\r\nTo: bulk@%s\r\nSubject: %s\r\nMessage-ID: <%d@example.com>\r\nMIME-Version: 1.0\r\n"+
		"Content-Type: text/csv; name=guests.csv\r\nContent-Transfer-Encoding: base64\r\n\r\n", lister, s.Domain, uid, n)
	for text := base64.StdEncoding.EncodeToString([]byte(csv.String())); text != ""; text = text[min(76, len(text)):] {
		mail.WriteString(text[:min(76, len(text))] + "\r\n")
	}
	id, err := stack.SendMail(s.SMTP, lister, "bulk@"+s.Domain, []byte(mail.String()))
	if err != nil {
		b.Fatal(err)
	}
	if err := finishedWithin(s, "bulk-invites", id, 10*time.Minute); err != nil {
		b.Fatal(err)
	}
	return id
}

// logged is how many bytes the functions have written to their logs.
func logged(b *testing.B, s *stacktest.Stack) (sum int64) {
	b.Helper()
	err := filepath.WalkDir(filepath.Join(s.DataDir(), "logs"), func(_ string, file fs.DirEntry, err error) error {
		if err != nil || file.IsDir() {
			return err
		}
		info, err := file.Info()
		if err == nil {
			sum += info.Size()
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return sum
}

// bytesSent is how large the invitations of lists are, all in all.
func bytesSent(b *testing.B, s *stacktest.Stack) (sum int64) {
	b.Helper()
	all, err := s.Outbox.List(outbox.Filter{})
	if err != nil {
		b.Fatal(err)
	}
	for _, m := range all {
		if m.Caller == sender {
			sum += int64(m.Size)
		}
	}
	return sum
}

// invitesCounted is how many people the event's statistics count.
func invitesCounted(b *testing.B, s *stacktest.Stack, uid string) int {
	b.Helper()
	var got struct{ Attendees int }
	if err := json.Unmarshal([]byte(s.Get("/event/"+uid+"/statistics").Body), &got); err != nil {
		b.Fatal(err)
	}
	return got.Attendees
}
