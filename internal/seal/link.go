package seal

import (
	"encoding/binary"
	"time"
)

// Purpose says what a token is good for. A token of one purpose never opens for another, because the purpose is part of what is
// authenticated.
type Purpose string

// The purposes of links. Each names the route that opens it.
const (
	RSVP        Purpose = "rsvp"        // answer for Email on a page
	Unsubscribe Purpose = "unsubscribe" // block the organizer (Extra) for Email
	Invite      Purpose = "invite"      // a signed public invite link (spec §4, INVITE_LINKS=signed)
	Confirm     Purpose = "confirm"     // let a held request go on
	Proposals   Purpose = "proposals"   // the organizer sees what attendees propose for the event, and declines it
	Guests      Purpose = "guests"      // the organizer admits or refuses the event's held guests
	Download    Purpose = "download"    // fetch a report's file: Extra is its object key; always with Expires

	SignIn  Purpose = "sign-in" // prove that Email is whoever opens it, once; always with Expires
	Page    Purpose = "page"    // the cookie that remembers which of the dashboard's pages (Extra) was asked for before signing in; always with Expires
	Session Purpose = "session" // the cookie of whoever is signed in to the dashboard: Extra says as what; always with Expires
	List    Purpose = "list"    // a list that was checked on the dashboard, to be sent: UID the event, Email whose, Extra the list; always with Expires

	// Cursor is where a list goes on: UID or Email say whose list, Extra which and from where on. Only its list opens it; it is never
	// a link in a mail.
	Cursor Purpose = "cursor"

	purposeUID Purpose = "uid" // the UID of an invitation; never a link
)

// Link is what a sealed link carries. The holder of the link may do what its purpose says, for this event and address only.
type Link struct {
	Purpose    Purpose
	UID        string // the event's uid; may be empty
	Email      string // lower-cased; may be empty
	Extra      string // what else the purpose needs
	Generation int    // of the invitation that carried the link
	Expires    int64  // epoch seconds after which the link is void; 0 = never
}

// Expired reports whether the link was void at the moment.
func (l Link) Expired(now time.Time) bool { return l.Expires != 0 && now.Unix() > l.Expires }

// Link returns the token of the link, which is safe in a URL's path and query and in the local part of an address.
func (k *Keys) Link(l Link) string { return string(k.AppendLink(nil, l)) }

// AppendLink appends what Link returns.
func (k *Keys) AppendLink(dst []byte, l Link) []byte {
	return k.appendSealed(dst, l.Purpose, "", l.appendPlaintext)
}

// appendPlaintext writes what is sealed.
func (l Link) appendPlaintext(dst []byte) []byte {
	plain := binary.AppendUvarint(dst, uint64(l.Generation))
	plain = binary.AppendVarint(plain, l.Expires)
	plain = appendString(plain, asciiLower(l.UID))
	plain = appendString(plain, foldAddress(l.Email))
	plain = appendString(plain, l.Extra)
	for len(plain) < minPlaintext {
		plain = append(plain, 0)
	}
	return plain
}

// OpenLink opens a token that was sealed for the purpose. It returns ErrNoToken for a text that is no token and ErrForged for one
// that was not sealed with these keys for this purpose. It does not look at Expires.
func (k *Keys) OpenLink(purpose Purpose, token string) (Link, error) {
	plain, err := k.open(purpose, "", token)
	if err != nil {
		return Link{}, err
	}
	opened := Link{Purpose: purpose}
	generation, n := binary.Uvarint(plain)
	if n <= 0 {
		return Link{}, ErrForged
	}
	expires, m := binary.Varint(plain[n:])
	if m <= 0 {
		return Link{}, ErrForged
	}
	opened.Generation, opened.Expires = int(generation), expires
	rest := plain[n+m:]
	for _, field := range []*string{&opened.UID, &opened.Email, &opened.Extra} {
		var ok bool
		if *field, rest, ok = cutString(rest); !ok {
			return Link{}, ErrForged
		}
	}
	return opened, nil
}
