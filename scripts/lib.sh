# Sourced by the scripts: where things are, and the Debian packages that are needed.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

build_packages=(
  cmake ninja-build g++ ccache pkg-config protobuf-compiler
  libtorrent-rasterbar-dev libboost-dev libzstd-dev libcli11-dev libarchive-dev nlohmann-json3-dev
  libcurl4-openssl-dev libsodium-dev libspdlog-dev libfmt-dev libprotobuf-dev libexpected-dev libssl-dev
  libgtest-dev libgmock-dev libdtl-dev
)
run_packages=(git ca-certificates)
test_packages=(minisign zstd openssl etcd-server spin strace glusterfs-server glusterfs-client faketime iproute2 python3
  git-lfs subversion mercurial aria2 curl binutils systemd systemd-container util-linux mmdebstrap zsh fish man-db
  gnupg gpgv openssh-client)
# Emulated machines with an NFS server and clients; their kernel is downloaded by tests/nfs itself.
nfs_packages=(qemu-system-x86 busybox-static cpio kmod e2fsprogs nfs-kernel-server nfs-common rpcbind iproute2 python3)
check_packages=(clang-format clang-tidy)
package_packages=(dpkg-dev fakeroot file gzip lintian binutils debugedit)
fuzz_packages=(clang libclang-rt-14-dev)
bench_packages=(zstd time)
swarm_packages=(python3 iproute2 aria2 opentracker transmission-cli rsync nginx-light curl uftp iperf3 casync zstd git)  # scripts/bench swarm, loopback, update

say() { printf '\033[1m== %s\033[0m\n' "$*"; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# Runs a command that installs packages, without starting the services in them: tests start their own etcd.
without_services() {
  local policy=/usr/sbin/policy-rc.d status=0
  [ ! -e "$policy" ] || { "$@"; return; }
  printf '#!/bin/sh\nexit 101\n' | as_root install -m 755 /dev/stdin "$policy"
  "$@" || status=$?
  as_root rm -f "$policy"
  return "$status"
}

# Nothing where there is no systemd.
enabled_services() {
  { systemctl list-unit-files --type=service --state=enabled --no-legend 2>/dev/null || true; } | cut -d' ' -f1 | sort
}

# Installs what is missing of the named packages; takes a moment when nothing is.
need() {
  local missing=() each before added
  for each in "$@"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$each" 2>/dev/null || true)" = installed ] || missing+=("$each")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  say "installing ${missing[*]}"
  before=$(enabled_services)
  local try
  for try in 1 2 3; do
    if as_root apt-get update -qq &&
       without_services as_root env DEBIAN_FRONTEND=noninteractive \
         apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null; then
      mapfile -t added < <(comm -13 <(echo "$before") <(enabled_services))
      [ ${#added[@]} = 0 ] || as_root systemctl disable --quiet "${added[@]}" 2>/dev/null || true  # nor at boot
      return 0
    fi
    sleep $((try * 5))
  done
  echo "cannot install ${missing[*]}" >&2
  return 1
}

# build PRESET [TARGET…]: leaves the binaries in build/, build-asan/ or build-tsan/.
build() {
  local preset=$1
  shift
  say "building ($preset)"
  cmake --preset "$preset" -S "$root" >/dev/null
  cmake --build --preset "$preset" --target "${@:-all}" -- -k 0
}
