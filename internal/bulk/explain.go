package bulk

import "github.com/calendarinvite/calendarinviteserver/internal/invite"

var explanations = map[string]string{
	ReasonNoAddress:             "There is no email address in this row.",
	ReasonDuplicate:             "This address stands in a row before, for the same event.",
	ReasonTooManyEvents:         "One list can be for 1,000 events at most.",
	ReasonQuote:                 "A quotation mark opens in this row and is not closed.",
	ReasonNotText:               "This row holds characters that are not text.",
	ReasonTooLong:               "This row, or a cell in it, is too long.",
	ReasonRefused:               "The mail service refuses mail to this address.",
	ReasonUnavailable:           "A service was not available. Send the list again: nobody gets a second invitation.",
	ReasonNotStarted:            "The run ended before this row's turn. Send the list again: nobody gets a second invitation.",
	invite.ReasonBadAddress:     "This is not a valid email address.",
	invite.ReasonBadUID:         "This is not the uid of an event.",
	invite.ReasonUnknownEvent:   "You have no event with this uid.",
	invite.ReasonEventCancelled: "The event is cancelled.",
	invite.ReasonEventOver:      "The event is over.",
	invite.ReasonOwnAddress:     "This is an address of this service.",
	invite.ReasonOrganizer:      "This is the organizer's own address.",
	invite.ReasonBlocked:        "This person does not want invitations from you.",
	invite.ReasonUndeliverable:  "Mail to this address came back.",
	invite.ReasonSuspended:      "Your account is suspended.",
	invite.ReasonNoBulk:         "Your account may not send lists.",
	invite.ReasonInviteLimit:    "The event has no invitations left.",
}

// Explain is a sentence for the organizer about a row with that reason; "" for a reason that is not known here.
func Explain(reason string) string { return explanations[reason] }
