# SPDX-License-Identifier: BSD-2-Clause
# A start on a network, killed at one call after another: the next command finds nothing in its way.
load ../cli/helpers
load ../cli/network

setup() { network_setup; }
teardown() { network_teardown; }

start_killed_at() { # CALL N
    timeout -k 2 30 nsenter -t "$HOST_PID" -n strace -f -qq -o /dev/null -e trace="?$1" \
        -e inject="?$1:signal=KILL:when=$2" -- "$BERTH" --root "$BATS_TEST_TMPDIR/lib" \
        --runroot "$BATS_TEST_TMPDIR/run" run -d --name c -p 8080:80 -p 5300:53/udp tiny true \
        >/dev/null 2>&1 </dev/null || true
}

settled() {
    berth ps >/dev/null
    [ -z "$(find "$BATS_TEST_TMPDIR/run/attachments" "$BATS_TEST_TMPDIR/run/unsettled" \
        "$BATS_TEST_TMPDIR/run/networks/podman/leases" -mindepth 1 2>/dev/null)" ]
}

@test "a start that is killed leaves no address, port or rule that is in the way" {
    local call n
    for call in sendto sendmsg setns bind execve; do
        for n in 1 2 4; do
            start_killed_at $call $n
            # Whatever command comes next.
            wait_for settled
            berth rm -f -t 0 --ignore c >/dev/null
            run -0 berth run --rm -p 8080:80 -p 5300:53/udp tiny echo "$call $n"
            output_is "$call $n"
        done
    done
    run -0 table
    output_lacks "8080 :" "5300 :"
    [ -z "$(ls "$BATS_TEST_TMPDIR/run/attachments")" ]
    # A bridge that was left goes with the next container that is the last.
    berth run --rm tiny true
}
