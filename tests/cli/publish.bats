# SPDX-License-Identifier: BSD-2-Clause
# Bridge networks and published ports, on real traffic between namespaces that play hosts.
load helpers
load network

setup() { network_setup; }
teardown() { network_teardown; }

sleeper() { # NAME OPTIONS...
    local name=$1
    shift
    berth run -d --name "$name" "$@" tiny sleep 600 >/dev/null
}

@test "a published port answers outsiders, who keep their address" {
    sleeper web -p 8080:80 -p 5300:53/udp
    serve web 80 53
    answers 192.0.2.9 outside tcp 192.0.2.1 8080
    answers 192.0.2.9 outside udp 192.0.2.1 5300
    silent outside tcp 192.0.2.1 5300
    silent outside tcp 192.0.2.1 80
}

@test "a published port answers the host itself" {
    sleeper web -p 8080:80
    serve web 80
    answers 10.88.0.1 host tcp 127.0.0.1 8080
    answers 192.0.2.1 host tcp 192.0.2.1 8080
    answers 10.88.0.1 host tcp 10.88.0.1 8080
    berth stop -t 0 web
    silent host tcp 127.0.0.1 8080
}

@test "containers reach published ports, their own too, and one another" {
    sleeper web -p 8080:80
    sleeper other
    serve web 80
    answers 10.88.0.1 other tcp 192.0.2.1 8080
    answers 10.88.0.1 web tcp 192.0.2.1 8080
    answers "$(address_of other)" other tcp "$(address_of web)" 80
}

@test "a published port of one address answers there alone" {
    sleeper web -p 127.0.0.1:8080:80 -p 192.0.2.1:8081:80
    serve web 80
    answers 10.88.0.1 host tcp 127.0.0.1 8080
    silent outside tcp 192.0.2.1 8080
    answers 192.0.2.9 outside tcp 192.0.2.1 8081
    silent host tcp 127.0.0.1 8081
}

@test "what is not published is not reached from outside" {
    sleeper web -p 8080:80
    serve web 80 81
    outside ip route add 10.88.0.0/16 via 192.0.2.1
    silent outside tcp "$(address_of web)" 81
    host nft add rule inet berth user iifname eth0 oifname podman0 accept
    answers 192.0.2.9 outside tcp "$(address_of web)" 81
}

@test "what goes out is masqueraded" {
    serve outside 80
    sleeper web
    answers 192.0.2.1 web tcp 192.0.2.9 80
    answers 192.0.2.1 web udp 192.0.2.9 80
}

@test "ranges, random ports and -P" {
    sleeper web -p 9000-9002:80-82 -p 83 --expose 84 -P
    serve web 80 81 82 83 84
    answers 192.0.2.9 outside tcp 192.0.2.1 9000
    answers 192.0.2.9 outside tcp 192.0.2.1 9002
    run -0 berth port web 83
    answers 192.0.2.9 outside tcp 192.0.2.1 "${output##*:}"
    run -0 berth port web 84
    answers 192.0.2.9 outside tcp 192.0.2.1 "${output##*:}"
    run -0 berth port web 81/tcp
    output_is 0.0.0.0:9001
    run -0 berth ps --format '{{.Ports}}'
    output_has "0.0.0.0:9000-9002->80-82/tcp" "->84/tcp"
    fails_with 'failed to find published port "99/tcp"' -- port web 99
}

@test "a port that is taken says by whom" {
    sleeper web -p 8080:80
    fails_with -126 "address already in use by container web" -- run --rm -p 8080:80 tiny true
    fails_with -126 "address already in use by container web" -- run --rm -p 127.0.0.1:8080:80 tiny true
    serve host 9999
    fails_with -126 "address already in use by process " " (peer)" -- \
        run --rm -p 9998-9999:98-99/udp tiny true
    # Half of a range that was had is given back.
    run -0 berth run --rm -p 9998:98/udp tiny true
    # Nobody else gets it either.
    run -1 host python3 -c 'import socket; socket.socket().bind(("", 8080))'
    berth rm -f -t 0 web
    run -0 berth run --rm -p 8080:80 tiny true
}

@test "ports of a container that was killed are free" {
    sleeper web -p 8080:80
    local monitor
    monitor=$(berth inspect --format '{{.State.ConmonPid}}' web)
    kill -9 "$monitor"
    wait_for state_is web exited
    run -0 berth run --rm -p 8080:80 tiny true
    run -0 berth start web
    serve web 80
    answers 192.0.2.9 outside tcp 192.0.2.1 8080
}

@test "a flushed table is put back by the next start, and by reload" {
    sleeper web -p 8080:80
    serve web 80
    host nft flush ruleset
    silent outside tcp 192.0.2.1 8080
    sleeper other
    answers 192.0.2.9 outside tcp 192.0.2.1 8080
    host nft flush table inet berth
    silent outside tcp 192.0.2.1 8080
    sleeper third
    answers 192.0.2.9 outside tcp 192.0.2.1 8080
}

@test "rules of the administrator's, and other tables, stay" {
    host nft add table inet mine
    sleeper web -p 8080:80
    serve web 80
    host nft add rule inet berth user iifname eth0 meta l4proto tcp ct original proto-dst 8080 drop
    silent outside tcp 192.0.2.1 8080
    berth rm -f -t 0 web
    sleeper web -p 8080:80 -p 8081:80
    serve web 80
    silent outside tcp 192.0.2.1 8080
    answers 192.0.2.9 outside tcp 192.0.2.1 8081
    run -0 host nft list tables
    output_has "table inet mine"
}

@test "twenty containers start at once, each with an address and a port" {
    local i pids=() addresses
    for i in $(seq 20); do
        sleeper "c$i" -p "$((8000 + i)):80" &
        pids+=($!)
    done
    for i in "${pids[@]}"; do wait "$i"; done
    addresses=$(for i in $(seq 20); do address_of "c$i"; done | sort -u | wc -l)
    [ "$addresses" = 20 ]
    for i in 1 7 20; do
        serve "c$i" 80
        answers 192.0.2.9 outside tcp 192.0.2.1 "$((8000 + i))"
    done
    [ "$(table | grep -c '80[0-9][0-9] : 10.88.0')" -ge 10 ]
    berth rm -f -t 0 -a >/dev/null
    run -0 table
    output_lacks "8001 :"
}

@test "a host port that is no network's is refused, or discarded with a warning" {
    run -0 berth run --rm --network host -p 80:80 tiny true
    output_has 'Port mappings have been discarded because "host" network namespace mode does not support them'
    fails_with "port numbers must be between 1 and 65535 (inclusive), got 99999" -- run --rm -p 99999:80 tiny true
    fails_with "conflicting port mappings for host port 80" -- run --rm -p 80:80 -p 80:81 tiny true
}

@test "default_host_ip is where ports are published" {
    printf '[network]\ndefault_host_ip = "127.0.0.1"\n' >"$BATS_TEST_TMPDIR/conf"
    CONTAINERS_CONF=$BATS_TEST_TMPDIR/conf sleeper web -p 8080:80 -p 192.0.2.1:8081:80
    serve web 80
    answers 10.88.0.1 host tcp 127.0.0.1 8080
    silent outside tcp 192.0.2.1 8080
    answers 192.0.2.9 outside tcp 192.0.2.1 8081
}

@test "the address, MAC address and names that were asked for" {
    sleeper web --ip 10.88.7.7 --mac-address 02:00:00:00:00:07 --hostname box
    [ "$(address_of web)" = 10.88.7.7 ]
    run -0 berth exec web cat /sys/class/net/eth0/address
    output_is 02:00:00:00:00:07
    run -0 berth exec web cat /etc/hosts
    output_has $'10.88.7.7\tbox web' $'10.88.0.1\thost.containers.internal host.docker.internal'
    run -0 berth inspect --format '{{.NetworkSettings.IPAddress}} {{.NetworkSettings.Gateway}} {{.NetworkSettings.MacAddress}}' web
    output_is "10.88.7.7 10.88.0.1 02:00:00:00:00:07"
    fails_with -126 "10.88.7.7" -- run --rm --ip 10.88.7.7 tiny true
}
