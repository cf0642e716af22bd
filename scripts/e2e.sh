#!/usr/bin/env bash
# Runs the browser journeys against an ephemeral stack on free ports.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh test
scripts/build-dashboard.sh
if [ "${PROFILE:-debug}" = release ]; then cargo build --release --bins --quiet; else cargo build --workspace --bins --quiet; fi
exec scripts/with-stack.sh npm --prefix ui-dashboard run --silent e2e
