# SPDX-License-Identifier: BSD-2-Clause
# berth-oci where a filter of system calls refuses all that is newer than Linux 5.10, as it says.
load oci

setup() {
    needs root
    ID=b$(od -An -N6 -tx1 /dev/urandom | tr -d ' ')
    BUNDLE=$BATS_TEST_TMPDIR/bundle
    new_bundle "$BUNDLE"
    cc -O1 -static -D_GNU_SOURCE "$TESTS/fixtures/as-old-kernel.c" -o "$BATS_TEST_TMPDIR/as-old-kernel"
}

oci() {
    "$BATS_TEST_TMPDIR/as-old-kernel" "$OCI" --root "$BATS_TEST_TMPDIR/oci" "$@"
}

@test "oci on Linux 5.10: a container's life" {
    config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
            syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 5}]} |
        .linux.namespaces += [{type: "cgroup"}, {type: "time"}] | .linux.timeOffsets.boottime.secs = 1000 |
        .linux.resources = {pids: {limit: 50}, devices: [{allow: false, access: "rwm"}]} |
        .hooks.createContainer = [{path: "/bin/true"}] | .hooks.startContainer = [{path: "/bin/true"}]'
    started
    status_is running
    run -0 oci exec "$ID" sh -c 'mkdir /x 2>&1; ls /proc/self/fd; cat /proc/self/oom_score_adj'
    output_has "mkdir: can't create directory '/x': Input/output error"
    output_lacks 4 5 6
    oci pause "$ID"
    status_is paused
    oci resume "$ID"
    run -0 oci ps "$ID"
    output_has sleep
    oci update --pids-limit 60 "$ID"
    oci kill "$ID" KILL
    wait_for status_is stopped
    oci delete "$ID"
    oci_fails "does not exist" -- state "$ID"
}

@test "oci on Linux 5.10: mounts of all kinds, a user namespace, a terminal" {
    mkdir -p "$BATS_TEST_TMPDIR/given/sub"
    echo given >"$BATS_TEST_TMPDIR/given/file"
    chmod -R a+rX "$BATS_TEST_TMPDIR"
    chown -R 100000:100000 "$BUNDLE/rootfs"
    config --arg given "$BATS_TEST_TMPDIR/given" '.root.readonly = true | .linux.rootfsPropagation = "slave" |
        .linux.namespaces += [{type: "user"}] | .linux.gidMappings = [{containerID: 0, hostID: 100000, size: 65536}] |
        .linux.uidMappings = .linux.gidMappings | .linux.maskedPaths += ["/proc/timer_list", "/etc/group"] |
        .linux.devices = [{type: "c", path: "/dev/fuse", major: 10, minor: 229}] | .mounts += [
            {destination: "/ro", source: $given, options: ["rbind", "ro"]},
            {destination: "/deep/dir", source: $given, options: ["bind", "noexec", "rprivate"]},
            {destination: "/etc/file", source: "\($given)/file", options: ["bind", "ro"]},
            {destination: "/etc", type: "tmpfs", options: ["tmpcopyup", "mode=755"]},
            {destination: "/dev/mqueue", type: "mqueue", source: "mqueue"}]'
    program sh -c 'cat /ro/file; touch /ro/x /y 2>&1; wc -c </etc/group; grep -c root /etc/passwd; id -u; [ -c /dev/fuse ]'
    run -0 oci run --bundle "$BUNDLE" "$ID"
    output_is "given
touch: /ro/x: Read-only file system
touch: /y: Read-only file system
0
1
0"
}

@test "oci on Linux 5.10: what needs a newer kernel says so" {
    program true
    config '.mounts += [{destination: "/m", source: "/etc", options: ["rbind", "rro"]}]'
    oci_fails "mount /etc on /m: a recursive mount option needs Linux 5.12" -- run --bundle "$BUNDLE" "$ID"
    config '.mounts[-1] = {destination: "/m", source: "/etc", options: ["bind"],
        uidMappings: [{containerID: 0, hostID: 1000, size: 1}], gidMappings: [{containerID: 0, hostID: 1000, size: 1}]}'
    oci_fails "mount /etc on /m: an ID-mapped mount needs Linux 5.12" -- run --bundle "$BUNDLE" "$ID"
    oci_fails "does not exist" -- state "$ID"
}
