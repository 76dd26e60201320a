package view

import "strconv"

// Invite asks for the people to invite: pasted addresses (FieldList) or a CSV file (FieldFile). The form is multipart/form-data, to EventPath(uid, "invite").
type Invite struct {
	Frame     Frame
	Occasion  Occasion
	List      string // preset text
	Problem   InviteProblem
	Left      int    // invitations that the event may still send; -1 = any number
	Daily     int    // how many people a day, without the bulk permission; 0 = any number
	Suspended bool   // the organizer sends nothing until an administrator says otherwise
	Bulk      string // the mailbox that takes lists
}

// InviteProblem says what was wrong with the list.
type InviteProblem string

// The problems.
const (
	EmptyList InviteProblem = "empty"
	BadFile   InviteProblem = "bad-file" // no text, or not a table
	LargeList InviteProblem = "too-large"
)

// Invite draws the page.
func (v *Views) Invite(p Invite) ([]byte, error) { return v.draw("invite", p) }

func (p Invite) fill(to values) error {
	p.Frame.fill(to)
	to.in("events", "invite")
	p.Occasion.fill(to)
	to.set("heading", "Invite people")
	to.set("list", p.List)
	to.flag("problem", p.Problem != "")
	to.flag("empty_list", p.Problem == EmptyList)
	to.flag("bad_file", p.Problem == BadFile)
	to.flag("large_list", p.Problem == LargeList)
	to.flag("none_left", p.Left == 0)
	to.count("left", p.Left)
	to.count("daily", p.Daily)
	to.flag("suspended", p.Suspended)
	to.flag("may_invite", to.texts["open"] != "" && p.Left != 0 && !p.Suspended)
	to.line("bulk", p.Bulk)
	return nil
}

// DryRun shows what would happen to each row of a list, before anything is sent. The form goes to EventPath(uid, "invite", "send") with FieldReference.
type DryRun struct {
	Frame     Frame
	Occasion  Occasion
	Source    string   // the file's name; empty = pasted
	Reference string   // the sealed list
	Rows      []DryRow // at most DryRows; what is not sent comes first
	More      int      // rows that are not shown
	All       string   // where all of them can be had as a file; empty where all are shown
	Counts    DryCounts
	Left      int  // invitations that the event may still send; -1 = any number
	Daily     int  // Send is more than this many, which is how many the organizer may invite a day; 0 = it is not
	Suspended bool // the organizer sends nothing until an administrator says otherwise
}

// DryHeader are the columns of the whole check as a file.
func DryHeader() []string { return []string{"row", "email", "name", "what happens", "explanation"} }

// Cells are the row under DryHeader, in the words of the page.
func (r DryRow) Cells() []string {
	return []string{strconv.Itoa(r.Row), r.Email, r.Name, r.Result.words(), r.Explain}
}

// Count counts a row.
func (p *DryRun) Count(r DryResult) {
	switch r {
	case DrySend:
		p.Counts.Send++
	case DryAlready:
		p.Counts.Already++
	case DryDuplicate:
		p.Counts.Duplicate++
	case DryBlocked:
		p.Counts.Blocked++
	case DryLimit:
		p.Counts.Limit++
	default:
		p.Counts.Invalid++
	}
}

// DryCounts are how many rows have each result.
type DryCounts struct{ Send, Already, Duplicate, Blocked, Invalid, Limit int }

// DryResult is what would happen to a row.
type DryResult string

// The results.
const (
	DrySend      DryResult = "send"
	DryAlready   DryResult = "already"   // invited before
	DryDuplicate DryResult = "duplicate" // of a row before
	DryBlocked   DryResult = "blocked"   // does not want mail from this organizer
	DryInvalid   DryResult = "invalid"
	DryLimit     DryResult = "limit" // over the event's limit
)

func (r DryResult) words() string {
	switch r {
	case DrySend:
		return "Will be invited"
	case DryAlready:
		return "Invited already"
	case DryDuplicate:
		return "Twice in the list"
	case DryBlocked:
		return "Does not want it"
	case DryLimit:
		return "Over the limit"
	}
	return "Cannot be invited"
}

// DryRow is one row of the list.
type DryRow struct {
	Row     int // its number in the list
	Email   string
	Name    string
	Result  DryResult
	Explain string // a sentence, for what is not sent
}

// DryRun draws the page.
func (v *Views) DryRun(p DryRun) ([]byte, error) { return v.draw("dry_run", p) }

func (p DryRun) fill(to values) error {
	p.Frame.fill(to)
	to.in("events", "invite")
	p.Occasion.fill(to)
	to.set("heading", "Check before sending")
	to.line("source", p.Source)
	to.set("reference", p.Reference)
	to.set("send_path", EventPath(p.Occasion.UID, "invite", "send"))
	c := p.Counts
	left := c.Already + c.Duplicate + c.Blocked + c.Invalid + c.Limit
	to.set("rows_words", counted(c.Send+left, "row"))
	to.count("send", c.Send)
	to.count("daily", p.Daily)
	to.flag("suspended", p.Suspended)
	to.flag("may_send", c.Send > 0 && p.Daily == 0 && !p.Suspended)
	to.set("send_words", counted(c.Send, "invitation"))
	for _, r := range []struct {
		result DryResult
		n      int
	}{{DrySend, c.Send}, {DryAlready, c.Already}, {DryDuplicate, c.Duplicate}, {DryBlocked, c.Blocked}, {DryInvalid, c.Invalid}, {DryLimit, c.Limit}} {
		item := to.item("results")
		item.set("result", r.result.words())
		item.set("kind", string(r.result))
		item.number("rows", r.n)
		item.flag("good", r.result == DrySend)
		item.flag("some", r.n > 0)
	}
	to.count("over", c.Limit)
	to.number("left", max(p.Left, 0))
	to.flag("any_left_out", left > 0)
	to.flag("any", len(p.Rows) > 0)
	for _, row := range p.Rows {
		item := to.item("rows")
		item.number("row", row.Row)
		item.line("email", row.Email)
		item.line("name", row.Name)
		item.set("result", row.Result.words())
		item.flag("good", row.Result == DrySend)
		item.flag("bad", row.Result == DryInvalid || row.Result == DryBlocked || row.Result == DryLimit || row.Result == "")
		item.line("explain", row.Explain)
	}
	to.set("more", "")
	if p.More > 0 {
		to.set("more", counted(p.More, "more row"))
	}
	return to.link("all_path", p.All)
}
