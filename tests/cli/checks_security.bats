# SPDX-License-Identifier: BSD-2-Clause
# What a container may not do: system calls, devices, masked paths, and ways out.

load helpers

setup() {
    needs root
    tiny
}

@test "D2, D3: the default profile refuses what it should, with the right error" {
    local expected name
    cc -O1 -static -D_GNU_SOURCE "$TESTS/fixtures/syscalls.c" -o "$BATS_TEST_TMPDIR/syscalls"
    run -0 berth run --rm --network none -v "$BATS_TEST_TMPDIR/syscalls:/syscalls:ro" tiny /syscalls
    for name in clock_settime settimeofday init_module delete_module finit_module kexec_load swapon reboot acct bpf \
        perf_event_open open_by_handle_at userfaultfd sethostname mount umount2 pivot_root unshare_newns; do
        output_has "$name EPERM"
    done
    for name in add_key io_uring_setup personality_aslr number_9999; do
        output_has "$name ENOSYS"
    done
    output_has "personality_query ok" "setns EBADF" "ptrace ESRCH"
}

@test "D4: a capability opens the calls that go with it" {
    cc -O1 -static -D_GNU_SOURCE "$TESTS/fixtures/syscalls.c" -o "$BATS_TEST_TMPDIR/syscalls"
    run -0 berth run --rm --network none --cap-add SYS_TIME -v "$BATS_TEST_TMPDIR/syscalls:/syscalls:ro" tiny /syscalls
    output_has "clock_settime EINVAL" "init_module EPERM"
}

@test "D5: seccomp can be switched off, or be a file of one's own" {
    run -0 berth run --rm --network none --security-opt seccomp=unconfined tiny grep Seccomp: /proc/self/status
    output_is "Seccomp:	0"
    echo '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":18}]}' \
        >"$BATS_TEST_TMPDIR/profile.json"
    run -1 berth run --rm --network none --security-opt "seccomp=$BATS_TEST_TMPDIR/profile.json" tiny mkdir /tmp/x
    output_has "ross-device link"
    fails_with "no-such" -- run --rm --network none --security-opt seccomp=/no-such.json tiny true
    echo '{"defaultAction":"SCMP_ACT_NONSENSE"}' >"$BATS_TEST_TMPDIR/bad.json"
    fails_with "SCMP_ACT_NONSENSE" -- run --rm --network none --security-opt "seccomp=$BATS_TEST_TMPDIR/bad.json" tiny true
}

@test "D8: the devices of the list open, others do not" {
    run -1 berth run --rm --network none --cap-add MKNOD tiny sh -c '
        for d in null zero full random urandom tty; do [ -c /dev/$d ] || echo no $d; done
        head -c 4 /dev/zero | wc -c
        mknod /tmp/mem c 1 1 && head -c 1 /tmp/mem'
    output_has 4 "Operation not permitted"
    [ -e /dev/fuse ] || skip "needs /dev/fuse"
    run -0 berth run --rm --network none --device /dev/fuse tiny sh -c '[ -c /dev/fuse ] && : <>/dev/fuse && echo opened'
    output_is opened
    run -0 berth run --rm --network none --device-cgroup-rule 'c 10:229 rwm' --cap-add MKNOD tiny sh -c \
        'mknod /tmp/fuse c 10 229 && : <>/tmp/fuse && echo opened'
    output_is opened
}

@test "D10: what the kernel tells and takes is masked or read-only" {
    run -1 berth run --rm --network none tiny sh -c '
        for f in kcore keys timer_list; do [ ! -e /proc/$f ] || [ -z "$(head -c 1 /proc/$f 2>/dev/null)" ] || echo "read $f"; done
        for d in /proc/scsi /proc/acpi /sys/firmware /sys/devices/virtual/powercap; do [ ! -d $d ] || [ -z "$(ls $d)" ] || echo "list $d"; done
        for p in /proc/bus /proc/fs /proc/irq /proc/sys /proc/sysrq-trigger; do
            [ ! -e $p ] || grep -q " $p ro" /proc/self/mountinfo || echo "write $p"
        done
        echo h >/proc/sys/kernel/core_pattern'
    output_lacks "read " "list " "write "
    output_has "Read-only file system"
}

@test "D10: --privileged and unmask open them" {
    run -0 berth run --rm --network none --privileged tiny sh -c 'touch /proc/sys/x 2>&1 || true; ls /sys/firmware; grep Seccomp: /proc/self/status'
    output_lacks "Read-only"
    output_has "Seccomp:	0"
}

# An image of one layer more than tiny: its files are made by a function in $1.
image_with() { # NAME: from the folder $BATS_TEST_TMPDIR/add
    . "$TESTS/fixtures/oci.bash"
    local layout=$BATS_TEST_TMPDIR/$1
    tar -C "$BATS_TEST_TMPDIR/add" --owner 0 --group 0 -cf "$BATS_TEST_TMPDIR/add.tar" .
    oci_begin "$layout"
    oci_layer "$layout" "$FIXTURES/rootfs.tar"
    oci_layer "$layout" "$BATS_TEST_TMPDIR/add.tar"
    oci_commit "$layout" "localhost/$1:latest" '{"Cmd": ["sh"], "Env": ["PATH=/bin"]}'
    berth pull -q "oci:$layout" >/dev/null
}

@test "D11: an image whose /etc/hosts points at the host's files changes nothing there" {
    mkdir -p "$BATS_TEST_TMPDIR/add/etc"
    echo untouched >"$BATS_TEST_TMPDIR/victim"
    ln -s "$BATS_TEST_TMPDIR/victim" "$BATS_TEST_TMPDIR/add/etc/hosts"
    ln -s ../../../../../../../../../../../..$BATS_TEST_TMPDIR/victim "$BATS_TEST_TMPDIR/add/etc/resolv.conf"
    image_with linked
    run berth run --rm --network none linked cat /etc/hosts
    [ "$status" = 0 ] || output_has "Error: "
    [ "$(cat "$BATS_TEST_TMPDIR/victim")" = untouched ]
}

@test "D11: an image whose /proc, /dev or /sys is a symlink is confined or refused" {
    local name
    for name in proc dev sys; do
        rm -rf "$BATS_TEST_TMPDIR/add"
        mkdir -p "$BATS_TEST_TMPDIR/add" "$BATS_TEST_TMPDIR/outside"
        touch "$BATS_TEST_TMPDIR/add/.wh.$name"
        image_with "whiteout$name"
        rm "$BATS_TEST_TMPDIR/add/.wh.$name"
        ln -s "$BATS_TEST_TMPDIR/outside" "$BATS_TEST_TMPDIR/add/$name"
        image_with "linked$name"
        run berth run --rm --network none "linked$name" true
        [ "$status" = 0 ] || output_has "Error: "
        [ -z "$(ls -A "$BATS_TEST_TMPDIR/outside")" ]
    done
}

@test "D11: a volume's target through a symlink stays inside" {
    mkdir -p "$BATS_TEST_TMPDIR/add" "$BATS_TEST_TMPDIR/outside" "$BATS_TEST_TMPDIR/data"
    echo secret >"$BATS_TEST_TMPDIR/data/file"
    ln -s "$BATS_TEST_TMPDIR/outside" "$BATS_TEST_TMPDIR/add/link"
    ln -s ../../../../../../../../../.. "$BATS_TEST_TMPDIR/add/up"
    image_with linked
    run -0 berth run --rm --network none -v "$BATS_TEST_TMPDIR/data:/link/target" linked cat /link/target/file
    output_is secret
    run -0 berth run --rm --network none -v "$BATS_TEST_TMPDIR/data:/up/here" linked cat /here/file
    output_is secret
    [ -z "$(ls -A "$BATS_TEST_TMPDIR/outside")" ]
    [ ! -e /here ]
}

@test "D12: the program of berth cannot be written from inside" {
    local before
    before=$(sha256sum "$BERTH")
    run berth run --rm --network none --privileged tiny sh -c '
        for p in /proc/[0-9]*/exe /proc/self/exe; do
            case $(readlink $p) in */busybox) ;; *) echo "sees $p: $(readlink $p)"; (echo x >$p) 2>/dev/null && echo written ;; esac
        done'
    output_lacks written
    [ "$(sha256sum "$BERTH")" = "$before" ]
}

@test "D12: no descriptor of the host is left open at exec" {
    # The fourth is the directory that ls itself has open.
    run -0 berth run --rm --network none tiny ls /proc/self/fd
    output_is "0
1
2
3"
    run -0 berth run -d --name c --network none tiny sleep 1000
    run -0 ls "/proc/$(pid_of c)/fd"
    output_is "0
1
2"
    run -0 berth exec c sh -c 'ls /proc/self/fd | wc -l'
    output_is 4
}

@test "D12: a workdir by way of a descriptor finds nothing" {
    local n
    for n in 3 4 5 6 7 8 9 10; do
        run berth run --rm --network none --workdir /proc/self/fd/$n tiny pwd
        [ "$status" != 0 ]
        output_lacks "$BATS_TEST_TMPDIR"
    done
    berth run -d --name c --network none tiny sleep 1000 >/dev/null
    for n in 3 5 7 9; do
        run ! berth exec -w /proc/self/fd/$n c pwd
    done
}
