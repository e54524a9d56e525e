# SPDX-License-Identifier: BSD-2-Clause
# BERTH_LACK makes berth see a kernel without a call: each is lacked alone, then all.  What it does
# not know to be newer is found by a filter of system calls, which knows what Linux 5.10 has.
load helpers

# Runs, volumes, exec, copies and stops a container on such a kernel.
works_without() { # FEATURE
    export BERTH_LACK=$1
    mkdir -p "$BATS_TEST_TMPDIR/given/sub"
    echo given >"$BATS_TEST_TMPDIR/given/file"
    run -0 berth run --rm --network none -v "$BATS_TEST_TMPDIR/given:/a/link/../given:ro" \
        --tmpfs /t:rw,size=64k --read-only --mount type=tmpfs,dst=/u localhost/tiny sh -c '
            cat /a/given/file
            touch /a/given/x /x 2>&1
            touch /t/y /u/y && ls /t /proc/self/fd | tail -n +2'
    output_has given "touch: /a/given/x: Read-only file system" \
        "touch: /x: Read-only file system" y
    berth run -d --name c --network none localhost/tiny sleep 1000 >/dev/null
    run -0 berth exec c sh -c 'cat /proc/1/comm; ls /proc/self/fd'
    output_has sleep
    output_lacks 5
    echo in >"$BATS_TEST_TMPDIR/in"
    berth cp "$BATS_TEST_TMPDIR/in" c:/tmp/in
    run -0 berth exec c cat /tmp/in
    output_is in
    run -0 berth stop -t 0 c
    run -0 berth rm c
    unset BERTH_LACK
}

@test "a kernel without openat2 will do" {
    works_without openat2
}

@test "a kernel without clone3 will do" {
    works_without clone3
}

@test "a kernel without close_range will do" {
    works_without close_range
}

@test "a kernel without mount_setattr will do" {
    works_without mount_setattr
}

@test "a kernel whose overlayfs takes layers as one text will do" {
    works_without lowerdir+fd,lowerdir+
}

@test "a kernel that lacks all that is newer than 5.10 will do" {
    works_without all
}

# Everything that berth executes sees a kernel of 5.10.
on_old_kernel() {
    needs root
    cc -O1 -static -D_GNU_SOURCE "$TESTS/fixtures/as-old-kernel.c" -o "$BATS_TEST_TMPDIR/as-old-kernel"
    berth() {
        "$BATS_TEST_TMPDIR/as-old-kernel" "$BERTH" --root "$BATS_TEST_TMPDIR/lib" --runroot "$BATS_TEST_TMPDIR/run" "$@"
    }
}

@test "a pull works where the calls that are newer than 5.10 are refused" {
    needs program docker-registry
    on_old_kernel
    registry_start
    registry_push "$FIXTURES/layered" layered:1
    run -0 berth pull -q --tls-verify=false "$REGISTRY/layered:1"
    run -0 berth run --rm --network none --entrypoint cat "$REGISTRY/layered:1" /etc/both
    output_is third
}

@test "all runs where the calls that are newer than 5.10 are refused" {
    on_old_kernel
    berth rmi localhost/tiny >/dev/null
    berth load -q -i "$FIXTURES/tiny-docker.tar" >/dev/null
    berth save -o "$BATS_TEST_TMPDIR/saved.tar" localhost/tiny
    tar -tf "$BATS_TEST_TMPDIR/saved.tar" >/dev/null
    works_without none
    works_without lowerdir+fd,lowerdir+
    run -0 berth run --rm --init --network none --pids-limit 50 localhost/tiny cat /proc/1/comm
    output_is podman-init
    run -125 berth run --rm --network none --uidmap 0:100000:65536 localhost/tiny id -u
    output_has "an ID-mapped mount needs Linux 5.12"
}
