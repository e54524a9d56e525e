# SPDX-License-Identifier: BSD-2-Clause
# berth-oci: properties of config.json, as a container sees them.
load oci

# The program's output.
prints() { # WORDS
    run -0 oci run --bundle "$BUNDLE" "$ID"
    output_is "$1"
}

refused() { # WORDS
    oci_fails "$@" -- run --bundle "$BUNDLE" "$ID"
    oci_fails "container does not exist" -- state "$ID"
}

add_mount() { # JSON
    config --argjson m "$1" '.mounts += [$m]'
}

# --- namespaces --------------------------------------------------------------

@test "oci config: a container joins any namespaces of another, its user namespace first of all" {
    local other=x${ID#b} pid
    config '.linux.namespaces += [{type: "user"}, {type: "cgroup"}, {type: "time"}] |
        .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] |
        .linux.gidMappings = .linux.uidMappings'
    oci create --bundle "$BUNDLE" "$other" </dev/null >/dev/null
    oci start "$other"
    pid=$(pid_in "$other")
    for joined in user user,pid user,network,ipc,uts user,pid,network,ipc,uts,cgroup,time; do
        config --arg joined "$joined" --arg pid "$pid" '
            ($joined | split(",")) as $j | .linux |= del(.uidMappings, .gidMappings) |
            .linux.namespaces |= map(if .type | IN($j[]) then .path =
                "/proc/\($pid)/ns/\({network: "net", mount: "mnt"}[.type] // .type)"
                else del(.path) end)'
        program sh -c 'for n in user pid net ipc uts cgroup time; do readlink /proc/self/ns/$n; done; id -u'
        run -0 oci run --bundle "$BUNDLE" "$ID"
        for n in user pid net ipc uts cgroup time; do
            case ,${joined/network/net}, in
            *,$n,*) output_has "$(readlink "/proc/$pid/ns/$n")" ;;
            *) output_lacks "$(readlink "/proc/$pid/ns/$n")" ;;
            esac
        done
        [ "${lines[-1]}" = 0 ]
    done
}

@test "oci config: exec enters what was joined, also where that is the caller's own" {
    local other=x${ID#b}
    config '.linux.namespaces += [{type: "user", path: "/proc/self/ns/user"}]'
    started
    run -0 oci exec "$ID" readlink /proc/self/ns/user
    output_is "$(readlink /proc/self/ns/user)"
    config --arg pid "$(pid_in)" 'del(.linux.namespaces[] | select(.type == "user")) |
        .linux.namespaces |= map(if .type == "network" then .path = "/proc/\($pid)/ns/net" else . end)'
    oci create --bundle "$BUNDLE" "$other" </dev/null >/dev/null
    oci start "$other"
    run -0 oci exec "$other" readlink /proc/self/ns/net
    output_is "$(readlink "/proc/$(pid_in)/ns/net")"
}

# bats test_tags=rootless
@test "oci config: times of a time namespace start elsewhere" {
    [ -e /proc/self/ns/time ] || skip "needs time namespaces"
    config '.linux.namespaces += [{type: "time"}] |
        .linux.timeOffsets = {boottime: {secs: 86400000}, monotonic: {secs: 86400000}}'
    program sh -c '[ "$(cut -d. -f1 /proc/uptime)" -gt 86400000 ] && echo later'
    prints later
    config 'del(.linux.namespaces[] | select(.type == "time"))'
    refused "linux.timeOffsets: needs a new time namespace"
}

@test "oci config: a namespace twice, of the wrong kind, or nowhere is refused" {
    config '.linux.namespaces += [{type: "pid"}]'
    refused "linux.namespaces[5].type: pid is there twice"
    config 'del(.linux.namespaces[5]) | .linux.namespaces[1].path = "/proc/self/ns/uts"'
    refused "/proc/self/ns/uts is no network namespace"
    config '.linux.namespaces[1].path = "/none"'
    refused "linux.namespaces: network namespace /none: "
}

@test "oci config: what is not mentioned is the caller's, and no section need be there" {
    config 'del(.linux, .mounts, .hostname, .process.capabilities, .process.rlimits)'
    program readlink /proc/self/ns/net
    mkdir -p "$BUNDLE/rootfs/proc"
    run oci run --bundle "$BUNDLE" "$ID" # there is no procfs in this root
    [ "$status" = 1 ]
    program echo here
    prints here
}

@test "oci config: in the host's mount namespace nothing is mounted, and that is told" {
    config 'del(.linux.namespaces[] | select(.type == "mount"))'
    refused "linux.maskedPaths: needs a mount namespace"
    config '.linux.maskedPaths = [] | .linux.readonlyPaths = []'
    program sh -c 'ls /etc/plain; ls /proc'
    run -0 oci run --bundle "$BUNDLE" "$ID"
    output_has "mounts: are left out without a mount namespace" /etc/plain
    [ "${lines[-1]}" = /etc/plain ]
}

# --- mounts ------------------------------------------------------------------

@test "oci config: folders, files, links and recursive flags of bind mounts" {
    needs kernel 5.12
    mkdir -p "$BUNDLE/src/below"
    echo text >"$BUNDLE/src/file"
    ln -s file "$BUNDLE/src/link"
    add_mount '{"destination": "/made/dir", "source": "src", "options": ["bind", "ro"]}'
    add_mount '{"destination": "/made/file", "source": "src/link", "options": ["bind"]}'
    add_mount '{"destination": "/made/link", "source": "'"$BUNDLE"'/src/link", "options": ["bind", "copy-symlink"]}'
    add_mount '{"destination": "/rec", "source": "/proc", "options": ["rbind", "rro", "rnosuid", "rnoatime"]}'
    add_mount '{"destination": "relative", "type": "tmpfs"}'
    program sh -c 'cat /made/dir/file /made/file; readlink /made/link; touch /made/dir/x 2>&1
        stat -c %a /made /relative; grep " /rec " /proc/self/mountinfo | cut -d" " -f6'
    run -0 oci run --bundle "$BUNDLE" "$ID"
    output_has "text
text
file
touch: /made/dir/x: Read-only file system
755
1777
ro,nosuid" noatime
}

# bats test_tags=rootless
@test "oci config: a tmpfs may copy what it hides, and keeps its mode" {
    mkdir -p "$BUNDLE/rootfs/data/sub"
    chmod 1711 "$BUNDLE/rootfs/data"
    echo kept >"$BUNDLE/rootfs/data/sub/file"
    add_mount '{"destination": "/data", "type": "tmpfs", "options": ["tmpcopyup", "size=64k"]}'
    program sh -c 'cat /data/sub/file; stat -c %a /data; touch /data/new'
    prints "kept
1711"
    [ ! -e "$BUNDLE/rootfs/data/new" ]
}

@test "oci config: IDs of a bind mount are mapped, by the mount's or the container's own mapping" {
    needs kernel 6.3
    mkdir "$BUNDLE/src"
    touch "$BUNDLE/src/file"
    chown 1000:1001 "$BUNDLE/src/file"
    add_mount '{"destination": "/m", "source": "src", "options": ["bind", "idmap"],
        "uidMappings": [{"containerID": 1000, "hostID": 7, "size": 1}],
        "gidMappings": [{"containerID": 1001, "hostID": 8, "size": 1}]}'
    program stat -c '%u %g' /m/file
    run oci run --bundle "$BUNDLE" "$ID"
    [[ $output != *"map the IDs"* ]] || skip "needs a file system with ID-mapped mounts"
    output_is "7 8"
    config '.mounts[-1].type = "tmpfs" | .mounts[-1].options = []'
    refused "mounts[4].uidMappings: ID mappings need a bind mount"
}

@test "oci config: a source inside the root is what earlier mounts made of it" {
    needs kernel 6.3
    mkdir -p "$BUNDLE/src" "$BUNDLE/rootfs/data"
    echo earlier >"$BUNDLE/src/file"
    chown 1000:1000 "$BUNDLE/src/file"
    add_mount '{"destination": "/data", "source": "src", "options": ["bind"]}'
    add_mount '{"destination": "/inner", "source": "rootfs/data", "options": ["bind", "ro"]}'
    add_mount '{"destination": "/one", "source": "'"$BUNDLE"'/rootfs/data/file", "options": ["bind"]}'
    program sh -c 'cat /inner/file /one; touch /inner/x 2>&1; true'
    prints "earlier
earlier
touch: /inner/x: Read-only file system"
    config '.mounts[-2] += {options: ["bind", "idmap"],
        uidMappings: [{containerID: 1000, hostID: 7, size: 1}],
        gidMappings: [{containerID: 1000, hostID: 8, size: 1}]}'
    program stat -c '%u %g' /inner/file
    run oci run --bundle "$BUNDLE" "$ID"
    [[ $output != *"map the IDs"* ]] || skip "needs a file system with ID-mapped mounts"
    output_is "7 8"
}

# bats test_tags=rootless
@test "oci config: what may not be mounted is named" {
    add_mount '{"destination": "/proc/self", "type": "tmpfs"}'
    refused "/proc/self is inside /proc"
    config '.mounts[-1] = {destination: "/m", type: "nonsense"}'
    refused 'this kernel has no file system "nonsense"'
    config '.mounts[-1] = {destination: "/m", source: "/none", options: ["bind"]}'
    refused "mount /none on /m: "
    config '.mounts[-1] = {destination: "/m", type: "tmpfs", options: ["nonsense"]}'
    refused "mount tmpfs on /m: "
}

# bats test_tags=rootless
@test "oci config: masked and read-only paths, a read-only root, propagation" {
    config '.root.readonly = true | .linux.maskedPaths += ["/etc/passwd", "/home", "/none"] |
        .linux.readonlyPaths += ["/proc/self"] | .linux.rootfsPropagation = "shared"'
    program sh -c 'wc -c </etc/passwd; ls /home; touch /x 2>&1; mkdir /home/y 2>&1
        grep -c "^[^ ]* [^ ]* [^ ]* [^ ]* / .* shared:" /proc/self/mountinfo'
    prints "0
touch: /x: Read-only file system
mkdir: can't create directory '/home/y': Read-only file system
1"
}

# bats test_tags=rootless
@test "oci config: a working directory is made on a read-only root, and on a mount" {
    config '.root.readonly = true | .process.cwd = "/new/folder"'
    program pwd
    prints /new/folder
    config '.process.cwd = "/m/folder"'
    add_mount '{"destination": "/m", "type": "tmpfs", "options": ["ro"]}'
    program sh -c 'pwd; rmdir /m/folder 2>&1; true'
    prints "/m/folder
rmdir: '/m/folder': Read-only file system"
    mkdir "$BATS_TEST_TMPDIR/given"
    config '.process.cwd = "/m/folder"'
    config --arg from "$BATS_TEST_TMPDIR/given" \
        '.mounts[-1] = {destination: "/m", source: $from, options: ["bind", "ro"]}'
    refused "chdir to /m/folder: read-only file system"
}

# bats test_tags=rootless
@test "oci config: annotations that ask for other isolation are errors, unknown ones mean nothing" {
    program true
    config '.annotations = {"run.oci.handler": "krun"}'
    refused "annotations.run.oci.handler: "
    config '.annotations = {"run.oci.seccomp_bpf_data": "AAAA"}'
    refused "annotations.run.oci.seccomp_bpf_data: "
    config '.annotations = {"run.oci.seccomp.plugins": "/lib/x.so"}'
    refused "annotations.run.oci.seccomp.plugins: "
    config '.annotations = {"run.oci.delegate-cgroup": "x", "run.oci.other": "y", "org.x": ""}'
    run -0 oci run --bundle "$BUNDLE" "$ID"
    output_has "annotations.run.oci.delegate-cgroup: is ignored"
    output_lacks run.oci.other org.x
}

# --- devices, network devices ------------------------------------------------

@test "oci config: devices of all kinds, with their mode and owner" {
    config '.linux.devices = [
        {type: "c", path: "/dev/fuse", major: 10, minor: 229, fileMode: 432, uid: 3, gid: 4},
        {type: "b", path: "/odd/block", major: 7, minor: 250},
        {type: "u", path: "/odd/u", major: 1, minor: 5}, {type: "p", path: "/odd/pipe"},
        {type: "c", path: "/dev/null", major: 1, minor: 3, fileMode: 384},
        {type: "c", path: "/dev//ptmx", major: 5, minor: 2}]'
    program sh -c 'stat -c "%n %F %a %u %g %t:%T" /dev/fuse /odd/block /odd/u /odd/pipe /dev/null /dev/zero; readlink /dev/ptmx'
    prints "/dev/fuse character special file 660 3 4 a:e5
/odd/block block special file 666 0 0 7:fa
/odd/u character special file 666 0 0 1:5
/odd/pipe fifo 666 0 0 0:0
/dev/null character special file 600 0 0 1:3
/dev/zero character special file 666 0 0 1:5
pts/ptmx"
}

@test "oci config: letters of a device rule that mean nothing are told and left out" {
    config '.linux.resources.devices = [{allow: true, access: "rwa"}]'
    program echo ran
    run -0 oci run --bundle "$BUNDLE" "$ID"
    output_has 'linux.resources.devices[0].access: of \"rwa\"' ran
    config '.linux.resources.devices = [{allow: true, access: "a"}]'
    refused 'linux.resources.devices[0].access: unknown value "a"'
}

@test "oci config: a network device moves in with its addresses, and stays where it was on failure" {
    needs program ip
    unshare -n ip link add x type veth peer name y 2>/dev/null || skip "needs veth"
    config '.linux.netDevices = {end0: {name: "eth0"}}'
    program sh -c 'ip -o addr show eth0 | grep -o "inet [0-9./]*"; ip link show eth0 | grep -o "mtu [0-9]*"'
    export -f oci
    export OCI BUNDLE ID BATS_TEST_TMPDIR
    run -0 unshare -n bash -c '
        ip link add end0 mtu 1400 type veth peer name other
        ip addr add 10.9.8.7/24 dev end0
        ip link set end0 up
        oci run --bundle "$BUNDLE" "$ID"
        ip link show end0 2>&1 || true'
    output_has "inet 10.9.8.7/24" "mtu 1400" "does not exist"
    program /none
    run unshare -n bash -c '
        ip link add end0 type veth peer name other
        ip addr add 10.9.8.7/24 dev end0
        oci run --bundle "$BUNDLE" "$ID"
        ip -o addr show end0'
    output_has "exec /none: " "inet 10.9.8.7/24"
    config '.linux.netDevices = {end9: {}}'
    refused "linux.netDevices.end9: there is no such interface"
}

# --- process -----------------------------------------------------------------

@test "oci config: user, groups, umask, home, and the last of a variable" {
    config '.process.user = {uid: 1000, gid: 1000, umask: 63, additionalGids: [5, 6]} |
        .process.env = ["PATH=/bin", "A=1", "A=2"]'
    program sh -c 'id -u; id -G; umask; echo $HOME $A'
    prints "1000
1000 5 6
0077
/home/user 2"
}

@test "oci config: all five sets of capabilities; unknown ones are told and left out" {
    config '.process.capabilities = {
        bounding: ["CAP_CHOWN", "CAP_KILL", "CAP_NEW"], effective: ["CAP_KILL"],
        permitted: ["CAP_KILL", "CAP_CHOWN"], inheritable: ["CAP_KILL"], ambient: ["CAP_KILL"]} |
        .process.user.uid = 1000'
    program grep ^Cap /proc/self/status
    run -0 oci run --bundle "$BUNDLE" "$ID"
    output_has "ignoring unknown or unavailable capabilities: [CAP_NEW]" \
        $'CapInh:\t0000000000000020' $'CapPrm:\t0000000000000020' $'CapEff:\t0000000000000020' \
        $'CapBnd:\t0000000000000021' $'CapAmb:\t0000000000000020'
}

# bats test_tags=rootless
@test "oci config: limits, scheduling, and what the kernel refuses by its place" {
    config '.process.rlimits += [{type: "RLIMIT_CORE", soft: 1024, hard: 2048}] |
        .process.scheduler = {policy: "SCHED_BATCH", nice: 3} | .process.oomScoreAdj = 17 |
        .process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 6} |
        .linux.personality = {domain: "LINUX32"}'
    program sh -c 'ulimit -c; ulimit -n; cut -d" " -f19,41 /proc/self/stat; busybox ionice
        cat /proc/self/oom_score_adj'
    prints "2
1024
3 3
best-effort: prio 6
17"
    config '.process.scheduler = {policy: "SCHED_ISO"}'
    refused "process.scheduler: SCHED_ISO: "
    config 'del(.process.scheduler) | .process.rlimits[0].type = "RLIMIT_NONE"'
    refused 'process.rlimits[0].type: unknown value "RLIMIT_NONE"'
}

@test "oci config: memory policies" {
    [ -e /proc/self/numa_maps ] || skip "needs NUMA"
    config '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "0", flags: ["MPOL_F_STATIC_NODES"]}'
    program sh -c 'cut -d" " -f2 /proc/self/numa_maps | uniq'
    prints bind=static:0
    config '.linux.memoryPolicy = {}'
    refused "invalid memory policy"
    config '.linux.memoryPolicy = {mode: "MPOL_LOCAL", nodes: "0-7"}'
    refused "mode requires 0 nodes but got 8"
}

@test "oci config: sysctls of its own namespaces, and no others" {
    config '.linux.sysctl = {"net.ipv4.ip_forward": "1", "kernel.shmmax": "4096",
        "net/ipv4/conf/lo/forwarding": "0"} | .domainname = "example.org"'
    program sh -c 'cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shmmax /proc/sys/kernel/domainname; hostname'
    prints "1
4096
example.org
tiny"
    config '.linux.sysctl = {"kernel.panic": "1"}'
    refused 'linux.sysctl: "kernel.panic" is not in a separate kernel namespace'
    config '.linux.sysctl = {"kernel.domainname": "other"}'
    refused 'linux.sysctl: "kernel.domainname" is not what domainname says'
}

# bats test_tags=rootless
@test "oci config: seccomp answers by argument, and with what errno is asked for" {
    config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", flags: ["SECCOMP_FILTER_FLAG_LOG"],
        syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 39},
            {names: ["kill"], action: "SCMP_ACT_ERRNO", errnoRet: 17,
             args: [{index: 1, value: 10, op: "SCMP_CMP_EQ"}]}]}'
    program sh -c 'mkdir /tmp/x 2>&1; kill -10 $$ 2>&1; kill -0 $$ && echo asked'
    run -0 oci run --bundle "$BUNDLE" "$ID"
    output_has "Directory not empty" "File exists" asked
    config '.linux.seccomp.flags = ["NONE"]'
    refused 'linux.seccomp.flags: unknown flag "NONE"'
}

# bats test_tags=rootless
@test "oci config: seccomp's actions, one by one" {
    local action
    program sh -c 'mkdir /tmp/x 2>&1 && echo made'
    for action in KILL KILL_THREAD KILL_PROCESS TRAP ERRNO TRACE LOG ALLOW; do
        config --arg action "SCMP_ACT_$action" '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
            syscalls: [{names: ["mkdir", "mkdirat"], action: $action}]}'
        run oci run --bundle "$BUNDLE" "$ID"
        rm -rf "$BUNDLE/rootfs/tmp/x"
        case $action in
        KILL* | TRAP) [ "$status" = 159 ] ;; # SIGSYS, of mkdir that the shell became
        ERRNO) output_has "Operation not permitted" ;;
        TRACE) output_has "Function not implemented" ;; # there is no tracer
        *) output_is made ;;
        esac || {
            echo "$action: $status $output"
            false
        }
    done
    config '.linux.seccomp.defaultAction = "SCMP_ACT_NOTIFY"'
    refused "SCMP_ACT_NOTIFY cannot be the default action"
}

@test "oci config: seccomp's operators, one by one" {
    local op answers
    # Of signals 9 to 11 to nobody, which are refused with EEXIST where the rule holds for them.
    program sh -c 'for s in 9 10 11; do kill -$s 999999 2>&1; done | grep -c "File exists"'
    for op in EQ:1 NE:2 LT:1 LE:2 GT:1 GE:2; do
        config --arg op "SCMP_CMP_${op%:*}" '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
            syscalls: [{names: ["kill"], action: "SCMP_ACT_ERRNO", errnoRet: 17,
                args: [{index: 1, value: 10, op: $op}]}]}'
        run oci run --bundle "$BUNDLE" "$ID"
        output_is "${op#*:}"
    done
    # 9 and 11 have the lowest bit.
    config '.linux.seccomp.syscalls[0].args = [{index: 1, value: 1, valueTwo: 1, op: "SCMP_CMP_MASKED_EQ"}]'
    prints 2
}

@test "oci config: what this host cannot honour is an error" {
    [ ! -e /sys/fs/resctrl/schemata ] || skip "needs a host without resctrl"
    config '.linux.intelRdt = {closID: "gold"}'
    refused "linux.intelRdt: no resctrl is mounted"
}

# bats test_tags=rootless
@test "oci config: what an old kernel cannot do is an error, and the rest is done" {
    add_mount '{"destination": "/m", "source": "/etc", "options": ["rbind", "rro"]}'
    BERTH_LACK=all refused "mount /etc on /m: a recursive mount option needs Linux 5.12"
    config '.mounts[-1].options = ["rbind", "ro", "nosuid"]'
    program sh -c 'touch /m/x 2>&1; echo $$; ls /proc/self/fd | wc -l'
    BERTH_LACK=all run -0 oci run --bundle "$BUNDLE" "$ID"
    output_is "touch: /m/x: Read-only file system
1
4"
}

@test "oci config: unknown properties are ignored" {
    config '.unknown = {a: 1} | .linux.unknown = [1] | .process.unknown = "x" | .mounts[0].unknown = null'
    program echo fine
    prints fine
}

# bats test_tags=rootless
@test "oci config: a container without a process is created, and does not start" {
    config 'del(.process)'
    oci create --bundle "$BUNDLE" "$ID" </dev/null >/dev/null
    status_is created
    oci_fails "process: is missing" -- start "$ID"
    oci delete --force "$ID"
    refused "process: is missing"
}

# --- hooks -------------------------------------------------------------------

# bats test_tags=rootless
@test "oci config: six kinds of hooks, in their order, with the state on standard input" {
    local log=$BATS_TEST_TMPDIR/log
    config --arg log "$log" '
        def hook($kind): [{path: "/bin/sh", env: ["PATH=/usr/bin:/bin", "KIND=" + $kind],
            args: ["sh", "-c", "read -r s; echo $KIND $s >>" + $log]}];
        .hooks = {prestart: hook("prestart"), createRuntime: hook("createRuntime"),
            createContainer: hook("createContainer"), poststart: hook("poststart"),
            poststop: hook("poststop"),
            startContainer: [{path: "/bin/sh", args: ["sh", "-c", "cat >/tmp/state"]}]} |
        .annotations = {kind: "test"}'
    program sh -c 'cat /tmp/state; echo'
    run -0 oci run --bundle "$BUNDLE" "$ID"
    [ "$(jq -r '.status, .id, .annotations.kind' <<<"$output")" = "created
$ID
test" ]
    run -0 cut -d' ' -f1 "$log"
    output_is "prestart
createRuntime
createContainer
poststart
poststop"
    run -0 sh -c 'cut -d" " -f2- "$1" | jq -r .status' sh "$log"
    output_is "creating
creating
creating
running
stopped"
    run -0 sh -c 'cut -d" " -f2- "$1" | jq -r .bundle | sort -u' sh "$log"
    output_is "$BUNDLE"
}

# bats test_tags=rootless
@test "oci config: a hook that fails, or takes too long, ends the start" {
    config '.hooks.createRuntime = [{path: "/bin/true"}, {path: "/bin/false"}]'
    refused "error running createRuntime hook #1: exit status 1"
    config '.hooks = {createContainer: [{path: "/bin/sleep", args: ["sleep", "60"], timeout: 1}]}'
    refused "hook ran past specified timeout of 1.0s"
}

@test "oci config: before the pivot a hook finds the root at its path in the container's namespace" {
    needs root
    needs program nsenter
    echo outside >"$BUNDLE/rootfs/etc/seen"
    echo inside >"$BATS_TEST_TMPDIR/file"
    config --arg from "$BATS_TEST_TMPDIR/file" --arg to "$BUNDLE/rootfs/etc/seen" '
        def hook($name): {path: "/bin/sh", args: ["sh", "-c",
            "pid=$(sed -n \"s/.*\\\"pid\\\": *\\([0-9]*\\).*/\\1/p\" | head -n 1);" +
            "nsenter -m -t $pid mount --bind " + $from + " " + $to + $name]};
        .hooks = {createRuntime: [hook("")]}'
    program cat /etc/seen
    run -0 oci run --bundle "$BUNDLE" "$ID"
    output_is inside
    [ "$(cat "$BUNDLE/rootfs/etc/seen")" = outside ]
}
