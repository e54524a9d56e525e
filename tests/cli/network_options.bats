# SPDX-License-Identifier: BSD-2-Clause
# What options of networks do, on real traffic between namespaces that play hosts.
load helpers
load network

setup() { network_setup; }
teardown() { network_teardown; }

@test "no_default_route and --route: only the way that was given" {
    outside ip address add 203.0.113.9/32 dev lo
    host ip route add 203.0.113.9/32 via 192.0.2.9
    serve outside 80
    berth network create --disable-dns --subnet 10.89.5.0/24 -o no_default_route=true \
        --route 192.0.2.0/24,10.89.5.1,7 narrow >/dev/null
    sleeper web --network narrow
    answers 192.0.2.1 web tcp 192.0.2.9 80
    silent web tcp 203.0.113.9 80
    run -0 inside web ip route show
    output_has "192.0.2.0/24 via 10.89.5.1 dev eth0 metric 7"
    output_lacks default
    # Of one interface alone.
    berth network create --disable-dns --subnet 10.89.6.0/24 wide >/dev/null
    sleeper other --network wide:no_default_route=true
    silent other tcp 192.0.2.9 80
}

@test "metric: the lower one leads out, of a network or of one interface" {
    berth network create --disable-dns --subnet 10.89.5.0/24 first >/dev/null
    berth network create --disable-dns --subnet 10.89.6.0/24 -o metric=50 second >/dev/null
    sleeper a --network first --network second
    run -0 inside a ip route get 192.0.2.9
    output_has "via 10.89.6.1 dev eth1"
    sleeper b --network first:metric=10 --network second
    run -0 inside b ip route get 192.0.2.9
    output_has "via 10.89.5.1 dev eth0"
}

@test "--sysctl: of the container's own interfaces, whichever way its namespaces are made" {
    berth network create --disable-dns --subnet 10.89.5.0/24 own >/dev/null
    run -0 berth run --rm --network own --sysctl net.ipv4.conf.eth0.proxy_arp=1 --sysctl net.ipv4.neigh.eth0.app_solicit=3 \
        tiny cat /proc/sys/net/ipv4/conf/eth0/proxy_arp /proc/sys/net/ipv4/neigh/eth0/app_solicit
    [ "$output" = $'1\n3' ]
    run -0 berth run --rm --network own --uidmap 0:100000:1000 --sysctl net.ipv4.conf.eth0.proxy_arp=1 tiny cat /proc/sys/net/ipv4/conf/eth0/proxy_arp
    [ "$output" = 1 ]
    run -126 berth run --rm --network own --sysctl net.ipv4.conf.eth7.proxy_arp=1 tiny true
    output_has net.ipv4.conf.eth7.proxy_arp
    [ -z "$(ls "$BATS_TEST_TMPDIR/run/networks/own/leases")" ]
}

@test "mtu: of both ends and the bridge, and a larger packet is not sent" {
    berth network create --disable-dns --subnet 10.89.5.0/24 -o mtu=1300 --interface-name berth5 small >/dev/null
    sleeper a --network small
    inside a ip -o link show dev eth0 | grep -q 'mtu 1300 '
    host ip -o link show dev berth5 | grep -q 'mtu 1300 '
    [ "$(host ip -o link show master berth5 | grep -c 'mtu 1300 ')" = 1 ]
    inside a busybox ping -c1 -W5 -q -s 1200 10.89.5.1
    run ! inside a python3 -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IP, 10, 2)  # IP_MTU_DISCOVER: never in pieces
s.sendto(b"x" * 1400, ("10.89.5.1", 9))'
    output_has "Message too long"
}

@test "an internal network has its own names, and asks nobody outside" {
    resolver outside 192.0.2.9 203.0.113.1
    berth network create --internal --subnet 10.89.5.0/24 inner >/dev/null
    sleeper web --network inner
    sleeper other --network inner
    finds other web "$(address_of web inner)"
    run berth exec other nslookup foo.example
    output_lacks 203.0.113.1
    run -0 inside other ip route show
    output_lacks default
}

@test "--dns, network update and --disable-dns: whom containers ask" {
    outside ip address add 192.0.2.10/24 dev eth0
    resolver outside 192.0.2.9 203.0.113.1
    resolver outside 192.0.2.10 203.0.113.2
    berth network create --subnet 10.89.5.0/24 --dns 192.0.2.9 net5 >/dev/null
    sleeper web --network net5
    finds web foo.example 203.0.113.1
    finds web web "$(address_of web net5)"
    # Of those that run.
    berth network update --dns-drop 192.0.2.9 --dns-add 192.0.2.10 net5
    finds web foo.example 203.0.113.2
    finds web web "$(address_of web net5)"
    # A container's own are asked in place of those, and not for the network's names.
    sleeper own --network net5 --dns 192.0.2.9
    finds own foo.example 203.0.113.1
    finds own web "$(address_of web net5)"
    finds own "$(address_of web net5)" web.dns.podman
    run -0 berth exec own cat /etc/resolv.conf
    output_is $'search dns.podman\nnameserver 127.0.0.11'
    # Also when it starts again, and not on a network without names.
    berth restart -t 0 own >/dev/null
    finds own foo.example 203.0.113.1
    finds web foo.example 203.0.113.2
    run -0 berth run --rm --dns 192.0.2.9 tiny grep nameserver /etc/resolv.conf
    output_is "nameserver 192.0.2.9"
    kill -9 "$(berth inspect --format '{{.State.ConmonPid}}' own)"
    wait_for state_is own exited
    berth network create --subnet 10.89.6.0/24 --disable-dns --interface-name berth6 plain >/dev/null
    sleeper quiet --network plain
    run -0 berth exec quiet cat /etc/resolv.conf
    output_lacks 10.89.6.1
    run ! host dig +short +time=1 +tries=1 quiet.dns.podman @10.89.6.1
}

@test "name servers that somebody kills come back by themselves, the network's and a container's own" {
    local net5=$BATS_TEST_TMPDIR/run/dns/net5/pid web own before
    resolver outside 192.0.2.9 203.0.113.1
    berth network create --subnet 10.89.5.0/24 --dns 192.0.2.9 net5 >/dev/null
    sleeper web --network net5
    sleeper own --network net5 --dns 192.0.2.9
    web=$(pid_of web) own=$(pid_of own)
    finds own web "$(address_of web net5)"
    before=$(cat "$net5" "$BATS_TEST_TMPDIR"/run/attachments/*/resolver.pid)
    kill -9 $before
    # Nobody runs a command of berth's meanwhile.
    wait_for served "$web" web.dns.podman 10.89.5.1
    wait_for served "$own" web.dns.podman 127.0.0.11
    wait_for served "$own" foo.example 127.0.0.11
    # And again, by whichever monitor.
    before=$(cat "$net5")
    kill -9 "$before"
    wait_for served "$own" web.dns.podman 127.0.0.11
    # One that was replaced by others is left alone by those who saw it go.
    before=$(cat "$net5")
    berth network update --dns-drop 192.0.2.9 net5
    wait_for served "$web" web.dns.podman 10.89.5.1
    run ! grep -qx "$before" "$net5"
    berth rm -f -t 0 web own >/dev/null
    [ ! -e "$net5" ]
}

served() { # PID NAME SERVER
    [ -n "$(nsenter -t "$1" -n dig +short +time=1 +tries=1 "$2" "@$3")" ]
}

@test "network reload brings name servers back whose monitors see nothing" {
    local monitor
    berth network create --subnet 10.89.5.0/24 net5 >/dev/null
    sleeper own --network net5 --dns 192.0.2.9
    monitor=$(berth inspect --format '{{.State.ConmonPid}}' own)
    kill -STOP "$monitor"
    kill -9 $(cat "$BATS_TEST_TMPDIR"/run/attachments/*/resolver.pid "$BATS_TEST_TMPDIR/run/dns/net5/pid")
    run berth network reload own
    run served "$(pid_of own)" own.dns.podman 127.0.0.11
    kill -CONT "$monitor"
    [ "$status" = 0 ]
}

# As systemd-resolved has it.
with_stub() {
    mkdir -p "$BATS_TEST_TMPDIR/systemd/resolve"
    echo "nameserver 127.0.0.53" >"$BATS_TEST_TMPDIR/stub.conf"
    echo "nameserver 192.0.2.9" >"$BATS_TEST_TMPDIR/systemd/resolve/resolv.conf"
    berth() {
        host unshare -m sh -c 'mount --bind "$1/stub.conf" /etc/resolv.conf && mount --bind "$1/systemd" /run/systemd &&
            shift && exec "$@"' - "$BATS_TEST_TMPDIR" "$BERTH" --root "$BATS_TEST_TMPDIR/lib" \
            --runroot "$BATS_TEST_TMPDIR/run" "$@"
    }
}

@test "a stub on the host's loopback is asked by the network's server, and others are told of who is behind" {
    [ -d /run/systemd ] || skip "needs /run/systemd"
    resolver host 127.0.0.53 203.0.113.53
    resolver outside 192.0.2.9 203.0.113.9
    with_stub
    berth network create --subnet 10.89.5.0/24 net5 >/dev/null
    sleeper web --network net5
    finds web foo.example 203.0.113.53
    sleeper plain
    run -0 berth exec plain cat /etc/resolv.conf
    output_has "nameserver 192.0.2.9"
    output_lacks 127.0.0.53
    finds plain foo.example 203.0.113.9
    run -0 berth run --rm --network host tiny cat /etc/resolv.conf
    output_has 127.0.0.53
}

@test "what forwarding takes is set when it is needed, and info says so" {
    host sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0
    berth network create --disable-dns --internal --subnet 10.89.5.0/24 --interface-name berth5 inner >/dev/null
    berth network create --disable-dns --subnet fd00:6::/64 --interface-name berth6 six >/dev/null
    berth network create --disable-dns --subnet 10.89.7.0/24 --interface-name berth7 four >/dev/null
    settings() { berth info --format '{{json .Host.NetworkSettings}}' | jq -c '[.ipv4Forwarding, .ipv6Forwarding, .routeLocalnet]'; }
    sleeper a --network inner
    [ "$(settings)" = '[false,false,[]]' ]
    sleeper b --network six
    [ "$(settings)" = '[false,true,[]]' ]
    sleeper c --network four -p 192.0.2.1:8081:80
    [ "$(settings)" = '[true,true,[]]' ]
    sleeper d --network four -p 8080:80
    [ "$(settings)" = '[true,true,["berth7"]]' ]
}
