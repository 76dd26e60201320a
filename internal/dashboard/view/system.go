package view

import (
	"strconv"
	"time"
)

// System is how the whole system fares.
type System struct {
	Frame      Frame
	Events     int
	Organizers int
	Attendees  int
	Invites    int // invitations sent
	Answers    Answers
	Blocked    int
	Series     []SystemMoment // oldest first, one a day or an hour; at most Points
	Rates      Rates
	Queues     []Queue
	Failed     int // failed executions that nobody looked into
	At         time.Time
}

// SystemMoment is what happened in one day or hour.
type SystemMoment struct {
	At               time.Time
	Invites, Answers int
	Bounces          int
}

// Rates are the shares of invitations that came back or were complained about, 0 to 1. SES counts every mail, over a number that it does not tell.
// It puts an account under review at 5% bounces or 0.1%
// complaints, and may stop its sending at 10% or 0.5% (Amazon SES Developer Guide, "Understanding your account's reputation").
type Rates struct {
	Bounce, Complaint float64
	Known             bool // false: too little mail to tell
}

// The limits of SES.
const (
	BounceReview    = 0.05
	BounceStop      = 0.10
	ComplaintReview = 0.001
	ComplaintStop   = 0.005
)

// Queue is a workflow with what is under way.
type Queue struct {
	Name    string
	Running int
	Dead    int       // given up after all tries
	Oldest  time.Time // since when the first runs; zero = none does
}

// System draws the page.
func (v *Views) System(p System) ([]byte, error) { return v.draw("system", p) }

func (p System) fill(to values) error {
	p.Frame.fill(to)
	to.in("system")
	to.set("heading", "System")
	to.number("event_number", p.Events)
	to.number("organizer_number", p.Organizers)
	to.number("attendee_number", p.Attendees)
	to.number("invites", p.Invites)
	to.set("blocked", "")
	if p.Blocked > 0 {
		to.set("blocked", counted(p.Blocked, "block"))
	}
	to.set("failed", "")
	if p.Failed > 0 {
		to.set("failed", counted(p.Failed, "failed execution"))
	}
	to.moment("now", p.At)
	p.Answers.fill(to)
	to.overTime(p.Series)
	to.flag("rates_known", p.Rates.Known)
	to.meter("bounce", p.Rates.Bounce, BounceReview, BounceStop)
	to.meter("complaint", p.Rates.Complaint, ComplaintReview, ComplaintStop)
	to.flag("any_queues", len(p.Queues) > 0)
	for _, q := range p.Queues {
		item := to.item("queues")
		item.line("queue", q.Name)
		item.number("running_now", q.Running)
		item.number("dead", q.Dead)
		item.flag("any_dead", q.Dead > 0)
		item.moment("oldest", q.Oldest)
	}
	return nil
}

// overTime adds the chart: its lines, its scale, and the table behind it.
func (v values) overTime(series []SystemMoment) {
	var xs []float64
	var invites, answered, bounces []int
	most := 0
	for i, m := range series {
		xs = append(xs, float64(i)/float64(max(len(series)-1, 1)))
		invites, answered, bounces = append(invites, m.Invites), append(answered, m.Answers), append(bounces, m.Bounces)
		most = max(most, m.Invites, m.Answers, m.Bounces)
		item := v.item("moments")
		item.moment("moment", m.At)
		item.number("sent_then", m.Invites)
		item.number("answers_then", m.Answers)
		item.number("bounces_then", m.Bounces)
	}
	top := ceiling(most)
	v.scale(top)
	v.set("invites_line", polyline(xs, invites, top))
	v.set("invites_area", area(v.texts["invites_line"]))
	v.set("answers_line", polyline(xs, answered, top))
	v.set("bounces_line", polyline(xs, bounces, top))
	v.flag("any_moments", len(series) > 1)
	v.set("first_day", "")
	v.set("last_day", "")
	if len(series) > 1 {
		v.set("first_day", series[0].At.Format("2 Jan"))
		v.set("last_day", series[len(series)-1].At.Format("2 Jan"))
	}
}

// meter adds a rate against its two limits, as a drawing 100 wide whose end is a little beyond the second limit.
func (v values) meter(name string, share, review, stop float64) {
	end := stop * 1.2
	v.set(name, rate(share))
	v.set(name+"_review", limit(review))
	v.set(name+"_stop", limit(stop))
	v.set(name+"_w", place(min(share/end, 1)*100))
	v.set(name+"_review_x", place(review/end*100))
	v.set(name+"_review_w", place((stop-review)/end*100))
	v.set(name+"_stop_x", place(stop/end*100))
	v.set(name+"_stop_w", place((1-stop/end)*100))
	v.flag(name+"_bad", share >= stop)
	v.flag(name+"_warn", share >= review && share < stop)
	v.flag(name+"_good", share < review)
}

// limit writes a share without needless zeros: "0.1%".
func limit(share float64) string { return strconv.FormatFloat(share*100, 'g', 4, 64) + "%" }
