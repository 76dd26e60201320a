package invite

import (
	"fmt"
	"net/mail"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
)

// maxAddress is the most octets that a mail address may have (RFC 5321 §4.5.3.1.3, less the angle brackets).
const maxAddress = 254

// ParseAddress checks a bare mail address and returns it in the form that records use: trimmed and lower-case. A fault
// InvalidRequest says that it is none. Only ASCII is accepted: SES sends to no other.
func ParseAddress(text string) (string, error) {
	address := strings.ToLower(strings.TrimSpace(text))
	at := strings.LastIndexByte(address, '@')
	bad := fault.New(fault.InvalidRequest, ReasonBadAddress, "This is not a valid email address.")
	if at <= 0 || at > 64 || len(address) > maxAddress || strings.ContainsAny(address, " \t\r\n\"(),:;<>[]\\") {
		return "", bad
	}
	for i := range len(address) {
		if address[i] <= ' ' || address[i] >= 0x7f {
			return "", bad
		}
	}
	if parsed, err := mail.ParseAddress(address); err != nil || parsed.Address != address || !validDomain(address[at+1:]) {
		return "", bad
	}
	return address, nil
}

// validDomain reports whether the text is a host name (RFC 1123 §2.1) of at least two labels, or a name under .localhost.
func validDomain(domain string) bool {
	labels := strings.Split(domain, ".")
	if len(labels) < 2 {
		return false
	}
	for _, label := range labels {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, c := range []byte(label) {
			if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
				return false
			}
		}
	}
	return true
}

// ParseUID checks the uid of an event of ours and returns it in lower case: 1 to 90 letters and digits (an SES message id has 40).
// A fault InvalidRequest says that it is none.
func ParseUID(text string) (string, error) {
	uid := strings.ToLower(strings.TrimSpace(text))
	if uid == "" || len(uid) > 90 {
		return "", badUID()
	}
	for _, c := range []byte(uid) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return "", badUID()
		}
	}
	return uid, nil
}

// uidLength is how long our events' uids are: SES's names of received mails, which have 40 letters and digits.
const uidLength = 40

// LooksLikeUID reports whether a word somewhere in a mail or a list can only be an event's uid, and is not the name or the number of something.
func LooksLikeUID(text string) bool {
	uid, err := ParseUID(text)
	return err == nil && len(uid) == uidLength
}

func badUID() error {
	return fault.New(fault.InvalidRequest, ReasonBadUID, "This is not a valid event.")
}

// sameMailbox reports whether two addresses most probably belong to one person: equal but for a +tag, or, at Google and Apple, but
// for the spellings that these providers deliver to one mailbox.
func sameMailbox(a, b string) bool { return mailboxKey(a) == mailboxKey(b) }

// providers lists the domains that are one and the same.
var providers = map[string]string{"googlemail.com": "gmail.com", "me.com": "icloud.com", "mac.com": "icloud.com"}

// mailboxKey is the same for addresses that are sameMailbox.
func mailboxKey(address string) string {
	local, domain, _ := strings.Cut(strings.ToLower(strings.TrimSpace(address)), "@")
	local, _, _ = strings.Cut(local, "+")
	if same, ok := providers[domain]; ok {
		domain = same
	}
	if domain == "gmail.com" {
		local = strings.ReplaceAll(local, ".", "")
	}
	return fmt.Sprintf("%s@%s", local, domain)
}
