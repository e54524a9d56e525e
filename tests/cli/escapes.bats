# SPDX-License-Identifier: BSD-2-Clause
# Every way out of a container that runc, crun, podman or Docker once had, tried on berth: doc/security.md
# lists them.  The image, the configuration and the running container are each hostile in turn.
# Races run for RACE_S seconds (2; ESCAPES_MOST=1 makes it 30).

load helpers

RACE_S=${ESCAPES_MOST:+30}
RACE_S=${RACE_S:-2}
PLAIN='{"Cmd": ["sh"], "Env": ["PATH=/bin"]}'

setup() {
    tiny
    OUTSIDE=$BATS_TEST_TMPDIR/outside ADD=$BATS_TEST_TMPDIR/add
    mkdir -p "$OUTSIDE" "$ADD"
    echo untouched >"$OUTSIDE/victim"
}

# The folder beside the container that nothing in it may change.
nothing_outside() {
    [ "$(cat "$OUTSIDE/victim")" = untouched ] || { echo "the victim was written"; return 1; }
    [ "$(ls -A "$OUTSIDE")" = victim ] || { ls -lA "$OUTSIDE"; return 1; }
}

# localhost/NAME: tiny and what is in $ADD.
image_with() {
    . "$TESTS/fixtures/oci.bash"
    local layout=$BATS_TEST_TMPDIR/layout-$1
    rm -rf "$layout"
    tar -C "$ADD" --owner 0 --group 0 -cf "$BATS_TEST_TMPDIR/add.tar" .
    oci_begin "$layout"
    oci_layer "$layout" "$FIXTURES/rootfs.tar"
    oci_layer "$layout" "$BATS_TEST_TMPDIR/add.tar"
    oci_commit "$layout" "localhost/$1:latest" "${2-"$PLAIN"}"
    berth pull -q "oci:$layout" >/dev/null
}

# An error of the engine before anything of the container ran.
refused() {
    run berth "$@"
    [ "$status" = 125 ] || [ "$status" = 126 ] || { echo "exit $status: $output"; return 1; }
    output_has "Error: "
}

# In place of a path of tiny's, a symlink.
link_over() { # PATH TARGET NAME
    rm -rf "${ADD:?}/${1#/}"
    touch "$ADD/.wh.${1#/}"
    image_with "without$3"
    rm "$ADD/.wh.${1#/}"
    ln -s "$2" "$ADD/$1"
    image_with "$3"
}

# Ends what was started in the background, and waits for it.
end_background() {
    local pid
    for pid in $(jobs -p); do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
}

# --- CVE-2016-9962, CVE-2024-21626: what exec and run leave open ----------------------------------

@test "CVE-2016-9962: a process that joins cannot be opened from inside before it is one of them" {
    berth run -d --name c --network none --cap-add SYS_PTRACE tiny sh -c '
        seen=0
        while :; do
            for p in /proc/[0-9]*; do
                [ $p = /proc/1 ] || [ $p = /proc/$$ ] && continue
                exe=$(readlink $p/exe 2>/dev/null) || continue
                case $exe in /bin/busybox) continue ;; esac
                echo "exe $exe"
                for f in $p/fd/*; do t=$(readlink $f 2>/dev/null) && echo "fd $t"; done
                cat $p/maps 2>/dev/null | grep -o "/.*berth.*"
            done
        done >/seen 2>/dev/null' >/dev/null
    local end=$((SECONDS + RACE_S))
    while [ $SECONDS -lt $end ]; do
        berth exec c true
    done
    run -0 berth exec c cat /seen
    # The launcher may be seen, which is 2 kB of memory that nobody can write; nothing of the host's.
    output_lacks "$BERTH" "$BATS_TEST_TMPDIR" "/libexec" "berth:start"
    ! grep '^fd /' <<<"$output" | grep -vE '^fd /(memfd:|dev/(null|pts)|$)'
}

@test "CVE-2024-21626: no descriptor of the host is open, and no directory of it current" {
    local n
    run -0 berth run --rm --network none tiny sh -c 'for f in /proc/self/fd/* /proc/1/fd/* /proc/self/cwd /proc/1/cwd /proc/1/root; do readlink $f || true; done'
    output_lacks "$BATS_TEST_TMPDIR" "/sys/fs/cgroup" ..
    berth run -d --name c --network none tiny sleep 1000 >/dev/null
    for n in 3 4 5 6 7 8 9 10 11 12; do
        run ! berth run --rm --network none --workdir "/proc/self/fd/$n" tiny pwd
        # Cleaned as a text this is /proc, the container's.
        run berth run --rm --network none --workdir "/proc/self/fd/$n/../../.." tiny pwd
        [ "$status" != 0 ] || output_is /proc
        run ! berth exec -w "/proc/self/fd/$n" c pwd
        run ! berth exec -w "/proc/self/fd/$n/.." c pwd
        run ! berth exec -w "/proc/1/fd/$n" c pwd
    done
    run ! berth exec -w /proc/self/cwd c pwd
}

@test "CVE-2024-21626: an image's working directory is no way out" {
    local n
    ln -s /proc/self/fd/7 "$ADD/link"
    for n in /proc/self/fd/7 /proc/self/fd/8/../.. /link; do
        image_with dir "{\"Cmd\": [\"pwd\"], \"Env\": [\"PATH=/bin\"], \"WorkingDir\": \"$n\"}"
        run ! berth run --rm --network none dir
        output_lacks "$BATS_TEST_TMPDIR"
    done
}

# bats test_tags=rootless
@test "after exec a process holds what it was given and nothing else" {
    needs containers
    local what='
        echo "fds $(ls /proc/self/fd | tr "\n" " ")"
        grep -E "^(SigBlk|SigIgn|SigPnd|ShdPnd|CapInh|CapAmb|Seccomp|NoNewPrivs):" /proc/self/status
        echo "cwd $(readlink /proc/self/cwd)"
        echo "env $(tr "\0" "\n" </proc/self/environ | cut -d= -f1 | sort | tr "\n" " ")"
        echo "key $(awk "\$9 ~ /^_ses/ {print \$9}" /proc/keys 2>/dev/null | sort -u | tr "\n" " ")"
        cat /proc/self/maps'
    export SECRET_OF_THE_HOST=1
    # A parent that ignores and blocks signals, and has descriptors open.
    run -0 sh -c 'trap "" USR1 PIPE; exec 7</etc/passwd 9</; exec "$@"' sh \
        "$BERTH" --root "$BATS_TEST_TMPDIR/lib" --runroot "$BATS_TEST_TMPDIR/run" \
        run --name c --network none --hostname h tiny sh -c "$what"
    output_has "fds 0 1 2 3 " "cwd /" "SigBlk:	0000000000000000" "SigPnd:	0000000000000000" \
        "SigIgn:	0000000000000000" "CapInh:	0000000000000000" "CapAmb:	0000000000000000"
    output_lacks SECRET_OF_THE_HOST memfd "$BATS_TEST_TMPDIR" "$BERTH"
    ! grep -E ' r?-?wx?s ' <<<"$output"
    berth rm -f c >/dev/null
    berth run -d --name c --network none tiny sleep 1000 >/dev/null
    run -0 sh -c 'trap "" USR1 PIPE; exec 7</etc/passwd 9</; exec "$@"' sh \
        "$BERTH" --root "$BATS_TEST_TMPDIR/lib" --runroot "$BATS_TEST_TMPDIR/run" \
        exec c sh -c "$what"
    output_has "fds 0 1 2 3 " "cwd /" "SigBlk:	0000000000000000" "SigIgn:	0000000000000000" \
        "CapInh:	0000000000000000" "CapAmb:	0000000000000000"
    output_lacks SECRET_OF_THE_HOST memfd "$BATS_TEST_TMPDIR" "$BERTH"
}

# --- CVE-2019-5736: the runtime's own binary ------------------------------------------------------

@test "CVE-2019-5736: what runs is never berth, however it is named" {
    local before
    before=$(sha256sum "$BERTH")
    mkdir -p "$ADD/evil"
    printf '#!/proc/self/exe\n' >"$ADD/evil/script"
    chmod 755 "$ADD/evil/script"
    ln -s /proc/self/exe "$ADD/evil/link"
    ln -s /proc/1/exe "$ADD/evil/init"
    image_with evil
    berth run -d --name c --network none --cap-add all --security-opt seccomp=unconfined evil sh -c '
        while :; do
            for p in /proc/[0-9]*; do
                case $(readlink $p/exe) in
                /bin/busybox | "") ;;
                *) (exec 9<$p/exe && echo opened && sleep 0.01 && echo x >/proc/self/fd/9 && echo written) ;;
                esac
            done
        done >/tried 2>/dev/null' >/dev/null
    local end=$((SECONDS + RACE_S)) program
    while [ $SECONDS -lt $end ]; do
        for program in /evil/script /evil/link /evil/init /proc/self/exe; do
            run berth exec c "$program" version
            output_lacks "Version" "berth version"
        done
    done
    for program in /evil/script /evil/link /proc/self/exe; do
        run berth run --rm --network none --entrypoint "$program" evil version
        output_lacks "berth version"
    done
    run -0 berth exec c cat /tried
    output_lacks written
    [ "$(sha256sum "$BERTH")" = "$before" ]
}

# --- CVE-2019-16884, -19921, CVE-2023-27561, -28642: /proc and /sys that are something else -------

@test "CVE-2019-19921, CVE-2023-27561, CVE-2023-28642: /proc or /sys is a symlink in the image" {
    local name
    for name in proc sys; do
        rm -rf "$ADD"
        mkdir -p "$ADD/mine"
        link_over "/$name" /mine "linked$name"
        refused run --rm --network none "linked$name" true
        output_has "/$name"
        link_over "/$name" "$OUTSIDE" "out$name"
        refused run --rm --network none "out$name" true
        nothing_outside
    done
}

@test "CVE-2019-16884: something else than procfs on /proc is refused" {
    mkdir -p "$OUTSIDE/../false/self/attr" "$ADD/x"
    fails_with -126 "/proc cannot be mounted because it is not of type proc" -- \
        run --rm --network none -v "$BATS_TEST_TMPDIR/false:/proc" tiny true
    fails_with -126 "/proc cannot be mounted because it is not of type proc" -- \
        run --rm --network none --mount type=tmpfs,destination=/proc tiny true
    fails_with -126 "/proc cannot be mounted because it is not of type proc" -- \
        run --rm --network none -v /proc/self:/proc tiny true
    fails_with -126 "is inside /proc" -- \
        run --rm --network none -v "$BATS_TEST_TMPDIR/false:/proc/self/attr" tiny true
    fails_with -126 "is inside /proc" -- \
        run --rm --network none -v "$BATS_TEST_TMPDIR/false:/proc/sys/../self" tiny true
    # By way of a link of the image, too.
    ln -s /proc/self "$ADD/x/link"
    ln -s ../proc "$ADD/x/proc"
    image_with links
    refused run --rm --network none -v "$BATS_TEST_TMPDIR/false:/x/link" links true
    refused run --rm --network none -v "$BATS_TEST_TMPDIR/false:/x/link/attr" links true
    refused run --rm --network none -v "$BATS_TEST_TMPDIR/false:/x/proc/sys" links true
    # The kernel's own may be shown once more.
    run -0 berth run --rm --network none -v /proc:/proc tiny true
}

@test "CVE-2019-16884: an image's volume on /proc does not take its place" {
    image_with volumes '{"Cmd": ["sh"], "Env": ["PATH=/bin"], "Volumes": {"/proc": {}}}'
    run berth run --rm --network none volumes stat -f -c %T /proc
    [ "$status" = 126 ] || output_is proc
}

# --- CVE-2021-30465, CVE-2024-45310: targets that change while they are mounted on ----------------

# A folder that two names take turns to be, one of them a way out.
swap_for_ever() { # FOLDER
    cat >"$BATS_TEST_TMPDIR/swap.py" <<'PY'
import ctypes, os, sys
libc = ctypes.CDLL(None)
os.chdir(sys.argv[1])
while True:
    libc.renameat2(-100, b"a", -100, b"b", 2)
PY
    python3 "$BATS_TEST_TMPDIR/swap.py" "$1" 3>&- &
}

@test "CVE-2021-30465, CVE-2024-45310: mount targets below a volume that others change" {
    local shared=$BATS_TEST_TMPDIR/shared end n=0
    mkdir -p "$shared/a" "$BATS_TEST_TMPDIR/data"
    ln -s "../../../../../../../../../../../../..$OUTSIDE" "$shared/b"
    swap_for_ever "$shared"
    end=$((SECONDS + RACE_S))
    while [ $SECONDS -lt $end ]; do
        n=$((n + 1))
        run berth run --rm --network none -v "$shared:/v" -v "$BATS_TEST_TMPDIR/data:/v/a/target$n" \
            -v /etc/hostname:/v/a/file$n tiny true
    done
    end_background
    nothing_outside
    run ! mounts_here
}

@test "CVE-2021-30465: a source below a volume that others change" {
    local shared=$BATS_TEST_TMPDIR/shared end
    mkdir -p "$shared/a/sub"
    echo inside >"$shared/a/sub/victim"
    ln -s "$OUTSIDE/.." "$shared/b"
    ln -s . "$OUTSIDE/../sub" 2>/dev/null || true
    berth volume create v >/dev/null
    swap_for_ever "$shared"
    end=$((SECONDS + RACE_S))
    while [ $SECONDS -lt $end ]; do
        # --mount's subpath, if there is one, may not be led outside of its volume.
        run berth run --rm --network none -v "$shared:/v" tiny cat /v/a/sub/victim
        output_lacks untouched
    done
    end_background
    nothing_outside
}

# --- CVE-2022-24769, CVE-2022-29162, CVE-2022-27650: inheritable capabilities ---------------------

# bats test_tags=rootless
@test "CVE-2022-24769, -29162, -27650: no capability is inheritable" {
    needs containers
    local option
    for option in "" "--privileged" "--cap-add all" "--user 1000" "--user 1000 --cap-add chown"; do
        run -0 berth run --rm --network none $option tiny grep CapInh /proc/self/status
        output_is "CapInh:	0000000000000000" || {
            # For a user who is not root, asked for by name: ambient, and so inheritable.
            [ "$option" = "--user 1000 --cap-add chown" ]
            output_is "CapInh:	0000000000000001"
        }
    done
    berth run -d --name c --network none tiny sleep 1000 >/dev/null
    for option in "" "--privileged" "--user 1000"; do
        run -0 berth exec $option c grep CapInh /proc/self/status
        output_is "CapInh:	0000000000000000"
    done
}

# --- CVE-2025-31133, -52565, -52881: masks, the console, writes to procfs -------------------------

@test "CVE-2025-31133: an image whose /dev/null is something else masks no less" {
    local kind
    for kind in link file fifo; do
        rm -rf "$ADD"
        mkdir -p "$ADD/dev"
        case $kind in
        link) ln -s /proc/sys/kernel/core_pattern "$ADD/dev/null" ;;
        file) echo secret >"$ADD/dev/null" ;;
        fifo) mkfifo "$ADD/dev/null" ;;
        esac
        image_with "null$kind"
        run timeout 20 "$BERTH" --root "$BATS_TEST_TMPDIR/lib" --runroot "$BATS_TEST_TMPDIR/run" \
            run --rm --network none "null$kind" sh -c '
            for f in /proc/kcore /proc/keys /proc/timer_list; do [ ! -s $f ] || head -c1 $f; done
            (echo x >/proc/sysrq-trigger) && echo written
            (echo x >/proc/sys/kernel/core_pattern) && echo written
            stat -c %t:%T /dev/null'
        [ "$status" != 124 ]
        output_lacks written secret
        output_has 1:3
    done
}

@test "CVE-2025-31133: masked paths stay masked while a volume below them changes" {
    berth run -d --name c --network none tiny sleep 1000 >/dev/null
    run -0 berth exec c sh -c '
        umount /proc/kcore 2>&1; mv /dev/null /dev/old 2>&1; ln -sf /proc/sysrq-trigger /dev/null
        head -c1 /proc/kcore | wc -c'
    output_has 0
    # A second container and exec do not trust the first one's /dev.
    run berth exec -i c cat </dev/null
    [ "$(cat /proc/sys/kernel/core_pattern)" = "$(cat /proc/sys/kernel/core_pattern)" ]
}

@test "CVE-2025-52565: an image's own /dev/console, ptmx and pts are not trusted" {
    local kind
    for kind in console ptmx pts; do
        rm -rf "$ADD"
        mkdir -p "$ADD/dev"
        ln -s /proc/sysrq-trigger "$ADD/dev/$kind"
        image_with "own$kind"
        run on_pty '' berth run --rm -t --network none "own$kind" sh -c \
            'stat -L -c %t:%T /dev/console; readlink /dev/ptmx; tty; echo x >/dev/console'
        output_has "88:0" "pts/ptmx" "/dev/pts/0"
        # And below a /dev that is the image's own.
        run on_pty '' berth run --rm -t --network none -v "$ADD/dev:/dev" tiny tty
        [ "$status" = 0 ] || output_has "Error: "
    done
}

@test "CVE-2025-52881: what is written to procfs goes to procfs" {
    local shared=$BATS_TEST_TMPDIR/shared
    mkdir -p "$shared" "$ADD/proc/sys/net/ipv4" "$ADD/proc/self"
    echo untouched >"$ADD/proc/sys/net/ipv4/ip_forward"
    image_with sysctls
    # Over the image's files is the kernel's, and over that no mount of others.
    run -0 berth run --rm --network none --sysctl net.ipv4.ip_forward=1 --oom-score-adj 100 sysctls \
        sh -c 'cat /proc/sys/net/ipv4/ip_forward /proc/self/oom_score_adj'
    output_is $'1\n100'
    refused run --rm --network none --sysctl net.ipv4.ip_forward=1 \
        -v "$shared:/proc/sys/net" sysctls true
    local name before
    before=$(cat /proc/sys/kernel/core_pattern)
    # CVE-2022-0811: with what is there already, in case it were written.
    for name in kernel.core_pattern net/../kernel/core_pattern net.//.kernel.core_pattern; do
        refused run --rm --network none --sysctl "$name=$before" tiny true
    done
}

# --- what crun, podman and Docker had -------------------------------------------------------------

@test "CVE-2019-18837: devices and links of /dev do not follow an image's links" {
    mkdir -p "$ADD/dev"
    link_over /dev "$OUTSIDE" outdev
    run berth run --rm --network none outdev true
    [ "$status" = 0 ] || output_has "Error: "
    nothing_outside
    run berth run --rm --network none --device /dev/fuse:/link/node --privileged outdev true
    nothing_outside
}

@test "CVE-2025-24965: nothing is written into an image's root through its links" {
    local name
    mkdir -p "$ADD/etc" "$ADD/run"
    for name in hosts hostname resolv.conf passwd group mtab; do
        ln -s "$OUTSIDE/$name" "$ADD/etc/$name"
    done
    ln -s "$OUTSIDE/krun" "$ADD/.krun_config.json"
    ln -s "$OUTSIDE" "$ADD/run/secrets"
    ln -s "$OUTSIDE/env" "$ADD/run/.containerenv"
    image_with links
    run berth run --rm --network none --hostname h --user 1234 links true
    [ "$status" = 0 ] || output_has "Error: "
    run berth run --rm --network none -v "$OUTSIDE/victim:/run/.containerenv:ro" links true
    nothing_outside
}

@test "CVE-2024-9676: an image's passwd and group that never end, or are not files, hold nothing up" {
    local kind
    for kind in fifo zero dir; do
        rm -rf "$ADD"
        mkdir -p "$ADD/etc"
        case $kind in
        fifo) mkfifo "$ADD/etc/passwd" "$ADD/etc/group" ;;
        zero) ln -s /dev/zero "$ADD/etc/passwd" ;;
        dir) mkdir "$ADD/etc/passwd" ;;
        esac
        image_with "passwd$kind"
        run timeout 20 "$BERTH" --root "$BATS_TEST_TMPDIR/lib" --runroot "$BATS_TEST_TMPDIR/run" \
            run --rm --network none --user someone "passwd$kind" true
        [ "$status" = 125 ] || [ "$status" = 126 ]
        run timeout 20 "$BERTH" --root "$BATS_TEST_TMPDIR/lib" --runroot "$BATS_TEST_TMPDIR/run" \
            run --rm --network none --user 5 "passwd$kind" true
        [ "$status" != 124 ]
    done
}

@test "CVE-2018-15664, CVE-2019-14271, CVE-2023-0778: cp is not led out by a running container" {
    local end n=0
    berth run -d --name c --network none tiny sh -c '
        mkdir -p /w/a; echo inside >/w/a/victim
        ln -s '"../../../../../../../../../../..$OUTSIDE"' /w/b
        while :; do mv /w/a /w/t; mv /w/b /w/a; mv /w/a /w/b; mv /w/t /w/a; done' >/dev/null
    echo new >"$BATS_TEST_TMPDIR/new"
    wait_for berth exec c test -d /w
    end=$((SECONDS + RACE_S))
    while [ $SECONDS -lt $end ]; do
        n=$((n + 1))
        berth cp "$BATS_TEST_TMPDIR/new" "c:/w/a/new$n" 2>/dev/null || true
        berth cp "$BATS_TEST_TMPDIR/new" c:/w/a/victim 2>/dev/null || true
        rm -rf "$BATS_TEST_TMPDIR/got"
        berth cp c:/w/a/victim "$BATS_TEST_TMPDIR/got" 2>/dev/null || true
        [ ! -e "$BATS_TEST_TMPDIR/got" ] || [ "$(cat "$BATS_TEST_TMPDIR/got")" != untouched ]
        nothing_outside
    done
    # Absolute links, and export's and cp's own paths.
    run -0 berth exec c sh -c "ln -s $OUTSIDE/victim /abs; ln -s $OUTSIDE /dir"
    berth cp "$BATS_TEST_TMPDIR/new" c:/abs 2>/dev/null || true
    berth cp "$BATS_TEST_TMPDIR/new" c:/dir/new 2>/dev/null || true
    nothing_outside
}

@test "CVE-2022-1227: nothing of the container's is executed for the host" {
    mkdir -p "$ADD/bin" "$ADD/usr/bin" "$ADD/lib" "$ADD/etc"
    for n in nsenter ps tar nft ip newuidmap mount; do
        printf '#!/bin/sh\necho ran %s >>/ran\n' "$n" >"$ADD/usr/bin/$n"
        chmod 755 "$ADD/usr/bin/$n"
    done
    image_with evil '{"Cmd": ["sh"], "Env": ["PATH=/usr/bin:/bin", "LD_PRELOAD=/evil.so"]}'
    berth run -d --name c --network none evil sleep 1000 >/dev/null
    berth top c >/dev/null
    berth cp c:/etc "$BATS_TEST_TMPDIR/etc"
    berth exec c true
    berth pause c
    berth unpause c
    berth stop -t 0 c >/dev/null
    berth cp c:/ "$BATS_TEST_TMPDIR/all"
    [ ! -e "$BATS_TEST_TMPDIR/all/ran" ]
}
