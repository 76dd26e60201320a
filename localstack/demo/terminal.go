package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode/utf8"
)

// terminal writes what a person watches: one line for each step, while it runs and when it is done.
type terminal struct {
	w     io.Writer
	live  bool // the line of a running step can be written over
	color bool
}

// newTerminal writes to f, in colour and with running lines if somebody watches (https://no-color.org).
func newTerminal(f *os.File) *terminal {
	live := interactive(f)
	return &terminal{w: f, live: live, color: live && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
}

// Styles are ANSI SGR codes.
const (
	bold   = "1"
	faint  = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
	blue   = "36"
)

func (t *terminal) paint(style, text string) string {
	if !t.color {
		return text
	}
	return "\x1b[" + style + "m" + text + "\x1b[0m"
}

func (t *terminal) title(text string) {
	fmt.Fprintf(t.w, "\n  %s\n\n", t.paint(bold, text))
}

func (t *terminal) note(text string) { fmt.Fprintf(t.w, "\n  %s\n\n", t.paint(faint, text)) }

// stepWidth is the column at which a step's time stands.
const stepWidth = 72

// step runs a step of the story and says how it went: what was done, what came of it, how long it took.
func (t *terminal) step(what string, do func() (result string, err error)) error {
	if t.live {
		fmt.Fprintf(t.w, "  %s %s", t.paint(yellow, "•"), what)
	}
	begin := time.Now()
	result, err := do()
	if t.live {
		fmt.Fprint(t.w, "\r\x1b[K")
	}
	if err != nil {
		fmt.Fprintf(t.w, "  %s %s\n", t.paint(red, "✗"), what)
		return err
	}
	pad := strings.Repeat(" ", max(1, stepWidth-utf8.RuneCountInString(what)))
	fmt.Fprintf(t.w, "  %s %s%s%s\n", t.paint(green, "✓"), what, pad, t.paint(faint, fmt.Sprintf("%6s", short(time.Since(begin)))))
	if result != "" {
		fmt.Fprintf(t.w, "    %s\n", t.paint(faint, result))
	}
	return nil
}

func short(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

func (t *terminal) failure(err error) {
	fmt.Fprintf(t.w, "\n  %s %s\n\n", t.paint(red, "The demo failed:"), strings.ReplaceAll(err.Error(), "\n", "\n    "))
}

// table writes rows of a name and a number, each with a bar.
func (t *terminal) table(heading string, rows []row) {
	fmt.Fprintf(t.w, "\n  %s\n\n", t.paint(bold, heading))
	for _, r := range rows {
		bar := strings.Repeat("█", r.n*6)
		fmt.Fprintf(t.w, "    %-10s %3d  %s\n", r.name, r.n, t.paint(r.style, bar))
	}
}

type row struct {
	name  string
	n     int
	style string
}

// links writes addresses to look at.
func (t *terminal) links(links [][2]string) {
	fmt.Fprintf(t.w, "\n  %s\n\n", t.paint(bold, "Look at it"))
	for _, l := range links {
		fmt.Fprintf(t.w, "    %-38s %s\n", l[0], t.paint(blue, l[1]))
	}
}
