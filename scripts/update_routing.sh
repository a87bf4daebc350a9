#!/bin/sh
# Switches, and sends the visitors to the new side. Options of `aipress tenant` may follow.
[ $# -ge 2 ] || { echo "usage: $0 TENANT NEW_URL [OPTION...]" >&2; exit 2; }
tenant=$1 new_url=$2; shift 2
exec "${AIPRESS:-$(dirname "$0")/../build/aipress}" tenant update-routing "$tenant" --url "$new_url" "$@"
