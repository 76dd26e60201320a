package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
)

// person is somebody at a browser of their own, with cookies of their own. What they do is what a hand does: the mouse, the keys.
type person struct {
	*world
	tab context.Context

	mu         sync.Mutex
	complaints []string // of the browser: errors of scripts, what the policy forbids, what does not load
}

// somebody sits down at a browser, in New York.
func (w *world) somebody() *person {
	w.t.Helper()
	tab, leave := chromedp.NewContext(w.chrome, chromedp.WithNewBrowserContext())
	p := &person{world: w, tab: tab}
	w.t.Cleanup(leave)
	if err := chromedp.Do(tab); err != nil { // opens the tab, which lives as long as this context
		w.t.Fatal(err)
	}
	if err := chromedp.Listen(tab, p.listen); err != nil {
		w.t.Fatal(err)
	}
	p.do(chromedp.EmulateViewport(1280, 900))
	tell(p, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: "America/New_York"})
	tell(p, emulation.SetLocaleOverride, emulation.SetLocaleOverrideParams{Locale: "en-US"})
	p.theme("light")
	return p
}

func (p *person) listen(event any) {
	text := ""
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		text = (&chromedp.ExceptionError{ExceptionDetails: e.ExceptionDetails}).Error()
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Source == log.EntrySourceSecurity {
			text = e.Entry.Text + " " + e.Entry.URL
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			text = fmt.Sprintf("console.%s %v", e.Type, e.Args)
		}
	}
	if text != "" {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.complaints = append(p.complaints, text)
	}
}

// quiet checks that the browser had nothing to complain about since the last look.
func (p *person) quiet() {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, text := range p.complaints {
		p.t.Errorf("the browser complains: %s", text)
	}
	p.complaints = nil
}

// do has the browser do something, for as long as our patience lasts.
func (p *person) do(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.tab, stacktest.Patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		p.t.Fatalf("%v; the page is %s", err, p.page())
	}
}

// tell gives the browser a command.
func tell[P, R any](p *person, command cdp.Command[P, R], params P) R {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.tab, stacktest.Patience)
	defer cancel()
	answer, err := chromedp.Call(ctx, command, params)
	if err != nil {
		p.t.Fatalf("%s: %v", command.Method, err)
	}
	return answer
}

// ask evaluates an expression in the page, and waits if it is a promise.
func ask[T any](p *person, expression string) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.tab, stacktest.Patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("%v: %s", err, expression)
	}
	return value
}

// until waits for a condition in the page, which may be another page by then.
func (p *person) until(what, condition string) {
	p.t.Helper()
	defer func() {
		if p.t.Failed() {
			p.t.Logf("the page is %s", p.page())
		}
	}()
	p.Eventually(what, func() bool {
		holds, err := chromedp.Run(p.tab, chromedp.Evaluate[bool](condition))
		return err == nil && holds
	})
}

// page is what a person could read now, for messages.
func (p *person) page() string {
	ctx, cancel := context.WithTimeout(p.tab, time.Second)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`location.href + "\n" + (document.body?.innerText ?? "")`))
	if err != nil {
		return err.Error()
	}
	return text
}

// opens goes to a page: a path, or a whole address.
func (p *person) opens(address string) {
	p.t.Helper()
	if strings.HasPrefix(address, "/") {
		address = "http://" + p.API + address
	}
	p.do(chromedp.Navigate(address))
}

// sees waits until the texts are to be read on the page.
func (p *person) sees(texts ...string) {
	p.t.Helper()
	for _, text := range texts {
		p.until(fmt.Sprintf("%q on the page", text), "document.body.innerText.includes("+quote(text)+")")
	}
}

// seesNot checks that a text is not to be read.
func (p *person) seesNot(text string) {
	p.t.Helper()
	if ask[bool](p, "document.body.innerText.includes("+quote(text)+")") {
		p.t.Errorf("%q is on the page %s", text, p.page())
	}
}

// find is a script that looks for what somebody could click on or write into, by what it is called. It says where that is, once
// nothing lies over it.
const find = `((kinds, want) => {
	const name = (e) => (e.getAttribute("aria-label") ?? e.innerText).replace(/\s+/g, " ").trim();
	const all = [...document.querySelectorAll(kinds)].map((e) => [name(e), e.control ?? e]).filter(([, e]) => e.checkVisibility({ visibilityProperty: true }));
	const [, e] = all.find(([name]) => name === want) ?? all.find(([name]) => name.startsWith(want)) ?? [];
	if (!e) return null;
	e.scrollIntoView({ block: "center", behavior: "instant" });
	const r = e.getClientRects()[0];
	const [x, y] = [r.left + r.width / 2, r.top + r.height / 2];
	const top = document.elementFromPoint(x, y);
	return e.contains(top) || top?.contains(e) ? { x, y } : null;
})`

type point struct{ X, Y float64 }

// at is where an element is that is called so.
func (p *person) at(kinds, name string) point {
	p.t.Helper()
	var where *point
	p.Eventually(fmt.Sprintf("something to click on that is called %q", name), func() bool {
		found, err := chromedp.Run(p.tab, chromedp.Evaluate[*point](fmt.Sprintf("%s(%s, %s)", find, quote(kinds), quote(name))))
		where = found
		return err == nil && found != nil
	})
	return *where
}

const clickable = "a[href], button, summary, label"

// clicks on what is called so, and stays on the page.
func (p *person) clicks(name string) {
	p.t.Helper()
	at := p.at(clickable, name)
	p.do(chromedp.MouseClickXY(at.X, at.Y))
}

// follows clicks on what is called so, and waits for the page that it leads to.
func (p *person) follows(name string) {
	p.t.Helper()
	at := p.at(clickable, name)
	p.loads(name, chromedp.MouseClickXY(at.X, at.Y))
}

// loads does something that leads to a page, and waits for it.
func (p *person) loads(what string, action chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.tab, stacktest.Patience)
	defer cancel()
	if _, err := chromedp.Run(ctx, chromedp.WaitEvent(page.LoadEventFired, nil, action)); err != nil {
		p.t.Fatalf("%s leads nowhere: %v; the page is %s", what, err, p.page())
	}
}

// writes into the field with the label, in place of what is there.
func (p *person) writes(label, text string) {
	p.t.Helper()
	at := p.at("label", label)
	p.do(chromedp.MouseClickXY(at.X, at.Y), chromedp.Evaluate[chromedp.Void]("document.activeElement.select()"))
	p.enters(text)
}

// enters a text where the cursor is.
func (p *person) enters(text string) {
	p.t.Helper()
	tell(p, input.InsertText, input.InsertTextParams{Text: text})
}

// presses keys, one after the other.
func (p *person) presses(keys ...string) {
	p.t.Helper()
	for _, key := range keys {
		p.do(chromedp.KeyEvent(key))
	}
}

// submits presses Enter, and waits for the page that this leads to.
func (p *person) submits() {
	p.t.Helper()
	p.loads("Enter", chromedp.KeyEvent(kb.Enter))
}

// drops files onto the element.
func (p *person) drops(selector string, files ...string) {
	p.t.Helper()
	at := ask[point](p, `(() => {
		const e = document.querySelector(`+quote(selector)+`);
		e.scrollIntoView({ block: "center", behavior: "instant" });
		const r = e.getBoundingClientRect();
		return { x: r.left + r.width / 2, y: r.top + r.height / 2 };
	})()`)
	for _, kind := range []input.DispatchDragEventType{input.DispatchDragEventTypeDragEnter, input.DispatchDragEventTypeDragOver, input.DispatchDragEventTypeDrop} {
		tell(p, input.DispatchDragEvent, input.DispatchDragEventParams{
			Type: kind, X: at.X, Y: at.Y, Data: &input.DragData{Items: []*input.DragDataItem{}, Files: files, DragOperationsMask: 1},
		})
	}
}

// comesBack is somebody who looks at the page again after having looked elsewhere.
func (p *person) comesBack() {
	p.t.Helper()
	ask[bool](p, `document.dispatchEvent(new Event("visibilitychange"))`)
}

// theme makes pages light or dark.
func (p *person) theme(name string) {
	p.t.Helper()
	tell(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: name}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
}

// quote writes a text as JavaScript does.
func quote(text string) string {
	quoted, _ := json.Marshal(text) // texts always encode
	return string(quoted)
}
