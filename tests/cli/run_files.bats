# SPDX-License-Identifier: BSD-2-Clause
# Options about the files that a container is given, its names and its zone, and files about it.

load helpers

@test "--add-host: lines of /etc/hosts before the usual ones" {
    run -0 berth run --rm --add-host one:1.2.3.4 --add-host 'a;b:::1' tiny cat /etc/hosts
    [ "${lines[0]}" = "1.2.3.4	one" ]
    [ "${lines[1]}" = "::1	a" ] && [ "${lines[2]}" = "::1	b" ]
    output_has localhost
    fails_with 'bad format for add-host: "one"' -- run --rm --add-host one tiny true
    fails_with 'invalid IP address in add-host: "x"' -- run --rm --add-host one:x tiny true
    run -0 berth run --rm --network host --add-host gate:host-gateway tiny cat /etc/hosts
    output_has $'127.0.0.1\tgate'
    fails_with 'unable to replace "host-gateway" of host entry "gate:host-gateway"' -- \
        run --rm --network none --add-host gate:host-gateway tiny true
    fails_with "cannot be set together" -- run --rm --no-hosts --add-host a:1.2.3.4 tiny true
}

@test "what the host calls others, the container does too, unless it has the name itself" {
    printf '127.0.0.1 localhost\n# 1.2.3.4 comment\n192.0.2.7\tprinter printer.example # the old one\n192.0.2.8 mine two\nfoo bar\n' \
        >"$BATS_TEST_TMPDIR/hosts"
    has_hosts() { unshare -m sh -c 'mount --bind "$1/hosts" /etc/hosts && shift && exec "$@"' - "$BATS_TEST_TMPDIR" \
        "$BERTH" --root "$BATS_TEST_TMPDIR/lib" --runroot "$BATS_TEST_TMPDIR/run" "$@"; }
    [ "$(id -u)" = 0 ] || skip "needs root"
    run -0 has_hosts run --rm --network none --name mine --add-host two:1.1.1.1 tiny cat /etc/hosts
    output_has $'192.0.2.7\tprinter printer.example' $'1.1.1.1\ttwo\n'
    output_lacks 192.0.2.8 comment foo
    [ "$(grep -c localhost <<<"$output")" = 2 ]
    # The host's network: its file, and where the host is.
    run -0 has_hosts run --rm --network host tiny cat /etc/hosts
    output_has "192.0.2.8 mine two" $'127.0.0.1\thost.containers.internal host.docker.internal'
}

@test "names that would be lines of their own are refused" {
    local bad=$'a\n1.2.3.4 b'
    fails_with "invalid hostname" -- create --hostname "$bad" tiny
    fails_with "is no name" -- create --network podman --network-alias "$bad" tiny
    fails_with "is no name" -- create --network "podman:alias=a b" tiny
    fails_with "invalid dns-search" -- create --dns-search "$bad" tiny
    fails_with "invalid dns-option" -- create --dns-option "$bad" tiny
    fails_with "invalid add-host" -- create --add-host "$bad:1.2.3.4" tiny
    run -0 berth ps -aq
    output_is ""
}

@test "--no-hosts and --no-hostname leave the image's files alone" {
    run -0 berth run --rm tiny ls /etc/hosts /etc/hostname
    run -1 berth run --rm --no-hosts tiny ls /etc/hosts
    run -1 berth run --rm --no-hostname tiny ls /etc/hostname
    run -0 berth run --rm --no-hosts --no-hostname tiny sh -c 'grep -cE " /etc/(hosts|hostname) " /proc/self/mountinfo; true'
    output_is 0
}

@test "--hostname is the name, in the file and in the environment" {
    run -0 berth run --rm -h other.name tiny sh -c 'hostname; cat /etc/hostname; echo $HOSTNAME; grep -c other.name /etc/hosts'
    output_is "other.name
other.name
other.name
1"
    # Nothing asked for: by its id.
    run -0 berth run --rm -h "" tiny sh -c 'hostname; cat /etc/hostname'
    [[ ${lines[0]} =~ ^[0-9a-f]{12}$ ]] && [ "${lines[1]}" = "${lines[0]}" ]
    fails_with "cannot set hostname" -- run --rm --hostname x --uts host tiny true
    fails_with "is longer than 64 characters" -- create --hostname "$(printf 'x%.0s' {1..65})" tiny
}

@test "--domainname" {
    run -0 berth run --rm --domainname dom tiny cat /proc/sys/kernel/domainname
    output_is dom
}

@test "--dns, --dns-search, --dns-option: what is given, and the host's where nothing is" {
    run -0 berth run --rm --dns 1.2.3.4,::2 --dns 5.6.7.8 --dns-search a.b --dns-option ndots:3 --dns-opt debug tiny cat /etc/resolv.conf
    output_is "search a.b
nameserver 1.2.3.4
nameserver ::2
nameserver 5.6.7.8
options ndots:3 debug"
    run -0 berth run --rm --dns-search other.search tiny grep -v -e ^search -e ^options -e ^# /etc/resolv.conf
    output_is "$(grep -E '^nameserver' /etc/resolv.conf)"
    run -1 berth run --rm --dns none tiny cat /etc/resolv.conf
    output_has "No such file"
    fails_with "bogus is not an ip address" -- run --rm --dns bogus tiny true
    fails_with "conflicting options: dns and the network mode: none" -- run --rm --network none --dns 1.1.1.1 tiny true
}

@test "--tz: a zone's name, or the host's" {
    [ -e /usr/share/zoneinfo/Asia/Tokyo ] || skip "needs zoneinfo"
    run -0 berth run --rm --tz Asia/Tokyo tiny date +%Z%z
    output_is JST+0900
    run -0 berth run --rm --tz local tiny cat /etc/localtime
    [ "$(berth run --rm --tz local tiny sha256sum </dev/null /etc/localtime | cut -c1-64)" = "$(sha256sum </etc/localtime | cut -c1-64)" ]
    fails_with "Nowhere/No" -- run --rm --tz Nowhere/No tiny true
    fails_with "../../../etc/passwd" -- run --rm --tz ../../../etc/passwd tiny true
}

@test "--expose is told by inspect, ranges too" {
    berth create --name c --expose 80 --expose 90/udp --expose 100-102 tiny true
    run -0 berth inspect c
    output_has '"80/tcp"' '"90/udp"' '"100/tcp"' '"101/tcp"' '"102/tcp"'
    local bad
    for bad in 0 70000 x 80/bogus 90-80 80x; do
        fails_with -- create --expose $bad tiny true
    done
}

@test "--label, --label-file and --annotation" {
    printf '# no\nfile=1\nboth=file\n' >"$BATS_TEST_TMPDIR/labels"
    berth create --name c -l a=x=y -l bare --label-file "$BATS_TEST_TMPDIR/labels" -l both=flag --annotation note=it tiny true
    run -0 berth inspect --format '{{json .Config.Labels}}' c
    output_is '{"a":"x=y","bare":"","both":"flag","file":"1","kind":"tiny"}'
    run -0 berth inspect --format '{{.Config.Annotations.note}}' c
    output_is it
    fails_with 'invalid label format: ""' -- create -l '' tiny true
    fails_with "unable to process labels" "/no/such" -- create --label-file /no/such tiny true
    fails_with 'Annotation "x" must be in the format K=V' -- create --annotation x tiny true
}

@test "--cidfile, --pidfile and --conmon-pidfile are written, also beside a relative path" {
    cd "$BATS_TEST_TMPDIR"
    berth create --name c --cidfile cid --pidfile pid --conmon-pidfile monitor tiny sleep 1000
    [ "$(cat cid)" = "$(berth inspect --format '{{.Id}}' c)" ]
    cd /
    berth start c
    cd "$BATS_TEST_TMPDIR"
    [ "$(cat pid)" = "$(pid_of c)" ]
    [ "$(readlink "/proc/$(cat monitor)/exe")" = "${BERTH%/*}/monitor" ] || [ -e "/proc/$(cat monitor)" ]
    fails_with "container id file exists" "delete " -- create --cidfile cid tiny true
    berth rm -f -t 0 c
    [ ! -e cid ]
    fails_with "write the PID to /no/such" -- run --name c --pidfile /no/such/file tiny sleep 1000
    berth rm c
}

@test "--rootfs: a folder instead of an image" {
    mkdir "$BATS_TEST_TMPDIR/rootfs"
    tar -C "$BATS_TEST_TMPDIR/rootfs" -xf "$FIXTURES/rootfs.tar"
    run -0 berth run --rm --rootfs "$BATS_TEST_TMPDIR/rootfs" touch /made
    [ -e "$BATS_TEST_TMPDIR/rootfs/made" ]
    fails_with "/no/such" -- run --rm --rootfs /no/such true
    fails_with "no command or entrypoint" -- run --rm --rootfs "$BATS_TEST_TMPDIR/rootfs"
}

@test "--log-driver and --log-opt" {
    cd "$BATS_TEST_TMPDIR"
    berth run --name k --log-opt path=my.log tiny echo kept >/dev/null
    grep -q ' stdout F kept$' my.log
    berth run --name j --log-driver json-file --log-opt path="$BATS_TEST_TMPDIR/j.log" --log-opt tag=T tiny echo kept >/dev/null
    [ "$(jq -r .log j.log)" = kept ]
    berth run --name n --log-driver none tiny echo lost >/dev/null
    fails_with "this container is using the 'none' log driver" -- logs n
    run -0 bash -c "$(declare -f berth); BERTH='$BERTH'; BATS_TEST_TMPDIR='$BATS_TEST_TMPDIR'; berth run --rm --log-driver passthrough tiny sh -c 'readlink /proc/self/fd/1' | cat"
    output_matches '^pipe:'
    fails_with "invalid log driver" -- run --rm --log-driver bogus tiny true
    fails_with "unknown log option" -- run --rm --log-opt bogus=1 tiny true
    fails_with "invalid size" -- run --rm --log-opt max-size=x tiny true
    fails_with "--log-opt path=" -- run --rm --log-opt path= tiny true
}

@test "--log-opt max-size bounds the log" {
    berth run --name c --log-opt path="$BATS_TEST_TMPDIR/c.log" --log-opt max-size=4k tiny sh -c 'seq 1 2000' >/dev/null
    [ "$(stat -c %s "$BATS_TEST_TMPDIR/c.log")" -le 4096 ]
    run -0 berth logs --tail 1 c
    output_is 2000
}
