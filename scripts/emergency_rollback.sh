#!/bin/sh
# Back home, no write lost. Options of `aipress tenant` may follow.
[ $# -ge 1 ] || { echo "usage: $0 TENANT [OPTION...]" >&2; exit 2; }
tenant=$1; shift 1
exec "${AIPRESS:-$(dirname "$0")/../build/aipress}" tenant rollback "$tenant" "$@"
