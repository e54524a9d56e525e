# SPDX-License-Identifier: BSD-2-Clause
# berth-oci under containerd's CRI plugin: what a kubelet asks of a runtime.

load ../cli/helpers

# Each call is a program of its own.
export WAIT_S=${WAIT_S:-60}

setup_file() {
    export WORK=$BATS_FILE_TMPDIR PARENT=berth-cri-$$
    command -v containerd >/dev/null && /usr/bin/python3 -c 'import grpc, google.protobuf' 2>/dev/null || return 0
    "$TESTS/fixtures/make-tiny" "$WORK/fixtures" >/dev/null
    pause_image
    containerd_start
}

teardown_file() {
    containerd_stop
    find /sys/fs/cgroup -depth -type d -path "*/$PARENT*" -exec rmdir {} + 2>/dev/null || true
}

setup() {
    needs program containerd
    /usr/bin/python3 -c 'import grpc, google.protobuf' 2>/dev/null || skip "needs grpc and protobuf of python"
    PODS=()
}

teardown() {
    local pod
    for pod in "${PODS[@]}"; do
        cri StopPodSandbox --arg id "$pod" '{pod_sandbox_id: $id}' >/dev/null
        cri RemovePodSandbox --arg id "$pod" '{pod_sandbox_id: $id}' >/dev/null
    done
    if [ -d "$WORK/runc" ]; then
        wait_gone records "a container's record is left"
    fi
    wait_gone groups "a control group is left"
}

records() { find "$WORK/runc" -mindepth 2; }
groups() { find /sys/fs/cgroup -type d -path "*/$PARENT/*" 2>/dev/null || true; }

# --- containerd --------------------------------------------------------------

# The first process of a pod: it reaps, as those who share its process namespace leave it their orphans.
pause_image() {
    . "$TESTS/fixtures/oci.bash"
    oci_begin "$WORK/pause"
    oci_layer "$WORK/pause" "$WORK/fixtures/rootfs.tar" none
    oci_commit "$WORK/pause" localhost/pause:latest \
        '{"Cmd": ["/bin/sh", "-c", "trap \"exit 0\" TERM; while :; do sleep 1000 & wait $!; done"]}'
    oci_archive "$WORK/pause" "$WORK/pause.tar"
}

containerd_start() {
    mkdir -p "$WORK/cni" "$WORK/logs"
    cat >"$WORK/config.toml" <<CONFIG
version = 2
root = "$WORK/root"
state = "$WORK/state"
[grpc]
  address = "$WORK/sock"
[ttrpc]
  address = "$WORK/sock.ttrpc"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:latest"
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$WORK/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "native"
    default_runtime_name = "berth"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.berth]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.berth.options]
        BinaryName = "${BERTH%/*}/berth-oci"
        Root = "$WORK/runc"
CONFIG
    cat >"$WORK/cni/10-test.conflist" <<CONFIG
{ "cniVersion": "0.4.0", "name": "berth-cri-$$", "plugins": [ { "type": "ptp", "ipMasq": false,
  "ipam": { "type": "host-local", "subnet": "10.213.77.0/24", "dataDir": "$WORK/leases" } } ] }
CONFIG
    containerd -c "$WORK/config.toml" >"$WORK/log" 2>&1 3>&- 4>&- &
    echo $! >"$WORK/pid"
    wait_for cri Version
    ctr images import --base-name localhost/tiny "$WORK/fixtures/tiny.tar" >/dev/null
    ctr images import --base-name localhost/pause "$WORK/pause.tar" >/dev/null
    wait_for image_known localhost/tiny:latest
    wait_for image_known localhost/pause:latest
}

containerd_stop() {
    [ -e "$WORK/pid" ] || return 0
    kill "$(cat "$WORK/pid")" 2>/dev/null
    # Shims outlive it; they are told by the socket's path.
    pgrep -f "containerd-shim-runc-v2 .*$WORK/sock" | xargs -r kill 2>/dev/null || true
}

ctr() {
    command ctr -a "$WORK/sock" -n k8s.io "$@"
}

cri() { # METHOD [JQ-ARGUMENT...]: those make the request
    local method=$1
    shift
    [ $# -gt 0 ] || set -- '{}'
    jq -n "$@" | "$TESTS/fixtures/cri" "$WORK/sock" "$method"
}

image_known() {
    cri ImageStatus --arg name "$1" '{image: {image: $name}}' | jq -e .image.id
}

# --- pods --------------------------------------------------------------------

# A pod in POD, whose configuration a jq filter may change; on the host's network if it says nothing.
pod() { # NAME [FILTER]
    jq -n --arg name "$1" --arg parent "/$PARENT" --arg logs "$WORK/logs/$1" '{
        metadata: {name: $name, uid: $name, namespace: "default"}, log_directory: $logs,
        linux: {cgroup_parent: $parent, security_context: {namespace_options: {network: 2, pid: 1}}}}' |
        jq "${2:-.}" >"$BATS_TEST_TMPDIR/pod.json"
    POD=$(cri RunPodSandbox --slurpfile c "$BATS_TEST_TMPDIR/pod.json" '{config: $c[0]}' | jq -r .pod_sandbox_id)
    PODS+=("$POD")
}

# A container of the last pod, in ID: sleeps, if no filter says what else.
create() { # NAME [FILTER]
    jq -n --arg name "$1" '{metadata: {name: $name}, image: {image: "localhost/tiny:latest"}, log_path: ($name + ".log"),
        command: ["sleep", "1000"], linux: {security_context: {namespace_options: {network: 2, pid: 1}}}}' |
        jq "${2:-.}" >"$BATS_TEST_TMPDIR/container.json"
    ID=$(cri CreateContainer --arg pod "$POD" --slurpfile c "$BATS_TEST_TMPDIR/container.json" \
        --slurpfile p "$BATS_TEST_TMPDIR/pod.json" '{pod_sandbox_id: $pod, config: $c[0], sandbox_config: $p[0]}' |
        jq -r .container_id)
    [ -n "$ID" ]
}

of_id() { # METHOD [ID]
    cri "$1" --arg id "${2:-$ID}" '{container_id: $id}'
}

started() { # NAME [FILTER]
    create "$@"
    of_id StartContainer >/dev/null
}

status() { # of the last container: FILTER
    of_id ContainerStatus | jq -r ".status$1"
}

exited() { [ "$(status .state)" = 2 ]; }

# Its output and exit code become ours.
exec_sync() { # COMMAND...
    local answer
    answer=$(cri ExecSync --arg id "$ID" '{container_id: $id, cmd: $ARGS.positional, timeout: 60}' --args -- "$@") || return 255
    jq -j .stdout <<<"$answer"
    jq -j .stderr <<<"$answer" >&2
    return "$(jq -r .exit_code <<<"$answer")"
}

log_of() { # NAME
    sed -E 's/^[^ ]+ (stdout|stderr) [FP] /\1 /' "$(jq -r .log_directory "$BATS_TEST_TMPDIR/pod.json")/$1.log"
}

pid() { ctr tasks ls | awk -v id="${1:-$ID}" '$1 == id { print $2 }'; }

# Types a line, and another one when the words have appeared, as the end may lose what was written just before.
talk() { # URL LINE WORDS LINE
    local out=$BATS_TEST_TMPDIR/out code=0
    : >"$out"
    {
        echo "$2"
        wait_for grep -qF "$3" "$out" >&2
        echo "$4"
    } | "$TESTS/fixtures/cri" stream "$1" >"$out" || code=$?
    cat "$out"
    return $code
}

# --- tests -------------------------------------------------------------------

@test "cri: a pod and a container, from creation to removal" {
    pod whole
    create one '.envs = [{key: "A", value: "1 2"}] | .working_dir = "/tmp" |
        .command = ["sh", "-c"] | .args = ["echo \"$A\"; pwd; echo err >&2; sleep 1000"]'
    [ "$(status .state)" = 0 ]
    of_id StartContainer
    [ "$(status .state)" = 1 ]
    logged() { [ "$(log_of one | sort)" = $'stderr err\nstdout /tmp\nstdout 1 2' ]; }
    wait_for logged
    run -0 ctr tasks ls
    output_has "$ID" "$POD" RUNNING
    run -0 exec_sync echo hello
    output_is hello
    run -3 exec_sync sh -c 'exit 3'
    run -4 ctr tasks exec --exec-id x "$ID" sh -c 'exit 4'
    # A shell without a trap is the first of its namespace, and so deaf to SIGTERM: it takes the time-out's SIGKILL.
    cri StopContainer --arg id "$ID" '{container_id: $id, timeout: 1}'
    [ "$(status .state) $(status .exit_code) $(status .reason)" = "2 137 Error" ]
    of_id RemoveContainer
    run -1 of_id ContainerStatus
    output_has NOT_FOUND
    cri StopPodSandbox --arg id "$POD" '{pod_sandbox_id: $id}'
    [ "$(cri PodSandboxStatus --arg id "$POD" '{pod_sandbox_id: $id}' | jq .status.state)" = 1 ]
    cri RemovePodSandbox --arg id "$POD" '{pod_sandbox_id: $id}'
    run -1 cri PodSandboxStatus --arg id "$POD" '{pod_sandbox_id: $id}'
    output_has NOT_FOUND
}

@test "cri: exit codes, and what cannot be executed" {
    pod codes
    started seven '.command = ["sh", "-c", "exit 7"]'
    wait_for exited
    [ "$(status .exit_code) $(status .reason)" = "7 Error" ]
    started zero '.command = ["true"]'
    wait_for exited
    [ "$(status .exit_code) $(status .reason)" = "0 Completed" ]
    create missing '.command = ["no-such-program"]'
    run -1 of_id StartContainer
    output_has no-such-program "not found in \$PATH"
    [ "$(status .state) $(status .reason)" = "2 StartError" ]
    create folder '.command = ["/etc"]'
    run -1 of_id StartContainer
    output_has "permission denied"
    # On SIGTERM it may end by itself, within the time.
    started trap '.command = ["sh", "-c", "trap \"exit 9\" TERM; while :; do sleep 0.1; done"]'
    wait_for exec_sync sh -c 'grep -q "^SigCgt:.*4..." /proc/1/status'
    cri StopContainer --arg id "$ID" '{container_id: $id, timeout: 60}'
    [ "$(status .exit_code)" = 9 ]
    started running
    run -255 exec_sync no-such-program
    output_has "not found in \$PATH"
}

@test "cri: limits, their update, and statistics" {
    pod limits
    started one '.linux.resources = {memory_limit_in_bytes: 67108864, cpu_shares: 512, cpu_quota: 50000, cpu_period: 100000,
        cpuset_cpus: "0"}'
    limit() { # CONTROLLER FILE-OF-V1 FILE-OF-V2
        cat "/sys/fs/cgroup/$1/$PARENT/$ID/$2" 2>/dev/null || cat "/sys/fs/cgroup/$PARENT/$ID/$3"
    }
    [ "$(limit memory memory.limit_in_bytes memory.max)" = 67108864 ]
    [ "$(limit cpuset cpuset.cpus cpuset.cpus)" = 0 ]
    [[ $(limit cpu cpu.cfs_quota_us cpu.max) == 50000* ]]
    cri UpdateContainerResources --arg id "$ID" \
        '{container_id: $id, linux: {memory_limit_in_bytes: 134217728, cpu_quota: 70000, cpu_period: 100000}}'
    [ "$(limit memory memory.limit_in_bytes memory.max)" = 134217728 ]
    [[ $(limit cpu cpu.cfs_quota_us cpu.max) == 70000* ]]
    run -0 of_id ContainerStats
    jq -e '.stats | (.cpu.usage_core_nano_seconds.value | tonumber) > 0 and (.memory.working_set_bytes.value | tonumber) > 0 and
        .attributes.metadata.name == "one"' <<<"$output"
    create two '.linux.resources = {memory_limit_in_bytes: 1}'
    run -1 of_id StartContainer
    [ "$(status .state)" = 2 ]
}

@test "cri: a security context: user, groups, capabilities, read-only root, masked paths, no new privileges" {
    pod secure
    mkdir -p "$WORK/data"
    echo kept >"$WORK/data/file"
    started one '.mounts = [{container_path: "/data", host_path: "'"$WORK/data"'", readonly: true}] |
        .linux.security_context += {
        run_as_user: {value: 1000}, run_as_group: {value: 60}, supplemental_groups: [2000], readonly_rootfs: true,
        no_new_privs: true, capabilities: {add_capabilities: ["NET_ADMIN"], drop_capabilities: ["ALL"]},
        masked_paths: ["/proc/kcore", "/etc/plain"], readonly_paths: ["/proc/sys"]}'
    run -0 exec_sync sh -c 'id -u; id -g; id -G'
    output_matches $'^1000\n60\n60 .*2000'
    run -0 exec_sync grep -E '^(CapBnd|NoNewPrivs)' /proc/self/status
    output_is $'CapBnd:\t0000000000001000\nNoNewPrivs:\t1'
    run exec_sync touch /new
    output_has "Read-only file system"
    run exec_sync touch /data/file
    output_has "Read-only file system"
    run -0 exec_sync cat /data/file /etc/plain
    output_is kept
    run exec_sync sh -c 'echo 1 >/proc/sys/kernel/printk'
    output_has "Read-only file system"
    started name '.linux.security_context.run_as_username = "user"'
    run -0 exec_sync id -u
    output_is 1000
}

@test "cri: seccomp: unconfined, containerd's own, and one of a file" {
    pod seccomp
    cat >"$WORK/profile.json" <<'PROFILE'
{ "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
  { "names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28 } ] }
PROFILE
    started none '.linux.security_context.seccomp = {profile_type: 1}'
    run -0 exec_sync grep ^Seccomp: /proc/self/status
    output_is $'Seccomp:\t0'
    started default '.linux.security_context.seccomp = {profile_type: 0}'
    run -0 exec_sync grep ^Seccomp: /proc/self/status
    output_is $'Seccomp:\t2'
    run exec_sync unshare -m true
    output_has "Operation not permitted"
    started file '.linux.security_context.seccomp = {profile_type: 2, localhost_ref: "'"$WORK/profile.json"'"}'
    run exec_sync mkdir /new
    output_has "No space left on device"
}

@test "cri: a privileged container" {
    pod privileged '.linux.security_context.privileged = true'
    started one '.linux.security_context.privileged = true'
    run -0 exec_sync sh -c 'grep CapEff /proc/self/status; grep CapBnd /proc/1/status'
    output_has "CapEff:"$'\t'"$(sed -n 's/^CapEff:\t//p' "/proc/$(cat "$WORK/pid")/status")"
    exec_sync test -e /dev/full
    exec_sync sh -c 'mount -t tmpfs none /tmp && touch /tmp/there && umount /tmp'
    # All that the host's /dev has.
    run -0 exec_sync ls /dev
    for name in tty random; do output_has "$name"; done
}

@test "cri: containers of a pod share its processes, its network and its IPC" {
    [ -x /usr/lib/cni/ptp ] || skip "needs the CNI plugins"
    pod shared '.hostname = "together" | .linux.security_context.namespace_options = {network: 0, pid: 0} |
        .linux.sysctls = {"net.ipv4.ip_unprivileged_port_start": "99"}'
    local options='.linux.security_context.namespace_options = {network: 0, pid: 0}' one two
    started one "$options"
    one=$ID
    started two "$options"
    two=$ID
    for kind in pid net ipc uts; do
        [ "$(readlink "/proc/$(pid "$one")/ns/$kind")" = "$(readlink "/proc/$(pid "$POD")/ns/$kind")" ]
        [ "$(readlink "/proc/$(pid "$two")/ns/$kind")" = "$(readlink "/proc/$(pid "$POD")/ns/$kind")" ]
    done
    [ "$(readlink "/proc/$(pid "$one")/ns/mnt")" != "$(readlink "/proc/$(pid "$two")/ns/mnt")" ]
    run -0 exec_sync ps -o args
    [ "$(grep -c '^sleep 1000' <<<"$output")" -ge 2 ]
    run -0 exec_sync hostname
    output_is together
    run -0 exec_sync ip -4 addr show dev eth0
    output_has "$(cri PodSandboxStatus --arg id "$POD" '{pod_sandbox_id: $id}' | jq -r .status.network.ip)"
    run -0 exec_sync cat /proc/sys/net/ipv4/ip_unprivileged_port_start
    output_is 99
    # One that ends leaves the other, and the pod.
    cri StopContainer --arg id "$one" '{container_id: $id, timeout: 0}'
    exec_sync true
    [ "$(cri PodSandboxStatus --arg id "$POD" '{pod_sandbox_id: $id}' | jq .status.state)" = 0 ]
    # One more sees another's processes alone.
    started target '.linux.security_context.namespace_options = {network: 0, pid: 3, target_id: "'"$two"'"}'
    [ "$(readlink "/proc/$(pid)/ns/pid")" = "$(readlink "/proc/$(pid "$two")/ns/pid")" ]
}

@test "cri: a command that takes too long is killed" {
    pod slow
    started one
    run -1 cri ExecSync --arg id "$ID" '{container_id: $id, cmd: ["sleep", "2000"], timeout: 1}'
    output_has "context deadline exceeded"
    wait_for exec_sync sh -c '! ps -o args | grep -q "^sleep 2000"'
}

@test "cri: exec and attach are streams, with a terminal or without" {
    pod streams
    started one
    local url
    url=$(cri Exec --arg id "$ID" '{container_id: $id, cmd: ["sh", "-c", "echo out; echo err >&2; cat; exit 4"], stdin: false,
        stdout: true, stderr: true}' | jq -r .url)
    run -4 --separate-stderr "$TESTS/fixtures/cri" stream "$url" </dev/null
    output_is out
    [ "$stderr" = err ]
    url=$(cri Exec --arg id "$ID" '{container_id: $id, cmd: ["sh"], tty: true, stdin: true, stdout: true}' | jq -r .url)
    run -5 talk "$url" 'until stty size | grep "25 8[1]"; do sleep 0.1; done; tty' /dev/pts/ 'exit 5'
    output_has "25 81"
    started two '.tty = true | .stdin = true | .command = ["sh", "-c", "read line; echo got $line; tty; read end"]'
    url=$(cri Attach --arg id "$ID" '{container_id: $id, tty: true, stdin: true, stdout: true}' | jq -r .url)
    run talk "$url" words /dev/pts/0 end
    output_has "got words"
}
