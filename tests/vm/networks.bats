# SPDX-License-Identifier: BSD-2-Clause
# Networks whose drivers many kernels lack, on Debian's, which has all of them; each test has a host of its own and
# somebody outside (tests/cli/network.bash).
load ../cli/helpers
load ../cli/network

setup() {
    export PEER_SECONDS=10
    network_setup
}

teardown() { network_teardown; }

mac_of_host() { host ip -o link show dev eth0 | grep -oE 'link/ether [0-9a-f:]+' | cut -d' ' -f2; }

# Who outside believes to have that address.
mac_seen() { # ADDRESS
    outside ip -o neigh show "$1" | grep -oE 'lladdr [0-9a-f:]+' | cut -d' ' -f2
}

pings() { # WHERE ADDRESS
    local where=$1
    case $where in
    outside | host) ;;
    *) where="inside $where" ;;
    esac
    $where busybox ping -c1 -W20 -q "$2" >/dev/null
}

@test "SCTP: a published port answers, from outside and from the host" {
    modprobe sctp
    sleeper web -p 3868:3868/sctp
    serve web 3868
    answers 192.0.2.9 outside sctp 192.0.2.1 3868
    answers 192.0.2.1 host sctp 192.0.2.1 3868
    silent outside tcp 192.0.2.1 3868
    fails_with -126 "address already in use by container web" -- run --rm -p 3868:1/sctp tiny true
}

@test "IPv4 and IPv6: published ports, masquerading, and names" {
    berth network create --subnet 10.89.5.0/24 --subnet fd00:5::/64 dual >/dev/null
    sleeper web --network dual -p 8080:80 -p 5300:53/udp
    sleeper other --network dual
    serve outside 80
    inside web "$TESTS/fixtures/peer" serve "$BATS_TEST_TMPDIR/ready" 80 53 3>&- &
    echo $! >>"$BATS_TEST_TMPDIR/peers"
    wait_for test -s "$BATS_TEST_TMPDIR/ready"
    answers 192.0.2.9 outside tcp 192.0.2.1 8080
    answers 2001:db8::9 outside tcp 2001:db8::1 8080
    answers 2001:db8::9 outside udp 2001:db8::1 5300
    answers 10.89.5.1 host tcp 127.0.0.1 8080
    answers fd00:5::1 host tcp ::1 8080
    answers 192.0.2.1 other udp 192.0.2.9 80
    answers 2001:db8::1 other tcp 2001:db8::9 80
    run -0 berth exec other nslookup web
    output_has "$(address_of web dual)"
}

@test "ipvlan l2: addresses of the host's network behind the host's own MAC address" {
    berth network create -d ipvlan -o parent=eth0 --subnet 192.0.2.0/24 --gateway 192.0.2.9 l2 >/dev/null
    sleeper one --network l2:ip=192.0.2.77
    sleeper two --network l2:ip=192.0.2.78
    pings outside 192.0.2.77
    pings one 192.0.2.9
    pings one 192.0.2.78
    [ "$(mac_seen 192.0.2.77)" = "$(mac_of_host)" ]
    fails_with -126 "it can't have one of its own" -- run --rm --network l2:mac=02:00:00:00:00:01 tiny true
    berth rm -f -t 0 one >/dev/null
    # The next one may have it.
    sleeper one --network l2:ip=192.0.2.77
    pings outside 192.0.2.77
}

@test "ipvlan l3 and l3s: networks of their own, routed by the host" {
    local mode
    for mode in l3 l3s; do
        berth network create -d ipvlan -o parent=eth0 -o mode="$mode" --subnet 198.51.100.0/24 "$mode" >/dev/null
        sleeper "$mode" --network "$mode:ip=198.51.100.77"
        outside ip route replace 198.51.100.0/24 via 192.0.2.1
        inside "$mode" ip -d link show eth0 | grep -q "ipvlan *mode $mode "
        run -0 inside "$mode" ip route show default
        output_matches '^default dev eth0'
        pings "$mode" 192.0.2.9
        pings outside 198.51.100.77
        berth rm -f -t 0 "$mode" >/dev/null
        berth network rm "$mode" >/dev/null
    done
}

@test "macvlan: private ones don't see each other, and of passthru there is one" {
    berth network create -d macvlan -o parent=eth0 -o mode=private --subnet 192.0.2.0/24 secret >/dev/null
    sleeper one --network secret:ip=192.0.2.77,mac=02:00:00:00:00:77
    sleeper two --network secret:ip=192.0.2.78
    pings outside 192.0.2.77
    [ "$(mac_seen 192.0.2.77)" = 02:00:00:00:00:77 ]
    run ! inside one busybox ping -c1 -W5 -q 192.0.2.78
    berth rm -f -t 0 one two >/dev/null
    berth network create -d macvlan -o parent=eth0 -o mode=passthru -o mtu=1400 --subnet 192.0.2.0/24 through >/dev/null
    sleeper one --network through:ip=192.0.2.77
    pings outside 192.0.2.77
    inside one ip -o link show dev eth0 | grep -q 'mtu 1400 '
    fails_with -126 "parent interface eth0" -- run --rm --network through tiny true
}

@test "vlan: a bridge's containers are in it, tagged on a trunk, and reached by published ports" {
    berth network create --disable-dns -o vlan=100 --subnet 10.89.7.0/24 --interface-name br100 lan >/dev/null
    sleeper web --network lan:ip=10.89.7.10 -p 8080:80
    sleeper other --network lan
    serve web 80
    host ip -d -o link show dev br100 | grep -q 'vlan_filtering 1 '
    run -0 host bridge -j vlan show
    [ "$(jq -c '[.[].vlans[].vlan] | unique' <<<"$output")" = '[100]' ]
    answers "$(address_of other lan)" other tcp 10.89.7.10 80
    answers 192.0.2.9 outside tcp 192.0.2.1 8080
    # Who is on the wire in VLAN 100 is on the network, and who is in another isn't.
    host ip link add trunk type veth peer name trunk netns "$OUTSIDE_PID"
    host ip link set trunk master br100 up
    host bridge vlan del vid 100 dev trunk
    host bridge vlan add vid 100 dev trunk
    host bridge vlan add vid 200 dev trunk
    outside ip link set trunk up
    outside ip link add v100 link trunk type vlan id 100
    outside ip link add v200 link trunk type vlan id 200
    outside ip link set v100 up
    outside ip link set v200 up
    outside ip address add 10.89.7.200/24 dev v100
    answers 10.89.7.200 outside tcp 10.89.7.10 80
    outside ip address del 10.89.7.200/24 dev v100
    outside ip address add 10.89.7.200/24 dev v200
    silent outside tcp 10.89.7.10 80
    host ip link del trunk
}

@test "vlan: on a bridge of the host's own, containers of two VLANs are apart" {
    host ip link add br0 type bridge vlan_filtering 1
    host ip link set br0 up
    berth network create --disable-dns -o mode=unmanaged -o vlan=10 --interface-name br0 --subnet 10.89.8.0/24 ten >/dev/null
    berth network create --disable-dns -o mode=unmanaged -o vlan=20 --interface-name br0 --subnet 10.89.8.0/24 twenty >/dev/null
    sleeper one --network ten:ip=10.89.8.11
    sleeper two --network ten:ip=10.89.8.12
    sleeper three --network twenty:ip=10.89.8.13
    pings one 10.89.8.12
    run ! inside one busybox ping -c1 -W5 -q 10.89.8.13
    # Nor is any of them in the bridge's own.
    run -0 host bridge -j vlan show
    [ "$(jq -c '[.[] | select(.ifname != "br0") | .vlans[].vlan] | sort' <<<"$output")" = '[10,10,20]' ]
    berth rm -f -t 0 -a >/dev/null
    host ip link del br0
}

@test "vrf: the bridge is in it" {
    host ip link add blue type vrf table 10
    host ip link set blue up
    berth network create --disable-dns -o vrf=blue --interface-name brv --subnet 10.89.9.0/24 v >/dev/null
    sleeper one --network v:ip=10.89.9.10
    host ip -o link show master blue | grep -q brv
    pings one 10.89.9.1
    host ip vrf exec blue busybox ping -c1 -W20 -q 10.89.9.10
    # From elsewhere it is not reached.
    run ! host busybox ping -c1 -W3 -q 10.89.9.10
    berth rm -f -t 0 one >/dev/null
    wait_for not_there brv
    fails_with -126 "vrf red does not exist" -- run --rm --network "$(berth network create --disable-dns -o vrf=red)" tiny true
    host ip link del blue
}

not_there() { ! host ip link show "$1"; }
