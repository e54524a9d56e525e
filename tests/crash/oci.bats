# SPDX-License-Identifier: BSD-2-Clause
# berth-oci killed at its system calls, one after another: afterwards `state` and `delete --force` work, and no process,
# mount, cgroup or file of the container lingers.  By default the first call of each kind that changes anything; with
# CRASH_MOST=1000 every call of every kind.

load ../cli/oci

MOST=${CRASH_MOST:-1}
# Reads are of interest only to the thorough.
READS='^(read|pread64|fstat|newfstatat|statx|lseek|getpid|gettid|access|readlink|mmap|munmap|mprotect|brk|getdents64|fstatfs|statfs|rt_sigaction|rt_sigprocmask|uname|getrandom|arch_prctl|set_tid_address|set_robust_list|rseq|prlimit64|sysinfo|geteuid|getuid|getgid|getegid|futex|poll|ppoll|getcwd|capget|getrlimit)$'

setup() {
    needs program strace
    ID=b$(od -An -N6 -tx1 /dev/urandom | tr -d ' ')
    BUNDLE=$BATS_TEST_TMPDIR/bundle
    new_bundle "$BUNDLE"
}

traced() { # STRACE-OPTION... -- ARGUMENTS
    local options=()
    while [ "$1" != -- ]; do
        options+=("$1")
        shift
    done
    shift
    code=0
    # In a shell of its own, which says nothing of who was killed.
    (timeout -k 2 30 strace -qq -o "$BATS_TEST_TMPDIR/trace" "${options[@]}" -- \
        "$OCI" --root "$BATS_TEST_TMPDIR/oci" "$@" </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1) 2>/dev/null || code=$?
}

# "COUNT CALL" a line: what the command does when nobody disturbs it, at most in one process.
kinds() {
    sed -E 's/^[0-9]+ +//' "$BATS_TEST_TMPDIR/trace" | grep -oE '^[a-z0-9_]+\(' | tr -d '(' | sort | uniq -c |
        if [ "$MOST" -lt 40 ]; then awk -v r="$READS" '$2 !~ r'; else cat; fi
}

# The first process has the command line of who created it, until it executes its program.
processes_of() {
    # The brackets keep grep from finding itself.
    grep -las "[${ID:0:1}]${ID:1}" /proc/[0-9]*/cmdline | while read -r file; do
        echo "$file $(cat "$file" 2>/dev/null | tr '\0' ' ')"
    done
}

nothing_lingers() {
    wait_gone processes_of "a process is left"
    no_process_left
    no_mount_left
    no_cgroup_of "$ID"
    [ -z "$(ls -A "$BATS_TEST_TMPDIR/oci" 2>/dev/null)" ] || { ls -lAR "$BATS_TEST_TMPDIR/oci"; return 1; }
}

# Whatever is left of it can be asked about and removed.
state_and_delete_work() {
    local status=0
    timeout 20 "$OCI" --root "$BATS_TEST_TMPDIR/oci" state "$ID" >"$BATS_TEST_TMPDIR/state" 2>&1 || status=$?
    if [ $status = 0 ]; then
        jq -e '.status' "$BATS_TEST_TMPDIR/state" >/dev/null
    else
        grep -q "container does not exist" "$BATS_TEST_TMPDIR/state"
    fi
    [ ! -d "$BATS_TEST_TMPDIR/oci" ] || oci list >/dev/null || echo "list fails"
    timeout 20 "$OCI" --root "$BATS_TEST_TMPDIR/oci" delete --force "$ID" || { echo "delete exits with $?"; return 1; }
}

after() {
    state_and_delete_work
    nothing_lingers
}

killed_everywhere() { # STRACE-OPTION... -- ARGUMENTS; before() makes what they need, after() looks
    local count call n step tried=0 sane list
    before
    traced "$@"
    list=$(kinds)
    after
    [ -n "$list" ]
    while read -r count call; do
        [[ $call =~ ${CRASH_CALLS:-.} ]] || continue
        step=$(((count + MOST - 1) / MOST))
        for ((n = 1; n <= count; n += step)); do
            before
            traced -e trace="$call" -e inject="$call:signal=KILL:when=$n" "$@"
            tried=$((tried + 1))
            set +e
            (
                set -e
                after
            ) >"$BATS_TEST_TMPDIR/said" 2>&1
            sane=$?
            set -e
            if [ $code = 124 ] || [ $sane != 0 ]; then
                echo "killed at $call number $n of $count, exit $code; then:"
                cat "$BATS_TEST_TMPDIR/said" "$BATS_TEST_TMPDIR/state" "$BATS_TEST_TMPDIR/out"
                tail -3 "$BATS_TEST_TMPDIR/trace"
                return 1
            fi
        done
    done <<<"$list"
    echo "# $BATS_TEST_DESCRIPTION: $tried tries" >>"${BERTH_CRASH_LOG:-/dev/null}"
    [ $tried -gt 5 ] || [ "${CRASH_CALLS:-}" ]
}

@test "oci: create killed anywhere" {
    before() { :; }
    # Without -f: the container's process waits, and strace would with it.
    killed_everywhere -- create --bundle "$BUNDLE" "$ID"
}

@test "oci: start killed anywhere" {
    before() { oci create --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1; }
    killed_everywhere -- start "$ID"
}

@test "oci: run killed anywhere, or its container" {
    program true
    before() { :; }
    killed_everywhere -f -- run --bundle "$BUNDLE" "$ID"
}

@test "oci: exec killed anywhere, or what it executes" {
    before() { oci state "$ID" >/dev/null 2>&1 || started; }
    # The container itself is none the worse.
    after() {
        status_is running
        oci exec "$ID" true
        processes_of() { pgrep -f "exec $ID" || true; }
        wait_gone processes_of "a process is left"
    }
    killed_everywhere -f -- exec "$ID" true
}

@test "oci: delete killed anywhere" {
    before() { started; }
    killed_everywhere -- delete --force "$ID"
}
