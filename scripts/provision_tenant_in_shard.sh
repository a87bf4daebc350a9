#!/bin/sh
# Makes the tenant's place in its shard. Options of `aipress tenant` may follow.
[ $# -ge 2 ] || { echo "usage: $0 TENANT SHARD [OPTION...]" >&2; exit 2; }
tenant=$1 shard=$2; shift 2
exec "${AIPRESS:-$(dirname "$0")/../build/aipress}" tenant provision "$tenant" --to "$shard" "$@"
