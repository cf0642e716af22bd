#!/usr/bin/env bash
# Fuzzes every target (or the named one) for some seconds each. What is found stays in fuzz/artifacts.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=$1
target=${2:-}

say() { printf 'fuzz: %s\n' "$*" >&2; }
if ! rustup toolchain list 2>/dev/null | grep -q '^nightly'; then
  say "a nightly compiler is needed: rustup toolchain install nightly --profile minimal"; exit 1
fi
if ! cargo fuzz --version >/dev/null 2>&1; then
  say "cargo-fuzz is not installed: cargo install --locked cargo-fuzz"
  say "without it, cargo nextest run -p sim -E 'test(fuzz)' runs the same targets over their corpus and random changes of it"
  exit 1
fi
cargo run --quiet --manifest-path fuzz/Cargo.toml --bin seeds
targets=(scenario topology trace recording checkpoint commands)
[ -z "$target" ] || targets=("$target")
for name in "${targets[@]}"; do
  say "$name for $seconds s"
  # New inputs go to a folder of their own: the corpus in the repository stays small.
  mkdir -p "fuzz/target/corpus/$name"
  cargo +nightly fuzz run "$name" "fuzz/target/corpus/$name" "fuzz/corpus/$name" -- \
    -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -max_len=65536 -print_final_stats=1
done
say "nothing found"
