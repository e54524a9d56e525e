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

# --- volumes ------------------------------------------------------------------

@test "volume create, ls, inspect, exists, rm" {
    run -0 berth volume create --label kind=data v
    output_is v
    fails_with "volume with name v already exists: volume already exists" -- volume create v
    run -0 berth volume create --ignore v
    output_is v
    run -0 berth volume create
    output_matches '^[0-9a-f]{64}$'
    fails_with "names must match" -- volume create b@d
    fails_with "nfs" -- volume create --driver nfs x
    run -0 berth volume ls
    [[ ${lines[0]} =~ ^DRIVER\ +VOLUME\ NAME$ ]]
    run -0 berth volume ls -q --filter name=v
    output_is v
    run -0 berth volume ls --quiet --filter label=kind=data
    output_is v
    run -0 berth volume ls --noheading --filter name=v
    output_matches '^local +v$'
    run -0 berth volume ls -f name=v --format '{{.Name}} {{.Driver}}'
    output_is "v local"
    fails_with "is an invalid volume filter" -- volume ls --filter bogus=1
    run -0 berth volume inspect --format '{{.Name}} {{.Driver}} {{.Labels.kind}}' v
    output_is "v local data"
    run -0 berth volume exists v
    run -1 berth volume exists nope
    fails_with 'no volume with name "nope" found: no such volume' -- volume inspect nope
    [ "$(berth volume inspect --all | jq -r '.[].Name' | sort)" = "$(berth volume ls -q | sort)" ]
    fails_with "no arguments are needed with --all" -- volume inspect -a v
    fails_with -1 'no volume with name "nope" found: no such volume' -- volume rm nope
    run -0 berth volume rm v
    output_is v
    run -0 berth volume rm --all
    run -0 berth volume ls -q
    output_is ""
}

@test "a volume in use is kept, by 2, unless forced; prune keeps it too" {
    local id
    id=$(berth create --name d -v v:/data --network none tiny true)
    fails_with -2 "volume v is being used by the following container(s): $id: volume is being used" -- volume rm v
    berth volume create --label a=b w >/dev/null
    berth volume create x >/dev/null
    run -0 berth volume prune -f --filter label=a
    output_is w
    run -0 berth volume prune <<<n
    output_has "WARNING!"
    berth volume exists x
    run -0 berth volume prune --force
    output_is x
    berth volume exists v
    run -0 berth volume rm --force v
    run -1 berth container exists "$id"
}

@test "a container that can't be read may have any volume and image: they are kept until rm -f takes it" {
    local id
    id=$(berth create --name d -v v:/data --network none tiny true)
    berth create --name whole --network none tiny true >/dev/null
    echo '{' >"$BATS_TEST_TMPDIR/lib/containers/$id/container.json"
    fails_with "container ${id:0:12} is damaged" -- volume rm v
    fails_with "container ${id:0:12} is damaged" -- volume rm --force v
    fails_with "container ${id:0:12} is damaged" -- volume prune -f
    berth volume exists v
    fails_with "container ${id:0:12} is damaged" -- rmi tiny
    fails_with "container ${id:0:12} is damaged" -- rm d
    run -0 berth ps -a --format '{{.Names}}'
    output_has "is damaged" whole
    rm "$BATS_TEST_TMPDIR/lib/containers/$id/container.json"
    fails_with "container ${id:0:12} is damaged: container.json is missing" -- volume rm --force v
    fails_with "container ${id:0:12} is damaged: container.json is missing" -- rm d
    run -0 berth rm -f d
    output_is d
    run -0 berth volume rm v
    no_container_named d
    run -0 berth rm whole
}
