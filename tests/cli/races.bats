# SPDX-License-Identifier: BSD-2-Clause
# Several commands at one container at once, and what happens when its monitor is killed.
# bats file_tags=rootless

load helpers

# The exit code of a container must be one that something did: its own, or a kill's.
@test "the exit code of run is right while others wait, kill and remove" {
    local i code n pids
    for i in {1..12}; do
        n=$((i + 10))
        (
            run_code=0
            berth run --rm --name "r$i" --network none tiny sh -c "exit $n" >/dev/null 2>&1 || run_code=$?
            echo "$run_code" >"$BATS_TEST_TMPDIR/code$i"
        ) 3>&- &
        pids=$!
        case $((i % 3)) in
        0) berth kill "r$i" >/dev/null 2>&1 || true ;;
        1) berth rm -f -t 0 "r$i" >/dev/null 2>&1 || true ;;
        2) berth wait "r$i" >"$BATS_TEST_TMPDIR/wait$i" 2>/dev/null || true ;;
        esac
        wait "$pids"
        code=$(cat "$BATS_TEST_TMPDIR/code$i")
        [ "$code" = "$n" ] || [ "$code" = 137 ] || {
            # Removed between its creation and its start.
            [ $((i % 3)) = 1 ] && [ "$code" = 125 ]
        } || {
            echo "run $i: $code, not $n"
            false
        }
        if [ -s "$BATS_TEST_TMPDIR/wait$i" ]; then
            [ "$(cat "$BATS_TEST_TMPDIR/wait$i")" = "$n" ]
        fi
    done
}

@test "all who wait are told the same code, also when it is removed at its end" {
    local i
    berth run -d --rm --name c --network none -i tiny sh -c 'trap "exit 42" USR1; echo up; while :; do sleep 0.05; done' >/dev/null
    wait_for eval 'berth logs c | grep -q up'
    for i in 1 2 3 4; do
        berth wait c >"$BATS_TEST_TMPDIR/w$i" 3>&- &
    done
    # Whether they wait already cannot be seen from outside; a moment is enough, and no harm if not.
    sleep 0.3
    berth kill -s USR1 c
    wait
    for i in 1 2 3 4; do
        [ "$(cat "$BATS_TEST_TMPDIR/w$i")" = 42 ]
    done
}

@test "a killed monitor takes its container with it, and nothing lingers" {
    local id monitor pid
    id=$(berth run -d --name c --network none tiny sh -c 'sleep 1000 & sleep 1000')
    monitor=$(berth inspect --format '{{.State.ConmonPid}}' c)
    pid=$(pid_of c)
    kill -9 "$monitor"
    wait_for state_is c exited
    ! [ -e "/proc/$pid" ] || wait_for test ! -e "/proc/$pid"
    run -0 berth ps -a --format '{{.Status}}'
    output_matches '^Exited \(137\)'
    run -0 berth start c
    state_is c running
    kill -9 "$(berth inspect --format '{{.State.ConmonPid}}' c)"
    wait_for state_is c exited
    run -0 berth rm c
    no_cgroup_of "$id"
    run -0 berth ps -a -q
    output_is ""
}

@test "a killed starter of run leaves a container that can be removed" {
    local pid
    berth run --name c --network none tiny sleep 1000 >/dev/null 2>&1 3>&- &
    pid=$!
    wait_for state_is c running
    kill -9 "$pid"
    run -0 berth ps --format '{{.Names}}'
    output_is c
    run -0 berth rm -f -t 0 c
}

@test "what is lost with the monitor ends run and attach too" {
    local code=0
    berth run --name c --network none tiny sleep 1000 >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
    wait_for state_is c running
    kill -9 "$(berth inspect --format '{{.State.ConmonPid}}' c)"
    wait $! || code=$?
    [ $code = 125 ] || [ $code = 137 ]
}

@test "stop, kill and rm -f at once leave nothing and fail for a reason only" {
    local i
    for i in 1 2 3; do
        berth run -d --name c --network none tiny sleep 1000 >/dev/null
        berth stop -t 1 c >/dev/null 2>&1 3>&- &
        berth kill c >/dev/null 2>&1 3>&- &
        berth rm -f -t 0 c >/dev/null
        wait
        no_container_named c
    done
}

@test "two starts at once start it once" {
    berth create --name c --network none tiny sh -c 'echo started; sleep 1000' >/dev/null
    berth start c >/dev/null 3>&- &
    run -0 berth start c
    wait $!
    wait_for eval 'berth logs c | grep -q started'
    [ "$(berth logs c | grep -c started)" = 1 ]
}

# --- restart policies ---------------------------------------------------------

restarts() { berth inspect --format '{{.RestartCount}}' "$1"; }

@test "--restart on-failure:n starts it again n times" {
    berth run -d --name c --restart on-failure:2 --network none tiny sh -c 'echo ran; exit 3' >/dev/null
    wait_for eval '[ "$(berth logs c | grep -c ran)" = 3 ] && state_is c exited'
    [ "$(restarts c)" = 2 ]
    run -0 berth wait c
    output_is 3
}

@test "--restart on-failure leaves a success alone" {
    berth run -d --name c --restart on-failure --network none tiny true >/dev/null
    wait_for state_is c exited
    [ "$(restarts c)" = 0 ]
}

@test "--restart always goes on until it is stopped, and then stays down" {
    local policy
    for policy in always unless-stopped; do
        berth run -d --name "$policy" --restart $policy --network none tiny sh -c 'sleep 0.1' >/dev/null
    done
    for policy in always unless-stopped; do
        wait_for eval "[ \$(restarts $policy) -ge 1 ]"
        run -0 berth stop -t 1 "$policy"
        output_is "$policy"
        state_is "$policy" exited
    done
    local before="$(restarts always) $(restarts unless-stopped)"
    sleep 0.5
    [ "$(restarts always) $(restarts unless-stopped)" = "$before" ]
    state_is always exited
    run -0 berth rm always
}

@test "a container that restarts is killed for good and removed by force" {
    berth run -d --name c --restart always --network none tiny sh -c 'trap "exit 1" USR1; echo up; while :; do sleep 0.05; done' >/dev/null
    run -0 berth kill c
    wait_for state_is c exited
    berth start c
    wait_for eval 'berth logs --tail 1 c | grep -q up'
    berth kill -s USR1 c
    wait_for eval '[ "$(restarts c)" -ge 1 ]'
    run -0 berth rm -f -t 0 c
}
