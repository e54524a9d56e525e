# SPDX-License-Identifier: BSD-2-Clause
# Beside tests/cli/helpers.bash: the images of one bats file share one store, as pulls take seconds, and
# Debian's podman has a store of its own to be compared with.

load ../cli/helpers

setup() { :; }

setup_file() {
    export ROOTS=$BATS_FILE_TMPDIR/roots
    mkdir -p "$ROOTS"
}

teardown_file() {
    "$BERTH" --root "$ROOTS/lib" --runroot "$ROOTS/run" rm -f -a -t 0 >/dev/null 2>&1 || true
    podman rm -f -a -t 0 >/dev/null 2>&1 || true
    umount -l "$ROOTS/podman/lib/overlay" 2>/dev/null || true
}

berth() {
    "$BERTH" --root "$ROOTS/lib" --runroot "$ROOTS/run" "$@"
}

podman() {
    # crun refuses a cgroup v2 beside v1 that has controllers of its own.
    CONTAINERS_CONF=$REAL/containers.conf command podman --root "$ROOTS/podman/lib" \
        --runroot "$ROOTS/podman/run" --cgroup-manager cgroupfs --runtime runc --log-level error "$@"
}

# An image from the registry, in berth's store as localhost/NAME.
real_image() { # NAME
    berth image exists "localhost/$1" && return
    berth pull -q --cert-dir "$REAL/certs" --creds joe:secret "$REGISTRY/$1:latest" >/dev/null
    berth tag "$REGISTRY/$1:latest" "localhost/$1:latest"
}

podman_image() { # NAME
    podman image exists "localhost/$1" && return
    podman pull -q --cert-dir "$REAL/certs" --creds joe:secret "$REGISTRY/$1:latest" >/dev/null
    podman tag "$REGISTRY/$1:latest" "localhost/$1:latest"
}

# The same command by both; what they print and exit with is the same.
same() { # ARGUMENT...
    local ours theirs our_code=0 their_code=0
    ours=$(berth "$@" 2>/dev/null) || our_code=$?
    theirs=$(podman "$@" 2>/dev/null) || their_code=$?
    [ "$ours" = "$theirs" ] && [ $our_code = $their_code ] && return
    echo "$*"
    echo "berth exits with $our_code, podman with $their_code"
    diff <(echo "$ours") <(echo "$theirs") | head -40
    return 1
}

berth_programs() { berth_processes; }
