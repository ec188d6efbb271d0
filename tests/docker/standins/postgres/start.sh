#!/bin/bash
# As the image does it: a new database is made with its user and password, then the files of
# /docker-entrypoint-initdb.d run on a server that listens on its socket only, and then it starts.
set -euo pipefail
data=/var/lib/postgresql/18/docker
if [ "$(id -u)" = 0 ]; then
    mkdir -p "$data"
    chown -R postgres:postgres /var/lib/postgresql
    exec setpriv --reuid=postgres --regid=postgres --clear-groups "$0"
fi
settings="-c unix_socket_directories=$PGHOST"
if [ ! -s "$data/PG_VERSION" ]; then
    initdb --pgdata="$data" --username="$POSTGRES_USER" --pwfile=<(printf '%s' "$POSTGRES_PASSWORD") \
        --encoding=UTF8 --locale=C.UTF-8 --auth-local=trust --auth-host=scram-sha-256
    echo 'host all all all scram-sha-256' >>"$data/pg_hba.conf"
    pg_ctl --pgdata="$data" --wait --options="$settings -c listen_addresses=" start
    createdb --username="$POSTGRES_USER" "$POSTGRES_DB"
    for file in /docker-entrypoint-initdb.d/*.sql; do
        psql --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" --no-psqlrc --set=ON_ERROR_STOP=1 --file="$file"
    done
    pg_ctl --pgdata="$data" --wait stop
fi
exec postgres -D "$data" $settings -c listen_addresses='*'
