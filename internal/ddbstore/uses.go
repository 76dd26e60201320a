package ddbstore

import (
	"context"

	"github.com/calendarinvite/calendarinviteserver/internal/invite"
)

// attrBy is who used a token; in the item of a cap, it begins the names of what used that.
const attrBy = "by"

// Take counts n uses of what a cap limits; false, and nothing counted, where that would be more than the cap allows. What used it before
// (Cap.By) may again, and counts no more. One UpdateItem.
func (s *Store) Take(ctx context.Context, c invite.Cap, n int) (bool, error) {
	if n > c.Limit {
		return false, nil
	}
	update := s.update(wholeCapKey(c)).Add(attrUsed, n).Set(attrTTL, c.Until).
		If("attribute_not_exists($) OR $ <= ?", attrUsed, attrUsed, c.Limit-n)
	by := attrBy + "#" + c.By
	if c.By != "" {
		update = update.SetExpr("$ = ?", by, n).If("attribute_not_exists($)", by)
	}
	err := update.Run(ctx)
	if item, refused := refusedBy(err); refused {
		return c.By != "" && item[by] != nil, nil
	}
	return err == nil, translate("take", err)
}

// UseOnce notes that the request used a token; false where another one did before, or the same whose name is "". The note is kept until the
// token expires, in seconds since 1970. One PutItem.
func (s *Store) UseOnce(ctx context.Context, token, request string, until int64) (bool, error) {
	note, err := item(usedKey(token), map[string]string{attrBy: request})
	if err != nil {
		return false, err
	}
	note[attrTTL] = number(until)
	err = s.table.Put(note).If(notExists).Run(ctx)
	if before, refused := refusedBy(err); refused {
		return request != "" && textOf(before, attrBy) == request, nil // the answer to the first try was lost
	}
	return err == nil, translate("use", err)
}
