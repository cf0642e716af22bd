#!/usr/bin/env bash
# For readers: one queue with ten workers (M/M/10 at 80 % load) in this simulator and in others, on one core. What is not
# installed is skipped. CPU time, absolute: it differs between machines. docs/performance.md has what was seen on one.
#
# The others follow every request, ours moves averages: what can be compared is simulated time for the same telemetry, and
# how close the mean sojourn time is to Erlang's.
set -euo pipefail
cd "$(dirname "$0")"
cargo run --release --quiet --package sim --example mm10
if command -v python3 > /dev/null && python3 -c 'import simpy' 2> /dev/null; then
  python3 mm10_simpy.py
else
  echo "mm10: SimPy is not installed, skipped (pip install simpy)"
fi
if [ -n "${MM10_NEXOSIM:-}" ]; then
  cargo run --release --quiet --manifest-path nexosim/Cargo.toml
else
  echo "mm10: nexosim skipped; MM10_NEXOSIM=1 builds and runs benches/mm10/nexosim"
fi
