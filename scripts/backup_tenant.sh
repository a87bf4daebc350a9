#!/bin/sh
# A proven backup of a tenant's site. Options of `aipress tenant` may follow.
[ $# -ge 1 ] || { echo "usage: $0 TENANT [OPTION...]" >&2; exit 2; }
tenant=$1; shift 1
exec "${AIPRESS:-$(dirname "$0")/../build/aipress}" tenant backup "$tenant" "$@"
