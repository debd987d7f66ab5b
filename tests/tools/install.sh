#!/bin/sh
# Builds the reference tools that the tests ask (helm, promtool, the API server's validation, kstatus, a control plane)
# from their Go modules, once, into the user's cache. Prints the folder. The versions are what promgit promises to equal.
set -eu
helm=4.3.1
promtool=0.316.0
tools=${PROMGIT_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/promgit/tools}
mkdir -p "$tools"

# build NAME VERSION PACKAGE@VERSION [GO FLAGS…]: installs into a folder of its own, then moves, so that
# an interrupted build never leaves half a tool.
build() {
  name=$1 version=$2 package=$3
  shift 3
  [ -x "$tools/$name-$version" ] && return
  command -v go >/dev/null || { echo "$0: building $name needs Go ≥ 1.26 on the PATH" >&2; exit 1; }
  echo "building $name $version (once; some minutes)" >&2
  part=$(mktemp -d "$tools/.build.XXXXXX")
  trap 'rm -rf "$part"' EXIT
  CGO_ENABLED=0 GOBIN="$part" go install -trimpath "$@" "$package"
  mv "$part/$name" "$tools/$name-$version"
  rm -rf "$part"
}

build helm "$helm" "helm.sh/helm/v4/cmd/helm@v$helm"
# Without the tags promtool pulls in the SDK of every cloud.
build promtool "$promtool" "github.com/prometheus/prometheus/cmd/promtool@v$promtool" \
  -tags remove_all_sd,enable_kubernetes_sd,enable_dns_sd
for room in resource health functions; do
  PROMGIT_TOOLS=$tools sh "$(dirname "$0")/../$room/reference/install.sh" >/dev/null
done
# Somebody who names a cluster to test on needs none from us.
[ -n "${PROMGIT_TEST_KUBECONFIG:-}" ] || PROMGIT_TOOLS=$tools sh "$(dirname "$0")/../bed/install.sh" >/dev/null
echo "$tools"
