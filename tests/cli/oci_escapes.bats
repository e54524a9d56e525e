# SPDX-License-Identifier: BSD-2-Clause
# The ways out of escapes.bats, tried on berth-oci: what is mounted, linked and named comes from a
# hostile root, and guests run in the container before it is started.  doc/security.md lists them.
# Races run for RACE_S seconds (2; ESCAPES_MOST=1 makes it 30).
load oci

RACE_S=${ESCAPES_MOST:+30}
RACE_S=${RACE_S:-2}

setup() {
    ID=b$(od -An -N6 -tx1 /dev/urandom | tr -d ' ')
    BUNDLE=$BATS_TEST_TMPDIR/bundle
    new_bundle "$BUNDLE"
    ROOT=$BUNDLE/rootfs
    OUTSIDE=$BATS_TEST_TMPDIR/outside
    UP=../../../../../../../../../../../..
    mkdir -p "$OUTSIDE"
    echo untouched >"$OUTSIDE/victim"
}

teardown() {
    end_background
    leave_nothing_oci
}

nothing_outside() {
    [ "$(cat "$OUTSIDE/victim")" = untouched ] || { echo "the victim was written"; return 1; }
    [ "$(ls -A "$OUTSIDE")" = victim ] || { ls -lA "$OUTSIDE"; return 1; }
}

all_capabilities() {
    config '(["CAP_SYS_PTRACE","CAP_SYS_ADMIN","CAP_DAC_OVERRIDE","CAP_CHOWN","CAP_KILL","CAP_MKNOD","CAP_SETUID",
        "CAP_SETGID","CAP_SYS_CHROOT"] as $c | .process.capabilities |= {bounding: $c, effective: $c, permitted: $c}) |
        .process.noNewPrivileges = false'
}

# Host IDs as they are, the worst of user namespaces.
identity_userns() {
    config '.linux.namespaces += [{ "type": "user" }] |
        .linux.uidMappings = [{ "containerID": 0, "hostID": 0, "size": 4294967295 }] |
        .linux.gidMappings = [{ "containerID": 0, "hostID": 0, "size": 4294967295 }]'
}

mount_also() { # DESTINATION SOURCE [TYPE]
    config --arg d "$1" --arg s "$2" --arg t "${3:-bind}" '.mounts += [{destination: $d, source: $s, type: $t,
        options: (if $t == "bind" then ["rbind"] else [] end)}]'
}

swap_for_ever() { # FOLDER: a and b take turns
    cat >"$BATS_TEST_TMPDIR/swap.py" <<'PY'
import ctypes, os, sys
libc = ctypes.CDLL(None)
os.chdir(sys.argv[1])
while True:
    libc.renameat2(-100, b"a", -100, b"b", 2)
PY
    python3 "$BATS_TEST_TMPDIR/swap.py" "$1" 3>&- &
}

end_background() {
    local pid
    for pid in $(jobs -p); do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
}

for_a_while() { # COMMAND...
    local end=$((SECONDS + RACE_S))
    while [ $SECONDS -lt $end ]; do
        "$@"
    done
}

# --- CVE-2019-5736, CVE-2016-9962 -----------------------------------------------------------------

guest_attacks_created() {
    local before
    before=$(sha256sum "$BERTH")
    program sh -c 'sleep 1'
    oci create --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
    status_is created
    run oci exec "$ID" sh -c '
        for f in /proc/1/fd/* /proc/1/cwd /proc/1/root; do readlink $f; done 2>/dev/null
        grep -o " /.*" /proc/1/maps 2>/dev/null | sort -u'
    output_lacks "$BATS_TEST_TMPDIR" "$BERTH" /sys/fs/cgroup /work
    # It opens what waits, and writes when that is no longer executed.
    oci exec -d "$ID" sh -c '
        exec 9</proc/1/exe || exit
        while :; do (echo "#!/bin/sh" >/proc/self/fd/9) && echo written >/written; done 2>/dev/null' </dev/null >/dev/null 2>&1
    oci start "$ID"
    sleep 0.3
    [ ! -e "$ROOT/written" ]
    [ "$(sha256sum "$BERTH")" = "$before" ]
    oci delete --force "$ID"
    [ "$(sha256sum "$BERTH")" = "$before" ]
}

@test "oci: CVE-2019-5736: a guest with every capability and a created container" {
    needs root
    all_capabilities
    guest_attacks_created
}

@test "oci: CVE-2019-5736: a guest in a user namespace where root is root" {
    needs root
    all_capabilities
    identity_userns
    guest_attacks_created
}

# bats test_tags=rootless
@test "oci: CVE-2019-5736: a guest of a plain user's created container" {
    needs containers
    all_capabilities
    guest_attacks_created
}

# bats test_tags=rootless
@test "oci: CVE-2019-5736: what runs is never the runtime" {
    needs containers
    local one
    printf '#!/proc/self/exe\n' >"$ROOT/script"
    chmod 755 "$ROOT/script"
    ln -s /proc/self/exe "$ROOT/link"
    for one in /script /link /proc/self/exe; do
        program "$one" --version
        run oci run --bundle "$BUNDLE" "$ID"
        output_lacks "spec:" "berth"
        oci delete --force "$ID"
    done
    program sleep 1000
    started
    for one in /script /link /proc/self/exe /proc/1/exe; do
        run oci exec "$ID" "$one" --version
        output_lacks "spec:"
    done
}

@test "oci: CVE-2016-9962: exec shows nothing of the host to who is inside" {
    needs root
    all_capabilities
    program sh -c 'while :; do for p in /proc/[0-9]*; do
            case $p in /proc/1 | /proc/$$) continue ;; esac
            exe=$(readlink $p/exe) || continue
            case $exe in /bin/busybox) continue ;; esac
            echo "exe $exe"
            for f in $p/fd/*; do echo "fd $(readlink $f)"; done
        done; done >/seen 2>/dev/null'
    started
    for_a_while oci exec "$ID" true
    run -0 cat "$ROOT/seen"
    output_lacks "$BERTH" "$BATS_TEST_TMPDIR" "/sys/fs/cgroup" "exe /work" "exe /usr"
}

# --- CVE-2024-21626 -------------------------------------------------------------------------------

# bats test_tags=rootless
@test "oci: CVE-2024-21626: a working directory by way of a descriptor" {
    needs containers
    local n
    ln -s /proc/self/fd/7 "$ROOT/link"
    for n in 3 4 5 6 7 8 9 10; do
        config ".process.cwd = \"/proc/self/fd/$n\""
        run ! oci run --bundle "$BUNDLE" "$ID"
        config ".process.cwd = \"/proc/self/fd/$n/../../..\""
        run oci run --bundle "$BUNDLE" "$ID"
        output_lacks "$BATS_TEST_TMPDIR"
        oci delete --force "$ID"
    done
    config '.process.cwd = "/link"'
    run ! oci run --bundle "$BUNDLE" "$ID"
    config '.process.cwd = "/"'
    started
    for n in 3 4 5 6 7 8 9 10; do
        run ! oci exec --cwd "/proc/self/fd/$n" "$ID" pwd
        run ! oci exec --cwd "/proc/1/fd/$n" "$ID" pwd
        run ! oci exec --cwd "/proc/self/fd/$n/../.." "$ID" ls "$BATS_TEST_TMPDIR"
    done
    run ! oci exec --cwd /link "$ID" pwd
}

# bats test_tags=rootless
@test "oci: a process holds its streams, what was to be preserved, and nothing else" {
    needs containers
    local what='ls /proc/self/fd | tr "\n" " "; grep -E "^(SigBlk|SigIgn|CapInh|CapAmb):" /proc/self/status;
        grep -vE "busybox|\[|rw-p 00000000 00:00 0 *$" /proc/self/maps; env'
    program sh -c "$what"
    run -0 sh -c 'trap "" USR1 HUP PIPE; exec 7</etc/passwd 9</; exec "$@"' sh \
        "$OCI" --root "$BATS_TEST_TMPDIR/oci" run --bundle "$BUNDLE" "$ID"
    output_has "0 1 2 3 SigBlk" "SigBlk:	0000000000000000" "SigIgn:	0000000000000000" \
        "CapInh:	0000000000000000" "CapAmb:	0000000000000000"
    output_lacks BATS memfd "r-xp" "BERTH_"
    run -0 sh -c 'exec 3</etc/passwd 4</etc/group 5</etc/hosts; exec "$@"' sh \
        "$OCI" --root "$BATS_TEST_TMPDIR/oci" run --preserve-fds 2 --bundle "$BUNDLE" "$ID"
    output_has "0 1 2 3 4 5 SigBlk"
    program sleep 1000
    started
    run -0 sh -c 'trap "" USR1 HUP PIPE; exec 7</etc/passwd 9</; exec "$@"' sh \
        "$OCI" --root "$BATS_TEST_TMPDIR/oci" exec "$ID" sh -c "$what"
    output_has "0 1 2 3 SigBlk" "SigIgn:	0000000000000000" "CapInh:	0000000000000000"
    output_lacks BATS memfd "r-xp" "BERTH_"
}

# bats test_tags=rootless
@test "oci: a created container's process holds nothing of the host's either" {
    needs containers
    oci create --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
    run -0 sh -c "for f in /proc/$(pid_in)/fd/*; do readlink \$f; done"
    output_lacks "$BATS_TEST_TMPDIR" /sys/fs/cgroup /home /tmp
}

# --- CVE-2019-16884, -19921, CVE-2023-27561, -28642 -----------------------------------------------

# bats test_tags=rootless
@test "oci: CVE-2019-19921, CVE-2023-27561, CVE-2023-28642: /proc and /sys as symlinks" {
    needs containers
    local name target
    for name in proc sys; do
        for target in /mine mine "$OUTSIDE" "$UP$OUTSIDE" proc; do
            rm -rf "${ROOT:?}/$name"
            mkdir -p "$ROOT/mine"
            ln -s "$target" "$ROOT/$name"
            oci_fails "/$name" -- run --bundle "$BUNDLE" "$ID"
            nothing_outside
        done
        rm "$ROOT/$name"
        mkdir "$ROOT/$name"
    done
}

# bats test_tags=rootless
@test "oci: CVE-2019-16884: nothing but procfs on /proc, and nothing inside it" {
    needs containers
    local saved
    saved=$(cat "$BUNDLE/config.json")
    mkdir -p "$BATS_TEST_TMPDIR/false/self/attr"
    ln -s /proc/self "$ROOT/link"
    ln -s ../proc "$ROOT/etc/proc"
    for to in /proc /proc/self /proc/self/attr /proc/sys /link /link/attr /etc/proc/sys /proc/../proc/sys /./proc; do
        mount_also "$to" "$BATS_TEST_TMPDIR/false"
        oci_fails "/proc" -- run --bundle "$BUNDLE" "$ID"
        printf %s "$saved" >"$BUNDLE/config.json"
    done
    mount_also /proc tmpfs tmpfs
    oci_fails "not of type proc" -- run --bundle "$BUNDLE" "$ID"
    printf %s "$saved" >"$BUNDLE/config.json"
    mount_also /proc /proc/self
    oci_fails "not of type proc" -- run --bundle "$BUNDLE" "$ID"
}

# --- CVE-2021-30465, CVE-2024-45310 ---------------------------------------------------------------

run_once() {
    oci run --bundle "$BUNDLE" "$ID" >/dev/null 2>&1 || true
    oci delete --force "$ID"
}

@test "oci: CVE-2021-30465, CVE-2024-45310: targets that change while they are mounted on" {
    program true
    mkdir -p "$BATS_TEST_TMPDIR/shared/a" "$BATS_TEST_TMPDIR/data" "$ROOT/w/a"
    ln -s "$UP$OUTSIDE" "$BATS_TEST_TMPDIR/shared/b"
    ln -s "$UP$OUTSIDE" "$ROOT/w/b"
    mount_also /v "$BATS_TEST_TMPDIR/shared"
    mount_also /v/a/target/deep "$BATS_TEST_TMPDIR/data"
    mount_also /v/a/file /etc/hostname
    mount_also /w/a/target/deep "$BATS_TEST_TMPDIR/data"
    mount_also /w/a/tmp tmpfs tmpfs
    config '.linux.devices = [{ "path": "/w/a/node", "type": "c", "major": 1, "minor": 3 }] |
        .linux.maskedPaths += ["/w/a/victim", "/v/a/victim"] | .linux.readonlyPaths += ["/w/a/victim"]'
    swap_for_ever "$BATS_TEST_TMPDIR/shared"
    swap_for_ever "$ROOT/w"
    for_a_while run_once
    end_background
    nothing_outside
    run ! mounts_here
}

# --- CVE-2022-24769, CVE-2022-29162 ---------------------------------------------------------------

# bats test_tags=rootless
@test "oci: CVE-2022-24769, CVE-2022-29162: inheritable are those of the configuration" {
    needs containers
    program grep CapInh /proc/self/status
    run -0 oci run --bundle "$BUNDLE" "$ID"
    output_is "CapInh:	0000000000000000"
    program sleep 1000
    started
    run -0 oci exec --cap CAP_KILL "$ID" grep CapInh /proc/self/status
    output_is "CapInh:	0000000000000000"
}

# --- CVE-2025-31133, -52565, -52881 ---------------------------------------------------------------

without_dev() {
    config '.mounts |= map(select(.destination | startswith("/dev") | not))'
    rm -rf "$ROOT/dev"
    mkdir -p "$ROOT/dev"
}

# bats test_tags=rootless
@test "oci: CVE-2025-31133: masks do not come from the container's /dev/null" {
    needs containers
    local target
    for target in /proc/sys/kernel/core_pattern /proc/sysrq-trigger "$OUTSIDE/victim" "$UP$OUTSIDE/victim"; do
        without_dev
        ln -s "$target" "$ROOT/dev/null"
        echo secret >"$ROOT/masked"
        config '.linux.maskedPaths += ["/masked"]'
        program sh -c 'cat /masked; (echo x >/proc/sysrq-trigger) 2>/dev/null && echo written; true'
        run oci run --bundle "$BUNDLE" "$ID"
        output_lacks secret untouched
        nothing_outside
    done
}

@test "oci: CVE-2025-31133: a /dev/null that changes meanwhile" {
    without_dev
    mkdir "$ROOT/swap"
    ln -s ../swap/a "$ROOT/dev/null"
    mknod "$ROOT/swap/a" c 1 3
    ln -s /proc/sys/kernel/core_pattern "$ROOT/swap/b"
    echo secret >"$ROOT/masked"
    config '.linux.maskedPaths += ["/masked"]'
    program cat /masked
    swap_for_ever "$ROOT/swap"
    for_a_while masked_shows_nothing
    end_background
}

masked_shows_nothing() {
    run oci run --bundle "$BUNDLE" "$ID"
    output_lacks secret core
}

# bats test_tags=rootless
@test "oci: CVE-2025-52565: consoles and ptmx of the root are not trusted" {
    needs containers
    local name
    program sh -c 'tty; echo x >/dev/console'
    config '.process.terminal = true'
    for name in console ptmx pts tty; do
        without_dev
        ln -s "$UP$OUTSIDE/victim" "$ROOT/dev/$name"
        run on_pty '' "$OCI" --root "$BATS_TEST_TMPDIR/oci" run --bundle "$BUNDLE" "$ID"
        nothing_outside
        run -0 oci delete --force "$ID"
        rm -rf "$ROOT/dev/$name"
        ln -s /proc/sysrq-trigger "$ROOT/dev/$name"
        run on_pty '' "$OCI" --root "$BATS_TEST_TMPDIR/oci" run --bundle "$BUNDLE" "$ID"
        run -0 oci delete --force "$ID"
    done
}

@test "oci: CVE-2022-0811: a sysctl's name leads to no other" {
    local name before
    before=$(cat /proc/sys/kernel/core_pattern)
    program true
    for name in kernel.core_pattern kernel/core_pattern net/../kernel/core_pattern net.//.kernel.core_pattern \
        net/ipv4/../../kernel/core_pattern net.ipv4.//.//.kernel.core_pattern net/./../kernel/core_pattern \
        net..kernel.core_pattern fs.mqueue.//.//.kernel.core_pattern fs/mqueue/../../kernel/core_pattern; do
        # What would be written is what is there.
        config --arg n "$name" --arg v "$before" '.linux.sysctl = {($n): $v}'
        oci_fails "linux.sysctl: \"$name\" is not in a separate kernel namespace" -- run --bundle "$BUNDLE" "$ID"
    done
}

@test "oci: CVE-2025-52881: sysctls are written to the kernel's files" {
    mkdir -p "$ROOT/proc/sys/net/ipv4" "$BATS_TEST_TMPDIR/false/ipv4"
    echo 0 >"$BATS_TEST_TMPDIR/false/ipv4/ip_forward"
    program cat /proc/sys/net/ipv4/ip_forward
    config '.linux.sysctl = {"net.ipv4.ip_forward": "1"}'
    run -0 oci run --bundle "$BUNDLE" "$ID"
    output_is 1
    # Nor where the container has no procfs of its own.
    config '.mounts |= map(select(.destination != "/proc")) | .linux.maskedPaths = [] | .linux.readonlyPaths = []'
    ln -s "$OUTSIDE/victim" "$ROOT/proc/sys/net/ipv4/ip_forward"
    program true
    run oci run --bundle "$BUNDLE" "$ID"
    nothing_outside
}

# --- crun's own -----------------------------------------------------------------------------------

# bats test_tags=rootless
@test "oci: CVE-2019-18837: /dev and its nodes through links of the root" {
    needs containers
    config '.mounts |= map(select(.destination | startswith("/dev") | not))'
    rm -rf "$ROOT/dev"
    program true
    for target in "$OUTSIDE" "$UP$OUTSIDE"; do
        ln -s "$target" "$ROOT/dev"
        run oci run --bundle "$BUNDLE" "$ID"
        nothing_outside
        rm -rf "$ROOT/dev"
    done
    mkdir "$ROOT/dev"
    ln -s "$UP$OUTSIDE" "$ROOT/link"
    config '.linux.devices = [{ "path": "/link/node", "type": "c", "major": 1, "minor": 3 }]'
    run oci run --bundle "$BUNDLE" "$ID"
    nothing_outside
}

# bats test_tags=rootless
@test "oci: CVE-2025-24965: nothing is written through links of the root" {
    needs containers
    local one
    ln -s "$OUTSIDE/krun" "$ROOT/.krun_config.json"
    ln -s "$OUTSIDE" "$ROOT/new"
    ln -s "$UP$OUTSIDE/file" "$ROOT/file"
    program true
    config '.annotations = {"run.oci.handler": "krun"} | .process.cwd = "/new/deep"'
    run oci run --bundle "$BUNDLE" "$ID"
    nothing_outside
    config '.process.cwd = "/"'
    mount_also /file /etc/hostname
    mount_also /new/dir tmpfs tmpfs
    run oci run --bundle "$BUNDLE" "$ID"
    nothing_outside
}

# bats test_tags=rootless
@test "oci: masked and read-only paths are the container's" {
    needs containers
    ln -s "$UP$OUTSIDE/victim" "$ROOT/masked"
    config '.linux.maskedPaths += ["/masked", "/../../../../../etc/passwd"] | .linux.readonlyPaths += ["/masked"]'
    program true
    run oci run --bundle "$BUNDLE" "$ID"
    nothing_outside
    run ! mounts_here
}

@test "oci: a cgroup's path does not go up" {
    for path in ../x /a/../../x a/.. ..; do
        config --arg p "$path" '.linux.cgroupsPath = $p'
        oci_fails "linux.cgroupsPath" -- run --bundle "$BUNDLE" "$ID"
    done
}

@test "oci: what takes over the socket to the runtime can ask for nothing new" {
    # The launcher's socket is closed when the program is executed.
    program sh -c 'ls -l /proc/self/fd /proc/1/fd'
    run -0 oci run --bundle "$BUNDLE" "$ID"
    output_lacks socket:
}
