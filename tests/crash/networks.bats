# SPDX-License-Identifier: BSD-2-Clause
# A network is there whole or not at all; a host's interface is home with the next command.

load harness

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
