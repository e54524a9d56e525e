# SPDX-License-Identifier: BSD-2-Clause
# Kills berth at each of its system calls, one after another, or makes each fail, and looks at what is left:
#
#   before() { tiny; }                            # once; the roots it leaves are copied for each try
#   during=(create --name c tiny true)            # berth's arguments
#   after() { ... }                               # for each try: $code is what `during` exited with
#   crash_at signal=KILL mkdirat renameat2 ...    # or error=ENOSPC, error=EIO
#
# strace counts calls for each process and each kind of call apart, so that one kind after the other is
# injected with growing N until no process makes N of them.  Commands whose processes end by themselves,
# as strace waits for all.  CRASH_MOST (5, so that `make check` stays short; 40 is thorough) tries for each
# kind, CRASH_LIMIT fewer where a test says so; CRASH_STEP skips some.

load ../cli/helpers

# What changes files or names, what starts processes, what makes mounts.
FILE_CALLS=(mkdirat mkdir renameat renameat2 rename symlinkat linkat unlinkat rmdir fsync fdatasync syncfs ftruncate)
PROCESS_CALLS=(clone3 clone vfork execve wait4 waitid exit_group)
MOUNT_CALLS=(fsopen fsconfig fsmount open_tree move_mount mount umount2 mount_setattr)

crash_template() {
    local part
    before
    CRASH=$BATS_TEST_TMPDIR/crash
    mkdir -p "$CRASH/template"
    for part in lib run; do
        [ ! -e "$BATS_TEST_TMPDIR/$part" ] || mv "$BATS_TEST_TMPDIR/$part" "$CRASH/template/$part"
    done
}

crash_restore() {
    local part
    after_each
    for part in lib run; do
        rm -rf "${BATS_TEST_TMPDIR:?}/$part"
        [ ! -e "$CRASH/template/$part" ] || cp -a "$CRASH/template/$part" "$BATS_TEST_TMPDIR/$part"
    done
    before_each
}

# One try; false when no process made N of these calls.
crash_once() { # FAULT CALL N
    code=0
    timeout -k 2 30 strace -f -qq -o "$CRASH/trace" -e trace="?$2" -e inject="?$2:$1:when=$3" -- \
        "$BERTH" --root "$BATS_TEST_TMPDIR/lib" --runroot "$BATS_TEST_TMPDIR/run" "${during[@]}" \
        >"$CRASH/out" 2>"$CRASH/err" </dev/null || code=$?
    if [ $code = 124 ]; then
        echo "it hung"
        return 2
    fi
    case $1 in
    signal=*) grep -q "killed by SIG\|--- SIG${1#signal=}\|+++ killed" "$CRASH/trace" ;;
    *) grep -q "(INJECTED)" "$CRASH/trace" ;;
    esac
}

# What must hold after any crash: the next commands work, and nothing half-made is seen or stays.
crash_sane() {
    local half
    berth ps -a >/dev/null
    berth images >/dev/null
    berth system check --quick --max 10000h
    berth ps -a -q --no-trunc | while read -r id; do
        berth inspect "$id" >/dev/null
    done
    half=$(find "$BATS_TEST_TMPDIR/lib" "$BATS_TEST_TMPDIR/run" -maxdepth 2 -path '*/.new*/*' 2>/dev/null)
    [ -z "$half" ] || {
        echo "half-made, after a sweep: $half"
        return 1
    }
    half=$(find "$BATS_TEST_TMPDIR/lib" "$BATS_TEST_TMPDIR/run" -name tree -prune -o -name '.new-*' -print 2>/dev/null)
    [ -z "$half" ] || {
        echo "half-made in something that is there: $half"
        return 1
    }
}

crash_at() { # FAULT CALL...
    local fault=$1 call n tried=0 seen sane step=${CRASH_STEP:-1} most
    most=$((${CRASH_MOST:-5} * step))
    [ "${CRASH_LIMIT:-$most}" -gt $most ] || most=${CRASH_LIMIT:-$most}
    shift
    for call; do
        for ((n = 1; n <= most; n += step)); do
            crash_restore
            seen=0
            crash_once "$fault" "$call" "$n" || seen=$?
            [ $seen != 1 ] || break
            tried=$((tried + 1))
            # Not in a condition: there bash would let each command fail unseen.
            set +e
            (
                set -e
                crash_sane
                after
                no_process_left
                no_mount_left
            ) >"$CRASH/said" 2>&1
            sane=$?
            set -e
            if [ $seen = 2 ] || [ $sane != 0 ]; then
                crash_tell "$fault" "$call" "$n"
                return 1
            fi
        done
    done
    echo "# $BATS_TEST_DESCRIPTION: $fault, $tried tries" >>"${BERTH_CRASH_LOG:-/dev/null}"
    [ $tried -gt 0 ] || [ "${CRASH_MAY_BE_NONE:-}" ]
}

crash_tell() {
    echo "berth ${during[*]}"
    echo "with $1 at $2 number $3 exited with $code and said:"
    cat "$CRASH/out" "$CRASH/err"
    echo "then:"
    cat "$CRASH/said" 2>/dev/null
    tail -n 5 "$CRASH/trace"
    ls -la "$BATS_TEST_TMPDIR/lib" "$BATS_TEST_TMPDIR"/lib/* 2>/dev/null | head -60
}

# Waits for it; what it ended with is told when it isn't that.
ended() { # CONTAINER CODE
    local said
    said=$(berth wait "$1")
    [ "$said" = "$2" ] || {
        echo "wait $1 said $said"
        berth inspect --format '{{json .State}}' "$1"
        return 1
    }
}

# For a fault that berth sees: it fails as an engine does, in words, or it succeeds.
said_so() {
    [ $code = 0 ] && return
    [ $code = 125 ] || [ $code = 126 ] || return
    grep -q '^Error: ' "$CRASH/err"
}

setup() {
    needs program strace
    during=()
    crash_begin
}

crash_begin() { :; }
# What no copy of the roots can bring: processes.
before_each() { :; }
after_each() { :; }
