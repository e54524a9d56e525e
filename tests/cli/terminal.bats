# SPDX-License-Identifier: BSD-2-Clause
# Terminals, detaching, signals and long streams: run, exec, attach and start as a child process's
# parent sees them.
# bats file_tags=rootless

load helpers

@test "run -it: a terminal of the caller's size, and the exit code" {
    run -3 on_pty '{wait #}stty size\n{wait 24 80}exit 3\n' berth run --rm -it --network none tiny sh
    output_has "24 80"
}

@test "run -it: the window's size is passed on" {
    run -0 on_pty '{wait ready}{size 40x120}{wait 40 120}' berth run --rm -it --network none tiny \
        sh -c 'echo ready; until stty size | grep "40 120"; do sleep 0.05; done'
}

@test "exec -it: a terminal of the caller's size, resized, and the exit code" {
    berth run -d --name c --network none tiny sleep 1000 >/dev/null
    run -4 on_pty '{wait ready}{size 50x99}{wait 50 99}' berth exec -it c \
        sh -c 'test -t 0 && stty size; echo ready; until stty size | grep "50 99"; do sleep 0.05; done; exit 4'
    output_has "24 80"
}

@test "without -t there is no terminal" {
    run -1 on_pty '' berth run --rm -i --network none tiny test -t 0
    run -1 on_pty '' berth run --rm --network none tiny test -t 1
}

@test "run -it: ctrl-p ctrl-q detaches, attach takes up again" {
    run -0 on_pty '{wait #}echo one\n{wait one}\x10\x11' berth run --name c -it --network none tiny sh
    state_is c running
    run -7 on_pty '\n{wait #}echo t''wo\n{wait two}exit 7\n' berth attach c
    run -0 berth wait c
    output_is 7
}

@test "--detach-keys: other keys, of run, attach, start and exec" {
    run -0 on_pty '{wait #}\x10\x11echo x\n{wait x}\x01\x02' berth run --detach-keys ctrl-a,ctrl-b --name c -it --network none tiny sh
    state_is c running
    run -0 on_pty '\n{wait #}q' berth attach --detach-keys q c
    run -0 on_pty '{wait #}\x18' berth exec -it --detach-keys ctrl-x c sh
    berth stop -t 0 c
    run -0 on_pty '\n{wait #}\x19' berth start -a -i --detach-keys ctrl-y c
    state_is c running
}

@test "exec -it: ctrl-p ctrl-q leaves the program running, with nobody to read its terminal" {
    berth run -d --name c --network none tiny sleep 1000
    run -0 on_pty '{wait #}i=0; while [ $i -lt 30000 ]; do i=$((i+1)); echo much; done; touch /done; exec sleep 999\n{wait much}\x10\x11' berth exec -it c sh
    wait_for berth exec c test -e /done
    run -0 berth inspect --format '{{len .ExecIDs}}' c
    output_is 1
    # It was touched a moment before the shell became sleep.
    wait_for berth exec c sh -c 'kill $(ps -o pid,args | awk "/[s]leep 999/ { print \$1 }")'
    wait_for no_sessions
}

no_sessions() {
    [ "$(berth inspect --format '{{len .ExecIDs}}' c)" = 0 ]
}

@test "exec -it: a killed berth takes the program with it" {
    berth run -d --name c --network none tiny sleep 1000
    on_pty '{wait #}touch /begun\n{wait nothing}' berth exec -it c sh -c 'touch /begun; echo "#"; exec sleep 999' &
    wait_for berth exec c test -e /begun
    berth exec c ps -o args | grep -q '[s]leep 999'
    for pid in $(pgrep -f "$BATS_TEST_TMPDIR/run exec -it c"); do
        [ "$(readlink "/proc/$pid/exe")" = "$BERTH" ] && break
    done
    kill -9 "$pid" # its keeper has a higher number
    wait_for no_sleep
    wait || true
}

no_sleep() {
    ! berth exec c ps -o args | grep '[s]leep 999'
}

@test "start -a -i: a terminal again" {
    berth create --name c -it --network none tiny sh >/dev/null
    run -5 on_pty '{wait #}exit 5\n' berth start -a -i c
}

@test "ctrl-c on a terminal interrupts what runs inside" {
    run -0 on_pty '{wait ready}\x03{wait interrupted}' berth run --rm -it --network none tiny \
        sh -c 'trap "echo interrupted; exit 0" INT; echo ready; while :; do sleep 0.05; done'
}

# --- signals ------------------------------------------------------------------

trapping='trap "echo got; exit 9" TERM; trap "echo usr" USR1; echo ready; while :; do sleep 0.05; done'

@test "signals go through a foreground run" {
    local code=0
    berth_here run --rm --name c --network none tiny sh -c "$trapping" >"$BATS_TEST_TMPDIR/out"
    wait_for grep -q ready "$BATS_TEST_TMPDIR/out"
    kill -USR1 $child
    wait_for grep -q usr "$BATS_TEST_TMPDIR/out"
    kill -TERM $child
    wait $child || code=$?
    [ $code = 9 ]
    grep -q got "$BATS_TEST_TMPDIR/out"
}

@test "--sig-proxy=false keeps signals from it" {
    local code=0
    berth run -d --name c --network none tiny sh -c "$trapping" >/dev/null
    berth_here attach --sig-proxy=false c >/dev/null
    wait_for eval 'berth logs c | grep -q ready'
    sleep 0.2
    kill -TERM $child
    wait $child || code=$?
    [ $code = 143 ]
    state_is c running
}

@test "attach and start -a pass signals on" {
    local code=0
    berth create --name c --network none tiny sh -c "$trapping" >/dev/null
    berth_here start -a c >"$BATS_TEST_TMPDIR/out"
    wait_for grep -q ready "$BATS_TEST_TMPDIR/out"
    kill -TERM $child
    wait $child || code=$?
    [ $code = 9 ]
}

berth_here() { # in the background, as `child`, without a shell in between
    "$BERTH" --root "$BATS_TEST_TMPDIR/lib" --runroot "$BATS_TEST_TMPDIR/run" "$@" 3>&- &
    child=$!
}

# --- streams ------------------------------------------------------------------

@test "input is passed to its end, by run -i, start -ai and exec -i" {
    local sum
    head -c 3000000 /dev/urandom >"$BATS_TEST_TMPDIR/in"
    sum=$(md5sum <"$BATS_TEST_TMPDIR/in")
    berth run --rm -i --network none tiny cat <"$BATS_TEST_TMPDIR/in" | md5sum >"$BATS_TEST_TMPDIR/sum"
    [ "$(cat "$BATS_TEST_TMPDIR/sum")" = "$sum" ]
    berth run -d --name c --network none tiny sleep 1000 >/dev/null
    [ "$(cat "$BATS_TEST_TMPDIR/in" | berth exec -i c cat | md5sum)" = "$sum" ]
    berth create -i --name d --network none tiny cat >/dev/null
    [ "$(berth start -a -i d <"$BATS_TEST_TMPDIR/in" | md5sum)" = "$sum" ]
}

@test "without -i nothing is read" {
    run -0 bash -c 'printf "a\nb\n" | { "$@" >/dev/null; cat; }' - "$BERTH" --root "$BATS_TEST_TMPDIR/lib" --runroot "$BATS_TEST_TMPDIR/run" run --rm --network none tiny cat
    output_is "a
b"
}

slow_count() { # reads nothing for a while, then all
    sleep 0.5
    md5sum
}

@test "long output is whole through a slow reader, of run, exec and logs" {
    local lines=40000 sum
    sum=$(seq $lines | md5sum)
    [ "$(berth run --name c --network none tiny seq $lines | slow_count)" = "$sum" ]
    [ "$(berth logs c | slow_count)" = "$sum" ]
    berth run -d --name d --network none tiny sleep 1000 >/dev/null
    [ "$(berth exec d seq $lines | slow_count)" = "$sum" ]
}

@test "a reader that goes away does not stop the container's end" {
    run -0 bash -c '"$@" | head -n 1' - "$BERTH" --root "$BATS_TEST_TMPDIR/lib" --runroot "$BATS_TEST_TMPDIR/run" run --name c --network none tiny sh -c 'seq 50000; exit 6'
    output_is 1
    run -0 berth wait c
    output_is 6
}

@test "logs -f shows every line and ends with the container" {
    berth run -d --name c --network none tiny sh -c 'for i in $(seq 2000); do echo $i; done; sleep 0.2; echo last' >/dev/null
    [ "$(berth logs -f c | md5sum)" = "$({ seq 2000; echo last; } | md5sum)" ]
    run -0 berth logs -f --tail 1 c
    output_is last
}

@test "run -d and start leave the caller's pipes alone" {
    local id
    id=$(berth run -d --network none tiny sleep 1000)
    [ ${#id} = 64 ]
    id=$(berth stop -t 0 "$id" && berth start "$id" 2>&1)
    id=$(berth run -dit --network none tiny sh 2>&1)
    state_is "$id" running
}
