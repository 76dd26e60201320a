package dashboard

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/bulk"
	"github.com/calendarinvite/calendarinviteserver/internal/dashboard/view"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/seal"
	"github.com/calendarinvite/calendarinviteserver/internal/sheet"
)

// ListTime is how long a list that was checked may wait to be sent.
const ListTime = time.Hour

// invite is the form for the people to invite.
func (s *Site) invite(w http.ResponseWriter, r *http.Request, who Session) error {
	of, err := s.overview(r, who)
	if err != nil {
		return err
	}
	return s.inviteForm(w, r, who, of, http.StatusOK, "", "")
}

func (s *Site) inviteForm(w http.ResponseWriter, r *http.Request, who Session, of invite.Overview, status int, problem view.InviteProblem, list string) error {
	o, err := s.about(r.Context(), of.Event)
	if err != nil {
		return err
	}
	standings, err := s.Events.Standings(r.Context(), who.Organizer())
	if err != nil {
		return err
	}
	page := view.Invite{Frame: frameOf(r, who), Occasion: o, List: list, Problem: problem, Left: left(of), Suspended: standings.Suspended != 0, Bulk: s.Bulk}
	if standings.Bulk == 0 {
		page.Daily = s.ListLimit
	}
	html, err := s.Views.Invite(page)
	return shown(w, status, html, err)
}

// left is how many invitations the event may still send; -1 = any number.
func left(of invite.Overview) int {
	if of.Event.InviteLimit <= 0 {
		return -1
	}
	return max(of.Event.InviteLimit-of.Statistics.Invites, 0)
}

// dryRun checks the list, keeps it, and shows what would happen to each row. Nothing is sent, and nobody is recorded.
func (s *Site) dryRun(w http.ResponseWriter, r *http.Request, who Session) error {
	of, err := s.overview(r, who)
	if err != nil {
		return err
	}
	switch err := parseForm(w, r); {
	case err == errTooLarge:
		return s.inviteForm(w, r, who, of, http.StatusRequestEntityTooLarge, view.LargeList, "")
	case err != nil:
		return err
	}
	pasted := r.PostForm.Get(view.FieldList)
	body, name, err := upload(r, view.FieldFile)
	if err != nil {
		return err
	}
	options := bulk.Options{UID: of.Event.UID}
	if body == nil {
		body, options.Added = bulk.Pasted(pasted)
	}
	checked, err := s.check(r.Context(), requestOf(r), who, of, body, options, name)
	switch {
	case fault.ReasonOf(err) == bulk.ReasonTooManyRows:
		return s.inviteForm(w, r, who, of, http.StatusRequestEntityTooLarge, view.LargeList, "")
	case fault.ReasonOf(err) == bulk.ReasonEmptyList:
		return s.inviteForm(w, r, who, of, http.StatusBadRequest, view.EmptyList, pasted)
	case fault.KindOf(err) == fault.InvalidRequest:
		return s.inviteForm(w, r, who, of, http.StatusBadRequest, view.BadFile, pasted)
	case err != nil:
		return err
	}
	page := view.DryRun{Frame: who.frame(), Source: name, Left: left(of)}
	if page.Occasion, err = s.about(r.Context(), of.Event); err != nil {
		return err
	}
	for _, row := range checked.rows {
		page.Count(row.Result)
	}
	if page.Rows, page.More = excerpt(checked.rows); page.More > 0 {
		if page.All, err = s.whole(r.Context(), checked); err != nil {
			return err
		}
	}
	checked.list.Ready = page.Counts.Send
	if err := s.offer(r.Context(), &page, who, checked.list); err != nil {
		return err
	}
	html, err := s.Views.DryRun(page)
	return show(w, html, err)
}

// whole keeps what would become of every row as a file, as long as the list waits to be sent, and is the address of it.
func (s *Site) whole(ctx context.Context, c checked) (string, error) {
	key := "reports/checks/" + c.list.ID + ".csv"
	file := s.Files.Create(ctx, key, "text/csv; charset=UTF-8")
	defer file.Abort()
	csv := sheet.NewWriter(file, view.DryHeader()...)
	rows := slices.SortedStableFunc(slices.Values(c.rows), func(a, b view.DryRow) int { return cmp.Compare(a.Row, b.Row) })
	for _, row := range rows {
		if err := csv.Write(row.Cells()...); err != nil {
			return "", err
		}
	}
	if err := csv.Close(); err != nil {
		return "", err
	}
	if err := file.Close(); err != nil {
		return "", err
	}
	return s.Files.Link(ctx, key, "check.csv", ListTime)
}

// offer adds to the page what its form sends, or why nothing can be sent.
func (s *Site) offer(ctx context.Context, page *view.DryRun, who Session, l List) error {
	standings, err := s.Events.Standings(ctx, who.Organizer())
	switch {
	case err != nil:
		return err
	case standings.Suspended != 0:
		page.Suspended = true
	case standings.Bulk == 0 && l.Ready > s.ListLimit:
		page.Daily = s.ListLimit
	case l.Ready > 0:
		page.Reference, err = s.reference(who, l)
	}
	return err
}

// reference is the checked list, sealed for the form that sends it.
func (s *Site) reference(who Session, l List) (string, error) {
	text, err := json.Marshal(l)
	return s.Seals.Link(seal.Link{Purpose: seal.List, UID: l.UID, Email: who.Email, Extra: string(text), Expires: s.Now().Add(ListTime).Unix()}), err
}

// checked is a list with what would become of its rows.
type checked struct {
	list List
	rows []view.DryRow
}

// check reads a list, keeps its rows for the workflow that sends lists, and asks what would become of each.
func (s *Site) check(ctx context.Context, request request, who Session, of invite.Overview, body []byte, o bulk.Options, name string) (checked, error) {
	rows, err := bulk.Rows(body, o)
	if err != nil {
		return checked{}, err
	}
	list := List{ID: "list-" + request.name("list"), Owner: who.Organizer(), UID: of.Event.UID, File: name, At: s.Now().Unix()}
	accepted := s.Files.Create(ctx, bulk.StoredAs(list.ID).Accepted, "application/jsonl")
	defer accepted.Abort()
	rejected := s.Files.Create(ctx, bulk.StoredAs(list.ID).Rejected, "application/jsonl")
	defer rejected.Abort()
	var good, bad bytes.Buffer
	check := bulk.NewCheck(onlyEvent{s.Events, who.Organizer(), of.Event.UID}, who.Email, s.Own...)
	summary, err := bulk.Split(ctx, rows, check, io.MultiWriter(accepted, &good), io.MultiWriter(rejected, &bad))
	if err != nil {
		return checked{}, err
	}
	for _, file := range []Upload{accepted, rejected} {
		if err := file.Close(); err != nil {
			return checked{}, err
		}
	}
	list.Rows, list.Accepted = summary.Rows, summary.Accepted
	shown, err := s.preview(ctx, of, list, &good, &bad)
	return checked{list: list, rows: shown}, err
}

// preview is what would become of each row, in the order of the list.
func (s *Site) preview(ctx context.Context, of invite.Overview, l List, good, bad io.Reader) ([]view.DryRow, error) {
	request := invite.BatchRequest{ID: l.ID, Owner: l.Owner, Origin: invite.OriginDashboard}
	rows := make([]view.DryRow, 0, l.Rows)
	if err := eachLine(bad, func(r bulk.Rejected) {
		rows = append(rows, view.DryRow{Row: r.Row, Email: r.Email, Result: rejectedAs(r.Reason), Explain: explain(r.Reason)})
	}); err != nil {
		return nil, err
	}
	names := map[int]string{}
	if err := eachLine(good, func(item bulk.Item) {
		names[item.Row] = item.Name
		request.Items = append(request.Items, invite.BatchItem{Row: item.Row, UID: item.UID, Email: item.Email, Name: item.Name})
	}); err != nil {
		return nil, err
	}
	results, err := s.Events.Preview(ctx, request, left(of))
	if err != nil {
		return nil, err
	}
	for _, result := range results {
		rows = append(rows, view.DryRow{
			Row: result.Row, Email: result.Email, Name: names[result.Row], Result: resultAs(result), Explain: explainResult(result),
		})
	}
	return rows, nil
}

// eachLine reads JSON lines.
func eachLine[T any](r io.Reader, do func(T)) error {
	lines := json.NewDecoder(bufio.NewReader(r))
	for {
		var item T
		err := lines.Decode(&item)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		do(item)
	}
}

// onlyEvent implements bulk.Events: what is pasted on an event's page concerns that event only.
type onlyEvent struct {
	events Events
	owner  invite.Organizer
	uid    string
}

func (o onlyEvent) Event(ctx context.Context, uid string) (reason string, err error) {
	if uid != o.uid {
		return invite.ReasonUnknownEvent, nil
	}
	return o.events.MayInvite(ctx, o.owner, uid)
}

// sendList sends a list that was checked. The same list sent again is sent once: the execution has its name.
func (s *Site) sendList(w http.ResponseWriter, r *http.Request, who Session) error {
	of, err := s.overview(r, who)
	if err != nil {
		return err
	}
	if err := parseForm(w, r); err != nil {
		return err
	}
	link, err := s.Seals.OpenLink(seal.List, r.PostForm.Get(view.FieldReference))
	if err != nil || link.UID != of.Event.UID || link.Email != who.Email {
		return fault.Wrap(fault.InvalidRequest, "bad-list", err)
	}
	if link.Expired(s.Now()) {
		s.problem(w, r, who, view.FormExpired)
		return nil
	}
	var list List
	if err := json.Unmarshal([]byte(link.Extra), &list); err != nil {
		return fault.Wrap(fault.Internal, "sealed-list", err)
	}
	list.Owner, list.UID = who.Organizer(), of.Event.UID
	return s.start(w, r, who, list, view.DoneSent)
}

// start sends a list, if its organizer may.
func (s *Site) start(w http.ResponseWriter, r *http.Request, who Session, list List, done view.Done) error {
	ctx, page := r.Context(), view.EventPath(list.UID)
	standings, err := s.Events.Standings(ctx, who.Organizer())
	if err != nil {
		return err
	}
	if standings.Suspended != 0 {
		return s.done(w, r, page, view.DoneNotAllowed, "", 0)
	}
	if standings.Bulk == 0 {
		daily := s.window("dashboard-list", who.Tenant+"#"+who.Email, day, s.ListLimit)
		daily.By = list.ID // who sends the same list again is not counted again
		if ok, err := s.Uses.Take(ctx, daily, list.Ready); err != nil {
			return err
		} else if !ok {
			return s.done(w, r, page, view.DoneTooMany, "", s.ListLimit)
		}
	}
	work := invite.Work{UID: list.UID, Kind: invite.WorkList, Workflow: workflowLists, Execution: list.ID, People: list.Accepted, Started: list.At}
	if err := s.Events.NoteWork(ctx, work); err != nil {
		return err
	}
	if err := s.Lists.Send(ctx, list); err != nil {
		return err
	}
	s.Note(ctx, who, "send-list", list.UID)
	return s.done(w, r, page, done, "", list.Ready)
}

// workflowLists is the workflow that sends lists.
const workflowLists = "bulk-invites"

// excerpt are the rows that the check shows: first those that would not be sent. more is how many it does not show.
func excerpt(rows []view.DryRow) (shown []view.DryRow, more int) {
	for _, sent := range []bool{false, true} {
		for _, row := range rows {
			if (row.Result == view.DrySend) == sent && len(shown) < view.DryRows {
				shown = append(shown, row)
			}
		}
	}
	return shown, len(rows) - len(shown)
}

func rejectedAs(reason string) view.DryResult {
	if reason == bulk.ReasonDuplicate {
		return view.DryDuplicate
	}
	return view.DryInvalid
}

func resultAs(r invite.SentRow) view.DryResult {
	switch r.Result {
	case invite.RowReady:
		return view.DrySend
	case invite.RowAlready:
		return view.DryAlready
	case invite.RowBlocked:
		return view.DryBlocked
	case invite.RowLimit:
		return view.DryLimit
	}
	if r.Reason == invite.ReasonDuplicate {
		return view.DryDuplicate
	}
	return view.DryInvalid
}

func explainResult(r invite.SentRow) string {
	switch r.Result {
	case invite.RowReady, invite.RowAlready, invite.RowBlocked, invite.RowLimit:
		return ""
	}
	return explain(r.Reason)
}

// explain says in a sentence why a row cannot be sent.
func explain(reason string) string { return strings.TrimSpace(bulk.Explain(reason)) }
