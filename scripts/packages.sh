#!/usr/bin/env bash
# Sees to it that system packages are there: installs them if we are root, else says what is missing.
#   packages.sh need bubblewrap rabbitmq-server
set -euo pipefail

say() { echo "packages: $*"; }

# PATH of an ordinary user on Debian does not have /usr/sbin.
has_package() {
    local program
    case $1 in
    libgomp1) # a library, for llama.cpp's wheel
        PATH="$PATH:/usr/sbin:/sbin" ldconfig -p | grep 'libgomp\.so\.1 ' >/dev/null
        return
        ;;
    bubblewrap) program=bwrap ;;
    docker.io) program=dockerd ;;
    iproute2) program=ip ;;
    *) program=$1 ;;
    esac
    PATH="$PATH:/usr/sbin:/sbin" command -v "$program" >/dev/null
}

# Packages of servers start them, at once and after each boot. We only want the programs: tests run
# a node of their own. policy-rc.d is Debian's way to say so; one that is there already is kept.
without_starting() {
    local policy=/usr/sbin/policy-rc.d status=0
    if [ -e "$policy" ]; then
        "$@" || status=$?
    else
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod +x "$policy"
        trap 'rm -f /usr/sbin/policy-rc.d' EXIT
        "$@" || status=$?
        rm -f "$policy"
        trap - EXIT
    fi
    return "$status"
}

apt_install() {
    export DEBIAN_FRONTEND=noninteractive
    local install=(apt-get install --yes --quiet --quiet --no-install-recommends "$@")
    # a fresh machine or container has no lists yet, and old lists name files that are gone
    without_starting "${install[@]}" >/dev/null 2>&1 && return
    apt-get update --quiet --quiet && without_starting "${install[@]}" >/dev/null
}

need() {
    local missing=() package
    for package in "$@"; do
        has_package "$package" || missing+=("$package")
    done
    [ ${#missing[@]} = 0 ] && return
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        say "missing: ${missing[*]}. As root: apt-get install ${missing[*]}" >&2
        return 1
    fi
    say "installing ${missing[*]}"
    local services=()
    has_package rabbitmq-server || services+=(rabbitmq-server)
    has_package docker.io || services+=(docker.socket docker.service containerd.service)
    has_package epmd || services+=(epmd.socket epmd.service) # Erlang's, comes with RabbitMQ
    if ! apt_install "${missing[@]}"; then
        say "apt could not install ${missing[*]} (see above)" >&2
        return 1
    fi
    # not at the next boot either; what was there before stays as it was
    for package in "${services[@]}"; do
        if command -v systemctl >/dev/null; then
            systemctl disable --quiet "$package" 2>/dev/null || true
        elif [ -e "/etc/init.d/$package" ]; then
            update-rc.d "$package" disable 2>/dev/null || true
        fi
    done
}

case ${1-} in
need) shift; need "$@" ;;
apt) shift; apt_install "$@" ;;
*) echo "usage: packages.sh need|apt PACKAGE..." >&2; exit 2 ;;
esac
