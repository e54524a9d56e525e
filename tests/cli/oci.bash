# SPDX-License-Identifier: BSD-2-Clause
# What tests of berth-oci share: `load oci`. Each test has a root folder of its own, a bundle in
# $BUNDLE and an ID in $ID that no other test has.
load "$(realpath "${BASH_SOURCE[0]%/*}")/helpers"

OCI=${OCI:-${BERTH%/*}/berth-oci}

oci() {
    "$OCI" --root "$BATS_TEST_TMPDIR/oci" "$@"
}

setup() {
    ID=b$(od -An -N6 -tx1 /dev/urandom | tr -d ' ')
    BUNDLE=$BATS_TEST_TMPDIR/bundle
    new_bundle "$BUNDLE"
}

teardown() {
    leave_nothing_oci
}

leave_nothing_oci() {
    local id left=0
    for id in $(oci list -q 2>/dev/null); do
        oci delete --force "$id" || left=1
        no_cgroup_of "$id" || left=1
    done
    no_process_left || left=1
    no_mount_left || left=1
    [ $left = 0 ]
}

# A bundle whose program sleeps.
new_bundle() { # FOLDER
    mkdir -p "$1/rootfs"
    tar -C "$1/rootfs" -xf "$FIXTURES/rootfs.tar"
    cat >"$1/config.json" <<'CONFIG'
{
  "ociVersion": "1.2.0",
  "process": {
    "user": { "uid": 0, "gid": 0 },
    "args": ["sleep", "1000"],
    "env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"],
    "cwd": "/",
    "capabilities": {
      "bounding": ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"],
      "effective": ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"],
      "permitted": ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"]
    },
    "rlimits": [{ "type": "RLIMIT_NOFILE", "hard": 1024, "soft": 1024 }],
    "noNewPrivileges": true
  },
  "root": { "path": "rootfs" },
  "hostname": "tiny",
  "mounts": [
    { "destination": "/proc", "type": "proc", "source": "proc" },
    { "destination": "/dev", "type": "tmpfs", "source": "tmpfs",
      "options": ["nosuid", "strictatime", "mode=755", "size=65536k"] },
    { "destination": "/dev/pts", "type": "devpts", "source": "devpts",
      "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"] },
    { "destination": "/sys", "type": "sysfs", "source": "sysfs",
      "options": ["nosuid", "noexec", "nodev", "ro"] }
  ],
  "linux": {
    "namespaces": [{ "type": "pid" }, { "type": "network" }, { "type": "ipc" },
      { "type": "uts" }, { "type": "mount" }],
    "maskedPaths": ["/proc/kcore"],
    "readonlyPaths": ["/proc/sys"]
  }
}
CONFIG
    [ "$(id -u)" = 0 ] || rootless_config "$1"
}

rootless_config() { # FOLDER: as `spec --rootless` makes it
    jq --argjson uid "$(id -u)" --argjson gid "$(id -g)" '
        .linux.namespaces |= map(select(.type != "network")) + [{ "type": "user" }] |
        .linux.uidMappings = [{ "containerID": 0, "hostID": $uid, "size": 1 }] |
        .linux.gidMappings = [{ "containerID": 0, "hostID": $gid, "size": 1 }] |
        .mounts |= map(if .destination == "/sys"
            then { "destination": "/sys", "type": "none", "source": "/sys",
                   "options": ["rbind", "nosuid", "noexec", "nodev", "ro"] } else . end)' \
        "$1/config.json" >"$1/new.json"
    mv "$1/new.json" "$1/config.json"
}

# Changes the bundle's configuration: config '.process.cwd = "/tmp"', or with jq's options before.
config() {
    jq "$@" <"$BUNDLE/config.json" >"$BUNDLE/new.json"
    mv "$BUNDLE/new.json" "$BUNDLE/config.json"
}

# Its program becomes this.
program() {
    config '.process.args = $ARGS.positional' --args -- "$@"
}

# Creates and starts it.
started() {
    oci create --bundle "$BUNDLE" "$ID" </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1
    oci start "$ID"
}

status_is() { # STATUS [ID]
    [ "$(oci state "${2:-$ID}" | jq -r .status)" = "$1" ]
}

pid_in() {
    oci state "${1:-$ID}" | jq .pid
}

# berth-oci fails with words, and the status that -N says (1).
oci_fails() { # [-CODE] WORDS... -- ARGUMENTS...
    local code=1 words=()
    [[ $1 =~ ^-[0-9]+$ ]] && code=${1#-} && shift
    while [ "$1" != -- ]; do
        words+=("$1")
        shift
    done
    shift
    run "-$code" oci "$@"
    output_has "${words[@]}"
}

# Waits for one descriptor at $BATS_TEST_TMPDIR/socket; what it says is in …/received.
receive() { # terminal|pidfd
    "$TESTS/fixtures/receive-fd" "$1" "$BATS_TEST_TMPDIR/socket" >"$BATS_TEST_TMPDIR/received" 2>&1 3>&- &
    RECEIVER=$!
    wait_for test -S "$BATS_TEST_TMPDIR/socket"
}
