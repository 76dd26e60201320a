package api

import (
	"strconv"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/seal"
)

// Cursors makes and opens the opaque cursors that lists page with. A cursor holds a position in one list of one subject (an event, an
// organizer, a tenant) and opens for no other: whoever has it learns nothing from it, and can only go on where it was made.
type Cursors struct{ Keys *seal.Keys }

// Seal is the cursor of a position in the list.
func (c Cursors) Seal(list, subject, position string) string {
	return c.Keys.Link(seal.Link{Purpose: seal.Cursor, UID: list, Email: subject, Extra: position})
}

// Open is the position that a cursor holds. A fault InvalidRequest says that it was not made for this list and subject.
func (c Cursors) Open(list, subject, cursor string) (string, error) {
	link, err := c.Keys.OpenLink(seal.Cursor, cursor)
	if err != nil || !strings.EqualFold(link.UID, list) || !strings.EqualFold(link.Email, subject) {
		return "", fault.New(fault.InvalidRequest, "bad-cursor", "The cursor does not belong to this list. Please begin with the first page.")
	}
	return link.Extra, nil
}

// Limit is how many items the request asks for: length where it does not say, and never more than longest. A fault InvalidRequest says
// that it is no positive number.
func Limit(request Request, length, longest int) (int, error) {
	text, asked := request.QueryStringParameters["limit"]
	if !asked || text == "" {
		return min(length, longest), nil
	}
	limit, err := strconv.Atoi(text)
	if err != nil || limit < 1 {
		return 0, fault.New(fault.InvalidRequest, "bad-limit", "The limit must be a positive number.")
	}
	return min(limit, longest), nil
}
