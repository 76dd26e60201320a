package ical

import (
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	goical "github.com/emersion/go-ical"
)

// Person is an ORGANIZER or ATTENDEE: a calendar user address (RFC 5545 §3.3.3) with the parameters that scheduling uses.
// A parameter that is absent is "". Enumerated values are in upper case.
type Person struct {
	Email string // lower-cased, percent-decoded, without mailto:; the value as written when NotMailto
	CN    string // display name (§3.2.2)
	Role  string // §3.2.16
	// CUType is the kind of user: INDIVIDUAL, GROUP, RESOURCE, ROOM ... (§3.2.3)
	CUType string
	// PartStat is the answer (§3.2.12); "" when absent, which means NEEDS-ACTION.
	PartStat string
	RSVP     string // TRUE or FALSE (§3.2.17)
	// SentBy, DelegatedTo and DelegatedFrom are addresses in the form of Email (§3.2.18, §3.2.5, §3.2.4); of several, the first.
	SentBy, DelegatedTo, DelegatedFrom string
	// EmailParam is the EMAIL parameter (RFC 7986 §6.2) in the form of Email: iCloud's real address beside an opaque value.
	EmailParam string
	// ExtraGuests is Google's X-NUM-GUESTS: how many people the attendee brings.
	ExtraGuests int
	// Note is Google's X-RESPONSE-COMMENT: the note that came with the answer, where other calendars write COMMENT.
	Note string
	// NotMailto marks a value that holds no mail address, such as a CalDAV principal's path.
	NotMailto bool
}

// NewPerson reads an ORGANIZER or ATTENDEE property.
func NewPerson(p *goical.Prop) Person {
	email, ok := ParseAddress(p.Value)
	person := Person{
		Email:     email,
		NotMailto: !ok,
		CN:        paramText(p, "CN"),
		Role:      paramWord(p, "ROLE"),
		CUType:    paramWord(p, "CUTYPE"),
		PartStat:  paramWord(p, "PARTSTAT"),
		RSVP:      paramWord(p, "RSVP"),
		Note:      paramText(p, "X-RESPONSE-COMMENT"),
	}
	person.SentBy, _ = ParseAddress(first(p, "SENT-BY"))
	person.DelegatedTo, _ = ParseAddress(first(p, "DELEGATED-TO"))
	person.DelegatedFrom, _ = ParseAddress(first(p, "DELEGATED-FROM"))
	person.EmailParam, _ = ParseAddress(first(p, "EMAIL"))
	if n, err := strconv.ParseUint(first(p, "X-NUM-GUESTS"), 10, 16); err == nil {
		person.ExtraGuests = int(n)
	}
	return person
}

// Address is the mail address to know the person by: Email, or the EMAIL parameter where the value is no mail address; ""
// when there is neither.
func (p Person) Address() string {
	if !p.NotMailto {
		return p.Email
	}
	return p.EmailParam
}

// ParseAddress takes the mail address out of a calendar user address: "mailto:" in any case or missing, percent-encoding,
// "mailto:Name <a@b>", a query. It is lower-cased. When there is no address in it, it returns the value trimmed and false.
func ParseAddress(value string) (string, bool) {
	value = strings.TrimSpace(value)
	address := value
	for len(address) >= 7 && strings.EqualFold(address[:7], "mailto:") { // some write it twice
		address = strings.TrimSpace(address[7:])
	}
	if i := strings.IndexByte(address, '<'); i >= 0 {
		address = address[i+1:]
		if j := strings.IndexByte(address, '>'); j >= 0 {
			address = address[:j]
		}
	}
	if i := strings.IndexByte(address, '?'); i > strings.IndexByte(address, '@') && strings.IndexByte(address, '@') >= 0 {
		address = address[:i] // RFC 6068 §2: headers of the mail to write
	}
	if strings.IndexByte(address, '%') >= 0 {
		if decoded, err := url.PathUnescape(address); err == nil && utf8.ValidString(decoded) {
			address = decoded
		}
	}
	address = strings.Trim(stripControls(address), " \t\"'")
	at := strings.LastIndexByte(address, '@')
	if at <= 0 || at == len(address)-1 || strings.ContainsAny(address, " \t,;<>") || strings.HasPrefix(address, "/") || strings.Contains(address, "://") {
		return value, false
	}
	return strings.ToLower(address), true
}

// first is the parameter's first value, or "".
func first(p *goical.Prop, name string) string {
	if values := p.Params[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// paramWord is an enumerated parameter in upper case.
func paramWord(p *goical.Prop, name string) string {
	return strings.ToUpper(strings.TrimSpace(first(p, name)))
}

// joined is a parameter that has one value. The reader splits a value at a comma that should have been quoted; here it is
// whole again.
func joined(p *goical.Prop, name string) string {
	if values := p.Params[name]; len(values) > 1 {
		return strings.Join(values, ",")
	}
	return first(p, name)
}

// paramText is a parameter of free text.
func paramText(p *goical.Prop, name string) string {
	text := joined(p, name)
	if strings.IndexByte(text, '\\') >= 0 {
		text = strings.NewReplacer(`\,`, `,`, `\;`, `;`, `\"`, `"`).Replace(text)
	}
	if strings.IndexByte(text, '^') >= 0 { // RFC 6868 §3.1
		text = strings.NewReplacer("^^", "^", "^'", `"`, "^n", " ").Replace(text)
	}
	return strings.TrimSpace(text)
}
