# SPDX-License-Identifier: Apache-2.0
# Shared by ./run and ./test: checks the machine, installs packages, builds. Needs a shell, git and apt only.
# Sourced with $top set to the repository; works in $top/build.

build="$top/build"
logs="$build/logs"
child=
own_policy=
keep= # "clear" while the step in progress must be left to end by itself

fail() {
    printf '%s: %s\n' "$program" "$1" >&2
    exit 1
}

# An interrupted step must not go on alone: it is ended, or (the package manager) waited for.
stop_child() {
    trap '' INT TERM HUP
    if [ -n "$child" ]; then
        [ -n "$keep" ] || kill -TERM "$child" 2>/dev/null
        wait "$child" 2>/dev/null
    fi
    exit "$1"
}

trap 'stop_child 130' INT
trap 'stop_child 143' TERM
trap 'stop_child 129' HUP

# step LOG TEXT COMMAND...: one progress line; the output goes to LOG and is shown only on failure. The
# command is told when this shell dies, however that happens.
step() {
    local log="$logs/$1.log" text="$2" begin=$SECONDS
    shift 2
    printf '%s ... ' "$text"
    setpriv --pdeathsig "${keep:-TERM}" "$@" >"$log" 2>&1 </dev/null 9>&- &
    child=$!
    if wait "$child"; then
        child=
        printf 'done (%d s)\n' $((SECONDS - begin))
        return
    fi
    child=
    printf 'failed\n'
    tail -n 25 "$log" >&2
    fail "\"$text\" failed; all of its output is in $log"
}

# Everything that is wrong with this machine, one sentence each, before anything is changed.
check_machine() {
    [ "$(id -u)" = 0 ] || fail "run it as root: it makes network namespaces, bridges and virtual machines"
    command -v apt-get >/dev/null ||
        fail "there is no apt-get here: it installs what it needs on Debian 12 (bookworm)"
    grep -q '^ID=debian$' /etc/os-release 2>/dev/null ||
        fail "this is not Debian: it installs its packages from Debian 12 (bookworm)"
    [ "$(uname -m)" = x86_64 ] || fail "this is a $(uname -m) machine; the test guests are for x86_64"
}

check_lab() {
    [ -c /dev/net/tun ] || fail "there is no /dev/net/tun: load the module tun, or give the container the device"
    unshare --net --mount --uts --ipc --pid --fork true 2>/dev/null ||
        fail "cannot make namespaces here: it needs the whole root of the machine (CAP_SYS_ADMIN), not a container's"
}

# packages FILE...: the names in them that are not installed.
missing_packages() {
    local wanted
    wanted=$(sed 's/#.*//' "$@" | sort -u)
    # shellcheck disable=SC2086 # the names are words
    { dpkg-query -W -f '${db:Status-Status} ${Package}\n' $wanted 2>/dev/null |
        sed -n 's/^installed //p'; printf '%s\n' $wanted; } | sort | uniq -u
}

# No package may start a service. While this shell lives, a policy says so; it removes itself afterwards,
# should we have no time to.
forbid_services() {
    [ -e /usr/sbin/policy-rc.d ] && return
    printf '#!/bin/sh\n[ -d /proc/%d ] && exit 101\nrm -f "$0"\nexit 0\n' $$ >/usr/sbin/policy-rc.d
    chmod 755 /usr/sbin/policy-rc.d
    own_policy=/usr/sbin/policy-rc.d
}

apt_get() {
    env DEBIAN_FRONTEND=noninteractive apt-get -q -o APT::Sandbox::User=root -o DPkg::Lock::Timeout=300 "$@"
}
export -f apt_get

install_packages() {
    local missing
    missing=$(missing_packages "$@")
    [ -n "$missing" ] || return 0
    forbid_services
    keep=clear
    step apt-update "reading Debian's package lists" bash -c 'apt_get update'
    # shellcheck disable=SC2086
    step apt-install "installing $(printf '%s\n' $missing | wc -l) packages ($(echo $missing | cut -c1-60)...)" \
        bash -c 'apt_get install -y --no-install-recommends "$@"' install $missing
    missing=$(missing_packages "$@")
    [ -z "$missing" ] || fail "these packages could not be installed: $missing"
    keep=
    [ -z "$own_policy" ] || rm -f "$own_policy"
}

# Private file systems are mounted on these in a lab host. libvirtd makes them when it first starts, which it
# never does outside of one.
make_mount_points() {
    mkdir -p /var/lib/libvirt /var/cache/libvirt /var/log/libvirt
}

# The guest's kernel is unpacked, not installed: this machine's boot is none of our business.
fetch_guest_kernel() {
    local guest="$build/guest" package
    [ -e "$guest/vmlinuz" ] && return
    package=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null | sed -n 's/.*Depends: *//p' | head -n 1)
    if [ -z "$package" ]; then
        step apt-update "reading Debian's package lists" bash -c 'apt_get update'
        package=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: *//p' | head -n 1)
    fi
    rm -rf "$guest/unpack" "$guest/modules"
    mkdir -p "$guest/unpack"
    step kernel-download "fetching the guest's kernel ($package)" \
        bash -c 'cd "$1" && { apt_get download "$2" || { apt_get update && apt_get download "$2"; }; }' \
        fetch "$guest/unpack" "$package"
    step kernel-unpack "unpacking the guest's kernel" \
        bash -c 'cd "$1" && dpkg-deb -x ./*.deb .' unpack "$guest/unpack"
    mv "$guest/unpack/lib/modules" "$guest/modules"
    mv "$guest"/unpack/boot/vmlinuz-* "$guest/vmlinuz"
    touch "$guest/vmlinuz"
    rm -rf "$guest/unpack"
}

# build_tree NAME TARGETS OPTIONS...: configures and compiles $build/NAME.
build_tree() {
    local name="$1" targets="$2"
    shift 2
    if [ ! -e "$build/$name/build.ninja" ]; then
        rm -rf "${build:?}/$name"
        step "$name-setup" "configuring build/$name" meson setup "$build/$name" "$top" "$@"
    fi
    # shellcheck disable=SC2086 # the targets are words
    step "$name-build" "compiling build/$name" ninja -C "$build/$name" $targets
}

# stage NAME FOLDER: installs build/NAME below FOLDER, a DESTDIR. What has not changed is not touched: another
# ./run may be using it.
stage() {
    step "$1-stage" "installing build/$1 into ${2#"$top/"}" \
        env DESTDIR="$2" meson install -C "$build/$1" --no-rebuild --only-changed
}

# Debian's own programs, not what a user has put before them.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL=C.UTF-8

begin_setup() {
    check_machine
    mkdir -p "$logs"
    # Two at a time in one clone would build over each other.
    exec 9>"$build/.lock"
    flock -n 9 || { echo "waiting for another ./run or ./test that is building here"; flock 9; }
    command -v setpriv >/dev/null || fail "setpriv is missing: install util-linux"
}

end_setup() {
    exec 9>&-
}
