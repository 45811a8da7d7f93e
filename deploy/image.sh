#!/bin/bash
#
# Makes the container image from a release build, without a build engine: an
# archive that `docker load`, `ctr images import`, `podman load` and registry
# tools read. The same sources give the same digest, wherever and whenever it
# is made: files are sorted, owned by root, and as old as the commit.
#
# In it: the two programs, the shared libraries that they name (and those that
# these name), the loader, the certificates of public authorities, time zones,
# and four small files in /etc. No shell, no package manager, nothing to write.

set -euo pipefail
export LC_ALL=C
umask 022
top=$(cd "$(dirname "$0")/.." && pwd)

usage() {
    cat <<USAGE
usage: deploy/image.sh [-o FILE] [--arch amd64|arm64] [--tag NAME:TAG]
                       [--build DIR] [--rootfs DIR]

Builds tidelock and makes a container image of it.

  -o FILE        the archive; default build/image/tidelock-VERSION-ARCH.tar
  --arch ARCH    amd64 or arm64; default this machine's. The other one is
                 cross-compiled: see deploy/sysroot.sh
  --tag NAME:TAG name in the archive; default tidelock:VERSION
  --build DIR    a release build that is there already; nothing is compiled
  --rootfs DIR   only the image's files, into a new folder (for the Dockerfile)

SOURCE_DATE_EPOCH is the time of every file; default that of the commit.
The last line printed is the digest of the image's manifest.

Examples:
  deploy/image.sh -o tidelock.tar && docker load -i tidelock.tar
  deploy/image.sh --arch arm64 --tag registry.example.com/tidelock:1

Exit status: 0 made, 1 something failed, 3 wrong usage.
USAGE
}

say() { printf 'image: %s\n' "$*" >&2; }

die() {
    say "$*"
    exit 1
}

misused() {
    printf 'image: %s\n\n' "$1" >&2
    usage >&2
    exit 3
}

archive='' arch='' tag='' build='' rootfs=''
while (($#)); do
    case $1 in
        -h | --help) usage && exit 0 ;;
        -o | --arch | --tag | --build | --rootfs)
            (($# > 1)) || misused "$1 wants a value"
            case $1 in
                -o) archive=$2 ;;
                --arch) arch=$2 ;;
                --tag) tag=$2 ;;
                --build) build=$2 ;;
                --rootfs) rootfs=$2 ;;
            esac
            shift 2
            ;;
        *) misused "unknown argument: $1" ;;
    esac
done

# ---- what is built, and for what ----

case $(uname -m) in
    x86_64) here=amd64 ;;
    aarch64) here=arm64 ;;
    *) here=other ;;
esac
case ${arch:=$here} in
    amd64) triplet=x86_64-linux-gnu machine='X86-64' variant='' ;;
    arm64) triplet=aarch64-linux-gnu machine='AArch64' variant=v8 ;;
    *) misused "--arch is amd64 or arm64, not '$arch'" ;;
esac
sysroot='' strip=strip
if [[ $arch != "$here" ]]; then
    [[ $here == amd64 ]] || die "$arch can only be cross-compiled on amd64"
    sysroot=$top/build/sysroot-$arch
    strip=$triplet-strip
fi

compile() {
    local preset=release
    if [[ -n $sysroot ]]; then
        preset=$arch
        "$top/deploy/sysroot.sh" "$arch" "$sysroot" >&2
    fi
    build=$top/build/$preset
    (cd "$top" && cmake --preset "$preset" &&
        cmake --build --preset "$preset" --target tidelock) >&2
}
[[ -n $build ]] || compile

PATH=$PATH:/usr/sbin # zic is there
for tool in readelf sha256sum gzip tar zic "$strip"; do
    command -v "$tool" >/dev/null || die "$tool is needed (deploy/deps.sh build)"
done
for program in tidelock tidelock-worker; do
    file=$build/bin/$program
    [[ -x $file ]] || die "there is no $file; build it, or leave --build out"
    readelf -hW "$file" | grep -q "Machine:.*$machine" ||
        die "$file is not for $arch"
    if readelf -dW "$file" | grep -q 'NEEDED.*\[lib[aul]*san\.'; then
        die "$file has sanitizers in it: an image takes a release build"
    fi
done
version=$(sed -n 's/^project(tidelock VERSION \([0-9.]*\).*/\1/p' \
    "$top/CMakeLists.txt")
commit=$(git -C "$top" rev-parse HEAD 2>/dev/null || true)
epoch=${SOURCE_DATE_EPOCH:-$(git -C "$top" show -s --format=%ct HEAD 2>/dev/null ||
    printf 0)}
[[ $epoch =~ ^[0-9]+$ ]] || die "SOURCE_DATE_EPOCH is no number: $epoch"
created=$(date -u -d "@$epoch" +%Y-%m-%dT%H:%M:%SZ)
: "${tag:=tidelock:$version}"
[[ $tag =~ ^[a-z0-9][a-z0-9._/:-]*:[A-Za-z0-9_][A-Za-z0-9_.-]*$ ]] ||
    misused "--tag is NAME:TAG, not '$tag'"
: "${archive:=$top/build/image/tidelock-$version-$arch.tar}"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# ---- the files of the image ----

needed() { readelf -dW "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]$/\1/p'; }
loader() { readelf -lW "$1" | sed -n 's/.*interpreter: \(.*\)\]$/\1/p'; }

find_library() {
    local folder
    for folder in lib usr/lib; do
        folder=$sysroot/$folder/$triplet
        [[ -e $folder/$1 ]] && printf '%s\n' "$folder/$1" && return
    done
    die "no $1 for $arch in $sysroot/usr/lib/$triplet"
}

# add_libraries ROOT FILE: what FILE names, and what that names. The loader is
# named by the C library as well; it has its own place.
add_libraries() {
    local root=$1 name from into
    for name in $(needed "$2"); do
        into=$root/lib/$triplet/$name
        [[ $name == ld-linux-* || -e $into ]] && continue
        from=$(find_library "$name")
        install -m 755 "$from" "$into"
        add_libraries "$root" "$from"
    done
}

add_loader() {
    local path
    path=$(loader "$1/usr/bin/tidelock")
    [[ -n $path ]] || die "tidelock has no loader"
    install -D -m 755 "$sysroot$path" "$1$path"
}

# Names come from Debian's packages, which are the same for each architecture:
# one file with every authority, sorted, as update-ca-certificates makes it.
add_certificates() {
    local from=/usr/share/ca-certificates/mozilla into=$1/etc/ssl/certs
    [[ -d $from ]] || die "no $from (package ca-certificates)"
    mkdir -p "$into"
    cat "$from"/*.crt >"$into/ca-certificates.crt"
}

# Compiled again from 2014 on, when Kubernetes began, without the tables that only
# old readers need and the copies for clocks that count leap seconds. Names of
# one zone are links to one file. Of the source only the names are kept, which a
# message that suggests one reads.
add_zones() {
    local from=/usr/share/zoneinfo/tzdata.zi into=$1/usr/share/zoneinfo
    [[ -f $from ]] || die "there is no $from (package tzdata)"
    zic -b slim -r "@$(date -u -d 2014-01-01 +%s)" -d "$into" "$from"
    sed -n 's/^\(Z [^ ]*\).*/\1/p; /^L /p' "$from" >"$into/tzdata.zi"
}

add_etc() {
    printf 'root:x:0:0:root:/:/nonexistent\n' >"$1/etc/passwd"
    printf 'nonroot:x:65532:65532:nonroot:/:/nonexistent\n' >>"$1/etc/passwd"
    printf 'root:x:0:\nnonroot:x:65532:\n' >"$1/etc/group"
    printf 'hosts: files dns\n' >"$1/etc/nsswitch.conf"
    printf 'NAME="tidelock"\nID=tidelock\nVERSION_ID="%s"\n' "$version" \
        >"$1/etc/os-release"
}

lay_out() {
    local root=$1 program
    mkdir -p "$root/lib/$triplet" "$root/etc"
    install -D -m 755 "$build/bin/tidelock" "$root/usr/bin/tidelock"
    install -D -m 755 "$build/bin/tidelock-worker" \
        "$root/usr/libexec/tidelock/tidelock-worker"
    for program in "$root/usr/bin/tidelock" \
        "$root/usr/libexec/tidelock/tidelock-worker"; do
        "$strip" --strip-all "$program"
        add_libraries "$root" "$program"
    done
    add_loader "$root"
    add_certificates "$root"
    add_zones "$root"
    add_etc "$root"
    chmod -R u=rwX,go=rX "$root"
    find "$root" -exec touch -h -d "@$epoch" {} +
}

if [[ -n $rootfs ]]; then
    [[ ! -e $rootfs ]] || die "$rootfs is there already"
    mkdir -p "$rootfs"
    lay_out "$rootfs"
    exit 0
fi

# ---- the archive ----

# packed FOLDER: a tar of what is in it that says nothing of this machine.
packed() {
    tar -C "$1" --format=ustar --sort=name --mtime="@$epoch" --owner=0 \
        --group=0 --numeric-owner --no-recursion -cf - \
        --files-from=<(cd "$1" && find . -mindepth 1 -printf '%P\n' | sort)
}

digest_of() { sha256sum "$1" | cut -d ' ' -f 1; }

# blob FILE: moves it to where its digest says; prints the digest.
blob() {
    local digest
    digest=$(digest_of "$1")
    mv "$1" "$layout/blobs/sha256/$digest"
    printf '%s\n' "$digest"
}

size_of() { stat -c %s "$layout/blobs/sha256/$1"; }

layout=$work/layout
mkdir -p "$layout/blobs/sha256" "$work/root"
lay_out "$work/root"
packed "$work/root" >"$work/layer.tar"
diff_id=$(digest_of "$work/layer.tar")
gzip -9 -n "$work/layer.tar"
layer=$(blob "$work/layer.tar.gz")

platform='"architecture":"'$arch'","os":"linux"'${variant:+',"variant":"'$variant'"'}
cat >"$work/config" <<JSON
{"created":"$created",$platform,"config":{"User":"65532:65532","Env":["PATH=/usr/bin"],"Entrypoint":["/usr/bin/tidelock"],"Cmd":["help"],"WorkingDir":"/","Labels":{"org.opencontainers.image.licenses":"Apache-2.0","org.opencontainers.image.revision":"$commit","org.opencontainers.image.title":"tidelock","org.opencontainers.image.version":"$version"}},"rootfs":{"type":"layers","diff_ids":["sha256:$diff_id"]},"history":[{"created":"$created","created_by":"deploy/image.sh"}]}
JSON
config=$(blob "$work/config")
oci=application/vnd.oci.image
cat >"$work/manifest" <<JSON
{"schemaVersion":2,"mediaType":"$oci.manifest.v1+json","config":{"mediaType":"$oci.config.v1+json","digest":"sha256:$config","size":$(size_of "$config")},"layers":[{"mediaType":"$oci.layer.v1.tar+gzip","digest":"sha256:$layer","size":$(size_of "$layer")}]}
JSON
manifest=$(blob "$work/manifest")

# Both tables of contents: OCI's, and the one that older `docker load` reads.
case $tag in
    */*.*/* | *.*/*) full=$tag ;;
    */*) full=docker.io/$tag ;;
    *) full=docker.io/library/$tag ;;
esac
printf '{"imageLayoutVersion":"1.0.0"}' >"$layout/oci-layout"
cat >"$layout/index.json" <<JSON
{"schemaVersion":2,"mediaType":"$oci.index.v1+json","manifests":[{"mediaType":"$oci.manifest.v1+json","digest":"sha256:$manifest","size":$(size_of "$manifest"),"platform":{$platform},"annotations":{"io.containerd.image.name":"$full","org.opencontainers.image.ref.name":"${tag##*:}"}}]}
JSON
cat >"$layout/manifest.json" <<JSON
[{"Config":"blobs/sha256/$config","RepoTags":["$tag"],"Layers":["blobs/sha256/$layer"]}]
JSON

mkdir -p "$(dirname "$archive")"
packed "$layout" >"$work/archive.tar"
mv "$work/archive.tar" "$archive"
unpacked=$(find "$work/root" -type f -printf '%i %s\n' | sort -u |
    awk '{ n += $2 } END { print n }')
say "$archive: $tag for $arch, $((unpacked / 1000)) kB unpacked, $(($(stat -c %s "$archive") / 1000)) kB packed"
printf 'sha256:%s\n' "$manifest"
