// Package handlers holds the steps: one file per step, named as HANDLER names it. A step takes JSON, calls the domain and
// shapes the answer. It knows no other step: what follows what stands in statemachines/*.asl.json.
package handlers

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/internal/app"
)

// Constructor builds a step, a function that lambda.Start accepts, from the services of the app. A setting that is missing or
// bad is told by app.Err afterwards.
type Constructor func(ctx context.Context, a *app.App) any

// steps is the registry: every step by the value of HANDLER that makes the binary become it.
var steps = map[string]Constructor{
	"receive-mail": receiveMail,

	"get-new-event-request-from-email":              getNewEventRequestFromEmail,
	"create-new-event-record":                       createNewEventRecord,
	"update-event":                                  updateEvent,
	"cancel-event":                                  cancelEvent,
	"notify-organizer-of-successful-event-creation": notifyOrganizerOfSuccessfulEventCreation,
	"notify-organizer-of-failed-event-creation":     notifyOrganizerOfFailedEventCreation,
	"notify-organizer-of-event-limit-reached":       notifyOrganizerOfEventLimitReached,
	"notify-organizer-of-held-event-request":        notifyOrganizerOfHeldEventRequest,
	"confirm-event-request":                         confirmEventRequest,

	"stage-attendees-for-updated-event":   stageAttendeesForUpdatedEvent,
	"send-event-update":                   sendEventUpdate,
	"stage-attendees-for-cancelled-event": stageAttendeesForCancelledEvent,
	"send-event-cancellation":             sendEventCancellation,

	"get-new-bulk-event-invites-from-email":   getNewBulkEventInvitesFromEmail,
	"send-bulk-event-invites":                 sendBulkEventInvites,
	"notify-organizer-of-bulk-invites":        notifyOrganizerOfBulkInvites,
	"notify-organizer-of-failed-bulk-invites": notifyOrganizerOfFailedBulkInvites,

	"get-new-event-reply-from-email": getNewEventReplyFromEmail,
	"get-new-event-reply-from-page":  getNewEventReplyFromPage,
	"update-event-attendee-record":   updateEventAttendeeRecord,
	"notify-organizer-of-held-guest": notifyOrganizerOfHeldGuest,
	"send-guest-cancellation":        sendGuestCancellation,
	"get-event-guests":               getEventGuests,
	"record-event-proposal":          recordEventProposal,
	"notify-organizer-of-proposal":   notifyOrganizerOfProposal,
	"get-event-proposals":            getEventProposals,
	"send-event-refresh":             sendEventRefresh,
	"notify-organizer-of-question":   notifyOrganizerOfQuestion,

	"get-new-event-invite-from-api":   getNewEventInviteFromAPI,
	"verify-new-event-invite-request": verifyNewEventInviteRequest,
	"send-event-invite":               sendEventInvite,
	"event-page":                      publicEventPage,

	"unsubscribe":                        unsubscribe,
	"get-unsubscribe-request-from-email": getUnsubscribeRequestFromEmail,
	"record-delivery-feedback":           recordDeliveryFeedback,

	"get-event-summary":                 getEventSummary,
	"get-event-statistics":              getEventStatistics,
	"get-event-attendee-sanitized-list": getEventAttendeeSanitizedList,
	"request-event-attendee-report":     requestEventAttendeeReport,
	"get-event-attendee-report":         getEventAttendeeReport,
	"get-report-download":               getReportDownload,
	"get-organizer-events":              getOrganizerEvents,
	"get-organizer-events-legacy":       getOrganizerEventsLegacy,
	"get-organizer-statistics":          getOrganizerStatistics,
	"get-system-events":                 getSystemEvents,
	"get-system-statistics":             getSystemStatistics,
	"get-organizer":                     getOrganizer,
	"set-organizer-standing":            setOrganizerStanding,

	"process-shopify-order":                     processShopifyOrder,
	"notify-organizer-of-successful-enrollment": notifyOrganizerOfSuccessfulEnrollment,
	"dashboard":                   dashboardSite,
	"notify-organizer-of-sign-in": notifyOrganizerOfSignIn,
	"deliver-webhook":             deliverWebhook,

	"health": health,
}

// Lookup returns the constructor of the step. The error for an unknown name lists the valid ones.
func Lookup(name string) (Constructor, error) {
	construct, known := steps[name]
	if !known {
		return nil, fmt.Errorf("HANDLER is %q; it must be one of:\n  %s", name, strings.Join(Names(), "\n  "))
	}
	return construct, nil
}

// Names are the values that HANDLER may have, sorted.
func Names() []string { return slices.Sorted(maps.Keys(steps)) }
