package page

// Reason says why a page cannot be shown or a form not be taken.
type Reason string

// The reasons.
const (
	LinkExpired    Reason = "link-expired"
	LinkBroken     Reason = "link-broken" // forged, or cut off in the mail
	EventCancelled Reason = "event-cancelled"
	EventOver      Reason = "event-over"
	EventChanged   Reason = "event-changed" // its time did, while the page with the question was open
	NotFound       Reason = "not-found"
	NotInvited     Reason = "not-invited" // the organizer takes no forwarded guests
	Blocked        Reason = "blocked"     // the guest has blocked the organizer
	BadAddress     Reason = "bad-address"
	TooMany        Reason = "too-many"
	NotAllowed     Reason = "not-allowed"    // the organizer may not send it, or the link is not signed for it
	InviteLimit    Reason = "invite-limit"   // the event has used up its invitations
	OwnAddress     Reason = "own-address"    // one of our mailboxes
	TheOrganizer   Reason = "organizer"      // the organizer's own address
	ReportExpired  Reason = "report-expired" // the file behind a download link is no longer kept
	OnGuestList    Reason = "guest-admitted" // the organizer refuses whom they admitted before
	ByOrganizer    Reason = "by-organizer"   // invitations need a link of the organizer's
	Unavailable    Reason = "unavailable"
)

type problemText struct {
	status        int
	heading, text string
}

var problemTexts = map[Reason]problemText{
	LinkExpired:    {410, "This link has expired", "Please use the newest mail that you have about the event, or ask the organizer for a new invitation."},
	LinkBroken:     {404, "This link does not work", "It may be cut off. Please open it from the mail itself, or copy the whole address into your browser."},
	EventCancelled: {409, "This event is cancelled", "It can no longer be answered, and no new invitations are sent for it."},
	EventOver:      {409, "This event is over", "It can no longer be answered, and no new invitations are sent for it."},
	EventChanged:   {409, "This event has changed", "Its time changed while you had the page open. Please open the link once more, and answer for the new time."},
	NotFound:       {404, "We do not know this event", "It may have been removed. Please ask whoever gave you the link."},
	NotInvited:     {403, "This invitation is for someone else", "The organizer only takes answers from people on the guest list. Please ask the organizer to invite you."},
	Blocked:        {403, "You have stopped these invitations", "You asked us not to send you invitations from this organizer. The unsubscribe link in one of the earlier mails can undo that."},
	BadAddress:     {400, "This is not an email address", "Please check the address, and try again."},
	TooMany:        {429, "That was a little too much", "Too many invitations were asked for from here. Please try again in an hour."},
	NotAllowed:     {403, "This invitation cannot be sent", "The organizer may not send it, or the link is not made for it. Please ask whoever gave you the link."},
	InviteLimit:    {409, "No invitations are left", "The event has sent as many invitations as it may. Please ask the organizer."},
	OwnAddress:     {400, "This address cannot be invited", "It is one of our own. Please check the address, and try again."},
	TheOrganizer:   {400, "This address cannot be invited", "It is the organizer's own, whose calendar has the event already."},
	ReportExpired:  {410, "This file is no longer here", "It had personal data of guests in it, so we kept it for a short time only. Please ask for a new report: the mail with it has a new link."},
	OnGuestList:    {409, "This guest is on your list already", "They were admitted before, and hear of every change to your event."},
	ByOrganizer:    {403, "Invitations come from the organizer", "Whoever is invited gets a link of their own. Please ask the organizer for yours."},
	Unavailable:    {503, "Please try again in a minute", "Something on our side does not answer right now. Nothing was changed, and nothing is lost."},
}

// says is what people read about the reason. An unknown one reads as a general one.
func (r Reason) says() problemText {
	if text, ok := problemTexts[r]; ok {
		return text
	}
	return problemText{500, "Something went wrong", "Nothing was changed. Please try again, or write to us if it goes on."}
}

// Status is the HTTP status code that belongs to the reason; 500 for an unknown one.
func (r Reason) Status() int { return r.says().status }

// Problem tells a guest what is wrong and what to do. An unknown Reason reads as a general one.
type Problem struct {
	Reason Reason
	Title  string // the event's title, where it may be told; may be empty
}

// Problem draws the page.
func (p *Pages) Problem(v Problem) ([]byte, error) { return p.draw("problem", v) }

func (v Problem) fill(to values) error {
	says := v.Reason.says()
	to.set("heading", says.heading)
	to.set("text", says.text)
	to.title(v.Title)
	return nil
}
