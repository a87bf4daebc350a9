#!/bin/sh
# Copies the database and follows it. Options of `aipress tenant` may follow.
[ $# -ge 3 ] || { echo "usage: $0 TENANT OLD_PROJECT SHARD [OPTION...]" >&2; exit 2; }
tenant=$1 old_project=$2 shard=$3; shift 3
exec "${AIPRESS:-$(dirname "$0")/../build/aipress}" tenant migrate-database "$tenant" --from "$old_project" --to "$shard" "$@"
