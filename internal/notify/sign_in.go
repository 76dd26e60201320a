package notify

// SignIn brings an organizer the link that signs in to the dashboard.
type SignIn struct {
	Mailto  string // the organizer's address; the mail goes there
	Link    string // works once; needed
	Minutes int    // for which it works
}

// Kind implements Notification.
func (n SignIn) Kind() Kind { return KindSignIn }

func (n SignIn) fill(v values, _ Settings) error {
	v.line("mailto", n.Mailto)
	v.count("minutes", n.Minutes)
	return v.neededLink("sign_in_link", n.Link)
}
