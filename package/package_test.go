package main

import (
	"archive/zip"
	"bytes"
	"debug/buildinfo"
	"debug/elf"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// sources are what the function package is made from.
var sources = []string{"Makefile", "go.mod", "go.sum", "main.go", "handlers", "internal", "package"}

// TestSameSourceSameBytes makes the package twice, from copies of the source in folders of different names, at different times.
func TestSameSourceSameBytes(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program twice for another processor")
	}
	one, other := makePackage(t, "one"), makePackage(t, "an-other-folder")
	if !bytes.Equal(one, other) {
		t.Errorf("the same source makes packages of %d and %d bytes that differ", len(one), len(other))
	}
	program := unpack(t, one)
	file, err := elf.NewFile(bytes.NewReader(program))
	if err != nil {
		t.Fatal(err)
	}
	if file.Machine != elf.EM_AARCH64 {
		t.Errorf("bootstrap is for %s", file.Machine)
	}
	if section := file.Section(".interp"); section != nil {
		t.Error("bootstrap needs a dynamic linker")
	}
	info, err := buildinfo.Read(bytes.NewReader(program))
	if err != nil {
		t.Fatal(err)
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	for key, want := range map[string]string{"-tags": "lambda.norpc", "-trimpath": "true", "CGO_ENABLED": "0"} {
		if settings[key] != want {
			t.Errorf("built with %s=%s, want %s", key, settings[key], want)
		}
	}
	for key := range settings {
		if strings.HasPrefix(key, "vcs") {
			t.Errorf("the program tells %s, which an unpacked source cannot know", key)
		}
	}
}

// makePackage runs make package in a copy of the source and returns the zip.
func makePackage(t *testing.T, folder string) []byte {
	t.Helper()
	dir := filepath.Join(t.TempDir(), folder)
	for _, name := range sources {
		copyTree(t, filepath.Join("..", name), filepath.Join(dir, name))
	}
	cmd := exec.Command("make", "package")
	cmd.Dir = dir
	for _, entry := range os.Environ() { // the make that runs these tests is none of that make's business
		if name, _, _ := strings.Cut(entry, "="); name != "MAKEFLAGS" && name != "MAKELEVEL" && name != "MFLAGS" {
			cmd.Env = append(cmd.Env, entry)
		}
	}
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make package: %v\n%s", err, text)
	}
	packed, err := os.ReadFile(filepath.Join(dir, "build", "package.zip"))
	if err != nil {
		t.Fatal(err)
	}
	return packed
}

// copyTree copies a file or a folder, without the tests.
func copyTree(t *testing.T, from, to string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && entry.Name() == "testdata" {
			return fs.SkipDir
		}
		if entry.IsDir() || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		relative, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, relative)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		return os.WriteFile(target, text, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// unpack checks that the zip holds one file, and returns that.
func unpack(t *testing.T, packed []byte) []byte {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		t.Fatal(err)
	}
	if len(r.File) != 1 {
		t.Fatalf("%d files in the package", len(r.File))
	}
	f := r.File[0]
	if f.Name != "bootstrap" || f.Mode() != 0o755 || len(f.Extra) > 0 || !f.Modified.Equal(time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("packed as %s %v, %s, extra %x", f.Name, f.Mode(), f.Modified, f.Extra)
	}
	file, err := f.Open()
	if err != nil {
		t.Fatal(err)
	}
	program, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	return program
}

func TestPack(t *testing.T) {
	for _, binary := range [][]byte{nil, []byte("program"), bytes.Repeat([]byte("program"), 1<<18)} {
		packed, err := pack(binary)
		if err != nil {
			t.Fatal(err)
		}
		if got := unpack(t, packed); !bytes.Equal(got, binary) {
			t.Errorf("%d bytes became %d", len(binary), len(got))
		}
	}
}

func TestRun(t *testing.T) {
	dir := t.TempDir()
	program, output := filepath.Join(dir, "bootstrap"), filepath.Join(dir, "package.zip")
	if err := run(program, output); err == nil || !strings.Contains(err.Error(), "reading the program") {
		t.Errorf("without a program: %v", err)
	}
	if err := os.WriteFile(program, []byte("program"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(program, filepath.Join(dir, "nowhere", "package.zip")); err == nil || !strings.Contains(err.Error(), "writing the zip") {
		t.Errorf("without a folder: %v", err)
	}
	if err := run(program, output); err != nil {
		t.Fatal(err)
	}
	packed, err := os.ReadFile(output)
	if err != nil {
		t.Fatal(err)
	}
	if got := unpack(t, packed); string(got) != "program" {
		t.Errorf("packed %q", got)
	}
}
