# SPDX-License-Identifier: BSD-2-Clause
# berth-oci beside runc and crun of this machine, with the same bundle: exit status, the shape of
# what is printed, and the words that callers look for. Called crun, berth-oci is compared with crun.
load oci

# What a peer is given is ours with another root folder and another ID of the same length.
PEERS_ID=

peer_is() { # runc|crun
    needs root
    needs program "$1"
    PEER=$1
    OURS=$OCI
    PEERS_ID=p${ID#b}
    # Without it list fails.
    mkdir "$BATS_TEST_TMPDIR/oci" "$BATS_TEST_TMPDIR/peer"
    if [ "$1" = crun ]; then
        ln -s "$OCI" "$BATS_TEST_TMPDIR/crun"
        OURS=$BATS_TEST_TMPDIR/crun
        # Older ones know no newer.
        config '.ociVersion = "1.0.2"'
    fi
    peer --version >/dev/null 2>&1 || skip "needs a $1 that works here"
}

ours() {
    "$OURS" --root "$BATS_TEST_TMPDIR/oci" "${@//ID/$ID}"
}

# crun does not know what to do with a hybrid of cgroup v1 and v2, and is shown v1 alone.
peer() {
    if [ "$PEER" = crun ]; then
        unshare -m sh -c 'umount /sys/fs/cgroup/unified 2>/dev/null; exec crun "$@"' crun \
            --root "$BATS_TEST_TMPDIR/peer" "${@//ID/$PEERS_ID}"
    else
        "$PEER" --root "$BATS_TEST_TMPDIR/peer" "${@//ID/$PEERS_ID}"
    fi
}

teardown() {
    [ -z "$PEERS_ID" ] || peer delete --force ID >/dev/null 2>&1 || true
    leave_nothing_oci
}

# What differs from one container to the next is named for what it is.
same_names() {
    sed -E -e "s/($ID|$PEERS_ID)/ID/g" -e 's/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z?/TIME/g' \
        -e 's/^time="?TIME"? level=(error|warning) msg="(.*)"$/\2/' -e 's/\\"/"/g'
}

# Both do it; sets OURS_CODE, OURS_OUT, PEERS_CODE, PEERS_OUT. Into files: a container that stays
# keeps its standard output.
both() {
    local out=$BATS_TEST_TMPDIR/both
    OURS_CODE=0 PEERS_CODE=0
    ours "$@" >"$out.ours" 2>&1 </dev/null || OURS_CODE=$?
    peer "$@" >"$out.peer" 2>&1 </dev/null || PEERS_CODE=$?
    OURS_OUT=$(same_names <"$out.ours")
    PEERS_OUT=$(same_names <"$out.peer")
    DID="$*"
}

differs() { # WHAT
    printf '%s: %s\nours (%s): %s\n%s (%s): %s\n' "$1" "$DID" "$OURS_CODE" "$OURS_OUT" "$PEER" \
        "$PEERS_CODE" "$PEERS_OUT"
    return 1
}

# The same exit status from both, which is this one.
both_exit() { # CODE ARGUMENTS...
    local code=$1
    shift
    both "$@"
    [ "$OURS_CODE" = "$PEERS_CODE" ] && [ "$OURS_CODE" = "$code" ] || differs "exit status is not $code"
}

# And these words in what both print.
both_say() { # CODE WORDS ARGUMENTS...
    local code=$1 words=$2
    shift 2
    both_exit "$code" "$@"
    [[ $OURS_OUT == *"$words"* && $PEERS_OUT == *"$words"* ]] || differs "not both say: $words"
}

both_print_the_same() { # ARGUMENTS...
    both_exit 0 "$@"
    [ "$OURS_OUT" = "$PEERS_OUT" ] || differs "output"
}

# The containers of both run, detached.
both_run() {
    ours run -d --bundle "$BUNDLE" ID </dev/null >/dev/null 2>&1
    peer run -d --bundle "$BUNDLE" ID </dev/null >/dev/null 2>&1
}

both_stopped() {
    wait_for peers_are stopped
}

peers_are() { # STATUS
    [ "$(ours state ID | jq -r .status)" = "$1" ] && [ "$(peer state ID | jq -r .status)" = "$1" ]
}

# jq's filter gives the same of both, but for the specification that a state complies with.
both_have() { # FILTER ARGUMENTS...
    local filter=$1
    shift
    both_exit 0 "$@"
    [ "$(jq -cS "$filter" <<<"$OURS_OUT")" = "$(jq -cS "$filter" <<<"$PEERS_OUT")" ] ||
        differs "jq $filter"
}

# Every member that the peer prints is there.
ours_has_all() { # FILTER ARGUMENTS...
    local filter=$1 missing
    shift
    both_exit 0 "$@"
    missing=$(comm -13 <(jq -c "$filter" <<<"$OURS_OUT" | sort -u) <(jq -c "$filter" <<<"$PEERS_OUT" | sort -u))
    [ -z "$missing" ] || differs "missing $missing"
}

limit_of() { # ID CONTROLLER FILE
    local pid
    pid=$("$4" state ID | jq .pid)
    cat "/sys/fs/cgroup/$2$(sed -nE "s/^[0-9]+:([^:]*,)?$2(,[^:]*)?://p" "/proc/$pid/cgroup")/$3"
}

both_limited() { # CONTROLLER FILE VALUE
    [ "$(limit_of "$ID" "$1" "$2" ours)" = "$3" ]
    [ "$(limit_of "$PEERS_ID" "$1" "$2" peer)" = "$3" ]
}

# --- runc --------------------------------------------------------------------

@test "oci beside runc: what isn't there" {
    peer_is runc
    for command in state start delete kill pause resume ps events update; do
        both_say 1 "container does not exist" $command ID
    done
    both_say 255 "container does not exist" exec ID true
    both_exit 0 delete --force ID
    both_exit 0 list
    both_print_the_same list -q
    both_print_the_same list -f json
}

@test "oci beside runc: state, list and ps have the same members and columns" {
    peer_is runc
    both_exit 0 create --bundle "$BUNDLE" ID
    both_have '.pid = 1 | .ociVersion = 1' state ID
    [ "$(jq -r .status <<<"$OURS_OUT")" = created ]
    both_exit 0 start ID
    both_have '.pid = 1 | .ociVersion = 1' state ID
    [ "$(jq -r .status <<<"$OURS_OUT")" = running ]
    [ "$(jq -c keys_unsorted <<<"$OURS_OUT")" = "$(jq -c keys_unsorted <<<"$PEERS_OUT")" ]
    both_have '.[0].pid = 1 | .[0].ociVersion = 1' list -f json
    both_exit 0 list
    OURS_OUT=$(sed -E 's/[0-9]+ +/N /; s/ +/ /g' <<<"$OURS_OUT")
    PEERS_OUT=$(sed -E 's/[0-9]+ +/N /; s/ +/ /g' <<<"$PEERS_OUT")
    [ "$OURS_OUT" = "$PEERS_OUT" ] || differs list
    both_exit 0 list -q
    both_have 'map(type)' ps -f json ID
    both_exit 0 ps ID
    [ "${OURS_OUT%%$'\n'*}" = "${PEERS_OUT%%$'\n'*}" ] || differs "ps's columns"
    both_exit 0 ps ID -o pid,comm
    [ "$(sed 's/[0-9]*//g; s/^ *//' <<<"$OURS_OUT")" = "$(sed 's/[0-9]*//g; s/^ *//' <<<"$PEERS_OUT")" ] ||
        differs "ps's output"
    both_exit 0 kill ID KILL
    both_stopped
    both_have '.ociVersion = 1' state ID
    both_have '.[0].ociVersion = 1' list -f json
    both_exit 0 ps -f json ID
    both_exit 0 delete ID
}

@test "oci beside runc: what a running container refuses" {
    peer_is runc
    both_run
    both_say 1 "cannot delete container ID that is not stopped: running" delete ID
    both_say 1 "cannot start an already running container" start ID
    both_say 1 "container not paused" resume ID
    both_say 1 "container with given ID already exists" create --bundle "$BUNDLE" ID
    both_say 1 'unknown signal "FOO"' kill ID FOO
    both_say 1 "invalid format option" list -f xml
    both_say 1 "invalid format option" ps -f xml ID
    both_exit 1 update --cpu-quota 5 ID
    both_exit 0 kill ID 0
}

@test "oci beside runc: pause and resume" {
    peer_is runc
    both_run
    both_exit 0 pause ID
    peers_are paused
    both_say 1 "container not running" pause ID
    both_say 255 "cannot exec in a paused container (use --ignore-paused to override)" exec ID true
    both_exit 0 update --pids-limit 9 ID
    peers_are paused
    both_exit 0 resume ID
    peers_are running
    both_exit 0 pause ID
    both_exit 0 delete --force ID
}

@test "oci beside runc: what a stopped container refuses" {
    peer_is runc
    both_run
    both_exit 0 kill ID 9
    both_stopped
    both_say 1 "container not running" kill ID TERM
    both_exit 0 kill --all ID TERM
    both_say 1 "cannot start a container that has stopped" start ID
    both_say 255 "cannot exec in a stopped container" exec ID true
    both_say 1 "container not running" pause ID
    both_say 1 "container not running" update --pids-limit 5 ID
    both_say 1 "is not running" events --stats ID
    both_exit 0 ps ID
    both_exit 0 delete ID
    both_say 1 "container does not exist" delete ID
}

@test "oci beside runc: exec's exit status and words" {
    peer_is runc
    both_run
    both_exit 7 exec ID sh -c 'exit 7'
    both_exit 137 exec ID sh -c 'kill -9 $$'
    both_say 255 "no such file or directory" exec ID /nonesuch
    both_say 255 'exec: "nonesuch": executable file not found in $PATH' exec ID nonesuch
    both_say 255 "permission denied" exec ID /etc/passwd
    both_say 255 "no such file or directory" exec --cwd /nonesuch ID true
    both_say 0 "uid=33 gid=44" exec --user 33:44 ID id
    both_print_the_same exec --env A=b --cwd /tmp ID sh -c 'pwd; echo $A'
    both_print_the_same exec --cap CAP_SYS_TIME ID grep -E '^(Cap|NoNew)' /proc/self/status
    both_say 255 "" exec ID
    both_say 255 "setting console socket" exec -d -t ID true
}

@test "oci beside runc: run's exit status and words" {
    peer_is runc
    program sh -c 'exit 9'
    both_exit 9 run --bundle "$BUNDLE" ID
    program nonesuch
    both_say 1 'exec: "nonesuch": executable file not found in $PATH' run --bundle "$BUNDLE" ID
    program /etc/passwd
    both_say 1 "permission denied" run --bundle "$BUNDLE" ID
    both_say 1 "no such file or directory" run --bundle /nonesuch ID
    both_say 1 "JSON specification file config.json not found" run --bundle "$BATS_TEST_TMPDIR" ID
    config '.process.terminal = true'
    both_say 1 "setting console socket" run -d --bundle "$BUNDLE" ID
    both_exit 1 run
    both_exit 3 nonesuch
}

@test "oci beside runc: update leaves the same limits" {
    needs v1
    peer_is runc
    config '.linux.resources = { memory: { limit: 67108864 }, pids: { limit: 20 }, cpu: { shares: 512 } }'
    both_run
    both_exit 0 update --memory 50M --pids-limit 30 --cpu-share 256 --cpu-period 50000 --cpu-quota 25000 ID
    both_limited memory memory.limit_in_bytes 52428800
    both_limited pids pids.max 30
    both_limited cpu cpu.shares 256
    both_limited cpu cpu.cfs_period_us 50000
    both_limited cpu cpu.cfs_quota_us 25000
    both_exit 0 update --memory-reservation 32M --cpuset-cpus 0 --cpuset-mems 0 ID
    both_limited memory memory.soft_limit_in_bytes 33554432
    both_limited cpuset cpuset.cpus 0
    both_limited memory memory.limit_in_bytes 52428800
    echo '{ "memory": { "limit": 41943040 }, "cpu": { "shares": 0, "quota": -1 }, "pids": { "limit": 40 } }' \
        >"$BATS_TEST_TMPDIR/resources"
    both_exit 0 update --resources "$BATS_TEST_TMPDIR/resources" ID
    both_limited memory memory.limit_in_bytes 41943040
    both_limited cpu cpu.shares 256
    both_limited cpu cpu.cfs_quota_us -1
    both_limited pids pids.max 40
    both_exit 1 update --resources "$BATS_TEST_TMPDIR/nonesuch" ID
    both_exit 1 update --memory words ID
    both_exit 0 kill ID KILL
}

@test "oci beside runc: statistics have all members" {
    needs v1
    peer_is runc
    config '.linux.resources = { memory: { limit: 67108864 }, pids: { limit: 20 } }'
    both_run
    both_have '.type, .id, (.data.memory.usage.limit), (.data.pids.limit)' events --stats ID
    ours_has_all '.data | paths | map(select(type == "string"))' events --stats ID
    both_say 1 "interval must be greater than 0" events --interval 0s ID
}

@test "oci beside runc: features name all that runc has" {
    peer_is runc
    ours_has_all '.hooks[], .mountOptions[], .linux.namespaces[], .linux.capabilities[],
        .linux.seccomp.actions[], .linux.seccomp.operators[], .linux.seccomp.archs[]' features
    ours_has_all 'del(.annotations) | paths | map(select(type == "string"))' features
}

@test "oci beside runc: spec differs in names and in what runc 1.2 changed" {
    peer_is runc
    mkdir "$BATS_TEST_TMPDIR/a" "$BATS_TEST_TMPDIR/b"
    ours spec --bundle "$BATS_TEST_TMPDIR/a"
    peer spec --bundle "$BATS_TEST_TMPDIR/b"
    for side in a b; do
        jq -S 'del(.ociVersion, .hostname, .process.capabilities.ambient)' \
            "$BATS_TEST_TMPDIR/$side/config.json" >"$BATS_TEST_TMPDIR/$side/same"
    done
    run -0 diff "$BATS_TEST_TMPDIR/a/same" "$BATS_TEST_TMPDIR/b/same"
    both_say 1 "config.json exists" spec --bundle "$BATS_TEST_TMPDIR/a"
}

# --- crun --------------------------------------------------------------------

@test "oci beside crun: exit status, from create to delete" {
    peer_is crun
    for command in state start delete kill pause resume update; do
        both_exit 1 $command ID
    done
    both_exit 1 exec ID true
    both_exit 0 delete --force ID
    both_exit 0 create --bundle "$BUNDLE" ID
    both_have '.status, .id, .bundle' state ID
    both_exit 0 start ID
    both_have '.status, (.pid > 1)' state ID
    both_exit 1 start ID
    both_exit 1 delete ID
    both_exit 1 create --bundle "$BUNDLE" ID
    both_exit 0 list
    both_have 'map(.id, .status, .bundle)' list -f json
    both_have 'map(type)' ps -f json ID
    both_exit 0 pause ID
    peers_are paused
    both_exit 1 exec ID true
    both_exit 0 resume ID
    peers_are running
    both_exit 7 exec ID sh -c 'exit 7'
    both_exit 137 exec ID sh -c 'kill -9 $$'
    both_say 255 'executable file `nonesuch` not found in $PATH: No such file or directory' exec ID nonesuch
    both_say 255 "Permission denied" exec ID /etc/passwd
    both_exit 0 update --pids-limit 9 ID
    both_exit 0 kill ID KILL
    both_stopped
    both_exit 1 kill ID TERM
    both_exit 1 exec ID true
    both_exit 0 delete ID
    both_exit 1 state ID
}

@test "oci beside crun: run's exit status" {
    peer_is crun
    program sh -c 'exit 9'
    both_exit 9 run --bundle "$BUNDLE" ID
    program nonesuch
    both_say 1 'executable file `nonesuch` not found in $PATH: No such file or directory' run --bundle "$BUNDLE" ID
    both_say 1 "No such file or directory" run --bundle /nonesuch ID
    both_exit 1 nonesuch
}
