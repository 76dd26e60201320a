package handlers

import (
	"context"
	"log/slog"

	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/maillog"
)

// Recorded is what became of each answer of a mail, in their order.
type Recorded struct {
	Results []invite.Answered `json:"results"`
}

// updateEventAttendeeRecord records answers and moves the counts that they change. Older answers and repeats change nothing.
func updateEventAttendeeRecord(_ context.Context, a *app.App) any {
	service := a.Answers()
	return asStep(a, func(ctx context.Context, read ReplyRead) (Recorded, error) {
		recorded := Recorded{Results: []invite.Answered{}}
		for _, reply := range read.Replies {
			answered, err := service.Answer(ctx, reply)
			if err != nil {
				return recorded, err
			}
			noteAnswer(ctx, a, reply.MessageID, answered)
			recorded.Results = append(recorded.Results, answered)
		}
		if len(recorded.Results) == 0 {
			return recorded, fault.New(fault.InvalidRequest, "no-replies", "The data holds no answer.")
		}
		return recorded, nil
	})
}

func noteAnswer(ctx context.Context, a *app.App, messageID string, answered invite.Answered) {
	a.Log.Note(ctx, maillog.Answered, slog.String("message_id", messageID), slog.String("event", answered.UID),
		slog.String("result", answered.Result), slog.String("reason", answered.Reason), maillog.Address("attendee", answered.Attendee))
}
