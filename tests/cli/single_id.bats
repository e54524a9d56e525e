# SPDX-License-Identifier: BSD-2-Clause
# A plain user without subordinate ids: everything is his.

load helpers

ID=64711 # nobody's

setup() {
    needs root
    needs program setpriv
    grep -qE "^($ID|$(id -nu $ID 2>/dev/null || echo -)):" /etc/subuid && skip "needs a user without subordinate ids"
    HIS=$(mktemp -d /tmp/berth-single-XXXXXX)
    cp -r "$FIXTURES/tiny.tar" "$FIXTURES/layered" "$HIS"
    chown -R $ID:$ID "$HIS"
    as_him test -x "$BERTH" || skip "needs a build that all users can read"
    as_him unshare -Ur true 2>/dev/null || skip "needs user namespaces"
}

teardown() {
    [ -n "$HIS" ] || return 0
    his rm -af -t 0 >/dev/null 2>&1 || true
    local pid
    pid=$(jq -r .pid "$HIS/run/hold.json" 2>/dev/null)
    [ -z "$pid" ] || kill "$pid"
    rm -rf "$HIS"
    leave_nothing
}

as_him() {
    HOME=$HIS XDG_RUNTIME_DIR=$HIS setpriv --reuid $ID --regid $ID --clear-groups "$@"
}

his() {
    as_him "$BERTH" --root "$HIS/lib" --runroot "$HIS/run" "$@"
}

@test "he runs containers in which root is he and nobody else is there" {
    run -0 his load -q -i "$HIS/tiny.tar"
    output_has "Loaded image" "has no subordinate ids in /etc/subuid" usermod
    # He is told once.
    run -0 his run --rm --network none tiny sh -c 'id -u; cat /proc/self/uid_map; touch /new; stat -c %u /new /etc/passwd'
    output_matches "^0
 +0 +$ID +1
0
0\$"
    run -0 his run -d --name c --network none -v data:/data tiny sh -c 'touch /data/file; exec sleep 1000'
    run -0 his exec c id -u
    output_is 0
    wait_for his exec c test -e /data/file
    [ "$(stat -c %u "$HIS/lib/volumes/data/_data/file")" = $ID ]
    run -0 his run --rm --network none -t tiny tty
    output_has /dev/pts
    run -0 his stop -t 0 c
    run -0 his rm c
}

@test "files of others in an image are his; users and groups beside root are refused" {
    his pull -q "oci:$HIS/layered" 2>/dev/null
    his load -q -i "$HIS/tiny.tar"
    run -0 his run --rm --network none -u 0 --entrypoint '' layered stat -c %u:%g /data/kept
    output_is 0:0
    run -126 his run --rm --network none layered true
    output_has "a user without subordinate ids has no user or group but root" usermod
    run -126 his run --rm --network none -u 1000 tiny true
    output_has "has no user or group but root"
    run -126 his run --rm --network none --group-add games tiny true
    output_has "has no user or group but root"
    run -1 his run --rm --network none tiny chown 1 /etc/passwd
}

@test "his bridges have names as well" {
    needs program dnsmasq
    as_him unshare -Urn ip link add name br0 type bridge 2>/dev/null || skip "needs bridges in a user namespace"
    his load -q -i "$HIS/tiny.tar" 2>/dev/null
    his network create --internal one
    his run -d --name a --network one tiny sleep 100
    run -0 his run --rm --network one tiny nslookup -type=a a
    output_has "$(his inspect -f '{{(index .NetworkSettings.Networks "one").IPAddress}}' a)"
}
