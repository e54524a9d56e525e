# SPDX-License-Identifier: BSD-2-Clause
# Options of names, images, ends and restarts of what run and create make.

load helpers

count_is() { # CONTAINER RESTARTS
    [ "$(berth inspect --format '{{.RestartCount}}' "$1")" = "$2" ]
}

@test "--rm leaves neither container nor anonymous volume, also after a failed start" {
    berth run --rm --name c -v /x tiny true
    fails_with -127 nosuch -- run --rm --name c -v /x tiny nosuch
    berth run -d --rm --name c -v /x tiny true
    wait_for run ! berth inspect c
    [ -z "$(berth ps -a -q)" ] && [ -z "$(berth volume ls -q)" ]
}

# bats test_tags=rootless
@test "a container with --rm that has not ended yet may be copied into, and be started again" {
    needs containers
    berth create --rm --name c tiny cat /said
    echo hello >"$BATS_TEST_TMPDIR/said"
    berth cp "$BATS_TEST_TMPDIR/said" c:/said
    run -0 berth start -a c
    output_is hello
    berth create --rm --name d tiny /no/such/program
    run -127 berth start d
    run -127 berth start d
    berth rm d
}

@test "--rmi takes the image with the container, unless another needs it" {
    fails_with "the --rmi option does not work without --rm" -- run --rmi tiny true
    berth create --name other tiny true
    berth run --rm --rmi tiny true
    berth image exists tiny
    berth rm other
    berth run --rm --rmi tiny true
    run -1 berth image exists tiny
    tiny
    berth run -d --rm --rmi tiny true
    wait_for no_tiny
}

no_tiny() {
    ! berth image exists tiny
}

@test "--name, with a slash or none; a taken one names its owner; --replace" {
    local id
    id=$(berth create --name /c tiny true)
    run -0 berth inspect --format '{{.Name}}' c
    output_is c
    fails_with "\"c\" is already in use by $id" "--replace" -- create --name c tiny true
    fails_with "\"c\" is already in use by $id" -- run --name c tiny true
    berth create --replace --name c tiny sleep 1000
    berth start c
    run -0 berth run -d --replace --name c tiny sleep 1000
    [ "$(berth ps -a -q --no-trunc)" = "$output" ]
    fails_with "cannot replace container without --name" -- create --replace tiny true
}

@test "--detach prints the ID at once; --attach chooses streams" {
    run -0 berth run -d tiny sleep 1000
    output_matches '^[0-9a-f]{64}$'
    run -0 --separate-stderr berth run --rm -a stdout tiny sh -c 'echo out; echo err >&2'
    output_is out
    [ -z "$stderr" ]
    run -0 --separate-stderr berth run --rm -a stderr tiny sh -c 'echo out; echo err >&2'
    output_is ""
    [ "$stderr" = err ]
    fails_with "cannot specify --attach and --detach" -- run -d -a stdout tiny true
    fails_with 'invalid stream "bogus"' -- run -a bogus tiny true
}

@test "--restart: on-failure up to a number, always, and not after a stop" {
    berth run -d --name f --restart on-failure:2 tiny false
    berth run -d --name ok --restart on-failure:2 tiny true
    berth run -d --name a --restart always tiny sh -c 'sleep 0.1'
    wait_for count_is a 1
    berth stop -t 0 a
    wait_for count_is f 2
    wait_for state_is f exited
    count_is f 2
    count_is ok 0
    state_is a exited
}

@test "--restart policies that are none" {
    fails_with '"bogus" is not a valid restart policy' -- create --restart bogus tiny true
    fails_with "restart policy" -- create --restart on-failure:x tiny true
    fails_with "restart policy" -- create --restart always:3 tiny true
    fails_with "the --rm option conflicts with --restart" -- create --rm --restart always tiny true
    run -0 berth create --rm --restart no tiny true
}

@test "--stop-signal and --stop-timeout" {
    berth run -d --name c --stop-signal USR1 tiny sh -c 'trap "exit 9" USR1; echo ready; while :; do sleep 0.05; done'
    wait_for bash -c "'$BERTH' --root '$BATS_TEST_TMPDIR/lib' --runroot '$BATS_TEST_TMPDIR/run' logs c | grep -q ready"
    berth stop c
    run -0 berth wait c
    output_is 9
    berth run -d --name d --stop-timeout 0 tiny sleep 1000
    local begin=$SECONDS
    berth stop d
    [ $((SECONDS - begin)) -lt 5 ]
    fails_with "invalid signal: NOSUCH" -- create --stop-signal NOSUCH tiny true
    fails_with "valid signals are 1 through 64" -- create --stop-signal 99 tiny true
}

@test "--timeout ends it" {
    local begin=$SECONDS
    run berth run --rm --timeout 1 tiny sleep 1000
    [ "$status" != 0 ]
    [ $((SECONDS - begin)) -lt 8 ]
    fails_with "--timeout" -- create --timeout -1 tiny true
}

@test "--sig-proxy passes signals on, or not" {
    local trap='trap "exit 3" HUP; echo ready; for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.1; done; exit 4'
    signalled() { # OPTION
        "$BERTH" --root "$BATS_TEST_TMPDIR/lib" --runroot "$BATS_TEST_TMPDIR/run" run --rm "$1" tiny sh -c "$trap" >"$BATS_TEST_TMPDIR/out" 3>&- &
        wait_for grep -q ready "$BATS_TEST_TMPDIR/out"
        kill -HUP $!
        wait $!
    }
    run -3 signalled --sig-proxy=true
    run -129 signalled --sig-proxy=false
}

@test "--detach-keys: typed, they leave the container running" {
    run -0 on_pty 'x' berth run -it --name c --detach-keys x tiny sleep 1000
    state_is c running
    fails_with "detach" -- run --rm -it --detach-keys ctrl-nosuch tiny true
}

@test "--pull never, --platform, --arch, --os: an image for another machine is not taken" {
    run -0 berth run --rm --pull never tiny true
    fails_with "image not known" -- run --rm --pull never nosuch true
    fails_with '"bogus" is not a valid value' -- run --rm --pull bogus tiny true
    local other=arm64
    [ "$(uname -m)" != aarch64 ] || other=amd64
    fails_with "linux/$other" -- run --rm --pull never --platform linux/$other tiny true
    fails_with "$other" -- run --rm --pull never --arch $other tiny true
    fails_with windows -- run --rm --pull never --os windows tiny true
    run -0 berth run --rm --pull never --os linux tiny true
    fails_with "--platform option can not be specified with --arch or --os" -- run --rm --platform linux/amd64 --arch amd64 tiny true
}

@test "--plan of any option does nothing" {
    run -0 berth create --plan --name c -v new:/x --tmpfs /y:size=1m -m 64m --cap-add all tiny true
    output_has "tmpfs /y" size=1m
    [ -z "$(berth ps -a -q)" ] && [ -z "$(berth volume ls -q)" ]
}
