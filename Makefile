# What you can do here. Everything needs Go; run, demo, test and bench also need npm, for the DynamoDB emulator.

GOFLAGS_LAMBDA := -trimpath -tags lambda.norpc -buildvcs=false -ldflags "-s -w -buildid="
GOLANGCI := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
ACTIONLINT := github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
FUZZTIME ?= 30s
TOFU ?= tofu
TOFU_CHECK ?=
COMPOSE := docker compose -f localstack/docker-compose.yml
CONTAINER := build/container

.PHONY: help run demo test race bench fuzz golden lint lint-actions check-terraform web build package localstack test-localstack api-docs clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: localstack/node_modules ## start the whole system on this machine; Ctrl-C stops it
	@go build -o build/localstack ./localstack
	@exec build/localstack

demo: localstack/node_modules ## play the whole story, from a mail to counted answers
	@go build -o build/demo ./localstack/demo
	@exec build/demo

test: localstack/node_modules web/node_modules ## everything: unit tests, integration tests on the local stack, pages in Chromium where there is one
	go vet ./...
	go test -timeout 30m ./...

race: localstack/node_modules ## the same with the race detector, at smaller sizes
	go test -race -short -timeout 30m ./...

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

lint-actions: ## the workflows under .github
	go run $(ACTIONLINT)

check-terraform: ## Terraform: security scan, state machines; with TOFU_CHECK=<tofu-check> also format, tests, plans, and what the local stack runs
	terraform/tests/static.sh
ifneq ($(TOFU_CHECK),)
	$(TOFU_CHECK) --with statemachines --plan -var-file=environments/dev.tfvars terraform
	$(TOFU_CHECK) --with statemachines --plan --no-fmt -var-file=environments/prod.tfvars terraform
	$(TOFU_CHECK) --plan -var repository=owner/name terraform/bootstrap
	TOFU_CHECK=$(abspath $(TOFU_CHECK)) go test -count=1 ./localstack/plan
endif

web: web/node_modules ## bundle the dashboard's script into internal/dashboard/view/assets
	cd web && node build.js

build: ## the function package: build/bootstrap for provided.al2023 on arm64
	CGO_ENABLED=0 GOOS=linux GOARCH=arm64 go build $(GOFLAGS_LAMBDA) -o build/bootstrap .
	@wc -c build/bootstrap

package: build ## build/package.zip: what Terraform uploads. The same source makes the same bytes
	@go run ./package build/bootstrap build/package.zip

localstack: ## the system on a LocalStack container, by Terraform; needs Docker and OpenTofu (docs/deploy.md)
	rm -rf $(CONTAINER)
	CGO_ENABLED=0 GOOS=linux GOARCH=$$(go env GOHOSTARCH) go build $(GOFLAGS_LAMBDA) -o $(CONTAINER)/bootstrap .
	go run ./package $(CONTAINER)/bootstrap $(CONTAINER)/package.zip
	cp -R terraform statemachines $(CONTAINER)
	printf 'terraform {\n  backend "local" {}\n}\n' > $(CONTAINER)/terraform/backend_override.tf
	$(COMPOSE) up --detach --wait --force-recreate
	$(TOFU) -chdir=$(CONTAINER)/terraform init -reconfigure -input=false
	$(TOFU) -chdir=$(CONTAINER)/terraform apply -input=false -auto-approve -var-file=environments/localstack.tfvars -var package=../package.zip
	$(COMPOSE) exec -T localstack awslocal secretsmanager put-secret-value --secret-id cis/link-signing --secret-string "$$(openssl rand -base64 32)"
	@echo 'The system is at http://localhost:4566. make test-localstack tests it; $(COMPOSE) down ends it.'

test-localstack: ## test what make localstack brought up
	LOCALSTACK_ENDPOINT=$${LOCALSTACK_ENDPOINT:-http://localhost:4566} go test -count=1 -v -run TestContainer ./localstack/container

api-docs: ## write docs/api.md anew from terraform/openapi.yaml
	go run ./docs/api terraform/openapi.yaml docs/api.md

clean: ## remove what was built, and the local stack's data
	rm -rf build .local localstack/node_modules web/node_modules

localstack/node_modules: localstack/package-lock.json
	npm --prefix localstack ci --no-audit --no-fund
	@touch $@

web/node_modules: web/package-lock.json
	npm --prefix web ci --no-audit --no-fund
	@touch $@
