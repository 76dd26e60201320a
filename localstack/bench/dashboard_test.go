package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/dashboard/view"
	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
	"github.com/calendarinvite/calendarinviteserver/localstack/dynamo"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
)

// sight is what one page of the dashboard was measured to cost.
type sight struct {
	page            string
	guests          int
	first, usual    time.Duration // from the request at the API to the end of the answer: the first time, and the median
	calls           int           // of AWS, of each view
	weight, withAll int           // bytes: of the page, and of it with everything that it loads
}

// sights are what the table of pages shows.
var sights []sight

// BenchmarkDashboard looks at the pages of an event with few guests and of one with very many, one view at a time.
func BenchmarkDashboard(b *testing.B) {
	s := system(b)
	visitor := visitor{stack: s}
	sizes := []int{10, 10_000}
	uids := map[int]string{}
	for _, guests := range sizes {
		host := fmt.Sprintf("host%d@example.com", guests)
		uid, err := register(s, host)
		if err != nil {
			b.Fatal(err)
		}
		uids[guests] = uid
		crowd(b, s, uid, host, guests)
	}
	for _, guests := range sizes {
		visitor.signIn(b, fmt.Sprintf("host%d@example.com", guests))
		event := view.EventPath(uids[guests])
		for _, page := range []struct{ name, path string }{
			{"events", view.Root}, {"event", event}, {"event, live numbers", event + "/live"}, {"event, who accepted", event + "?status=accepted"},
			{"event, by name", event + "?sort=name"}, {"attendee", view.AttendeePath(uids[guests], guest(7))}, {"invite", event + "/invite"}, {"share", event + "/share"},
		} {
			b.Run(fmt.Sprintf("%s/%d", page.name, guests), func(b *testing.B) { visitor.look(b, page.name, page.path, guests) })
		}
	}
}

// visitor is an organizer at the dashboard.
type visitor struct {
	stack  *stacktest.Stack
	cookie string
}

// look opens a page again and again.
func (v *visitor) look(b *testing.B, name, path string, guests int) {
	started := time.Now()
	page := v.get(b, path)
	seen := sight{page: name, guests: guests, first: time.Since(started), weight: len(page), withAll: len(page)}
	for _, file := range loaded.FindAllStringSubmatch(page, -1) {
		seen.withAll += len(v.get(b, file[1]))
	}
	v.stack.Endpoint.Calls().Reset()
	var took []time.Duration
	for b.Loop() {
		started := time.Now()
		v.get(b, path)
		took = append(took, time.Since(started))
	}
	for _, actions := range v.stack.Endpoint.Calls().Counts() {
		for _, n := range actions {
			seen.calls += n
		}
	}
	seen.calls /= len(took)
	slices.Sort(took)
	seen.usual = took[len(took)/2]
	b.ReportMetric(float64(seen.usual.Microseconds())/1000, "ms/view")
	b.ReportMetric(float64(seen.calls), "aws-calls/view")
	b.ReportMetric(float64(seen.withAll)/1000, "KB/view")
	sights = slices.DeleteFunc(sights, func(s sight) bool { return s.page == name && s.guests == guests })
	sights = append(sights, seen)
}

// loaded finds what a page loads: its style, its script, its icon, its pictures.
var loaded = regexp.MustCompile(`(?:src|<link [^>]*href)="(/dashboard/[^"]+)"`)

func (v *visitor) get(b *testing.B, path string) string {
	b.Helper()
	return v.ask(b, http.MethodGet, path, "", http.StatusOK)
}

// ask makes a request as a browser does, and keeps the session that the answer begins.
func (v *visitor) ask(b *testing.B, method, path, form string, status int) string {
	b.Helper()
	r, err := http.NewRequest(method, "http://"+v.stack.API+path, strings.NewReader(form))
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Cookie", v.cookie)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := browser.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != status {
		b.Fatalf("%s answers %s, %v: %s", path, resp.Status, err, body)
	}
	for _, cookie := range resp.Cookies() {
		if cookie.Name == "session" {
			v.cookie = "session=" + cookie.Value
		}
	}
	return string(body)
}

func (v *visitor) signIn(b *testing.B, email string) {
	b.Helper()
	known := len(v.stack.Sent(email))
	v.cookie = ""
	v.ask(b, http.MethodPost, view.SignInPath, url.Values{view.FieldAddress: {email}}.Encode(), http.StatusOK)
	mail := strings.ReplaceAll(string(v.stack.WaitSent(email, known+1)[known].Raw), "=\r\n", "") // quoted-printable
	_, link, found := strings.Cut(mail, "http://"+v.stack.API+view.SignInPath+"/")
	if !found {
		b.Fatalf("no link in %s", mail)
	}
	link, _, _ = strings.Cut(link, "\r\n")
	v.ask(b, http.MethodPost, view.SignInPath+"/"+link, "", http.StatusSeeOther)
}

// crowd makes so many guests of the event, as one who was invited by the link and answered by mail: one goes through the doors, the others'
// records are written beside it, and counted.
func crowd(b *testing.B, s *stacktest.Stack, uid, host string, guests int) {
	b.Helper()
	const model = "model@example.org"
	known := len(s.Sent(model))
	if err := open(s, uid, model); err != nil {
		b.Fatal(err)
	}
	raw, err := imiptest.ComposeReply(s.WaitSent(model, known+1)[known].Raw, imiptest.Reply{
		Client: imiptest.Gmail, Answer: imiptest.Accepted, At: time.Now(), Comment: "I am looking forward to it.",
	})
	if err != nil {
		b.Fatal(err)
	}
	id, err := stack.SendMail(s.SMTP, model, "rsvp@"+s.Domain, raw)
	if err == nil {
		err = finished(s, "event-reply", id)
	}
	if err != nil {
		b.Fatal(err)
	}
	table := func(action string, in, out any) {
		if err := s.Dynamo.Call(b.Context(), action, in, out); err != nil {
			b.Error(err)
		}
	}
	text := func(s string) json.RawMessage {
		value, _ := json.Marshal(map[string]string{"S": s}) // strings always encode
		return value
	}
	var like struct{ Item dynamo.Item }
	table("GetItem", map[string]any{"TableName": s.Wiring.Table.Name, "Key": dynamo.Item{"pk": text("event#" + uid), "sk": text("attendee#" + model)}}, &like)
	const most = 100 // of a transaction
	type put struct{ Put map[string]any }
	var writers sync.WaitGroup
	for from := 0; from < guests-1; from += most {
		var puts []put
		for n := from; n < min(from+most, guests-1); n++ {
			one := maps.Clone(like.Item)
			one["sk"], one["email"], one["name"] = text("attendee#"+guest(n)), text(guest(n)), text(fmt.Sprintf("Guest Number %d", n))
			puts = append(puts, put{map[string]any{"TableName": s.Wiring.Table.Name, "Item": one}})
		}
		writers.Go(func() { table("TransactWriteItems", map[string]any{"TransactItems": puts}, nil) })
	}
	writers.Wait()
	for pk, sk := range map[string]string{
		"event#" + uid: "event_statistics#" + uid + "#0", "organizer#" + host: "organizer_statistics#" + host + "#0", "system#": "system_statistics#0",
	} {
		table("UpdateItem", map[string]any{
			"TableName": s.Wiring.Table.Name, "Key": dynamo.Item{"pk": text(pk), "sk": text(sk)}, "UpdateExpression": "ADD attendees :n, invites :n, #yes :n, #shared :n",
			"ExpressionAttributeNames":  map[string]string{"#yes": "rsvp#accepted", "#shared": "origin#api"},
			"ExpressionAttributeValues": dynamo.Item{":n": json.RawMessage(fmt.Sprintf(`{"N":"%d"}`, guests-1))},
		}, nil)
	}
}

// printSights prints what the pages cost, for people. What is needed: the first view of an event with 10,000 guests in less than 100 ms, no
// page heavier than 120 KB, and the same calls for every size.
func printSights(to io.Writer) {
	if len(sights) == 0 {
		return
	}
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "\npage of the dashboard\tguests\tms: first view\tmedian\tAWS calls\tKB: page\twith all it loads\t\n")
	for _, s := range sights {
		ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
		fmt.Fprintf(w, "%s\t%d\t%.1f\t%.1f\t%d\t%.1f\t%.1f\t\n", s.page, s.guests, ms(s.first), ms(s.usual), s.calls, float64(s.weight)/1000, float64(s.withAll)/1000)
	}
	_ = w.Flush() // the terminal is gone: nobody is there to be told
}
