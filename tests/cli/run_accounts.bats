# SPDX-License-Identifier: BSD-2-Clause
# Who a container knows: --user of somebody unknown, --passwd, --passwd-entry, --group-entry, --hostuser.

load helpers

PASSWD='tail -n 1 /etc/passwd'

@test "an unknown user gets a line of passwd, his group one of group, and HOME is the workdir" {
    needs root
    run -0 berth run --rm -u 1234:4321 -w /tmp tiny sh -c "whoami; $PASSWD; tail -n 1 /etc/group; echo \$HOME"
    output_is "1234
1234:*:1234:4321:container user:/tmp:/bin/sh
4321:x:4321:1234
/tmp"
    # A group that is known is left alone; so is a user.
    run -0 berth run --rm -u 1234 tiny sh -c "$PASSWD; tail -n 1 /etc/group; echo \$HOME"
    output_is "1234:*:1234:0:container user:/:/bin/sh
games:x:60:user
/"
    run -0 berth run --rm -u user:55 tiny sh -c "$PASSWD; tail -n 1 /etc/group"
    output_is "user:x:1000:1000:A User:/home/user:/bin/sh
55:x:55:user"
    run -0 berth run --rm tiny sh -c "$PASSWD; tail -n 1 /etc/group"
    output_is "user:x:1000:1000:A User:/home/user:/bin/sh
games:x:60:user"
}

@test "the line comes once, into a read-only root and a user namespace too, and never into the image" {
    needs root
    berth create --name c -u 1234 tiny sh -c 'grep -c 1234 /etc/passwd'
    berth start -a c
    run -0 berth start -a c
    output_is 1
    run -0 berth run --rm --read-only -u 1234 tiny sh -c "$PASSWD"
    output_is "1234:*:1234:0:container user:/:/bin/sh"
    run -0 berth run --rm --uidmap 0:100000:65536 -u 1234 tiny sh -c "$PASSWD; stat -c %u /etc/passwd"
    output_is "1234:*:1234:0:container user:/:/bin/sh
0"
    run -1 berth run --rm tiny grep 1234 /etc/passwd
    # As a link out of the root it is read and written inside, or not at all.
    mkdir -p "$BATS_TEST_TMPDIR/root/etc"
    echo mine >"$BATS_TEST_TMPDIR/outside"
    ln -s "$BATS_TEST_TMPDIR/outside" "$BATS_TEST_TMPDIR/root/etc/passwd"
    run -127 berth run --rm -u 1234 --rootfs "$BATS_TEST_TMPDIR/root" /nosuch
    [ "$(cat "$BATS_TEST_TMPDIR/outside")" = mine ]
}

@test "--passwd=false, --passwd-entry, --group-entry" {
    needs root
    run -1 berth run --rm --passwd=false -u 1234 tiny grep 1234 /etc/passwd
    run -0 berth run --rm -u 1234:55 --passwd-entry 'me-${UID}:*:$UID:$GID:$NAME:$HOME:/bin/$OTHER' \
        --group-entry 'we-$GID:x:$GID:$USERLIST' tiny sh -c "$PASSWD; tail -n 1 /etc/group"
    output_is 'me-1234:*:1234:55:container user:/:/bin/$OTHER
we-55:x:55:1234'
}

@test "--hostuser makes a user of the host known, by name or number" {
    needs root
    getent passwd tester >/dev/null || skip "needs the user tester"
    local uid
    uid=$(id -u tester)
    run -0 berth run --rm --hostuser tester -u tester tiny sh -c "id -u; $PASSWD"
    output_is "$uid
tester:*:$uid:$(id -g tester)::/:/bin/sh"
    run -0 berth run --rm --hostuser "$uid" tiny sh -c "$PASSWD"
    output_has "tester:*:$uid:"
    fails_with "--hostuser: unknown user nosuch" -- run --rm --hostuser nosuch tiny true
}
