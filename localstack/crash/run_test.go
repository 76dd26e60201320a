package crash

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/mail"
	"net/url"
	"strings"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/imip"
	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
	"github.com/calendarinvite/calendarinviteserver/localstack/events"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
	"github.com/calendarinvite/calendarinviteserver/localstack/states"
)

// run is one time that an operation is done. Everybody's address has the mark of the run in it.
type run struct {
	*world
	mark         string
	rule         string // of the event
	uid          string // of the event, when there is one
	mailsBefore  int
	executions0  int
	systemBefore map[string]map[string]int
	insisted     int    // requests that were made again
	cookie       string // of the organizer's session on the dashboard
}

// newRun begins a run of the operation: all that must be there is.
func (w *world) newRun(op operation) *run {
	w.t.Helper()
	w.runs++
	r := &run{world: w, mark: fmt.Sprintf("run%04d", w.runs)}
	if op.arrange != nil {
		op.arrange(r)
	}
	r.executions0 = len(r.settle())
	r.receiver.take()
	r.mailsBefore = len(r.sent())
	before := outcome{Counts: map[string]map[string]int{}}
	for _, item := range r.query("system#") {
		before.count(r, item)
	}
	r.systemBefore = before.Counts
	return r
}

// failed are those of all executions that are the run's and have ended otherwise than well.
func (r *run) failed(executions []states.Summary) (all failures) {
	for _, x := range executions[r.executions0:] {
		if x.Status != succeeded && x.Status != running {
			all = append(all, x)
		}
	}
	return all
}

func (r *run) organizer() string     { return "organizer@" + r.mark + ".example.com" }
func (r *run) guest(n int) string    { return fmt.Sprintf("guest%d@%s.example.com", n, r.mark) }
func (r *run) now() time.Time        { return time.Now().UTC().Truncate(time.Second) }
func (r *run) event() imiptest.Event { e := eventOf(r.organizer()); e.Rule = r.rule; return e }

// later is the event's next revision: an hour later.
func later(e imiptest.Event) imiptest.Event {
	e.Sequence++
	e.At = e.At.Add(time.Minute)
	e.Start, e.End = e.Start.Add(time.Hour), e.End.Add(time.Hour)
	return e
}

// must makes a function's error the test's.
func must[In, Out any](r *run, f func(In) (Out, error)) func(In) Out {
	return func(in In) Out {
		r.t.Helper()
		out, err := f(in)
		if err != nil {
			r.t.Fatal(err)
		}
		return out
	}
}

// mail hands a mail in and waits for the end of what it starts.
func (r *run) mail(from, mailbox string, raw []byte) string {
	r.t.Helper()
	return r.SendMail(from, mailbox+"@cis.localhost", raw)
}

func (r *run) request(e imiptest.Event) {
	r.t.Helper()
	r.mail(r.organizer(), "create", must(r, imiptest.ComposeRequest)(e))
}

func (r *run) cancel(e imiptest.Event) {
	r.t.Helper()
	r.mail(r.organizer(), "create", must(r, imiptest.ComposeCancel)(e))
}

// register makes the event.
func (r *run) register() {
	r.t.Helper()
	r.uid = r.mail(r.organizer(), "create", must(r, imiptest.ComposeRequest)(r.event()))
	stacktest.Eventually(r.t, "the event", func() bool {
		status, err := r.States.Status(r.Wiring.Prefix()+"-event-request", r.uid)
		return err == nil && status != "RUNNING"
	})
}

// invited makes the event and invites the first guest.
func (r *run) invited() {
	r.t.Helper()
	r.register()
	r.open(r.guest(1))
}

// party makes the event and invites three guests, of whom the second accepts and the third wants no more mail of the organizer.
func (r *run) party() {
	r.t.Helper()
	r.register()
	for n := range 3 {
		r.open(r.guest(n + 1))
	}
	r.reply(r.guest(2), imiptest.Accepted)
	r.put("attendee#"+r.guest(3), "block#"+r.organizer())
}

// open opens the public link, and again where it is answered with an error, as people do.
func (r *run) open(email string) {
	r.t.Helper()
	a := r.insist("GET", "/event/"+r.uid+"/invite?"+url.Values{"email": {email}}.Encode(), "")
	if a.Status != http.StatusFound && a.Status != http.StatusConflict {
		r.t.Errorf("the invite link answers %d %s", a.Status, a.Body)
	}
}

// insist makes a request, and again where it is answered with an error of the server.
func (r *run) insist(method, path, body string, header ...string) (a stacktest.Answer) {
	r.t.Helper()
	for range 4 {
		if a = r.Do(method, path, body, header...); a.Status < 500 && a.Status != http.StatusTooManyRequests {
			break
		}
		r.insisted++
	}
	return a
}

// hear has SES tell what became of the first guest's invitation.
// https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
func (r *run) hear(detailType, kind string, about map[string]any) {
	r.t.Helper()
	sent := r.Sent(r.guest(1))[0]
	about["timestamp"], about["feedbackId"] = sent.Time.Add(time.Second), r.mark
	detail, err := json.Marshal(map[string]any{
		"eventType": kind, strings.ToLower(kind): about,
		"mail": map[string]any{"messageId": sent.ID, "timestamp": sent.Time, "destination": sent.Recipients(), "tags": sent.Tags},
	})
	if err == nil {
		_, err = r.Events.Publish(r.t.Context(), events.Event{Source: "aws.ses", DetailType: detailType, Detail: detail})
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

// report asks for the attendee report, and again only where an error was answered and no report comes.
func (r *run) report() {
	r.t.Helper()
	for range 4 {
		a := r.Get("/event/" + r.uid + "/report")
		r.settle()
		if a.Status == http.StatusOK || len(r.sent()) > r.mailsBefore {
			return
		}
	}
	r.t.Error("no report can be had")
}

// order is an order as Shopify reports it, which it does until it is told that it was heard.
func (r *run) order() {
	r.t.Helper()
	body := fmt.Sprintf(`{"id":"%s","order_number":1001,"email":%q,"line_items":[{"product_id":7,"name":"Unlimited"}]}`, r.mark, r.organizer())
	mac := hmac.New(sha256.New, []byte(shopifySecret))
	mac.Write([]byte(body))
	a := r.insist("POST", "/order", body, "Content-Type", "application/json", "X-Shopify-Hmac-Sha256", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	if a.Status != http.StatusOK {
		r.t.Errorf("the order is answered with %d %s", a.Status, a.Body)
	}
}

// invitation is the mail that a guest has got.
func (r *run) invitation(email string) []byte {
	r.t.Helper()
	sent := r.Sent(email)
	if len(sent) == 0 {
		r.t.Fatalf("%s has no invitation", email)
	}
	return sent[0].Raw
}

// header is a field of the guest's invitation.
func (r *run) header(email, name string) string {
	r.t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(r.invitation(email)))
	if err != nil {
		r.t.Fatal(err)
	}
	return m.Header.Get(name)
}

// answer hands in what a guest writes.
func (r *run) answer(email string, raw []byte) {
	r.t.Helper()
	r.mail(email, "rsvp", raw)
}

// reply has a guest's calendar answer.
func (r *run) reply(email, answer string) {
	r.t.Helper()
	raw, err := imiptest.ComposeReply(r.invitation(email), imiptest.Reply{Client: imiptest.Outlook, Answer: answer, At: r.now()})
	if err != nil {
		r.t.Fatal(err)
	}
	r.answer(email, raw)
}

// propose has the first guest's calendar propose another time.
func (r *run) propose() {
	r.t.Helper()
	at := r.event().Start.Add(26 * time.Hour)
	raw, err := imiptest.ComposeCounter(r.invitation(r.guest(1)), imiptest.Counter{
		Reply: imiptest.Reply{Client: imiptest.Outlook, Answer: imiptest.Tentative, At: r.now()}, Start: at, End: at.Add(time.Hour),
	})
	if err != nil {
		r.t.Fatal(err)
	}
	r.answer(r.guest(1), raw)
}

// forwarded has somebody answer to whom the first guest forwarded the invitation.
func (r *run) forwarded() {
	r.t.Helper()
	other := imiptest.Address{Name: "Other", Email: r.guest(9)}
	raw, err := imiptest.ComposeReply(r.invitation(r.guest(1)), imiptest.Reply{Client: imiptest.Gmail, Answer: imiptest.Accepted, At: r.now(), As: other})
	if err != nil {
		r.t.Fatal(err)
	}
	r.answer(other.Email, raw)
}

// link is the path of the first link below a route in the last mail to somebody.
func (r *run) link(email, route string) string {
	r.t.Helper()
	sent := r.Sent(email)
	if len(sent) == 0 {
		r.t.Fatalf("%s has no mail", email)
	}
	raw := sent[len(sent)-1].Raw
	message, err := imip.Read(raw, imip.Limits{})
	if err != nil {
		r.t.Fatal(err)
	}
	_, link, found := strings.Cut(message.Text(), route)
	if !found {
		r.t.Fatalf("no link to %s in\n%s", route, raw)
	}
	if end := strings.IndexAny(link, "? \r\n>"); end >= 0 {
		link = link[:end]
	}
	return route + link
}

// unsubscribeLink is where the guest's mail program asks to be spared (RFC 8058).
func (r *run) unsubscribeLink(email string) string {
	r.t.Helper()
	_, link, found := strings.Cut(r.header(email, "List-Unsubscribe"), "/unsubscribe/")
	if !found {
		r.t.Fatal("no link to unsubscribe")
	}
	link, _, _ = strings.Cut(link, ">")
	return "/unsubscribe/" + link
}

// press sends a page's form, and again where it is answered with an error, as people do.
func (r *run) press(path string, form url.Values) {
	r.t.Helper()
	a := r.insist("POST", path, form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
	if a.Status != http.StatusOK {
		r.t.Errorf("%s is answered with %d %s", path, a.Status, a.Body)
	}
}

// stand has an administrator give the organizer the right to send lists, or take it away.
func (r *run) stand(method string) {
	r.t.Helper()
	a := r.insist(method, "/system/organizer/"+url.PathEscape(r.organizer())+"/bulk", "", "x-api-key", "local-admin-key")
	if a.Status != http.StatusOK {
		r.t.Errorf("the standing is answered with %d %s", a.Status, a.Body)
	}
}

// put writes a record that is nothing but its key.
func (r *run) put(pk, sk string) {
	r.t.Helper()
	in := map[string]any{"TableName": "cis", "Item": map[string]any{"pk": map[string]string{"S": pk}, "sk": map[string]string{"S": sk}}}
	if err := r.Dynamo.Call(r.t.Context(), "PutItem", in, nil); err != nil {
		r.t.Fatal(err)
	}
}

// forget deletes the records of all partitions whose keys begin so.
func (r *run) forget(prefix string) {
	r.t.Helper()
	for _, item := range r.call("Scan", map[string]any{
		"TableName": "cis", "ConsistentRead": true, "ProjectionExpression": "pk, sk", "FilterExpression": "begins_with(pk, :prefix)",
		"ExpressionAttributeValues": map[string]any{":prefix": map[string]string{"S": prefix}},
	}) {
		key := map[string]any{"pk": map[string]string{"S": item.text("pk")}, "sk": map[string]string{"S": item.text("sk")}}
		if err := r.Dynamo.Call(r.t.Context(), "DeleteItem", map[string]any{"TableName": "cis", "Key": key}, nil); err != nil {
			r.t.Fatal(err)
		}
	}
}

func plainMail(from, subject, text string) []byte {
	return fmt.Appendf(nil, "From: %s\r\nTo: us@cis.localhost\r\nSubject: %s\r\nMessage-ID: <1@example.com>\r\nContent-Type: text/plain\r\n\r\n%s\r\n", from, subject, text)
}

func listMail(from, rows string) []byte {
	return fmt.Appendf(nil, "From: %s\r\nTo: bulk@cis.localhost\r\nSubject: List\r\nMessage-ID: <1@example.com>\r\nMIME-Version: 1.0\r\n"+
		"Content-Type: text/csv; name=list.csv\r\nContent-Disposition: attachment; filename=list.csv\r\n\r\n%s", from, rows)
}
