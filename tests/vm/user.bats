# SPDX-License-Identifier: BSD-2-Clause
# A plain user's containers as scopes of his own systemd, by berth-oci itself and under podman.
load ../cli/oci

setup() {
    [ "$(id -u)" != 0 ] || skip "needs a plain user"
    systemctl --user is-system-running >/dev/null 2>&1 || busctl --user status >/dev/null 2>&1 || skip "needs the user's systemd"
    ID=b$(od -An -N6 -tx1 /dev/urandom | tr -d ' ')
    BUNDLE=$BATS_TEST_TMPDIR/bundle
    new_bundle "$BUNDLE"
    UNIT=test-$ID.scope
}

teardown() {
    leave_nothing_oci
}

teardown_file() {
    command -v podman >/dev/null && podman rm -f -a -t 0 >/dev/null 2>&1
    true
}

group() { # its folder on the host
    echo "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$(pid_in)/cgroup")"
}

property_is() { # NAME VALUE
    [ "$(systemctl --user show -P "$1" "$UNIT")" = "$2" ] || {
        echo "$1: $(systemctl --user show -P "$1" "$UNIT")"
        return 1
    }
}

@test "user: a container is a scope of the user's systemd, with its limits, their update and statistics" {
    config --arg p "user.slice:test:$ID" '.linux.cgroupsPath = $p |
        .linux.resources = {memory: {limit: 67108864}, pids: {limit: 77}}'
    oci --systemd-cgroup create --bundle "$BUNDLE" "$ID" </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1 || {
        cat "$BATS_TEST_TMPDIR/out"
        return 1
    }
    oci start "$ID"
    [[ $(group) == *"/user@$(id -u).service/"*"/$UNIT" ]]
    property_is ActiveState active
    property_is MemoryMax 67108864
    property_is TasksMax 77
    [ "$(cat "$(group)/memory.max")" = 67108864 ]
    oci update --memory 128M --pids-limit 50 "$ID"
    property_is MemoryMax 134217728
    [ "$(cat "$(group)/pids.max")" = 50 ]
    run -0 oci events --stats "$ID"
    jq -e '.data | .memory.usage.limit == 134217728 and .pids.limit == 50 and .pids.current >= 1' <<<"$output"
    run -3 oci exec "$ID" sh -c 'exit 3'
    oci pause "$ID"
    status_is paused
    oci resume "$ID"
    oci kill "$ID" KILL
    wait_for status_is stopped
    oci delete "$ID"
    [ "$(systemctl --user show -P LoadState "$UNIT")" = not-found ]
}

# --- podman ------------------------------------------------------------------

podman() {
    command podman --root "$BATS_FILE_TMPDIR/podman" --runroot "$BATS_FILE_TMPDIR/run" --storage-driver vfs \
        --cgroup-manager systemd --events-backend file --log-level error --runtime "${BERTH%/*}/berth-oci" "$@"
}

scope() { # FILE, of the container's
    cat "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$(podman inspect --format '{{.State.Pid}}' a)/cgroup")/$1"
}

@test "user: podman's containers, with systemd's control groups" {
    needs program podman
    podman load -q -i "$FIXTURES/tiny.tar" >/dev/null
    run -0 podman run --rm --network none localhost/tiny sh -c 'id -u; echo hello'
    output_is $'0\nhello'
    run -7 podman run --rm --network none localhost/tiny sh -c 'exit 7'
    podman run -d --name a --network none --memory 64m --pids-limit 40 localhost/tiny sleep 1000 >/dev/null
    [ "$(scope memory.max)" = 67108864 ]
    [ "$(scope pids.max)" = 40 ]
    run -4 podman exec a sh -c 'exit 4'
    run -0 podman stats --no-stream --format '{{.PIDs}}' a
    output_is 1
    podman update --memory 100m a >/dev/null
    [ "$(scope memory.max)" = 104857600 ]
    podman pause a >/dev/null
    podman unpause a >/dev/null
    podman restart -t 0 a >/dev/null
    podman kill a >/dev/null
    run -0 podman wait a
    output_is 137
    podman rm a >/dev/null
    run -0 systemctl --user list-units --all --plain --no-legend 'libpod-*.scope'
    output_lacks libpod-
}
