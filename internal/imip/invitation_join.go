package imip

import (
	"net/url"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/internal/ical"
)

// JoinLink finds where the event is held online: an https link, "" for none. It takes the properties that calendars have for it
// first, then a link of a known service in LOCATION, URL or DESCRIPTION.
func JoinLink(e ical.Event) string {
	for _, p := range e.Props["CONFERENCE"] { // RFC 7986 §5.11
		if link, ok := webLink(p.Value); ok {
			return link
		}
	}
	for _, name := range []string{"X-GOOGLE-CONFERENCE", "X-MICROSOFT-SKYPETEAMSMEETINGURL", "X-MICROSOFT-ONLINEMEETINGEXTERNALLINK"} {
		if link, ok := webLink(e.Text(name)); ok {
			return link
		}
	}
	for _, text := range []string{e.Location(), e.Text("URL"), PlainDescription(e)} {
		for rest := text; ; {
			link, _, after := cutLink(rest)
			if link == "" {
				break
			}
			if joinService(link) != "" {
				return link
			}
			rest = after
		}
	}
	return ""
}

// joinServices are the hosts, with the beginnings of paths, whose links are meetings.
var joinServices = []struct{ host, path, name string }{
	{"meet.google.com", "/", "Google Meet"},
	{"teams.microsoft.com", "/l/meetup-join", "Microsoft Teams"},
	{"teams.microsoft.com", "/meet/", "Microsoft Teams"},
	{"teams.live.com", "/meet/", "Microsoft Teams"},
	{"zoom.us", "/j/", "Zoom"},
	{"zoom.us", "/w/", "Zoom"},
	{"zoom.us", "/my/", "Zoom"},
	{"webex.com", "/", "Webex"},
	{"whereby.com", "/", "Whereby"},
	{"meet.jit.si", "/", "Jitsi Meet"},
	{"chime.aws", "/", "Amazon Chime"},
}

// joinService names the service of a meeting link, or "".
func joinService(link string) string {
	u, err := url.Parse(link)
	if err != nil || u.Scheme != "https" {
		return ""
	}
	host := strings.ToLower(u.Hostname())
	for _, service := range joinServices {
		if (host == service.host || strings.HasSuffix(host, "."+service.host)) && strings.HasPrefix(u.Path, service.path) && len(u.Path) > 1 {
			return service.name
		}
	}
	return ""
}

// webLink accepts an absolute https link without spaces.
func webLink(s string) (string, bool) {
	s = strings.TrimSpace(s)
	u, err := url.Parse(s)
	return s, err == nil && u.Scheme == "https" && u.Host != "" && len(s) <= 2048 && !strings.ContainsAny(s, " \t\r\n<>\"")
}

// cutLink finds the first http or https link in a text, without the punctuation after it, and what stands around it. link is ""
// when there is none.
func cutLink(text string) (link, before, after string) {
	for from := 0; ; {
		i := strings.Index(text[from:], "http")
		if i < 0 {
			return "", text, ""
		}
		i += from
		rest := text[i:]
		scheme := len("http")
		if strings.HasPrefix(rest[scheme:], "s") {
			scheme++
		}
		if !strings.HasPrefix(rest[scheme:], "://") {
			from = i + scheme
			continue
		}
		end := strings.IndexAny(rest, " \t\r\n<>\"\u00a0")
		if end < 0 {
			end = len(rest)
		}
		for end > 0 && strings.IndexByte(".,;:!?'", rest[end-1]) >= 0 {
			end--
		}
		if strings.HasSuffix(rest[:end], ")") && !strings.Contains(rest[:end], "(") {
			end--
		}
		if end > scheme+len("://") {
			return rest[:end], text[:i], rest[end:]
		}
		from = i + scheme
	}
}
