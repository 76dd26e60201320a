package dashboard

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/dashboard/view"
	"github.com/calendarinvite/calendarinviteserver/internal/imip"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/itip"
)

// waitingCounted is among how many guests, and among how many proposals, those that wait for the organizer are counted: one read.
const waitingCounted = 1000

// event is the page of one event. Five reads, three more while something is sent; those of a filter or an order besides.
func (s *Site) event(w http.ResponseWriter, r *http.Request, who Session) error {
	page, of, err := s.eventView(r, who)
	if err != nil {
		return err
	}
	standings, err := s.Events.Standings(r.Context(), who.Organizer())
	if err != nil {
		return err
	}
	page.Suspended = standings.Suspended != 0
	if page.Attendees, err = s.attendees(r, of); err != nil {
		return err
	}
	html, err := s.Views.Event(page)
	return show(w, html, err)
}

// live are the page's numbers, for its script.
func (s *Site) live(w http.ResponseWriter, r *http.Request, who Session) error {
	page, _, err := s.eventView(r, who)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, page.Live())
}

// overview reads the organizer's event that the path names.
func (s *Site) overview(r *http.Request, who Session) (invite.Overview, error) {
	uid, err := uidOf(r)
	if err != nil {
		return invite.Overview{}, err
	}
	return s.Events.Overview(r.Context(), who.Organizer(), uid)
}

// about is what the pages of an event show at their top, with how many guests and proposals wait.
func (s *Site) about(ctx context.Context, e invite.Event) (view.Occasion, error) {
	o := occasion(e, s.Now())
	calendar, err := e.ReadCalendar()
	if err != nil {
		return o, err
	}
	if main, has := calendar.Main(); has {
		o.Join = imip.JoinLink(main)
	}
	guests, _, err := s.Events.Guests(ctx, e.UID, "", waitingCounted)
	if err != nil {
		return o, err
	}
	for _, g := range guests {
		if g.State == invite.GuestHeld {
			o.Held++
		}
	}
	proposals, _, err := s.Events.Proposals(ctx, e.UID, "", waitingCounted)
	if err != nil {
		return o, err
	}
	for _, p := range proposals {
		if p.StateAt(e) == invite.ProposalOpen {
			o.Proposals++
		}
	}
	return o, nil
}

// eventView is the page without its list of attendees.
func (s *Site) eventView(r *http.Request, who Session) (view.Event, invite.Overview, error) {
	of, err := s.overview(r, who)
	if err != nil {
		return view.Event{}, of, err
	}
	page := view.Event{
		Frame: frameOf(r, who), Answers: answersOf(of.Statistics), Series: seriesOf(of.Days, s.Now()), Invites: of.Statistics.Invites, Limit: of.Event.InviteLimit,
	}
	if page.Occasion, err = s.about(r.Context(), of.Event); err != nil {
		return page, of, err
	}
	page.Progress, page.Funnel = s.deliveries(r.Context(), of)
	return page, of, nil
}

// stale is when a work is so old that nobody looks any more whether it runs: as long as the workflows may take.
const stale = 24 * time.Hour

// deliveries are what is being sent, and how far the event's mails got. Of what runs, Step Functions is asked; the rest is counted.
func (s *Site) deliveries(ctx context.Context, of invite.Overview) (*view.Progress, view.Funnel) {
	n := len(of.Works)
	if n == 0 || s.Now().Unix()-of.Works[n-1].Started >= int64(stale.Seconds()) {
		return nil, funnelOf(of, nil)
	}
	work := of.Works[n-1]
	progress, err := s.Flows.Progress(ctx, s.Workflows[work.Workflow].ARN, work.Execution)
	if err != nil { // what is counted can be shown without
		s.Fail(ctx, err)
	}
	if !progress.Running {
		return nil, funnelOf(of, nil)
	}
	left := work.People
	if progress.Mapped {
		left = min(progress.Left, work.People)
	}
	running := &view.Progress{
		What: kindOf(work.Kind), Done: work.People - left, Total: work.People, Failed: progress.Failed, Started: time.Unix(work.Started, 0),
	}
	return running, funnelOf(of, running)
}

// funnelOf is how far the mails got; running is the newest work, if it runs. The people of a list are recorded when it is their turn: before,
// they are in no count.
func funnelOf(of invite.Overview, running *view.Progress) view.Funnel {
	counts := of.Statistics
	sent := counts.Attendees - counts.Origin[invite.OriginShared]
	funnel := view.Funnel{Invited: sent, Sent: sent, Bounced: counts.Bounced, Blocked: counts.Blocked}
	unheard := 0
	for i, work := range of.Works {
		if work.Kind == invite.WorkList {
			continue
		}
		if work.Sequence == of.Event.Sequence {
			funnel.Behind, unheard = work.Behind, work.OutOfDate
		}
		if i == len(of.Works)-1 && running != nil {
			funnel.Behind = running.Total - running.Done
		}
	}
	funnel.Outdated = funnel.Behind + unheard
	funnel.Current = max(funnel.Sent-funnel.Bounced-funnel.Outdated, 0)
	return funnel
}

func kindOf(kind invite.WorkKind) view.Work {
	switch kind {
	case invite.WorkUpdate:
		return view.WorkUpdate
	case invite.WorkCancellation:
		return view.WorkCancel
	}
	return view.WorkInvite
}

// seriesOf adds up the days: how many had given each answer at the end of each. It begins with nobody, and stays level where nothing happened.
func seriesOf(days []invite.Day, now time.Time) []view.Moment {
	var series []view.Moment
	sum := view.Moment{}
	for _, day := range days {
		start, err := time.Parse(time.DateOnly, day.Date)
		if err != nil {
			continue
		}
		if n := len(series); n == 0 || series[n-1].At.Before(start) {
			sum.At = start
			series = append(series, sum)
		}
		sum.Accepted += day.Answers[string(itip.Accepted)]
		sum.Tentative += day.Answers[string(itip.Tentative)]
		sum.Declined += day.Answers[string(itip.Declined)]
		sum.At = start.AddDate(0, 0, 1)
		if sum.At.After(now) {
			sum.At = now.UTC()
		}
		series = append(series, sum)
	}
	if len(series) > 0 && now.Sub(sum.At) >= 24*time.Hour {
		sum.At = now.UTC()
		series = append(series, sum)
	}
	return thin(series)
}

// thin leaves out points evenly, but for the first and the last.
func thin(series []view.Moment) []view.Moment {
	if len(series) <= view.Points {
		return series
	}
	kept := make([]view.Moment, view.Points)
	for i := range kept {
		kept[i] = series[i*(len(series)-1)/(view.Points-1)]
	}
	return kept
}

// attendees is a page of the event's attendees.
func (s *Site) attendees(r *http.Request, of invite.Overview) (view.Attendees, error) {
	query := r.URL.Query()
	list := view.Attendees{
		Search: query.Get(view.FieldSearch), Status: view.Answer(query.Get(view.FieldStatus)), Delivery: view.DeliveryFilter(query.Get(view.FieldDelivery)),
		Sort: view.Sort(query.Get(view.FieldSort)), After: query.Get(view.FieldAfter), Matching: -1, Unsortable: of.Statistics.Attendees > invite.MaxSorted,
	}
	filter := invite.AttendeeFilter{Status: itip.Status(list.Status), Delivery: invite.DeliveryFilter(list.Delivery), Text: strings.TrimSpace(list.Search)}
	var found []invite.Attendee
	var err error
	if order, sorted := orders[list.Sort]; sorted && !list.Unsortable {
		from := atoi(list.After)
		found, list.Matching, err = s.Events.SortedAttendees(r.Context(), of.Event, filter, order, from, view.Rows)
		if from+len(found) < list.Matching {
			list.Next = itoa(from + len(found))
		}
	} else {
		list.Sort = view.SortEmail
		after, err := s.position(cursorAttendees, of.Event.UID, list.After)
		if err != nil {
			return list, err
		}
		var next string
		if found, next, err = s.Events.FindAttendees(r.Context(), of.Event, filter, after, view.Rows); err != nil {
			return list, err
		}
		list.Next = s.cursor(cursorAttendees, of.Event.UID, next)
		if filter.IsZero() {
			list.Matching = of.Statistics.Attendees
		}
	}
	for _, a := range found {
		list.Items = append(list.Items, attendeeRow(of.Event, a))
	}
	return list, err
}

var orders = map[view.Sort]invite.AttendeeOrder{
	view.SortName: invite.OrderName, view.SortStatus: invite.OrderStatus, view.SortAnswered: invite.OrderAnswered,
}

func attendeeRow(e invite.Event, a invite.Attendee) view.AttendeeRow {
	return view.AttendeeRow{
		Name: a.Name, Email: a.Email, Answer: view.Answer(a.StatusAt(e)), Grade: gradeOf(e, a), Answered: moment(a.AnswerTime(e)), Delivery: deliveryOf(a),
		Outdated: a.Outdated(e), Blocked: a.Blocked, Comment: a.Comment,
	}
}

// gradeOf is how sure we are of the answer that counts now.
func gradeOf(e invite.Event, a invite.Attendee) view.Grade {
	if a.StatusAt(e) == itip.NoAction {
		return ""
	}
	return view.Grade(a.Grade)
}

// deliveryOf is how far the last mail to the attendee got.
func deliveryOf(a invite.Attendee) view.Delivery {
	switch a.Undeliverable {
	case invite.HardBounce:
		return view.MailBounced
	case invite.Rejected:
		return view.MailRefused
	case invite.Complained:
		return view.MailComplained
	}
	switch {
	case a.Delivery == invite.DeliveryFailed:
		return view.MailFailed
	case a.BouncedSoftly():
		return view.MailSoft
	case a.DeliveredAt != 0 && a.DeliveredAt >= a.SentAt:
		return view.MailDelivered
	case a.Delivery == invite.DeliverySent:
		return view.MailSent
	case a.Delivery == invite.DeliveryQueued:
		return view.MailQueued
	}
	return ""
}

// moment is a time of a record; zero where there is none.
func moment(at int64) time.Time {
	if at == 0 {
		return time.Time{}
	}
	return time.Unix(at, 0).UTC()
}
