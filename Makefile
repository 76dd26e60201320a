# What you can do here. Everything needs Go; run, demo, test and bench also need npm, for the DynamoDB emulator.

GOFLAGS_LAMBDA := -trimpath -tags lambda.norpc -ldflags "-s -w -buildid="
GOLANGCI := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
FUZZTIME ?= 30s

.PHONY: help run demo test race bench fuzz golden lint build clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: localstack/node_modules ## start the whole system on this machine; Ctrl-C stops it
	@go build -o build/localstack ./localstack
	@exec build/localstack

demo: localstack/node_modules ## play the whole story, from a mail to counted answers
	@go build -o build/demo ./localstack/demo
	@exec build/demo

test: localstack/node_modules ## everything: unit tests, and integration tests on the local stack
	go vet ./...
	go test ./...

race: localstack/node_modules ## the same with the race detector
	go test -race ./...

bench: localstack/node_modules ## benchmark tables: parsing, composing, the whole system
	go test -run '^$$' -bench . -benchmem ./internal/... ./localstack/...

fuzz: ## every fuzz target for FUZZTIME each
	@for package in $$(go list ./...); do \
		for target in $$(go test -list '^Fuzz' $$package | grep '^Fuzz'); do \
			echo "$$package $$target"; \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x $$package || exit 1; \
		done; \
	done

golden: ## write the golden files anew; read the diff before you commit it
	go test ./internal/... -update

lint: ## formatting, vet, and the import rules of .golangci.yml
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$unformatted" || { echo "gofmt would change:"; echo "$$unformatted"; exit 1; }
	go run $(GOLANGCI) run ./...

build: ## the function package: build/bootstrap for provided.al2023 on arm64
	CGO_ENABLED=0 GOOS=linux GOARCH=arm64 go build $(GOFLAGS_LAMBDA) -o build/bootstrap .
	@wc -c build/bootstrap

clean: ## remove what was built, and the local stack's data
	rm -rf build .local localstack/node_modules

localstack/node_modules: localstack/package-lock.json
	npm --prefix localstack ci --no-audit --no-fund
	@touch $@
