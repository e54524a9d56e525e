# SPDX-License-Identifier: BSD-2-Clause
# berth-oci: the global options and the commands that look at containers or change them.
load oci

@test "oci: errors are one line, and in the log as text or JSON" {
    run -1 oci --log "$BATS_TEST_TMPDIR/log" state none
    output_is "container does not exist"
    run -0 cat "$BATS_TEST_TMPDIR/log"
    output_matches '^time="[0-9T:Z+-]+" level=error msg="container does not exist"$'
    rm "$BATS_TEST_TMPDIR/log"
    run -1 oci --log "$BATS_TEST_TMPDIR/log" --log-format json state none
    run -0 jq -r '.level, .msg, (.time | length > 15)' "$BATS_TEST_TMPDIR/log"
    output_is $'error\ncontainer does not exist\ntrue'
    run -1 oci --log-format json state none
    [ "$(jq -r .msg <<<"$output")" = "container does not exist" ]
    run -1 oci --log "file:$BATS_TEST_TMPDIR/named" --log-level error state none
    grep -q "does not exist" "$BATS_TEST_TMPDIR/named"
    oci_fails "log-format" -- --log-format xml list
    oci_fails "" -- --log /no/such/folder/log state none
    # Not a file of that name.
    for log in journald:web syslog:web; do
        oci_fails "--log $log: berth-oci logs to files only" -- --log "$log" list
        [ ! -e "$log" ]
    done
}

@test "oci: debug is logged, and to the file alone" {
    program true
    run -0 oci --debug --log "$BATS_TEST_TMPDIR/log" run --bundle "$BUNDLE" "$ID"
    output_is ""
    run -0 grep -c level=debug "$BATS_TEST_TMPDIR/log"
    run -0 cat "$BATS_TEST_TMPDIR/log"
    output_has "nsexec container setup" "child process in init()" "init: closing the pipe to signal completion"
    program sleep 1000
    started
    rm "$BATS_TEST_TMPDIR/log"
    run -0 oci --debug --log "$BATS_TEST_TMPDIR/log" exec "$ID" true
    output_is ""
    run -0 cat "$BATS_TEST_TMPDIR/log"
    output_has "nsexec container setup" "child process in init()" "setns_init: about to exec"
}

# bats test_tags=rootless
@test "oci: version, help, and what is no command" {
    run -0 oci --version
    [[ ${lines[0]} =~ ^berth-oci\ version\ [0-9] ]]
    output_has $'\ncommit: ' $'\nspec: 1.3.0'
    for command in '' create start run state kill delete exec ps list spec events pause resume update features \
        checkpoint restore; do
        run -0 oci $command --help
        output_has "Usage:"
        run -0 oci $command -h
    done
    oci_fails -3 "unrecognized command" -- nonesuch
    run -0 oci --help
    [ "${lines[0]}" = NAME: ]
    [ "${lines[1]}" = "   berth-oci - Open Container Initiative runtime" ]
    run -0 oci list -h
    [ "${lines[0]}" = NAME: ]
    [[ ${lines[1]} == "   berth-oci list - "* ]]
    oci_fails -3 "No help topic for 'nonesuch'" -- nonesuch -h
    oci_fails "unknown flag: --nonesuch" -- list --nonesuch
    ln -s "$OCI" "$BATS_TEST_TMPDIR/crun"
    run -1 "$BATS_TEST_TMPDIR/crun" --root "$BATS_TEST_TMPDIR/oci" exec none true
    output_has "does not exist"
}

@test "oci: a relative root is one wherever the bundle is" {
    cd "$BATS_TEST_TMPDIR"
    "$OCI" --root oci run -d --bundle bundle "$ID" </dev/null >/dev/null 2>&1
    status_is running
    run -1 "$OCI" --root other state "$ID"
}

@test "oci: ps shows the container's processes, by ps's own options" {
    started
    run -0 oci ps "$ID"
    [[ ${lines[0]} =~ ^UID\ +PID\ +PPID ]]
    [[ ${lines[1]} == *"sleep 1000"* ]]
    [ "${#lines[@]}" = 2 ]
    run -0 oci ps "$ID" -e -o pid,comm
    output_matches "^ *PID COMMAND"$'\n'" *$(pid_in) sleep\$"
    run -0 oci ps --format json "$ID"
    output_is "[$(pid_in)]"
    oci_fails "couldn't find PID field" -- ps "$ID" -e -o comm
    oci_fails "invalid format option" -- ps --format xml "$ID"
    oci kill "$ID" 9
    wait_for status_is stopped
    run -0 oci ps -f json "$ID"
    output_is "[]"
}

# bats test_tags=rootless
@test "oci: kill and delete by regular expression, and all processes" {
    for name in one two; do
        oci run -d --bundle "$BUNDLE" "$ID-$name" </dev/null >/dev/null 2>&1
    done
    oci kill --regex "^$ID-(one|two)\$" KILL
    wait_for status_is stopped "$ID-one"
    wait_for status_is stopped "$ID-two"
    oci delete --regex "^$ID-o"
    run -0 oci list -q
    output_is "$ID-two"
    oci_fails "invalid regular expression" -- delete --regex '('
}

# bats test_tags=rootless
@test "oci: a user namespace of its own in the caller's pid namespace" {
    program sh -c 'cat /proc/self/uid_map; readlink /proc/self/ns/pid; readlink /proc/self/ns/user'
    [ "$(id -u)" != 0 ] || config '.linux.namespaces += [{type: "user"}] |
        .linux.uidMappings = [{containerID: 0, hostID: 0, size: 1}] | .linux.gidMappings = .linux.uidMappings'
    config 'del(.linux.namespaces[] | select(.type == "pid")) |
        (.mounts[] | select(.destination == "/proc")) |= {destination: "/proc", source: "/proc", options: ["rbind"]}'
    run -0 oci run --bundle "$BUNDLE" "$ID"
    [[ ${lines[0]} =~ ^\ +0\ +$(id -u)\ +1$ ]]
    [ "${lines[1]}" = "$(readlink /proc/self/ns/pid)" ]
    [ "${lines[2]}" != "$(readlink /proc/self/ns/user)" ]
}

# bats test_tags=rootless
@test "oci: inside a user namespace, whose mounts are others', a container lives as ever" {
    unshare -r true 2>/dev/null || skip "needs user namespaces"
    mkdir "$BATS_TEST_TMPDIR/given"
    echo given >"$BATS_TEST_TMPDIR/given/file"
    config --arg given "$BATS_TEST_TMPDIR/given" '.linux |= del(.uidMappings, .gidMappings) |
        del(.linux.namespaces[] | select(.type == "user")) |
        .mounts += [{destination: "/given", source: $given, options: ["rbind", "ro"]},
            {destination: "/one/file", source: "\($given)/file", options: ["bind"]}]'
    run -0 unshare -r bash -euc 'oci="$1 --root $2"
        $oci create --bundle "$3" "$4" </dev/null >/dev/null 2>&1
        $oci start "$4"
        $oci state "$4" | jq -r .status
        $oci exec "$4" sh -c "cat /given/file /one/file /proc/1/comm; touch /given/x 2>&1 || id -u"
        $oci kill "$4" KILL
        $oci delete --force "$4"
        $oci list -q' bash "$OCI" "$BATS_TEST_TMPDIR/oci" "$BUNDLE" "$ID"
    output_is "running
given
given
sleep
touch: /given/x: Read-only file system
0"
}

@test "oci: without a pid namespace of its own all of it is killed" {
    config '.linux.namespaces |= map(select(.type != "pid"))'
    program sh -c 'sleep 1000 & wait'
    started
    wait_for test "$(oci ps -f json "$ID" | jq length)" = 2
    oci kill "$ID" KILL
    wait_for status_is stopped
    run -0 oci ps -f json "$ID"
    output_is "[]"
    oci delete "$ID"
}

@test "oci: update changes what is named, and keeps the rest" {
    needs v1
    config '.linux.resources = { memory: { limit: 67108864 }, pids: { limit: 20 }, cpu: { shares: 512 } }'
    started
    value() { cat "/sys/fs/cgroup/$1$(sed -nE "s/^[0-9]+:([^:]*,)?$1(,[^:]*)?://p" "/proc/$(pid_in)/cgroup")/$2"; }
    [ "$(value memory memory.limit_in_bytes)" = 67108864 ]
    oci update --memory 50M --pids-limit 30 "$ID"
    [ "$(value memory memory.limit_in_bytes)" = 52428800 ]
    [ "$(value pids pids.max)" = 30 ]
    [ "$(value cpu cpu.shares)" = 512 ]
    oci update --cpu-share 256 --cpu-period 50000 --cpu-quota 25000 --memory-reservation 32M "$ID"
    [ "$(value cpu cpu.shares)" = 256 ]
    [ "$(value cpu cpu.cfs_quota_us)" = 25000 ]
    [ "$(value cpu cpu.cfs_period_us)" = 50000 ]
    [ "$(value memory memory.soft_limit_in_bytes)" = 33554432 ]
    oci update --cpuset-cpus 0 --cpuset-mems 0 "$ID"
    [ "$(value cpuset cpuset.cpus)" = 0 ]
    oci update -r - "$ID" <<<'{ "memory": { "limit": 41943040 }, "cpu": { "shares": 0 }, "pids": { "limit": -1 } }'
    [ "$(value memory memory.limit_in_bytes)" = 41943040 ]
    [ "$(value cpu cpu.shares)" = 256 ]
    [ "$(value pids pids.max)" = max ]
    echo '{ "pids": { "limit": 40 } }' >"$BATS_TEST_TMPDIR/resources"
    oci update --resources "$BATS_TEST_TMPDIR/resources" --kernel-memory 1 --kernel-memory-tcp 1 "$ID"
    [ "$(value pids pids.max)" = 40 ]
    if [ ! -e /sys/fs/resctrl/schemata ]; then
        oci_fails "Intel RDT: l3 cache schema is not enabled" "no resctrl is mounted" -- \
            update --l3-cache-schema L3:0=f "$ID"
        oci_fails "Intel RDT: memory bandwidth schema is not enabled" -- update --mem-bw-schema MB:0=20 "$ID"
    fi
    oci kill "$ID" KILL
    wait_for status_is stopped
    oci_fails "container not running" -- update --pids-limit 5 "$ID"
}

@test "oci: events: statistics once, or from time to time until the end" {
    needs v1
    started
    run -0 oci events --stats "$ID"
    [[ $output == "{\"type\":\"stats\",\"id\":\"$ID\",\"data\":{"* ]]
    run -0 jq -r '.data | has("cpu", "memory", "pids", "blkio"), .pids.current' <<<"$output"
    output_is $'true\ntrue\ntrue\ntrue\n1'
    oci events --interval 100ms "$ID" >"$BATS_TEST_TMPDIR/events" 3>&- &
    pid=$!
    wait_for test -s "$BATS_TEST_TMPDIR/events"
    oci kill "$ID" KILL
    wait $pid
    oci_fails "is not running" -- events --stats "$ID"
    oci_fails "interval must be greater than 0" -- events --interval 0s "$ID"
}

@test "oci: events tell of memory that ran out" {
    needs v1
    config '.linux.resources = { memory: { limit: 16777216, swap: 16777216 } }'
    program sh -c 'while [ ! -e /go ]; do sleep 0.02; done; head -c 67108864 /dev/zero | tail | wc -c; sleep 1000'
    started
    oci events --interval 1h "$ID" >"$BATS_TEST_TMPDIR/events" 3>&- &
    pid=$!
    # It watches once it has its notice from the group: an eventfd or an inotify watch.
    wait_for sh -c "ls -l /proc/\$(pgrep -P $pid || echo $pid)/fd | grep -qE 'eventfd|inotify'"
    touch "$BUNDLE/rootfs/go"
    wait_for grep -q "{\"type\":\"oom\",\"id\":\"$ID\"}" "$BATS_TEST_TMPDIR/events"
    oci delete --force "$ID"
    wait $pid
}

# bats test_tags=rootless
@test "oci: spec writes what run takes" {
    needs containers
    mkdir "$BATS_TEST_TMPDIR/new"
    mv "$BUNDLE/rootfs" "$BATS_TEST_TMPDIR/new/"
    cd "$BATS_TEST_TMPDIR/new"
    if [ "$(id -u)" = 0 ]; then
        oci spec
        run -0 jq -r '.ociVersion, .process.args[0], .process.terminal, .root.readonly, (.mounts | length)' config.json
        output_is $'1.3.0\nsh\ntrue\ntrue\n7'
        run -0 jq -r '[.linux.namespaces[].type] | join(" ")' config.json
        # Separate hierarchies are seen as they are, as runc's and crun's have it.
        if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
            output_is "pid network ipc uts mount cgroup"
        else
            output_is "pid network ipc uts mount"
        fi
    else
        oci spec --rootless
        run -0 jq -r '.linux.uidMappings[0].hostID' config.json
        output_is "$(id -u)"
    fi
    oci_fails "config.json exists" -- spec
    oci spec --file other.json
    mkdir bundle
    oci spec --bundle bundle
    [ -e bundle/config.json ] && [ -e other.json ]
    BUNDLE=.
    config '.process.terminal = false | .process.args = ["echo", "ran"]'
    run -0 oci run "$ID"
    output_is ran
}

# bats test_tags=rootless
@test "oci: features are the specification's structure" {
    run -0 oci features
    run -0 jq -r '.ociVersionMin, .ociVersionMax, (.hooks | length), (.mountOptions | index("rro") > 0),
        (.linux.namespaces | length), .linux.seccomp.enabled, (.linux.seccomp.actions | length),
        (.linux.seccomp.operators | length), .linux.cgroup.v2, .linux.intelRdt.enabled' <<<"$output"
    output_is $'1.0.0\n1.3.0\n6\ntrue\n8\ntrue\n9\n7\ntrue\ntrue'
}

@test "oci: checkpoint and restore need criu, and say so" {
    cd "$BATS_TEST_TMPDIR"
    started
    cd "$BATS_TEST_TMPDIR"
    PATH=/no/such oci_fails "criu, which is not installed" -- checkpoint "$ID"
    status_is running
    says() { oci "$@" features | jq -r '.annotations["org.opencontainers.runc.checkpoint.enabled"]'; }
    [ "$(says --criu no-such-criu)" = false ]
    [ "$(says --criu "$TESTS/fixtures/criu")" = true ]
}

# What CRIU is asked for; it is too picky of kernels to be here itself (tests/vm/checkpoint.bats).
fake_criu() {
    cp "$TESTS/fixtures/criu" "$BATS_TEST_TMPDIR/criu"
}

@test "oci: a checkpoint asks criu for what the options say, and ends the container" {
    fake_criu
    config '.mounts += [{ destination: "/data", type: "bind", source: "/tmp", options: ["bind"] }] |
        .linux.maskedPaths += ["/proc/meminfo", "/proc/fs", "/proc/none"]'
    started
    pid=$(pid_in)
    cd "$BATS_TEST_TMPDIR"
    touch fail
    oci_fails "criu dump failed: it was told to; see $PWD/checkpoint/dump.log" -- --criu "$PWD/criu" checkpoint "$ID"
    rm fail asked
    oci --criu "$PWD/criu" checkpoint --pre-dump --image-path images/1 "$ID"
    oci --criu "$PWD/criu" checkpoint --leave-running --image-path images/2 --work-path work --parent-path ../1 \
        --tcp-established --tcp-skip-in-flight --ext-unix-sk --shell-job --file-locks --link-remap --lazy-pages \
        --auto-dedup --status-fd 9 --page-server 127.0.0.1:77 --empty-ns network --manage-cgroups-mode full \
        --network-lock skip "$ID" 9>status
    status_is running
    run -0 cat asked
    [ "${lines[0]}" = pre-dump ]
    output_has "images=$PWD/images/1" $'\ndump\n' "images=$PWD/images/2" "work=$PWD/work" log-file=dump.log "pid=$pid" \
        "root=$BUNDLE/rootfs" leave-running=1 "parent-img=../1" track-mem=1 tcp-established=1 \
        skip-in-flight=1 ext-unix-sk=1 shell-job=1 file-locks=1 link-remap=1 lazy-pages=1 auto-dedup=1 \
        "page-server=127.0.0.1:77" "empty-ns=$((0x40000000))" manage-cgroups-mode=4 network-lock=3 \
        "external=mnt[/data]:/data" "external=mnt[/proc/meminfo]:/dev/null" "external=mnt[/proc/fs]:masked-directory" "external=file[" freeze-cgroup=/sys/fs/cgroup
    # A byte says that it is ready for lazy pages.
    [ "$(stat -c %s status)" = 1 ]
    oci_fails "--empty-ns: criu can only have network" -- --criu "$PWD/criu" checkpoint --empty-ns ipc "$ID"
    oci_fails "--parent-path" -- --criu "$PWD/criu" checkpoint --image-path images/2 --parent-path ../none "$ID"
    oci_fails "ADDRESS:PORT" -- --criu "$PWD/criu" checkpoint --page-server 77 "$ID"
    oci --criu "$PWD/criu" checkpoint "$ID"
    oci_fails "does not exist" -- state "$ID"
    [ -e checkpoint/descriptors.json ]
}

@test "oci: a restore is a container of what criu made" {
    fake_criu
    config '.mounts += [{ destination: "/data", type: "bind", source: "/tmp", options: ["bind"] }]'
    mkdir "$BATS_TEST_TMPDIR/images"
    echo '["/dev/null", "pipe:[12345]", "file[1:2]"]' >"$BATS_TEST_TMPDIR/images/descriptors.json"
    cd "$BATS_TEST_TMPDIR"
    config '.hooks = {prestart: [{path: "/bin/sh", args: ["sh", "-c", "jq -r .status >prestart"]}],
        poststart: [{path: "/bin/sh", args: ["sh", "-c", "jq -r .status >poststart"]}]}'
    run -0 oci --criu "$PWD/criu" restore --image-path images --bundle bundle --pid-file pid --tcp-close \
        --lsm-profile apparmor:x --lsm-mount-context c --shell-job --no-pivot "$ID"
    [ -s pid ]
    oci_fails "does not exist" -- state "$ID"
    [ "$(cat bundle/prestart bundle/poststart)" = $'creating\nrunning' ]
    run -0 cat asked
    output_has $'restore\n' "images=$PWD/images" "root=$BUNDLE/rootfs" rst-sibling=1 tcp-close=1 shell-job=1 \
        lsm-profile=apparmor:x lsm-mount-context=c "external=mnt[/data]:/tmp" "inherit-fd=pipe:[12345]:4" \
        "inherit-fd=file[1:2]:5" "external=mnt[/dev/null]:$BATS_TEST_TMPDIR/oci/$ID/file"
    output_matches "cg-root=.*/$ID"
    oci --criu "$PWD/criu" restore -d --no-subreaper --image-path images --bundle bundle "$ID"
    oci delete --force "$ID"
    touch fail
    oci_fails "criu restore failed: it was told to" "restore.log" -- --criu "$PWD/criu" restore --image-path images \
        --bundle bundle "$ID"
    oci_fails "does not exist" -- state "$ID"
    rm fail
    config '.hooks.prestart[0].args[2] = "exit 3"'
    oci_fails prestart -- --criu "$PWD/criu" restore --image-path images --bundle bundle "$ID"
    config 'del(.hooks) | .process.terminal = true'
    oci_fails "console socket" -- --criu "$PWD/criu" restore -d --image-path images --bundle bundle "$ID"
    touch terminal
    receive terminal
    oci --criu "$PWD/criu" restore -d --console-socket socket --image-path images --bundle bundle "$ID"
    wait_for grep -q /dev/pts/ received
    oci delete --force "$ID"
    oci_fails "needs --detach" -- restore --no-subreaper "$ID"
}

# bats test_tags=rootless
@test "oci: shells are told what may follow" {
    run -0 oci completion bash
    output_has "berth-oci __complete"
    run -0 oci __complete pau
    output_has "pause"$'\t'
}
