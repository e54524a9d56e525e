# SPDX-License-Identifier: BSD-2-Clause
# Bridge networks and published ports, on real traffic between namespaces that play hosts.
load helpers
load network

setup() { network_setup; }
teardown() { network_teardown; }

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

@test "ports that go on are shown as one range, whatever case the protocol is in, and one may be said twice" {
    sleeper web -p 9002:82 -p 5300:53/UDP -p 9000:80 -p 9001:81/TCP -p 9000:80 --expose 91-92 --expose 90
    run -0 berth ps --format '{{.Ports}}'
    output_is "0.0.0.0:9000-9002->80-82/tcp, 0.0.0.0:5300->53/udp, 90-92/tcp"
    serve web 53 80 82
    answers 192.0.2.9 outside tcp 192.0.2.1 9000
    answers 192.0.2.9 outside tcp 192.0.2.1 9002
    answers 192.0.2.9 outside udp 192.0.2.1 5300
    run -0 berth port web
    output_is $'80/tcp -> 0.0.0.0:9000\n81/tcp -> 0.0.0.0:9001\n82/tcp -> 0.0.0.0:9002\n53/udp -> 0.0.0.0:5300'
}

@test "who joins a container's network is shown with its ports and addresses" {
    sleeper web -p 8080:80
    sleeper joined --network container:web
    run -0 berth port joined
    output_is "80/tcp -> 0.0.0.0:8080"
    run -0 berth ps --filter network=container:web --format '{{.Names}} {{.Ports}}'
    output_is "joined 0.0.0.0:8080->80/tcp"
    run -0 berth inspect --format '{{.NetworkSettings.IPAddress}} {{json .NetworkSettings.Ports}}' joined
    output_is "$(address_of web) {\"80/tcp\":[{\"HostIp\":\"0.0.0.0\",\"HostPort\":\"8080\"}]}"
    run -0 berth ps -q --no-trunc --filter network=2f259bab93aa
    output_is "$(berth inspect --format '{{.Id}}' web)"
}

@test "a port that is published where the container has no address is warned of" {
    run -0 berth run --rm -p '[::1]:8080:80' tiny true
    output_is "Warning: tcp port 80 is published at ::1, but none of the container's networks has IPv6"
    berth network create --disable-dns --subnet fd00:6::/64 six >/dev/null
    run -0 berth run --rm --network six -p 127.0.0.1:8080:80 tiny true
    output_is "Warning: tcp port 80 is published at 127.0.0.1, but none of the container's networks has IPv4"
    run -0 berth run --rm --network six --network podman -p 127.0.0.1:8080:80 -p '[::1]:8080:80' -p 81:81 tiny true
    output_is ""
    fails_with "mtu 1279 is too small for IPv6" -- run --rm --network six:mtu=1279 tiny true
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

# Whatever it is that takes it away: nobody runs berth, and soon the port answers and what goes out is masqueraded.
mends() { # NFT-COMMAND WORDS...
    host nft "$@"
    WAIT_S=30 wait_for answers 192.0.2.9 outside tcp 192.0.2.1 8080
    WAIT_S=30 wait_for answers 192.0.2.1 web tcp 192.0.2.9 7000
}

@test "a flushed table is put back by itself" {
    sleeper web -p 8080:80
    sleeper other
    serve web 80
    serve outside 7000
    mends flush ruleset
    mends delete table inet berth
}

@test "chains, and elements of sets, that somebody deletes are put back by themselves" {
    sleeper web -p 8080:80
    serve web 80
    serve outside 7000
    mends flush chain inet berth ports
    mends flush map inet berth ports4
    host nft add rule inet berth user counter
    mends flush chain inet berth postrouting
    run -0 host nft list chain inet berth user
    output_has counter
}

@test "a ruleset that is loaded again and again, in one transaction, does not end what is published" {
    local i
    sleeper web -p 8080:80
    serve web 80
    serve outside 7000
    printf 'flush ruleset\ntable inet mine {\n}\ntable inet berth {\n chain user {\n counter\n }\n}\n' \
        >"$BATS_TEST_TMPDIR/nftables.conf"
    for i in 1 2 3; do mends -f "$BATS_TEST_TMPDIR/nftables.conf"; done
    run -0 host nft list ruleset
    output_has "table inet mine" counter
}

@test "a flushed table is put back by the next start, and by reload, at once" {
    sleeper web -p 8080:80
    serve web 80
    host nft flush ruleset
    sleeper other
    answers 192.0.2.9 outside tcp 192.0.2.1 8080
    host nft flush table inet berth
    run -0 berth network reload web
    output_is "$(berth inspect --format '{{.Id}}' web)"
    answers 192.0.2.9 outside tcp 192.0.2.1 8080
    # One that is on no network has nothing to put back.
    sleeper alone --network none
    run -0 berth network reload --all
    [ "${#lines[@]}" = 2 ]
    fails_with "network is not configured, refusing to reload" -- network reload alone
}

@test "many containers put back a flushed table once, or a few times" {
    local i
    for i in $(seq 12); do sleeper "c$i" -p "$((8079 + i)):80"; done
    serve c1 80
    host nft monitor >"$BATS_TEST_TMPDIR/monitor" 2>&1 3>&- &
    echo $! >>"$BATS_TEST_TMPDIR/peers"
    listens() { host nft add table inet listens && host nft delete table inet listens && grep -q listens "$BATS_TEST_TMPDIR/monitor"; }
    wait_for listens
    host nft delete table inet berth
    WAIT_S=30 wait_for answers 192.0.2.9 outside tcp 192.0.2.1 8080
    # Whoever was late has looked by then.
    sleep 1
    run -0 grep -c 'new generation.*(firewall)' "$BATS_TEST_TMPDIR/monitor"
    [ "$output" -le 3 ]
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
    run -0 berth run --rm --add-host gate:host-gateway tiny cat /etc/hosts
    output_has $'10.88.0.1\tgate'
    sleeper web --ip 10.88.7.7 --mac-address 02:00:00:00:00:07 --hostname box
    [ "$(address_of web)" = 10.88.7.7 ]
    run -0 berth exec web cat /sys/class/net/eth0/address
    output_is 02:00:00:00:00:07
    run -0 berth exec web cat /etc/hosts
    output_has $'10.88.7.7\tbox web' $'10.88.0.1\thost.containers.internal host.docker.internal'
    run -0 berth inspect --format '{{.NetworkSettings.IPAddress}} {{.NetworkSettings.Gateway}} {{.NetworkSettings.MacAddress}}' web
    output_is "10.88.7.7 10.88.0.1 02:00:00:00:00:07"
    fails_with -126 "10.88.7.7" -- run --rm --ip 10.88.7.7 tiny true
    # Nor has anybody else its hardware's, on this network, while it runs.
    fails_with -126 "requested MAC address 02:00:00:00:00:07 is container web's" -- \
        run --rm --mac-address 02-00-00-00-00-07 tiny true
    berth network create --disable-dns other >/dev/null
    berth run --rm --network other --mac-address 02:00:00:00:00:07 tiny true
    berth restart -t 0 web >/dev/null
    berth stop -t 0 web >/dev/null
    berth run --rm --mac-address 02:00:00:00:00:07 tiny true
}

@test "IPv6: from outside, from the host by ::1 and its own address, from containers, and out" {
    [ "$(host sysctl -n net.bridge.bridge-nf-call-ip6tables 2>/dev/null || echo 0)" = 0 ] || skip "needs bridge-nf-call-ip6tables=0"
    berth network create --disable-dns --subnet 10.89.5.0/24 --subnet fd00:5::/64 dual
    sleeper web --network dual -p 8080:80 -p 5300:53/udp -p '[::1]:8081:80'
    sleeper other --network dual
    serve web 80 53
    serve outside 80
    answers 2001:db8::9 outside tcp 2001:db8::1 8080
    answers 2001:db8::9 outside udp 2001:db8::1 5300
    answers 192.0.2.9 outside tcp 192.0.2.1 8080
    silent outside tcp 2001:db8::1 8081
    answers fd00:5::1 host tcp ::1 8080
    answers fd00:5::1 host udp ::1 5300
    answers fd00:5::1 host tcp ::1 8081
    answers 2001:db8::1 host tcp 2001:db8::1 8080
    answers fd00:5::1 other tcp 2001:db8::1 8080
    answers 2001:db8::1 other tcp 2001:db8::9 80
    run -0 berth exec web cat /etc/hosts
    output_has "$(address_of web dual GlobalIPv6Address)"
}

@test "an internal network is not left, and not entered from outside" {
    berth network create --internal --disable-dns --subnet 10.89.6.0/24 inner
    sleeper web --network inner -p 8080:80
    sleeper other --network inner
    serve web 80
    serve outside 80
    answers "$(address_of other inner)" other tcp "$(address_of web inner)" 80
    silent other tcp 192.0.2.9 80
    silent outside tcp 192.0.2.1 8080
    answers 10.89.6.1 host tcp 127.0.0.1 8080
}

@test "a bridge of the host's is as it was before the network; another interface is none" {
    host ip link add br9 type bridge
    host ip address add 203.0.113.1/24 dev br9
    host ip link set br9 up
    fails_with "interface eth0 exists, and is no bridge" -- network create --interface-name eth0 over
    berth network create --disable-dns --subnet 198.51.100.0/24 --interface-name br9 n
    run -0 berth run --rm --network n tiny ip route
    output_has "default via 198.51.100.1"
    berth network rm n
    run -0 host ip -o -4 address show dev br9
    output_has 203.0.113.1/24
    output_lacks 198.51.100.1
    host ip link del br9
}

@test "isolated networks don't reach one another, others do" {
    berth network create --disable-dns --subnet 10.89.7.0/24 -o isolate=true one
    berth network create --disable-dns --subnet 10.89.8.0/24 -o isolate=true two
    berth network create --disable-dns --subnet 10.89.9.0/24 -o isolate=strict three
    sleeper a --network one
    sleeper b --network two
    sleeper c --network three
    sleeper d
    serve a 80
    serve c 80
    silent b tcp "$(address_of a one)" 80
    answers "$(address_of d)" d tcp "$(address_of a one)" 80
    silent d tcp "$(address_of c three)" 80
}

@test "connect and disconnect, of a container that runs and of one that does not" {
    berth network create --disable-dns --subnet 10.89.10.0/24 net1
    sleeper web -p 8080:80
    berth network connect --ip 10.89.10.9 --alias w net1 web
    [ "$(address_of web net1)" = 10.89.10.9 ]
    run -0 berth exec web cat /etc/hosts /proc/net/dev
    output_has "10.89.10.9" "eth1:"
    fails_with "network is already connected" -- network connect net1 web
    sleeper other --network net1
    serve web 80
    answers "$(address_of other net1)" other tcp 10.89.10.9 80
    berth network disconnect net1 web
    run -0 berth exec web cat /etc/hosts /proc/net/dev
    output_lacks "10.89.10.9" "eth1:"
    fails_with "network is not connected" -- network disconnect net1 web
    berth network disconnect -f net1 web
    answers 192.0.2.9 outside tcp 192.0.2.1 8080
    berth stop -t 0 web
    berth network connect net1 web
    berth start web
    [ -n "$(address_of web net1)" ]
    run -0 berth network rm -f net1
    no_container_named other
}

@test "what is published follows a container that leaves a network, and leads to nobody else" {
    berth network create --disable-dns --subnet 10.89.10.0/24 net1
    sleeper web -p 8080:80 --network podman --network net1
    serve web 80
    answers 192.0.2.9 outside tcp 192.0.2.1 8080
    local first
    first=$(address_of web)
    berth network disconnect podman web
    answers 10.89.10.1 host tcp 127.0.0.1 8080
    # It gets out there, too.
    answers 192.0.2.9 outside tcp 192.0.2.1 8080
    berth network disconnect net1 web
    run table
    output_lacks "8080 :"
    # Its address is another's, who has published nothing.
    sleeper other --ip "$first"
    serve other 80
    silent outside tcp 192.0.2.1 8080
    berth network connect net1 web
    answers 192.0.2.9 outside tcp 192.0.2.1 8080
}

@test "several networks: interfaces in order, the same after a restart, with their options" {
    berth network create --disable-dns --subnet 10.89.11.0/24 net1
    berth network create --disable-dns --subnet 10.89.12.0/24 net2
    sleeper web --network net2:ip=10.89.12.7,interface_name=wan,mtu=1400 --network net1:mac=02:00:00:00:00:09
    run -0 berth exec web ip -o -4 address
    output_matches '.*wan +inet 10.89.12.7.*eth0 +inet 10.89.11.*'
    run -0 berth exec web cat /sys/class/net/wan/mtu /sys/class/net/eth0/address
    output_is $'1400\n02:00:00:00:00:09'
    berth restart -t 0 web
    run -0 berth exec web ip -o -4 address
    output_matches '.*wan +inet 10.89.12.7.*eth0 +inet 10.89.11.*'
    fails_with "unable to find network with name or ID nonet: network not found" -- run --rm --network nonet tiny true
    fails_with 'unknown option "foo"' -- run --rm --network net1:foo=1 tiny true
    fails_with "conflicts with bridge" -- run --rm --network net1 --network host tiny true
}

gone() { [ -z "$(ls "$BATS_TEST_TMPDIR"/lib/.trash "$BATS_TEST_TMPDIR"/run/.trash | grep -v :)" ]; }

@test "a restart takes the port again, and --rm gives it back at once" {
    sleeper web -p 8080:80
    berth restart -t 0 web
    serve web 80
    answers 192.0.2.9 outside tcp 192.0.2.1 8080
    berth rm -f -t 0 web
    for i in 1 2 3; do
        run -0 berth run --rm -p 8080:80 tiny true
    done
}

@test "--rm on a network leaves nothing for the next command to delete" {
    sleeper other
    for _ in $(seq 12); do
        berth run --rm -p 8080:80 tiny true
        wait_for gone
    done
}

@test "--plan shows the network and changes nothing" {
    run -0 berth run --plan -p 8080:80 tiny true
    output_matches '.*bridge +podman0 10.88.0.1/16.*firewall +podman0, 8080/tcp to 80.*'
    run -0 host nft list tables
    output_is ""
    run -1 host ip link show podman0
}

# While a network namespace is made beside the rest, a number that is closed twice may be somebody else's by then.
@test "a start on a bridge closes no descriptor twice" {
    needs program strace
    berth network create net1 >/dev/null
    host strace -f -qq -o "$BATS_TEST_TMPDIR/trace" -e trace=execve,close -- \
        "$BERTH" --root "$BATS_TEST_TMPDIR/lib" --runroot "$BATS_TEST_TMPDIR/run" run --rm --network net1 -p 8080:80 tiny true
    run -0 awk 'NR == 1 { berth = $1 } $1 == berth && /EBADF/' "$BATS_TEST_TMPDIR/trace"
    output_is ""
}
