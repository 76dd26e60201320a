package imip

import (
	"strings"
)

// maxParams bounds the parameters of one field.
const maxParams = 64

// parseParams reads a value such as `text/calendar; charset="UTF-8"; method=REQUEST` as senders write it: with stray semicolons,
// spaces around "=", unquoted spaces in file names, missing closing quotes, encoded words inside quotes (RFC 2047 forbids them),
// and continued or charset-marked parameters (RFC 2231). Of a repeated parameter the first counts. The main value comes back lower-case.
func parseParams(s string) (value string, params map[string]string) {
	value, rest, _ := strings.Cut(s, ";")
	value = strings.ToLower(strings.TrimSpace(stripComment(value)))
	var extended extendedParams
	for n := 0; rest != "" && n < maxParams; n++ {
		var name, text string
		name, text, rest = nextParam(rest)
		if name == "" {
			continue
		}
		if strings.IndexByte(name, '*') >= 0 {
			extended.add(name, text)
			continue
		}
		if params == nil {
			params = make(map[string]string, 4)
		}
		if _, ok := params[name]; !ok {
			params[name] = decodeWords(text)
		}
	}
	return value, extended.into(params)
}

// nextParam cuts one name=value off s.
func nextParam(s string) (name, value, rest string) {
	end := strings.IndexAny(s, "=;")
	if end < 0 {
		return "", "", ""
	}
	if s[end] == ';' {
		return "", "", s[end+1:]
	}
	name = strings.ToLower(strings.TrimSpace(s[:end]))
	s = strings.TrimLeft(s[end+1:], " \t")
	if s == "" || s[0] != '"' {
		value, rest, _ = strings.Cut(s, ";")
		value = strings.TrimSpace(value)
		if name != "name" && name != "filename" && name != "boundary" {
			value = strings.TrimSpace(stripComment(value))
		}
		return name, value, rest
	}
	// A quoted string ends at the next quote; a backslash takes the next character as it is (RFC 2045 §5.1).
	s = s[1:]
	i := strings.IndexAny(s, `"\`)
	if i >= 0 && s[i] == '"' {
		value, s = s[:i], s[i+1:]
	} else {
		var b strings.Builder
		i = 0
		for ; i < len(s) && s[i] != '"'; i++ {
			if s[i] == '\\' && i+1 < len(s) {
				i++
			}
			b.WriteByte(s[i])
		}
		value, s = b.String(), s[min(i+1, len(s)):]
	}
	_, rest, _ = strings.Cut(s, ";")
	return name, value, rest
}

// stripComment drops a comment at the end, as in `us-ascii (Plain text)` (RFC 2045 §5.1).
func stripComment(s string) string {
	if i := strings.IndexByte(s, '('); i >= 0 {
		return s[:i]
	}
	return s
}

// maxSections bounds the continuations of one parameter (RFC 2231 §3).
const maxSections = 100

// extendedParams collects parameters in RFC 2231 form: name*=charset'language'text, name*0="…", name*1*=….
type extendedParams []extendedParam

type extendedParam struct {
	name     string
	charset  string
	sections [][]byte
}

func (e *extendedParams) add(name, text string) {
	base, index, _ := strings.Cut(name, "*")
	encoded := index == "" || strings.HasSuffix(index, "*")
	n := 0
	for _, c := range strings.TrimSuffix(index, "*") {
		if c < '0' || c > '9' || n >= maxSections {
			return
		}
		n = n*10 + int(c-'0')
	}
	if n >= maxSections {
		return
	}
	var p *extendedParam
	for i := range *e {
		if (*e)[i].name == base {
			p = &(*e)[i]
		}
	}
	if p == nil {
		if len(*e) >= maxSections {
			return
		}
		*e = append(*e, extendedParam{name: base})
		p = &(*e)[len(*e)-1]
	}
	if encoded && n == 0 {
		if parts := strings.SplitN(text, "'", 3); len(parts) == 3 {
			p.charset, text = parts[0], parts[2]
		}
	}
	data := []byte(text)
	if encoded {
		data = percentDecode(text)
	}
	for len(p.sections) <= n {
		p.sections = append(p.sections, nil)
	}
	if p.sections[n] == nil {
		p.sections[n] = data
	}
}

// into adds the collected parameters. They win over plain ones, which are there for readers that do not know RFC 2231.
func (e extendedParams) into(params map[string]string) map[string]string {
	for _, p := range e {
		if params == nil {
			params = make(map[string]string, len(e))
		}
		var joined []byte
		for _, s := range p.sections {
			joined = append(joined, s...)
		}
		params[p.name] = decodeText(joined, p.charset)
	}
	return params
}

func percentDecode(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if hi, lo := unhex(s[i+1]), unhex(s[i+2]); hi >= 0 && lo >= 0 {
				out = append(out, byte(hi<<4|lo))
				i += 2
				continue
			}
		}
		out = append(out, s[i])
	}
	return out
}

func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}
