# SPDX-License-Identifier: BSD-2-Clause
# berth-oci: the options of create and run.
load oci

# bats test_tags=rootless
@test "oci: the console socket gets the terminal, whose lines end as they were written" {
    config '.process.terminal = true | .process.consoleSize = { "height": 10, "width": 110 }'
    program sh -c 'tty; stty size; ls -l /proc/self/fd/0 /proc/self/fd/2 | grep -c pts'
    receive terminal
    oci create --bundle "$BUNDLE" --console-socket "$BATS_TEST_TMPDIR/socket" "$ID"
    oci start "$ID"
    wait "$RECEIVER"
    run -0 cat "$BATS_TEST_TMPDIR/received"
    output_is $'message /dev/pts/0\n/dev/pts/0\n10 110\n2'
}

# bats test_tags=rootless
@test "oci: a created container with a terminal has nothing of its creator's streams" {
    config '.process.terminal = true'
    receive terminal
    # Command substitution waits until nobody has the pipe open any more.
    out=$(timeout 20 "$OCI" --root "$BATS_TEST_TMPDIR/oci" create --bundle "$BUNDLE" \
        --console-socket "$BATS_TEST_TMPDIR/socket" "$ID" 2>&1)
    [ -z "$out" ]
    status_is created
    run -0 find "/proc/$(pid_in)/fd" -lname 'pipe:*'
    output_is ""
}

@test "oci: a terminal needs a console socket, and no terminal none" {
    oci_fails "cannot use console socket if" -- create --bundle "$BUNDLE" --console-socket x "$ID"
    config '.process.terminal = true'
    oci_fails "without setting console socket" "--console-socket" -- create --bundle "$BUNDLE" "$ID"
    oci_fails "without setting console socket" -- run -d --bundle "$BUNDLE" "$ID"
    oci_fails "cannot use console socket if" -- run --console-socket x --bundle "$BUNDLE" "$ID"
    oci_fails "console socket: connect to $BATS_TEST_TMPDIR/none" -- \
        create --bundle "$BUNDLE" --console-socket "$BATS_TEST_TMPDIR/none" "$ID"
    oci_fails "does not exist" -- state "$ID"
}

# bats test_tags=rootless
@test "oci: the pidfd socket gets a pidfd of the first process" {
    receive pidfd
    oci create --bundle "$BUNDLE" --pidfd-socket "$BATS_TEST_TMPDIR/socket" "$ID" </dev/null >/dev/null
    wait "$RECEIVER"
    run -0 cat "$BATS_TEST_TMPDIR/received"
    output_has "Pid:"$'\t'"$(pid_in)"
}

@test "oci: so does crun's annotation for it" {
    receive pidfd
    config --arg s "$BATS_TEST_TMPDIR/socket" '.annotations = {"run.oci.pidfd_receiver": $s}'
    oci create --bundle "$BUNDLE" "$ID" </dev/null >/dev/null
    wait "$RECEIVER"
    run -0 cat "$BATS_TEST_TMPDIR/received"
    output_has "Pid:"$'\t'"$(pid_in)"
}

# bats test_tags=rootless
@test "oci: a pid file is relative to the caller, and whole" {
    cd "$BATS_TEST_TMPDIR"
    oci create --bundle bundle --pid-file pid "$ID" </dev/null >/dev/null
    printf %s "$(pid_in)" | cmp - pid
    oci_fails "pid file" -- run -d --pid-file no/such/pid --bundle bundle "other-$ID"
    oci_fails "does not exist" -- state "other-$ID"
}

@test "oci: --config takes another file, relative to the bundle" {
    mv "$BUNDLE/config.json" "$BUNDLE/other.json"
    oci_fails "JSON specification file config.json not found" -- run --bundle "$BUNDLE" "$ID"
    oci run -d --config other.json --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
    status_is running
}

@test "oci: the bundle is the working directory unless it is named" {
    program echo here
    cd "$BUNDLE"
    run -0 oci run "$ID"
    output_is here
    oci_fails "chdir /no/such: no such file or directory" -- run --bundle /no/such "$ID"
}

# bats test_tags=rootless
@test "oci: descriptors are preserved as many as are asked for, and no more" {
    program sh -c 'cat <&3; ls /proc/self/fd | wc -l'
    echo third >"$BATS_TEST_TMPDIR/three"
    run -0 oci run --preserve-fds 1 --bundle "$BUNDLE" "$ID" 3<"$BATS_TEST_TMPDIR/three" 5</dev/null
    output_is $'third\n5'
    oci_fails "preserved-fd 1 (of 3)" -- run --preserve-fds 3 --bundle "$BUNDLE" "$ID" \
        3<"$BATS_TEST_TMPDIR/three" 5</dev/null 4<&-
    # Called crun, what the caller does not have is nothing, and above all nothing of ours.
    program sh -c 'for fd in 3 4 5 6 7 8 9; do readlink /proc/self/fd/$fd; done'
    ln -s "$OCI" "$BATS_TEST_TMPDIR/crun"
    run -0 "$BATS_TEST_TMPDIR/crun" --root "$BATS_TEST_TMPDIR/oci" run --preserve-fds 7 --bundle "$BUNDLE" "$ID" \
        3<"$BATS_TEST_TMPDIR/three" 5</dev/null 4<&-
    output_is "$BATS_TEST_TMPDIR/three"$'\n/dev/null\n/dev/null\n/dev/null\n/dev/null\n/dev/null\n/dev/null'
    program sh -c 'ls /proc/self/fd | wc -l'
    run -0 oci run --bundle "$BUNDLE" "$ID" 3<"$BATS_TEST_TMPDIR/three" 5</dev/null
    output_is 4
}

# bats test_tags=rootless
@test "oci: sockets passed by systemd go to the program, with its own LISTEN_PID" {
    program sh -c 'echo $LISTEN_FDS $LISTEN_PID; cat <&3'
    echo third >"$BATS_TEST_TMPDIR/three"
    LISTEN_FDS=1 run -0 oci run --bundle "$BUNDLE" "$ID" 3<"$BATS_TEST_TMPDIR/three"
    output_is $'1 1\nthird'
    program sh -c 'echo ${LISTEN_FDS:-none}'
    LISTEN_FDS=1 LISTEN_PID=1 run -0 oci run --bundle "$BUNDLE" "$ID"
    output_is none
}

# bats test_tags=rootless
@test "oci: the notify socket: start waits for READY=1 and passes it on" {
    needs program python3
    cat >"$BATS_TEST_TMPDIR/supervisor" <<'PYTHON'
import os, socket, sys
os.chdir(sys.argv[1])
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("sock")
print(s.recv(1000).decode(), flush=True)
PYTHON
    python3 "$BATS_TEST_TMPDIR/supervisor" "$BATS_TEST_TMPDIR" >"$BATS_TEST_TMPDIR/told" 3>&- &
    told=$!
    wait_for test -S "$BATS_TEST_TMPDIR/sock"
    ln -sfn "$BATS_TEST_TMPDIR" "/tmp/$ID"
    # busybox has no client for a datagram socket of the file system: the test plays the program.
    program sh -c 'echo $NOTIFY_SOCKET; ls $NOTIFY_SOCKET; sleep 1000'
    NOTIFY_SOCKET=/tmp/$ID/sock oci create --bundle "$BUNDLE" "$ID" </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1
    NOTIFY_SOCKET=/tmp/$ID/sock oci start "$ID" 3>&- &
    starter=$!
    wait_for grep -q notify.sock "$BATS_TEST_TMPDIR/out"
    wait_for status_is running
    kill -0 $starter
    python3 -c 'import os, socket, sys
os.chdir(sys.argv[1])
socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"STATUS=x\nREADY=1", "notify.sock")' \
        "$BATS_TEST_TMPDIR/oci/$ID/notify"
    wait $starter
    wait $told
    rm "/tmp/$ID"
    run -0 cat "$BATS_TEST_TMPDIR/told"
    output_has "MAINPID=$(pid_in)" "READY=1"
    run -0 head -n 1 "$BATS_TEST_TMPDIR/out"
    output_is /run/notify/notify.sock
}

# bats test_tags=rootless
@test "oci: closed standard streams are nothing of ours inside" {
    program sh -c 'ls -l /proc/self/fd/0 >/out'
    sh -c '"$@" <&- >&- 2>&-' sh "$OCI" --root "$BATS_TEST_TMPDIR/oci" run --bundle "$BUNDLE" "$ID"
    run -0 cat "$BUNDLE/rootfs/out"
    output_has /dev/null
}

# bats test_tags=rootless
@test "oci: no-pivot and no-new-keyring" {
    program cat /etc/plain
    run -0 oci run --no-pivot --no-new-keyring --no-subreaper --bundle "$BUNDLE" "$ID"
    output_is "not a program"
}

@test "oci: without a pivot the host's procfs does not let a guest mount one without masks" {
    needs root
    config '.process.capabilities |= map_values(. + ["CAP_SETFCAP"])'
    # The namespace's own procfs has masks on it, so the kernel allows no other.
    program unshare -mrpf mount -t proc proc /proc
    run ! oci run --bundle "$BUNDLE" "$ID"
    output_has "permission denied"
    run ! oci run --no-pivot --bundle "$BUNDLE" "$ID"
    output_has "permission denied"
    program grep -cE '^[0-9]+ [0-9]+ [0-9:]+ / /proc ' /proc/self/mountinfo
    run -0 oci run --no-pivot --bundle "$BUNDLE" "$ID"
    output_is 1
}

@test "oci: a foreground run passes signals on, and tells which ended it" {
    program sh -c 'trap "exit 9" TERM; echo up; while :; do sleep 0.01; done'
    "$OCI" --root "$BATS_TEST_TMPDIR/oci" run --bundle "$BUNDLE" "$ID" >"$BATS_TEST_TMPDIR/out" 2>&1 </dev/null 3>&- &
    pid=$!
    wait_for grep -q up "$BATS_TEST_TMPDIR/out"
    kill -TERM $pid
    code=0
    wait $pid || code=$?
    [ $code = 9 ]
    program sh -c 'kill -9 $$'
    config '.linux.namespaces |= map(select(.type != "pid"))'
    run -137 oci run --bundle "$BUNDLE" "$ID"
}

# bats test_tags=rootless
@test "oci: --keep keeps the container that has ended" {
    program true
    oci run --keep --bundle "$BUNDLE" "$ID"
    status_is stopped
    oci_fails "already exists" -- run --bundle "$BUNDLE" "$ID"
    oci delete "$ID"
}

# bats test_tags=rootless
@test "oci: a foreground run with a terminal has its caller's" {
    needs program script
    config '.process.terminal = true'
    program sh -c 'tty; stty size; read x; echo "got $x"; exit 4'
    run -4 script -qec "stty rows 20 cols 90; $OCI --root '$BATS_TEST_TMPDIR/oci' run --bundle '$BUNDLE' $ID" /dev/null <<<typed
    output_has /dev/pts/0 "20 90" "got typed"
}

# bats test_tags=rootless
@test "oci: hooks run in their order with the state on their input" {
    cat >"$BATS_TEST_TMPDIR/hook" <<'HOOK'
#!/bin/sh
echo "$1 $(jq -r '.status + " " + .id')" >>"${0%/*}/hooks"
HOOK
    chmod +x "$BATS_TEST_TMPDIR/hook"
    config --arg h "$BATS_TEST_TMPDIR/hook" '.hooks = ({ prestart: 0, createRuntime: 0, poststart: 0, poststop: 0 } |
        with_entries(.value = [{ path: $h, args: ["hook", .key], env: ["PATH=/usr/bin:/bin"] }]))'
    oci create --bundle "$BUNDLE" "$ID" </dev/null >/dev/null
    run -0 cat "$BATS_TEST_TMPDIR/hooks"
    output_is "prestart creating $ID"$'\n'"createRuntime creating $ID"
    oci start "$ID"
    oci delete --force "$ID"
    run -0 tail -n 2 "$BATS_TEST_TMPDIR/hooks"
    output_is "poststart running $ID"$'\n'"poststop stopped $ID"
}

# bats test_tags=rootless
@test "oci: a hook that fails ends it all" {
    config '.hooks.createRuntime = [{ path: "/bin/true" }, { path: "/bin/false" }]'
    oci_fails "error running createRuntime hook #1" -- create --bundle "$BUNDLE" "$ID"
    oci_fails "does not exist" -- state "$ID"
    config '.hooks = { poststart: [{ path: "/bin/false" }] }'
    oci_fails "error running poststart hook #0" -- run --bundle "$BUNDLE" "$ID"
    oci_fails "does not exist" -- state "$ID"
    config '.hooks = { poststop: [{ path: "/bin/false" }] }'
    program true
    run -0 oci run --bundle "$BUNDLE" "$ID"
    output_has "error running poststop hook #0"
}

# The shell that began it may have forked, or be it.
hook_runs() { pgrep -f "sh $BATS_TEST_TMPDIR/slow|sleep 1000" -P "$(pgrep -P "$pid" || echo "$pid")"; }

@test "oci: killed while it creates, it leaves what delete --force removes" {
    printf '#!/bin/sh\nexec sleep 1000\n' >"$BATS_TEST_TMPDIR/slow"
    chmod +x "$BATS_TEST_TMPDIR/slow"
    config --arg h "$BATS_TEST_TMPDIR/slow" '.hooks.createRuntime = [{ path: $h }]'
    oci create --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&- &
    pid=$!
    wait_for hook_runs
    wait_for status_is creating
    kill -9 $pid "$(pgrep -P $pid)"
    wait_for status_is stopped
    oci delete --force "$ID"
    oci_fails "does not exist" -- state "$ID"
    no_cgroup_of "$ID"
}
