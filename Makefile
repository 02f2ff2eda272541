# What a newcomer types. Each target makes sure of the toolchains first.
XTASK = xtask/setup.sh cargo run --quiet --locked --package xtask --

.PHONY: help quickstart test test-all test-hermetic soak advisories bench

help: ## what can be done
	@sed -n 's/^\([a-z-]*\):.*## /  make \1	/p' Makefile | expand -t 20

quickstart: ## build a Collector with a Go and a Rust plugin, and send telemetry through it
	@$(XTASK) quickstart

test: ## the gate: lint, unit, property, structure, quickstart, loading, failure catalogue
	@$(XTASK) test

test-hermetic: ## hermetic builds in containers, with two engines (installs them from Debian)
	@$(XTASK) test-hermetic

test-all: ## everything slow as well: comparison with OCB, rebuilds, hermetic builds
	@$(XTASK) test-all

soak: ## fuzzing, properties, sanitizers, load: SOAK_MINUTES=90 for all, PART=yaml for one
	@$(XTASK) soak

advisories: ## what is known against the crates and Go modules in use
	@$(XTASK) advisories

bench: ## measure, and write the tables of BENCHMARKS.md
	@$(XTASK) bench
