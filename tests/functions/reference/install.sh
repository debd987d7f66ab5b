#!/bin/sh
# Builds the reference that lists the functions of helm, once, into the user's cache; prints its path.
# About a minute. A change of its source builds it again.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
tools=${PROMGIT_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/promgit/tools}
sum=$(cat "$here/main.go" "$here/go.mod" | cksum | cut -d' ' -f1)
tool=$tools/functions-oracle-$sum
if [ ! -x "$tool" ]; then
  command -v go >/dev/null || { echo "$0: building the reference needs Go 1.26 or later on the PATH" >&2; exit 1; }
  mkdir -p "$tools"
  part=$(mktemp -d "$tools/.build.XXXXXX")
  trap 'rm -rf "$part"' EXIT
  echo "building the list of helm's functions (once; about a minute)" >&2
  (cd "$here" && CGO_ENABLED=0 go build -trimpath -ldflags=-s -o "$part/oracle" .)
  mv "$part/oracle" "$tool"
fi
echo "$tool"
