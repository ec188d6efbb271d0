#!/bin/sh
# Make sure that a command is there: system-package.sh COMMAND PACKAGE
# As root it is installed by apt; anybody else is told what is missing.
set -eu
command=$1 package=$2
PATH=$PATH:/usr/sbin:/sbin
if command -v "$command" >/dev/null; then exit 0; fi
if [ "$(id -u)" != 0 ]; then
    echo "foureyes: $package is missing: sudo apt install $package" >&2
    exit 2
fi
if ! command -v apt-get >/dev/null; then
    echo "foureyes: $package is missing, and there is no apt here: install it by other means" >&2
    exit 2
fi
echo "installing $package"
# A package that brings a server would start it, and leave it running: this asks it not to.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    trap 'rm -f "$policy"' EXIT
fi
log=$(mktemp)
if ! { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$package"; } >"$log" 2>&1; then
    tail -n 5 "$log" >&2
    echo "foureyes: apt could not install $package" >&2
    exit 2
fi
rm -f "$log"
