# SPDX-License-Identifier: BSD-2-Clause
# What a container is: processes with namespaces, cgroups, limits and labels.

load helpers

setup() {
    tiny
}

sleeper() { # OPTION...: a container c that sleeps; sets P to its first process
    berth run -d --name c --network none "$@" tiny sleep 1000 >/dev/null
    P=$(pid_of c)
}

@test "A1: six namespaces are its own" {
    local n
    sleeper
    for n in mnt uts ipc pid net cgroup; do
        [ "$(readlink "/proc/$P/ns/$n")" != "$(readlink "/proc/self/ns/$n")" ] || {
            echo "same $n"
            return 1
        }
    done
}

@test "A2: lsns shows the six, and the host's user namespace" {
    sleeper
    run -0 lsns -n -o TYPE,PID -p "$P"
    local n
    for n in mnt uts ipc pid net cgroup; do
        grep -Eq "^$n +$P\$" <<<"$output" || {
            echo "$n is not its own: $output"
            return 1
        }
    done
    [ "$(readlink "/proc/$P/ns/user")" = "$(readlink /proc/self/ns/user)" ]
}

@test "A3: it is in the cgroup that inspect names, not in the root" {
    sleeper
    local path
    path=$(berth inspect --format '{{.State.CgroupPath}}' c)
    [ -n "$path" ] && [ "$path" != / ]
    grep -qE ":$path(/.*)?\$" "/proc/$P/cgroup"
    ! grep -qE ':(memory|pids|devices):/$' "/proc/$P/cgroup"
}

@test "A4: it has the eleven default capabilities" {
    sleeper
    grep -qx 'CapBnd:	00000000800405fb' "/proc/$P/status"
    grep -qx 'CapEff:	00000000800405fb' "/proc/$P/status"
    grep -qx 'CapInh:	0000000000000000' "/proc/$P/status"
    grep -qx 'CapAmb:	0000000000000000' "/proc/$P/status"
}

@test "A4: another user has none in effect, but keeps the bound" {
    sleeper --user user
    grep -qx 'CapEff:	0000000000000000' "/proc/$P/status"
    grep -qx 'CapPrm:	0000000000000000' "/proc/$P/status"
    grep -qx 'CapBnd:	00000000800405fb' "/proc/$P/status"
}

@test "A4: capabilities are added and dropped by name" {
    run -0 berth run --rm --network none --cap-drop all --cap-add net_admin --cap-add CAP_CHOWN tiny \
        grep -E '^Cap(Bnd|Eff)' /proc/self/status
    output_is "CapEff:	0000000000001001
CapBnd:	0000000000001001"
    fails_with "NOSUCH" -- run --rm --network none --cap-add NOSUCH tiny true
}

@test "A5: seccomp filters, and no_new_privs comes when asked" {
    sleeper
    grep -qx 'Seccomp:	2' "/proc/$P/status"
    grep -qx 'NoNewPrivs:	0' "/proc/$P/status"
    run -0 berth run --rm --network none --security-opt no-new-privileges tiny grep NoNewPrivs /proc/self/status
    output_is "NoNewPrivs:	1"
}

@test "A6: its name is its short id, or what is asked, and the host keeps its own" {
    local host id
    host=$(hostname)
    id=$(berth create --network none tiny hostname)
    run -0 berth start -a "$id"
    output_is "${id:0:12}"
    run -0 berth run --rm --network none --hostname other tiny hostname
    output_is other
    [ "$(hostname)" = "$host" ]
}

@test "A7: the host's shared memory segments are not seen" {
    local segment
    segment=$(ipcmk -M 1M | grep -oE '[0-9]+$')
    run berth run --rm --network none tiny sh -c 'grep -c . /proc/sysvipc/shm'
    ipcrm -m "$segment"
    output_is 1
}

@test "A8: it sees its own processes alone" {
    sleeper
    run -0 berth exec c sh -c 'cat /proc/1/comm; ls /proc | grep -c "^[0-9]"'
    [ "${lines[0]}" = sleep ]
    [ "${lines[1]}" -le 5 ]
    run ! berth exec c kill -0 "$$"
    [ -d "/proc/$P" ] && [ "$P" != 1 ]
}

@test "A9: without a network it has the loopback alone, and that is up" {
    run -0 berth run --rm --network none tiny sh -c 'ls /sys/class/net; cat /sys/class/net/lo/operstate; ip -o addr'
    output_has "127.0.0.1"
    [ "${lines[0]}" = lo ]
    run -0 berth run --rm --network none tiny sh -c 'ls /sys/class/net | wc -l'
    output_is 1
}

@test "A10: containers share the image's layers and nothing else" {
    local layers before after
    touch "$BATS_TEST_TMPDIR/mark"
    before=$(du -s --block-size=1K "$BATS_TEST_TMPDIR/lib" | cut -f1)
    berth run -d --name one --network none tiny sh -c 'echo one >/tmp/x; sleep 1000' >/dev/null
    berth run -d --name two --network none tiny sh -c 'sleep 1000' >/dev/null
    run -0 awk '$5 == "/" { print $0 }' "/proc/$(pid_of one)/mountinfo"
    output_has " - overlay "
    layers=$(grep -oE 'lowerdir[^,]*' <<<"$output")
    [ "$layers" = "$(awk '$5 == "/"' "/proc/$(pid_of two)/mountinfo" | grep -oE 'lowerdir[^,]*')" ]
    wait_for berth exec one test -e /tmp/x
    run -1 berth exec two test -e /tmp/x
    [ -z "$(find "$BATS_TEST_TMPDIR"/lib/layers -newer "$BATS_TEST_TMPDIR/mark" -not -name layers)" ]
    after=$(du -s --block-size=1K "$BATS_TEST_TMPDIR/lib" | cut -f1)
    [ $((after - before)) -lt 1000 ]
}

@test "A11: a changed file is copied up whole, a deleted one is a whiteout" {
    local upper
    berth run --name c --network none tiny sh -c 'echo more >>/etc/plain; rm /etc/group' >/dev/null
    upper=$(echo "$BATS_TEST_TMPDIR"/lib/containers/*/upper)
    [ "$(cat "$upper/etc/plain")" = "not a program
more" ]
    [ "$(stat -c %F:%t:%T "$upper/etc/group")" = "character special file:0:0" ]
    [ ! -e "$upper/etc/passwd" ]
}

@test "A13: berth check lists what the kernel has" {
    run berth check
    [ "$status" -le 1 ]
    output_matches 'NAMESPACES.*(ok|missing|module)'
    output_has UTS_NS IPC_NS USER_NS PID_NS NET_NS CGROUPS
}

@test "B1: the login UID reaches the container in the foreground" {
    [ "$(cat /proc/self/loginuid)" = 4294967295 ] || skip "needs a login UID that may be set"
    run -0 bash -c "echo 4242 >/proc/self/loginuid && '$BERTH' --root '$BATS_TEST_TMPDIR/lib' --runroot '$BATS_TEST_TMPDIR/run' run --rm --network none tiny cat /proc/self/loginuid"
    output_is 4242
}

@test "B2: the login UID reaches a detached container" {
    [ "$(cat /proc/self/loginuid)" = 4294967295 ] || skip "needs a login UID that may be set"
    bash -c "echo 4242 >/proc/self/loginuid && '$BERTH' --root '$BATS_TEST_TMPDIR/lib' --runroot '$BATS_TEST_TMPDIR/run' run -d --name c --network none tiny sleep 1000"
    [ "$(cat "/proc/$(pid_of c)/loginuid")" = 4242 ]
}

@test "B3: the login UID is kept in a user namespace, as the host sees it" {
    [ "$(cat /proc/self/loginuid)" = 4294967295 ] || skip "needs a login UID that may be set"
    bash -c "echo 4242 >/proc/self/loginuid && '$BERTH' --root '$BATS_TEST_TMPDIR/lib' --runroot '$BATS_TEST_TMPDIR/run' run -d --name c --network none --uidmap 0:100000:65536 --gidmap 0:100000:65536 tiny sleep 1000"
    [ "$(cat "/proc/$(pid_of c)/loginuid")" = 4242 ]
}

@test "B4: exec has the login UID of who executes" {
    [ "$(cat /proc/self/loginuid)" = 4294967295 ] || skip "needs a login UID that may be set"
    sleeper
    run -0 bash -c "echo 4343 >/proc/self/loginuid && '$BERTH' --root '$BATS_TEST_TMPDIR/lib' --runroot '$BATS_TEST_TMPDIR/run' exec c cat /proc/self/loginuid"
    output_is 4343
    [ "$(cat "/proc/$P/loginuid")" = 4294967295 ]
}

@test "F1: the debug log tells the steps with their times" {
    run -0 berth --log-level debug run --rm --network none tiny true
    output_matches 'mount.*[0-9]'
    output_matches '[0-9]+ ?(us|µs|usec|ms)'
}

@test "F2: the image's configuration is merged with what is asked" {
    berth load -q -i "$FIXTURES/tiny.tar"
    berth pull -q "oci:$FIXTURES/layered" >/dev/null
    run -0 berth run --rm --network none layered
    output_is "entrypoint and cmd"
    run -0 berth run --rm --network none layered 'echo mine; id -u; id -g; pwd; echo "$A $B"'
    output_is "mine
1000
60
/data/work
1 two words"
    run -0 berth run --rm --network none --entrypoint echo --user 0 --workdir / --env A=9 layered x
    output_is x
    run -0 berth run --rm --network none --entrypoint '["env"]' --env A=9 layered
    output_has A=9 "B=two words"
    berth create --name c --network none layered
    run -0 berth inspect --format '{{.Config.StopSignal}} {{.Config.Labels.layers}} {{len .Mounts}} {{(index .Mounts 0).Destination}}' c
    output_matches '^(10|SIGUSR1) three 1 /data/volume$'
}

@test "F2: whiteouts of the layers hide what is below" {
    berth pull -q "oci:$FIXTURES/layered" >/dev/null
    run -0 berth run --rm --network none --entrypoint '' layered sh -c 'ls /data /data/kept; cat /etc/both'
    output_is "/data:
kept
volume
work

/data/kept:
new
third"
}

@test "F4: a container runs under a memory limit of 4 MiB" {
    run -0 berth run --rm --network none --memory 4M tiny echo "it works"
    output_is "it works"
}

@test "F6: exit codes are podman's" {
    fails_with "no such container" -- stop nosuch
    fails_with -127 -- run --rm --network none tiny /no/such/program
    fails_with -127 -- run --rm --network none tiny nosuch
    fails_with -126 -- run --rm --network none tiny /etc/plain
    fails_with -126 -- run --rm --network none tiny /etc
    run -137 berth run --rm --network none --init tiny sh -c 'kill -KILL $$'
    fails_with -- run --rm --network none --no-such-flag tiny true
    run -1 berth rm nosuch
    run -1 berth rmi nosuch
    run -1 berth container exists nosuch
    run -1 berth image exists nosuch
    sleeper
    run -2 berth rm c
    run -2 berth rmi tiny
    berth kill c
    wait_for state_is c exited
    fails_with -- kill c
    fails_with -255 -- exec c true
}
