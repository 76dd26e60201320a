package invite

import (
	"context"
	"strings"
	"unicode"

	"github.com/calendarinvite/calendarinviteserver/internal/imip"
	"github.com/calendarinvite/calendarinviteserver/internal/mailauth"
	"github.com/calendarinvite/calendarinviteserver/internal/seal"
)

// Question is a mail in words from a guest to the RSVP mailbox, for the organizer.
type Question struct {
	MessageID string `json:"message_id"`          // SES's id of the mail
	UID       string `json:"uid"`                 // of the event that it answers to
	Invited   string `json:"invited,omitempty"`   // whose invitation it answers to; "" when only the subject names the event
	From      string `json:"from"`                // who wrote it
	Name      string `json:"name,omitempty"`      // as From shows it
	Subject   string `json:"subject,omitempty"`   // in one line
	Text      string `json:"text"`                // without the quoted mail, and with the names of files; at most maxQuestion octets
	HeaderID  string `json:"header_id,omitempty"` // Message-ID of the mail, to answer to
	At        int64  `json:"at"`                  // when it came
}

// maxQuestion is how much of a question is forwarded.
const maxQuestion = 16 << 10

// readQuestion reads a mail in words. Only a person's mail is a question, and only one that belongs to an event.
func readQuestion(mail Mail, m *imip.Message, judged mailauth.Judgement, keys *seal.Keys) Incoming {
	if !judged.Answer || !judged.Authenticated {
		return ignore(ReasonAutomatic)
	}
	q := Question{
		MessageID: strings.ToLower(mail.MessageID), From: judged.Person, Name: cut(oneLine(m.From.Name), maxName),
		Subject: cut(oneLine(m.Subject), maxLine), Text: cut(m.ForwardText(maxQuestion), maxQuestion), HeaderID: m.MessageID, At: mail.Received,
	}
	if q.Text == "" {
		return ignore(ReasonNoWords)
	}
	if q.UID, q.Invited = thread(m, keys); q.UID == "" {
		q.UID = namedEvent(q.Subject)
	}
	if q.UID == "" {
		return ignore(ReasonNamesNothing)
	}
	return Incoming{Action: IncomingQuestion, Question: &q}
}

// thread is the event and the person of the invitation that a mail answers to. The ids of our mails hold the invitation's UID: as
// References, which mail programs hand on, and, where SES did not replace it, at the end of Message-ID.
func thread(m *imip.Message, keys *seal.Keys) (uid, invited string) {
	for _, id := range append([]string{m.InReplyTo}, m.References...) {
		local, _, _ := strings.Cut(id, "@")
		token, err := keys.OpenUID(local[strings.LastIndexByte(local, '.')+1:])
		if err != nil {
			continue
		}
		if invited = known(token.Email); invited == "" && token.Matches(m.From.Email) {
			invited = known(m.From.Email)
		}
		return token.UID, invited
	}
	return "", ""
}

// namedEvent is the first word of a subject that may be an event's uid; "" without one.
func namedEvent(subject string) string {
	for word := range strings.FieldsFuncSeq(subject, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if LooksLikeUID(word) {
			return ownUID(word)
		}
	}
	return ""
}

// Results of Ask.
const (
	QuestionForward = "forward" // the organizer is to get it
	QuestionIgnored = "ignored" // Reason says why
)

// Asked is the outcome of Ask: what the mail to the organizer needs.
type Asked struct {
	Result    string `json:"result"`
	Reason    string `json:"reason,omitempty"`
	Organizer string `json:"organizer,omitempty"` // the event owner's address
	Event     Event  `json:"event"`               // without its calendar
	Name      string `json:"name,omitempty"`      // of who asks
}

// Ask finds out who is to get a question. Who answers to an invitation may ask; where only the subject names the event, known attendees
// alone, since uids stand in public links. It changes nothing. One call.
func (s *Service) Ask(ctx context.Context, q Question) (Asked, error) {
	refuse := func(reason string) (Asked, error) { return Asked{Result: QuestionIgnored, Reason: reason}, nil }
	from := known(q.From)
	if from == "" || s.isOwn(from) {
		return refuse(ReasonOwnAddress)
	}
	found, err := s.store.Answering(ctx, q.UID, []string{from})
	if err != nil {
		return Asked{}, wrap("ask", err)
	}
	if found.Event == nil {
		return refuse(ReasonUnknownEvent)
	}
	attendee, has := found.Attendees[from]
	switch {
	case from == found.Event.MailTo:
		return refuse(ReasonOrganizer)
	case q.Invited == "" && !has:
		return refuse(ReasonUnknownAttendee)
	}
	asked := Asked{Result: QuestionForward, Organizer: found.Event.MailTo, Event: *found.Event, Name: attendee.Name}
	asked.Event.Calendar = nil
	if asked.Name == "" {
		asked.Name = q.Name
	}
	return asked, nil
}
