package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

type note struct{ Text string }

func mustOpen(t *testing.T, dir string) *DB {
	t.Helper()
	db, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func TestBucket(t *testing.T) {
	db := mustOpen(t, t.TempDir())
	b := db.Bucket("notes")

	var n note
	if found, err := b.Get("none", &n); found || err != nil {
		t.Fatalf("Get of a missing key = %v, %v", found, err)
	}
	if err := b.Put("a/1", note{"one"}); err != nil {
		t.Fatal(err)
	}
	if err := b.Put("b/2", note{"two"}); err != nil {
		t.Fatal(err)
	}
	if found, err := b.Get("a/1", &n); !found || err != nil || n.Text != "one" {
		t.Fatalf("Get = %v, %v, %v", n, found, err)
	}
	var keys []string
	if err := Each(b, "a/", func(key string, v note) error { keys = append(keys, key+"="+v.Text); return nil }); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(keys, " "); got != "a/1=one" {
		t.Fatalf("Each = %q", got)
	}
	if err := b.Delete("a/1"); err != nil {
		t.Fatal(err)
	}
	if got := b.Len(); got != 1 {
		t.Fatalf("Len = %d", got)
	}
}

func TestSequenceSurvivesClearAndRestart(t *testing.T) {
	dir := t.TempDir()
	db := mustOpen(t, dir)
	b := db.Bucket("log")
	if first, err := b.Append(note{"x"}, note{"y"}); first != 1 || err != nil {
		t.Fatalf("Append = %d, %v", first, err)
	}
	if err := b.Clear(); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = mustOpen(t, dir)
	if first, err := db.Bucket("log").Append(note{"z"}); first != 3 || err != nil {
		t.Fatalf("Append after Clear and restart = %d, %v; want 3", first, err)
	}
	if n, ok := SeqOf(SeqKey(300)); !ok || n != 300 {
		t.Fatalf("SeqOf = %d, %v", n, ok)
	}
}

func TestUpdateIsAllOrNothing(t *testing.T) {
	db := mustOpen(t, t.TempDir())
	stop := errors.New("stop")
	err := db.Update(func(tx *Tx) error {
		if err := tx.Put("a", "k", note{"half"}); err != nil {
			return err
		}
		return stop
	})
	if !errors.Is(err, stop) {
		t.Fatalf("Update = %v", err)
	}
	if found, _ := db.Bucket("a").Get("k", &note{}); found {
		t.Fatal("a write of a failed transaction lasted")
	}
}

func TestForEachPagesAndLetsWriters(t *testing.T) {
	db := mustOpen(t, t.TempDir())
	b := db.Bucket("many")
	for i := range 600 {
		if err := b.Put(fmt.Sprintf("%04d", i), i); err != nil {
			t.Fatal(err)
		}
	}
	seen := 0
	err := b.ForEach("", func(key string, _ json.RawMessage) error {
		seen++
		return b.Delete(key)
	})
	if err != nil || seen != 600 || b.Len() != 0 {
		t.Fatalf("seen %d, left %d, %v", seen, b.Len(), err)
	}
}

func TestSecondOpenIsRefused(t *testing.T) {
	dir := t.TempDir()
	mustOpen(t, dir)
	_, err := Open(dir)
	if !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), dir) {
		t.Fatalf("err = %v", err)
	}
}

func TestDamage(t *testing.T) {
	filled := func(t *testing.T) string {
		dir := t.TempDir()
		db := mustOpen(t, dir)
		for i := range 200 {
			if err := db.Bucket("b").Put(fmt.Sprint(i), strings.Repeat("x", 500)); err != nil {
				t.Fatal(err)
			}
		}
		db.Close()
		return filepath.Join(dir, FileName)
	}
	damage := map[string]func(path string, size int64) error{
		"no journal at all": func(path string, _ int64) error { return os.WriteFile(path, []byte("hello"), 0o600) },
		"cut in half":       func(path string, size int64) error { return os.Truncate(path, size/2) },
		"cut to one page":   func(path string, _ int64) error { return os.Truncate(path, 4096) },
		"overwritten": func(path string, size int64) error {
			f, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			defer f.Close()
			_, err = f.WriteAt(make([]byte, size-2*4096), 2*4096)
			return err
		},
	}
	for name, spoil := range damage {
		t.Run(name, func(t *testing.T) {
			path := filled(t)
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := spoil(path, info.Size()); err != nil {
				t.Fatal(err)
			}
			_, err = Open(filepath.Dir(path))
			if !errors.Is(err, ErrDamaged) || strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "runtime error") || !strings.Contains(err.Error(), path) {
				t.Fatalf("err = %v", err)
			}
		})
	}
}

// TestKill kills a writer in full flight, again and again, and looks for what it had reported as written.
func TestKill(t *testing.T) {
	if dir := os.Getenv("JOURNAL_WRITER"); dir != "" {
		writeForEver(dir)
	}
	dir := t.TempDir()
	written := 0
	for round := range 5 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestKill$")
		cmd.Env = append(os.Environ(), "JOURNAL_WRITER="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		last, deadline := written, time.Now().Add(10*time.Second)
		for last < written+100+round*37 && time.Now().Before(deadline) {
			if _, err := fmt.Fscanln(out, &last); err != nil {
				t.Fatalf("writer: %v", err)
			}
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for {
			if _, err := fmt.Fscanln(out, &last); err != nil {
				break
			}
		}
		_ = cmd.Wait() // it was killed
		db, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		if n := db.Bucket("w").Len(); n < last {
			t.Fatalf("round %d: %d entries, but %d were reported as written", round, n, last)
		} else {
			written = n
		}
		db.Close()
	}
}

func writeForEver(dir string) {
	db, err := Open(dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for {
		n, err := db.Bucket("w").Append(note{strings.Repeat("x", 700)})
		if err != nil {
			os.Exit(1)
		}
		fmt.Println(n)
	}
}

func BenchmarkPut(b *testing.B) {
	db, err := Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	bucket, v := db.Bucket("b"), note{strings.Repeat("x", 2000)}
	for i := range b.N {
		if err := bucket.Put(SeqKey(uint64(i)), v); err != nil {
			b.Fatal(err)
		}
	}
}
