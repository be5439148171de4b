# What people and CI type. Every target prepares the machine first; see .ci/prepare for what it installs.

.PHONY: run test build prepare check bench gate load fuzz sm2-differential crash endure campaign soak reloads probe deny deb clean

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

# The table of targets, each beside its floor, into docs/PERFORMANCE.md. With the rows of licet-load: make bench LOAD=report.json.
bench: prepare
	$(CARGO) run --locked --release --package benches --bin licet-bench -- --write docs/PERFORMANCE.md $(if $(LOAD),--load $(LOAD))

# Counts the instructions of the hot path and fails when a step takes over 3 % more: make gate. Writes them down anew: make gate UPDATE=1.
gate: prepare
	$(CARGO) run --locked --release --package benches --bin licet-gate -- $(if $(UPDATE),--update)

# Fuzzes one parser: make fuzz TARGET=ofd SECONDS=300. Kept inputs go to crypto/fuzz/corpus, where every test run replays them.
# The flags are what cargo-fuzz passes, without the address sanitizer, which would need a nightly compiler.
TARGET ?= ofd
SECONDS ?= 60
FUZZ_FLAGS = -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
	-Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares
HOST = $(shell rustc --print host-tuple)
fuzz: prepare
	cd crypto/fuzz && RUSTFLAGS="$(FUZZ_FLAGS)" $(CARGO) build --release --target $(HOST)
	mkdir -p crypto/fuzz/found
	cd crypto/fuzz && LICET_FUZZ=$(TARGET) "$${CARGO_TARGET_DIR:-target}/$(HOST)/release/fuzz" found corpus/$(TARGET) \
		-max_total_time=$(SECONDS) -max_len=65536 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1

# Compares SM2 verification with two other implementations: make sm2-differential COUNT=2000000. The tests do 20,000.
COUNT ?= 2000000
sm2-differential: prepare
	LICET_PEERS=required LICET_SM2_COUNT=$(COUNT) $(CARGO) test --locked --release --package crypto --test it -- \
		--nocapture sm2_differential

# Kills a gateway at random in the middle of its work, and looks what is left: make crash ROUNDS=200. The tests do it 20 times.
crash: prepare
	LICET_CRASH_ROUNDS=$(or $(ROUNDS),200) $(CARGO) test --locked --package gateway --test it -- --exact --nocapture \
		crash::nothing_acknowledged_is_lost_by_kill

# What the three below run: the release, or with RELEASE= what the tests have built already. Each has a folder of its own below data,
# which is made anew, and leaves its report there.
RELEASE ?= --release
BUILT = $${CARGO_TARGET_DIR:-target}/$(if $(RELEASE),release,debug)
ENDURE = rm -rf "data/$@" && mkdir -p data && "$(BUILT)/licet-load" $@ --licet "$(BUILT)/licet" --folder "data/$@/site" --out "data/$@"
endure: prepare
	$(CARGO) build --locked $(RELEASE) --package gateway --bin licet
	$(CARGO) build --locked $(RELEASE) --package loadtest --bin licet-load

# Every fault of docs/RELIABILITY.md, and after each whether all is there that was acknowledged: make campaign ROUNDS=500 SEED=7.
campaign: endure
	$(ENDURE) --rounds $(or $(ROUNDS),25) --seed $(or $(SEED),1)

# An hour at half of what the gateway can do: whether anything grows. make soak MINUTES=3.
soak: endure
	$(ENDURE) --minutes $(or $(MINUTES),60) --licences $(LICENCES)

# Two configurations that take turns under load: make reloads COUNT=1000.
reloads: endure
	$(ENDURE) --count $(or $(COUNT),1000)

# The standard profile of docs/LOAD.md: two minutes of load on a fresh gateway, beside the floor of the same run. Writes report.json,
# report.md and report.html: make load LOAD=folder LICENCES=100k; on a machine with one core PIN= as well.
LOAD ?= data/load
LICENCES ?= 20k
PIN ?= --pin
load: build
	$(CARGO) build --locked --release --package loadtest --bin licet-load
	rm -rf "$(LOAD)/site"
	B="$${CARGO_TARGET_DIR:-target}/release"; "$$B/licet-load" profile --licet "$$B/licet" $(PIN) \
		--folder "$(LOAD)/site" --licences $(LICENCES) --out "$(LOAD)"

# What the tools of others find: Schemathesis on the whole interface, testssl.sh on TLS. Minutes; .ci/probe says how to ask for more.
probe: prepare
	.ci/probe

# Licences, origins, duplicates and known vulnerabilities of what others wrote, by cargo-deny, which takes ten minutes to build the first
# time. Without the database of vulnerabilities, which is on GitHub, it says so; make deny ADVISORIES=required fails then.
deny: prepare
	@CARGO="$(CARGO)" ADVISORIES="$(ADVISORIES)" .ci/deny

# The package for Debian: target/debian/licet.deb.
deb: build
	.ci/package

prepare:
	@.ci/prepare

clean:
	$(CARGO) clean
