package notify

// Kind is one of the mails. Its text is the name of its template, and of the object in the template bucket that replaces it (with .html and
// .txt added).
type Kind string

// The mails. The names are those of the pre-built templates.
const (
	KindNewEvent       Kind = "new_event_notification"
	KindDevNewEvent    Kind = "dev_new_event_notification"
	KindFailedEvent    Kind = "failed_event_notification"
	KindEventLimit     Kind = "event_limit_reached_notification"
	KindEnrollment     Kind = "successful_enrollment_notification"
	KindAttendeeReport Kind = "attendee_report"
	KindConfirmRequest Kind = "confirm_request_notification"
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
		"{accepted} yes, {tentative} maybe, {declined} no, {noaction} waiting. The list is attached.",
	},
	KindConfirmRequest: {
		"Please confirm: {action} {summary}",
		"We do nothing until you say that this was you.",
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
	KindNewEvent:       newEventNames,
	KindDevNewEvent:    newEventNames,
	KindFailedEvent:    {"summary", "reason", "advice"},
	KindEventLimit:     {"summary", "uid", "limit", "event_limit", "invite_limit", "event_page"},
	KindEnrollment:     {"product", "order"},
	KindAttendeeReport: {"summary", "uid", "when", "attendees", "accepted", "declined", "tentative", "noaction", "file", "event_page"},
	KindConfirmRequest: {"summary", "when", "where", "action", "why", "confirm_link"},
}

var newEventNames = []string{
	"summary", "organizer", "uid", "when", "where", "events", "event_page", "invite_link", "invite_email",
}

// knows reports whether the kind's mail has the placeholder.
func (k Kind) knows(name string) bool {
	for _, n := range everywhere {
		if n == name {
			return true
		}
	}
	for _, n := range own[k] {
		if n == name {
			return true
		}
	}
	return false
}
