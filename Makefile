# A thin front for the CMake presets and the test runner.

.DEFAULT_GOAL := help
.PHONY: help build demo test test-long faults-table soak bench fmt lint clean

JOBS ?= 2
PRESET ?= release

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' \
		$(MAKEFILE_LIST)

build: ## build/$(PRESET), `release` unless PRESET says otherwise
	@cmake --preset $(PRESET)
	@cmake --build --preset $(PRESET) -j $(JOBS)

demo: ## an operator at work on the embedded cluster
	@deploy/demo

test: ## everything that CI runs; ends with the sum
	@tests/run

test-long: ## the nightly lane: long runs of the same tests
	@tests/run --long

faults-table: ## tests/faults/README.md from the comments of the tests
	@tests/faults/table

SECONDS ?= 600

soak: build ## random faults for SECONDS, on build/$(PRESET)
	@TIDELOCK_BIN=build/$(PRESET)/bin/tidelock tests/faults/soak --seconds $(SECONDS)

bench: build ## print the figures of every benchmark
	@for b in build/$(PRESET)/bin/bench_*; do \
		if [ -x "$$b" ]; then echo "$${b##*/bench_}:"; "$$b" || exit 1; fi; \
	done
	@tests/bench/cluster.py
	@tests/bench/peers.py
	@tests/bench/sim.py
	@tests/bench/specs.py

fmt: ## lay out all C files as .clang-format says
	@git ls-files --cached --others --exclude-standard '*.c' '*.h' | \
		xargs clang-format -i

lint: ## layers, sizes, banned calls, words
	@lua5.4 tests/lint/run.lua

clean: ## remove build/
	@cmake -E rm -rf build
