package dashboard

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/api"
	"github.com/calendarinvite/calendarinviteserver/internal/dashboard/view"
	"github.com/calendarinvite/calendarinviteserver/internal/seal"
)

// Config is all that a Site needs.
type Config struct {
	Views  *view.Views
	Seals  *seal.Keys
	Events Events
	Uses   Uses
	Flows  Flows
	Keys   Keys
	Files  Files
	Lists  Lists

	Callers api.Keys // by API Gateway key id

	Workflows map[string]Workflow // by name
	API       string              // base URL of the API, where the guests' links lead
	Create    string              // the mailbox that makes events
	Bulk      string              // the mailbox that takes lists
	Own       []string            // our mailboxes, which nobody can invite

	EventLimit   int      // events of an organizer without a subscription; 0 = any number
	ListLimit    int      // people whom an organizer without the bulk permission may invite on the dashboard, a day
	SignedLinks  bool     // invite links need a token
	LandingHosts []string // hosts that an invite link's landing may name

	Now func() time.Time
	// Fail logs an error that a page hides behind a sentence, once.
	Fail func(ctx context.Context, err error)
	// Note logs what somebody did.
	Note func(ctx context.Context, who Session, did string, about string)
}

// Site is the web site. It is safe for concurrent use.
type Site struct {
	Config
	handler http.Handler
	base    string // path of the API, which all paths of the site are below: the stage, where the API has no domain of its own
}

// New returns the site.
func New(c Config) *Site {
	s := &Site{Config: c}
	if api, err := url.Parse(c.API); err == nil {
		s.base = strings.TrimSuffix(api.Path, "/")
	}
	mux := http.NewServeMux()
	s.routes(mux)
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.problem(w, r, Session{}, view.OtherSite) }))
	s.handler = guard.Handler(mux)
	return s
}

// ServeHTTP implements http.Handler.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// routes are all pages and actions. Who may do what is said here, and nowhere else.
func (s *Site) routes(mux *http.ServeMux) {
	mux.HandleFunc("GET /dashboard/assets/{hash}/{name}", s.asset)
	mux.Handle("GET /dashboard/key", s.anybody(s.key))
	mux.Handle("GET /dashboard/sign-in", s.anybody(s.signIn))
	mux.Handle("POST /dashboard/sign-in", s.anybody(s.askForLink))
	mux.Handle("GET /dashboard/sign-in/{token}", s.anybody(s.confirmSignIn))
	mux.Handle("POST /dashboard/sign-in/{token}", s.anybody(s.useLink))
	mux.Handle("POST /dashboard/sign-out", s.anybody(s.signOut))
	mux.Handle("GET /dashboard", s.anybody(s.home))

	const event = "/dashboard/events/{uid}"
	mux.Handle("GET "+event, s.organizer(s.event))
	mux.Handle("GET "+event+"/live", s.organizer(s.live))
	mux.Handle("GET "+event+"/attendees/{email}", s.organizer(s.attendee))
	mux.Handle("GET "+event+"/attendees.csv", s.organizer(s.download))
	mux.Handle("POST "+event+"/test", s.organizer(s.test))
	mux.Handle("POST "+event+"/again", s.organizer(s.again))
	mux.Handle("POST "+event+"/report", s.organizer(s.report))
	mux.Handle("GET "+event+"/invite", s.organizer(s.invite))
	mux.Handle("POST "+event+"/invite", s.organizer(s.dryRun))
	mux.Handle("POST "+event+"/invite/send", s.organizer(s.sendList))
	mux.Handle("GET "+event+"/share", s.organizer(s.share))
	mux.Handle("GET "+event+"/share/qr.svg", s.organizer(s.qr))
	mux.Handle("GET "+event+"/guests", s.organizer(s.guests))
	mux.Handle("POST "+event+"/guests", s.organizer(s.decideGuest))
	mux.Handle("GET "+event+"/proposals", s.organizer(s.proposals))
	mux.Handle("POST "+event+"/proposals", s.organizer(s.declineProposal))

	mux.Handle("GET /dashboard/system", s.admin(s.system))
	mux.Handle("GET /dashboard/system/organizers", s.admin(s.organizers))
	mux.Handle("GET /dashboard/system/organizers/{email}", s.admin(s.organizerPage))
	mux.Handle("POST /dashboard/system/organizers/{email}", s.admin(s.setStanding))
	mux.Handle("GET /dashboard/system/executions", s.operator(s.executions))
	mux.Handle("GET /dashboard/system/executions/{id}", s.operator(s.execution))
	mux.Handle("/", s.anybody(func(w http.ResponseWriter, r *http.Request, who Session) error {
		s.problem(w, r, who, view.NotFound)
		return nil
	}))
}
