#!/bin/sh
# Copies the files. Options of `aipress tenant` may follow.
[ $# -ge 3 ] || { echo "usage: $0 TENANT OLD_BUCKET NEW_BUCKET [OPTION...]" >&2; exit 2; }
tenant=$1 old_bucket=$2 new_bucket=$3; shift 3
exec "${AIPRESS:-$(dirname "$0")/../build/aipress}" tenant migrate-files "$tenant" --old-bucket "$old_bucket" --new-bucket "$new_bucket" "$@"
