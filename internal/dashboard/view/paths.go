package view

import (
	"net/url"
	"strings"
)

// Root is the path of the dashboard; all its other paths begin with it.
const Root = "/dashboard"

// Paths of pages and actions, for the site's routes and redirects.
const (
	SignInPath     = Root + "/sign-in"
	SignOutPath    = Root + "/sign-out"
	SystemPath     = Root + "/system"
	OrganizersPath = SystemPath + "/organizers"
	ExecutionsPath = SystemPath + "/executions"
)

// EventPath is the page of an event, or with parts one below it: EventPath(uid, "invite", "send").
func EventPath(uid string, parts ...string) string {
	return below(Root+"/events", append([]string{uid}, parts...))
}

// AttendeePath is the page of one attendee.
func AttendeePath(uid, email string) string { return EventPath(uid, "attendees", email) }

// OrganizerPath is an administrator's page of one organizer.
func OrganizerPath(email string) string { return below(OrganizersPath, []string{email}) }

// ExecutionPath is an administrator's page of one failed execution.
func ExecutionPath(id string) string { return below(ExecutionsPath, []string{id}) }

func below(path string, parts []string) string {
	for _, part := range parts {
		path += "/" + url.PathEscape(part)
	}
	return path
}

// pair is one parameter of a query.
type pair struct{ name, value string }

// withQuery adds parameters to a path, in this order and without the empty ones, so that addresses stay short.
func withQuery(path string, pairs ...pair) string {
	mark := "?"
	for _, p := range pairs {
		if p.value != "" {
			path += mark + p.name + "=" + queryEscape(p.value)
			mark = "&"
		}
	}
	return path
}

// queryEscape writes a space as %20, which means the same in a query as everywhere else in a URL.
func queryEscape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
