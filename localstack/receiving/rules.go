package receiving

import "strings"

// Mailbox is a receipt rule: mail for Name at any of the domains is stored under Prefix and, when Invoke is set, handed to the function.
type Mailbox struct {
	Name   string // local part, such as "create"
	Prefix string // key prefix in the mail bucket, such as "event_request/"
	Invoke bool   // false: the mail is stored only
}

// match returns the mailbox that a recipient address belongs to. As in SES, user@domain matches user+label@domain too, and letters' case
// does not matter (SES guide, "Receipt rules").
func (c *Config) match(address string) (Mailbox, bool) {
	at := strings.LastIndexByte(address, '@')
	if at < 0 || !c.ours(address[at+1:]) {
		return Mailbox{}, false
	}
	user, _, _ := strings.Cut(address[:at], "+")
	for _, m := range c.Mailboxes {
		if strings.EqualFold(user, m.Name) {
			return m, true
		}
	}
	return Mailbox{}, false
}

func (c *Config) ours(domain string) bool {
	for _, d := range c.Domains {
		if strings.EqualFold(d, domain) {
			return true
		}
	}
	return false
}

// matched is one rule with the envelope recipients that it matched.
type matched struct {
	Mailbox
	recipients []string
}

// group sorts recipients by the rule they match, rules in the order of the configuration.
func (c *Config) group(recipients []string) []matched {
	var groups []matched
	for _, m := range c.Mailboxes {
		group := matched{Mailbox: m}
		for _, r := range recipients {
			if hit, ok := c.match(r); ok && hit.Name == m.Name {
				group.recipients = append(group.recipients, r)
			}
		}
		if group.recipients != nil {
			groups = append(groups, group)
		}
	}
	return groups
}
