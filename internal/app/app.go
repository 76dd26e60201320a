// Package app builds a step's services from its settings: the one place that knows both the domain and its adapters. A step
// asks for what it needs, and only the settings of that are read.
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/calendarinvite/calendarinviteserver/internal/api"
	"github.com/calendarinvite/calendarinviteserver/internal/config"
	"github.com/calendarinvite/calendarinviteserver/internal/ddbstore"
	"github.com/calendarinvite/calendarinviteserver/internal/eventbus"
	"github.com/calendarinvite/calendarinviteserver/internal/fact"
	"github.com/calendarinvite/calendarinviteserver/internal/maillog"
	"github.com/calendarinvite/calendarinviteserver/internal/s3blob"
	"github.com/calendarinvite/calendarinviteserver/internal/seal"
	"github.com/calendarinvite/calendarinviteserver/internal/secrets"
	"github.com/calendarinvite/calendarinviteserver/internal/sesmail"
	"github.com/calendarinvite/calendarinviteserver/internal/sfnflow"
)

// App gives one step its services.
type App struct {
	Settings *config.Reader
	Log      *maillog.Log

	aws  aws.Config
	errs []error
}

// New returns the App of the step. The log goes to w.
func New(step string, lookup config.Lookup, w io.Writer) *App {
	settings := config.NewReader(lookup)
	a := &App{Settings: settings}
	a.Log = maillog.New(w, a.logLevel(), step)
	a.aws = awsConfig(settings)
	return a
}

// Err is everything that keeps the step from starting: bad settings, and services that could not be built.
func (a *App) Err() error { return errors.Join(append(a.errs, a.Settings.Err())...) }

// fail keeps an error of building a service. What two services find wrong, such as a bad colour, is told once.
func (a *App) fail(doing string, err error) {
	told := func(earlier error) bool { return errors.Unwrap(earlier).Error() == err.Error() }
	if err != nil && !slices.ContainsFunc(a.errs, told) {
		a.errs = append(a.errs, fmt.Errorf("%s: %w", doing, err))
	}
}

func (a *App) logLevel() slog.Level {
	level := slog.LevelInfo
	if name := a.Settings.Optional("LOG_LEVEL"); name != "" {
		if err := level.UnmarshalText([]byte(name)); err != nil {
			a.fail("setting LOG_LEVEL", err)
		}
	}
	return level
}

// awsConfig reads what Lambda puts into every function's environment. The SDK's own search for credentials and shared files is
// left out on purpose: a function has exactly one identity, and starting up without the search is faster.
func awsConfig(settings *config.Reader) aws.Config {
	region := settings.Optional("AWS_REGION")
	if region == "" {
		region = settings.Text("REGION")
	}
	cfg := aws.Config{
		Region: region,
		Credentials: credentials.NewStaticCredentialsProvider(
			settings.Optional("AWS_ACCESS_KEY_ID"), settings.Optional("AWS_SECRET_ACCESS_KEY"), settings.Optional("AWS_SESSION_TOKEN")),
	}
	if endpoint := settings.Optional("AWS_ENDPOINT_URL"); endpoint != "" {
		cfg.BaseEndpoint = &endpoint
	}
	return cfg
}

// Now implements the domain's clocks.
func (a *App) Now() time.Time { return time.Now() }

// Blobs reads objects from S3.
func (a *App) Blobs() *s3blob.Blobs { return s3blob.New(a.aws) }

// Flows starts executions.
func (a *App) Flows() *sfnflow.Flows { return sfnflow.New(a.aws) }

// Facts tells others what happened, on the event bus that EVENT_BUS names.
func (a *App) Facts() fact.Publisher {
	return eventbus.New(a.aws, a.Settings.Text("EVENT_BUS"))
}

// Secrets reads Secrets Manager.
func (a *App) Secrets() *secrets.Store { return secrets.New(a.aws) }

// Secret is the value of the secret that the setting names, read when the step starts.
func (a *App) Secret(ctx context.Context, setting string) []byte {
	name := a.Settings.Text(setting)
	if name == "" {
		return nil
	}
	value, err := a.Secrets().Get(ctx, name)
	if err != nil {
		a.fail("setting "+setting, err)
	}
	return value
}

// Mailer sends through SES.
func (a *App) Mailer() *sesmail.Sender {
	return sesmail.New(a.aws, a.Settings.Optional("CONFIGURATION_SET"))
}

// Store keeps the records in the table that DYNAMODB_TABLE names.
func (a *App) Store() *ddbstore.Store {
	return ddbstore.New(a.aws, a.Settings.Text("DYNAMODB_TABLE"))
}

// Keys are the keys that seal tokens, from the secret that LINK_SIGNING_SECRET names. Reading it is the one call that a step
// makes when it starts.
func (a *App) Keys(ctx context.Context) *seal.Keys {
	secret := a.Secret(ctx, "LINK_SIGNING_SECRET")
	if secret == nil {
		return nil
	}
	keys, err := seal.ParseKeys(secret)
	a.fail("the secret that LINK_SIGNING_SECRET names", err)
	return keys
}

// Callers are the API keys that may call.
func (a *App) Callers() api.Keys {
	keys := api.Keys{}
	a.Settings.JSON("API_KEYS", &keys)
	return keys
}

// Values of INVITE_LINKS.
const (
	LinksOpen    = "open"    // a link invites when it is opened
	LinksConfirm = "confirm" // a page with a button comes first, because mail scanners open links
	LinksSigned  = "signed"  // only links with a token that was sealed for the event, or for the event and the address
)

// InviteLinks is what public invite links need.
func (a *App) InviteLinks() string {
	return a.Settings.Choice("INVITE_LINKS", LinksOpen, LinksConfirm, LinksSigned)
}

// LinkKeys are the Keys where public invite links must be signed (INVITE_LINKS=signed), and nil where they need not be.
func (a *App) LinkKeys(ctx context.Context) *seal.Keys {
	if a.InviteLinks() != LinksSigned {
		return nil
	}
	return a.Keys(ctx)
}
