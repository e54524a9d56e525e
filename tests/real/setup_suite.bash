# SPDX-License-Identifier: BSD-2-Clause
# Real images, built from Debian packages by ../shared/tools/mkimages (BERTH_SHARED), in a real registry
# with TLS and a password.

real_images="busybox debian-slim nginx redis python torture multi mariadb wordpress"

setup_suite() {
    local tests try
    tests=$(cd "$(dirname "$(realpath "${BASH_SOURCE[0]}")")/.." && pwd)
    export MKIMAGES=${BERTH_SHARED:-$tests/../../shared}/tools/mkimages
    export REAL=$BATS_SUITE_TMPDIR/real
    [ -x "$MKIMAGES" ] || {
        echo "there is no $MKIMAGES: check-real needs the tools of ../shared" >&2
        return 1
    }
    mkdir -p "$REAL"
    "$MKIMAGES" build $real_images >"$REAL/build.log" 2>&1 3>&- 4>&- || {
        tail -20 "$REAL/build.log" >&2
        return 1
    }
    cc -O2 -static -D_GNU_SOURCE "$tests/real/list-tree.c" -o "$REAL/list-tree" || return
    # This replaces Debian's, of which the capabilities are wanted; limits as low as any machine may set.
    cat >"$REAL/containers.conf" <<'CONF'
[containers]
default_ulimits = ["nofile=1024:4096", "nproc=4096:4096"]
default_capabilities = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "NET_BIND_SERVICE", "SETFCAP", "SETGID",
    "SETPCAP", "SETUID", "SYS_CHROOT"]
CONF
    "$MKIMAGES" serve --port 0 --tls --auth joe:secret --data "$REAL/registry" --images "$real_images" \
        >"$REAL/serve.log" 2>&1 3>&- 4>&- &
    echo $! >"$REAL/serve.pid"
    for try in $(seq 1200); do
        REGISTRY=$(sed -nE 's#^ready https?://##p' "$REAL/serve.log")
        [ -z "$REGISTRY" ] || break
        sleep 0.1
    done
    export REGISTRY
    [ -n "$REGISTRY" ] || {
        tail -20 "$REAL/serve.log" >&2
        return 1
    }
    mkdir -p "$REAL/certs"
    cp "${BERTH_IMAGES_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/berth-images}/tls/ca.crt" "$REAL/certs/ca.crt"
}

teardown_suite() {
    [ ! -e "$REAL/serve.pid" ] || kill "$(cat "$REAL/serve.pid")" 2>/dev/null || true
}
