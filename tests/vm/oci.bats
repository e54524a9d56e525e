# SPDX-License-Identifier: BSD-2-Clause
# berth-oci on a pure cgroup v2: limits, their change, statistics, delegation; and systemd as the owner of the tree.
load ../cli/oci

setup() {
    needs v2
    ID=b$(od -An -N6 -tx1 /dev/urandom | tr -d ' ')
    BUNDLE=$BATS_TEST_TMPDIR/bundle
    new_bundle "$BUNDLE"
    GLOBAL=()
}

teardown() {
    leave_nothing_oci
}

group() { # its folder on the host
    echo "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$(pid_in)/cgroup")"
}

file_is() { # FILE TEXT
    [ "$(cat "$(group)/$1")" = "$2" ] || {
        echo "$1: $(cat "$(group)/$1")"
        return 1
    }
}

with_limits() {
    config '.linux.resources = {
        memory: {limit: 67108864, reservation: 33554432, swap: 100663296},
        cpu: {shares: 512, quota: 50000, period: 100000}, pids: {limit: 77},
        unified: {"memory.high": "60000000"}}'
}

limits_are_there() {
    file_is memory.max 67108864
    file_is memory.low 33554432
    file_is memory.high "$(cat "$(group)/memory.high")"
    file_is cpu.weight 59
    file_is cpu.max "50000 100000"
    file_is pids.max 77
}

made() {
    oci "${GLOBAL[@]}" create --bundle "$BUNDLE" "$ID" </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1 || {
        cat "$BATS_TEST_TMPDIR/out"
        return 1
    }
    oci start "$ID"
}

@test "oci: limits are in the files, and an update changes what it mentions" {
    with_limits
    made
    limits_are_there
    oci update --memory 128M --memory-swap 128M "$ID"
    file_is memory.max 134217728
    file_is memory.swap.max 0
    file_is pids.max 77
    oci update --cpu-period 50000 "$ID"
    file_is cpu.max "50000 50000"
    oci update --pids-limit -1 "$ID"
    file_is pids.max max
    echo '{"memory": {"limit": 4096, "checkBeforeUpdate": true}}' >"$BATS_TEST_TMPDIR/r.json"
    oci_fails "rejecting memory limit" -- update -r "$BATS_TEST_TMPDIR/r.json" "$ID"
    file_is memory.max 134217728
}

@test "oci: statistics have what v2 counts" {
    with_limits
    made
    run -0 oci events --stats "$ID"
    output_has "{\"type\":\"stats\",\"id\":\"$ID\"," '"data"'
    jq -e '.data | .memory.usage.limit == 67108864 and .pids.limit == 77 and .memory.raw.anon > 0 and
        .memory.psi.some.total >= 0 and .cpu.usage.total > 0 and .hugetlb != null' <<<"$output"
}

@test "oci: the group is its user's to divide, and only so if he can write to it" {
    config '.linux.namespaces += [{ "type": "user" }, { "type": "cgroup" }] |
        .linux.uidMappings = [{ "containerID": 0, "hostID": 100000, "size": 65536 }] |
        .linux.gidMappings = .linux.uidMappings |
        .mounts += [{ "destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": ["nosuid"] }]'
    chown -R 100000:100000 "$BUNDLE/rootfs"
    chmod 755 "$BATS_TEST_TMPDIR" "$BUNDLE"
    made
    [ "$(stat -c %u "$(group)")" = 100000 ]
    [ "$(stat -c %u "$(group)/cgroup.procs")" = 100000 ]
    [ "$(stat -c %u "$(group)/memory.max")" = 0 ]
    oci exec "$ID" sh -c 'mkdir /sys/fs/cgroup/below && echo $$ >/sys/fs/cgroup/below/cgroup.procs'
    oci delete --force "$ID"
    config '.mounts |= map(if .type == "cgroup" then .options = ["ro"] else . end)'
    made
    [ "$(stat -c %u "$(group)")" = 0 ]
}

@test "oci: exec joins where the container is once it has handed controllers down" {
    made
    local top
    top=$(group)
    mkdir "$top/init"
    echo "$(pid_in)" >"$top/init/cgroup.procs"
    echo +memory >"$top/cgroup.subtree_control"
    run -0 oci exec "$ID" grep 0:: /proc/self/cgroup
    output_has /init
    mkdir "$top/other"
    run -0 oci exec --cgroup /other "$ID" grep 0:: /proc/self/cgroup
    output_has /other
    oci_fails -255 "is not a sub cgroup path" -- exec --cgroup ../x "$ID" true
    oci_fails -255 "adding pid" -- exec --cgroup /missing "$ID" true
}

@test "oci: devices are refused but for those of the list, also after an update" {
    config '.linux.resources.devices = [{"allow": false, "access": "rwm"}, {"allow": true, "type": "c", "major": 10,
        "minor": 229, "access": "rw"}] | .process.capabilities.bounding += ["CAP_MKNOD"] |
        .process.capabilities.effective += ["CAP_MKNOD"] | .process.capabilities.permitted += ["CAP_MKNOD"]'
    made
    run oci exec "$ID" sh -c 'mknod /tmp/mem c 1 1; cat /tmp/mem'
    output_has "Operation not permitted"
    oci update --pids-limit 50 "$ID"
    run oci exec "$ID" cat /tmp/mem
    output_has "Operation not permitted"
}

@test "oci: pause, resume, and no way in meanwhile" {
    made
    oci pause "$ID"
    status_is paused
    file_is cgroup.freeze 1
    oci_fails -255 "cannot exec in a paused container" -- exec "$ID" true
    oci resume "$ID"
    status_is running
    oci pause "$ID"
    oci delete --force "$ID"
}

# --- systemd ---------------------------------------------------------------------------------------

under_systemd() {
    [ -d /run/systemd/system ] || skip "needs systemd"
    GLOBAL=(--systemd-cgroup)
    UNIT=test-$ID.scope
    config --arg p "system.slice:test:$ID" '.linux.cgroupsPath = $p'
}

property_is() { # NAME VALUE
    [ "$(systemctl show -P "$1" "$UNIT")" = "$2" ] || {
        echo "$1: $(systemctl show -P "$1" "$UNIT")"
        return 1
    }
}

@test "oci: systemd has the scope, its limits and properties, and follows an update" {
    under_systemd
    with_limits
    config '.annotations = {"org.systemd.property.TimeoutStopSec": "123", "org.systemd.property.CollectMode":
        "\u0027inactive-or-failed\u0027", "org.systemd.property.Description": "\"mine\""}'
    made
    [[ "$(group)" == */system.slice/$UNIT ]]
    limits_are_there
    property_is ActiveState active
    property_is MemoryMax 67108864
    property_is MemoryHigh 60000000
    property_is TasksMax 77
    property_is CPUWeight 59
    property_is CPUQuotaPerSecUSec 500ms
    property_is TimeoutStopUSec "2min 3s"
    property_is CollectMode inactive-or-failed
    property_is Description mine
    property_is NeedDaemonReload no
    oci update --memory 128M --memory-swap 128M --cpu-period 50000 "$ID"
    property_is MemoryMax 134217728
    property_is CPUQuotaPeriodUSec 50ms
    file_is cpu.max "50000 50000"
    systemctl daemon-reload
    file_is memory.max 134217728
    file_is cpu.max "50000 50000"
    oci delete --force "$ID"
    [ "$(systemctl show -P LoadState "$UNIT")" = not-found ]
}

@test "oci: a restored container is in the scope that its bundle asks for" {
    under_systemd
    needs program criu
    criu check >/dev/null 2>&1 || skip "needs a kernel that criu knows"
    with_limits
    made
    oci checkpoint --image-path "$BATS_TEST_TMPDIR/images" "$ID"
    [ "$(systemctl show -P LoadState "$UNIT")" = not-found ]
    UNIT=other-$ID.scope
    config --arg p "system.slice:other:$ID" '.linux.cgroupsPath = $p'
    oci --systemd-cgroup restore --detach --bundle "$BUNDLE" --image-path "$BATS_TEST_TMPDIR/images" "$ID" \
        </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1 || {
        cat "$BATS_TEST_TMPDIR/out"
        return 1
    }
    [[ "$(group)" == */system.slice/$UNIT ]]
    limits_are_there
    property_is MemoryMax 67108864
    oci update --pids-limit 50 "$ID"
    file_is pids.max 50
    oci delete --force "$ID"
    [ "$(systemctl show -P LoadState "$UNIT")" = not-found ]
}

@test "oci: what is no property of a unit is refused by its annotation" {
    under_systemd
    config '.annotations = {"org.systemd.property.TimeoutStopSec": "soon"}'
    oci_fails 'annotations["org.systemd.property.TimeoutStopSec"]' -- --systemd-cgroup create --bundle "$BUNDLE" "$ID"
    [ "$(systemctl show -P LoadState "$UNIT")" = not-found ]
}
