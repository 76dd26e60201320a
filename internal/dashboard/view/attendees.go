package view

import "time"

// Attendees is the list of attendees on an event's page. The filters are FieldSearch, FieldStatus, FieldDelivery and FieldSort in the page's address.
type Attendees struct {
	Search   string
	Status   Answer         // filter; empty = all
	Delivery DeliveryFilter // filter; empty = all
	Sort     Sort           // empty = SortEmail
	Items    []AttendeeRow  // at most Rows
	Matching int            // how many there are on all pages; -1 = not counted
	After    string         // the cursor of this page; empty = it is the first
	Next     string         // the cursor of the next page; empty = there is none

	Unsortable bool // the event has too many guests to sort: they stand by their addresses
}

// DeliveryFilter chooses attendees by how far their mail got.
type DeliveryFilter string

// The filters.
const (
	DeliveryQueued   DeliveryFilter = "queued"
	DeliverySent     DeliveryFilter = "sent"
	DeliveryCurrent  DeliveryFilter = "current"  // holds the current revision
	DeliveryOutdated DeliveryFilter = "outdated" // holds an older one
	DeliverySoft     DeliveryFilter = "soft-bounced"
	DeliveryBounced  DeliveryFilter = "bounced" // for good, or refused by the mail service
	DeliveryBlocked  DeliveryFilter = "blocked" // has blocked the organizer
)

var deliveryOptions = []option{
	{"", "Any delivery"}, {string(DeliveryQueued), "Queued"}, {string(DeliverySent), "Sent"}, {string(DeliveryCurrent), "Up to date"},
	{string(DeliveryOutdated), "Out of date"}, {string(DeliverySoft), "Bounced softly"}, {string(DeliveryBounced), "Bounced"}, {string(DeliveryBlocked), "Blocked you"},
}

// Sort is the order of the attendees.
type Sort string

// The orders.
const (
	SortEmail    Sort = "email"
	SortName     Sort = "name"
	SortStatus   Sort = "status"
	SortAnswered Sort = "answered" // newest answer first
)

var sorts = []Sort{SortEmail, SortName, SortStatus, SortAnswered}

// Delivery is how far the mail to an attendee got.
type Delivery string

// The values of Delivery. The zero value means that nothing was sent: a guest who came by a forwarded mail.
const (
	MailQueued     Delivery = "queued"
	MailSent       Delivery = "sent"
	MailDelivered  Delivery = "delivered" // taken by the recipient's server
	MailSoft       Delivery = "soft-bounced"
	MailBounced    Delivery = "bounced"
	MailRefused    Delivery = "refused"    // by the mail service
	MailComplained Delivery = "complained" // marked as spam
	MailFailed     Delivery = "failed"
)

// words says how far the mail got, and whether that is bad.
func (d Delivery) words() (text string, bad bool) {
	switch d {
	case MailQueued:
		return "Queued", false
	case MailSent:
		return "Sent", false
	case MailDelivered:
		return "Delivered", false
	case MailSoft:
		return "Bounced softly", true
	case MailBounced:
		return "Bounced", true
	case MailRefused:
		return "Refused", true
	case MailComplained:
		return "Marked as spam", true
	case MailFailed:
		return "Failed", true
	}
	return "Forwarded to them", false
}

// Grade says how sure we are that an answer is the attendee's own (spec §2.5).
type Grade string

// The grades.
const (
	Proven   Grade = "proven"
	Probable Grade = "probable"
	Claimed  Grade = "claimed"
)

// grade adds a grade's word and what it means; nothing for none.
func (v values) grade(g Grade) {
	word, meaning := "", ""
	switch g {
	case Proven:
		word, meaning = "Proven", "The sealed invitation and the answering address agree."
	case Probable:
		word, meaning = "Probable", "The mail is authenticated, but comes from another address than the invited one."
	case Claimed:
		word, meaning = "Claimed", "The mail says so, and nothing supports it."
	}
	v.set("grade", word)
	v.set("grade_meaning", meaning)
	v.flag("doubtful", g == Probable || g == Claimed)
}

// AttendeeRow is one attendee of the list.
type AttendeeRow struct {
	Name     string // may be empty
	Email    string
	Answer   Answer
	Grade    Grade // of the answer; empty without one
	Answered time.Time
	Delivery Delivery
	Outdated bool // holds an older revision than the current one
	Blocked  bool // has blocked the organizer
	Comment  string
}

// fill adds the list; all is how many attendees the event has.
func (a Attendees) fill(to values, uid string, all int) {
	path := EventPath(uid)
	filters := []pair{{FieldSearch, a.Search}, {FieldStatus, string(a.Status)}, {FieldDelivery, string(a.Delivery)}}
	to.line("search", a.Search)
	to.set("sort_field", string(a.Sort))
	statuses := []option{{"", "Any answer"}}
	for _, answer := range answers {
		statuses = append(statuses, option{string(answer), answer.Word()})
	}
	to.options("statuses", statuses, string(a.Status))
	to.options("deliveries", deliveryOptions, string(a.Delivery))
	if a.Sort == "" {
		a.Sort = SortEmail
	}
	for _, sort := range sorts {
		to.flag("by_"+string(sort), sort == a.Sort)
		to.set("by_"+string(sort)+"_path", withQuery("", append(filters, pair{FieldSort, string(sort)})...)+"#attendees")
	}
	to.flag("unsortable", a.Unsortable)
	filtered := a.Search != "" || a.Status != "" || a.Delivery != ""
	to.flag("filtered", filtered)
	to.flag("any_attendees", len(a.Items) > 0)
	to.flag("nobody_yet", len(a.Items) == 0 && all == 0)
	to.set("showing", a.showing(all, filtered))
	for _, row := range a.Items {
		row.fill(to.item("attendees"), uid)
	}
	to.pages(path, a.After, a.Next, append(filters, pair{FieldSort, to.texts["sort_field"]})...)
	for _, name := range []string{"first_path", "next_path"} {
		if to.texts[name] != "" {
			to.texts[name] += "#attendees"
		}
	}
}

// showing says how much of the list is on the page.
func (a Attendees) showing(all int, filtered bool) string {
	matching := a.Matching
	if !filtered && matching < 0 {
		matching = all
	}
	switch {
	case len(a.Items) == 0:
		return ""
	case matching < 0:
		return grouped(len(a.Items)) + " shown"
	case matching <= len(a.Items):
		return counted(matching, "guest")
	}
	return grouped(len(a.Items)) + " of " + counted(matching, "guest")
}

func (r AttendeeRow) fill(to values, uid string) {
	to.person(r.Name, r.Email)
	to.set("attendee_path", AttendeePath(uid, r.Email))
	to.answer(r.Answer)
	to.grade(r.Grade)
	to.moment("when_answered", r.Answered)
	text, bad := r.Delivery.words()
	to.set("delivery", text)
	to.flag("delivery_bad", bad)
	to.flag("outdated_mail", r.Outdated)
	to.flag("has_blocked", r.Blocked)
	to.comment(r.Comment)
}
