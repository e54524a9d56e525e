# SPDX-License-Identifier: BSD-2-Clause
# On a pure cgroup v2, as root with every capability: limits, pausing, killing, devices.

load ../cli/helpers

setup() {
    needs v2
    tiny
}

cgroup_of() { # CONTAINER: its folder on the host
    echo "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$(pid_of "$1")/cgroup")"
}

@test "a container runs and its exit code becomes ours" {
    run -7 berth run --rm --network none tiny sh -c 'exit 7'
    run -0 berth run --rm --network none tiny echo hello
    output_is hello
}

@test "limits reach the container's own cgroup" {
    local group
    berth run -d --name c --network none --memory 64m --memory-swap 64m --cpus 0.5 --pids-limit 33 --cpu-shares 512 \
        tiny sleep 100
    group=$(cgroup_of c)
    [ "$group" != /sys/fs/cgroup/ ]
    [ "$(cat "$group/memory.max")" = 67108864 ]
    [ "$(cat "$group/memory.swap.max")" = 0 ]
    [ "$(cat "$group/cpu.max")" = "50000 100000" ]
    [ "$(cat "$group/pids.max")" = 33 ]
    [ "$(cat "$group/cpu.weight")" = 59 ]
}

@test "a container over its memory is killed, and inspect says so" {
    run -137 berth run --name c --network none --memory 16m --memory-swap 16m tiny \
        sh -c 'x=x; while :; do x=$x$x; done'
    run -0 berth inspect --format '{{.State.OOMKilled}} {{.State.ExitCode}}' c
    output_is "true 137"
}

@test "a paused container stands still and goes on" {
    berth run -d --name c --network none tiny sh -c 'while :; do date +%s%N >/tmp/now; done'
    wait_for berth exec c test -s /tmp/now
    berth pause c
    state_is c paused
    [ "$(cat "$(cgroup_of c)/cgroup.freeze")" = 1 ]
    berth unpause c
    state_is c running
}

@test "devices that are not allowed are refused" {
    run -0 berth run --rm --network none --cap-add MKNOD tiny sh -c \
        'mknod /tmp/mem c 1 1 && ! cat /tmp/mem 2>/tmp/why >/dev/null; cat /tmp/why'
    output_has "Operation not permitted"
}

@test "killing a container that forks without end leaves no process" {
    berth run -d --name c --network none --pids-limit 200 tiny sh -c 'while :; do sleep 1000 & done'
    sleep 1
    berth rm -f -t 0 c
}

@test "a container with a systemd-like tree below its cgroup goes with all of it" {
    berth run -d --name c --network none tiny sleep 100
    local group
    group=$(cgroup_of c)
    mkdir -p "$group/below/deeper"
    berth rm -f -t 0 c
    [ ! -e "$group" ]
}

@test "a user who may use ids of his own gets a user namespace" {
    run -0 berth run --rm --network none --uidmap 0:100000:65536 --gidmap 0:100000:65536 tiny cat /proc/self/uid_map
    output_matches '^ *0 +100000 +65536'
}
