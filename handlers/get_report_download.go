package handlers

import (
	"context"
	"strings"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/api"
	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/page"
	"github.com/calendarinvite/calendarinviteserver/internal/seal"
)

// fetchTime is how long the address of the file itself works: long enough to start the download.
const fetchTime = 5 * time.Minute

// getReportDownload answers GET /download/{token}: it leads to the file of a report that was too large for its mail. The link in the
// mail expires; the file itself goes away with the bucket's lifecycle.
func getReportDownload(ctx context.Context, a *app.App) any {
	files, keys, pages := a.Blobs(), a.Keys(ctx), a.Pages()
	bucket := a.Settings.Text("MAIL_BUCKET")
	return asPage(a, pages, func(ctx context.Context, request api.Request) (api.Response, error) {
		link, err := openLink(a, keys, seal.Download, request)
		if fault.ReasonOf(err) == reasonLinkExpired {
			return problem(pages, page.ReportExpired), nil
		}
		if err != nil {
			return api.Response{}, err
		}
		name := "attendees.csv"
		if strings.HasPrefix(link.Extra, "reports/bulk/") {
			name = "results.csv"
		}
		target, err := files.Link(ctx, bucket, link.Extra, name, fetchTime)
		if err != nil {
			return api.Response{}, err
		}
		return api.Redirect(target), nil
	})
}
