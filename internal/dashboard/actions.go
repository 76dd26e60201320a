package dashboard

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/bulk"
	"github.com/calendarinvite/calendarinviteserver/internal/dashboard/view"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/sheet"
)

// test sends the organizer the invitation as guests get it.
func (s *Site) test(w http.ResponseWriter, r *http.Request, who Session) error {
	of, err := s.overview(r, who)
	if err != nil {
		return err
	}
	if of.Event.Cancelled() {
		return s.done(w, r, view.EventPath(of.Event.UID), view.DoneNothing, "", 0)
	}
	if ok, err := s.take(r, who, of.Event); err != nil || !ok {
		return s.tooOften(w, r, of.Event, err)
	}
	_, err = s.Events.SendTest(r.Context(), of.Event)
	if fault.ReasonOf(err) == invite.ReasonSuspended {
		return s.done(w, r, view.EventPath(of.Event.UID), view.DoneNotAllowed, "", 0)
	}
	if err != nil {
		return err
	}
	s.Note(r.Context(), who, "test-invitation", of.Event.UID)
	return s.done(w, r, view.EventPath(of.Event.UID), view.DoneTest, "", 0)
}

// report has the list of attendees mailed.
func (s *Site) report(w http.ResponseWriter, r *http.Request, who Session) error {
	of, err := s.overview(r, who)
	if err != nil {
		return err
	}
	if ok, err := s.take(r, who, of.Event); err != nil || !ok {
		return s.tooOften(w, r, of.Event, err)
	}
	wanted := invite.ReportRequest{ID: "report-" + requestOf(r).name("report"), UID: of.Event.UID, At: s.Now().Unix()}
	if err := s.Flows.Start(r.Context(), s.Workflows[workflowReport].ARN, wanted.ID, wanted); err != nil {
		return err
	}
	s.Note(r.Context(), who, "report", of.Event.UID)
	return s.done(w, r, view.EventPath(of.Event.UID), view.DoneReport, "", 0)
}

// workflowReport mails the list of attendees.
const workflowReport = "attendee-report"

// mailsADay is how many mails to themselves an organizer can ask for on an event's page, a day.
const mailsADay = 50

// take counts a mail that the organizer asks for; false when there were enough today.
func (s *Site) take(r *http.Request, who Session, e invite.Event) (bool, error) {
	return s.Uses.Take(r.Context(), s.window("dashboard-mail", e.UID+"#"+who.Email, day, mailsADay), 1)
}

func (s *Site) tooOften(w http.ResponseWriter, r *http.Request, e invite.Event, err error) error {
	if err != nil {
		return err
	}
	return s.done(w, r, view.EventPath(e.UID), view.DoneTooMany, "", mailsADay)
}

// again sends the event once more to those who may not hold it as it is.
func (s *Site) again(w http.ResponseWriter, r *http.Request, who Session) error {
	of, err := s.overview(r, who)
	if err != nil {
		return err
	}
	if err := parseForm(w, r); err != nil {
		return err
	}
	switch scope := view.Scope(r.PostForm.Get(view.FieldScope)); {
	case of.Event.Over(s.Now()):
	case scope == view.ScopeOutdated:
		return s.tellAgain(w, r, who, of)
	case scope == view.ScopeSoft && !of.Event.Cancelled():
		return s.inviteAgain(w, r, who, of)
	}
	return s.done(w, r, view.EventPath(of.Event.UID), view.DoneNothing, "", 0)
}

// tellAgain runs the fan-out of the event's revision once more, which stages those who are still behind.
func (s *Site) tellAgain(w http.ResponseWriter, r *http.Request, who Session, of invite.Overview) error {
	ctx, page := r.Context(), view.EventPath(of.Event.UID)
	i := slices.IndexFunc(of.Works, func(work invite.Work) bool {
		return work.Kind != invite.WorkList && work.Sequence == of.Event.Sequence && work.Behind > 0
	})
	if i < 0 {
		return s.done(w, r, page, view.DoneNothing, "", 0)
	}
	work := of.Works[i]
	machine := s.Workflows[work.Workflow].ARN
	if progress, err := s.Flows.Progress(ctx, machine, work.Execution); err != nil || progress.Running { // two of them would tell people twice
		if err != nil {
			return err
		}
		return s.done(w, r, page, view.DoneNothing, "", 0)
	}
	standings, err := s.Events.Standings(ctx, who.Organizer())
	if err != nil {
		return err
	}
	if standings.Suspended != 0 {
		return s.done(w, r, page, view.DoneNotAllowed, "", 0)
	}
	work.Execution = nextRun(work.Execution)
	if err := s.Events.NoteWork(ctx, work); err != nil {
		return err
	}
	run := FanOut{UID: work.UID, Sequence: work.Sequence, Execution: work.Execution}
	if err := s.Flows.Start(ctx, machine, work.Execution, run); err != nil {
		return err
	}
	s.Note(ctx, who, "send-again", work.UID)
	return s.done(w, r, page, view.DoneAgain, "", work.Behind)
}

// nextRun names a further execution of a fan-out: uid-1, uid-1-run2, uid-1-run3. Who clicks twice starts one.
func nextRun(execution string) string {
	first, n, again := strings.Cut(execution, "-run")
	run, err := strconv.Atoi(n)
	if !again || err != nil {
		run = 1
	}
	return first + "-run" + strconv.Itoa(run+1)
}

// inviteAgain sends the invitation once more to those whose mail bounced softly. They are a list, sent like any other.
func (s *Site) inviteAgain(w http.ResponseWriter, r *http.Request, who Session, of invite.Overview) error {
	ctx := r.Context()
	list := List{ID: "again-" + requestOf(r).name("again"), Owner: who.Organizer(), UID: of.Event.UID, Again: true, At: s.Now().Unix()}
	accepted := s.Files.Create(ctx, bulk.StoredAs(list.ID).Accepted, "application/jsonl")
	defer accepted.Abort()
	lines := json.NewEncoder(accepted)
	err := s.Events.Missed(ctx, of.Event, func(a invite.Attendee) error {
		if !a.BouncedSoftly() {
			return nil
		}
		list.Rows++
		return lines.Encode(bulk.Item{Row: list.Rows, UID: a.UID, Email: a.Email, Name: a.Name})
	})
	if err != nil {
		return err
	}
	if list.Accepted, list.Ready = list.Rows, list.Rows; list.Rows == 0 {
		return s.done(w, r, view.EventPath(of.Event.UID), view.DoneNothing, "", 0)
	}
	if err := accepted.Close(); err != nil {
		return err
	}
	rejected := s.Files.Create(ctx, bulk.StoredAs(list.ID).Rejected, "application/jsonl")
	defer rejected.Abort()
	if err := rejected.Close(); err != nil {
		return err
	}
	return s.start(w, r, who, list, view.DoneAgain)
}

// downloadTime is how long a browser may take to fetch what it was sent to.
const downloadTime = 5 * time.Minute

// download makes the list of attendees a file, and leads to it.
func (s *Site) download(w http.ResponseWriter, r *http.Request, who Session) error {
	of, err := s.overview(r, who)
	if err != nil {
		return err
	}
	ctx, key := r.Context(), "reports/attendees/"+requestOf(r).name("file")+".csv"
	file := s.Files.Create(ctx, key, "text/csv; charset=UTF-8")
	defer file.Abort()
	csv := sheet.NewWriter(file, invite.ReportHeader()...)
	err = s.Events.EachAttendee(ctx, of.Event.UID, func(a invite.Attendee) error { return csv.Write(invite.ReportRow(of.Event, a)...) })
	if err == nil {
		err = csv.Close()
	}
	if err == nil {
		err = file.Close()
	}
	if err != nil {
		return err
	}
	link, err := s.Files.Link(ctx, key, "attendees.csv", downloadTime)
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, link, http.StatusSeeOther)
	return nil
}
