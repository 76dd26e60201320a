package imip

import "github.com/calendarinvite/calendarinviteserver/internal/fault"

// Reasons why a message holds no calendar to act on. They are part of logs and of the failure notification.
const (
	ReasonNoCalendar     = "no-calendar"            // nothing in the message is a calendar
	ReasonTNEF           = "winmail-dat"            // only Outlook's own format
	ReasonNoEvent        = "calendar-without-event" // a calendar, but no VEVENT in it
	ReasonBroken         = "calendar-unreadable"    // a calendar part that is empty, cut off or garbled
	ReasonTooLarge       = "too-large"              // message or calendar over its limit
	ReasonSharedCalendar = "shared-calendar-link"   // a link to a whole calendar, or a sharing invitation
	ReasonEncrypted      = "encrypted"              // S/MIME or PGP hides whatever is inside
	ReasonDeliveryReport = "delivery-report"        // a bounce or another report of the mail system
	ReasonReceipt        = "read-receipt"           // a disposition notification
	ReasonComplaint      = "complaint-report"       // a feedback report
	ReasonAutoReply      = "auto-reply"             // an out-of-office answer or the like
	ReasonSetupNotice    = "ses-setup"              // Amazon SES announcing its own set-up
)

// publicReasons says in a sentence or two, for the organizer, why nothing was done and what to do.
var publicReasons = map[string]string{
	ReasonNoCalendar: "Your message has no calendar event in it. Open or create the event in your calendar, add this address as a guest, and let the calendar send the invitation.",
	ReasonTNEF: "Outlook sent your event as winmail.dat, a format that only Outlook can read. In Outlook choose File, Options, Mail, and under \"Message format\" " +
		"convert messages sent to the Internet to HTML; on Exchange an administrator can run Set-RemoteDomain Default -TNEFEnabled $false. Then send the invitation again.",
	ReasonNoEvent:        "The calendar file in your message holds no event. Invite this address to a single event or a series from your calendar, rather than sending a task, a free/busy request or an empty calendar.",
	ReasonBroken:         "The calendar file in your message arrived empty or damaged, so the event could not be read. Please send the invitation again from your calendar; if it fails again, remove large attachments or send it from another program.",
	ReasonTooLarge:       "Your message or the calendar file in it is too large: at most 10 MB for the message and 1 MB for the calendar are accepted. Remove attachments from the event, or link to them instead, and send it again.",
	ReasonSharedCalendar: "Your message shares a link to a whole calendar, and such links are not followed. Open the one event that you want to register and add this address to it as a guest.",
	ReasonEncrypted:      "Your message is encrypted, or signed in a way that hides its contents, so the event in it could not be read. Switch off encryption, and S/MIME signing unless it is \"clear text\", for this message and send the invitation again.",
	ReasonDeliveryReport: "This is a report of a mail system, not an invitation.",
	ReasonReceipt:        "This is a read receipt, not an invitation.",
	ReasonComplaint:      "This is a complaint report, not an invitation.",
	ReasonAutoReply:      "This is an automatic answer, not an invitation.",
	ReasonSetupNotice:    "This is the notice that Amazon SES writes when receiving is set up.",
}

// refuse is the error for the reason; cause may be nil.
func refuse(reason string, cause error) *fault.Error {
	e := fault.New(fault.InvalidRequest, reason, publicReasons[reason])
	e.Err = cause
	return e
}
