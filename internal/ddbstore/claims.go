package ddbstore

import (
	"context"
	"strings"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/notify"
)

// Attributes of the record of a day's answers to an address; an answer's state stands under answer#<message id>.
const (
	attrAnswers = "answers"
	attrAnswer  = "answer#"

	answerClaimed = "claimed"
	answerSent    = "sent"

	answersKept = 3 * 24 * time.Hour // after the start of the day
)

// ClaimAnswer implements notify.Claims: at most one answer per message, and at most dailyCap (0 = any number) a day to the address.
// A claim that was not marked as answered is given again, because nobody knows whether that answer left. One UpdateItem.
func (s *Store) ClaimAnswer(ctx context.Context, address, day, messageID string, dailyCap int) (notify.Claim, error) {
	name := attrAnswer + messageID
	update := s.update(answersKey(address, day)).SetExpr("$ = ?", name, answerClaimed).Add(attrAnswers, 1).If("attribute_not_exists($)", name)
	if dailyCap > 0 {
		update = update.If("attribute_not_exists($) OR $ < ?", attrAnswers, attrAnswers, dailyCap)
	}
	date, _, _ := strings.Cut(day, "#")
	if start, err := time.Parse(time.DateOnly, date); err == nil {
		update = update.Set(attrTTL, start.Add(answersKept).Unix())
	}
	err := update.Run(ctx)
	item, refused := refusedBy(err)
	switch {
	case err == nil:
		return notify.Claimed, nil
	case !refused:
		return "", translate("claim answer", err)
	}
	switch textOf(item, name) {
	case answerClaimed:
		return notify.Claimed, nil
	case answerSent:
		return notify.Done, nil
	}
	return notify.Capped, nil
}

// MarkAnswered implements notify.Claims. One UpdateItem.
func (s *Store) MarkAnswered(ctx context.Context, address, day, messageID string) error {
	err := s.update(answersKey(address, day)).SetExpr("$ = ?", attrAnswer+messageID, answerSent).Run(ctx)
	return translate("mark answered", err)
}
