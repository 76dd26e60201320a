package notify

import (
	"github.com/calendarinvite/calendarinviteserver/internal/imip"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
)

// explanation is what a mail about a failure says for one reason word.
type explanation struct {
	reason string // what happened, in one sentence
	advice string // what to do about it
}

// reasons are the explanations of one mail.
type reasons struct {
	byWord    map[string]explanation
	otherwise explanation // for a word without one of its own
}

// explain is what to say for a reason word. For a word it does not know it says what the error itself says in public, if anything.
func (r reasons) explain(word, public string) explanation {
	if e, ok := r.byWord[word]; ok {
		return e
	}
	e := r.otherwise
	if public != "" {
		e.reason = public
	}
	return e
}

// eventReasons are by the reason words of imip and invite. Sentences speak to someone who knows their calendar, not mail.
var eventReasons = reasons{map[string]explanation{
	imip.ReasonNoCalendar: {
		"Your mail had no calendar invitation in it.",
		"Create the event in your calendar and add {create} as a guest there, instead of writing a mail to it. If you forwarded an invitation, attach its .ics file.",
	},
	imip.ReasonTNEF: {
		"Your mail came as winmail.dat, a format that only Outlook can open, so we could not see the event in it.",
		"In Outlook, open File > Options > Mail, choose HTML under “Compose messages in this format”, and under “Message format” let Outlook convert Rich Text to HTML for " +
			"Internet recipients. Then send the invitation again. If your company's server does it, ask your administrator to switch off TNEF for our domain.",
	},
	imip.ReasonNoEvent: {
		"The calendar in your mail has no event in it.",
		"Tasks, notes and free/busy times cannot be used. Open the event itself in your calendar, add {create} as a guest and send the invitation.",
	},
	imip.ReasonBroken: {
		"The calendar in your mail is damaged or incomplete, so we could not read the event.",
		"Open the event in your calendar, make a small change, such as a space in its title, and send the update to all guests. If it fails again, try another calendar app, and tell us which one it was.",
	},
	imip.ReasonTooLarge: {
		"Your mail is larger than we accept: 10 MB for the whole mail, 1 MB for the event.",
		"Take attachments and pictures out of the event and put links in their place. Then send the invitation again.",
	},
	imip.ReasonSharedCalendar: {
		"Your mail shares a whole calendar instead of inviting to one event.",
		"Open the one event that you want us to send, and add {create} to its guests.",
	},
	imip.ReasonEncrypted: {
		"Your mail is encrypted, or signed in a way that hides what is in it, so we could not read the event.",
		"Switch off encryption for this mail, and S/MIME signing unless it is “clear signed”, and send the invitation to {create} again. If your company's server encrypts all mail, " +
			"ask your administrator to except our domain.",
	},
	invite.ReasonNoStart: {
		"The event has no start time.",
		"Give the event a date, save it, and send the invitation again.",
	},
	"no-uid": {
		"The event has no identifier (UID), so that we could not tell later changes to it apart.",
		"Create the event anew in another calendar app, such as Google Calendar, Outlook or Apple Calendar, and invite {create} there.",
	},
	invite.ReasonEventOver: {
		"The event is already over.",
		"Give it a date in the future and send the update to all guests.",
	},
	invite.ReasonEventCancelled: {
		"This event was cancelled, or our address was taken off its guests, and everybody whom we had invited was told that it is off. It cannot be taken up again.",
		"Make a new event, a copy will do, and add {create} to its guests. Then invite your guests to that one.",
	},
	invite.ReasonUnknownEvent: {
		"Your mail changes or cancels an event that we do not know from you.",
		"Send it from the account that first invited {create}. If the event is new, invite {create} to it.",
	},
	invite.ReasonSuspended: {
		"Your account is suspended, so we neither create events for you nor send invitations.",
		"Please write to support.",
	},
}, explanation{
	"We could not register an event from your mail.",
	"Open the event in your calendar and send the invitation to {create} again. Google Calendar, Outlook, Apple Calendar and Thunderbird are known to work.",
}}
