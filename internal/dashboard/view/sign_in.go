package view

import "net/url"

// SignIn asks an organizer for the address that the link goes to, and an administrator for the key. The forms send FieldAddress or FieldKey.
type SignIn struct {
	Address string        // preset
	Problem SignInProblem // what was wrong with the last try; empty = there was none
	Admin   bool          // the last try was an administrator's
	Done    Done          // DoneSignedOut after signing out
}

// SignInProblem says what was wrong with a try to sign in.
type SignInProblem string

// The problems.
const (
	BadAddress SignInProblem = "bad-address"
	BadKey     SignInProblem = "bad-key"
	Expired    SignInProblem = "expired" // the session is over
)

// SignIn draws the page.
func (v *Views) SignIn(p SignIn) ([]byte, error) { return v.draw("sign_in", p) }

func (p SignIn) fill(to values) error {
	Frame{Done: p.Done}.fill(to)
	to.set("heading", "Sign in")
	to.set("sign_in_path", SignInPath)
	to.line("address", p.Address)
	to.flag("bad_address", p.Problem == BadAddress)
	to.flag("bad_key", p.Problem == BadKey)
	to.flag("expired", p.Problem == Expired)
	to.flag("as_admin", p.Admin || p.Problem == BadKey)
	return nil
}

// LinkSent tells that a link is in the mailbox, if the address is an organizer's. It says the same either way.
type LinkSent struct{ Address string }

// LinkSent draws the page.
func (v *Views) LinkSent(p LinkSent) ([]byte, error) { return v.draw("link_sent", p) }

func (p LinkSent) fill(to values) error {
	to.set("heading", "Look in your mailbox")
	to.line("address", p.Address)
	to.set("sign_in_path", SignInPath)
	return nil
}

// ConfirmSignIn is where the mailed link leads. Programs that check the links in mails open it too, so only its button uses the link up.
type ConfirmSignIn struct {
	Address string
	Token   string // of the link: the button posts to SignInPath/Token
}

// ConfirmSignIn draws the page.
func (v *Views) ConfirmSignIn(p ConfirmSignIn) ([]byte, error) { return v.draw("confirm_sign_in", p) }

func (p ConfirmSignIn) fill(to values) error {
	to.set("heading", "Welcome back")
	to.line("address", p.Address)
	to.set("post", SignInPath+"/"+url.PathEscape(p.Token))
	return nil
}
