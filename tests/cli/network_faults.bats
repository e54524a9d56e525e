# SPDX-License-Identifier: BSD-2-Clause
# What is in the way of a start, and containers that mean ill.
load helpers
load network

setup() { network_setup; }
teardown() { network_teardown; }

# Looked at without a command of berth's, which would sweep.
nothing_taken() {
    local left
    left=$(find "$BATS_TEST_TMPDIR"/run/attachments "$BATS_TEST_TMPDIR"/run/unsettled \
        "$BATS_TEST_TMPDIR"/run/networks/*/leases -mindepth 1 2>/dev/null)
    [ -z "$left" ] || {
        echo "left: $left"
        return 1
    }
}

@test "a start that fails half-way leaves nothing, takes nobody's interface away, and works when the way is free" {
    berth network create --disable-dns --subnet 10.89.1.0/24 net1
    host ip link add taken type veth peer name far
    host ip link set taken up
    berth create --name web --network podman --network net1:host_interface_name=taken -p 8080:80 tiny sleep 3600
    fails_with -126 "taken: File exists" -- start web
    nothing_taken
    run host nft list map inet berth ports4
    output_lacks elements
    # Not by what comes later either.
    fails_with -126 "taken: File exists" -- start web
    fails_with -126 "eth0: File exists" -- run --name other --network podman:host_interface_name=eth0 tiny true
    nothing_taken
    run -0 berth rm -f other
    run -0 host ip link show taken
    output_has ",UP,"
    run -0 host ip link show eth0
    output_has ",UP,"
    host ip link del taken
    berth start web
    serve web 80
    answers 192.0.2.9 outside tcp 192.0.2.1 8080
    berth stop -t 0 web
    nothing_taken
}

believes() { # host|CONTAINER
    local where=$1
    [ "$where" = host ] || where="inside $1"
    $where ip -6 route show default | grep -q ra ||
        $where ip -6 address | grep -q 2001:db8:bad
}

may_send() { # its address of the link is there, and nobody else's
    inside "$1" ip -6 address show dev eth0 scope link | grep fe80 | grep -qv tentative
}

# Twice: what was sent first has been looked at when the second is answered.
advertise() {
    inside bad "$TESTS/fixtures/advertise" eth0
    inside bad "$TESTS/fixtures/advertise" eth0
    answers "$(address_of bad "$1")" bad tcp "$(address_of good "$1")" 80
}

@test "a container that says it is the router is believed by no other, and not by the host (CVE-2020-10749)" {
    [ -e /proc/sys/net/ipv6 ] || skip "needs IPv6"
    berth network create --disable-dns --subnet 10.89.1.0/24 --subnet fd00:1::/64 both
    local network
    for network in podman both; do
        sleeper good --network $network
        sleeper bad --network $network --cap-add net_raw
        serve good 80
        wait_for may_send bad
        wait_for may_send good
        advertise $network
        run ! believes host
        run ! believes good
        # That is not because nobody hears it.
        inside good sysctl -qw net.ipv6.conf.eth0.accept_ra=2
        advertise $network
        wait_for believes good
        berth rm -f -t 0 good bad
    done
    # A host that forwards goes on to believe others where it did.
    run -0 host sysctl -n net.ipv6.conf.eth0.accept_ra
    output_is 2
}

@test "a port that is published on 127.0.0.1 is the host's own, whoever says where that is (CVE-2020-8558)" {
    local who kind port
    berth network create --disable-dns --subnet 10.89.1.0/24 net1
    sleeper web -p 127.0.0.1:8080:80 -p 127.0.0.1:5300:53/udp
    sleeper beside
    sleeper apart --network net1
    serve web 80 53
    serve host 9000
    answers 10.88.0.1 host tcp 127.0.0.1 8080
    for who in outside "inside beside" "inside apart"; do
        $who sysctl -qw net.ipv4.conf.eth0.route_localnet=1 net.ipv4.conf.all.route_localnet=1
        $who ip address del 127.0.0.1/8 dev lo
    done
    outside ip route add 127.0.0.1 via 192.0.2.1 src 192.0.2.9
    inside beside ip route add 127.0.0.1 via 10.88.0.1 src "$(address_of beside)"
    inside apart ip route add 127.0.0.1 via 10.89.1.1 src "$(address_of apart net1)"
    for who in outside beside apart; do
        PEER_SECONDS=1 silent $who tcp 127.0.0.1 8080
        PEER_SECONDS=1 silent $who udp 127.0.0.1 5300
        PEER_SECONDS=1 silent $who tcp 127.0.0.1 9000
    done
}

@test "network reload puts back what 127.0.0.1 takes, and forwarding" {
    sleeper web -p 8080:80
    serve web 80
    host sysctl -qw net.ipv4.ip_forward=0
    host ip link del podman0
    berth network reload web
    answers 10.88.0.1 host tcp 127.0.0.1 8080
    answers 192.0.2.9 outside tcp 192.0.2.1 8080
}

@test "a volatile root that was emptied under a container: the next command says what is there, and a start works" {
    needs program dnsmasq
    local pid monitor
    berth network create --subnet 10.89.1.0/24 net1
    sleeper web --network podman --network net1 -p 8080:80
    pid=$(pid_of web) monitor=$(berth inspect --format '{{.State.ConmonPid}}' web)
    rm -rf "$BATS_TEST_TMPDIR/run"
    fails_with -126 "cgroup is not empty" -- start web
    nothing_taken
    kill -9 "$pid" "$monitor"
    wait_for berth start web
    serve web 80
    answers 192.0.2.9 outside tcp 192.0.2.1 8080
    run -0 berth run --rm --network net1 tiny nslookup web
    output_has 10.89.1.
}

@test "a bridge with containers of another volatile root is refused, and taken over without" {
    berth_too() { host "$BERTH" --root "$BATS_TEST_TMPDIR/lib2" --runroot "$BATS_TEST_TMPDIR/run2" "$@"; }
    berth_too load -q -i "$FIXTURES/tiny.tar" >/dev/null
    sleeper web -p 8080:80
    run -126 berth_too run --rm tiny true
    output_has "bridge podman0 has containers on it that are not of $BATS_TEST_TMPDIR/run2, and may have the same addresses"
    [ -z "$(find "$BATS_TEST_TMPDIR/run2/networks/podman/leases" -mindepth 1)" ]
    # The same by another path.
    ln -s run "$BATS_TEST_TMPDIR/link"
    run -0 host "$BERTH" --root "$BATS_TEST_TMPDIR/lib" --runroot "$BATS_TEST_TMPDIR/link" run --rm tiny true
    serve web 80
    answers 192.0.2.9 outside tcp 192.0.2.1 8080
    berth rm -f -t 0 web
    wait_for berth_too run --rm tiny true
}

@test "addresses that others' containers have on a bridge are not given again" {
    local i pids=()
    # As podman would, whose default network has the same bridge and subnet.
    host ip link add podman0 type bridge
    host ip address add 10.88.0.1/16 dev podman0
    host ip link set podman0 up
    for i in 2 3; do
        unshare -n sh -c 'echo >"$1"; exec sleep 600' - "$BATS_TEST_TMPDIR/other$i" 3>&- &
        pids[i]=$!
        wait_for test -e "$BATS_TEST_TMPDIR/other$i"
        host ip link add "other$i" type veth peer name eth0 netns "${pids[i]}"
        host ip link set "other$i" master podman0 up
        nsenter -t "${pids[i]}" -n ip address add 10.88.0.$i/16 dev eth0
        nsenter -t "${pids[i]}" -n ip link set eth0 up
    done
    run -0 berth run --rm --plan tiny true
    output_has 10.88.0.4/16
    run -0 berth run --rm tiny ip -o -4 address show dev eth0
    output_has 10.88.0.4/16
    fails_with -126 "ip address 10.88.0.3 is in use on bridge podman0" -- run --rm --ip 10.88.0.3 tiny true
    # One's own is free again at once, on whosever bridge.
    for i in 1 2 3; do
        run -0 berth run --rm --ip 10.88.0.9 tiny true
    done
    [ -z "$(find "$BATS_TEST_TMPDIR/run/networks/podman/leases" -mindepth 1)" ]
    for i in 2 3; do host ip link del "other$i"; done
    kill "${pids[@]}"
    host ip link del podman0
}
