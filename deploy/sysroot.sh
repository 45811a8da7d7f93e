#!/bin/bash
#
# Lays out what tidelock is compiled against for another architecture: Debian's
# own packages of it, unpacked into a folder. The machine's packages, and what
# apt knows of them, stay as they are; nobody has to be root.

set -euo pipefail
export LC_ALL=C

# What build_packages of deps.sh brings, and the C library.
packages=(
    libc6-dev liblua5.4-dev libcurl4-openssl-dev libssl-dev libcjson-dev
    libyaml-dev libuv1-dev libzstd-dev nettle-dev libmicrohttpd-dev
    libsqlite3-dev libpcre2-dev linux-libc-dev
)

usage() {
    cat <<USAGE
usage: deploy/sysroot.sh ARCH FOLDER

Puts Debian's libraries and headers for ARCH (arm64) into FOLDER, unless they
are there, for 'cmake --preset arm64' and 'deploy/image.sh --arch arm64'. The
compiler and the emulator are the machine's: deploy/deps.sh cross.

Example:
  deploy/sysroot.sh arm64 build/sysroot-arm64

Exit status: 0 all there, 1 something could not be fetched, 3 wrong usage.
USAGE
}

say() { printf 'sysroot: %s\n' "$*"; }

die() {
    printf 'sysroot: %s\n' "$*" >&2
    exit 1
}

if (($# != 2)) || [[ $1 != arm64 ]]; then
    usage >&2
    [[ ${1:-} == -h || ${1:-} == --help ]] && exit 0
    exit 3
fi
arch=$1 folder=$2
if [[ -e $folder/usr/include/curl || -e $folder/usr/include/aarch64-linux-gnu/curl ]]; then
    say "$folder is there"
    exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{lists/partial,archives/partial} "$(dirname "$folder")"
: >"$work/status"

# An apt of its own: this architecture, nothing installed, the same sources.
apt() {
    apt-get -qq -o APT::Architecture="$arch" -o APT::Architectures::="$arch" \
        -o Dir::State::lists="$work/lists" -o Dir::State::status="$work/status" \
        -o Dir::Cache="$work" -o Dir::Cache::archives="$work/archives" \
        -o Dir::Etc::sourceparts="$work/sources" -o Dir::Etc::sourcelist=/dev/null \
        -o APT::Sandbox::User="$(id -un)" -o Debug::NoLocking=true \
        -o APT::Install-Recommends=false "$@" </dev/null
}

# Debian's own sources only: others of this machine may lack the architecture.
mkdir "$work/sources"
for list in /etc/apt/sources.list.d/*.{sources,list} /etc/apt/sources.list; do
    if grep -qE 'debian-archive-keyring|deb\.debian\.org' "$list" 2>/dev/null; then
        cp "$list" "$work/sources"
    fi
done
say "fetching $arch packages"
apt update >"$work/log" 2>&1 || { cat "$work/log" >&2 && die "apt-get update failed"; }
apt install -y --download-only "${packages[@]}" >"$work/log" 2>&1 ||
    { cat "$work/log" >&2 && die "packages could not be fetched"; }

rm -rf "$folder.new"
mkdir "$folder.new"
for package in "$work"/archives/*.deb; do
    dpkg-deb --extract "$package" "$folder.new"
done
rm -rf "$folder"
mv "$folder.new" "$folder"
say "$folder: $(find "$work/archives" -name '*.deb' | wc -l) packages of $arch"
