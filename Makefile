# One line per target: `make` prints them.

# Debian has servers where not everybody looks.
export PATH := $(PATH):/usr/sbin

ROUNDS ?= 500
POINTS ?= 10000
CUTS ?= 1000
RESTARTS ?= 100
READERS ?= 2000
SECONDS ?= 600
MESSAGES ?= 1000000
PROFILE ?= release

.NOTPARALLEL:
.PHONY: help run test need lint deny tests crash power-loss restarts resume backup interop interop-clients \
	interop-browsers interop-faces interop-websocket interop-metrics interop-openapi interop-traces fuzz bench bench-quick bench-peers instructions guide audit dist dist-check

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-17s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## Build the server and start it on 127.0.0.1:8080; the store is ./data
	@cargo run --release --locked -p fanfare -- serve --listen 127.0.0.1:8080 --data ./data --host

test: need lint deny tests instructions ## Get what the tests need, then everything that has to pass

need: ## Get what the tests need, asking apt only for what is missing
	@scripts/need

lint: ## Format, clippy, documentation, tidy
	@scripts/step rustfmt cargo fmt --all --check
	@scripts/step clippy cargo clippy --workspace --all-targets --locked -- -D warnings
	@RUSTDOCFLAGS="-D warnings" scripts/step rustdoc cargo doc --workspace --no-deps --locked
	@scripts/step tidy cargo run --quiet --locked -p xtask -- tidy

deny: ## Licences, advisories, bans and sources of dependencies
	@scripts/step deny scripts/deny

audit: ## Dependencies against the advisories of RustSec (cargo-audit)
	@scripts/step audit scripts/audit

tests: ## The tests alone
	@REQUIRE_FAKETIME=required scripts/step tests cargo test --workspace --locked --no-fail-fast

guide: ## Write the options of docs/configuration.md, and the help in docs/cli.md, from the code
	@cargo test --quiet --locked -p fanfare-server --test configuration_guide -- --ignored
	@cargo test --quiet --locked -p fanfare --test help -- --ignored

crash: ## kill -9 while publishing, ROUNDS=500 times
	@FANFARE_CRASH_ROUNDS=$(ROUNDS) scripts/step crash cargo test --locked -p fanfare --test crash -- --nocapture

power-loss: ## Lose power at POINTS=10000 places
	@FANFARE_POWER_POINTS=$(POINTS) scripts/step power-loss \
		cargo test --locked -p fanfare-store --test power_loss -- --nocapture

restarts: ## Restart RESTARTS=100 times on a socket that stays open, under publishing and READERS=2000
	@FANFARE_RESTARTS=$(RESTARTS) FANFARE_RESTART_READERS=$(READERS) scripts/step restarts \
		cargo test --locked -p fanfare --test restarts -- --nocapture

resume: ## Cut readers CUTS=1000 times and hand them from transport to transport (clients in Rust and JavaScript, too)
	@interop/need
	@interop/browsers/setup
	@FANFARE_RESUME_CUTS=$(CUTS) FANFARE_RESUME_MODULES=$(CURDIR)/target/interop/browsers/node_modules \
		scripts/step resume cargo test --locked -p fanfare --test resume -- --nocapture

backup: ## Measure import, backup, check, restore and export of MESSAGES=1000000
	@scripts/backup $(MESSAGES)

interop: interop-clients interop-browsers interop-faces interop-metrics interop-openapi interop-traces interop-websocket ## Let others judge: clients, browsers, proxies, suites

interop-clients: ## Let clients and proxies of others use the server (a minute)
	@scripts/step interop-clients interop/clients/run

interop-browsers: ## Let Chromium and Firefox hear, and use the live page by keyboard (a minute)
	@scripts/step interop-browsers interop/browsers/run

interop-faces: ## Let ffmpeg be a camera and a viewer, and feedparser read feeds (half a minute)
	@scripts/step interop-faces interop/faces/run

interop-metrics: ## Let Prometheus scrape, and evaluate the alerts and the dashboard (half a minute)
	@scripts/step interop-metrics interop/metrics/run

interop-openapi: ## Hold docs/openapi.json against the server with Schemathesis (two minutes)
	@scripts/step interop-openapi interop/openapi/run

interop-traces: ## Let a strict OTLP receiver judge the traces of a server that is built with them (a minute, and some to build)
	@scripts/step interop-traces cargo test --locked -p fanfare --features otel --bin fanfare --test traces

interop-websocket: ## Let Autobahn, Python websockets and Node ws judge the WebSocket framer (20 minutes)
	@scripts/step interop-websocket interop/websocket/run

dist: ## Make what is given out, in target/dist: Debian package, archive, SBOM, checksums (PROFILE=dev is quick, to try it)
	@packaging/need
	@scripts/step dist packaging/dist $(PROFILE)

dist-check: ## Hold what `make dist` made, and install, run and remove it in a throw-away root (as root)
	@packaging/need
	@scripts/step dist-check packaging/check

fuzz: ## Fuzz every decoder, SECONDS=600 each (nightly compiler)
	@scripts/fuzz $(SECONDS)

instructions: ## Count instructions of one message's way, and compare with bench/instructions/baseline.json
	@scripts/step instructions cargo run --quiet --locked -p fanfare-instructions

bench: ## Measure all that has a goal, against the floor and peers that are installed (20 minutes)
	@cargo run --release --locked -p fanfare-bench

bench-quick: ## The same in short (2 minutes)
	@cargo run --release --locked -p fanfare-bench -- --quick

bench-peers: ## Get nchan, Redis, NATS, mosquitto and Node ws, and compare with all of them (20 minutes)
	@bench/peers/need
	@cargo run --release --locked -p fanfare-bench -- peers
