#!/bin/sh
# Builds the reference tools that the tests ask (helm, promtool, the API server's validation, kstatus, a control plane, a registry)
# from their Go modules, once, into the user's cache (the registry is Debian's). Prints the folder. The versions are what promgit promises to equal.
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
# registry: the one that charts are pulled from. Debian's package, unpacked and not installed, so that no service starts;
# what is on the PATH already is taken as it is, and elsewhere than on Debian it is built.
registry() {
  [ -x "$tools/docker-registry" ] && return
  found=$(command -v docker-registry || true)
  part=$(mktemp -d "$tools/.build.XXXXXX")
  trap 'rm -rf "$part"' EXIT
  if [ -n "$found" ]; then
    cp "$found" "$part/docker-registry"
  elif command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null; then
    fetch() { (cd "$part" && apt-get -qq -o APT::Sandbox::User=root download docker-registry >&2); }
    fetch || { apt-get -qq update >&2 && fetch; }
    dpkg-deb -x "$part"/docker-registry_*.deb "$part/unpacked"
    mv "$part/unpacked/usr/bin/docker-registry" "$part/docker-registry"
  else
    echo "building a registry (once; some minutes)" >&2
    CGO_ENABLED=0 GOBIN="$part" go install -trimpath github.com/distribution/distribution/v3/cmd/registry@v3.0.0
    mv "$part/registry" "$part/docker-registry"
  fi
  mv "$part/docker-registry" "$tools/docker-registry"
  rm -rf "$part"
}

registry
for room in resource health functions; do
  PROMGIT_TOOLS=$tools sh "$(dirname "$0")/../$room/reference/install.sh" >/dev/null
done
# Somebody who names a cluster to test on needs none from us.
[ -n "${PROMGIT_TEST_KUBECONFIG:-}" ] || PROMGIT_TOOLS=$tools sh "$(dirname "$0")/../bed/install.sh" >/dev/null
echo "$tools"
