# SPDX-License-Identifier: BSD-2-Clause
# cp, export and volumes.
# bats file_tags=rootless

load helpers

setup() {
    tiny
    berth run -d --name c --network none --init tiny sleep 1000 >/dev/null
    mkdir -p "$BATS_TEST_TMPDIR/dir/sub"
    echo one >"$BATS_TEST_TMPDIR/dir/file"
    echo two >"$BATS_TEST_TMPDIR/dir/sub/other"
    cd "$BATS_TEST_TMPDIR"
}

@test "cp: files and folders in, by docker's rules" {
    berth cp dir/file c:/tmp/new
    [ "$(berth exec c cat /tmp/new)" = one ]
    berth cp dir/file c:/tmp/
    [ "$(berth exec c cat /tmp/file)" = one ]
    berth cp dir c:/tmp/copy
    [ "$(berth exec c cat /tmp/copy/sub/other)" = two ]
    berth cp dir c:/tmp/copy
    [ "$(berth exec c cat /tmp/copy/dir/file)" = one ]
    berth cp dir/. c:/tmp
    [ "$(berth exec c cat /tmp/sub/other)" = two ]
}

@test "cp: files and folders out, of running and ended ones" {
    berth exec c sh -c 'mkdir -p /d/s; echo in >/d/s/f; ln -s s/f /d/l'
    berth cp c:/d out
    [ "$(cat out/s/f)" = in ]
    [ "$(readlink out/l)" = s/f ]
    berth stop c
    berth cp c:/d/s/f .
    [ "$(cat f)" = in ]
    berth cp c:/d/s/. more || { mkdir more && berth cp c:/d/s/. more; }
    [ "$(cat more/f)" = in ]
    berth create --name n --network none tiny true >/dev/null
    berth cp dir/file n:/etc/new
    berth cp n:/etc/new back
    [ "$(cat back)" = one ]
}

@test "cp: from one container to another, and tar streams" {
    berth create --name d --network none tiny true >/dev/null
    berth cp dir/file c:/tmp/x
    berth cp c:/tmp/x d:/y
    run -0 bash -c '"$@" | tar -xO' - "$BERTH" --root "$BATS_TEST_TMPDIR/lib" --runroot "$BATS_TEST_TMPDIR/run" cp d:/y -
    output_is one
    tar -C dir -c . | berth cp - c:/tmp
    [ "$(berth exec c cat /tmp/sub/other)" = two ]
}

@test "cp: owners with and without --archive" {
    needs root
    chown 7:8 dir/file
    berth cp --archive=false dir/file c:/tmp/kept
    run -0 berth exec c stat -c %u:%g /tmp/kept
    output_is 7:8
    berth cp dir/file c:/tmp/new
    run -0 berth exec c stat -c %u:%g /tmp/new
    output_is 0:0
}

@test "cp: --overwrite lets a folder replace a file" {
    berth exec c touch /tmp/dir
    run -125 berth cp dir c:/tmp
    run -0 berth cp --overwrite dir c:/tmp
    [ "$(berth exec c cat /tmp/dir/file)" = one ]
}

@test "cp: what is refused" {
    fails_with '"/nope" could not be found on container c: no such file or directory' -- cp c:/nope .
    fails_with '"/nope" could not be found on the host: no such file or directory' -- cp /nope c:/
    fails_with "destination must be a directory when copying a directory" -- cp dir c:/etc/plain
    fails_with 'container "nope" does not exist' -- cp nope:/a .
    fails_with "accepts 2 arg(s), received 1" -- cp c:/a
    fails_with "destination must be a directory when copying from stdin" -- cp - c:/etc/plain </dev/null
    berth exec c sh -c 'ln -s /../../../../etc /tmp/evil'
    berth cp dir/file c:/tmp/evil/landed
    [ ! -e /etc/landed ]
    berth exec c test -e /etc/landed
}

@test "export: all of it, to a file or standard output, not to a terminal" {
    berth exec c sh -c 'echo mine >/made; rm /etc/plain'
    berth export -o out.tar c
    run -0 tar -xOf out.tar made
    output_is mine
    run -0 tar -tf out.tar
    output_lacks etc/plain
    berth stop c
    berth export c >again.tar
    run -0 tar -xOf again.tar made
    output_is mine
    berth export --output third.tar c
    [ -s third.tar ]
    run -125 on_pty '' berth export c
    output_has "cannot write to terminal, use command-line redirection or the --output flag"
}
