package sheet_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/calendarinvite/calendarinviteserver/internal/sheet"
)

func TestWriter(t *testing.T) {
	for _, test := range []struct {
		name  string
		cells []string
		want  string
	}{
		{"plain", []string{"2", "ada@example.com", "Ada"}, "2,ada@example.com,Ada"},
		{"comma", []string{"", "Ng, Ada", ""}, `,"Ng, Ada",`},
		{"quotes", []string{`Ada "the Countess" Ng`, `"`, `""`}, `"Ada ""the Countess"" Ng","""",""""""`},
		{"line breaks stay as they are", []string{"a\nb", "a\r\nb", "a\rb"}, "\"a\nb\",\"a\r\nb\",\"a\rb\""},
		{"delimiters of other locales", []string{"a;b", "a\tb", "a|b"}, "\"a;b\",\"a\tb\",\"a|b\""},
		{"spaces at an end", []string{" a", "b ", "c d"}, `" a","b ",c d`},
		{"our numbers stay numbers", []string{"0", "100000", "12.5"}, "0,100000,12.5"},
		{"not text", []string{"a\xffb", "é", ""}, "a\uFFFDb,é,"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var file bytes.Buffer
			w := sheet.NewWriter(&file, "a", "b", "c")
			if err := errors.Join(w.Write(test.cells...), w.Close()); err != nil {
				t.Fatal(err)
			}
			if want := "\xef\xbb\xbfa,b,c\r\n" + test.want + "\r\n"; file.String() != want {
				t.Errorf("%q\nwant %q", file.String(), want)
			}
		})
	}
}

func TestAnEmptyCellAlone(t *testing.T) {
	var file bytes.Buffer
	w := sheet.NewWriter(&file, "a")
	if err := errors.Join(w.Write(""), w.Close()); err != nil || file.String() != "\xef\xbb\xbfa\r\n\"\"\r\n" {
		t.Errorf("%q, %v", file.String(), err)
	}
}

// full takes some bytes and then no more.
type full struct{ room int }

var errFull = errors.New("full")

func (f *full) Write(p []byte) (int, error) {
	if f.room -= len(p); f.room < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestWriterErrors(t *testing.T) {
	w := sheet.NewWriter(&full{room: 5000}, "a")
	var err error
	for range 1000 {
		if err = w.Write("some text"); err != nil {
			break
		}
	}
	if !errors.Is(err, errFull) || !errors.Is(w.Write("more"), errFull) || !errors.Is(w.Close(), errFull) {
		t.Errorf("%v", err)
	}

	if err := sheet.NewWriter(&full{}, "a").Close(); !errors.Is(err, errFull) {
		t.Errorf("an error of Close alone: %v", err)
	}

	w = sheet.NewWriter(&bytes.Buffer{}, "a", "b")
	if err := w.Write("1"); err == nil {
		t.Error("a cell too few was written")
	}
	if err := w.Write("1", "2"); err != nil {
		t.Errorf("after a line that was refused: %v", err)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	if err := w.Write("1", "2"); !errors.Is(err, sheet.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

// Whatever the cells hold, a CSV reader sees them as they were, but for what Escape added.
func TestWriterRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.OneOf(rapid.Rune(), rapid.SampledFrom([]rune("=+-@'\",; \t\n"))))
		cells := rapid.SliceOfN(text, 3, 3).Draw(t, "cells")
		for i, cell := range cells {
			cells[i] = strings.ReplaceAll(cell, "\r", "") // encoding/csv drops it before LF
		}
		var file bytes.Buffer
		w := sheet.NewWriter(&file, "a", "b", "c")
		if err := errors.Join(w.Write(cells...), w.Close()); err != nil {
			t.Fatal(err)
		}
		lines, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(file.String(), "\xef\xbb\xbf"))).ReadAll()
		if err != nil || len(lines) != 2 {
			t.Fatalf("%d lines, %v\n%q", len(lines), err, file.String())
		}
		for i, cell := range lines[1] {
			lines[1][i] = sheet.Unescape(cell)
		}
		if !slices.Equal(lines[1], cells) {
			t.Fatalf("%q, want %q", lines[1], cells)
		}
	})
}
