package main

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/calendarinvite/calendarinviteserver/localstack/stack"
)

// banner says where everything is and what to do first.
func banner(s *stack.Stack, cfg stack.Config, took time.Duration) string {
	var b strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "  %-12s %s\n", name, fmt.Sprintf(format, args...))
	}
	fmt.Fprintf(&b, "\nCalendar Invite Server, ready after %.1f s. Ctrl-C stops it.\n\n", took.Seconds())
	line("mail in", "smtp://%s   create@%s, rsvp@%[2]s; no password", s.SMTP, s.Domain)
	line("pages", "http://%s/_local/", s.API)
	line("dashboard", "http://%s/dashboard   sign in by a mailed link, which lies under /_local/, Sent", s.API)
	line("REST API", "http://%s   x-api-key: local-key or local-admin-key", s.API)
	line("AWS", "http://%s   export AWS_ENDPOINT_URL=http://%[1]s", s.AWS)
	line("data", "%s", cfg.DataDir)
	if cfg.Relay != "" {
		line("mail out", "handed on to %s", withoutPassword(cfg.Relay))
	}
	fmt.Fprintf(&b, "\nMail a calendar invitation to create@%s: point your mail client at the SMTP server, or copy this.\n\n", s.Domain)
	fmt.Fprintf(&b, "  curl --url smtp://%s --mail-from ada@example.com --mail-rcpt create@%s --upload-file localstack/demo/invitation.eml\n\n", s.SMTP, s.Domain)
	return b.String()
}

// withoutPassword is a URL that can be shown.
func withoutPassword(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return "a server whose URL is unreadable"
	}
	return u.Redacted()
}
