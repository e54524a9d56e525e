# SPDX-License-Identifier: BSD-2-Clause
# berth-oci exec: each of its options.
load oci

@test "oci exec: user, groups, working directory and environment" {
    started
    run -0 oci exec --user 1000:2000 -g 100 --additional-gids 65534 --cwd /home --env A=1 -e A=2 "$ID" \
        sh -c 'id -u; id -g; id -G; pwd; echo $A $HOME'
    output_is $'1000\n2000\n2000 100 65534\n/home\n2 /root'
    oci_fails -255 "--user" -- exec --user someone "$ID" true
    oci_fails -255 "chdir" "no such file" -- exec --cwd /no/such "$ID" true
    oci_fails -255 "" -- exec --cwd /proc/self/fd/3 "$ID" true
}

# bats test_tags=rootless
@test "oci exec: capabilities are added, privileges kept down, on request" {
    config '.process.noNewPrivileges = false'
    started
    run -0 oci exec "$ID" grep -E 'CapEff|CapBnd|NoNewPrivs' /proc/self/status
    output_is $'CapEff:\t0000000020000420\nCapBnd:\t0000000020000420\nNoNewPrivs:\t0'
    run -0 oci exec --cap CAP_SYS_CHROOT -c CAP_CHOWN --no-new-privs "$ID" \
        grep -E 'CapEff|CapBnd|NoNewPrivs' /proc/self/status
    output_is $'CapEff:\t0000000020040421\nCapBnd:\t0000000020040421\nNoNewPrivs:\t1'
}

@test "oci exec: a process file says it all" {
    started
    cat >"$BATS_TEST_TMPDIR/process.json" <<'PROCESS'
{ "args": ["sh", "-c", "id -u; pwd; echo $FROM; ulimit -n; exit 6"], "cwd": "/tmp", "user": { "uid": 7, "gid": 7 },
  "env": ["PATH=/bin", "FROM=file"], "rlimits": [{ "type": "RLIMIT_NOFILE", "soft": 77, "hard": 77 }] }
PROCESS
    run -6 oci exec --process "$BATS_TEST_TMPDIR/process.json" "$ID"
    output_is $'7\n/tmp\nfile\n77'
    run -6 oci exec -p /dev/fd/4 "$ID" 4<"$BATS_TEST_TMPDIR/process.json"
    oci_fails -255 "--process" -- exec --process /no/such "$ID"
}

@test "oci exec: detached, with a pid file and a pidfd" {
    started
    receive pidfd
    cd "$BATS_TEST_TMPDIR"
    oci exec -d --pid-file pid --pidfd-socket socket "$ID" sleep 1000 </dev/null >/dev/null 2>&1
    wait "$RECEIVER"
    run -0 cat received
    output_has "Pid:"$'\t'"$(cat pid)"
    run -0 oci ps --format json "$ID"
    output_is "[$(printf '%s\n' "$(pid_in)" "$(cat pid)" | sort -n | paste -sd,)]"
    oci_fails -255 'exec: "none": executable file not found in $PATH' -- exec -d "$ID" none
}

# bats test_tags=rootless
@test "oci exec: a terminal by the console socket, and of the caller" {
    started
    receive terminal
    oci exec -d -t --console-socket "$BATS_TEST_TMPDIR/socket" "$ID" tty </dev/null
    wait "$RECEIVER"
    run -0 cat "$BATS_TEST_TMPDIR/received"
    output_is $'message /dev/pts/0\n/dev/pts/0'
    oci_fails -255 "without setting console socket" -- exec -d -t "$ID" tty
    oci_fails -255 "cannot use console socket" -- exec --console-socket x "$ID" tty
    run -3 script -qec "$OCI --root '$BATS_TEST_TMPDIR/oci' exec -t $ID sh -c 'tty; read x; echo got \$x; exit 3'" \
        /dev/null <<<typed
    output_has /dev/pts/ "got typed"
}

# bats test_tags=rootless
@test "oci exec: descriptors are preserved as many as are asked for" {
    started
    echo third >"$BATS_TEST_TMPDIR/three"
    run -0 oci exec --preserve-fds 1 "$ID" sh -c 'cat <&3; ls /proc/self/fd | wc -l' \
        3<"$BATS_TEST_TMPDIR/three" 5</dev/null
    output_is $'third\n5'
    oci_fails -255 "preserved-fd 0 (of 1)" -- exec --preserve-fds 1 "$ID" true 3<&-
}

# bats test_tags=rootless
@test "oci exec: in a created container, which stays one" {
    oci create --bundle "$BUNDLE" "$ID" </dev/null >/dev/null
    run -0 oci exec "$ID" hostname
    output_is tiny
    # Nobody in there can get at us.
    run -0 oci exec "$ID" sh -c 'cat /proc/1/exe | head -c 4 | wc -c'
    output_has 0
    status_is created
    oci start "$ID"
    status_is running
}

@test "oci exec: waits in a paused container if that is asked for" {
    needs v1
    started
    oci pause "$ID"
    oci_fails -255 "cannot exec in a paused container" -- exec "$ID" true
    oci exec --ignore-paused "$ID" true 3>&- &
    pid=$!
    oci resume "$ID"
    wait $pid
}

@test "oci exec: runs in a group below the container's" {
    needs v1
    started
    group=/sys/fs/cgroup/pids$(sed -n 's/.*:pids://p' "/proc/$(pid_in)/cgroup")
    mkdir "$group/below"
    run -0 oci exec --cgroup pids:below "$ID" cat /proc/self/cgroup
    output_has "/$ID/below"
    oci_fails -255 "is not a sub cgroup path" -- exec --cgroup pids:../up "$ID" true
    oci_fails -255 "unknown controller" -- exec --cgroup nope:below "$ID" true
    oci_fails -255 " adding pid " "/none/cgroup.procs: no such file" -- exec --cgroup pids:none "$ID" true
    oci_fails -255 " adding pid " "/none/cgroup.procs: no such file" -- exec --cgroup none "$ID" true
}

# bats test_tags=rootless
@test "oci exec: the last variable of a name counts, and signals are passed on" {
    started
    "$OCI" --root "$BATS_TEST_TMPDIR/oci" exec "$ID" sh -c 'trap "exit 8" INT; echo up; while :; do sleep 0.01; done' \
        >"$BATS_TEST_TMPDIR/exec" 2>&1 </dev/null 3>&- &
    pid=$!
    wait_for grep -q up "$BATS_TEST_TMPDIR/exec"
    kill -INT "$pid"
    code=0
    wait $pid || code=$?
    [ $code = 8 ]
    run -137 oci exec "$ID" sh -c 'kill -9 $$'
}

@test "oci exec: labels of security modules that are off are left out" {
    [ ! -e /sys/kernel/security/apparmor ] || skip "needs a kernel without AppArmor"
    started
    run -0 oci exec --apparmor none --process-label a:b:c --no-subreaper "$ID" echo ran
    output_is ran
}
