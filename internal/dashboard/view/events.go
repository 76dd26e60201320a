package view

// Events are an organizer's events, next first. The filters are FieldSearch and FieldState in the page's address, FieldAfter pages.
type Events struct {
	Frame     Frame
	Search    string
	State     EventState // filter; empty = all
	Items     []EventRow
	After     string // the cursor of this page; empty = it is the first
	Next      string // the cursor of the next page; empty = there is none
	Create    string // the mailbox that makes events: invite it, and there is one
	Used      int    // events made
	Limit     int    // events that may be made without a subscription; 0 = any number
	Suspended bool   // the organizer sends nothing until an administrator says otherwise
}

// EventRow is one event of the list.
type EventRow struct {
	Occasion Occasion
	Answers  Answers
}

// Events draws the page.
func (v *Views) Events(p Events) ([]byte, error) { return v.draw("events", p) }

func (p Events) fill(to values) error {
	p.Frame.fill(to)
	to.in("events")
	to.set("heading", "Events")
	to.line("search", p.Search)
	to.line("create", p.Create)
	to.set("state_field", string(p.State))
	for _, s := range []EventState{"", Upcoming, Over, Cancelled} {
		item := to.item("states")
		item.set("label", s.Word())
		if s == "" {
			item.set("label", "All")
		}
		item.flag("chosen", s == p.State)
		item.set("path", withQuery(Root, pair{FieldSearch, p.Search}, pair{FieldState, string(s)}))
	}
	to.flag("filtered", p.Search != "" || p.State != "")
	to.flag("any", len(p.Items) > 0)
	to.flag("none_yet", len(p.Items) == 0 && p.Search == "" && p.State == "" && p.After == "")
	to.flag("suspended", p.Suspended)
	to.number("used", p.Used)
	to.count("limit", p.Limit)
	to.flag("limit_reached", p.Limit > 0 && p.Used >= p.Limit)
	for _, row := range p.Items {
		item := to.item("events")
		row.Occasion.fill(item)
		row.Answers.fill(item)
	}
	to.pages(Root, p.After, p.Next, pair{FieldSearch, p.Search}, pair{FieldState, string(p.State)})
	return nil
}

// pages adds the links to the first and the next page of a list.
func (v values) pages(path, after, next string, filters ...pair) {
	v.set("first_path", "")
	v.set("next_path", "")
	if after != "" {
		v.set("first_path", withQuery(path, filters...))
	}
	if next != "" {
		v.set("next_path", withQuery(path, append(filters, pair{FieldAfter, next})...))
	}
}
