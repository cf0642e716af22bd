# Microcloud. `make help` lists the targets.
SHELL := /bin/bash
.DEFAULT_GOAL := help
ARGS ?=

FUZZ_S ?= 60
FUZZ_TARGET ?=

.PHONY: help setup build up test lint fmt bench fuzz e2e proto clean

help: ## Lists the targets
	@grep -E '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-8s %s\n", $$1, $$2 }'

setup: ## Installs what running needs and is missing (PostgreSQL, nats-server, npm packages)
	@scripts/setup.sh run

build: setup ## Builds the release binaries and the dashboard
	@scripts/build.sh

up: build ## Builds and starts everything; ARGS="--scenario cascade_failure --speed 5" are passed on
	@exec target/release/microcloud up $(ARGS)

test: ## Runs every test: Rust, dashboard, the whole loop, the browser
	@scripts/test.sh

lint: ## Formatting, clippy, buf, eslint, tsc, dependency policy
	@scripts/lint.sh

fmt: ## Formats the Rust code and the protos
	cargo fmt --all
	ui-dashboard/node_modules/.bin/buf format -w

bench: ## Prints the ratios of the benchmarks
	@scripts/bench.sh

fuzz: ## Fuzzes the file readers and the world; FUZZ_TARGET=recording FUZZ_S=600 for one, for longer
	@scripts/fuzz.sh "$(FUZZ_S)" $(FUZZ_TARGET)

e2e: ## Runs the browser journeys against a stack of their own
	@scripts/e2e.sh

proto: ## Checks the protos and generates the dashboard's types
	@scripts/setup.sh run
	cd ui-dashboard && npm run --silent gen

clean: ## Removes everything that was built and every stack kept here
	cargo clean
	rm -rf .microcloud .tools ui-dashboard/{out,.next,node_modules,test-results,playwright-report}
