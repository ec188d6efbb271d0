#!/usr/bin/env bash
# Removes what foureyes made in .foureyes (or FOUREYES_HOME): the embedded database with every result,
# reports, logs. The folder itself goes if nothing else is in it: it may be one of somebody's.
set -euo pipefail
shopt -s extglob
cd "$(dirname "$0")/.."
home=$(realpath --canonicalize-missing -- "${FOUREYES_HOME:-.foureyes}")
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
rm -rf "$home"/{postgres,rabbitmq,expected}
# In folders of such names somebody may keep files of one's own: ours go by their names.
rm -f "$home"/logs/*.log{,.1} "$home"/reports/*-+([0-9]).html
for folder in "$home"/{logs,reports}; do
    if [ -d "$folder" ] && [ ! -L "$folder" ]; then
        rmdir --ignore-fail-on-non-empty "$folder"
    fi
done
rm -f "$home"/*@*.alive "$home"/{stack.lock,stack.json,stack.json.part,migration.lock,valkey.conf,reaper.alive}
if [ "$(cat "$home/.gitignore" 2>/dev/null)" = "*" ]; then
    rm "$home/.gitignore"
fi
rmdir --ignore-fail-on-non-empty "$home"
