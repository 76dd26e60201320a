package view

// Frame is what stands around a page: who is signed in, and what was done just now. The zero Frame is nobody's.
type Frame struct {
	User  string // the organizer's address; for an administrator any short name, such as "Administrator"
	Admin bool   // an administrator's pages are in reach
	Done  Done   // what the action before this page did; empty = there was none
	About string // what Done is about: a name, an address; may be empty
	Count int    // how many guests Done is about; 0 = not told
}

// Done is an action that the page confirms at its top.
type Done string

// The actions.
const (
	DoneTest       Done = "test"        // a test invitation went to the organizer
	DoneAgain      Done = "again"       // Count guests are sent the invitation again
	DoneReport     Done = "report"      // the report is being mailed
	DoneSent       Done = "sent"        // Count invitations are on their way
	DoneAdmitted   Done = "admitted"    // About is a guest now
	DoneRefused    Done = "refused"     // About is not
	DoneDeclined   Done = "declined"    // About's proposal is declined
	DoneSwitched   Done = "switched"    // a switch of the organizer About was set
	DoneNothing    Done = "nothing"     // there was nothing to do any more
	DoneSignedOut  Done = "signed-out"  // the session is over
	DoneTryLater   Done = "try-later"   // a service did not answer, nothing was changed
	DoneNotAllowed Done = "not-allowed" // the organizer may not do that, nothing was changed
	DoneTooMany    Done = "too-many"    // Count is how many there may be a day, nothing was sent
)

func (f Frame) fill(to values) {
	to.set("title", "") // of an event; pages of one set it
	to.line("user", f.User)
	to.flag("admin", f.Admin)
	for _, place := range places {
		to.flag("in_"+place, false)
	}
	about := newValues()
	about.line("about", f.About)
	text, bad := f.Done.words(about.texts["about"], f.Count)
	to.set("done", text)
	to.flag("done_bad", bad)
}

// words says what was done, and whether it is a complaint.
func (d Done) words(about string, count int) (text string, bad bool) {
	if about == "" {
		about = "The guest"
	}
	guests := "Guests are"
	if count == 1 {
		guests = "1 guest is"
	} else if count > 1 {
		guests = grouped(count) + " guests are"
	}
	switch d {
	case DoneTest:
		return "A test invitation is on its way to you. Your answer to it does not count.", false
	case DoneAgain:
		return guests + " being sent the invitation again.", false
	case DoneReport:
		return "The report is being made. It will be in your mailbox in a minute.", false
	case DoneSent:
		return guests + " being invited. The numbers below follow.", false
	case DoneAdmitted:
		return about + " is on the guest list, and hears of every change.", false
	case DoneRefused:
		return about + " is not on the guest list.", false
	case DoneDeclined:
		return "Declined. We tell " + about + ", and your event stays as it is.", false
	case DoneSwitched:
		return "Saved. It holds from now on.", false
	case DoneNothing:
		return "There was nothing left to do.", false
	case DoneSignedOut:
		return "You are signed out.", false
	case DoneTryLater:
		return "A service does not answer right now. Nothing was changed, please try again in a minute.", true
	case DoneTooMany:
		return "That would be more than " + grouped(count) + " today. Nothing was sent, please go on tomorrow.", true
	case DoneNotAllowed:
		return "That is not allowed for your account. Nothing was changed.", true
	}
	return "", false
}

// places are the entries of the main navigation, and the tabs of an event.
var places = []string{
	"events", "system", "organizers", "executions",
	"overview", "invite", "share", "guests", "proposals",
}

// in marks where in the navigation the page is.
func (v values) in(places ...string) {
	for _, place := range places {
		v.flag("in_"+place, true)
	}
}
