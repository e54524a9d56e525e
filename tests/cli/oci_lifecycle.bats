# SPDX-License-Identifier: BSD-2-Clause
# berth-oci: create, start, run, state, kill, delete, exec, list.
load oci

# bats test_tags=rootless
@test "oci: a foreground run gives output and exit code, and leaves no container" {
    needs containers
    program sh -c 'echo hello; exit 7'
    run -7 oci run --bundle "$BUNDLE" "$ID"
    output_is hello
    oci_fails "container does not exist" -- state "$ID"
}

# bats test_tags=rootless
@test "oci: a created container waits, runs from its start on, and stops" {
    needs containers
    program sh -c 'echo ran >/proc/1/fd/1; exec sleep 1000'
    oci create --bundle "$BUNDLE" "$ID" </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1
    status_is created
    [ ! -s "$BATS_TEST_TMPDIR/out" ]
    oci start "$ID"
    status_is running
    wait_for grep -q ran "$BATS_TEST_TMPDIR/out"
    oci_fails "cannot start an already running container" -- start "$ID"
    oci_fails "cannot delete container $ID that is not stopped: running" -- delete "$ID"
    oci kill "$ID" KILL
    wait_for status_is stopped
    oci_fails "cannot start a container that has stopped" -- start "$ID"
    oci_fails "container not running" -- kill "$ID"
    oci kill --all "$ID"
    oci delete "$ID"
    oci_fails "container does not exist" -- delete "$ID"
    oci delete --force "$ID"
}

@test "oci: create tells what cannot be executed" {
    program no-such-program
    oci_fails 'exec: "no-such-program": executable file not found in $PATH' -- create --bundle "$BUNDLE" "$ID"
    program /etc/plain
    oci_fails "exec /etc/plain: permission denied" -- create --bundle "$BUNDLE" "$ID"
    program /no/such
    oci_fails "exec /no/such: no such file or directory" -- create --bundle "$BUNDLE" "$ID"
    oci_fails "container does not exist" -- state "$ID"
}

# bats test_tags=rootless
@test "oci: start tells what fails only then" {
    printf '#!/no/such/interpreter\n' >"$BUNDLE/rootfs/script"
    chmod +x "$BUNDLE/rootfs/script"
    program /script
    oci create --bundle "$BUNDLE" "$ID" </dev/null >/dev/null
    run -1 oci start "$ID"
    output_is "exec /script: no such file or directory"
    wait_for status_is stopped
}

@test "oci: an ID is taken once, and of known characters" {
    started
    oci_fails "container with given ID already exists" -- run --bundle "$BUNDLE" "$ID"
    status_is running
    for id in .hidden a/b 'a b' .. ''; do
        oci_fails "" -- create --bundle "$BUNDLE" "$id"
    done
    oci_fails "invalid container ID format" "invalid character" "container ID" -- state a/b
}

# bats test_tags=rootless
@test "oci: signals by number and name, also before the start" {
    oci create --bundle "$BUNDLE" "$ID" </dev/null >/dev/null
    oci kill "$ID" 0
    oci_fails 'unknown signal "FOO"' -- kill "$ID" FOO
    oci kill "$ID" SIGTERM
    wait_for status_is stopped
    oci delete "$ID"
    program sh -c 'trap "echo got >/proc/1/fd/1" USR1; echo ready; while :; do sleep 0.01; done'
    started
    wait_for grep -q ready "$BATS_TEST_TMPDIR/out"
    oci kill "$ID" 10
    wait_for grep -q got "$BATS_TEST_TMPDIR/out"
}

@test "oci: run -d returns, and its pid file is there" {
    cd "$BATS_TEST_TMPDIR"
    oci run -d --pid-file pid --bundle "$BUNDLE" "$ID" </dev/null >out 2>&1
    status_is running
    [ "$(cat pid)" = "$(pid_in)" ]
}

# bats test_tags=rootless
@test "oci: exec has the container's namespaces, and its own exit code" {
    needs containers
    started
    run -3 oci exec --env A=1 --cwd /tmp "$ID" sh -c 'echo $A; pwd; hostname; exit 3'
    output_is $'1\n/tmp\ntiny'
    run -255 oci exec "$ID" no-such-program
    output_has 'exec: "no-such-program": executable file not found in $PATH'
    oci_fails -255 "container does not exist" -- exec no-such-container true
    oci kill "$ID" KILL
    wait_for status_is stopped
    oci_fails -255 "container not running" -- exec "$ID" true
}

@test "oci: list shows what is there, as table, JSON or IDs" {
    run -1 oci list
    started
    run -0 oci list
    [[ ${lines[0]} =~ ^ID\ +PID\ +STATUS\ +BUNDLE\ +CREATED\ +OWNER$ ]]
    [[ ${lines[1]} =~ ^$ID\ +[0-9]+\ +running\ +$BUNDLE\ +[0-9TZ:.-]+\ +root$ ]]
    run -0 oci list -q
    output_is "$ID"
    run -0 oci list --format json
    output_matches "^\[\{\"ociVersion\":\"1.2.0\",\"id\":\"$ID\",\"pid\":$(pid_in),\"status\":\"running\",\"bundle\":\"$BUNDLE\",\"rootfs\":\"$BUNDLE/rootfs\",\"created\":\"[0-9TZ:.-]+\",\"owner\":\"root\"\}\]\$"
    oci_fails "invalid format option" -- list --format xml
}

@test "oci: pause and resume" {
    needs v1
    started
    oci pause "$ID"
    status_is paused
    oci_fails -255 "cannot exec in a paused container" -- exec "$ID" true
    oci resume "$ID"
    status_is running
    oci_fails "container not paused" -- resume "$ID"
}
