#!/bin/sh
# Builds the reference tools that the tests ask (helm, promtool, the API server's validation, kstatus, a control plane, a registry)
# from their Go modules, once, into the user's cache (the registry and sshd are Debian's). Prints the folder. The versions are what promgit promises to equal.
# `install.sh gitea` builds a forge and nothing else: some minutes and 120 MB that only the full form of the tests takes.
set -eu
helm=4.3.1
helm3=3.22.0
promtool=0.316.0
gitea=1.26.0
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

# gitea: the forge that remotes are tested with, and beside it the files that it reads. Its module replaces others, which
# `go install` does not take: it is built in the module's own folder. SQLite is C.
gitea() {
  [ -x "$tools/gitea-$gitea/gitea" ] && return
  command -v go >/dev/null || { echo "$0: building gitea needs Go ≥ 1.26 on the PATH" >&2; exit 1; }
  echo "building gitea $gitea (once; some minutes)" >&2
  part=$(mktemp -d "$tools/.build.XXXXXX")
  trap 'rm -rf "$part"' EXIT
  source=$(go mod download -json "code.gitea.io/gitea@v$gitea" | sed -n 's/^[[:space:]]*"Dir": "\(.*\)",$/\1/p')
  (cd "$source" && CGO_ENABLED=1 go build -trimpath -tags 'sqlite sqlite_unlock_notify' -ldflags="-s -w -X main.Version=$gitea" -o "$part/gitea" .)
  cp -R "$source/templates" "$source/options" "$source/public" "$part"
  chmod -R u+w "$part" # files of a module are read-only
  mv "$part" "$tools/gitea-$gitea"
}

if [ "${1:-}" = gitea ]; then
  gitea
  echo "$tools/gitea-$gitea"
  exit
fi

build helm "$helm" "helm.sh/helm/v4/cmd/helm@v$helm"
build helm "$helm3" "helm.sh/helm/v3/cmd/helm@v$helm3" # reads and writes the same records
# Without the tags promtool pulls in the SDK of every cloud.
build promtool "$promtool" "github.com/prometheus/prometheus/cmd/promtool@v$promtool" \
  -tags remove_all_sd,enable_kubernetes_sd,enable_dns_sd
is_debian() { command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null; }

# unpack FOLDER PACKAGE…: Debian's packages, below FOLDER/unpacked.
unpack() {
  folder=$1
  shift
  fetch() { (cd "$folder" && apt-get -qq -o APT::Sandbox::User=root download "$@" >&2); }
  fetch "$@" || { apt-get -qq update >&2 && fetch "$@"; }
  for package in "$folder"/*.deb; do
    dpkg-deb -x "$package" "$folder/unpacked"
  done
}

# registry: the one that charts are pulled from. Debian's package, unpacked and not installed, so that no service starts;
# what is on the PATH already is taken as it is, and elsewhere than on Debian it is built.
registry() {
  [ -x "$tools/docker-registry" ] && return
  found=$(command -v docker-registry || true)
  part=$(mktemp -d "$tools/.build.XXXXXX")
  trap 'rm -rf "$part"' EXIT
  if [ -n "$found" ]; then
    cp "$found" "$part/docker-registry"
  elif is_debian; then
    unpack "$part" docker-registry
    mv "$part/unpacked/usr/bin/docker-registry" "$part/docker-registry"
  else
    echo "building a registry (once; some minutes)" >&2
    CGO_ENABLED=0 GOBIN="$part" go install -trimpath github.com/distribution/distribution/v3/cmd/registry@v3.0.0
    mv "$part/registry" "$part/docker-registry"
  fi
  mv "$part/docker-registry" "$tools/docker-registry"
  rm -rf "$part"
}

# sshd: the server that remotes over SSH are tested with, unpacked as well. What is installed is taken as it is; where neither can
# be had those tests say so.
sshd() {
  if [ -x /usr/sbin/sshd ] || [ -x "$tools/sshd" ]; then return; fi
  is_debian || { echo "$0: no sshd: remotes over SSH are not tested; install OpenSSH's server for that" >&2; return 0; }
  part=$(mktemp -d "$tools/.build.XXXXXX")
  trap 'rm -rf "$part"' EXIT
  unpack "$part" openssh-server libwrap0
  # it gives up its rights to this account before it talks to anybody, if it has any to give up
  if [ "$(id -u)" = 0 ] && ! getent passwd sshd >/dev/null; then
    useradd --system --no-create-home --home-dir /run/sshd --shell /usr/sbin/nologin sshd
  fi
  rm -rf "$tools/sshd.d"
  mv "$part/unpacked" "$tools/sshd.d"
  cat >"$part/sshd" <<EOF
#!/bin/sh
LD_LIBRARY_PATH=$tools/sshd.d/usr/lib/$(uname -m)-linux-gnu exec $tools/sshd.d/usr/sbin/sshd "\$@"
EOF
  chmod +x "$part/sshd"
  mv "$part/sshd" "$tools/sshd"
  rm -rf "$part"
}

registry
sshd
for room in resource health functions; do
  PROMGIT_TOOLS=$tools sh "$(dirname "$0")/../$room/reference/install.sh" >/dev/null
done
# Somebody who names a cluster to test on needs none from us.
[ -n "${PROMGIT_TEST_KUBECONFIG:-}" ] || PROMGIT_TOOLS=$tools sh "$(dirname "$0")/../bed/install.sh" >/dev/null
echo "$tools"
