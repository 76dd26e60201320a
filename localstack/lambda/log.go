package lambda

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
)

const (
	ringSize   = 500      // lines kept in memory per function
	tailSize   = 40       // lines that come with a Result
	logLimit   = 16 << 20 // bytes; a longer log file is set aside when the stack starts
	lineLimit  = 64 << 10 // bytes; longer output without a line break is cut into lines
	oldLogName = ".old"
)

// functionLog is what all processes of one function write: a file and the last lines of it.
type functionLog struct {
	path string
	mu   sync.Mutex
	file *os.File // opened with the first line
	bad  bool     // the file could not be written: said once
	ring []string
}

func newLog(path string) *functionLog { return &functionLog{path: path} }

func (l *functionLog) write(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.ring) >= 2*ringSize {
		l.ring = append(l.ring[:0], l.ring[len(l.ring)-ringSize:]...)
	}
	l.ring = append(l.ring, line)
	if err := l.toFile(line); err != nil && !l.bad {
		l.bad = true
		slog.Warn("local stack: a function's log cannot be written", "file", l.path, "error", err)
	}
}

func (l *functionLog) toFile(line string) error {
	if l.file == nil {
		if info, err := os.Stat(l.path); err == nil && info.Size() > logLimit {
			if err := os.Rename(l.path, l.path+oldLogName); err != nil {
				return err
			}
		}
		if err := os.MkdirAll(filepath.Dir(l.path), 0o755); err != nil {
			return err
		}
		f, err := os.OpenFile(l.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		if err != nil {
			return err
		}
		l.file = f
	}
	_, err := l.file.WriteString(line + "\n")
	return err
}

func (l *functionLog) tail(n int) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.ring[max(0, len(l.ring)-n):]...)
}

func (l *functionLog) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return nil
	}
	err := l.file.Close()
	l.file = nil
	return err
}

// lineWriter cuts one process's output into lines.
type lineWriter struct {
	log  *functionLog
	mu   sync.Mutex
	rest []byte
	last []string // since reset
}

func (w *lineWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rest = append(w.rest, p...)
	for {
		end := bytes.IndexByte(w.rest, '\n')
		if end < 0 && len(w.rest) < lineLimit {
			return len(p), nil
		}
		if end < 0 {
			w.line(w.rest)
			w.rest = w.rest[:0]
			return len(p), nil
		}
		w.line(w.rest[:end])
		w.rest = append(w.rest[:0], w.rest[end+1:]...)
	}
}

func (w *lineWriter) line(b []byte) {
	line := string(bytes.TrimSuffix(b, []byte("\r")))
	w.last = append(w.last, line)
	if len(w.last) > tailSize {
		w.last = w.last[1:]
	}
	w.log.write(line)
}

// flush writes what came without a line break.
func (w *lineWriter) flush() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.rest) > 0 {
		w.line(w.rest)
		w.rest = nil
	}
}

func (w *lineWriter) reset() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last = nil
}

func (w *lineWriter) lines() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.last...)
}
