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
