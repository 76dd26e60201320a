package crash

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"
)

// client ends a request when the stack is killed under it; it keeps no connection for the next stack.
var client = http.Client{
	Timeout:       time.Minute,
	Transport:     &http.Transport{DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

func get(url string) (status int, body []byte, err error) {
	req, err := http.NewRequest("GET", url, nil)
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("x-api-key", "local-key")
	resp, err := client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(resp.Body)
	return resp.StatusCode, body, err
}

func getJSON(t *testing.T, url string, into any) {
	t.Helper()
	status, body, err := get(url)
	if err != nil || status != http.StatusOK {
		t.Fatalf("GET %s: %d %s %v", url, status, body, err)
	}
	if err := json.Unmarshal(body, into); err != nil {
		t.Fatalf("GET %s: %v", url, err)
	}
}

// invite opens the public link as a browser does, up to the redirect.
func (p *process) invite(uid, email string) error {
	status, body, err := get("http://" + p.api + "/event/" + uid + "/invite?" + url.Values{"email": {email}}.Encode())
	if err == nil && status != http.StatusFound {
		err = fmt.Errorf("the invite link answers %d %s", status, body)
	}
	return err
}

// statuses are the executions' statuses by workflow and name. A name that was started twice has its last status.
func (p *process) statuses(t *testing.T) map[string]string {
	t.Helper()
	var list []struct{ Machine, Name, Status string }
	getJSON(t, "http://"+p.api+"/_local/executions", &list)
	all := map[string]string{}
	for _, e := range list {
		all[e.Machine+"/"+e.Name] = e.Status
	}
	return all
}

// sentMail is a message of GET /_aws/ses.
type sentMail struct {
	Subject, RawData string
	Timestamp        time.Time
	Destination      struct{ ToAddresses []string }
}

// outbox is the mail that was sent, by recipient, oldest first.
func (p *process) outbox(t *testing.T) map[string][]sentMail {
	t.Helper()
	var out struct{ Messages []sentMail }
	getJSON(t, "http://"+p.aws+"/_aws/ses", &out)
	all := map[string][]sentMail{}
	for _, m := range out.Messages {
		for _, to := range m.Destination.ToAddresses {
			all[to] = append(all[to], m)
		}
	}
	return all
}
