// Command package makes the function package that Terraform uploads: a zip that holds nothing but the program, as bootstrap. The same program
// makes the same bytes, whenever and wherever it is packed, so that a plan shows a change of code only where there is one.
//
//	go run ./package build/bootstrap build/package.zip
package main

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: package PROGRAM ZIP")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "package:", err)
		os.Exit(1)
	}
}

// run packs the program into the zip and says what came of it.
func run(program, output string) error {
	binary, err := os.ReadFile(program)
	if err != nil {
		return fmt.Errorf("reading the program: %w", err)
	}
	packed, err := pack(binary)
	if err != nil {
		return fmt.Errorf("packing %s: %w", program, err)
	}
	if err := os.WriteFile(output, packed, 0o644); err != nil {
		return fmt.Errorf("writing the zip: %w", err)
	}
	fmt.Printf("%s %d bytes sha256 %x\n", output, len(packed), sha256.Sum256(packed))
	return nil
}

// firstDay is 1 January 1980 as MS-DOS writes a date: the earliest that a zip can tell.
const firstDay = 1<<5 | 1

// pack makes a zip of one executable file, bootstrap, as the runtime provided.al2023 wants it.
func pack(binary []byte) ([]byte, error) {
	header := &zip.FileHeader{Name: "bootstrap", Method: zip.Deflate}
	header.SetMode(0o755)
	header.ModifiedDate = firstDay //nolint:staticcheck // Modified would add an extra field with the moment in another form
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	file, err := w.CreateHeader(header)
	if err != nil {
		return nil, err
	}
	if _, err := file.Write(binary); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}
