#!/bin/bash
#
# Installs the Debian packages that tidelock is built and tested with.
# Does nothing, in no time, when all of them are there.

set -euo pipefail

build_packages=(
    gcc cmake ninja-build pkg-config
    liblua5.4-dev libcurl4-openssl-dev libssl-dev libcjson-dev
    libyaml-dev libuv1-dev libzstd-dev nettle-dev
    libmicrohttpd-dev libsqlite3-dev libpcre2-dev
    tzdata                                            # read when it runs
)
image_packages=(ca-certificates git)                  # in the image, or read for it
cross_packages=(gcc-aarch64-linux-gnu qemu-user-static) # the image of the other architecture
demo_packages=(curl)
test_packages=(
    lua5.4 lua-busted lua-cjson                       # specs
    python3 python3-pytest python3-yaml python3-kubernetes  # end-to-end tests
    openssl                                           # certificates of the test cluster
    lua-check                                         # what `tidelock check` parses with
    zsh fish mandoc man-db                            # completions and man page are read by these
    valgrind clang clang-format libclang-rt-14-dev    # memory, fuzzing, layout
)
node_packages=(                                       # a node that runs pods (tests/node)
    containernetworking-plugins iptables nftables iproute2  # networks of pods and Services
    busybox-static                                    # what the images of the tests are made of
    gcc libc6-dev libseccomp-dev pkg-config           # runc is compiled with these
)
go_wanted=1.26      # compiles the control plane in tests/cluster

usage() {
    cat <<USAGE
usage: deploy/deps.sh [build|image|cross|demo|test|node|all]

Installs what is missing, with apt-get (through sudo when not root):
  build   ${build_packages[*]}
  image   what build takes, ${image_packages[*]}
  cross   what image takes, ${cross_packages[*]}
  demo    what build takes, ${demo_packages[*]}
  test    ${test_packages[*]}
          and checks for Go >= $go_wanted, which it does not install
  node    ${node_packages[*]}
          and checks for Go
  all     all of them but cross (default)

Examples:
  deploy/deps.sh
  deploy/deps.sh build && cmake --preset release

Exit status: 0 all there, 1 something could not be installed, 3 wrong usage.
USAGE
}

say() { printf 'deps: %s\n' "$*"; }

die() {
    printf 'deps: %s\n' "$*" >&2
    exit 1
}

installed() {
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

missing() {
    local package
    for package in "$@"; do
        installed "$package" || printf '%s\n' "$package"
    done
}

as_root() {
    if ((EUID == 0)); then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "not root and no sudo; run as root: $*"
    fi
}

apt() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y \
        -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@" </dev/null
}

install_packages() {
    local wanted
    command -v dpkg-query >/dev/null || die "this is no Debian; packages wanted: $*"
    mapfile -t wanted < <(missing "$@")
    if ((${#wanted[@]} == 0)); then
        return
    fi
    say "installing ${wanted[*]}"
    apt update || die "apt-get update failed"
    apt install --no-install-recommends "${wanted[@]}" || die "apt-get install failed"
}

# "go1.26.8" against "1.26", by version order.
check_go() {
    local have
    command -v go >/dev/null ||
        die "Go >= $go_wanted is needed by tests/cluster and is not in PATH; Debian 12 has an older one, so install it by hand"
    have=$(go env GOVERSION)
    have=${have#go}
    printf '%s\n%s\n' "$go_wanted" "$have" | sort -V -C ||
        die "Go >= $go_wanted is needed by tests/cluster, this is $have"
}

case ${1:-all} in
    build) install_packages "${build_packages[@]}" ;;
    test) install_packages "${test_packages[@]}" && check_go ;;
    node) install_packages "${node_packages[@]}" && check_go ;;
    image) install_packages "${build_packages[@]}" "${image_packages[@]}" ;;
    cross) install_packages "${build_packages[@]}" "${image_packages[@]}" "${cross_packages[@]}" ;;
    demo) install_packages "${build_packages[@]}" "${demo_packages[@]}" ;;
    all)
        install_packages "${build_packages[@]}" "${image_packages[@]}" "${demo_packages[@]}" \
            "${test_packages[@]}" "${node_packages[@]}" && check_go
        ;;
    -h | --help) usage && exit 0 ;;
    *) usage >&2 && exit 3 ;;
esac
say "all packages for '${1:-all}' are there"
