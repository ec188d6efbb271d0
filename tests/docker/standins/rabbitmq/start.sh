#!/bin/sh
# The node belongs to a user of its own, and root only makes room for it.
set -eu
mkdir -p /var/lib/rabbitmq/mnesia /var/log/rabbitmq
chown -R rabbitmq:rabbitmq /var/lib/rabbitmq /var/log/rabbitmq
export HOME=/var/lib/rabbitmq
exec setpriv --reuid=rabbitmq --regid=rabbitmq --clear-groups \
    /usr/lib/rabbitmq/bin/rabbitmq-server
