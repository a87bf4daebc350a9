#!/usr/bin/env bash
# A stand-in for `aipress database ...` that dumps and restores: it lets the rehearsal be tested without
# the mover, and shows that the rehearsal can tell a mover that loses writes from one that does not.
#   NAIVE_MOVER_FENCE=closed    lock the tenant out during dump and restore (default)
#   NAIVE_MOVER_FENCE=open      leave the site running meanwhile: what is written is lost
set -euo pipefail

verb=$2
shift 2
while [ $# -gt 0 ]; do
    case $1 in
        --source) source=$2 ;;
        --target) target=$2 ;;
        --journal) journal=$2 ;;
        --on-switch) on_switch=$2 ;;
    esac
    shift 2
done

# mysql://user@host:port/database?password-env=NAME
url_pattern='^mysql://([^@]+)@([^:]+):([0-9]+)/([^?]+)\?password-env=(.+)$'
client() { # client URL PROGRAM [ARGUMENT]...
    local url=$1 program=$2
    shift 2
    [[ $url =~ $url_pattern ]]
    MYSQL_PWD=${!BASH_REMATCH[5]} "$program" --no-defaults --user="${BASH_REMATCH[1]}" \
        --host="${BASH_REMATCH[2]}" --port="${BASH_REMATCH[3]}" "$@"
}
sql() { client "$1" mariadb --batch --skip-column-names --execute="$2"; }
database() { [[ $1 =~ $url_pattern ]] && echo "${BASH_REMATCH[4]}"; }
account() { echo "'$(database "$1")'@'%'"; } # the rehearsal's accounts are named like their database

state=copying owner=source rows=0 fence_ms=-1 rollback_fence_ms=-1 verified=0
report() {
    printf '{"state":"%s","owner":"%s","rows_estimate":%d,"rows_copied":%d,"bytes_copied":0,"rows_changed":0,"dirty_keys":0,"lag_ms":-1,"fence_ms":%d,"rollback_fence_ms":%d,"verified_rows":%d,"differences":0}\n' \
        "$state" "$owner" "$rows" "$rows" "$fence_ms" "$rollback_fence_ms" "$verified"
}
enter() {
    state=$1
    report >"$journal.new" && mv "$journal.new" "$journal"
}

close_gate() {
    sql "$1" "ALTER USER $(account "$1") ACCOUNT LOCK"
    local left=1
    while [ "$left" != 0 ]; do
        sql "$1" "KILL USER $(account "$1")" || true
        left=$(sql "$1" "SELECT COUNT(*) FROM information_schema.processlist WHERE user = '$(database "$1")'")
    done
}
open_gate() { sql "$1" "ALTER USER $(account "$1") ACCOUNT UNLOCK"; }

copy() { # copy FROM TO
    client "$1" mariadb-dump --single-transaction --hex-blob --default-character-set=binary "$(database "$1")" |
        client "$2" mariadb --default-character-set=binary "$(database "$2")"
}
serve_from() { # serve_from OWNER URL
    owner=$1
    [[ $2 =~ $url_pattern ]]
    AIPRESS_OWNER=$1 AIPRESS_HOST=${BASH_REMATCH[2]} AIPRESS_PORT=${BASH_REMATCH[3]} \
        AIPRESS_DATABASE=${BASH_REMATCH[4]} sh -c "$on_switch"
}
move() { # move OWNER FROM TO: prints the fence in ms
    local started
    started=$(date +%s%3N)
    if [ "${NAIVE_MOVER_FENCE:-closed}" = closed ]; then close_gate "$2"; fi
    copy "$2" "$3"
    serve_from "$1" "$3"
    open_gate "$3"
    fence=$(($(date +%s%3N) - started))
}

case $verb in
    move)
        enter copying
        move target "$source" "$target"
        fence_ms=$fence rows=1 verified=1
        enter reversing
        mkfifo "$journal.command"
        read -r command <"$journal.command"
        if [ "$command" = rollback ]; then
            move source "$target" "$source"
            rollback_fence_ms=$fence
            enter rolled_back
        else
            enter finalized
        fi
        rm "$journal.command"
        report
        ;;
    status) cat "$journal" ;;
    rollback | finalize) echo "$verb" >"$journal.command" ;;
    *) exit 2 ;;
esac
