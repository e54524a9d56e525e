# SPDX-License-Identifier: BSD-2-Clause
# ps, inspect, top, port, version, info, container prune.
# bats file_tags=rootless

load helpers

three() { # one that runs, one that was made, one that ended with 5
    berth run -d --name up --label kind=server --network none --init tiny sleep 1000 >/dev/null
    berth create --name made --network none tiny true >/dev/null
    berth run --name ended -v data:/data --network none tiny sh -c 'exit 5' || true
}

names() { # of ps' lines, in one
    run -0 berth ps --format '{{.Names}}' "$@"
    output=${output//$'\n'/ }
}

@test "ps lists what runs, with -a the rest" {
    three
    run -0 berth ps
    [[ ${lines[0]} =~ ^"CONTAINER ID  IMAGE "\ *"COMMAND "\ *"CREATED "\ *"STATUS "\ *"PORTS "\ *NAMES$ ]]
    [ ${#lines[@]} = 2 ]
    [[ ${lines[1]} =~ ^[0-9a-f]{12}"  localhost/tiny:latest  sleep 1000 ".*" Up ".*" up"$ ]]
    run -0 berth ps -a
    [ ${#lines[@]} = 4 ]
    output_has Created "Exited (5)"
    run -0 berth ps --all --noheading
    [ ${#lines[@]} = 3 ]
    names -a
    output_is "up made ended"
    run -0 berth ps -q
    output_matches '^[0-9a-f]{12}$'
    run -0 berth ps --quiet --no-trunc
    output_matches '^[0-9a-f]{64}$'
    fails_with "takes no arguments" -- ps up
}

@test "ps --last, --latest and --sort" {
    three
    names --last 2
    output_is "made ended"
    names -n 1
    output_is ended
    names --latest
    output_is ended
    names -l
    output_is ended
    names -a --sort names
    output_is "ended made up"
    names -a --sort created
    output_is "up made ended"
    names -a --sort status
    output_is "made ended up"
    names -a --sort command
    output_is "ended up made"
    fails_with "last and latest are mutually exclusive" -- ps -n 1 -l
    fails_with "Choose from" -- ps --sort bogus
}

@test "ps --filter" {
    three
    local id
    id=$(berth inspect --format '{{.Id}}' made)
    names -a --filter name='^m'
    output_is made
    names -a --filter id="${id:0:8}"
    output_is made
    names -a --filter status=exited --filter status=created
    output_is "made ended"
    names -a --filter status=exited --filter name=up
    output_is ""
    names -a --filter exited=5
    output_is ended
    names -a --filter label=kind=server
    output_is up
    names -a --filter label!=kind=server
    output_is "made ended"
    names -a --filter before=made
    output_is up
    names -a --filter since=made
    output_is ended
    names -a --filter volume=data
    output_is ended
    names -a --filter ancestor=tiny
    output_is "up made ended"
    names -a --filter ancestor=other
    output_is ""
    names -a -f command=sleep
    output_is up
    fails_with "bogus is an invalid filter" -- ps --filter bogus=1
    fails_with "unknown container state: bogus: invalid argument" -- ps --filter status=bogus
}

@test "ps --format, --size and --ns" {
    three
    run -0 berth ps -a --filter name=ended --format '{{.ID}} {{.State}} {{.ExitCode}} {{.Image}} {{.Exited}}'
    output_matches '^[0-9a-f]{12} exited 5 localhost/tiny:latest true$'
    run -0 berth ps --format 'table {{.Names}} {{.Pid}}'
    output_has NAMES PID "$(pid_of up)"
    run -0 berth ps -a --format json
    [ "$(jq -r '.[] | .Names[0]' <<<"$output" | xargs)" = "up made ended" ]
    [ "$(jq -r '.[2].ExitCode' <<<"$output")" = 5 ]
    run -0 berth ps --size
    output_has SIZE "0B (virtual "
    berth exec up sh -c 'head -c 3000 /dev/zero >/new'
    run -0 berth ps -s
    output_has "3kB (virtual "
    run -0 berth ps --ns
    output_has CGROUPNS PIDNS "$(readlink "/proc/$(pid_of up)/ns/pid" | tr -dc 0-9)"
    run -0 berth ps --namespace
    output_has CGROUPNS
    run -0 berth ps --pod
    output_has "POD ID" PODNAME
    fails_with "quiet conflicts with size and namespace" -- ps -q -s
    fails_with "can't evaluate field Bogus" -- ps --format '{{.Bogus}}'
}

@test "inspect" {
    three
    run -0 berth inspect --format '{{.Name}} {{.State.Status}} {{.State.ExitCode}}' up ended
    output_is "up running 0
ended exited 5"
    run -0 berth inspect up
    [ "$(jq -r '.[0].Config.Cmd | join(" ")' <<<"$output")" = "sleep 1000" ]
    [ "$(jq 'has("SizeRw")' <<<"$(jq '.[0]' <<<"$output")")" = false ]
    run -0 berth inspect --size up
    [ "$(jq '.[0] | has("SizeRw")' <<<"$output")" = true ]
    run -0 berth inspect --latest --format '{{.Name}}'
    output_is ended
    run -0 berth inspect -l -f '{{.Name}}'
    output_is ended
    run -0 berth inspect --type image --format '{{.Id}}' tiny
    output_matches '^[0-9a-f]{64}$'
    run -0 berth inspect data --format '{{.Driver}}'
    output_is local
    fails_with 'no such object: "nope"' -- inspect nope
    fails_with 'no such container tiny' -- inspect -t container tiny
    fails_with 'no such container nope' -- container inspect nope
    run -125 --separate-stderr berth inspect nope
    output_is "[]"
}

@test "ps --watch shows again and again; --external and --sync change nothing" {
    three
    run -124 timeout 2.5 "$BERTH" --root "$BATS_TEST_TMPDIR/lib" --runroot "$BATS_TEST_TMPDIR/run" ps --watch 1 --format '{{.Names}}'
    [ "$(grep -c '^up$\|up$' <<<"$output")" -ge 2 ]
    fails_with "--watch 0: must be more than 0 seconds" -- ps --watch 0
    run -0 berth ps --external --format '{{.Names}}' --all
    [ "$output" = "$(berth ps --all --format '{{.Names}}')" ]
    run -0 berth ps --sync -q
    [ "$output" = "$(berth ps -q)" ]
}

@test "top shows the processes, by the container's numbers" {
    three
    run -0 berth top up
    [[ ${lines[0]} == USER*PID*PPID*%CPU*ELAPSED*TTY*TIME*COMMAND ]]
    output_has "sleep 1000"
    run -0 berth top up pid comm hpid
    output_has PID COMMAND HPID "$(pid_of up)"
    fails_with "top can only be used on running containers" -- top --latest
    fails_with "top can only be used on running containers" -- top made
    fails_with "you must provide the name or id of a running container" -- top
}

@test "port of containers that publish none" {
    three
    run -0 berth port up
    output_is ""
    run -0 berth port --all
    output_is ""
    run -0 berth port --latest
    fails_with 'failed to find published port "80/tcp"' -- port up 80
    fails_with "no arguments are needed with --all" -- port --all up
    fails_with "--all and --latest cannot be used together" -- port -a -l
}

@test "version and info" {
    run -0 berth version
    output_has "Version:" "OS/Arch:"
    run -0 berth version --format '{{.Client.Version}}'
    output_matches '^[0-9]+\.[0-9]+'
    run -0 berth version -f json
    jq -e .Client.Version <<<"$output"
    run -0 berth info --format '{{.Host.OS}} {{.Store.ContainerStore.Number}}'
    output_is "linux 0"
    run -0 berth info -f json
    jq -e .host.cgroupVersion <<<"$output"
    run -0 berth system info
    output_has graphRoot
}

@test "container prune removes what has ended, when told to" {
    three
    run -0 berth container prune <<<n
    output_has "WARNING! This will remove all non running containers."
    names -a
    output_is "up made ended"
    run -0 berth container prune --force --filter label=other
    names -a
    output_is "up made ended"
    run -0 berth container prune -f --filter until=1h
    names -a
    output_is "up made ended"
    run -0 berth container prune <<<y
    names -a
    output_is up
    fails_with "bogus is an invalid filter" -- container prune -f --filter bogus=1
}
