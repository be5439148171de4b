# What people and CI type. Every target prepares the machine first; see .ci/prepare for what it installs.

.PHONY: run test build prepare check clean

CARGO ?= cargo

# A demo on this machine: its own authorities, a few dozen licences, verdicts, and a gateway to talk to. Ctrl-C drains it.
run: prepare
	$(CARGO) run --locked --package gateway --bin licet -- demo $(DEMO)

# Every test there is. Ends with the runner's summary.
test: prepare
	$(CARGO) test --locked --workspace --doc --quiet
	@if $(CARGO) nextest --version >/dev/null 2>&1; then \
		set -x; $(CARGO) nextest run --locked --workspace; \
	else \
		set -x; $(CARGO) test --locked --workspace --lib --bins --tests; \
	fi

# The binary for production: target/release/licet.
build: prepare
	$(CARGO) build --locked --release --package gateway --bin licet

# What CI asks beyond the tests: format, lints, documentation.
check: prepare
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- --deny warnings
	RUSTDOCFLAGS="--deny warnings" $(CARGO) doc --locked --workspace --no-deps --document-private-items

prepare:
	@.ci/prepare

clean:
	$(CARGO) clean
