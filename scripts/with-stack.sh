#!/usr/bin/env bash
# Runs a command with BASE_URL of an ephemeral stack on free ports, and ends the stack. PROFILE: debug (default) or release, built before.
set -euo pipefail
cd "$(dirname "$0")/.."
profile=${PROFILE:-debug}

home=$(mktemp -d)
log=$home/up.log
"target/$profile/microcloud" --home "$home/stack" up --port-base "${PORT_BASE:-18600}" --speed 5 >"$log" 2>&1 &
stack=$!
finish() {
  status=$?
  if [ "$status" -ne 0 ]; then echo "--- last lines of the stack"; tail -n 40 "$log"; fi
  kill -TERM "$stack" 2>/dev/null || true
  wait "$stack" 2>/dev/null || true
  rm -rf "$home"
}
trap finish EXIT

for _ in $(seq 600); do
  if url=$(grep -oE 'microcloud ready: http://[^ ]+' "$log"); then break; fi
  kill -0 "$stack" 2>/dev/null || { cat "$log"; exit 1; }
  sleep 0.2
done
[ -n "${url:-}" ] || { echo "the stack was not ready within 2 minutes"; exit 1; }
BASE_URL=${url#microcloud ready: } "$@"
