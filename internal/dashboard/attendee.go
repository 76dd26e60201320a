package dashboard

import (
	"maps"
	"net/http"
	"slices"

	"github.com/calendarinvite/calendarinviteserver/internal/dashboard/view"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/itip"
)

// attendee is the page of one attendee: the answer, how it came about, and how the mails fared.
func (s *Site) attendee(w http.ResponseWriter, r *http.Request, who Session) error {
	of, err := s.overview(r, who)
	if err != nil {
		return err
	}
	a, err := s.Events.Attendee(r.Context(), of.Event.UID, r.PathValue("email"))
	if err != nil {
		return err
	}
	e := of.Event
	page := view.Attendee{
		Frame: frameOf(r, who), Name: a.Name, Email: a.Email, Origin: a.Origin, Invited: moment(a.QueuedAt),
		Answer: view.Answer(a.StatusAt(e)), Grade: gradeOf(e, a), Answered: moment(a.AnswerTime(e)), AnsweredBy: a.AnsweredBy, DelegatedTo: a.DelegatedTo, Via: a.Via,
		Calendar: a.ProdID, Comment: a.Comment, Delivery: deliveryOf(a), Queued: moment(a.QueuedAt), Sent: moment(a.SentAt), Delivered: moment(a.DeliveredAt),
		Revision: a.SentSequence, Current: e.Sequence, Blocked: a.Blocked,
	}
	if page.Occasion, err = s.about(r.Context(), e); err != nil {
		return err
	}
	if a.Bounce != nil {
		page.Bounce, page.Bounced = bounceText(*a.Bounce), moment(a.Bounce.At)
	}
	for _, key := range slices.Sorted(maps.Keys(a.Instances)) {
		answer := a.Instances[key]
		page.Instances = append(page.Instances, view.InstanceAnswer{When: e.InstanceSpan(key), Answer: view.Answer(answer.Status), At: moment(answer.At)})
	}
	for _, h := range slices.Backward(a.History) {
		entry := view.HistoryEntry{
			Answer: view.Answer(h.Status), At: moment(h.Timestamp), Channel: channelOf(h.Channel), Grade: view.Grade(h.Grade), Calendar: h.ProdID, By: h.By,
			Revision: h.Sequence, Note: noteText(h.Note),
		}
		if h.RecurrenceID != "" {
			entry.Instance = e.InstanceSpan(h.RecurrenceID).String()
		}
		page.History = append(page.History, entry)
	}
	html, err := s.Views.Attendee(page)
	return show(w, html, err)
}

func channelOf(channel string) view.Channel {
	if channel == invite.ChannelPage {
		return view.ByPage
	}
	return view.ByMail
}

// noteText says why an answer does not count.
func noteText(note string) string {
	switch note {
	case "":
		return ""
	case itip.ReasonOldTime:
		return "It was to a time that was changed since."
	case itip.ReasonEventCancelled:
		return "The event was called off before."
	case itip.ReasonOlderReply, itip.ReasonOlderInvitation:
		return "A newer answer had come before."
	}
	return "It does not count."
}

// bounceText is what the recipient's server said, in short.
func bounceText(b invite.Bounce) string {
	text := b.Type
	if b.Subtype != "" {
		text += ", " + b.Subtype
	}
	if b.Diagnostic != "" {
		text += ": " + b.Diagnostic
	}
	return text
}
