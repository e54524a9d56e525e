# SPDX-License-Identifier: BSD-2-Clause
# A user namespace of the container's own, when asked for. Its image is shown with other ids by
# idmapped mounts, which overlays take since Linux 5.19.

load helpers

setup() {
    needs root
    needs kernel 5.19
    tiny
    berth run --rm --network none --uidmap 0:100000:65536 tiny true ||
        skip "needs idmapped overlay layers"
}

MAP=(--network none --uidmap 0:100000:65536)

upper() { # CONTAINER: its writable layer on the host
    echo "$BATS_TEST_TMPDIR/lib/containers/$(berth inspect --format '{{.Id}}' "$1")/upper"
}

host_uid() { # CONTAINER: the user of its first process, on the host
    stat -c %u "/proc/$(pid_of "$1")"
}

@test "the user namespace is the host's unless asked" {
    berth run -d --name plain --network none tiny sleep 100
    berth run -d --name own "${MAP[@]}" tiny sleep 100
    [ "$(readlink "/proc/$(pid_of plain)/ns/user")" = "$(readlink /proc/self/ns/user)" ]
    [ "$(readlink "/proc/$(pid_of own)/ns/user")" != "$(readlink /proc/self/ns/user)" ]
    [ "$(host_uid own)" = 100000 ]
}

@test "a group map is the user map's when there is no other, and the other way round" {
    run -0 berth run --rm --network none --uidmap 0:100000:10 --uidmap 10:300000:10 tiny \
        sh -c 'tr -s " " </proc/self/uid_map; tr -s " " </proc/self/gid_map'
    output_is $' 0 100000 10\n 10 300000 10\n 0 100000 10\n 10 300000 10'
    run -0 berth run --rm --network none --gidmap 0:5000:10 tiny sh -c 'tr -s " " </proc/self/uid_map'
    output_is ' 0 5000 10'
    run -0 berth run --rm --network none --uidmap 0:1000:10 --gidmap 0:5000:10 tiny \
        sh -c 'tr -s " " </proc/self/uid_map; tr -s " " </proc/self/gid_map'
    output_is $' 0 1000 10\n 0 5000 10'
}

@test "the image's files belong to whom the image says" {
    run -0 berth run --rm "${MAP[@]}" tiny stat -c '%u:%g %n' / /bin /etc/passwd /tmp
    output_is $'0:0 /\n0:0 /bin\n0:0 /etc/passwd\n0:0 /tmp'
}

@test "no layer is changed for it" {
    local before after
    before=$(cd "$BATS_TEST_TMPDIR/lib/layers" && find . -printf '%p %U %G %m %C@\n' | sort)
    berth run --rm "${MAP[@]}" tiny sh -c 'chown 5:6 /etc/group; rm /etc/plain; echo x >>/etc/passwd'
    after=$(cd "$BATS_TEST_TMPDIR/lib/layers" && find . -printf '%p %U %G %m %C@\n' | sort)
    [ "$before" = "$after" ]
}

@test "what is written, taken over and removed is so at the next start" {
    berth run --name c "${MAP[@]}" tiny sh -c 'case $(ls /new 2>/dev/null) in
        "") echo new >/new; chown 5:6 /new; echo more >>/etc/group; rm /etc/plain ;;
        *) stat -c %u:%g /new /etc/group; ls /etc/plain ;;
        esac'
    run -1 berth start -a c
    output_has $'5:6\n0:0' /etc/plain
    [ "$(stat -c %u:%g "$(upper c)/new")" = 5:6 ]
}

@test "an id that isn't mapped cannot own a file" {
    run -1 berth run --rm --network none --uidmap 0:100000:10 tiny chown 100 /etc/passwd
    output_has "Invalid argument"
}

@test "the files that berth provides are the container's root's to change" {
    run -0 berth run --rm "${MAP[@]}" tiny sh -c \
        'cd /etc && echo 1 >>hosts && echo 1 >>hostname && echo 1 >>resolv.conf && stat -c %u:%g hosts hostname resolv.conf /run/.containerenv'
    output_is $'0:0\n0:0\n0:0\n0:0'
}

@test "a user of the image finds its home and ids" {
    run -0 berth run --rm "${MAP[@]}" --user 1:2 tiny sh -c 'id -u; id -g; stat -Lc %u /proc/self'
    output_is $'1\n2\n1'
    run -0 berth run --rm "${MAP[@]}" tiny sh -c 'echo $HOME'
    output_is /root
}

@test "a terminal belongs to the container's user" {
    run -0 script -qec "$BERTH --root $BATS_TEST_TMPDIR/lib --runroot $BATS_TEST_TMPDIR/run run --rm -t ${MAP[*]} tiny sh -c 'tty; stat -c %u /dev/pts/0; echo hello >/dev/console'" /dev/null
    output_has /dev/pts/0 hello
}

@test "exec, top and attach work in it" {
    berth run -d -i --name c "${MAP[@]}" tiny sh -c 'read x; echo "got $x"; sleep 100'
    run -0 berth exec c sh -c 'id -u; tr -s " " </proc/self/uid_map; echo x >/made; stat -c %u /made'
    output_is $'0\n 0 100000 65536\n0'
    run -0 berth exec -u 7 c id -u
    output_is 7
    run -0 berth top c user args
    output_has root "sleep 100"
    run -0 bash -c "echo in | '$BERTH' --root '$BATS_TEST_TMPDIR/lib' --runroot '$BATS_TEST_TMPDIR/run' exec -i c cat"
    output_is in
}

@test "a volume starts as the container's root's, a bind is as it is" {
    mkdir "$BATS_TEST_TMPDIR/bind"
    echo mine >"$BATS_TEST_TMPDIR/bind/file"
    run -0 berth run --rm "${MAP[@]}" -v data:/data -v "$BATS_TEST_TMPDIR/bind:/bind" tiny sh -c \
        'touch /data/a && stat -c %u /data /data/a; stat -c %u /bind/file; cat /bind/file'
    output_is $'0\n0\n65534\nmine'
    [ "$(stat -c %u "$BATS_TEST_TMPDIR/lib/volumes/data/_data/a")" = 100000 ]
}

@test "a login uid of the host's is not the container's to see" {
    [ -e /proc/self/loginuid ] || skip "needs the kernel's audit"
    bash -c "echo 4242 >/proc/self/loginuid && '$BERTH' --root '$BATS_TEST_TMPDIR/lib' --runroot '$BATS_TEST_TMPDIR/run' run -d --name c ${MAP[*]} tiny sleep 100" ||
        skip "needs a login uid that may be set"
    [ "$(cat "/proc/$(pid_of c)/loginuid")" = 4242 ]
    run -0 berth exec c cat /proc/1/loginuid
    output_is 4294967295
}

@test "auto gives containers ids of the user containers that are theirs alone" {
    grep -q '^containers:' /etc/subuid && grep -q '^containers:' /etc/subgid ||
        skip "needs subordinate ids of the user containers"
    berth run -d --name a --network none --userns auto:size=1000 tiny sleep 100
    berth run -d --name b --network none --userns auto:size=1000 tiny sleep 100
    local a b
    a=$(host_uid a)
    b=$(host_uid b)
    [ "$a" -ge $((b + 1000)) ] || [ "$b" -ge $((a + 1000)) ]
    run -0 berth exec a sh -c 'tr -s " " </proc/self/uid_map'
    output_is " 0 $a 1000"
    berth restart -t 0 a
    [ "$(host_uid a)" = "$a" ]
}

@test "what can't be is refused" {
    fails_with "cannot be set together" -- run --rm --userns host --uidmap 0:1:1 tiny true
    fails_with "ID 0 must be mapped" -- run --rm --uidmap 1:1:1 tiny true
    fails_with "overlap" -- run --rm --uidmap 0:1000:10 --uidmap 5:2000:10 tiny true
    fails_with "INSIDE:OUTSIDE[:COUNT]" -- run --rm --uidmap 0 tiny true
    fails_with "unrecognized user namespace mode" -- run --rm --userns bogus tiny true
    for mode in keep-id nomap; do
        fails_with "only host, auto" -- run --rm --userns "$mode" tiny true
    done
    fails_with "user namespace /proc/self/ns/user: enter it" -- run --rm --userns ns:/proc/self/ns/user tiny true
    fails_with 'no container with name or ID "x"' -- run --rm --userns container:x tiny true
    fails_with "" -- run --rm --userns auto:size=0 tiny true
}

@test "no mount of it is seen on the host" {
    local before
    before=$(wc -l </proc/self/mountinfo)
    berth run -d --name c "${MAP[@]}" tiny sleep 100
    [ "$(wc -l </proc/self/mountinfo)" = "$before" ]
}

@test "cp and export see the container's ids, running or not" {
    local file=$BATS_TEST_TMPDIR/secret
    echo secret >"$file"
    chmod 600 "$file"
    berth run -d --name c "${MAP[@]}" tiny sh -c 'echo a >/five; chown 5:6 /five; sleep 100'
    wait_for berth exec c sh -c '[ "$(stat -c %u /five)" = 5 ]'
    berth cp "$file" c:/one
    tar c -C "$BATS_TEST_TMPDIR" secret | berth cp - c:/tmp
    run -0 berth exec c sh -c 'stat -c %u:%g /one /tmp/secret; cat /one /tmp/secret'
    output_is $'0:0\n0:0\nsecret\nsecret'
    same() {
        run -0 bash -c "'$BERTH' --root '$BATS_TEST_TMPDIR/lib' --runroot '$BATS_TEST_TMPDIR/run' export c | tar tv --numeric-owner"
        output_matches '5/6 .* five' && output_matches '0/0 .* one' && output_lacks 100000
        run -0 bash -c "'$BERTH' --root '$BATS_TEST_TMPDIR/lib' --runroot '$BATS_TEST_TMPDIR/run' cp c:/five - | tar tv --numeric-owner"
        output_has 5/6
    }
    same
    berth stop -t 0 c
    same
    berth cp c:/one "$BATS_TEST_TMPDIR/back"
    [ "$(cat "$BATS_TEST_TMPDIR/back")" = secret ]
}

@test "it goes with the host's other namespaces" {
    run -0 berth run --rm --network none --pid host --uts host --uidmap 0:100000:65536 tiny \
        sh -c 'readlink /proc/self/ns/pid; id -u; ls -d /proc/1'
    output_is "$(readlink /proc/self/ns/pid)"$'\n0\n/proc/1'
}

@test "--userns container: and ns: another's user namespace, its ids, and its processes alone" {
    local pid file
    berth run -d --name a --ipc shareable --uidmap 0:100000:65536 tiny sleep 1000
    pid=$(pid_of a)
    run -0 berth run --rm --userns container:a tiny sh -c 'readlink /proc/self/ns/user; touch /made; stat -c %u /made /etc/passwd; cat /proc/self/uid_map'
    output_is "$(readlink /proc/$pid/ns/user)
0
0
         0     100000      65536"
    run -0 berth run --rm --userns "ns:/proc/$pid/ns/user" tiny readlink /proc/self/ns/user
    output_is "$(readlink /proc/$pid/ns/user)"
    run -0 berth run --rm --userns container:a --pid container:a --ipc container:a tiny sh -c 'ps -o pid,args | grep -c sleep; ps | wc -l'
    [ "${lines[0]}" = 1 ] && [ "${lines[1]}" -lt 8 ]
    # One with ids of its own sees another's processes, and not the host's.
    run -0 berth run --rm --uidmap 0:200000:65536 --pid container:a tiny sh -c 'ps -o args | sed -n 2p'
    output_is "sleep 1000"
    berth create --name plain tiny true
    run -0 berth run --rm --userns container:plain tiny cat /proc/self/uid_map
    output_matches '^ +0 +0 +4294967295$'
    fails_with "user namespace /nosuch" -- run --rm --userns ns:/nosuch tiny true
    berth create --name b --userns container:a tiny true
    fails_with "has dependent containers" -- rm -f a
}

@test "--subuidname and --subgidname: the ids that a name has" {
    grep -q '^tester:' /etc/subuid && grep -q '^tester:' /etc/subgid || skip "needs subordinate ids of tester"
    local first count
    IFS=: read -r _ first count < <(grep '^tester:' /etc/subuid)
    run -0 berth run --rm --subuidname tester tiny cat /proc/self/uid_map
    output_matches "^ +0 +$first +$count\$"
    fails_with "cannot be set together" -- create --subuidname tester --uidmap 0:1:1 tiny true
    fails_with "no line nosuch:FIRST:COUNT" -- create --subgidname nosuch tiny true
}
