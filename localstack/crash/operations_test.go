package crash

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
)

// operation is one run of a workflow, for people and an event that are only that run's.
type operation struct {
	name     string
	settings []string // NAME=value
	// functions are those whose calls fail here. The others of the run make the same calls as in another operation.
	functions []string
	workflows []string   // those whose own calls fail here: of a Map's list and results, and what they start
	arrange   func(*run) // what must be there before; nothing fails meanwhile
	act       func(*run) // what starts the workflow
	stacks    int        // that share the work; 0 means 1
	pace      float64    // of the machines; 0 means pace
	statement bool       // what a person says on a page; whoever says it again says it at another moment, and both are told (suppress.Apply)
}

// operations are all workflows, with each of their ways that leads to another function, and all pages and routes that write.
var operations = []operation{
	{name: "event-request", act: (*run).register, functions: []string{
		"receive-mail", "get-new-event-request-from-email", "create-new-event-record", "notify-organizer-of-successful-event-creation",
	}},
	{name: "event-request, limit reached", settings: []string{"EVENT_LIMIT=1"}, functions: []string{"create-new-event-record", "notify-organizer-of-event-limit-reached"},
		arrange: (*run).register,
		act: func(r *run) {
			another := r.event()
			another.Key, another.Summary = "another", "Cake"
			r.request(another)
		}},
	{name: "event-request, no calendar", functions: []string{"get-new-event-request-from-email", "notify-organizer-of-failed-event-creation"},
		act: func(r *run) { r.mail(r.organizer(), "create", plainMail(r.organizer(), "Tea", "No calendar.")) }},
	{name: "event-request, held", settings: []string{"DMARC_GRAY=confirm"}, functions: []string{"get-new-event-request-from-email", "notify-organizer-of-held-event-request"},
		act: func(r *run) {
			raw := must(r, imiptest.ComposeRequest)(r.event())
			r.mail(r.organizer(), "create", append([]byte("X-Local-Verdicts: dmarc=gray\r\n"), raw...))
		}},
	{name: "event-request, confirmed", settings: []string{"DMARC_GRAY=confirm"}, functions: []string{"confirm-event-request"},
		arrange: func(r *run) {
			r.mail(r.organizer(), "create", append([]byte("X-Local-Verdicts: dmarc=gray\r\n"), must(r, imiptest.ComposeRequest)(r.event())...))
			r.settle()
		},
		act: func(r *run) { r.press(r.link(r.organizer(), "/confirm/"), nil) }},
	{name: "event-update", functions: []string{"get-new-event-request-from-email", "update-event", "stage-attendees-for-updated-event", "send-event-update"}, workflows: []string{"event-request", "event-update"},
		arrange: (*run).party, act: func(r *run) { r.request(later(r.event())) }, stacks: 4},
	{name: "event-update, one instance", functions: []string{"update-event", "stage-attendees-for-updated-event", "send-event-update"}, workflows: []string{"event-update"},
		arrange: func(r *run) { r.rule = "FREQ=DAILY;COUNT=5"; r.party() },
		act: func(r *run) {
			third := later(r.event())
			third.Instance, third.Rule = r.event().Start.AddDate(0, 0, 2), ""
			third.Start, third.End = third.Start.AddDate(0, 0, 2), third.End.AddDate(0, 0, 2)
			r.request(third)
		}, stacks: 4},
	{name: "event-cancellation", functions: []string{"get-new-event-request-from-email", "cancel-event", "stage-attendees-for-cancelled-event", "send-event-cancellation"}, workflows: []string{"event-request", "event-cancellation"},
		arrange: (*run).party, act: func(r *run) { r.cancel(later(r.event())) }, stacks: 4},
	{name: "event-cancellation, one instance", functions: []string{"cancel-event", "stage-attendees-for-cancelled-event", "send-event-cancellation"}, workflows: []string{"event-request", "event-cancellation"},
		arrange: func(r *run) { r.rule = "FREQ=DAILY;COUNT=5"; r.party() },
		act: func(r *run) {
			third := later(r.event())
			third.Instance, third.Rule = r.event().Start.AddDate(0, 0, 2), ""
			third.Start, third.End = third.Instance, third.Instance.Add(time.Hour)
			r.cancel(third)
		}, stacks: 4},
	{name: "event-invite", functions: []string{"get-new-event-invite-from-api", "verify-new-event-invite-request", "send-event-invite"},
		arrange: (*run).register, act: func(r *run) { r.open(r.guest(1)) }},
	{name: "event-invite, limit reached", settings: []string{"EVENT_INVITE_LIMIT=1"}, functions: []string{"verify-new-event-invite-request", "send-event-invite", "notify-organizer-of-event-limit-reached"},
		arrange: func(r *run) { r.register(); r.open(r.guest(1)) }, act: func(r *run) { r.open(r.guest(2)) }},
	{name: "event-invite, by the event's page", functions: []string{"event-page"},
		arrange: (*run).register, act: func(r *run) { r.press("/e/"+r.uid, url.Values{"email": {r.guest(1)}}) }},
	{name: "event-reply", functions: []string{"receive-mail", "get-new-event-reply-from-email", "update-event-attendee-record"},
		arrange: (*run).invited, act: func(r *run) { r.reply(r.guest(1), imiptest.Tentative) }},
	{name: "event-reply, proposal", functions: []string{"get-new-event-reply-from-email", "record-event-proposal", "update-event-attendee-record", "notify-organizer-of-proposal"},
		arrange: (*run).invited,
		act:     (*run).propose},
	{name: "event-reply, proposal declined", functions: []string{"get-event-proposals"},
		arrange: func(r *run) { r.invited(); r.propose(); r.settle() },
		act: func(r *run) {
			r.press(r.link(r.organizer(), "/proposals/"), url.Values{"proposal": {r.guest(1) + " "}, "choice": {"decline"}, "comment": {"We cannot."}})
		}},
	{name: "event-reply, by the page", functions: []string{"get-new-event-reply-from-page"},
		arrange: (*run).invited,
		act: func(r *run) {
			r.press(r.link(r.guest(1), "/rsvp/"), url.Values{"answer": {"accepted"}, "comment": {"With pleasure."}})
		}},
	{name: "event-reply, refresh", functions: []string{"get-new-event-reply-from-email", "send-event-refresh"},
		arrange: (*run).invited,
		act: func(r *run) {
			r.answer(r.guest(1), must(r, func(invitation []byte) ([]byte, error) {
				return imiptest.ComposeRefresh(invitation, imiptest.Reply{At: r.now()})
			})(r.invitation(r.guest(1))))
		}},
	{name: "event-reply, question", functions: []string{"get-new-event-reply-from-email", "notify-organizer-of-question"},
		arrange: (*run).invited,
		act: func(r *run) {
			r.answer(r.guest(1), append([]byte("References: "+r.header(r.guest(1), "References")+"\r\n"), plainMail(r.guest(1), "Re: Tea", "May I bring a cake?")...))
		}},
	{name: "event-reply, guest held", settings: []string{"FORWARDED_GUESTS=hold"}, functions: []string{"update-event-attendee-record", "notify-organizer-of-held-guest"},
		arrange: (*run).invited, act: (*run).forwarded},
	{name: "event-reply, held guest admitted", settings: []string{"FORWARDED_GUESTS=hold"}, functions: []string{"get-event-guests"},
		arrange: func(r *run) { r.invited(); r.forwarded(); r.settle() },
		act: func(r *run) {
			r.press(r.link(r.organizer(), "/guests/"), url.Values{"guest": {r.guest(9)}, "choice": {"admit"}})
		}},
	{name: "event-reply, held guest refused", settings: []string{"FORWARDED_GUESTS=hold"}, functions: []string{"get-event-guests"},
		arrange: func(r *run) { r.invited(); r.forwarded(); r.settle() },
		act: func(r *run) {
			r.press(r.link(r.organizer(), "/guests/"), url.Values{"guest": {r.guest(9)}, "choice": {"refuse"}})
		}},
	{name: "event-reply, guest refused", settings: []string{"FORWARDED_GUESTS=refuse"}, functions: []string{"update-event-attendee-record", "send-guest-cancellation"},
		arrange: (*run).invited, act: (*run).forwarded},
	{name: "bulk-invites", settings: []string{"EVENT_INVITE_LIMIT=3"}, functions: []string{
		"receive-mail", "get-new-bulk-event-invites-from-email", "send-bulk-event-invites", "notify-organizer-of-bulk-invites", "notify-organizer-of-event-limit-reached",
	}, workflows: []string{"bulk-invites"},
		arrange: func(r *run) {
			r.register()
			r.open(r.guest(1))
			r.put("organizer#"+r.organizer(), "bulk#"+r.organizer())
			r.put("attendee#"+r.guest(2), "block#"+r.organizer())
		},
		act: func(r *run) { // invited, blocked, no address, two to be sent, one over the limit
			var rows strings.Builder
			rows.WriteString("uid,email,name\r\n")
			for _, email := range []string{r.guest(1), r.guest(2), "nobody", r.guest(3), r.guest(4), r.guest(5)} {
				fmt.Fprintf(&rows, "%s,%s,Guest\r\n", r.uid, email)
			}
			r.mail(r.organizer(), "bulk", listMail(r.organizer(), rows.String()))
		}, stacks: 8},
	{name: "bulk-invites, no list", functions: []string{"get-new-bulk-event-invites-from-email", "notify-organizer-of-failed-bulk-invites"},
		arrange: func(r *run) { r.put("organizer#"+r.organizer(), "bulk#"+r.organizer()) },
		act:     func(r *run) { r.mail(r.organizer(), "bulk", plainMail(r.organizer(), "List", "No list.")) }},
	{name: "attendee-report", functions: []string{"request-event-attendee-report", "get-event-attendee-report"},
		arrange: (*run).invited, act: (*run).report},
	{name: "enrollment", functions: []string{"process-shopify-order", "notify-organizer-of-successful-enrollment"},
		act: (*run).order},
	{name: "unsubscribe-request", functions: []string{"receive-mail", "get-unsubscribe-request-from-email"},
		arrange: (*run).invited,
		act: func(r *run) {
			_, token, _ := strings.Cut(r.header(r.guest(1), "List-Unsubscribe"), "?subject=")
			token, _, _ = strings.Cut(token, ">")
			token, err := url.QueryUnescape(token)
			if err != nil {
				r.t.Fatal(err)
			}
			r.mail(r.guest(1), "unsubscribe", plainMail(r.guest(1), token, "Enough."))
		}},
	{name: "unsubscribing by one click", functions: []string{"unsubscribe"}, statement: true,
		arrange: (*run).invited,
		act:     func(r *run) { r.press(r.unsubscribeLink(r.guest(1)), url.Values{"List-Unsubscribe": {"One-Click"}}) }},
	{name: "unsubscribing taken back", functions: []string{"unsubscribe"}, statement: true,
		arrange: func(r *run) {
			r.invited()
			r.press(r.unsubscribeLink(r.guest(1)), url.Values{"choice": {"block"}})
		},
		act: func(r *run) { r.press(r.unsubscribeLink(r.guest(1)), url.Values{"choice": {"undo"}}) }},
	{name: "sign-in", functions: []string{"notify-organizer-of-sign-in"}, arrange: (*run).register, act: (*run).askForLink},
	{name: "bulk-invites, from the dashboard", functions: []string{"dashboard", "send-bulk-event-invites"},
		arrange: func(r *run) { r.register(); r.signIn() }, act: (*run).pasteList, stacks: 6},
	{name: "standing given", functions: []string{"set-organizer-standing"},
		arrange: (*run).register, act: func(r *run) { r.stand("PUT") }},
	{name: "standing taken away", functions: []string{"set-organizer-standing"},
		arrange: func(r *run) { r.register(); r.stand("PUT") }, act: func(r *run) { r.stand("DELETE") }},
	{name: "delivery-feedback, bounce", functions: []string{"record-delivery-feedback"},
		arrange: (*run).invited,
		act: func(r *run) {
			r.hear("Email Bounced", "Bounce", map[string]any{
				"bounceType": "Permanent", "bounceSubType": "General", "bouncedRecipients": []any{map[string]any{"emailAddress": r.guest(1), "status": "5.1.1"}},
			})
		}},
	{name: "delivery-feedback, complaint", functions: []string{"record-delivery-feedback"},
		arrange: (*run).invited,
		act: func(r *run) {
			r.hear("Email Complaint Received", "Complaint", map[string]any{
				"complaintFeedbackType": "abuse", "complainedRecipients": []any{map[string]any{"emailAddress": r.guest(1)}},
			})
		}},
	{name: "webhook-delivery", functions: []string{"deliver-webhook"}, pace: webhookPace, act: (*run).register},
}
