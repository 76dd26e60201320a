package notify

import (
	"maps"
	"slices"

	"github.com/calendarinvite/calendarinviteserver/internal/template"
)

// Kind is one of the mails. Its text is the name of its template, and of the object in the template bucket that replaces it (with .html and
// .txt added).
type Kind string

// The mails. The names are those of the pre-built templates, and made like them.
const (
	KindNewEvent       Kind = "new_event_notification"
	KindDevNewEvent    Kind = "dev_new_event_notification"
	KindFailedEvent    Kind = "failed_event_notification"
	KindEventLimit     Kind = "event_limit_reached_notification"
	KindEnrollment     Kind = "successful_enrollment_notification"
	KindAttendeeReport Kind = "attendee_report"
	KindConfirmRequest Kind = "confirm_request_notification"
	KindBulkInvites    Kind = "bulk_invites_notification"
	KindBulkFailed     Kind = "bulk_failed_notification"
	KindProposal       Kind = "proposal_notification"
	KindHeldGuest      Kind = "held_guest_notification"
	KindQuestion       Kind = "question_notification"
	KindSignIn         Kind = "sign_in_notification"
)

// opening is what a mail shows before it is opened.
type opening struct {
	subject string // Settings.Subjects may replace it
	preview string // the line that mail clients show after the subject
}

var openings = map[Kind]opening{
	KindNewEvent: {
		"Ready to invite: {summary}",
		"Your event is registered. Here is its invite link.",
	},
	KindDevNewEvent: {
		"[Test] Ready to invite: {summary}",
		"Registered on a test system. Here is the event's invite link.",
	},
	KindFailedEvent: {
		"We could not register your event{?summary}: {summary}{/summary}",
		"{reason} Here is what to do.",
	},
	KindEventLimit: {
		"{?event_limit}Your event limit is reached{/event_limit}{?invite_limit}Invite limit reached: {summary}{/invite_limit}",
		"{?event_limit}“{summary}” was not registered.{/event_limit}{?invite_limit}No more invitations go out for it.{/invite_limit}",
	},
	KindEnrollment: {
		"Welcome to {brand}",
		"Your subscription is active. Three steps to your first event.",
	},
	KindAttendeeReport: {
		"Attendee report: {summary}",
		"{accepted} yes, {tentative} maybe, {declined} no, {noaction} waiting. {?download}The list is ready for download.{/download}{!download}The list is attached.{/download}",
	},
	KindConfirmRequest: {
		"Please confirm: {action} {summary}",
		"We do nothing until you say that this was you.",
	},
	KindBulkInvites: {
		"{?unsent}Your list: {sent} invited, {unsent} not{/unsent}{!unsent}Your list: everybody is invited{/unsent}",
		"{sent} of {rows} invitations sent{?already}, {already} invited before{/already}.",
	},
	KindBulkFailed: {
		"We could not use your list{?summary}: {summary}{/summary}",
		"{reason} Nobody was invited.",
	},
	KindProposal: {
		"New time proposed: {summary}",
		"{guest}: {proposed}",
	},
	KindHeldGuest: {
		"Is this guest welcome? {summary}",
		"{guest} answered an invitation that was sent to somebody else.",
	},
	KindQuestion: {
		"A guest writes{?summary}: {summary}{/summary}",
		"From {guest}. Reply to this mail to answer.",
	},
	KindSignIn: {
		"Sign in to {brand}",
		"Your link works once, within {minutes} minutes.",
	},
}

// everywhere are the placeholders that every mail has.
var everywhere = []string{
	"mailto", "subject", "preview", "create", "bulk", "dashboard",
	"brand", "brand_color", "brand_text", "link_color", "link_color_dark", "logo",
	"support_email", "support_url", "docs_url", "pricing_url", "address", "copyright",
}

// own are the placeholders of one kind of mail beside those.
var own = map[Kind][]string{
	KindNewEvent:    newEventNames,
	KindDevNewEvent: newEventNames,
	KindFailedEvent: {"summary", "reason", "advice"},
	KindEventLimit:  {"summary", "uid", "limit", "event_limit", "invite_limit", "event_page"},
	KindEnrollment:  {"product", "order"},
	KindAttendeeReport: {
		"summary", "uid", "when", "attendees", "accepted", "declined", "tentative", "delegated", "noaction", "bounced", "blocked",
		"file", "download", "download_until", "event_page",
	},
	KindConfirmRequest: {"summary", "when", "where", "action", "why", "confirm_link"},
	KindBulkInvites: {
		"rows", "sent", "already", "blocked", "invalid", "limit", "failed", "strays", "unsent", "more_events", "file", "download", "download_until",
	},
	KindBulkFailed: {"summary", "reason", "advice"},
	KindProposal: {
		"guest", "email", "summary", "uid", "when", "instance", "proposed", "comment", "quoted_comment", "decline_link", "proposals_link",
	},
	KindHeldGuest: {"guest", "email", "invited", "summary", "uid", "when", "answer", "comment", "quoted_comment", "guests_link"},
	KindSignIn:    {"sign_in_link", "minutes"},
	KindQuestion:  {"guest", "email", "summary", "uid", "subject_line", "text", "quoted_text", "cut"},
}

// lists are the lists of one kind of mail, each with the placeholders of its items.
var lists = map[Kind]template.Names{
	KindBulkInvites: {"events": {"summary", "uid", "sent", "already", "blocked", "invalid", "limit", "failed"}},
}

var newEventNames = []string{
	"summary", "organizer", "uid", "when", "where", "events", "event_page", "invite_link", "invite_email", "unknown_zone",
}

// names are the placeholders of the kind's mail.
func (k Kind) names() template.Names {
	names := template.Names{"": slices.Concat(everywhere, own[k])}
	maps.Copy(names, lists[k])
	return names
}

// openingNames are names without lists, and without what is made of the opening itself.
func (k Kind) openingNames() template.Names {
	made := func(name string) bool { return name == "subject" || name == "preview" }
	return template.Names{"": slices.DeleteFunc(k.names()[""], made)}
}

// account is what follows the day under which mails of the kind are counted. Those that guests cause are counted apart: no guest can use up
// the confirmations, reports and sign-in links of an organizer.
func (k Kind) account() string {
	switch k {
	case KindProposal, KindHeldGuest, KindQuestion:
		return "#guests"
	}
	return ""
}
