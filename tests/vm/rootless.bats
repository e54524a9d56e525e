# SPDX-License-Identifier: BSD-2-Clause
# As a plain user with subordinate ids and a delegated cgroup, on a pure cgroup v2 under systemd.

load ../cli/helpers

setup() {
    needs v2
    [ "$(id -u)" != 0 ] || skip "needs a plain user"
    tiny
}

@test "a plain user runs a container as its root" {
    run -0 berth run --rm --network none tiny id -u
    output_is 0
}

@test "the map has the user first and the subordinate ids after" {
    run -0 berth run --rm --network none tiny cat /proc/self/uid_map
    [[ ${lines[0]} =~ ^\ *0\ +$(id -u)\ +1$ ]]
    [[ ${lines[1]} =~ ^\ *1\ +[0-9]+\ +65536$ ]]
}

@test "files of other owners inside belong to subordinate ids outside" {
    mkdir "$BATS_TEST_TMPDIR/data"
    berth run --rm --network none -v "$BATS_TEST_TMPDIR/data:/data" tiny sh -c 'touch /data/mine /data/theirs; chown 1000 /data/theirs'
    [ "$(stat -c %u "$BATS_TEST_TMPDIR/data/mine")" = "$(id -u)" ]
    [ "$(stat -c %u "$BATS_TEST_TMPDIR/data/theirs")" = $(($(awk -F: -v u="$(id -un)" '$1 == u { print $2 }' /etc/subuid) + 999)) ]
}

@test "a limit that is delegated holds" {
    berth run -d --name c --network none --pids-limit 33 tiny sleep 100
    [ "$(cat "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$(pid_of c)/cgroup")/pids.max")" = 33 ]
}

@test "start, exec, stop, logs and rm work for a plain user" {
    berth run -d --name c --network none tiny sh -c 'echo started; exec sleep 100'
    run -0 berth exec c echo inside
    output_is inside
    run -0 berth logs c
    output_is started
    berth stop -t 0 c
    berth rm c
}
