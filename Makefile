# Crosspoint. `make run` starts a server for trying out, `make test` checks everything; `make help` lists the rest.
# Scripts stand in scripts/; logs of quiet steps in target/logs.

.DEFAULT_GOAL := help
.PHONY: help setup web build run test check bench wire-types wire-types-check fmt clean

# The browser tests use Debian's Chromium; nothing is to be downloaded from elsewhere.
export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD := 1
export npm_config_audit := false
export npm_config_fund := false
export npm_config_update_notifier := false

SHELL := /bin/bash
STAMPS := target/stamps
WEB_PACKAGES := $(wildcard sdk/ts/package.json web/package.json)
WEB_SOURCES := $(shell find sdk/ts web -type f -not -path '*/node_modules/*' -not -path '*/dist/*' 2>/dev/null)

help: ## this list
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | awk -F '\t' '{printf "make %-12s %s\n", $$1, $$2}'

setup: ## look for what building needs; install what is missing, saying what and why
	@scripts/setup build

web: $(STAMPS)/web ## the SDK and the console (skipped when nothing changed)

build: setup web ## the release binary, with the console inside
	@scripts/build

run: build ## build and start a server for trying out, on this machine alone
	@exec target/release/crosspoint serve --dev --store.path crosspoint-dev.db

test: ## everything: format, house rules, lints, unit, browser and peer tests
	@scripts/setup test
	@scripts/test

check: ## the quick part of `make test`: format, house rules, lints
	@scripts/setup test
	@scripts/check

bench: web ## load beside Janus on this machine; prints the table of BENCHMARKS.md
	@scripts/setup bench
	@scripts/bench

wire-types: ## write the SDK's wire types from core/model
	@cargo run -q --locked -p crosspoint-model --features typescript --example wire-types

wire-types-check:
	@cargo run -q --locked -p crosspoint-model --features typescript --example wire-types -- --check

fmt: ## format the Rust sources and, where a package can, the TypeScript ones
	@cargo fmt --all
	@npm run -s format --workspaces --if-present

clean: ## remove everything that was built
	@rm -rf target node_modules sdk/ts/dist web/dist web/node_modules sdk/ts/node_modules

# npm writes this file last, so it tells whether the installed packages are those of the lock.
node_modules/.package-lock.json: package-lock.json
	@echo "Installing the npm packages that build the browser SDK and the console (into node_modules, nothing outside)."
	@. scripts/steps.sh; step "web: install packages" npm ci
	@touch $@

$(STAMPS)/web: node_modules/.package-lock.json $(WEB_SOURCES)
	@. scripts/steps.sh; for package in $(patsubst %/package.json,%,$(WEB_PACKAGES)); do step "web: build $$package" npm run build -w $$package; done
	@mkdir -p $(STAMPS) && touch $@
