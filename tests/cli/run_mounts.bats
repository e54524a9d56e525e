# SPDX-License-Identifier: BSD-2-Clause
# Options that mount something: -v, --mount, --tmpfs, --volumes-from, --image-volume, --read-only.

load helpers

setup() {
    tiny
    SRC=$BATS_TEST_TMPDIR/src
    mkdir -p "$SRC/below"
    echo here >"$SRC/file"
}

# The flags of the mount on /x.
FLAGS='awk "\$5 == \"/x\" { print \$6 }" /proc/self/mountinfo'

@test "-v binds a folder, by absolute and by relative path, and a file" {
    run -0 berth run --rm -v "$SRC:/x" tiny sh -c "cat /x/file; echo new >/x/made; $FLAGS"
    output_is "here
rw,relatime"
    [ "$(cat "$SRC/made")" = new ]
    cd "$BATS_TEST_TMPDIR"
    run -0 berth run --rm -v ./src/file:/x tiny cat /x
    output_is here
}

@test "-v options: ro, noexec, nosuid, nodev, noatime, z" {
    run -1 berth run --rm -v "$SRC:/x:ro" tiny touch /x/no
    output_has "Read-only file system"
    run -0 berth run --rm -v "$SRC:/x:noexec,nosuid,nodev,noatime" tiny sh -c "$FLAGS"
    output_is "rw,nosuid,nodev,noexec,noatime"
    run -0 berth run --rm -v "$SRC:/x:z" -v "$SRC:/y:Z" tiny cat /x/file /y/file
}

@test "-v propagation: what is mounted later on the host shows only where it was asked for" {
    needs root
    local script='
        mount --make-rshared /
        mount -t tmpfs none "$1/below"
        b() { "$BERTH" --root "$BATS_TEST_TMPDIR/lib" --runroot "$BATS_TEST_TMPDIR/run" "$@"; }
        umount "$1/below"
        b run -d --name slave -v "$1:/x:rslave" tiny sleep 1000 >/dev/null
        b run -d --name own -v "$1:/x" tiny sleep 1000 >/dev/null
        mount -t tmpfs none "$1/below"
        b exec slave grep -c " /x/below " /proc/self/mountinfo
        b exec own grep -c " /x/below " /proc/self/mountinfo
        b rm -f -t 0 slave own >/dev/null'
    export BERTH BATS_TEST_TMPDIR
    run unshare -m bash -c "$script" - "$SRC"
    output_is "1
0"
}

@test "-v and --mount type=bind,bind-nonrecursive: with and without what is mounted below" {
    needs root
    mount -t tmpfs none "$SRC/below"
    touch "$SRC/below/seen"
    run -0 berth run --rm -v "$SRC:/x" tiny ls /x/below
    local with=$output
    run -0 berth run --rm --mount "type=bind,src=$SRC,dst=/x,bind-nonrecursive" tiny ls /x/below
    umount "$SRC/below"
    [ "$with" = seen ] && [ -z "$output" ]
}

@test "-v names a volume, which is made, gets the image's content, and stays" {
    run -0 berth run --rm -v data:/etc tiny sh -c 'cat /etc/plain; echo kept >/etc/new'
    output_is "not a program"
    run -0 berth run --rm -v data:/x:nosuid tiny sh -c "cat /x/new /x/plain; $FLAGS"
    output_is "kept
not a program
rw,nosuid,nodev,relatime"
    run -0 berth run --rm -v empty:/etc:nocopy tiny ls /etc/plain /etc/hosts || true
    run -1 berth run --rm -v empty2:/etc:nocopy tiny ls /etc/plain
    run -0 berth volume ls -q
    output_has data empty
}

@test "-v with a place alone: a volume that goes with the container" {
    berth run --name c -v /x tiny touch /x/file
    [ "$(berth volume ls -q | wc -l)" = 1 ]
    berth rm -v c
    [ -z "$(berth volume ls -q)" ]
    berth run --rm -v /x tiny touch /x/file
    [ -z "$(berth volume ls -q)" ]
}

@test "--mount: bind, volume, tmpfs, ramfs, devpts with their keys" {
    run -0 berth run --rm --mount "type=bind,source=$SRC,target=/x,readonly" tiny sh -c "cat /x/file; $FLAGS"
    output_is "here
ro,relatime"
    run -0 berth run --rm --mount "type=bind,src=$SRC,destination=/x,ro=false,relabel=shared,bind-propagation=rslave" tiny sh -c "$FLAGS"
    output_is "rw,relatime"
    berth run --rm --mount type=volume,src=data,dst=/x tiny touch /x/kept
    run -0 berth run --rm --mount src=data,dst=/x tiny ls /x
    output_is kept
    run -0 berth run --rm --mount type=tmpfs,dst=/x,tmpfs-size=1m,tmpfs-mode=0700 tiny sh -c 'stat -c %a /x; grep " /x " /proc/self/mounts'
    output_has 700 size=1024k
    run -0 berth run --rm --mount type=ramfs,dst=/x tiny grep ' /x ' /proc/self/mounts
    output_has "ramfs /x ramfs"
    run -0 berth run --rm --mount type=devpts,dst=/x,uid=5,gid=6,max=7 tiny grep ' /x ' /proc/self/mounts
    output_has devpts uid=5 gid=6 max=7
}

@test "a part of a volume, and never what lies outside of it" {
    berth run --rm -v data:/x tiny sh -c 'mkdir /x/part; echo part >/x/part/file; ln -s /etc /x/link'
    run -0 berth run --rm -v data:/x:subpath=part tiny cat /x/file
    output_is part
    run -0 berth run --rm --mount type=volume,src=data,dst=/x,subpath=../../part tiny cat /x/file
    output_is part
    fails_with "subpath link of volume data" -- run --rm -v data:/x:subpath=link tiny true
    fails_with "subpath nosuch of volume data" -- run --rm -v data:/x:subpath=nosuch tiny true
    fails_with "subpath goes with volumes alone" -- run --rm -v "$SRC:/x:subpath=below" tiny true
}

@test "O: what is written goes to the container, and away with its next start" {
    needs root
    berth create --name c -v "$SRC:/x:O" tiny sh -c 'ls /x; cat /x/file; echo changed >/x/file; touch /x/new; rm -r /x/below'
    run -0 berth start -a c
    output_is "below
file
here"
    run -0 berth start -a c
    output_is "below
file
here"
    [ "$(cat "$SRC/file")" = here ] && [ -d "$SRC/below" ] && [ ! -e "$SRC/new" ]
    berth run --rm -v data:/x tiny touch /x/kept
    run -0 berth run --rm -v data:/x:O tiny sh -c 'rm /x/kept; ls /x'
    output_is ""
    run -0 berth run --rm -v data:/x tiny ls /x
    output_is kept
}

@test "O with upperdir and workdir: what is written stays in the user's folder" {
    needs root
    mkdir "$BATS_TEST_TMPDIR/upper" "$BATS_TEST_TMPDIR/work"
    berth run --rm -v "$SRC:/x:O,upperdir=$BATS_TEST_TMPDIR/upper,workdir=$BATS_TEST_TMPDIR/work" tiny touch /x/new
    run -0 berth run --rm -v "$SRC:/x:O,upperdir=$BATS_TEST_TMPDIR/upper,workdir=$BATS_TEST_TMPDIR/work" tiny ls /x
    output_is "below
file
new"
    [ -e "$BATS_TEST_TMPDIR/upper/new" ] && [ ! -e "$SRC/new" ]
    fails_with "cannot specify upperdir without workdir" -- run --rm -v "$SRC:/x:O,upperdir=/tmp" tiny true
    fails_with "upperdir and workdir go with O" -- run --rm -v "$SRC:/x:upperdir=/tmp,workdir=/tmp" tiny true
}

@test "idmap: files are shown as the container's own users', or as it says" {
    needs root
    needs kernel 5.19
    chown 1000 "$SRC/file"
    run -0 berth run --rm --uidmap 0:100000:65536 -v "$SRC:/x:idmap" tiny stat -c %u /x/file /x
    output_is "1000
0"
    run -0 berth run --rm -v "$SRC:/x:idmap=uids=1000-5-1#0-6-1;gids=0-0-1" tiny stat -c %u /x/file /x
    output_is "5
6"
    run -0 berth run --rm --uidmap 0:100000:65536 --mount "type=bind,src=$SRC,dst=/x,idmap" tiny stat -c %u /x/file
    output_is 1000
    fails_with -126 "there are no ID mappings" -- run --rm -v "$SRC:/x:idmap" tiny true
    fails_with "INSIDE-OUTSIDE-COUNT" -- run --rm -v "$SRC:/x:idmap=uids=1;gids=1" tiny true
    fails_with "uids and gids go together" -- run --rm -v "$SRC:/x:idmap=uids=0-0-1" tiny true
}

@test "--mount type=image: an image's files, read-only unless asked, and the image is in use" {
    berth pull -q "oci:$FIXTURES/layered" >/dev/null
    run -0 berth run --rm --mount type=image,source=layered,destination=/i tiny sh -c 'cat /i/etc/both; touch /i/no 2>&1'  || true
    output_has third "Read-only file system"
    berth create --name c --mount type=image,src=layered,dst=/i,rw=true tiny sh -c 'ls /i | grep new; touch /i/new'
    berth start -a c
    run -0 berth start -a c
    output_is ""
    run -0 berth run --rm --mount type=image,src=layered,dst=/i,rw=true tiny sh -c 'touch /i/new; ls /i/new'
    output_is /i/new
    run -0 berth run --rm --mount type=image,src=layered,dst=/i,subpath=etc tiny cat /i/both
    output_is third
    fails_with -2 "image is in use by a container" -- rmi layered
    berth rm c
    fails_with "must set source for image mounts" -- run --rm --mount type=image,dst=/i tiny true
    fails_with "image not known" -- run --rm --pull never --mount type=image,src=nosuch,dst=/i tiny true
}

@test "--mount type=glob: each match, there or where it is outside" {
    cp "$SRC/file" "$SRC/file2"
    run -0 berth run --rm --mount "type=glob,src=$SRC/fi*,dst=/x,ro" tiny sh -c 'cat /x/file /x/file2; ls /x; touch /x/file 2>/dev/null || echo ro'
    output_is "here
here
file
file2
ro"
    run -0 berth run --rm --mount "type=glob,src=$SRC/file?" tiny cat "$SRC/file2"
    output_is here
    fails_with 'no file paths matching glob' -- run --rm --mount "type=glob,src=$SRC/nope*" tiny true
}

@test "--mount volume-opt and volume-label: of the volume that is made" {
    needs root
    run -0 berth run --rm --mount 'type=volume,src=v,dst=/x,volume-label=a=b,volume-opt=type=tmpfs,"volume-opt=o=size=1m,nodev"' tiny df -k /x
    output_has tmpfs " 1024 "
    run -0 berth volume inspect --format '{{.Labels.a}} {{.Options.o}}' v
    output_is "b size=1m,nodev"
    fails_with "invalid mount option bogus" -- create --mount type=volume,src=w,dst=/x,volume-opt=bogus=1 tiny true
}

@test "U gives a folder or a volume to the container's user, and follows no link" {
    needs root
    echo kept >"$BATS_TEST_TMPDIR/outside"
    ln -s "$BATS_TEST_TMPDIR/outside" "$SRC/link"
    run -0 berth run --rm -u 1000:60 -v "$SRC:/x:U" tiny touch /x/below/made
    [ "$(stat -c %u:%g "$SRC" "$SRC/file" "$SRC/below" "$SRC/link" "$BATS_TEST_TMPDIR/outside" | tr '\n' ' ')" = \
        "1000:60 1000:60 1000:60 1000:60 0:0 " ]
    run -0 berth run --rm -u 1000 --mount type=volume,src=data,dst=/x,U=true tiny touch /x/made
    run -1 berth run --rm -u 1000 -v other:/x tiny touch /x/made
    fails_with 'chowning host path "/etc" is not allowed' -- run --rm -v /etc:/x:U tiny true
}

@test "--tmpfs: options, and the image's content unless it is not wanted" {
    run -0 berth run --rm --tmpfs /x:size=1m,mode=700,noexec tiny sh -c "$FLAGS; stat -c %a /x; df -k /x | tail -1"
    output_has "rw,nosuid,nodev,noexec,relatime" 700 1024
    run -0 berth run --rm --tmpfs /etc tiny sh -c 'cat /etc/plain; rm /etc/plain'
    output_is "not a program"
    run -1 berth run --rm --tmpfs /etc:notmpcopyup tiny ls /etc/plain
    fails_with 'unknown mount option "bogus"' -- run --rm --tmpfs /x:bogus tiny true
}

@test "a mount on a folder does not hide what is mounted below it" {
    run -0 berth run --rm --tmpfs /etc:notmpcopyup -v "$SRC:/etc/x/y" --tmpfs /etc/x tiny sh -c 'cat /etc/x/y/file; cat /etc/hostname | wc -l'
    output_is "here
1"
}

@test "-v /dev:/dev brings all of /dev" {
    needs root
    run -0 berth run --rm -v /dev:/dev tiny awk '$5 ~ "^/dev/(shm|mqueue)$" && $9 !~ /x/' /proc/self/mountinfo
    [ "$(berth run --rm -v /dev:/dev tiny sh -c 'ls /dev | wc -l')" = "$(ls /dev | wc -l)" ]
}

@test "--volumes-from: another's binds and volumes, read-only if asked, its own first" {
    berth create --name from -v "$SRC:/x" -v data:/y tiny true
    run -0 berth run --rm --volumes-from from tiny sh -c 'cat /x/file; echo y >/y/file'
    output_is here
    run -1 berth run --rm --volumes-from from:ro tiny touch /x/no
    output_has "Read-only"
    run -0 berth run --rm --volumes-from from --tmpfs /x tiny ls /x /y
    output_lacks here
    output_has file
    fails_with 'no container with name or ID "nosuch"' -- run --rm --volumes-from nosuch tiny true
    run -1 berth run --rm --volumes-from from:ro,z tiny touch /x/no
    fails_with "invalid options" -- run --rm --volumes-from from:bogus tiny true
}

@test "--image-volume: a volume, a tmpfs, or nothing" {
    berth pull -q "oci:$FIXTURES/layered" >/dev/null
    local words='grep -c " /data/volume " /proc/self/mountinfo; awk "\$5 == \"/data/volume\"" /proc/self/mountinfo'
    run -0 berth run --rm layered "$words"
    output_has "/_data /data/volume"
    run -0 berth run --rm --image-volume tmpfs layered "$words"
    output_has "- tmpfs"
    run -0 berth run --rm --image-volume ignore layered "$words"
    output_is 0
    fails_with "bogus" -- run --rm --image-volume bogus layered true
}

@test "--read-only: the root, but not the usual folders, unless these too" {
    local try='for d in "" /tmp /run /var/tmp /dev/shm /etc; do touch $d/x 2>/dev/null && echo "$d"; done; true'
    run -0 berth run --rm --read-only tiny sh -c "$try"
    output_is "/tmp
/run
/var/tmp
/dev/shm"
    run -0 berth run --rm --read-only --read-only-tmpfs=false tiny sh -c "$try"
    output_is /dev/shm
    run -1 berth run --rm --read-only tiny sh -c 'echo x >>/etc/hosts'
}

@test "mounts that make no sense" {
    fails_with "/x: duplicate mount destination" -- create -v "$SRC:/x" --tmpfs /x tiny true
    fails_with "/x: duplicate mount destination" -- create -v "$SRC:/x/" --mount "type=bind,src=$SRC,dst=/x" tiny true
    fails_with 'invalid container path "x", must be an absolute path' -- create -v "$SRC:x" tiny true
    fails_with 'invalid container path "/"' -- create -v "$SRC:/" tiny true
    fails_with "statfs /no/such: no such file or directory" -- create -v /no/such:/x tiny true
    fails_with "can only specify 1 'rw' or 'ro' option" -- create -v "$SRC:/x:ro,rw" tiny true
    fails_with "host directory cannot be empty" -- create -v :/x tiny true
    fails_with "incorrect volume format" -- create -v a:/b:ro:d tiny true
    fails_with "names must match" -- create -v 'a b:/x' tiny true
    fails_with "must set source" -- create --mount type=bind,dst=/x tiny true
    fails_with "source is not supported with tmpfs mounts" -- create --mount type=tmpfs,src=/y,dst=/x tiny true
    fails_with "bogus: invalid mount option" -- create --mount "type=bind,src=$SRC,dst=/x,bogus=1" tiny true
    fails_with 'invalid mount option "bogus"' -- create -v "$SRC:/x:bogus" tiny true
    [ -z "$(berth ps -a -q)" ] && [ -z "$(berth volume ls -q)" ]
}
