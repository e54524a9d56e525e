# SPDX-License-Identifier: BSD-2-Clause
# exec, attach, logs.
# bats file_tags=rootless

load helpers

up() { # NAME [OPTION...]
    local name=$1
    shift
    berth run -d --name "$name" --network none --init "$@" tiny sleep 1000 >/dev/null
}

@test "exec: exit codes" {
    up c
    run -7 berth exec c sh -c 'exit 7'
    run -137 berth exec c sh -c 'kill -9 $$'
    fails_with -127 'executable file `nonesuch` not found in $PATH: No such file or directory: OCI runtime attempted to invoke a command that was not found' -- exec c nonesuch
    fails_with -126 "Permission denied: OCI permission denied" -- exec c /etc
    fails_with "must provide a non-empty command to start an exec session: invalid argument" -- exec c
    fails_with "exec requires the name or ID of a container or the --latest flag" -- exec
    fails_with 'no container with name or ID "nope" found' -- exec nope true
    berth stop c
    fails_with -255 "can only create exec sessions on running containers: container state improper" -- exec c true
}

@test "exec: output and errors apart, input with -i" {
    up c
    run -0 --separate-stderr berth exec c sh -c 'echo out; echo err >&2'
    output_is out
    [ "$stderr" = err ]
    run -0 berth exec -i c cat <<<word
    output_is word
    run -0 berth exec --interactive c cat <<<word
    output_is word
    run -0 berth exec c cat <<<word
    output_is ""
}

@test "exec: the container's environment and place, and others" {
    printf 'FROM_FILE=1\n' >"$BATS_TEST_TMPDIR/env"
    up c -e OWN=1 -w /tmp
    run -0 berth exec c sh -c 'echo $OWN $PWD'
    output_is "1 /tmp"
    run -0 berth exec -e OWN=2 --env MORE=3 --env-file "$BATS_TEST_TMPDIR/env" c sh -c 'echo $OWN $MORE $FROM_FILE'
    output_is "2 3 1"
    run -0 berth exec -w /etc c pwd
    output_is /etc
    run -0 berth exec --workdir /etc c pwd
    output_is /etc
    run -126 berth exec -w /nowhere c pwd
}

@test "exec: users and privileges" {
    up c
    run -0 berth exec c id -u
    output_is 0
    run -0 berth exec -u 1000:2000 c sh -c 'id -u; id -g'
    output_is "1000
2000"
    run -0 berth exec --user 12 c id -u
    output_is 12
    fails_with -126 "unable to find user nobody-such" -- exec -u nobody-such c true
    local without with
    without=$(berth exec c sh -c 'grep CapEff /proc/self/status')
    with=$(berth exec --privileged c sh -c 'grep CapEff /proc/self/status')
    [ "$with" != "$without" ]
}

@test "exec -d goes on by itself and prints the session" {
    up c
    run -0 berth exec -d c sh -c 'sleep 0.2; echo done >/tmp/made'
    output_matches '^[0-9a-f]{64}$'
    wait_for berth exec c test -s /tmp/made
    run -0 berth exec --detach c true
}

@test "exec -t gives a terminal, also without one here" {
    up c
    run -0 berth exec -t c tty
    output_matches '^/dev/pts/'
    run -1 berth exec c tty
    run -0 berth exec --tty c test -t 0
}

@test "exec sessions are told by inspect as long as they run, but with --no-session; --cidfile" {
    berth run -d --cidfile "$BATS_TEST_TMPDIR/cid" --name s tiny sleep 1000
    berth exec s sleep 2.5 &
    wait_for has_session
    wait
    run -0 berth inspect --format '{{len .ExecIDs}}' s
    output_is 0
    berth exec --no-session s sh -c 'touch /begun; sleep 1' &
    wait_for berth exec s test -e /begun
    run -0 berth inspect --format '{{len .ExecIDs}}' s
    output_is 0
    wait
    run -0 berth exec --cidfile "$BATS_TEST_TMPDIR/cid" echo found
    output_is found
    fails_with "reading CIDFile" -- exec --cidfile /nosuch echo x
    run -125 berth exec --preserve-fds 1 s true 3>&-
    output_has "file descriptor 3 is not available"
}

has_session() {
    [ "$(berth inspect --format '{{len .ExecIDs}}' s)" = 1 ]
}

@test "exec --latest and --preserve-fds" {
    up a
    up b
    run -0 berth exec --latest hostname
    output_is "$(berth inspect --format '{{.Config.Hostname}}' b)"
    echo secret >"$BATS_TEST_TMPDIR/file"
    # The descriptors of bats itself begin at 3.
    run -0 bash -c '"$@" 3<'"$BATS_TEST_TMPDIR/file" - "$BERTH" --root "$BATS_TEST_TMPDIR/lib" --runroot "$BATS_TEST_TMPDIR/run" exec --preserve-fds 1 a sh -c 'cat <&3'
    output_is secret
    run bash -c '"$@" 3<'"$BATS_TEST_TMPDIR/file" - "$BERTH" --root "$BATS_TEST_TMPDIR/lib" --runroot "$BATS_TEST_TMPDIR/run" exec a sh -c 'cat <&3'
    [ "$status" != 0 ]
}

@test "exec does not outlive its container, and ends with 137" {
    needs limits
    up c
    berth exec c sleep 1000 3>&- &
    wait_for eval 'berth top c comm | grep -c sleep | grep -q 2'
    berth kill c
    local code=0
    wait $! || code=$?
    [ $code = 137 ]
}

# --- attach -------------------------------------------------------------------

@test "attach sees the output from now on, passes input, and returns the exit code" {
    berth run -d -i --name c --network none tiny sh -c 'echo before; read x; echo "got $x"; exit 4' >/dev/null
    wait_for eval 'berth logs c | grep -q before'
    run -4 berth attach c <<<word
    output_is "got word"
    fails_with "you can only attach to running containers" -- attach c
    fails_with "attach requires the name or id of one running container or the latest flag" -- attach
}

@test "attach --no-stdin gives no input, --latest chooses" {
    berth run -d -i --name c --network none tiny sh -c 'read x; echo "got $x"' >/dev/null
    berth attach --no-stdin --latest <<<ignored >"$BATS_TEST_TMPDIR/out" 3>&- &
    sleep 0.3
    state_is c running
    run -0 berth attach --latest <<<word
    wait $!
    grep -qx "got word" "$BATS_TEST_TMPDIR/out"
}

# --- logs ---------------------------------------------------------------------

@test "logs: both streams, each to its own" {
    berth run --name c --network none tiny sh -c 'echo out; echo err >&2; printf tail' >/dev/null 2>&1
    run -0 --separate-stderr berth logs c
    output_is "out
tail"
    [ "$stderr" = err ]
    berth create --name d --network none tiny true >/dev/null
    run -0 berth logs d
    output_is ""
}

@test "logs: --tail, --timestamps, --names, --latest, several" {
    berth run --name c --network none tiny seq 5 >/dev/null
    run -0 berth logs --tail 2 c
    output_is "4
5"
    run -0 berth logs --tail 0 c
    output_is ""
    run -0 berth logs --tail -1 c
    [ ${#lines[@]} = 5 ]
    run -0 berth logs -t --tail 1 c
    output_matches '^20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-9:.]+([+-][0-9:]+|Z) 5$'
    run -0 berth logs --timestamps --tail 1 c
    output_matches '^20.* 5$'
    run -0 berth logs -n --tail 1 c
    output_is "c 5"
    berth run --name d --network none tiny echo other >/dev/null
    run -0 berth logs --latest
    output_is other
    run -0 berth logs -l
    output_is other
    run -0 berth logs c d
    output_matches '[0-9a-f]{12} 5'
    output_has " other"
    run -0 berth logs --names c d
    output_has "c 5" "d other"
    run -0 berth logs --color --names d
    output_has $'\x1b['
}

@test "logs: --since and --until" {
    berth run --name c --network none tiny sh -c 'echo early; sleep 0.6; echo late' >/dev/null
    run -0 berth logs --since "$(berth logs -t --tail 1 c | cut -d' ' -f1)" c
    output_is late
    run -0 berth logs --until "$(berth logs -t c | head -n 1 | cut -d' ' -f1)" c
    output_lacks late
    output_has early
    run -0 berth logs --since 1h c
    [ ${#lines[@]} = 2 ]
    run -0 berth logs --until 1h c
    output_is ""
    run -125 berth logs --since never c
}

@test "logs --follow shows what comes, and ends with the container" {
    berth run -d --name c --network none tiny sh -c 'echo one; sleep 0.4; echo two' >/dev/null
    run -0 berth logs --follow c
    output_is "one
two"
    berth start c
    run -0 berth logs -f --tail 1 --since 10m c
    output_has two
}

# A journal of the test's own: `with_journal COMMAND...`, as root, in a mount namespace.
with_journal() {
    unshare -m bash -c '
        mkdir -p /run/systemd /run/log &&
        mount -t tmpfs tmpfs /run/systemd && mount -t tmpfs tmpfs /run/log || exit 99
        [ ! -d /var/log/journal ] || mount -t tmpfs tmpfs /var/log/journal
        /lib/systemd/systemd-journald 2>/dev/null 3>&- &
        for _ in $(seq 100); do [ -S /run/systemd/journal/socket ] && break; sleep 0.05; done
        "$@"
        code=$?
        kill %1
        wait
        exit $code' - "$@"
}

@test "logs: the journal, its streams, parts, bytes, times, and on" {
    needs root
    needs program journalctl
    [ -x /lib/systemd/systemd-journald ] || skip "needs journald"
    [ "$(journalctl --version | awk 'NR == 1 { print $2 }')" -ge 246 ] || skip "needs journalctl 246"
    cat >"$BATS_TEST_TMPDIR/script" <<'SCRIPT'
set -e
b() { "$BERTH" --root "$BATS_TEST_TMPDIR/lib" --runroot "$BATS_TEST_TMPDIR/run" "$@"; }
b run --name j --log-driver journald tiny sh -c 'echo one; echo two >&2; printf "\377three\n"; printf half' >/dev/null 2>&1
b logs j >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err"
b logs --tail 1 j >"$BATS_TEST_TMPDIR/tail" 2>&1
b logs --timestamps j 2>/dev/null | head -n 1 >"$BATS_TEST_TMPDIR/time"
b logs --until 2001-01-01 j >"$BATS_TEST_TMPDIR/none"
b run -d --name k --log-driver journald tiny sh -c 'for i in 1 2 3; do echo $i; sleep 0.3; done; echo last' >/dev/null
timeout 15 "$BERTH" --root "$BATS_TEST_TMPDIR/lib" --runroot "$BATS_TEST_TMPDIR/run" logs -f k >"$BATS_TEST_TMPDIR/followed"
SCRIPT
    BERTH=$BERTH BATS_TEST_TMPDIR=$BATS_TEST_TMPDIR run with_journal bash "$BATS_TEST_TMPDIR/script"
    [ "$status" != 99 ] || skip "needs mount namespaces"
    [ "$status" = 0 ]
    cd "$BATS_TEST_TMPDIR"
    [ "$(od -c <out)" = "$(printf 'one\n\377three\nhalf' | od -c)" ] || { od -c out; false; }
    [ "$(cat err)" = two ]
    # Which of the two streams was read last is not said.
    [[ "$(cat tail)" =~ ^(half|two)$ ]]
    grep -E '^[0-9]{4}-[0-9-]+T[0-9:.]+.* one$' time
    [ ! -s none ]
    [ "$(tr '\n' ' ' <followed)" = "1 2 3 last " ]
}

@test "logs of a container that is removed while it is followed end" {
    up c
    berth logs -f c >/dev/null 3>&- &
    sleep 0.2
    berth rm -f -t 0 c
    wait_for eval "! kill -0 $!"
}

@test "exec joins the namespaces that the container shares with another" {
    berth run -d --name donor --network none tiny sleep 100
    berth run -d --name c --network container:donor --ipc container:donor --pid container:donor \
        --uts "ns:/proc/$(pid_of donor)/ns/uts" tiny sleep 100
    local kind
    for kind in net ipc pid uts; do
        run -0 berth exec c readlink "/proc/self/ns/$kind"
        output_is "$(readlink "/proc/$(pid_of donor)/ns/$kind")"
    done
}
