package view

// Reason says why a page cannot be shown or a form not be taken.
type Reason string

// The reasons.
const (
	NotFound     Reason = "not-found"   // also what belongs to somebody else
	NotAllowed   Reason = "not-allowed" // an administrator's page, without the key
	LinkUsed     Reason = "link-used"   // a sign-in link works once
	LinkExpired  Reason = "link-expired"
	LinkBroken   Reason = "link-broken" // forged, or cut off in the mail
	FormExpired  Reason = "form-expired"
	OtherSite    Reason = "other-site" // a form that was not ours, or from another site
	TooMany      Reason = "too-many"   // sign-in links asked for
	TooLarge     Reason = "too-large"  // an upload
	BadRequest   Reason = "bad-request"
	Unavailable  Reason = "unavailable"
	NotOrganizer Reason = "not-organizer" // an administrator asks for an organizer's page
)

type problemText struct {
	status        int
	heading, text string
	signIn        bool // what helps is to sign in again
}

var problemTexts = map[Reason]problemText{
	NotFound:     {404, "There is nothing here", "The page may have moved, or it is about an event of another account. Are you signed in with the address that made the event?", false},
	NotAllowed:   {403, "This page is for administrators", "Sign in with the administrators' key to see it.", true},
	LinkUsed:     {410, "This link is used up", "A sign-in link works once. Ask for a new one: it takes a minute.", true},
	LinkExpired:  {410, "This link has expired", "A sign-in link works for 15 minutes. Ask for a new one, and open the newest mail.", true},
	LinkBroken:   {404, "This link does not work", "It may be cut off. Open it from the mail itself, or copy the whole address into your browser.", true},
	FormExpired:  {410, "That took a little long", "What this page was going to send is no longer kept. Nothing was sent; please start again.", false},
	OtherSite:    {403, "This form did not come from here", "For your safety only the dashboard's own forms are taken. Nothing was changed. Please go back and try again.", false},
	TooMany:      {429, "That was a little too often", "Several sign-in links were asked for from here, or for this address. Use the newest mail that you have, or try again in an hour.", false},
	TooLarge:     {413, "That file is too large", "A form takes 4 MB. Mail a larger list to the bulk mailbox, or send it in parts, one after the other: nobody is invited twice.", false},
	BadRequest:   {400, "We did not understand that", "Something was missing, or was not what the form asks for. Nothing was changed. Please go back and try again.", false},
	Unavailable:  {503, "Please try again in a minute", "Something on our side does not answer right now. Nothing was changed, and nothing is lost.", false},
	NotOrganizer: {403, "This page is an organizer's", "You are signed in as an administrator. Events are seen by the organizers whose they are.", false},
}

// Status is the HTTP status code that belongs to the reason; 500 for an unknown one.
func (r Reason) Status() int {
	if text, ok := problemTexts[r]; ok {
		return text.status
	}
	return 500
}

// Problem tells what is wrong and what to do. An unknown Reason reads as a general one.
type Problem struct {
	Frame  Frame
	Reason Reason
	ID     string // of the request, for whoever asks for help; may be empty
}

// Problem draws the page.
func (v *Views) Problem(p Problem) ([]byte, error) { return v.draw("problem", p) }

func (p Problem) fill(to values) error {
	p.Frame.fill(to)
	says, ok := problemTexts[p.Reason]
	if !ok {
		says = problemText{500, "Something went wrong", "Nothing was changed. Please try again, or write to us if it goes on.", false}
	}
	to.set("heading", says.heading)
	to.set("text", says.text)
	to.flag("to_sign_in", says.signIn)
	to.line("id", p.ID)
	return nil
}
