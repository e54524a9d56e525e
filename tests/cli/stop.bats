# SPDX-License-Identifier: BSD-2-Clause
# start, stop, restart, kill, wait, pause, unpause, rename, rm.
# bats file_tags=rootless

load helpers

sleeping() { # NAME...: containers that end at once when they are asked to
    local name
    for name; do
        berth run -d --name "$name" --network none --init tiny sleep 1000 >/dev/null
    done
}

stubborn() { # NAME: one that does not
    berth run -d --name "$1" --network none tiny sleep 1000 >/dev/null
}

# --- selection ----------------------------------------------------------------

@test "verbs over nothing, all, the latest and names at once" {
    local verb
    for verb in start stop restart kill rm pause unpause; do
        fails_with "you must provide at least one name or id" -- $verb
        fails_with "--all and --latest cannot be used together" -- $verb --all --latest
        fails_with "--latest and containers cannot be used together" -- $verb --latest c
    done
    for verb in stop restart kill rm pause unpause; do
        fails_with "no arguments are needed with --all" -- $verb --all c
        fails_with "no arguments are needed with --all" -- $verb -a c
    done
    fails_with "either start all containers or the container(s) provided" -- start --all c
}

@test "containers that are not there" {
    local verb
    for verb in start stop restart kill pause unpause wait attach port top logs export; do
        fails_with 'no container with name or ID "nope" found: no such container' -- $verb nope
    done
    fails_with -1 'no container with name or ID "nope" found: no such container' -- rm nope
    run -0 berth stop --ignore nope
    run -0 berth stop -i nope
    run -0 berth rm --ignore nope
    run -0 berth rm -f nope
    run -0 berth wait --ignore nope
    output_is -1
    [ "$(berth container exists nope; echo $?)" = 1 ]
}

@test "a unique part of an id is enough, an ambiguous one is refused" {
    local id first
    id=$(berth create --network none tiny true)
    run -0 berth inspect --format '{{.Id}}' "${id:0:10}"
    output_is "$id"
    # Seventeen ids cannot all begin differently.
    for _ in {1..16}; do
        berth create --network none tiny true >/dev/null
    done
    first=$(berth ps -aq | cut -c1 | sort | uniq -d | head -n 1)
    fails_with "more than one result for container ID $first: container already exists" -- inspect -t container "$first"
}

@test "--all, --latest, --filter and --cidfile choose" {
    needs limits
    berth run -d --name a --label pick=me --cidfile "$BATS_TEST_TMPDIR/cid" --network none --init tiny sleep 1000 >/dev/null
    sleeping b c
    berth stop --filter label=pick=me -t 5
    state_is a exited
    state_is b running
    berth start --cidfile "$BATS_TEST_TMPDIR/cid" 2>/dev/null || berth start --filter label=pick=me
    state_is a running
    berth stop --cidfile "$BATS_TEST_TMPDIR/cid"
    state_is a exited
    berth stop --latest
    state_is c exited
    state_is b running
    run -0 berth stop --all
    [ ${#lines[@]} = 1 ]
    [ ${#output} = 64 ]
    berth start --all
    state_is a running
    state_is c running
    berth kill --latest
    wait_for state_is c exited
    berth pause --all
    state_is a paused
    state_is c exited
    berth unpause --all
    state_is a running
    berth kill --all
    wait_for state_is b exited
    berth restart --filter name=b
    state_is b running
    state_is a exited
    berth restart --cidfile "$BATS_TEST_TMPDIR/cid"
    state_is a running
    berth rm -f --latest
    no_container_named c
    berth rm -f --cidfile "$BATS_TEST_TMPDIR/cid"
    no_container_named a
    [ ! -e "$BATS_TEST_TMPDIR/cid" ]
    run -0 berth rm --filter status=created
    berth rm -f --filter name=b
    run -0 berth ps -aq
    output_is ""
    fails_with "reading CIDFile" -- rm --cidfile "$BATS_TEST_TMPDIR/cid"
}

# --- start, stop --------------------------------------------------------------

@test "start prints names as given, and starts what runs already no second time" {
    local pid
    sleeping c
    pid=$(pid_of c)
    run -0 berth start c
    output_is c
    [ "$(pid_of c)" = "$pid" ]
    run -0 berth stop c c
    output_is c
    run -0 berth stop c
    output_is c
    berth create --name d --network none tiny true >/dev/null
    run -0 berth stop d
    state_is d created
}

@test "start -a and -i attach" {
    berth create -i --name c --network none tiny sh -c 'read x; echo "got $x"; exit 5' >/dev/null
    run -5 berth start -a -i c <<<word
    output_is "got word"
    run -5 berth start --attach --interactive c <<<again
    output_is "got again"
    berth create --name d --network none tiny true >/dev/null
    fails_with "you cannot start and attach multiple containers at once" -- start -a c d
}

@test "stop asks, waits and kills; -t says how long" {
    stubborn a
    run -0 --separate-stderr berth stop -t 1 a
    output_is a
    [[ $stderr == *"StopSignal SIGTERM failed to stop container a in 1 seconds, resorting to SIGKILL"* ]]
    run -0 berth wait a
    output_is 137
    sleeping b
    run -0 berth stop --time 10 b
    run -0 berth wait b
    output_is 143
}

@test "stop --time 0 kills at once, --timeout is the same" {
    local start=$SECONDS
    stubborn a
    run -0 berth stop --timeout 0 a
    [ $((SECONDS - start)) -lt 5 ]
    state_is a exited
}

@test "the container's own signal and time are taken" {
    berth run -d --name c --stop-signal USR1 --network none tiny sh -c 'trap "exit 11" USR1; echo up; while :; do sleep 0.05; done' >/dev/null
    wait_for eval 'berth logs c | grep -q up'
    berth stop c
    run -0 berth wait c
    output_is 11
    berth run -d --name d --stop-timeout 0 --network none tiny sleep 1000 >/dev/null
    local start=$SECONDS
    run -0 berth stop d
    [ $((SECONDS - start)) -lt 5 ]
}

@test "restart is another run of the same; --running leaves the others" {
    local pid
    sleeping a
    pid=$(pid_of a)
    run -0 berth restart -t 5 a
    output_is a
    [ "$(pid_of a)" != "$pid" ]
    berth stop a
    sleeping b
    berth restart --running
    state_is a exited
    pid=$(pid_of b)
    berth restart --latest
    [ "$(pid_of b)" != "$pid" ]
    berth restart a
    state_is a running
    stubborn c
    run -0 berth restart --time 0 c
    state_is c running
}

# --- kill ---------------------------------------------------------------------

@test "kill sends any signal by name or number" {
    local signal
    berth run -d --name c --network none tiny sh -c 'trap "echo usr1" USR1; echo up; while :; do sleep 0.05; done' >/dev/null
    wait_for eval 'berth logs c | grep -q up'
    for signal in USR1 sigusr1 SIGUSR1 10; do
        run -0 berth kill --signal $signal c
        output_is c
        wait_for eval "[ \"\$(berth logs c | grep -c usr1)\" = $((++sent)) ]"
    done
    run -0 berth kill -s KILL c
    run -0 berth wait c
    output_is 137
    fails_with "can only kill running containers" "container state improper" -- kill c
    fails_with "invalid signal: bogus" -- kill -s bogus c
    fails_with "valid signals are 1 through 64" -- kill -s 65 c
}

# --- wait ---------------------------------------------------------------------

@test "wait prints each one's exit code" {
    berth run --name a --network none tiny sh -c 'exit 3' || true
    berth run -d --name b --network none tiny sh -c 'sleep 0.3; exit 4' >/dev/null
    run -0 berth wait a b
    output_is "3
4"
    run -0 berth wait --latest
    output_is 4
    fails_with "unknown container state: bogus" -- wait --condition bogus a
    fails_with 'time: invalid duration "x"' -- wait -i x a
}

@test "wait --exit-first-match: whoever is first; several conditions: any of them" {
    berth run -d --name long tiny sleep 1000
    berth run -d --name short tiny sh -c 'exit 7'
    run -0 timeout 20 "$BERTH" --root "$BATS_TEST_TMPDIR/lib" --runroot "$BATS_TEST_TMPDIR/run" wait --exit-first-match long short
    output_is 7
    run -0 berth wait --condition paused --condition running long
    output_is -1
    run -0 berth wait --condition=exited,running long
    output_is -1
    run -0 berth wait --exit-first-match --condition running short long
    output_is -1
    run -0 berth wait --exit-first-match --ignore nosuch
    output_is -1
    fails_with 'no container with name or ID "nosuch"' -- wait --exit-first-match nosuch long
}

@test "wait --condition looks for other states, as often as --interval says" {
    berth create --name c --network none --init tiny sleep 1000 >/dev/null
    berth wait --condition running --interval 20ms c >"$BATS_TEST_TMPDIR/out" 3>&- &
    berth start c
    wait $!
    [ "$(cat "$BATS_TEST_TMPDIR/out")" = -1 ]
    # An interval longer than the test: the first look has to be enough.
    run -0 timeout 5 "$BERTH" --root "$BATS_TEST_TMPDIR/lib" --runroot "$BATS_TEST_TMPDIR/run" wait --condition=running,paused -i 1h c
    berth stop c
    run -0 berth wait --condition exited c
    output_is 143
}

# --- pause --------------------------------------------------------------------

@test "pause and unpause, and what they refuse" {
    needs limits
    sleeping c
    run -0 berth pause c
    output_is c
    state_is c paused
    run -0 berth ps --format '{{.Status}}'
    output_is Paused
    fails_with "is already paused: container state improper" -- pause c
    fails_with "you can only attach to running containers" -- attach c
    fails_with -255 "can only create exec sessions on running containers" -- exec c true
    run -2 berth rm c
    output_has "as it is paused"
    run -0 berth unpause c
    output_is c
    state_is c running
    fails_with "is not paused, can't unpause: container state improper" -- unpause c
    berth pause c
    run -0 berth stop -t 5 c
    state_is c exited
    fails_with '"exited" is not running, can'"'"'t pause: container state improper' -- pause c
}

@test "pause and unpause by --filter, --latest and --cidfile" {
    needs limits
    berth run -d --name a --cidfile "$BATS_TEST_TMPDIR/cid" --network none --init tiny sleep 1000 >/dev/null
    sleeping b
    berth pause --filter name=a
    state_is a paused
    state_is b running
    berth unpause --filter name=a
    state_is a running
    berth pause --latest
    state_is b paused
    berth unpause --latest
    berth pause --cidfile "$BATS_TEST_TMPDIR/cid"
    state_is a paused
    state_is b running
    berth unpause --cidfile "$BATS_TEST_TMPDIR/cid"
    state_is a running
}

# --- rename, rm ---------------------------------------------------------------

@test "rename" {
    berth create --name a --network none tiny true >/dev/null
    berth create --name b --network none tiny true >/dev/null
    run -0 berth rename a c
    output_is ""
    run -0 berth ps -a --format '{{.Names}}'
    output_has c b
    no_container_named a
    run -0 berth create --name a --network none tiny true
    run -0 berth rename c c
    fails_with "name b already in use" "container already exists" -- rename c b
    fails_with "names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*: invalid argument" -- rename c b@d
    fails_with "accepts 2 arg(s), received 1" -- rename c
}

@test "rm refuses what runs, by 2, and takes it with --force" {
    sleeping c
    fails_with -2 "as it is running - running or paused containers cannot be removed without force: container state improper" -- rm c
    run -0 berth rm --force c
    output_is c
    stubborn d
    local start=$SECONDS
    run -0 berth rm -f --time 0 d
    [ $((SECONDS - start)) -lt 5 ]
    berth create --name a --network none tiny true >/dev/null
    berth create --name b --network none tiny true >/dev/null
    run -0 berth rm --all
    run -0 berth ps -aq
    output_is ""
}

@test "rm -v removes anonymous volumes, and no others" {
    berth volume create kept >/dev/null
    berth run --name c -v /data -v kept:/kept --network none tiny true
    [ "$(berth volume ls -q | wc -l)" = 2 ]
    run -0 berth rm --volumes c
    run -0 berth volume ls -q
    output_is kept
    berth run --name c -v /data --network none tiny true
    run -0 berth rm c
    [ "$(berth volume ls -q | wc -l)" = 2 ]
}
