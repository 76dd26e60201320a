package handlers

import (
	"context"
	"net/url"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/imip"
	"github.com/calendarinvite/calendarinviteserver/internal/seal"
)

// maxAttached is the size of a report that is still attached to its mail, in bytes; a larger one is fetched by a link.
const maxAttached = 5 << 20

// downloadTime is how long that link works.
const downloadTime = 7 * 24 * time.Hour

// reportFiles keeps the files of reports, which are attached to mails or fetched by sealed links.
type reportFiles struct {
	objects
	bucket string
	api    string
	keys   *seal.Keys
}

func newReportFiles(ctx context.Context, a *app.App) reportFiles {
	return reportFiles{objects: blobs(a), bucket: a.Settings.Text("MAIL_BUCKET"), api: a.Settings.URL("API_URL"), keys: a.Keys(ctx)}
}

// enclosed is a report's file as its mail brings it: attached, or as a link.
type enclosed struct {
	attachments []imip.Attachment
	link        string
	until       time.Time
}

// enclose attaches the stored file, or, where it is too large, makes the link to it.
func (r reportFiles) enclose(ctx context.Context, key, name string, size int64, at time.Time) (enclosed, error) {
	if size > maxAttached {
		until := at.Add(downloadTime)
		token := r.keys.Link(seal.Link{Purpose: seal.Download, Extra: key, Expires: until.Unix()})
		return enclosed{link: r.api + "/download/" + url.PathEscape(token), until: until}, nil
	}
	body, err := r.Get(ctx, r.bucket, key)
	if err != nil {
		return enclosed{}, err
	}
	return enclosed{attachments: []imip.Attachment{{Filename: name, Type: "text/csv; charset=UTF-8", Body: body}}}, nil
}
