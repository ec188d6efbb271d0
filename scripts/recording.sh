#!/usr/bin/env bash
# Asks the demo's two models anew, and keeps what they answer in sweeps/demo-recorded.jsonl: needed when
# a prompt, a problem of the demo or its sweep file was changed.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
export FOUREYES_HOME=$folder/home
trap 'scripts/clean_data.sh; rm -rf "$folder"' EXIT

for model in qwen2.5-coder-0.5b qwen2.5-coder-1.5b; do
    .venv/bin/foureyes models pull "$model"
done
# as many problems of each benchmark as producer/commands/demo.py has
.venv/bin/foureyes sweep sweeps/starter.toml --limit 4 --wait
.venv/bin/foureyes record starter sweeps/demo-recorded.jsonl --force
