package handlers

import (
	"context"
	"log/slog"

	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/bulk"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/maillog"
)

// BulkBatch is what the Distributed Map hands to one of its children: what they share, and up to 89 rows of the list.
type BulkBatch struct {
	BatchInput struct {
		ID     string           `json:"id"` // of the mail that brought the list, or of the request on the dashboard
		Owner  invite.Organizer `json:"owner"`
		Origin string           `json:"origin"`
		Again  bool             `json:"again"`
	} `json:"BatchInput"`
	bulk.Batch
}

// sendBulkEventInvites invites up to 89 people: one transaction records and counts them, the mails go out, one batched write marks
// what was sent. It answers per row. What SES does not take for now makes the step fail, and the next run sends only that.
func sendBulkEventInvites(ctx context.Context, a *app.App) any {
	service := a.BulkInviter(ctx)
	return asStep(a, func(ctx context.Context, batch BulkBatch) ([]bulk.Result, error) {
		request := invite.BatchRequest{ID: batch.BatchInput.ID, Owner: batch.BatchInput.Owner, Origin: batch.BatchInput.Origin, Again: batch.BatchInput.Again}
		for _, item := range batch.Items {
			request.Items = append(request.Items, invite.BatchItem{Row: item.Row, UID: item.UID, Email: item.Email, Name: item.Name})
		}
		sent, err := service.SendBatch(ctx, request)
		if err != nil {
			return nil, err
		}
		results := make([]bulk.Result, 0, len(sent.Results))
		counts := map[string]int{}
		for _, r := range sent.Results {
			counts[string(r.Result)]++
			results = append(results, bulk.Result{Row: r.Row, UID: r.UID, Email: r.Email, Result: string(r.Result), Reason: r.Reason})
		}
		a.Log.Note(ctx, maillog.Invited, slog.String("message_id", request.ID), slog.Any("results", counts))
		return results, nil
	})
}
