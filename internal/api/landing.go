package api

import (
	"net/url"
	"slices"
	"strings"
)

// Landing is where an invite link leads afterwards: the wanted address if it is an http or https URL on one of the hosts, and
// the page of our own otherwise, so that the public link is never an open redirect. An address that begins with its host is http's.
func Landing(wanted, own string, hosts []string) string {
	if wanted == "" || len(wanted) > 2048 || strings.ContainsFunc(wanted, func(r rune) bool { return r <= ' ' || r == '\\' || r == 0x7f }) {
		return own
	}
	if scheme, _, _ := strings.Cut(wanted, "://"); scheme == wanted || strings.ContainsAny(scheme, "/?#") {
		wanted = "http://" + wanted
	}
	parsed, err := url.Parse(wanted)
	if err != nil || parsed.User != nil || parsed.Host == "" || parsed.Opaque != "" || parsed.Scheme != "https" && parsed.Scheme != "http" {
		return own
	}
	if own, err := url.Parse(own); err == nil && parsed.Host == own.Host && parsed.Scheme == own.Scheme {
		return parsed.String()
	}
	if !slices.Contains(hosts, strings.ToLower(parsed.Hostname())) && !slices.Contains(hosts, strings.ToLower(parsed.Host)) {
		return own
	}
	return parsed.String()
}
