package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// terminal writes what a person watches: one line for each step, while it runs and when it is done.
type terminal struct {
	w     io.Writer
	live  bool // the line of a running step can be written over
	color bool
	what  string // the running step
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
	fmt.Fprintf(t.w, "\n  %s\n", t.paint(bold, text))
}

// chapter begins a part of the story.
func (t *terminal) chapter(number int, title, about string) {
	fmt.Fprintf(t.w, "\n  %s %s\n    %s\n\n", t.paint(blue, strconv.Itoa(number)), t.paint(bold, title), t.paint(faint, about))
}

// note writes lines beside the story.
func (t *terminal) note(lines ...string) {
	fmt.Fprintln(t.w)
	for _, line := range lines {
		fmt.Fprintf(t.w, "  %s\n", t.paint(faint, line))
	}
	fmt.Fprintln(t.w)
}

// end says that the story is over.
func (t *terminal) end(text string) {
	fmt.Fprintf(t.w, "\n  %s\n", t.paint(green, text))
}

// stepWidth is how wide the name of a step may be. A step's line then has 78 columns with its time, and 80 are most terminals' width.
const stepWidth = 68

// step runs a step of the story and says how it went: what was done, what came of it (some lines), how long it took.
func (t *terminal) step(what string, do func() (result string, err error)) error {
	t.what = what
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
		for line := range strings.Lines(result) {
			fmt.Fprintf(t.w, "    %s\n", t.paint(faint, strings.TrimSpace(line)))
		}
	}
	return nil
}

// progress shows how far the running step is.
func (t *terminal) progress(done, all int) {
	if t.live && all > 0 {
		fmt.Fprintf(t.w, "\r\x1b[K  %s %s  %s", t.paint(yellow, "•"), t.what, t.paint(faint, count(done)+" of "+count(all)))
	}
}

func short(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

// count writes a number with commas between thousands.
func count(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

func (t *terminal) failure(err error) {
	fmt.Fprintf(t.w, "\n  %s %s\n\n", t.paint(red, "The demo failed:"), strings.ReplaceAll(err.Error(), "\n", "\n    "))
}

// barWidth is the length of the longest bar of a table.
const barWidth = 48

// table writes rows of a name and a number, each with a bar in proportion to the greatest. What is not nothing has a bar.
func (t *terminal) table(heading string, rows []row) {
	fmt.Fprintf(t.w, "\n    %s\n\n", t.paint(bold, heading))
	greatest := 1
	for _, r := range rows {
		greatest = max(greatest, r.n)
	}
	for _, r := range rows {
		fmt.Fprintf(t.w, "    %-10s %6s", r.name, count(r.n))
		if bar := strings.Repeat("█", (r.n*barWidth+greatest-1)/greatest); bar != "" {
			fmt.Fprint(t.w, "  ", t.paint(r.style, bar))
		}
		fmt.Fprintln(t.w)
	}
}

type row struct {
	name  string
	n     int
	style string
}

// links writes addresses to look at.
func (t *terminal) links(links [][2]string) {
	fmt.Fprintf(t.w, "\n  %s\n", t.paint(bold, "Look at it"))
	for _, l := range links {
		fmt.Fprintf(t.w, "    %-14s %s\n", l[0], t.paint(blue, l[1]))
	}
	fmt.Fprintln(t.w)
}
