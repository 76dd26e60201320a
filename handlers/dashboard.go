package handlers

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/awslabs/aws-lambda-go-api-proxy/httpadapter"

	"github.com/calendarinvite/calendarinviteserver/internal/api"
	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/bulk"
	"github.com/calendarinvite/calendarinviteserver/internal/dashboard"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/gatewaykey"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/maillog"
	"github.com/calendarinvite/calendarinviteserver/internal/s3blob"
)

// dashboardSite serves /dashboard and all below it: the pages of organizers and administrators.
func dashboardSite(ctx context.Context, a *app.App) any {
	domain := a.Settings.Text("DOMAIN")
	config := dashboard.Config{
		Views: a.Views(), Seals: a.Keys(ctx), Events: a.Host(ctx), Uses: a.Store(), Flows: a.Flows(), Callers: a.Callers(),
		API: a.Settings.URL("API_URL"), Create: "create@" + domain, Bulk: "bulk@" + domain, Own: a.OwnAddresses(),
		EventLimit: a.Settings.Count("EVENT_LIMIT"), ListLimit: a.Settings.Count("DASHBOARD_LIST_LIMIT"), LandingHosts: a.Settings.List("LANDING_HOSTS"),
		SignedLinks: a.InviteLinks() == app.LinksSigned, Now: a.Now,
		Fail: func(ctx context.Context, err error) { a.Log.Fail(ctx, err) },
		Note: func(ctx context.Context, who dashboard.Session, did, about string) {
			a.Log.Note(ctx, maillog.Acted, slog.String("did", did), slog.Bool("admin", who.Admin), slog.String("about", maillog.MaskText(about)), maillog.Address("who", who.Email))
		},
	}
	config.Keys = gatewaykey.Owners{API: config.API, Client: &http.Client{Timeout: 10 * time.Second}}
	a.Settings.JSON("WORKFLOWS", &config.Workflows)
	files := siteFiles{blobs: a.Blobs(), bucket: a.Settings.Text("MAIL_BUCKET")}
	config.Files = files
	config.Lists = siteLists{flows: a.Flows(), machine: config.Workflows["bulk-invites"].ARN, bucket: files.bucket, concurrency: a.Settings.Count("BULK_CONCURRENCY")}
	site := dashboard.New(config)
	adapter := httpadapter.New(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Host = r.Header.Get("Host") // what the browser asked; the adapter makes one up
		defer func() {
			if panicked := recover(); panicked != nil {
				a.Log.Fail(r.Context(), fault.Wrap(fault.Internal, "panic", fmt.Errorf("%v\n%s", panicked, debug.Stack())))
				http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
			}
		}()
		site.ServeHTTP(w, r)
	}))
	return func(ctx context.Context, request api.Request) (api.Response, error) {
		return adapter.ProxyWithContext(ctx, request)
	}
}

// siteFiles implements dashboard.Files in the mail bucket.
type siteFiles struct {
	blobs  *s3blob.Blobs
	bucket string
}

func (f siteFiles) Create(ctx context.Context, key, contentType string) dashboard.Upload {
	return f.blobs.Create(ctx, f.bucket, key, contentType)
}

func (f siteFiles) Link(ctx context.Context, key, name string, valid time.Duration) (string, error) {
	return f.blobs.Link(ctx, f.bucket, key, name, valid)
}

// siteLists implements dashboard.Lists by the workflow that sends the lists of mails too.
type siteLists struct {
	flows interface {
		Start(ctx context.Context, machineARN, name string, input any) error
	}
	machine     string
	bucket      string
	concurrency int
}

func (l siteLists) Send(ctx context.Context, list dashboard.List) error {
	stored := bulk.StoredAs(list.ID)
	return l.flows.Start(ctx, l.machine, list.ID, BulkRead{
		Action: actionSend, Mail: invite.Mail{MessageID: list.ID, Tenant: list.Owner.Tenant, Received: list.At},
		Sender: Correspondent{Email: list.Owner.Email, Answer: true}, Owner: list.Owner, Origin: invite.OriginDashboard, Again: list.Again,
		Bucket: l.bucket, Accepted: stored.Accepted, Rejected: stored.Rejected, Results: stored.Results, Concurrency: l.concurrency,
		Rows: list.Rows, File: list.File,
	})
}
