package app

import (
	"github.com/calendarinvite/calendarinviteserver/internal/imip"
	"github.com/calendarinvite/calendarinviteserver/internal/notify"
)

// Notifier sends the organizer mails.
func (a *App) Notifier() *notify.Notifier {
	domain := a.Settings.Text("DOMAIN")
	settings := notify.Settings{
		Brand:  a.Brand(),
		Create: "create@" + domain,
		Bulk:   "bulk@" + domain,
		Bucket: a.Settings.Text("TEMPLATE_BUCKET"),
	}
	if subject := a.Settings.Optional("SUBJECT"); subject != "" {
		settings.Subjects = map[notify.Kind]string{notify.KindNewEvent: subject}
	}
	writer, err := notify.New(settings, a.Blobs())
	a.fail("the organizer mails", err)
	return &notify.Notifier{
		Writer: writer,
		Claims: a.Store(),
		Mailer: a.Mailer(),
		Sender: imip.Address{Name: settings.Brand.Name, Email: a.Settings.Address("SYSTEM_EMAIL")},
		Cap:    a.Settings.Count("ANSWER_CAP"),
	}
}
