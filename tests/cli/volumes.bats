# SPDX-License-Identifier: BSD-2-Clause
# The volume group, and volumes that are mounts.

load helpers

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
    local id anonymous
    id=$(berth create --name d -v v:/data --network none tiny true)
    fails_with -2 "volume v is being used by the following container(s): $id: volume is being used" -- volume rm v
    berth volume create --label a=b w >/dev/null
    berth volume create x >/dev/null
    run -0 berth volume prune --all --dry-run
    output_is "w
x"
    run -0 berth volume prune -f
    output_is ""
    run -0 berth volume prune -f --all --filter label=a
    output_is w
    run -0 berth volume prune --all <<<n
    output_has "WARNING! This will remove all volumes not used"
    berth volume exists x
    run -0 berth volume prune --force -a
    output_is x
    anonymous=$(berth volume create)
    run -0 berth volume prune --force
    output_is "$anonymous"
    berth volume exists v
    fails_with "--force option must be specified" -- volume rm --time 3 v
    run -0 berth volume rm --force --time 0 v
    run -1 berth container exists "$id"
}

@test "a container that can't be read may have any volume and image: they are kept until rm -f takes it" {
    local id
    id=$(berth create --name d -v v:/data --network none tiny true)
    berth create --name whole --network none tiny true >/dev/null
    echo '{' >"$BATS_TEST_TMPDIR/lib/containers/$id/container.json"
    fails_with "container ${id:0:12} is damaged" -- volume rm v
    fails_with "container ${id:0:12} is damaged" -- volume rm --force v
    fails_with "container ${id:0:12} is damaged" -- volume prune -f -a
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

@test "volume ls filters: anonymous, dangling, driver, label, name, opt, scope, since, until" {
    local anonymous
    berth volume create --label a=1 --label b=2 first >/dev/null
    berth volume create --label a=2 -o type=tmpfs second >/dev/null
    anonymous=$(berth volume create)
    berth create -v first:/x tiny true >/dev/null
    names() { # EXPECTED FILTER...
        local expected=$1 f=()
        shift
        for one; do f+=(--filter "$one"); done
        run -0 berth volume ls -q "${f[@]}"
        [ "$(sort <<<"$output" | tr '\n' ' ')" = "$expected" ] || { echo "$*: $output"; false; }
    }
    names "$anonymous " anonymous=true
    names "first second " anonymous=0
    names "first " dangling=false
    names "first second " driver=local anonymous=false
    names "first " label=a label=b=2
    names "second " 'label!=a=1' anonymous=false
    names "first second " name=first name=sec.nd
    names "second " opt=type=tmpfs
    names "second " since=first anonymous=false
    names "first second " scope=local anonymous=false until=2099-01-01
    fails_with "must be true or false" -- volume ls --filter dangling=perhaps
    fails_with 'must be in the format "filter=value"' -- volume ls --filter dangling
    fails_with 'no volume with name "nope"' -- volume ls --filter after=nope
}

# bats test_tags=rootless
@test "volume export and import: what is in it, as a tar" {
    needs containers
    berth run --rm -v v:/x:nocopy tiny sh -c 'mkdir /x/d; echo text >/x/d/file; ln -s d /x/link'
    berth volume export v | tar tf - | sort >"$BATS_TEST_TMPDIR/names"
    run -0 cat "$BATS_TEST_TMPDIR/names"
    output_is "d/
d/file
link"
    berth volume export --output "$BATS_TEST_TMPDIR/v.tar" v
    berth volume create w
    berth volume import w "$BATS_TEST_TMPDIR/v.tar"
    # It has been filled: the image's content does not come on top.
    run -0 berth run --rm -v w:/home tiny ls /home
    output_is "d
link"
    berth volume import w - < <(tar c --transform 's/.*/new/' "$BATS_TEST_FILENAME" 2>/dev/null)
    run -0 berth run --rm -v w:/x tiny ls /x
    output_is "d
link
new"
    fails_with 'no volume with name "nope"' -- volume import nope "$BATS_TEST_TMPDIR/v.tar"
    fails_with "nope" -- volume import w /nope
    fails_with 'no volume with name "nope"' -- volume export nope
}

# bats test_tags=rootless
@test "volume create -o type=tmpfs: memory that its users share, and that goes with the last" {
    needs containers
    berth volume create --opt type=tmpfs --opt device=tmpfs -o o=size=2m,noexec,mode=700 v
    run -0 berth volume inspect --format '{{.Options.type}} {{.Options.o}}' v
    output_is "tmpfs size=2m,noexec,mode=700"
    berth run -d --name a -v v:/x tiny sh -c 'echo a >/x/file; mkdir /x/part; exec sleep 1000'
    wait_for berth exec a test -d /x/part
    run -0 berth exec a grep ' /x ' /proc/mounts
    output_has "tmpfs /x tmpfs" size=2048k mode=700
    run -0 berth run --rm -v v:/y -v v:/z:ro tiny sh -c 'cat /y/file /z/file; echo b >/y/other; touch /z/no 2>/dev/null || echo ro'
    output_is "a
a
ro"
    run -0 berth exec a cat /x/other
    output_is b
    run -0 berth run --rm -v v:/y:subpath=part tiny touch /y/there
    berth exec a ls /x/part/there
    [ "$(berth volume export v | tar tf - | sort | tr '\n' ' ')" = "file other part/ part/there " ]
    [ -z "$(ls -A "$BATS_TEST_TMPDIR/lib/volumes/v/_data")" ]
    berth rm -f -t 0 a
    run -0 berth run --rm -v v:/x tiny ls -A /x
    output_is ""
}

@test "volume create -o type=bind and -o with a file system of a file" {
    needs root
    mkdir "$BATS_TEST_TMPDIR/src"
    echo here >"$BATS_TEST_TMPDIR/src/file"
    berth volume create -o type=bind -o device="$BATS_TEST_TMPDIR/src" b
    run -0 berth run --rm -v b:/x tiny sh -c 'cat /x/file; echo there >/x/new'
    output_is here
    [ "$(cat "$BATS_TEST_TMPDIR/src/new")" = there ]
    berth volume rm b
    [ -e "$BATS_TEST_TMPDIR/src/file" ]
    needs loop
    truncate -s 8M "$BATS_TEST_TMPDIR/image"
    mkfs.ext4 -q "$BATS_TEST_TMPDIR/image"
    berth volume create -o type=ext4 -o device="$BATS_TEST_TMPDIR/image" -o o=loop,noatime f
    berth run --rm -v f:/x tiny sh -c 'echo kept >/x/file'
    run -0 berth run --rm -v f:/x tiny sh -c 'cat /x/file; grep " /x " /proc/mounts'
    output_has kept " /x ext4 "
    wait_for no_loop
}

no_loop() {
    ! losetup -a | grep -F "$BATS_TEST_TMPDIR"
}

@test "volume create -o: owners, and what makes no sense" {
    needs root
    berth volume create -o o=uid=1000,gid=60 v
    [ "$(stat -c %u:%g "$(berth volume inspect -f '{{.Mountpoint}}' v)")" = 1000:60 ]
    [ "$(berth volume inspect v | jq -c '[.[0].UID, .[0].GID]')" = "[1000,60]" ]
    berth volume create --uid 7 --gid 8 w
    [ "$(stat -c %u:%g "$(berth volume inspect -f '{{.Mountpoint}}' w)")" = 7:8 ]
    berth volume create -o o=nocopy n
    run -1 berth run --rm -v n:/etc tiny ls /etc/plain
    fails_with "invalid volume option device for driver 'local': stat /nope: no such file or directory" \
        -- volume create -o type=bind -o device=/nope x
    fails_with "invalid mount option bogus for driver 'local'" -- volume create -o bogus=1 x
    fails_with "volume options size and inodes not supported" -- volume create -o o=size=1m x
    fails_with "cannot convert UID abc to integer" -- volume create -o o=uid=abc x
    run -0 berth volume create -o type=ext4 -o device=/nosuch x
    fails_with -125 "mount volume x: mount: " "/nosuch" -- run --rm -v x:/x tiny true
    run -0 berth ps -aq
    output_is ""
}

@test "volume mount shows it to the host until volume unmount" {
    needs root
    local at
    berth volume create plain
    run -0 berth volume mount plain
    output_is "$BATS_TEST_TMPDIR/lib/volumes/plain/_data"
    berth volume create -o type=tmpfs v
    at=$(berth volume mount v)
    berth volume mount v
    [ "$(grep -c " $at " /proc/self/mountinfo)" = 1 ]
    echo outside >"$at/file"
    run -0 berth run --rm -v v:/x tiny cat /x/file
    output_is outside
    run -0 berth volume unmount v
    output_is v
    run -1 grep " $at " /proc/self/mountinfo
    berth volume umount v
    berth volume mount v
    echo outside >"$at/file"
    berth volume rm v
    run -1 grep " $at " /proc/self/mountinfo
    fails_with 'no volume with name "nope"' -- volume mount nope
    run -0 berth volume reload
}
