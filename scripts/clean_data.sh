#!/usr/bin/env bash
# Removes .foureyes (or FOUREYES_HOME): the embedded database with every result, reports, logs.
set -euo pipefail
cd "$(dirname "$0")/.."
home=$(realpath --canonicalize-missing "${FOUREYES_HOME:-.foureyes}")
[ -d "$home" ] || exit 0

for lock in "$home/stack.lock" "$home/postgres/lock"; do
    if [ -e "$lock" ] && ! flock --nonblock "$lock" true; then
        echo "clean-data: foureyes is running in $home; end it first" >&2
        exit 1
    fi
done
# Made by root, the database lies elsewhere; a home that was copied only points to the original's.
data=$(realpath --canonicalize-missing "$home/postgres")
if [ -L "$home/postgres" ] && [ "$(cat "$data/home" 2>/dev/null)" = "$home" ]; then
    rm -rf "$data"
fi
rm -rf "$home"
