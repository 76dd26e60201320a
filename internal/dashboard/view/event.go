package view

import "time"

// Event is one event with its answers, how far its mails got, and its attendees.
type Event struct {
	Frame     Frame
	Occasion  Occasion
	Answers   Answers
	Funnel    Funnel
	Series    []Moment // how the answers came in, oldest first; at most Points
	Progress  *Progress
	Invites   int // invitations sent, which the limit counts
	Limit     int // how many may be sent; 0 = any number
	Suspended bool
	Attendees Attendees
}

// Funnel is how far the mails of an event got.
type Funnel struct {
	Invited  int // guests who were to be mailed
	Sent     int // handed over
	Bounced  int // came back for good, or were refused
	Current  int // hold the current revision
	Outdated int // hold an older one
	Behind   int // of Outdated, those who can be sent it again
	Blocked  int // have blocked the organizer
}

// Moment is how many had given each answer at a time.
type Moment struct {
	At                            time.Time
	Accepted, Tentative, Declined int
}

// Scope is whom the invitation is sent to again.
type Scope string

// The scopes.
const (
	ScopeOutdated Scope = "outdated"     // hold an older revision
	ScopeSoft     Scope = "soft-bounced" // the mail bounced softly
)

// Event draws the page.
func (v *Views) Event(p Event) ([]byte, error) { return v.draw("event", p) }

func (p Event) fill(to values) error {
	p.Frame.fill(to)
	to.in("events", "overview")
	p.Occasion.fill(to)
	to.set("heading", to.texts["title"])
	p.Answers.fill(to)
	p.Funnel.fill(to)
	to.progress(p.Progress)
	to.flag("suspended", p.Suspended)
	to.number("invites", p.Invites)
	to.count("limit", p.Limit)
	to.flag("limit_reached", p.Limit > 0 && p.Invites >= p.Limit)
	to.flag("any_sent", p.Funnel.Sent > 0)
	for _, answer := range answers { // links to this same page are relative: they are many
		to.set(string(answer)+"_path", withQuery("", pair{FieldStatus, string(answer)})+"#attendees")
	}
	for _, delivery := range []DeliveryFilter{DeliverySent, DeliveryBounced, DeliveryCurrent, DeliveryOutdated, DeliveryBlocked} {
		to.set(string(delivery)+"_path", withQuery("", pair{FieldDelivery, string(delivery)})+"#attendees")
	}
	to.answersOverTime(p.Series)
	p.Attendees.fill(to, p.Occasion.UID, p.Answers.Total())
	return nil
}

// steps are the steps of the funnel by their placeholders.
func (f Funnel) steps() map[string]int {
	return map[string]int{
		"sent": f.Sent, "bounced": f.Bounced, "current": f.Current, "outdated": f.Outdated, "behind": f.Behind, "blocked": f.Blocked,
	}
}

func (f Funnel) fill(to values) {
	to.number("invited", f.Invited)
	for name, n := range f.steps() {
		to.number(name, n)
		to.flag("any_"+name, n > 0)
		to.set(name+"_share", percent(n, f.Invited))
		to.set(name+"_w", "0")
		if f.Invited > 0 {
			to.set(name+"_w", place(min(float64(n)/float64(f.Invited), 1)*100))
		}
	}
}

// answersOverTime adds the chart: its lines, its scale, and the table behind it.
func (v values) answersOverTime(series []Moment) {
	var xs []float64
	most, lines := 0, map[Answer][]int{}
	for _, m := range series {
		span := series[len(series)-1].At.Sub(series[0].At)
		x := 0.0
		if span > 0 {
			x = float64(m.At.Sub(series[0].At)) / float64(span)
		}
		xs = append(xs, x)
		most = max(most, m.Accepted, m.Tentative, m.Declined)
		lines[Accepted] = append(lines[Accepted], m.Accepted)
		lines[Tentative] = append(lines[Tentative], m.Tentative)
		lines[Declined] = append(lines[Declined], m.Declined)

		item := v.item("moments")
		item.moment("moment", m.At)
		item.number("yes", m.Accepted)
		item.number("maybe", m.Tentative)
		item.number("no", m.Declined)
	}
	top := ceiling(most)
	v.scale(top)
	for _, answer := range []Answer{Accepted, Tentative, Declined} {
		v.set(string(answer)+"_line", polyline(xs, lines[answer], top))
	}
	v.set("accepted_area", area(v.texts["accepted_line"]))
	v.flag("any_moments", len(series) > 1)
	v.set("first_day", "")
	v.set("last_day", "")
	if len(series) > 1 {
		v.set("first_day", series[0].At.Format("2 Jan"))
		v.set("last_day", series[len(series)-1].At.Format("2 Jan"))
	}
}

// Live is what the page's script asks for again and again, as JSON from EventPath(uid, "live").
type Live struct {
	Running bool           `json:"running"` // something is being sent: ask again soon
	Counts  map[string]int `json:"counts"`  // by the names that the page's data-count attributes have
}

// Live is the page's numbers alone. It reads Occasion.Held and Occasion.Proposals, Answers, Funnel, Progress and Invites.
func (p Event) Live() Live {
	counts := p.Funnel.steps()
	for _, answer := range answers {
		counts[string(answer)] = p.Answers.of(answer)
	}
	counts["total"], counts["answered"], counts["invited"] = p.Answers.Total(), p.Answers.Answered(), p.Funnel.Invited
	counts["invites"], counts["held"], counts["proposals"] = p.Invites, p.Occasion.Held, p.Occasion.Proposals
	if p.Progress != nil {
		counts["progress_done"], counts["progress_total"], counts["progress_failed"] = p.Progress.Done, p.Progress.Total, p.Progress.Failed
	}
	return Live{Running: p.Progress != nil, Counts: counts}
}
