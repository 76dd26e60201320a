package imip

import (
	"bytes"
	"strings"
)

// walker collects the leaves of a MIME tree.
type walker struct {
	lim       Limits
	parts     []Part
	budget    int  // bytes that may still be decoded
	truncated bool // a limit was met
}

// place says where in the tree an entity stands.
type place struct {
	nesting      []string
	insideRFC822 bool
	digest       bool // in a multipart/digest a part without a type is a message (RFC 2046 §5.1.5)
}

// under is the place of the children of an entity of the media type.
func (p place) under(mediaType string) place {
	p.nesting = append(p.nesting[:len(p.nesting):len(p.nesting)], mediaType)
	p.digest = mediaType == "multipart/digest"
	return p
}

// entity walks an entity, given its header and its body as sent.
func (w *walker) entity(h Header, body []byte, at place) {
	mediaType, params := contentType(h, at.digest)
	encoding := strings.ToLower(strings.TrimSpace(stripComment(h.Get("Content-Transfer-Encoding"))))
	if len(at.nesting) < w.lim.Depth {
		switch kind, _, _ := strings.Cut(mediaType, "/"); kind {
		case "multipart":
			if w.multipart(body, params["boundary"], encoding, at.under(mediaType)) {
				return
			}
		case "message":
			w.message(body, mediaType, encoding, at.under(mediaType))
			return
		}
	} else if strings.HasPrefix(mediaType, "multipart/") || strings.HasPrefix(mediaType, "message/") {
		w.truncated = true
	}
	w.leaf(h, mediaType, params, encoding, body, at)
}

// leaf adds a part.
func (w *walker) leaf(h Header, mediaType string, params map[string]string, encoding string, body []byte, at place) {
	if len(w.parts) >= w.lim.Parts {
		w.truncated = true
		return
	}
	part := Part{
		Nesting:      at.under(mediaType).nesting,
		Type:         mediaType,
		Params:       params,
		Encoding:     encoding,
		InsideRFC822: at.insideRFC822,
		Body:         w.decode(body, encoding),
	}
	if value := h.Get("Content-Disposition"); value != "" {
		var dispositionParams map[string]string
		part.Disposition, dispositionParams = parseParams(value)
		part.Filename = dispositionParams["filename"]
	}
	if part.Filename == "" {
		part.Filename = params["name"]
	}
	w.parts = append(w.parts, part)
}

// decode undoes the transfer encoding within the budget.
func (w *walker) decode(body []byte, encoding string) []byte {
	if len(body) == 0 {
		return nil
	}
	if len(body) > w.budget {
		w.truncated = true
		return nil
	}
	decoded := decodeTransfer(body, encoding)
	if len(decoded) > 0 && &decoded[0] != &body[0] {
		w.budget -= len(decoded)
	}
	return decoded
}

// contentType is the media type, lower-case, and its parameters.
func contentType(h Header, digest bool) (string, map[string]string) {
	field := h.Get("Content-Type")
	if field == "" && digest {
		return "message/rfc822", nil
	}
	value, params := parseParams(field)
	// QUIRK: a missing semicolon, as in "text/calendar charset=utf-8".
	mediaType, rest, found := strings.Cut(value, " ")
	if found {
		if _, more := parseParams(";" + strings.ReplaceAll(rest, " ", ";")); params == nil {
			params = more
		}
	}
	kind, subtype, ok := strings.Cut(mediaType, "/")
	if !ok || kind == "" || subtype == "" || strings.Contains(subtype, "/") {
		return "text/plain", params // RFC 2045 §5.2
	}
	return mediaType, params
}

// multipart walks the parts of a multipart body. It reports false when there are none to find.
func (w *walker) multipart(body []byte, boundary, encoding string, at place) bool {
	boundary = strings.TrimRight(boundary, " \t\r\n")
	start, pos, last := findDelimiter(body, boundary, 0)
	if start < 0 && (encoding == "base64" || encoding == "quoted-printable") {
		// QUIRK: RFC 2045 §6.4 forbids to encode a multipart as a whole; some do.
		body = w.decode(body, encoding)
		start, pos, last = findDelimiter(body, boundary, 0)
	}
	if start < 0 {
		// QUIRK: the boundary parameter is missing or is not the one in use: the first delimiter-like line tells it.
		boundary = guessBoundary(body)
		start, pos, last = findDelimiter(body, boundary, 0)
	}
	if start < 0 {
		return false
	}
	before := len(w.parts)
	for !last {
		if len(w.parts) >= w.lim.Parts {
			w.truncated = true
			return true
		}
		end, next, isLast := findDelimiter(body, boundary, pos)
		part := body[pos:]
		if end >= 0 {
			part = body[pos:end]
		}
		if end == pos { // QUIRK: of two delimiters with nothing between them one is a mistake
			isLast = isLast && len(w.parts) > before
		} else {
			h, content, complete := readHeader(part, w.lim)
			w.truncated = w.truncated || !complete
			w.entity(h, content, at)
		}
		if end < 0 { // QUIRK: the closing delimiter is missing
			break
		}
		pos, last = next, isLast
	}
	return len(w.parts) > before
}

// findDelimiter finds the next line that is a delimiter of the boundary (RFC 2046 §5.1.1), from the line start pos on. It returns
// where the part before it ends, where the part after it starts, and whether it closes the multipart; end is -1 when there is none.
func findDelimiter(body []byte, boundary string, pos int) (end, next int, last bool) {
	delimiter := []byte("--" + boundary)
	for from := pos; boundary != "" && from < len(body); {
		i := bytes.Index(body[from:], delimiter)
		if i < 0 {
			break
		}
		end = from + i
		from = end + 2
		if end > 0 && body[end-1] != '\n' {
			continue
		}
		rest, after := cutLine(body, end+len(delimiter))
		last = bytes.HasPrefix(rest, []byte("--"))
		if last {
			rest = rest[2:]
		}
		if len(bytes.TrimRight(rest, " \t\r")) == 0 {
			if end > pos { // the line end before the delimiter belongs to it
				end--
				if end > pos && body[end-1] == '\r' {
					end--
				}
			}
			return end, after, last
		}
	}
	return -1, len(body), true
}

// guessBoundary finds a line that starts with "--" and is followed by a header field named Content-….
func guessBoundary(body []byte) string {
	const longest = 200
	for pos := 0; pos < len(body); {
		line, next := cutLine(body, pos)
		if len(line) > 2 && len(line) < longest && line[0] == '-' && line[1] == '-' {
			if field, _ := cutLine(body, next); len(field) > 8 && strings.EqualFold(string(field[:8]), "content-") {
				return strings.TrimRight(string(line[2:]), " \t")
			}
		}
		pos = next
	}
	return ""
}

// message walks what a message/* part holds: another message, or the field blocks of a report.
func (w *walker) message(body []byte, mediaType, encoding string, at place) {
	body = w.decode(body, encoding)
	switch mediaType {
	case "message/delivery-status": // RFC 3464 §2.1: blocks of fields with empty lines between
		for ok := true; ok && len(w.parts) < w.lim.Parts; {
			var block []byte
			block, body, ok = cutBlock(body)
			w.leaf(nil, "text/plain", nil, "", block, at)
		}
		return
	case "message/disposition-notification", "message/feedback-report", "message/tracking-status":
		w.leaf(nil, "text/plain", nil, "", body, at)
		return
	}
	at.insideRFC822 = true
	h, content, complete := readHeader(body, w.lim)
	w.truncated = w.truncated || !complete
	w.entity(h, content, at)
}

// cutBlock cuts the lines up to an empty one off body. more is false when nothing follows.
func cutBlock(body []byte) (block, rest []byte, more bool) {
	for pos := 0; pos < len(body); {
		line, next := cutLine(body, pos)
		if len(line) == 0 {
			return body[:pos], body[next:], next < len(body)
		}
		pos = next
	}
	return body, nil, false
}
