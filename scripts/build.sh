#!/usr/bin/env bash
# Builds the release binaries and the dashboard, showing progress.
set -euo pipefail
cd "$(dirname "$0")/.."

echo "build: Rust binaries (the first time takes some minutes)" >&2
cargo build --release --bins
scripts/build-dashboard.sh
