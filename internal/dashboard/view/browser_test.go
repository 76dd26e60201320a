package view

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

var screenshots = flag.String("screenshots", "", "a directory to write a picture of every page to")

// web is where npm puts what the pages are tested with.
var web = filepath.Join("..", "..", "..", "web")

// site serves drawings under /NAME as the dashboard would, with its headers.
type site struct {
	*httptest.Server
	views *Views
	mu    sync.Mutex
	pages map[string]page
	live  func() Live // nil = none
	mute  bool        // the script is empty
}

func newSite(t *testing.T, pages ...drawing) *site {
	t.Helper()
	s := &site{views: views(t), pages: map[string]page{}}
	for _, d := range pages {
		s.pages[d.name] = d.page
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+Root+"/assets/{hash}/{name}", func(w http.ResponseWriter, r *http.Request) {
		body, contentType, ok := s.views.Asset(r.PathValue("name"))
		if !ok || r.URL.Path != s.views.AssetPath(r.PathValue("name")) {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", contentType)
		if !s.mute || r.PathValue("name") != scriptName {
			_, _ = w.Write(body)
		}
	})
	mux.HandleFunc("GET "+Root+"/events/{uid}/share/qr.svg", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "image/svg+xml")
		fmt.Fprint(w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h3v3H0zM6 0h3v3H6zM0 6h3v3H0zM4 4h1v1H4zM6 6h1v1H6zM8 8h1v1H8zM4 7h1v1H4z"/></svg>`)
	})
	mux.HandleFunc("GET "+Root+"/events/{uid}/live", func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.live == nil {
			http.NotFound(w, r)
			return
		}
		_ = json.NewEncoder(w).Encode(s.live())
	})
	mux.HandleFunc("GET /{name}", func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		page, ok := s.pages[r.PathValue("name")]
		s.mu.Unlock()
		if !ok {
			http.NotFound(w, r)
			return
		}
		name, _, _ := strings.Cut(r.PathValue("name"), ".")
		drawn, err := s.views.draw(name, page)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		for name, value := range Headers() {
			w.Header().Set(name, value)
		}
		_, _ = w.Write(drawn)
	})
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

// show changes a page, and what is told to those who look at it.
func (s *site) show(name string, p page, live func() Live) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pages[name], s.live = p, live
}

// browser starts Chromium, or skips the test where there is none. What pages complain about goes to complain.
func browser(t *testing.T, zone, locale string, complain func(string)) context.Context {
	t.Helper()
	if testing.Short() {
		t.Skip("no browser in a short run")
	}
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			program = path
			break
		}
	}
	if program == "" {
		t.Skip("no Chromium here")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.UserDataDir(t.TempDir()), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.WSURLReadTimeout(2*time.Minute))
	allocator, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	tab, closeTab := chromedp.NewContext(allocator)
	t.Cleanup(closeTab)
	if err := chromedp.Do(tab); err != nil {
		t.Fatalf("start Chromium: %v", err)
	}
	err := chromedp.Listen(tab, func(event any) {
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			complain((&chromedp.ExceptionError{ExceptionDetails: e.ExceptionDetails}).Error())
		case *log.EventEntryAdded:
			if e.Entry.Level == log.EntryLevelError {
				complain(e.Entry.Text + " " + e.Entry.URL)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	call(tab, t, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: zone})
	call(tab, t, emulation.SetLocaleOverride, emulation.SetLocaleOverrideParams{Locale: locale})
	return tab
}

// call gives the browser a command.
func call[P, R any](tab context.Context, t *testing.T, command cdp.Command[P, R], params P) {
	t.Helper()
	if _, err := chromedp.Call(tab, command, params); err != nil {
		t.Fatalf("%s: %v", command.Method, err)
	}
}

// ask evaluates an expression in the page, and waits if it is a promise.
func ask[T any](tab context.Context, t *testing.T, expression string) T {
	t.Helper()
	value, err := chromedp.Run(tab, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// theme makes pages light or dark.
func theme(tab context.Context, t *testing.T, name string) {
	t.Helper()
	call(tab, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: name}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
}

// Every page in both themes at three widths: axe-core finds nothing serious, nothing stands out at the side, the policy of the headers is kept, and no script fails.
func TestPagesInABrowser(t *testing.T) {
	axe, err := os.ReadFile(filepath.Join(web, "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Skip("no axe-core here: run npm ci in web")
	}
	if *screenshots != "" {
		if err := os.MkdirAll(*screenshots, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	var mu sync.Mutex
	var complaints []string
	tab := browser(t, "America/New_York", "en-US", func(text string) {
		mu.Lock()
		defer mu.Unlock()
		complaints = append(complaints, text)
	})
	all := shown()
	s := newSite(t, all...)
	s.live = sampleEvent().Live
	for _, d := range all {
		t.Run(d.name, func(t *testing.T) {
			widths := map[string][]int64{"light": {1280, 768, 360}, "dark": {1280, 768, 360}}
			if strings.Contains(d.name, ".") && *screenshots == "" { // another state of a page that is looked at in full
				widths = map[string][]int64{"light": {360}, "dark": {1280}}
			}
			for _, mode := range []string{"light", "dark"} {
				theme(tab, t, mode)
				if err := chromedp.Do(tab, chromedp.EmulateViewport(1280, 900), chromedp.Navigate(s.URL+"/"+d.name), chromedp.Evaluate[chromedp.Void](string(axe))); err != nil {
					t.Fatal(err)
				}
				for _, width := range widths[mode] {
					look(tab, t, d.name, mode, width)
				}
			}
			mu.Lock()
			defer mu.Unlock()
			for _, c := range complaints {
				t.Error(c)
			}
			complaints = nil
		})
	}
}

// shown are the drawings that look different from each other.
func shown() (list []drawing) {
	for _, d := range drawings() {
		if !strings.HasPrefix(d.name, "problem.") || d.name == "problem.link-used" || d.name == "problem.signed_in" {
			list = append(list, d)
		}
	}
	return list
}

// look examines the page that is open, at one width.
func look(tab context.Context, t *testing.T, name, mode string, width int64) {
	t.Helper()
	if err := chromedp.Do(tab, chromedp.EmulateViewport(width, 900)); err != nil {
		t.Fatal(err)
	}
	ask[bool](tab, t, `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))`) // the charts follow the new width
	wide := ask[string](tab, t, `(() => {
		const right = document.documentElement.clientWidth;
		if (document.documentElement.scrollWidth <= right) return "";
		return [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > right + 1).map((e) => e.outerHTML.slice(0, 120)).slice(-3).join("\n") || "the page";
	})()`)
	if wide != "" {
		t.Errorf("%s at %d: stands out at the side: %s", mode, width, wide)
	}
	for _, v := range ask[[]violation](tab, t, `axe.run(document, {resultTypes: ["violations"]}).then((r) => r.violations.map(
		({id, impact, help, nodes}) => ({id, impact, help, html: nodes[0].html, summary: nodes[0].failureSummary})))`) {
		if v.Impact == "serious" || v.Impact == "critical" {
			t.Errorf("%s at %d: %s", mode, width, v)
		} else {
			t.Logf("%s at %d: %s", mode, width, v)
		}
	}
	if *screenshots != "" {
		picture, err := chromedp.Run(tab, chromedp.FullScreenshot(100))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(*screenshots, fmt.Sprintf("%s-%s-%d.png", name, mode, width)), picture, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// violation is what axe-core says of a page, with the first element that it is about.
type violation struct{ ID, Impact, Help, HTML, Summary string }

func (v violation) String() string {
	return fmt.Sprintf("%s (%s): %s\n%s\n%s", v.ID, v.Impact, v.Help, v.HTML, v.Summary)
}
