package handlers

import (
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/api"
	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/seal"
	"github.com/calendarinvite/calendarinviteserver/internal/sfnflow"
)

// inviter invites whoever asks on the web, by the public link or on the event's page: anyone can.
type inviter struct {
	mode     string     // INVITE_LINKS
	keys     *seal.Keys // where the mode asks for signed links
	flows    *sfnflow.Flows
	workflow string // event-invite
	now      func() time.Time
}

func newInviter(ctx context.Context, a *app.App) inviter {
	return inviter{mode: a.InviteLinks(), keys: a.LinkKeys(ctx), flows: a.Flows(), workflow: a.Settings.Text("EVENT_INVITE_WORKFLOW"), now: a.Now}
}

// wantedInvite is the invitation that a query or a form asks for.
func wantedInvite(request api.Request, asked url.Values) invite.InviteRequest {
	return invite.InviteRequest{
		ID:       api.RequestID(request.RequestContext),
		UID:      pathUID(request),
		Email:    strings.TrimSpace(asked.Get("email")),
		Name:     asked.Get("name"),
		Origin:   asked.Get("origin"),
		SourceIP: request.RequestContext.Identity.SourceIP,
	}
}

// open opens the token of a signed link to the event and returns the address that it is for, "" for any. Where links must be signed and this
// one is not, that is a fault NotAuthorized; where they need not be, no token is looked at.
func (i inviter) open(token, uid string) (email string, err error) {
	if i.mode != app.LinksSigned {
		return "", nil
	}
	link, err := i.keys.OpenLink(seal.Invite, token)
	if err != nil || link.UID != uid || link.Expired(i.now()) {
		return "", notSigned()
	}
	return link.Email, nil
}

// sign notes in a request that a signed link brought it. Where links must be signed and this one is not, or for another address, that is a
// fault NotAuthorized.
func (i inviter) sign(wanted *invite.InviteRequest, token string) error {
	email, err := i.open(token, wanted.UID)
	if err != nil {
		return err
	}
	if email != "" && email != wanted.Email {
		return notSigned()
	}
	wanted.Signed = i.mode == app.LinksSigned
	return nil
}

func notSigned() error {
	return fault.New(fault.NotAuthorized, reasonLinkBroken, "This link is not signed for this event and address.")
}

// invite runs the workflow event-invite. It waits for the workflow's end, so that an unknown event, a cancelled one and a cap that is
// reached get an honest answer; what concerns the invited person alone (invited before, blocked) looks like success, because
// whoever asks need not be that person.
func (i inviter) invite(ctx context.Context, wanted invite.InviteRequest) error {
	var run InviteRun
	if err := i.flows.Run(ctx, i.workflow, wanted, &run); err != nil {
		return err
	}
	return run.refusal()
}

// InviteRun is the outcome of the workflow event-invite.
type InviteRun struct {
	invite.Verification
	Sent struct {
		Done invite.Sent `json:"done"`
	} `json:"sent"`
}

// refusal is the error to answer, or nil when whoever asked may think that the invitation is on its way.
func (r InviteRun) refusal() error {
	reason := r.Reason
	if r.Verified {
		if r.Sent.Done.Result == invite.SentNow || r.Sent.Done.Result == invite.SentAlready {
			return nil
		}
		reason = r.Sent.Done.Reason
		if r.Sent.Done.Result == invite.SentLimitReached {
			reason = invite.ReasonInviteLimit
		}
	}
	switch reason {
	case invite.ReasonBlocked, invite.ReasonUndeliverable:
		return nil
	case invite.ReasonUnknownEvent, invite.ReasonBadUID:
		return fault.New(fault.NotFound, reason, "There is no such event.")
	case invite.ReasonEventCancelled:
		return fault.New(fault.Conflict, reason, "The event is cancelled.")
	case invite.ReasonEventOver:
		return fault.New(fault.Conflict, reason, "The event is over.")
	case invite.ReasonInviteLimit:
		return fault.New(fault.Conflict, reason, "The event has used up its invitations.")
	case invite.ReasonSuspended, invite.ReasonNoBulk:
		return fault.New(fault.NotAuthorized, reason, "The organizer may not send this invitation.")
	case invite.ReasonAddressCap, invite.ReasonSourceCap:
		return fault.New(fault.Throttled, reason, "Too many invitations were asked for; please try again in an hour.")
	}
	return fault.New(fault.InvalidRequest, reason, "This address cannot be invited.")
}
