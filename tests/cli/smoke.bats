# SPDX-License-Identifier: BSD-2-Clause
# The shortest walk through a container's life; also run in the virtual machine and as a plain user.
# bats file_tags=smoke,rootless

load helpers

setup() {
    [[ $BATS_TEST_DESCRIPTION == --plan* ]] || needs containers
    tiny
}

@test "a container's exit code becomes ours" {
    run -7 berth run --rm --network none tiny sh -c 'exit 7'
    run -143 berth run --rm --network none --init tiny sh -c 'kill -TERM $$; sleep 5'
}

@test "output and errors arrive apart, input arrives at all" {
    run -0 --separate-stderr berth run --rm --network none tiny sh -c 'echo out; echo err >&2'
    output_is out
    [ "$stderr" = err ]
    run -0 berth run --rm -i --network none tiny wc -c <<<12345
    output_is 6
}

@test "a detached container is listed, logs, answers exec, stops and goes" {
    run -0 berth run -d --name c --network none tiny sh -c 'trap "exit 3" TERM; echo started; while :; do sleep 0.1; done'
    output_matches '^[0-9a-f]{64}$'
    wait_for eval 'berth logs c | grep -q started'
    run -0 berth ps --format '{{.Names}}'
    output_is c
    run -0 berth exec c sh -c 'cat /proc/1/comm'
    output_is sh
    run -0 berth stop -t 5 c
    output_is c
    run -0 berth wait c
    output_is 3
    run -0 berth logs c
    output_is started
    run -0 berth rm c
    run -0 berth ps -a -q
    output_is ""
}

@test "what one container writes, the next does not see" {
    berth run --name one --network none tiny sh -c 'echo changed >/etc/plain'
    run -0 berth run --rm --network none tiny cat /etc/plain
    output_is "not a program"
    run -0 berth start -a one
}

@test "--plan prints what would be done and does nothing" {
    run -0 berth run --plan --name c --network none tiny true
    output_has mount pivot
    run -0 berth ps -a -q
    output_is ""
}

@test "what a template makes of info and version ends with one new line" {
    [ "$(berth version --format '{{.Client.Version}}' | wc -l)" -eq 1 ]
    [ "$(berth info --format '{{.Host.Arch}}' | wc -l)" -eq 1 ]
}

@test "info's templates have podman's name for the cgroup version" {
    [ "$(berth info --format '{{.Host.CgroupsVersion}}')" = "$(berth info --format '{{.Host.CgroupVersion}}')" ]
}
