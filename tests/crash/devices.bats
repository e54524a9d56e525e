# SPDX-License-Identifier: BSD-2-Clause
# An interface of the host is home by itself, as it was, at whichever call of its start or its end berth is killed.  CRASH_MOST
# (5; 40 is thorough) tries for each kind of call, and CRASH_CALLS: the kinds.
load ../cli/helpers
load ../cli/network

CRASH_CALLS=${CRASH_CALLS:-sendto recvmsg setns mount umount2 openat renameat unlinkat symlinkat clone write poll}

setup() {
    needs program strace
    network_setup
    host ip link add port1 address 00:c0:ff:ee:00:01 type veth peer name far
    host ip link set far up
    host ip address add 192.0.2.65/26 dev port1
    host ip link set port1 up
    host ip route add 198.51.100.0/24 via 192.0.2.70 dev port1
    berth network create -d host-device -o parent=port1 dev >/dev/null
    STRACE=(strace -f -qq -o "$BATS_TEST_TMPDIR/trace")
}

teardown() {
    network_teardown
}

fault() { # CALL N
    FAULT=(-e trace="?$1" -e inject="?$1:signal=KILL:when=$2")
}

# Up to what is executed: the monitor and the keeper are not killed, each of berth's own processes is.
killed() { # BERTH-ARGUMENTS...
    timeout -k 2 30 nsenter -t "$HOST_PID" -n "${STRACE[@]}" -b execve "${FAULT[@]}" -- "$BERTH" \
        --root "$BATS_TEST_TMPDIR/lib" --runroot "$BATS_TEST_TMPDIR/run" "$@" >/dev/null 2>&1 3>&- </dev/null ||
        [ $? != 124 ] || return 2
    grep -q "killed by SIGKILL" "$BATS_TEST_TMPDIR/trace"
}

is_home() {
    host ip -o address show dev port1 | grep -qF 192.0.2.65/26 &&
        host ip route show dev port1 | grep -qF "198.51.100.0/24 via 192.0.2.70" &&
        ! host ip -o link show port1 | grep -q berth-interface
}

# Its file may stay, if who has ended it was killed then.
keepers() {
    pgrep -af -- "keeper $BATS_TEST_TMPDIR/run/" || true
}

# Without a command of berth's; then with one nothing else is left either.
came_home() {
    # Said as one condition: in one, bash would let each command fail unseen.
    wait_for is_home && wait_gone keepers "a keeper is left" && wait_for settled && no_mount_left
}

settled() {
    berth ps >/dev/null
    [ -z "$(find "$BATS_TEST_TMPDIR"/run/{attachments,unsettled} -mindepth 1 2>/dev/null)" ]
}

# Each kind of call, its first, its second…, until `try` says that there is none.
for_each_call() { # TRY
    local call n tried killed=0
    for call in $CRASH_CALLS; do
        for ((n = 1; n <= ${CRASH_MOST:-5}; n++)); do
            fault $call $n
            tried=0
            "$1" || tried=$?
            [ $tried != 1 ] || break
            killed=$((killed + 1))
            if [ $tried != 0 ] || ! came_home; then
                echo "killed at $call number $n"
                tail -n 5 "$BATS_TEST_TMPDIR/trace"
                return 1
            fi
        done
    done
    echo "# $BATS_TEST_DESCRIPTION: $killed tries" >>"${BERTH_CRASH_LOG:-/dev/null}"
    [ $killed -gt 5 ]
}

@test "a start that is killed at any call leaves an interface of the host at home" {
    start() { killed run --rm --network dev tiny true; }
    for_each_call start
    # Killed alone, whoever called leaves a container that runs; it does not matter to the next.
    run -0 berth run --rm --network dev tiny ip -o address show dev eth0
    output_has 192.0.2.65/26
    wait_for is_home
    host ip link del port1
}

@test "stop that is killed at any call leaves an interface of the host at home" {
    stop() {
        local seen=0
        berth start c >/dev/null
        killed stop -t 0 c || seen=$?
        # It had done nothing yet; or the monitor does what was left.
        wait_for stopped
        return $seen
    }
    stopped() { is_home || berth stop -t 0 c; }
    berth create --name c --network dev tiny sleep 600 >/dev/null
    for_each_call stop
    came_home
    berth rm c >/dev/null
    host ip link del port1
}

@test "a monitor that is killed at any call while it cleans up leaves an interface of the host at home" {
    end() {
        local monitor tracer
        berth start c >/dev/null
        monitor=$(berth inspect --format '{{.State.ConmonPid}}' c)
        "${STRACE[@]}" "${FAULT[@]}" -p "$monitor" >/dev/null 2>&1 3>&- &
        tracer=$!
        wait_for grep -q "^TracerPid:.$tracer\$" "/proc/$monitor/status"
        kill -9 "$(pid_of c)"
        wait $tracer || true
        grep -q "killed by SIGKILL" "$BATS_TEST_TMPDIR/trace"
    }
    berth create --name c --network dev tiny sleep 600 >/dev/null
    for_each_call end
    came_home
    berth rm c >/dev/null
    host ip link del port1
}
