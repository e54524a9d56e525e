# SPDX-License-Identifier: BSD-2-Clause
# Checkpoints and restores by a real CRIU, which wants a kernel that it knows.
load ../cli/oci

setup() {
    needs program criu
    criu check >/dev/null 2>&1 || skip "needs a kernel that criu knows"
    ID=b$(od -An -N6 -tx1 /dev/urandom | tr -d ' ')
    BUNDLE=$BATS_TEST_TMPDIR/bundle
    new_bundle "$BUNDLE"
    cd "$BATS_TEST_TMPDIR"
    # It counts in its memory, and says how far it is.
    program sh -c 'i=100000; while :; do i=$((i + 1)); echo $i >/count; sleep 0.1; done'
    COUNT=$BUNDLE/rootfs/count
}

teardown() {
    runc --root "$BATS_TEST_TMPDIR/runc" delete --force "$ID" 2>/dev/null || true
    leave_nothing_oci
}

created() { # OPTION...
    oci create --bundle "$BUNDLE" "$@" "$ID" </dev/null >out 2>&1 || {
        cat out
        return 1
    }
    oci start "$ID"
}

counting() { # on from NUMBER
    beyond() { [ "$(cat "$COUNT")" -gt "$1" ]; }
    wait_for beyond "$1"
}

# Checkpoints; in AT is how far it was.
checkpoint() { # OPTION...
    oci checkpoint "$@" "$ID" || {
        grep -h Error checkpoint/dump.log images/dump.log 2>/dev/null
        return 1
    }
    AT=$(cat "$COUNT")
}

restore() { # OPTION...
    oci restore --bundle "$BUNDLE" "$@" "$ID" </dev/null >out 2>&1 || {
        cat out
        grep -h Error checkpoint/restore.log images/restore.log 2>/dev/null
        return 1
    }
}

@test "checkpoint: processes go on where they were, with their mounts, limits and hooks" {
    mkdir data
    echo kept >data/file
    config --arg data "$BATS_TEST_TMPDIR/data" --arg hooks "$BATS_TEST_TMPDIR/hooks" '
        .mounts += [{destination: "/data", type: "bind", source: $data, options: ["bind", "ro"]},
            {destination: "/shm", type: "tmpfs", source: "tmpfs"},
            {destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["ro"]}] |
        .linux.namespaces += [{type: "cgroup"}] | .linux.maskedPaths += ["/proc/acpi", "/sys/firmware"] |
        .linux.resources = {memory: {limit: 67108864}, pids: {limit: 30}} |
        .hooks = (["prestart", "createRuntime", "poststart", "poststop"] | map({(.):
            [{path: "/bin/sh", args: ["sh", "-c", "echo \(.) $(jq -r .status) >>\($hooks)"]}]}) | add)'
    created
    counting 100000
    oci exec "$ID" touch /shm/there
    local mounts
    mounts() { awk '{ print $5, $6 }' "/proc/$(pid_in)/mountinfo" | sort; }
    mounts=$(mounts)
    checkpoint --leave-running --image-path images
    status_is running
    counting "$AT"
    checkpoint --image-path images
    oci_fails "does not exist" -- state "$ID"
    : >hooks
    restore --detach --image-path images --pid-file pid
    [ "$(cat pid)" = "$(pid_in)" ]
    counting "$AT"
    status_is running
    [ "$(cat hooks)" = $'prestart creating\ncreateRuntime creating\npoststart running' ]
    [ "$(mounts)" = "$mounts" ]
    run -0 oci exec "$ID" sh -c 'cat /data/file; ls /shm /proc/acpi; hostname'
    output_is $'kept\n/proc/acpi:\n\n/shm:\nthere\ntiny'
    [ "$(sed -n 's/^0:://p' "/proc/$(pid_in)/cgroup")" = "/$ID" ]
    [ "$(cat "/sys/fs/cgroup/$ID/memory.max")" = 67108864 ]
    # What was restored can be saved again.
    checkpoint --image-path again
    restore --detach --image-path again
    counting "$AT"
    oci kill "$ID" KILL
    wait_for status_is stopped
    oci delete "$ID"
}

@test "checkpoint: another ID, another control group; in the foreground, with its output and exit code" {
    program sh -c 'echo began; until [ -e /go ]; do sleep 0.1; done; echo ended; exit 7'
    oci create --bundle "$BUNDLE" "$ID" </dev/null 2>&1 3>&- | cat >first &
    wait_for status_is created
    oci start "$ID"
    wait_for grep -q began first
    oci checkpoint --image-path images "$ID"
    touch "$BUNDLE/rootfs/go"
    ID=${ID}x
    run -7 bash -c '"$0" --root oci restore --bundle bundle --image-path images "$1" </dev/null | cat; exit ${PIPESTATUS[0]}' \
        "$OCI" "$ID"
    output_is ended
    oci_fails "does not exist" -- state "$ID"
    rm "$BUNDLE/rootfs/go"
    oci restore --detach --bundle bundle --image-path images "$ID" </dev/null > >(cat >second 3>&-) 2>&1 3>&-
    status_is running
    [ "$(sed -n 's/^0:://p' "/proc/$(pid_in)/cgroup")" = "/$ID" ]
    oci delete --force "$ID"
}

@test "checkpoint: a terminal is there again, in the foreground and at a socket" {
    program sh -c 'tty; while read -r line; do echo "got $line"; [ "$line" != end ] || exit 5; done'
    config '.process.terminal = true'
    receive terminal
    created --console-socket socket
    wait_for grep -q /dev/pts/ received
    oci checkpoint --image-path images "$ID"
    rm -f socket
    run -5 on_pty 'words\n{wait got words}end\n' "$OCI" --root oci restore --image-path images --bundle bundle "$ID"
    output_has "got words" "got end"
    oci_fails "console socket" -- restore --detach --image-path images --bundle bundle "$ID"
    receive terminal
    restore --detach --image-path images --console-socket socket
    wait_for grep -q /dev/pts/ received
    status_is running
    oci delete --force "$ID"
}

@test "checkpoint: memory ahead, a paused container, locks, and connections" {
    cp -L --parents /usr/bin/flock $(ldd /usr/bin/flock | grep -o '/[^ ]*') "$BUNDLE/rootfs"
    config '.process.args[2] = "ip link set lo up; exec 9>/lock; flock 9; mkfifo /in; exec 8<>/in; " +
        "nc -l -p 77 <&8 & until nc 127.0.0.1 77 <&8 2>/dev/null; do sleep 0.1; done & " + .process.args[2] |
        .process.capabilities |= map_values(. + ["CAP_NET_ADMIN"])'
    created
    counting 100000
    connected() { oci exec "$ID" sh -c 'netstat -tn | grep -c ESTABLISHED | grep -qx 2'; }
    wait_for connected
    oci_fails "criu dump failed" dump.log -- checkpoint --image-path refused "$ID"
    oci_fails "criu dump failed" dump.log -- checkpoint --image-path refused --tcp-established "$ID"
    status_is running
    oci checkpoint --pre-dump --tcp-established --file-locks --image-path ahead "$ID"
    status_is running
    oci pause "$ID"
    checkpoint --image-path images --parent-path ../ahead --tcp-established --file-locks
    [ -e images/parent ]
    restore --detach --image-path images --tcp-established --file-locks
    counting "$AT"
    connected
    run oci exec "$ID" flock -n /lock true
    [ "$status" -ne 0 ]
    oci delete --force "$ID"
}

@test "checkpoint: a network namespace by path is joined again" {
    ip netns add "$ID"
    config --arg path "/run/netns/$ID" '.linux.namespaces |= map(if .type == "network" then .path = $path else . end)'
    created
    counting 100000
    checkpoint
    restore --detach
    counting "$AT"
    [ "$(stat -Lc %i "/proc/$(pid_in)/ns/net")" = "$(stat -Lc %i "/run/netns/$ID")" ]
    oci delete --force "$ID"
    ip netns delete "$ID"
}

@test "checkpoint: images that runc made" {
    needs program runc
    # Not a file: runc does not tell CRIU of one that was opened outside.
    runc --root runc create --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
    runc --root runc start "$ID"
    counting 100000
    runc --root runc checkpoint --image-path images "$ID" || skip "runc cannot here: $(grep -h Error images/dump.log)"
    AT=$(cat "$COUNT")
    restore --detach --image-path images
    counting "$AT"
    oci delete --force "$ID"
}
