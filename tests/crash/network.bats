# SPDX-License-Identifier: BSD-2-Clause
# A start on a network, killed at one call after another: the next command finds nothing in its way.
load ../cli/helpers
load ../cli/network

setup() { network_setup; }
teardown() { network_teardown; }

killed_at() { # CALL N BERTH-ARGUMENTS...
    # strace ends as the command does, which the shell in between would tell.
    (
        timeout -k 2 30 nsenter -t "$HOST_PID" -n strace -f -qq -o /dev/null -e trace="?$1" \
            -e inject="?$1:signal=KILL:when=$2" -- "$BERTH" --root "$BATS_TEST_TMPDIR/lib" \
            --runroot "$BATS_TEST_TMPDIR/run" "${@:3}" 3>&- || true
    ) >/dev/null 2>&1 </dev/null
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
            killed_at $call $n run -d --name c -p 8080:80 -p 5300:53/udp tiny true
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

# It may be done already.
again() { berth "$@" >/dev/null 2>&1 || true; }

leases() { find "$BATS_TEST_TMPDIR/run/networks/$1/leases" -type l 2>/dev/null | wc -l; }

is_on_both() {
    inside web ip -o -4 address show dev eth1 | grep -qF "$(berth inspect --format '{{.NetworkSettings.Networks.two.IPAddress}}/24' web)" &&
        [ "$(leases two)" = 1 ]
}

is_on_one() {
    ! inside web ip link show dev eth1 >/dev/null 2>&1 && [ "$(leases two)" = 0 ] &&
        [ "$(berth inspect --format '{{len .NetworkSettings.Networks}}' web)" = 1 ]
}

@test "connect, disconnect and reload that are killed are done by the next try" {
    local call n
    berth network create --disable-dns --subnet 10.89.7.0/24 two >/dev/null
    sleeper web -p 8080:80
    serve web 80
    for call in sendto renameat openat symlinkat unlinkat close; do
        for n in 1 2 3 5 9; do
            echo "at $call $n"
            killed_at $call $n network connect two web
            again network connect two web
            is_on_both
            killed_at $call $n network disconnect two web
            again network disconnect two web
            is_on_one
            killed_at $call $n network reload web
            berth network reload web >/dev/null
        done
        answers 192.0.2.9 outside tcp 192.0.2.1 8080
    done
}

@test "stop and rm that are killed leave a container that starts, and a port that is free" {
    local call n
    berth network create --disable-dns --subnet 10.89.7.0/24 two >/dev/null
    for call in sendto renameat unlinkat kill pidfd_send_signal; do
        for n in 1 2 4; do
            echo "at $call $n"
            sleeper web --network podman,two -p 8080:80
            killed_at $call $n stop -t 0 web
            berth stop -t 0 web >/dev/null
            berth start web >/dev/null
            killed_at $call $n rm -f -t 0 web
            berth rm -f -t 0 --ignore web >/dev/null
            wait_for settled
        done
    done
    run -0 table
    output_lacks "8080 :"
}
