# SPDX-License-Identifier: BSD-2-Clause
# Requests that make no sense, and machines that cannot: a clear error, the right code, nothing left.

load helpers

# Nothing was created on the way.
refused() {
    fails_with "$@"
    run -0 berth ps -a -q
    output_is ""
}

@test "unknown flags and commands" {
    refused "unknown flag: --bogus" "See 'berth run --help'" -- run --bogus tiny true
    refused "unknown shorthand flag: 'Z'" -- run -Z tiny true
    refused "unrecognized command \`berth bogus\`" -- bogus
    refused "Did you mean this?" -- imagse
    refused "flag needs an argument" -- run --name
}

@test "values that are none" {
    refused "memory" -- run --memory 12x tiny true
    refused "memory" -- run --memory -5 tiny true
    refused "cpus" -- run --cpus many tiny true
    refused "pids-limit" -- run --pids-limit few tiny true
    refused "/no/such/file" -- run --env-file /no/such/file tiny true
    refused "restart" -- run -d --restart sometimes tiny true
    refused "network" -- run --network container: tiny true
    refused "ulimit" -- run --ulimit nofile=many tiny true
    refused "invalid signal: NOSUCH" -- run --stop-signal NOSUCH tiny true
}

@test "ports that are none" {
    local port
    for port in 99999:80 80:99999 x:80 80:80/bogus 1.2.3:80:80 80-90:80 0; do
        refused -- run --network none -p "$port" tiny true
    done
}

@test "mounts that are none" {
    refused "duplicate mount destination" -- run -v /tmp:/x -v /etc:/x tiny true
    refused "must be an absolute path" -- run -v /tmp:x tiny true
    refused -- run -v /no/such/folder:/x tiny true
    refused -- run -v /tmp:/x:bogus tiny true
    refused "invalid filesystem type" -- run --mount type=bogus,dst=/x tiny true
    refused "must set volume destination" -- run --mount type=tmpfs tiny true
}

@test "names that are none" {
    refused "names must match" -- create --name 'a b' tiny true
    refused "names must match" -- create --name ../x tiny true
    refused "names must match" -- create --name '' tiny true
    fails_with "invalid reference format" -- pull UPPER/Case
    fails_with -- tag tiny 'a b'
    fails_with -- image inspect '../../etc/passwd'
}

@test "an image that is nowhere" {
    refused "nosuch" -- run --pull never nosuch true
    refused -- run oci:/no/such/folder true
    refused -- run oci-archive:/no/such/file true
}

@test "commands that cannot be executed, and places and users that are not there" {
    fails_with -127 "nosuch" -- run --rm tiny nosuch
    fails_with -126 "ermission denied" -- run --rm tiny /etc/plain
    fails_with -126 "nobodysuch" -- run --rm --user nobodysuch tiny true
    fails_with -126 "/nowhere" -- run --rm --workdir /nowhere tiny true
    refused "relative" -- run --rm --workdir relative tiny true
    berth import -q "$FIXTURES/rootfs.tar" nothing-to-run >/dev/null
    refused "no command or entrypoint provided, and no CMD or ENTRYPOINT from image" -- run --rm nothing-to-run
    refused "no command or entrypoint provided" -- create --entrypoint '' nothing-to-run
    berth ps -a -q
}

@test "a call that the kernel lacks is done without, or told" {
    needs program strace
    local call
    # Older kernels, and what filters of container platforms leave out.
    for call in clone3 pidfd_open pidfd_send_signal openat2 mount_setattr close_range faccessat2 statx copy_file_range; do
        run -0 strace -f -qq -o /dev/null -e inject="$call:error=ENOSYS" "$BERTH" --root "$BATS_TEST_TMPDIR/lib" \
            --runroot "$BATS_TEST_TMPDIR/run" run --rm --network none tiny echo works
        output_is works
    done
    for call in fsopen fsmount move_mount open_tree seccomp pivot_root setns unshare memfd_create execveat; do
        run strace -f -qq -o /dev/null -e inject="$call:error=ENOSYS" "$BERTH" --root "$BATS_TEST_TMPDIR/lib" \
            --runroot "$BATS_TEST_TMPDIR/run" run --rm --network none tiny echo works
        [ "$output" = works ] && continue
        [[ $status = 12[56] ]]
        output_has "Error: " "Function not implemented"
        [ -z "$(berth ps -aq)" ]
    done
}

@test "a name that is taken tells whose it is" {
    local id
    id=$(berth create --name c tiny true)
    fails_with "$id" "already in use" -- create --name c tiny true
    run -0 berth ps -a -q --no-trunc
    output_is "$id"
    run -0 berth create --replace --name c tiny true
    [ "$output" != "$id" ]
}

@test "too few and too many arguments" {
    fails_with "requires at least 1 arg" -- run
    fails_with "you must provide at least one name or id" -- stop
    fails_with "no arguments are needed with --all" -- stop --all x
    fails_with "takes no arguments" -- info x
    fails_with -- inspect
}

@test "a state folder that may only be read" {
    needs root
    mkdir "$BATS_TEST_TMPDIR/ro"
    mount -t tmpfs -o ro none "$BATS_TEST_TMPDIR/ro"
    run -125 "$BERTH" --root "$BATS_TEST_TMPDIR/ro/lib" --runroot "$BATS_TEST_TMPDIR/run2" load -i "$FIXTURES/tiny.tar"
    umount "$BATS_TEST_TMPDIR/ro"
    output_has "Error: " "Read-only file system"
}

@test "a disk that fills up while an image is loaded" {
    needs root
    mkdir "$BATS_TEST_TMPDIR/small"
    mount -t tmpfs -o size=1m none "$BATS_TEST_TMPDIR/small"
    run -125 "$BERTH" --root "$BATS_TEST_TMPDIR/small/lib" --runroot "$BATS_TEST_TMPDIR/run2" load -i "$FIXTURES/tiny.tar"
    local said=$output
    run -0 "$BERTH" --root "$BATS_TEST_TMPDIR/small/lib" --runroot "$BATS_TEST_TMPDIR/run2" images -q
    local listed=$output left
    left=$(find "$BATS_TEST_TMPDIR/small/lib" -type f -size +16k)
    umount "$BATS_TEST_TMPDIR/small"
    [[ $said == *"No space left on device"* ]]
    [ -z "$listed" ] && [ -z "$left" ]
}

@test "a damaged container disables itself alone, with an error that names it" {
    berth create --name good tiny true
    berth create --name bad tiny true
    local id
    id=$(berth inspect --format '{{.Id}}' bad)
    echo '{"version": 1, "name": [' >"$BATS_TEST_TMPDIR/lib/containers/$id/container.json"
    run berth ps -a --format '{{.Names}}'
    output_has good
    run berth start bad
    [ "$status" != 0 ]
    output_has "${id:0:12}" "damaged"
    run -0 berth start -a good
    berth rm -f bad || rm -rf "$BATS_TEST_TMPDIR/lib/containers/$id"
}
