package outbox

import (
	"slices"
	"strings"
)

// fate is what becomes of mail to an address.
type fate struct {
	local, domain string   // the address without its +label; an empty local part stands for any
	events        []string // SES's events about it after SEND, in their order, as SESv2 names their types

	bounceType, bounceSubType  string // of a BOUNCE
	action, status, diagnostic string // of its recipients (RFC 3464)
	delay                      string // of a DELIVERY_DELAY
	refused                    bool   // SendEmail itself fails: MessageRejected
}

// The mailbox simulator's domain (SES guide, "Using the mailbox simulator").
const simulator = "simulator.amazonses.com"

// fates are the addresses to which mail does not simply arrive: those of the mailbox simulator, and, so that tests may have as many as
// they need, every address of some domains that can be nobody's (RFC 6761 §6.3).
var fates = []fate{
	{local: "success", domain: simulator, events: []string{"DELIVERY"}},
	{local: "bounce", domain: simulator, events: []string{"BOUNCE"}, bounceType: "Permanent", bounceSubType: "General",
		action: "failed", status: "5.1.1", diagnostic: "smtp; 550 5.1.1 user unknown"},
	// The simulator tells of an automatic answer as a bounce that bounced nothing.
	{local: "ooto", domain: simulator, events: []string{"DELIVERY", "BOUNCE"}, bounceType: "Transient", bounceSubType: "General"},
	{local: "complaint", domain: simulator, events: []string{"DELIVERY", "COMPLAINT"}},
	{local: "suppressionlist", domain: simulator, events: []string{"BOUNCE"}, bounceType: "Permanent", bounceSubType: "Suppressed",
		action: "failed", status: "5.1.1",
		diagnostic: "Amazon SES has suppressed sending to this address because it has a recent history of bouncing as an invalid address."},

	{domain: "bounce.localhost", events: []string{"BOUNCE"}, bounceType: "Permanent", bounceSubType: "General",
		action: "failed", status: "5.1.1", diagnostic: "smtp; 550 5.1.1 user unknown"},
	{domain: "softbounce.localhost", events: []string{"DELIVERY_DELAY", "BOUNCE"}, bounceType: "Transient", bounceSubType: "MailboxFull",
		action: "failed", status: "5.2.2", diagnostic: "smtp; 452 4.2.2 mailbox full", delay: "MailboxFull"},
	{domain: "complaint.localhost", events: []string{"DELIVERY", "COMPLAINT"}},
	{domain: "reject.localhost", events: []string{"REJECT"}},
	{domain: "refused.localhost", refused: true},
}

// arrives is the fate of mail to any other address.
var arrives = fate{events: []string{"DELIVERY"}}

// fateOf finds an address in the table.
func fateOf(address string) fate {
	address = strings.ToLower(bare(address))
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return arrives
	}
	local, _, _ := strings.Cut(address[:at], "+")
	i := slices.IndexFunc(fates, func(f fate) bool { return f.domain == address[at+1:] && (f.local == "" || f.local == local) })
	if i < 0 {
		return arrives
	}
	return fates[i]
}
