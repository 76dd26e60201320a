// Command api writes docs/api.md from the API's contract, terraform/openapi.yaml: one section for each route, with what it takes, who may call
// it, what it answers, and a call to copy.
//
//	go run ./docs/api terraform/openapi.yaml docs/api.md
package main

import (
	"fmt"
	"os"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: api OPENAPI MARKDOWN")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "api:", err)
		os.Exit(1)
	}
}

// run reads the contract and writes the page.
func run(contract, output string) error {
	text, err := os.ReadFile(contract)
	if err != nil {
		return fmt.Errorf("reading the contract: %w", err)
	}
	doc, err := parse(text)
	if err != nil {
		return fmt.Errorf("%s: %w", contract, err)
	}
	page, err := doc.markdown()
	if err != nil {
		return fmt.Errorf("%s: %w", contract, err)
	}
	if err := os.WriteFile(output, page, 0o644); err != nil {
		return fmt.Errorf("writing the page: %w", err)
	}
	return nil
}
