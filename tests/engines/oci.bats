# SPDX-License-Identifier: BSD-2-Clause
# berth-oci under Debian's podman and containerd, in place of runc and crun.

load ../cli/helpers

setup_file() {
    export WORK=$BATS_FILE_TMPDIR
    "$TESTS/fixtures/make-tiny" "$WORK/fixtures" >/dev/null
}

setup() {
    OCI=${BERTH%/*}/berth-oci
}

teardown_file() {
    podman rm -f -a -t 0 >/dev/null 2>&1 || true
    umount -l "$WORK/podman/lib/overlay" 2>/dev/null || true
    containerd_stop
}

teardown() { :; }

# --- podman ------------------------------------------------------------------

podman() {
    CONTAINERS_CONF=$WORK/containers.conf command podman --root "$WORK/podman/lib" --runroot "$WORK/podman/run" \
        --cgroup-manager cgroupfs --events-backend file --log-level error --runtime "${BERTH%/*}/berth-oci" "$@"
}

podman_ready() {
    needs program podman
    # This machine's limits are lower than podman asks for.
    printf '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]\n' >"$WORK/containers.conf"
    podman image exists localhost/tiny || podman load -q -i "$WORK/fixtures/tiny.tar" >/dev/null
}

@test "podman: run, its exit codes, and what cannot be executed" {
    podman_ready
    run -0 podman run --rm --network none localhost/tiny echo hello
    output_is hello
    run -7 podman run --rm --network none localhost/tiny sh -c 'exit 7'
    run -127 podman run --rm --network none localhost/tiny no-such-program
    run -126 podman run --rm --network none localhost/tiny /etc/plain
    run -0 podman run --rm --network none --user 1000:1000 -w /tmp -e A=1 localhost/tiny sh -c 'id -u; pwd; echo $A'
    output_is $'1000\n/tmp\n1'
    run -0 podman run --rm --network none --memory 64m --pids-limit 33 localhost/tiny true
    run -0 podman run --rm --network none -v "$WORK/fixtures:/data:ro" localhost/tiny ls /data/tiny.tar
    run -0 podman run --rm --network none --read-only --cap-drop all --security-opt no-new-privileges localhost/tiny \
        grep CapEff /proc/self/status
    output_is $'CapEff:\t0000000000000000'
}

@test "podman: exec, with a terminal, detached, and of nothing" {
    podman_ready
    podman run -d --name a --network none localhost/tiny sleep 1000 >/dev/null
    run -4 podman exec a sh -c 'exit 4'
    run -0 podman exec -u 1000 -w /tmp -e B=2 a sh -c 'id -u; pwd; echo $B'
    output_is $'1000\n/tmp\n2'
    run -127 podman exec a no-such-program
    run -0 script -qec "$(declare -f podman); WORK=$WORK BERTH=$BERTH; podman exec -it a sh -c 'tty; echo ok; sleep 1'" /dev/null
    output_has /dev/pts/ ok
    podman exec -d a touch /made
    wait_for podman exec a test -e /made
    podman rm -f -t 0 a >/dev/null
}

@test "podman: pause, stats, top, update, stop, start, restart, kill, wait, rm" {
    podman_ready
    podman run -d --name b --network none localhost/tiny sleep 1000 >/dev/null
    podman pause b >/dev/null
    run -0 podman inspect --format '{{.State.Status}}' b
    output_is paused
    podman unpause b >/dev/null
    run -0 podman stats --no-stream --format '{{.PIDs}}' b
    output_is 1
    run -0 podman top b
    output_has "sleep 1000"
    podman update --memory 100m b >/dev/null
    podman stop -t 0 b >/dev/null
    podman start b >/dev/null
    podman restart -t 0 b >/dev/null
    podman kill b >/dev/null
    run -0 podman wait b
    output_is 137
    podman rm b >/dev/null
    run -125 podman inspect b
}

@test "podman: terminals, init, logs, and a container that was only created" {
    podman_ready
    # Of a terminal whose program ends at once podman may lose what it wrote, with runc as well.
    run -0 script -qec "$(declare -f podman); WORK=$WORK BERTH=$BERTH
        podman run --rm -it --network none localhost/tiny sh -c 'tty; sleep 1'" /dev/null
    output_has /dev/pts/0
    podman create --name c --network none localhost/tiny sh -c 'echo out; echo err >&2' >/dev/null
    podman init c >/dev/null
    run -0 podman inspect --format '{{.State.Status}}' c
    output_is initialized
    podman start -a c
    run -0 podman logs c
    output_is $'out\nerr'
    podman rm c >/dev/null
}

# --- containerd --------------------------------------------------------------

ctr() {
    command ctr -a "$WORK/containerd/sock" "$@"
}

containerd_stop() {
    [ -e "$WORK/containerd/pid" ] || return 0
    kill "$(cat "$WORK/containerd/pid")" 2>/dev/null
    # Shims outlive it; they are told by the socket's path.
    pgrep -f "containerd-shim-runc-v2 .*$WORK/containerd/sock" | xargs -r kill 2>/dev/null || true
    rm -f "$WORK/containerd/pid"
}

containerd_ready() {
    needs program containerd
    needs program ctr
    [ ! -e "$WORK/containerd/pid" ] || return 0
    mkdir -p "$WORK/containerd"
    cat >"$WORK/containerd/config.toml" <<CONFIG
version = 2
root = "$WORK/containerd/root"
state = "$WORK/containerd/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "$WORK/containerd/sock"
[ttrpc]
  address = "$WORK/containerd/sock.ttrpc"
CONFIG
    containerd -c "$WORK/containerd/config.toml" >"$WORK/containerd/log" 2>&1 3>&- 4>&- &
    echo $! >"$WORK/containerd/pid"
    wait_for ctr version
    ctr images import --base-name localhost/tiny "$WORK/fixtures/tiny.tar" >/dev/null
}

ctr_run() { # OPTION... ID COMMAND...
    local options=()
    while [[ $1 == -* ]]; do
        options+=("$1")
        shift
    done
    ctr run --snapshotter native --runc-binary "${BERTH%/*}/berth-oci" "${options[@]}" localhost/tiny:latest "$@"
}

@test "containerd: run, its exit codes, and what cannot be executed" {
    containerd_ready
    run -0 ctr_run --rm t1 echo hello
    output_is hello
    run -5 ctr_run --rm t2 sh -c 'exit 5'
    run -1 ctr_run --rm t3 no-such-program
    output_has 'exec: "no-such-program": executable file not found in $PATH'
    run -0 ctr_run --rm --seccomp t4 echo filtered
    output_is filtered
    # Pipes, as the shim's own.
    run -0 ctr_run --rm --memory-limit=33554432 --cpus=0.5 t5 echo limited
    output_is limited
}

@test "containerd: a terminal, and a task that is executed in, paused, measured, killed and deleted" {
    containerd_ready
    run -2 script -qec "$(declare -f ctr ctr_run); WORK=$WORK BERTH=$BERTH; ctr_run --rm -t t6 sh -c 'tty; exit 2'" /dev/null
    output_has /dev/pts/0
    ctr_run -d t7 sleep 1000
    run -4 ctr tasks exec --exec-id x1 t7 sh -c 'echo in; exit 4'
    output_is in
    run -1 ctr tasks exec --exec-id x2 t7 no-such-program
    output_has "not found in \$PATH"
    run -0 script -qec "$(declare -f ctr); WORK=$WORK; ctr tasks exec -t --exec-id x3 t7 tty" /dev/null
    output_has /dev/pts/
    ctr tasks pause t7
    run -0 ctr tasks ls
    output_has PAUSED
    ctr tasks resume t7
    run -0 ctr tasks metrics t7
    output_has memory.usage_in_bytes
    run -0 ctr tasks ps t7
    ctr tasks kill -s KILL t7
    stopped() { ctr tasks ls | grep -q STOPPED; }
    wait_for stopped
    ctr tasks delete t7 || true
    ctr containers delete t7
    run -0 find /run/containerd/runc/default -mindepth 1
    output_is ""
}
