package view

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// become waits until an expression is true in the page.
func become(tab context.Context, t *testing.T, expression string) {
	t.Helper()
	ask[bool](tab, t, fmt.Sprintf(`new Promise((done, fail) => {
		const began = Date.now();
		const look = () => (%s) ? done(true) : Date.now() - began > 120_000 ? fail(new Error(%q)) : setTimeout(look, 50);
		look();
	})`, expression, "never: "+expression))
}

func do(tab context.Context, t *testing.T, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(tab, steps...); err != nil {
		t.Fatal(err)
	}
}

// What the script adds to the pages, for a reader in Tokyo who writes numbers as in German.
func TestScript(t *testing.T) {
	tab := browser(t, "Asia/Tokyo", "de-DE", func(text string) { t.Error(text) })
	event := sampleEvent()
	s := newSite(t, drawing{"event", event}, drawing{"dry_run", sampleDryRun()}, drawing{"invite", Invite{Frame: ada(), Occasion: occasion(), Left: -1}},
		drawing{"share", sampleShare()}, drawing{"events", sampleEvents()}, drawing{"proposals", sampleProposals()})
	s.live = event.Live
	do(tab, t, chromedp.EmulateViewport(1280, 900))

	t.Run("the reader's zone and numbers", func(t *testing.T) {
		do(tab, t, chromedp.Navigate(s.URL+"/event"))
		if got := ask[string](tab, t, `document.querySelector(".viewer").textContent`); !strings.HasPrefix(got, "Your time: Do., 26. März") || !strings.Contains(got, "18:00") {
			t.Errorf("the reader's time is %q", got)
		}
		if got := ask[string](tab, t, `document.querySelector("[data-count=sent]").textContent`); got != "9.836" {
			t.Errorf("a number is %q", got)
		}
		if got := ask[string](tab, t, `document.querySelector("#attendees time").textContent`); got != "03.03.2026, 16:00" {
			t.Errorf("a date is %q", got)
		}
	})
	t.Run("the chart", func(t *testing.T) {
		do(tab, t, chromedp.Navigate(s.URL+"/event"))
		become(tab, t, `!!document.querySelector(".drawn canvas")`)
		box := ask[struct{ Right, Top float64 }](tab, t, `(() => {
			const over = document.querySelector(".u-over");
			over.scrollIntoView({block: "center"});
			const {right, top} = over.getBoundingClientRect();
			return {right, top};
		})()`)
		do(tab, t, chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, box.Right-40, box.Top+20), chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, box.Right-2, box.Top+20))
		become(tab, t, `document.querySelector("[data-readout]").textContent.includes("Yes 5.213")`)
	})
	t.Run("a search at the stroke of a key", func(t *testing.T) {
		do(tab, t, chromedp.KeyEvent("/"))
		become(tab, t, `document.activeElement.id === "q"`)
	})
	t.Run("a menu closes", func(t *testing.T) {
		do(tab, t, chromedp.Navigate(s.URL+"/events"), chromedp.Click(chromedp.CSS("details.menu > summary")))
		become(tab, t, `document.querySelector("details.menu").open`)
		do(tab, t, chromedp.KeyEvent(kb.Escape))
		become(tab, t, `!document.querySelector("details.menu").open`)
	})
	t.Run("the tabs of an event on a phone", func(t *testing.T) {
		do(tab, t, chromedp.EmulateViewport(360, 800), chromedp.Navigate(s.URL+"/event"))
		if over := ask[int](tab, t, `(({scrollWidth, clientWidth}) => scrollWidth - clientWidth)(document.querySelector(".tabs"))`); over > 0 {
			t.Errorf("the tabs are %d pixels too wide", over)
		}
		do(tab, t, chromedp.EmulateViewport(240, 800), chromedp.Navigate(s.URL+"/proposals"))
		if !ask[bool](tab, t, `document.querySelector(".tabs [aria-current]").getBoundingClientRect().right <= document.documentElement.clientWidth`) {
			t.Error("the current tab is out of sight")
		}
		do(tab, t, chromedp.EmulateViewport(1280, 900))
	})
	t.Run("copy buttons", func(t *testing.T) {
		do(tab, t, chromedp.Navigate(s.URL+"/share"), chromedp.Click(chromedp.CSS(`[data-copy="link"]`)))
		become(tab, t, `["Copied", "Press Ctrl C"].includes(document.querySelector('[data-copy="link"]').textContent)`)
	})
	t.Run("only what is not sent", func(t *testing.T) {
		do(tab, t, chromedp.Navigate(s.URL+"/dry_run"), chromedp.Click(chromedp.CSS("[data-only-bad]")))
		become(tab, t, `[...document.querySelectorAll("tbody tr")].filter((row) => row.checkVisibility()).length === 6`)
	})
	t.Run("a chosen file", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "spring.csv")
		if err := os.WriteFile(path, []byte("email,name\ngrace@example.com,Grace\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		do(tab, t, chromedp.Navigate(s.URL+"/invite"), chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{path}))
		become(tab, t, `document.querySelector("#file_hint").textContent === "spring.csv: 2 lines"`)
	})
	t.Run("numbers follow a run", func(t *testing.T) {
		running := sampleEvent()
		running.Progress = &Progress{Done: 10, Total: 1000}
		s.show("event", running, running.Live)
		do(tab, t, chromedp.Navigate(s.URL+"/event"))
		further := running
		further.Progress, further.Answers.Accepted = &Progress{Done: 500, Total: 1000}, 6000
		s.show("event", running, further.Live)
		become(tab, t, `document.querySelector("progress").value === 500 && document.querySelector("[data-count=accepted]").textContent === "6.000"`)
		if got := ask[string](tab, t, `document.querySelector("[data-share=progress_done]").textContent`); got != "50%" {
			t.Errorf("the share is %q", got)
		}
		done := further
		done.Progress, done.Attendees = nil, Attendees{Items: []AttendeeRow{{Name: "Somebody new", Email: "new@example.com"}}}
		s.show("event", done, done.Live)
		become(tab, t, `!document.querySelector("progress") && document.querySelector("#attendees").textContent.includes("Somebody new")`)
		become(tab, t, `document.querySelector(".drawn canvas")`)
	})
	t.Run("the picture follows the answers", func(t *testing.T) {
		nobody := sampleEvent()
		nobody.Answers, nobody.Series, nobody.Occasion.Held = Answers{}, nil, 0
		nobody.Progress = &Progress{} // asks every two seconds
		s.show("event", nobody, nobody.Live)
		do(tab, t, chromedp.Navigate(s.URL+"/event"))
		if ask[bool](tab, t, `!!document.querySelector("#attendees") || document.querySelector("[data-count=held]").checkVisibility()`) {
			t.Error("there are guests before the first")
		}
		first := sampleEvent()
		first.Progress, first.Answers, first.Attendees, first.Occasion.Held = nobody.Progress, Answers{Accepted: 1, NoAction: 9}, Attendees{Items: []AttendeeRow{{Name: "The first", Email: "first@example.com"}}}, 7
		s.show("event", first, first.Live)
		become(tab, t, `document.querySelector("#attendees")?.textContent.includes("The first") && document.querySelectorAll(".drawn canvas").length === 1`)
		become(tab, t, `document.querySelector("[data-count=held]").checkVisibility() && document.querySelector("[data-count=held]").textContent === "7"`)
		second := first
		second.Answers, second.Attendees = Answers{Accepted: 2, NoAction: 8}, Attendees{Items: []AttendeeRow{{Name: "The second", Email: "second@example.com"}}}
		do(tab, t, chromedp.Evaluate[chromedp.Void](`document.querySelector("#q").focus()`))
		s.show("event", second, second.Live)
		become(tab, t, `document.querySelector("[data-count=accepted]").textContent === "2"`)
		if ask[bool](tab, t, `document.querySelector("#attendees").textContent.includes("The second")`) {
			t.Error("the table was drawn anew where the reader types")
		}
		do(tab, t, chromedp.Evaluate[chromedp.Void](`document.querySelector("#q").blur()`))
		become(tab, t, `document.querySelector("#attendees").textContent.includes("The second") && document.querySelectorAll(".drawn canvas").length === 1`)
	})
}

// Without the script the server's drawing of the chart is there, and no button that would do nothing.
func TestWithoutScript(t *testing.T) {
	tab := browser(t, "Asia/Tokyo", "de-DE", func(text string) { t.Error(text) })
	s := newSite(t, drawing{"event", sampleEvent()}, drawing{"share", sampleShare()}, drawing{"dry_run", sampleDryRun()})
	s.mute = true
	do(tab, t, chromedp.EmulateViewport(1280, 900), chromedp.Navigate(s.URL+"/event"))
	if height := ask[float64](tab, t, `document.querySelector(".plot svg").getBoundingClientRect().height`); height < 100 {
		t.Errorf("the chart is %v high", height)
	}
	if got := ask[string](tab, t, `document.querySelector("[data-count=sent]").textContent`); got != "9,836" {
		t.Errorf("a number is %q", got)
	}
	for _, page := range []string{"event", "share", "dry_run"} {
		do(tab, t, chromedp.Navigate(s.URL+"/"+page))
		if dead := ask[int](tab, t, `[...document.querySelectorAll("[data-copy], [data-only], .viewer")].filter((e) => e.checkVisibility()).length`); dead > 0 {
			t.Errorf("%s has %d parts that do nothing without the script", page, dead)
		}
	}
}
