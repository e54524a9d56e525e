# SPDX-License-Identifier: BSD-2-Clause
# Containers that need others: joined namespaces, --requires, --volumes-from.

load helpers

has_dependent="has dependent containers which must be removed before it"

@test "who is needed stays: by a joined namespace, --volumes-from, --requires" {
    local a b option
    a=$(berth create --name a --ipc shareable tiny sleep 1000)
    for option in --ipc=container:a --uts=container:a --network=container:a --volumes-from=a --requires=a; do
        b=$(berth create --name b "$option" tiny true)
        fails_with "container $a $has_dependent: $b: container already exists" -- rm a
        fails_with "$has_dependent" -- rm --force a
        berth rm b
    done
    # Of one that failed to be made nothing is left that would hinder.
    fails_with "names must match" -- create --name 'b@d' --requires a tiny true
    run -0 berth rm a
    output_is a
    fails_with 'no container with name or ID "a" found' -- create --requires a tiny true
}

@test "rm --depend takes those that need it first, and theirs" {
    local b c
    berth run -d --name a tiny sleep 1000
    b=$(berth create --name b --requires a tiny true)
    c=$(berth create --name c --requires b tiny true)
    fails_with -2 "as it is running" -- rm --depend a
    run -0 berth rm --force -t 0 --depend a
    output_is "$c
$b
a"
    run -0 berth ps -aq
    output_is ""
}

@test "rm of several, whatever their order, and rm --all" {
    berth create --name a tiny true
    berth create --name b --requires a tiny true
    run -0 berth rm a b
    output_is "b
a"
    berth create --name a tiny true
    berth create --name b --requires a tiny true
    run -0 berth rm --all
    [ "$(wc -l <<<"$output")" = 2 ]
    berth create --name a tiny true
    berth create --name b --requires a tiny true
    run -0 berth container prune -f
    [ "$(wc -l <<<"$output")" = 2 ]
}

@test "start and run start what is needed; a container with --rm goes all the same" {
    berth create --name a --rm --ipc shareable tiny sleep 1000
    berth create --name b --requires a tiny sleep 1000
    berth create --name c --requires b --ipc container:a tiny true
    run -0 berth start -a c
    state_is a running
    state_is b running
    run -0 berth inspect --format '{{len .Dependencies}}' c
    output_is 2
    berth stop -t 0 a b
    no_container_named a
    fails_with "which it needs" "is not there" -- run --rm --requires b tiny true
}

@test "rmi --force, network rm --force and volume rm --force take whoever needs their containers too" {
    berth tag tiny other
    berth create --name a -v v:/x tiny true
    berth create --name b --requires a --rootfs / tiny true
    run -0 berth volume rm --force v
    run -0 berth ps -aq
    output_is ""
    berth network create n
    berth create --name a --network n tiny true
    berth create --name b --requires a --network none tiny true
    run -0 berth network rm --force n
    run -0 berth ps -aq
    output_is ""
}
