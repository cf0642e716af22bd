#!/usr/bin/env bash
# Builds the dashboard into ui-dashboard/out, unless that is newer than its sources.
set -euo pipefail
cd "$(dirname "$0")/../ui-dashboard"

if [ -f out/index.html ] && [ -z "$(find src scripts ../proto ../docs/sql.md ../docs/grades/grades.json ../docs/benchmark/*.json *.json *.ts *.mjs -newer out/index.html -type f -print -quit 2>/dev/null)" ]; then
  exit 0
fi
echo "build: dashboard" >&2
NEXT_TELEMETRY_DISABLED=1 npm run --silent build >&2
