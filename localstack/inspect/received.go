package inspect

import (
	"errors"
	"net/http"
	"slices"

	"github.com/calendarinvite/calendarinviteserver/localstack/objects"
	"github.com/calendarinvite/calendarinviteserver/localstack/receiving"
	"github.com/calendarinvite/calendarinviteserver/localstack/states"
)

// receivedRow is a received mail with the executions that it started.
type receivedRow struct {
	receiving.Delivery
	Executions []states.Summary `json:"-"`
}

// received lists the deliveries, oldest first.
func (p *Pages) received() ([]receivedRow, error) {
	deliveries, err := p.Received.All()
	if err != nil {
		return nil, err
	}
	executions, err := p.Executions.List("")
	if err != nil {
		return nil, err
	}
	byName := map[string][]states.Summary{}
	for _, e := range executions {
		byName[e.Name] = append(byName[e.Name], e)
	}
	rows := make([]receivedRow, 0, len(deliveries))
	for _, d := range deliveries {
		rows = append(rows, receivedRow{Delivery: d, Executions: byName[d.MessageID]})
	}
	return rows, nil
}

// receivedList shows the mail that was received.
func (p *Pages) receivedList(w http.ResponseWriter, r *http.Request) error {
	all, err := p.received()
	if err != nil {
		return err
	}
	if box := r.FormValue("mailbox"); box != "" {
		all = slices.DeleteFunc(all, func(d receivedRow) bool { return d.Mailbox != box })
	}
	page := listPage[receivedRow]{Rows: newest(all, longList), Total: len(all), Filter: r.FormValue("mailbox")}
	return p.render(w, r, "received", view{Title: "Mail received", Section: "received", Page: page}, notNil(all))
}

// findReceived returns the delivery that a page names, and the stored mail.
func (p *Pages) findReceived(r *http.Request) (receivedRow, []byte, error) {
	all, err := p.received()
	if err != nil {
		return receivedRow{}, nil, err
	}
	for _, d := range all {
		if d.MessageID != r.PathValue("id") {
			continue
		}
		object, err := p.Objects.Get(r.Context(), d.Bucket, d.ObjectKey)
		if errors.Is(err, objects.ErrNotFound) {
			err = errors.New("the mail is recorded, but its object is gone")
		}
		return d, object.Body, err
	}
	return receivedRow{}, nil, errNotFound
}

func (p *Pages) receivedMail(w http.ResponseWriter, r *http.Request) error {
	d, raw, err := p.findReceived(r)
	if err != nil {
		return err
	}
	page := newMailPage(Prefix+"received/"+d.MessageID, raw)
	page.Received = &d
	return p.render(w, r, "mail", view{Title: d.Subject, Section: "received", Page: page}, map[string]any{"delivery": d, "raw": string(raw)})
}

func (p *Pages) receivedHTML(w http.ResponseWriter, r *http.Request) error {
	_, raw, err := p.findReceived(r)
	if err != nil {
		return err
	}
	return writeHTMLPart(w, raw)
}

func (p *Pages) receivedRaw(w http.ResponseWriter, r *http.Request) error {
	_, raw, err := p.findReceived(r)
	if err != nil {
		return err
	}
	return writeRaw(w, raw)
}
