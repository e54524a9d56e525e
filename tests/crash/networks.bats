# SPDX-License-Identifier: BSD-2-Clause
# A network is there whole or not at all; a host's interface is home with the next command.

load harness
load ../cli/network

teardown() {
    if [ -n "${HOST_PID:-}" ]; then network_teardown; else leave_nothing; fi
}

@test "network create killed at any change of the file system leaves all or nothing" {
    before() { berth network ls >/dev/null; }
    crash_template
    during=(network create --subnet 198.51.100.0/24 n)
    after() {
        if berth network exists n; then
            [ "$(berth network inspect --format '{{(index .Subnets 0).Gateway}}' n)" = 198.51.100.1 ]
            berth network rm n >/dev/null
        fi
        [ "$(berth network create --subnet 198.51.100.0/24 n)" = n ]
    }
    crash_at signal=KILL "${FILE_CALLS[@]}"
}

@test "network rm and update killed leave the old, the new or nothing" {
    before() { berth network create --dns 192.0.2.1 n >/dev/null; }
    crash_template
    during=(network rm n)
    after() {
        ! berth network exists n || berth network rm n >/dev/null
        berth network create n >/dev/null
    }
    crash_at signal=KILL renameat unlinkat rmdir
    during=(network update --dns-add 192.0.2.2 n)
    after() {
        run -0 berth network inspect --format '{{join .NetworkDNSServers " "}}' n
        [[ $output = 192.0.2.1 || $output = "192.0.2.1 192.0.2.2" ]]
        berth network rm n >/dev/null
    }
    crash_at signal=KILL renameat renameat2 fsync fdatasync
}

@test "a run killed while it has an interface of the host leaves it to the next command" {
    before() { tiny; berth network create -d host-device -o parent=port1 dev >/dev/null; }
    network_setup
    host ip link add port1 address 00:c0:ff:ee:00:01 type veth peer name far
    host ip address add 192.0.2.65/26 dev port1
    host ip link set port1 up
    # What strace executes is on that host too.
    printf '#!/bin/sh\nexec nsenter -t %s -n "%s" "$@"\n' "$HOST_PID" "$BERTH" >"$BATS_TEST_TMPDIR/berth"
    chmod +x "$BATS_TEST_TMPDIR/berth"
    BERTH=$BATS_TEST_TMPDIR/berth
    crash_template
    during=(run --rm --network podman,dev tiny true)
    after() {
        wait_for is_home
        run -0 berth run --rm --network dev tiny ip -o address show dev eth0
        output_has 192.0.2.65/26
        wait_for is_home
    }
    crash_at signal=KILL sendto mount umount2 symlinkat
    host ip link del port1
    # Whoever would have removed it may have been left without its roots, which each try makes anew.
    host ip link del podman0 2>/dev/null || true
}

is_home() {
    berth ps >/dev/null && host ip -o address show dev port1 | grep -qF 192.0.2.65/26 &&
        ! host ip -o link show port1 | grep -q berth-interface
}
