#!/usr/bin/env bash
# Everything that a reviewer should not have to say.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh run
buf=ui-dashboard/node_modules/.bin/buf

echo "lint: rustfmt";  cargo fmt --all --check
echo "lint: clippy";   cargo clippy --workspace --all-targets --quiet -- -D warnings
echo "lint: rustdoc";  RUSTDOCFLAGS="-D warnings -A rustdoc::private_intra_doc_links" cargo doc --workspace --no-deps --quiet --exclude proto
echo "lint: buf";      "$buf" lint
# What others build on: the published main, or on main itself the commit before.
base=$(git rev-parse --verify --quiet origin/main || true)
[ "$base" != "$(git rev-parse HEAD)" ] || base=
[ -n "$base" ] || base=$(git rev-parse --verify --quiet HEAD~1 || true)
if [ -n "$base" ] && git cat-file -e "$base:buf.yaml" 2>/dev/null; then
  "$buf" breaking --against ".git#ref=$base"
else
  echo "lint: buf breaking skipped: no earlier commit to compare with"
fi
echo "lint: dashboard"; npm --prefix ui-dashboard run --silent lint
if cargo deny --version >/dev/null 2>&1; then
  echo "lint: cargo deny"; cargo deny --log-level error check bans licenses sources
else
  echo "lint: cargo deny skipped: not installed (cargo install --locked cargo-deny)"
fi
echo "lint: clean"
