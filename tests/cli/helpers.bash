# SPDX-License-Identifier: BSD-2-Clause
# What tests of the command line share: `load helpers`.
#
# Each test has roots of its own in $BATS_TEST_TMPDIR, no network but loopback, and must leave
# nothing behind: teardown() removes all containers and fails if a process, mount or cgroup stays.
#
# Tags: a test runs as root; with `rootless` also as a plain user; with `only-rootless` only so.
# A missing ability skips with its name: `needs v2`, `needs kernel 6.5`, `needs program podman`.

bats_require_minimum_version 1.5.0

TESTS=$(cd "${BASH_SOURCE[0]%/*}/.." && pwd)
BERTH=${BERTH:-$(realpath -m "$TESTS/../build/berth")}
FIXTURES=${FIXTURES:-${BERTH_FIXTURES:-}}
export CONTAINERS_CONF=$TESTS/fixtures/containers.conf
# What script(1) runs its commands with.
export SHELL=/bin/bash

berth() {
    "$BERTH" --root "$BATS_TEST_TMPDIR/lib" --runroot "$BATS_TEST_TMPDIR/run" "$@"
}

# The image of most tests, localhost/tiny:latest.
tiny() {
    berth load -q -i "$FIXTURES/tiny.tar" >/dev/null
}

setup() {
    tiny
}

teardown() {
    leave_nothing
}

# --- abilities ---------------------------------------------------------------

# v2: a unified hierarchy; v1: the old one (hybrid counts); kernel N.N; program NAME; root;
# landlock; userns; loop; lib NAME...
needs() {
    case $1 in
    v2) [ -e /sys/fs/cgroup/cgroup.controllers ] || skip "needs pure cgroup v2" ;;
    v1) [ -d /sys/fs/cgroup/memory ] || skip "needs cgroup v1" ;;
    root) [ "$(id -u)" = 0 ] || skip "needs root" ;;
    kernel)
        printf '%s\n' "$2" "$(uname -r)" | sort -VC || skip "needs kernel $2"
        ;;
    program) command -v "$2" >/dev/null || skip "needs the program $2" ;;
    userns) unshare -Ur true 2>/dev/null || skip "needs user namespaces" ;;
    subids) grep -q "^$(id -un):" /etc/subuid 2>/dev/null || skip "needs subordinate ids" ;;
    landlock) grep -qw landlock /sys/kernel/security/lsm 2>/dev/null || skip "needs Landlock" ;;
    loop) losetup -f >/dev/null 2>&1 || skip "needs loop devices" ;;
    containers)
        # A plain user's are in a user namespace of his own.
        [ "$(id -u)" = 0 ] || needs userns
        ;;
    limits) [ "$(id -u)" = 0 ] || skip "needs delegated cgroups" ;;
    resource) capsh --has-p=cap_sys_resource 2>/dev/null || skip "needs CAP_SYS_RESOURCE" ;;
    *) false ;;
    esac
}

# --- what came out -----------------------------------------------------------

# Each says what it saw when it fails; they look at `run`'s $output.
output_is() {
    [ "$output" = "$1" ] && return
    printf 'expected: %s\ngot:      %s\n' "$1" "$output"
    return 1
}

output_has() {
    local text
    for text; do
        [[ $output == *"$text"* ]] && continue
        printf 'expected to find: %s\nin: %s\n' "$text" "$output"
        return 1
    done
}

output_lacks() {
    local text
    for text; do
        [[ $output != *"$text"* ]] && continue
        printf 'expected not to find: %s\nin: %s\n' "$text" "$output"
        return 1
    done
}

output_matches() { # an extended regular expression, of the whole output
    printf %s "$output" | grep -Ezq -- "$1" && return
    printf 'expected to match: %s\ngot: %s\n' "$1" "$output"
    return 1
}

# An error of the engine: exit 125 (or the code that -N says) and one line that has the words.
fails_with() { # [-CODE] WORDS... -- BERTH-ARGUMENTS...
    local code=125 words=()
    [[ $1 =~ ^-[0-9]+$ ]] && code=${1#-} && shift
    while [ "$1" != -- ]; do
        words+=("$1")
        shift
    done
    shift
    run "-$code" berth "$@"
    output_has "Error: " "${words[@]}"
}

# --- waiting -----------------------------------------------------------------

# Tries a command until it succeeds, 10 s at most (WAIT_S): nothing sleeps for a guess.
wait_for() {
    local end=$((SECONDS + ${WAIT_S:-10}))
    until "$@" >/dev/null 2>&1; do
        if [ $SECONDS -ge $end ]; then
            echo "waited in vain for: $*"
            return 1
        fi
        sleep 0.05
    done
}

# The host's number of a container's first process.
pid_of() {
    berth inspect --format '{{.State.Pid}}' "$1"
}

state_is() { # CONTAINER STATE
    [ "$(berth inspect --format '{{.State.Status}}' "$1")" = "$2" ]
}

# No container has the name. `container exists a` would also take an id that begins with a.
no_container_named() {
    run -0 berth ps -a --format '{{.Names}}' --filter "name=^$1\$"
    output_is ""
}

# --- nothing lingers ---------------------------------------------------------

# Removes what the test left and says what would not go. Called by teardown().
leave_nothing() {
    local ids id left=0
    registries_stop
    ids=$(berth ps -a -q --no-trunc 2>/dev/null)
    if [ -n "$ids" ] && ! berth rm -f -t 0 $ids >/dev/null; then
        echo "rm -f failed for: $ids"
        left=1
    fi
    for id in $ids; do
        no_cgroup_of "$id" || left=1
    done
    holder_stop
    no_process_left || left=1
    no_mount_left || left=1
    [ $left = 0 ]
}

# Servers that a test has started, by their PIDs in the file peers.
peers_end() {
    local pid
    for pid in $(cat "$BATS_TEST_TMPDIR/peers" 2>/dev/null); do
        # It may be the shell of a function that has only begun the server.
        kill $(ps -o pid= --ppid "$pid") "$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
    done
}

# The process that holds a plain user's namespace stays for his next command.
holder_stop() {
    local pid
    pid=$(jq -r .pid "$BATS_TEST_TMPDIR/run/hold.json" 2>/dev/null) || return 0
    [ -n "$pid" ] || return 0
    kill "$pid" 2>/dev/null
    while kill -0 "$pid" 2>/dev/null; do sleep 0.01; done
}

no_cgroup_of() { # ID
    local found
    # Others' groups come and go while it looks, which is a failure to find.
    found=$(find /sys/fs/cgroup -maxdepth 6 -type d -name "*$1*" 2>/dev/null) || true
    [ -z "$found" ] && return
    echo "a cgroup is left: $found"
    return 1
}

# Berth's own programs that carry this test's folder in their environment or command line.
berth_processes() {
    local process
    find /proc -mindepth 2 -maxdepth 2 -path '/proc/[0-9]*/exe' \
        \( -lname "${BERTH%/*}/*" -o -lname '/memfd:*' \) -printf '%h %l\n' 2>/dev/null |
        while read -r process exe; do
            cat "$process/environ" "$process/cmdline" 2>/dev/null | tr '\0' '\n' |
                grep -qE "^(BATS_TEST_TMPDIR=)?$BATS_TEST_TMPDIR(/|\$)" && echo "${process#/proc/} $exe"
        done
    return 0
}

no_process_left() {
    wait_gone berth_processes "a process is left"
}

mounts_here() {
    grep -F "$BATS_TEST_TMPDIR" /proc/self/mountinfo
}

no_mount_left() {
    wait_gone mounts_here "a mount is left"
}

wait_gone() { # COMMAND WORDS: until the command prints nothing
    local found end=$((SECONDS + ${WAIT_S:-10}))
    while found=$("$1") && [ -n "$found" ]; do
        if [ $SECONDS -ge $end ]; then
            echo "$2: $found"
            return 1
        fi
        sleep 0.05
    done
    return 0
}

# --- registries --------------------------------------------------------------

# Each is started by a test and ended by its teardown.
#   registry_start [--tls] [--auth USER:PASS] [--client-ca FILE]
#                                               Debian's docker-registry; sets REGISTRY (HOST:PORT),
#                                               with --tls CA (a file) and CERTS (for --cert-dir)
#   registry_push LAYOUT REPOSITORY:TAG         puts a fixture in
#   faulty_start LAYOUT [--tls] [--auth KIND:USER:PASS]   sets FAULTY and FAULTY_DIR
#   faulty_rule RULE                            see tests/fixtures/faulty-registry
certificates() {
    CERTS=$BATS_TEST_TMPDIR/certs
    [ -e "$CERTS/ca.crt" ] || "$TESTS/fixtures/make-certificates" "$BATS_TEST_TMPDIR/ca"
    mkdir -p "$CERTS"
    cp "$BATS_TEST_TMPDIR/ca/ca.crt" "$CERTS/ca.crt"
    CA=$CERTS/ca.crt
}

server_start() { # FOLDER COMMAND...: sets ADDRESS
    local folder=$1
    shift
    mkdir -p "$folder"
    # Not bats' descriptor 3, or bats waits for the server.
    "$@" >"$folder/stdout" 2>&1 3>&- &
    echo $! >>"$BATS_TEST_TMPDIR/servers"
    wait_for test -s "$folder/address" || {
        cat "$folder/stdout" "$folder/log" 2>/dev/null
        return 1
    }
    ADDRESS=$(cat "$folder/address")
}

registry_start() {
    local folder=$BATS_TEST_TMPDIR/registry options=()
    REGISTRY_SCHEME=http REGISTRY_CURL=()
    while [ $# -gt 0 ]; do
        case $1 in
        --tls)
            certificates
            options+=(--tls "$BATS_TEST_TMPDIR/ca")
            REGISTRY_SCHEME=https
            REGISTRY_CURL+=(--cacert "$CA")
            ;;
        --client-ca)
            options+=(--client-ca "$2")
            shift
            ;;
        --auth)
            options+=(--auth "$2")
            REGISTRY_CURL+=(-u "$2")
            shift
            ;;
        esac
        shift
    done
    mkdir -p "$folder"
    server_start "$folder" "$TESTS/fixtures/registry" "$folder" "${options[@]}"
    REGISTRY=$ADDRESS
}

registry_push() { # LAYOUT REPOSITORY:TAG
    "$TESTS/fixtures/push" "$1" "$REGISTRY_SCHEME://$REGISTRY" "${2%:*}" "${2##*:}" \
        "${REGISTRY_CURL[@]}"
}

faulty_start() { # LAYOUT [--tls] [--auth KIND:USER:PASS]
    local layout=$1 options=()
    FAULTY_DIR=$BATS_TEST_TMPDIR/faulty
    shift
    while [ $# -gt 0 ]; do
        case $1 in
        --tls)
            certificates
            options+=(--tls "$BATS_TEST_TMPDIR/ca/server.crt" "$BATS_TEST_TMPDIR/ca/server.key")
            ;;
        --auth)
            options+=(--auth "$2")
            shift
            ;;
        esac
        shift
    done
    mkdir -p "$FAULTY_DIR"
    : >"$FAULTY_DIR/log"
    server_start "$FAULTY_DIR" "$TESTS/fixtures/faulty-registry" "$layout" "$FAULTY_DIR" \
        "${options[@]}"
    FAULTY=$ADDRESS
}

faulty_rule() {
    printf '%s\n' "$@" >>"$FAULTY_DIR/rules"
}

# Requests that the faulty registry saw and jq's filter selects: `faulty_saw '.other'`.
faulty_saw() {
    jq -c "select($1)" "$FAULTY_DIR/log"
}

registries_stop() {
    local pid
    [ -e "$BATS_TEST_TMPDIR/servers" ] || return 0
    while read -r pid; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done <"$BATS_TEST_TMPDIR/servers"
    rm "$BATS_TEST_TMPDIR/servers"
}

# --- a terminal --------------------------------------------------------------

# Runs a command on a pty of its own, 24 by 80, typing $1 into it: `on_pty 'exit 3\n' berth …`.
# What appeared is printed; the exit code is the command's.
on_pty() {
    local typed=$1
    shift
    if [ "$1" = berth ]; then
        shift
        set -- "$BERTH" --root "$BATS_TEST_TMPDIR/lib" --runroot "$BATS_TEST_TMPDIR/run" "$@"
    fi
    python3 "$TESTS/fixtures/on-pty" "$typed" "$@"
}
