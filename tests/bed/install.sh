#!/bin/sh
# Builds a Kubernetes control plane (etcd, API server, controllers, scheduler, kwok, kubectl) with its supervisor from
# their Go modules, once, into the user's cache, and prints the path. About ten minutes on two processors, 150 MB.
# A change of the sources builds it again. Who has KUBEBUILDER_ASSETS (envtest's folder) gets the supervisor alone, at once.
set -eu
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
tools=${PROMGIT_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/promgit/tools}
sum=$(cd "$here" && find . -type f ! -name '*_test.go' | sort | xargs cat | cksum | cut -d' ' -f1)
tool=$tools/bed-$sum
[ -n "${KUBEBUILDER_ASSETS:-}" ] && [ ! -x "$tool" ] && tool=$tools/bed-light-$sum
if [ -x "$tool" ]; then
  touch "$tool"
  echo "$tool"
  exit
fi
command -v go >/dev/null || { echo "$0: building a control plane needs Go 1.26 or later on the PATH" >&2; exit 1; }
mkdir -p "$tools"
part=$(mktemp -d "$tools/.build.XXXXXX")
trap 'rm -rf "$part"' EXIT
trap 'exit 1' HUP INT TERM
# Two builds at once would take twice as long: the second waits, and finds what the first has made.
exec 9>"$tools/.bed.lock"
if command -v flock >/dev/null; then flock 9; fi

export CGO_ENABLED=0
case $tool in
*/bed-light-*)
  (cd "$here" && go build -trimpath -ldflags='-s -w' -o "$part/bed" ./light)
  ;;
*)
  if [ ! -x "$tool" ]; then
    echo "building a Kubernetes control plane (once; about ten minutes)" >&2
    # kwok's stages come from kwok's own module, into a copy of ours.
    cp -R "$here" "$part/source"
    cd "$part/source"
    go mod download sigs.k8s.io/kwok
    kwok=$(go list -m -f '{{.Dir}}' sigs.k8s.io/kwok)/kustomize/stage
    for file in "$kwok"/node/fast/node-*.yaml "$kwok"/node/heartbeat-with-lease/node-*.yaml "$kwok"/pod/fast/pod-*.yaml \
      "$kwok"/pod/chaos/pod-*.yaml "$kwok"/volume/fast/pv*.yaml; do
      cp "$file" stages/
    done
    # A version, because charts ask for it.
    version=$(go list -m -f '{{.Version}}' k8s.io/kubernetes)
    minor=${version#v1.}
    stamp=
    for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
      stamp="$stamp -X $package.gitVersion=$version -X $package.gitMajor=1 -X $package.gitMinor=${minor%%.*}"
      stamp="$stamp -X $package.gitTreeState=clean"
    done
    go build -trimpath -ldflags="-s -w $stamp" -o "$part/bed" .
    chmod -R u+w "$part" # files of a module are read-only
  fi
  ;;
esac
[ -x "$tool" ] || mv "$part/bed" "$tool"
# What no checkout has used for a month goes.
find "$tools" -name 'bed-*' -mtime +30 -exec rm -f {} +
echo "$tool"
