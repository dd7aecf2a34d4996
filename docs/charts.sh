#!/bin/sh
# Renders the charts that README.md shows from a run of the lab on this machine, which should do nothing else for the
# three minutes it takes. Arguments go to `gc-lab run`.
set -eu
cd "$(dirname "$0")/.."
out=$(mktemp -d)
cargo run --release -p gc-lab -- run --calibrate --out "$out" "$@"
cp "$out/trade-off.svg" "$out/peak-memory.svg" docs/
rm -r "$out"
