package handlers

import (
	"context"
	"log/slog"

	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/maillog"
)

// Recorded is what became of each answer of a mail, in their order, and which guests something follows for.
type Recorded struct {
	Results []invite.Answered `json:"results"`
	Held    []invite.Guest    `json:"held"`    // whom the organizer is asked about
	Refused []invite.Guest    `json:"refused"` // who get a CANCEL
}

// updateEventAttendeeRecord records answers and moves the counts that they change. Older answers and repeats change nothing.
func updateEventAttendeeRecord(_ context.Context, a *app.App) any {
	service := a.Answers()
	return asStep(a, func(ctx context.Context, read ReplyRead) (Recorded, error) {
		recorded := Recorded{Results: []invite.Answered{}, Held: []invite.Guest{}, Refused: []invite.Guest{}}
		for _, reply := range read.Replies {
			answered, err := service.Answer(ctx, reply)
			if err != nil {
				return recorded, err
			}
			noteAnswer(ctx, a, reply.MessageID, answered)
			if guest := answered.Guest; guest != nil {
				if answered.Result == invite.AnswerHeld {
					recorded.Held = append(recorded.Held, *guest)
				} else {
					recorded.Refused = append(recorded.Refused, *guest)
				}
				answered.Guest = nil
			}
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
