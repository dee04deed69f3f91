# Steward. `make` lists what there is.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)

# The web app is rebuilt when one of these is newer than its last build. Folders are in it so that a deleted file counts.
WEB := $(shell find web \( -name node_modules -o -name dist -o -name coverage \) -prune -o ! -name '*.tsbuildinfo' -print 2>/dev/null)

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: export STEWARD_LISTEN ?= 127.0.0.1:8080
run: export STEWARD_DATA ?= ./data/demo
run: build ## build what changed and serve demo data on http://127.0.0.1:8080
	@exec build/steward serve --demo

.PHONY: build
build: build/web ## build the web app and the binary build/steward
	@# Go's own cache decides whether anything is to be done.
	@CGO_ENABLED=0 go build -buildvcs=false -ldflags '-s -w -X main.version=$(VERSION)' -o build/steward ./cmd/steward

build/web: $(WEB) scripts/build-web.sh
	@scripts/require.sh git go node
	@scripts/build-web.sh
	@mkdir -p build && touch $@

.PHONY: test
test: ## everything a change must pass, in about 15 minutes on two cores
	@scripts/require.sh git go node cc postgres chromium fonts monitors
	@STEWARD_TEST_MONITORS=required scripts/with-postgres.sh scripts/test.sh

.PHONY: lint
lint: ## gofmt, go vet, house rules, eslint
	@scripts/lint.sh
	@scripts/npm-ci.sh web
	@cd web && npm run --silent lint

.PHONY: gen
gen: ## write the generated files again
	@scripts/gen.sh

.PHONY: e2e
e2e: build ## browser tests against the real binary; ARGS goes to playwright
	@scripts/require.sh node chromium fonts
	@scripts/e2e.sh $(ARGS)

.PHONY: bench
bench: ## benchmarks on SQLite and PostgreSQL; ARGS goes to the bench command
	@scripts/bench.sh $(ARGS)

.PHONY: postgres
postgres: ## a throw-away PostgreSQL for go test, until interrupted
	@scripts/require.sh postgres
	@scripts/with-postgres.sh

.PHONY: release
release: build/web ## static binaries for linux, darwin and windows with checksums, in dist/
	@VERSION='$(VERSION)' scripts/release.sh

.PHONY: clean
clean: ## remove what was built; installed packages and demo data stay
	@rm -rf build dist web/dist e2e/test-results e2e/playwright-report
	@find internal/webui/dist -mindepth 1 ! -name .gitkeep -delete 2>/dev/null || true
