# SPDX-License-Identifier: BSD-2-Clause
# Bridges beside other people's rules, on real traffic between namespaces that play hosts.
load helpers
load network

setup() {
    export WAIT_S=${WAIT_S:-30}
    network_setup
}
teardown() { network_teardown; }

# As ufw and Docker have it: what no rule knows is dropped.
iptables_drop() { # [legacy]
    local command
    KIND=${1:-nft}
    for command in "iptables-$KIND" "ip6tables-$KIND"; do
        needs program "$command"
        host "$command" -P FORWARD DROP || skip "needs iptables's tables ($KIND)"
        host "$command" -P INPUT DROP
        host "$command" -A FORWARD -m comment --comment "somebody's" -j RETURN
    done
    host "iptables-$KIND" -A INPUT -p icmp -j ACCEPT
    host "ip6tables-$KIND" -A INPUT -p icmpv6 -j ACCEPT
}

filters() { host "iptables-$KIND" -S && host "ip6tables-$KIND" -S; }

all_is_told() { # [legacy]
    local before
    iptables_drop "$@"
    before=$(filters)
    berth network create --subnet 10.89.5.0/24 --subnet fd00:5::/64 --interface-name berth5 dual >/dev/null
    sleeper web --network dual -p 8080:80
    sleeper other --network dual
    serve web 80
    serve outside 80
    answers 192.0.2.9 outside tcp 192.0.2.1 8080
    answers 2001:db8::9 outside tcp 2001:db8::1 8080
    answers 192.0.2.1 other tcp 192.0.2.9 80
    answers 2001:db8::1 other udp 2001:db8::9 80
    run -0 berth exec other nslookup web
    output_has "$(address_of web dual)"
    # The host itself is as closed as it was, and what isn't published as well.
    serve host 99
    silent outside tcp 192.0.2.1 99
    silent web tcp 10.89.5.1 99
    outside ip route add 10.89.5.0/24 via 192.0.2.1
    silent outside tcp "$(address_of web dual)" 80
    # iptables can read what is there; a second container adds nothing.
    run -0 filters
    [ "$(grep -c -- '-A FORWARD -j BERTH-FORWARD' <<<"$output")" = 2 ]
    [ "$(grep -c -- '-A BERTH-FORWARD -i berth5 -j ACCEPT' <<<"$output")" = 2 ]
    [ "$(grep -c -- '-A BERTH-INPUT -i berth5 -p udp -m udp --dport 53 -j ACCEPT' <<<"$output")" = 2 ]
    berth rm -f -t 0 -a >/dev/null
    berth network rm dual >/dev/null
    [ "$(filters)" = "$before" ]
}

@test "iptables that drops: published ports, the way out and names work, and nothing is left of it" {
    all_is_told
}

@test "iptables-legacy that drops: published ports, the way out and names work, and nothing is left of it" {
    all_is_told legacy
}

@test "iptables-legacy that begins to drop, or is flushed, is told by the next start, and by reload" {
    sleeper web -p 8080:80
    serve web 80
    iptables_drop legacy
    silent outside tcp 192.0.2.1 8080
    sleeper second
    answers 192.0.2.9 outside tcp 192.0.2.1 8080
    host iptables-legacy -F FORWARD
    silent outside tcp 192.0.2.1 8080
    run -0 berth network reload web
    output_lacks Warning
    answers 192.0.2.9 outside tcp 192.0.2.1 8080
    # Both are told where there are both.
    iptables_drop
    wait_for answers 192.0.2.9 outside tcp 192.0.2.1 8080
}

@test "iptables-legacy without its programs: run -p and reload say so, and the container starts" {
    local where
    needs program iptables-nft-save
    iptables_drop legacy
    where=$(realpath "$(command -v iptables-legacy-save)")
    without() { host unshare -m sh -c 'mount --bind /dev/null "$0" && exec "$@"' "$where" "$BERTH" --root "$BATS_TEST_TMPDIR/lib" --runroot "$BATS_TEST_TMPDIR/run" "$@"; }
    run -0 without run -d --name web -p 8080:80 tiny sleep 600
    output_has "tables of iptables-legacy could not be told of podman0"
    run -0 without network reload web
    output_has "tables of iptables-legacy could not be told of podman0"
    run -0 berth network reload web
    output_is "$(berth inspect --format '{{.Id}}' web)"
}

@test "iptables that begins to drop, or is flushed, is told by itself" {
    sleeper web -p 8080:80
    serve web 80
    iptables_drop
    wait_for answers 192.0.2.9 outside tcp 192.0.2.1 8080
    host iptables-nft -F
    wait_for answers 192.0.2.9 outside tcp 192.0.2.1 8080
    # Docker puts its own in front when it starts.
    host iptables-nft -N DOCKER-USER
    host iptables-nft -I FORWARD -j DOCKER-USER
    answers 192.0.2.9 outside tcp 192.0.2.1 8080
    host iptables-nft -A DOCKER-USER -i eth0 -j DROP
    silent outside tcp 192.0.2.1 8080
}

@test "what is flushed while berth mends its own is told all the same" {
    local gate=$BATS_TEST_TMPDIR/gate libexec=$BATS_TEST_TMPDIR/libexec program
    mkdir "$libexec"
    for program in monitor init keeper forward; do ln -s "${BERTH%/*}/$program" "$libexec/"; done
    printf '#!/bin/sh\nif [ -e %s ]; then touch %s.reached; while [ -e %s ]; do sleep 0.1; done; fi\nexec %s "$@"\n' \
        "$gate" "$gate" "$gate" "${BERTH%/*}/firewall" >"$libexec/firewall"
    chmod +x "$libexec/firewall"
    export BERTH_LIBEXEC=$libexec
    iptables_drop
    sleeper web -p 8080:80
    serve web 80
    answers 192.0.2.9 outside tcp 192.0.2.1 8080
    touch "$gate"
    host nft flush chain inet berth ports
    wait_for test -e "$gate.reached"
    host iptables-nft -F FORWARD
    rm "$gate"
    wait_for answers 192.0.2.9 outside tcp 192.0.2.1 8080
}

@test "a table of somebody's that drops is named by run, reload and info, and left alone" {
    host nft 'add table inet mine; add chain inet mine gate { type filter hook forward priority 0; policy drop; }'
    run -0 berth run -d --name web -p 8080:80 tiny sleep 600
    output_has "chain gate of table inet mine drops" "podman0"
    serve web 80
    silent outside tcp 192.0.2.1 8080
    run -0 berth network reload web
    output_has "chain gate of table inet mine drops"
    run -0 berth info --format '{{json .Host.NetworkSettings.ForwardDroppedBy}}'
    output_is '["inet mine gate"]'
    host nft 'add rule inet mine gate iifname "podman0" accept; add rule inet mine gate oifname "podman0" accept'
    answers 192.0.2.9 outside tcp 192.0.2.1 8080
    run -0 berth run --rm -p 8081:80 tiny true
    output_is ""
}

@test "a bridge of the host's own stays as open as it was" {
    host ip link add br0 type bridge
    host ip address add 192.168.7.1/24 dev br0
    host ip link set br0 up
    host ip link add lan type veth peer name lan netns "$OUTSIDE_PID"
    host ip link set lan master br0 up
    berth network create --disable-dns -o mode=unmanaged --interface-name br0 --subnet 192.168.7.0/24 lan >/dev/null
    sleeper web --network lan:ip=192.168.7.10 -p 8080:80
    serve web 80
    outside ip route add 192.168.7.0/24 via 192.0.2.1
    host sysctl -qw net.ipv4.ip_forward=1
    answers 192.0.2.9 outside tcp 192.168.7.10 80
    answers 192.0.2.9 outside tcp 192.0.2.1 8080
    berth rm -f -t 0 web >/dev/null
    host ip link del lan
    host ip link del br0
}

# A bus with firewalld on it, which has a rule for each interface that is in a zone.
firewalld_start() { # [ERROR]
    "$TESTS/fixtures/firewalld" "$BATS_TEST_TMPDIR/bus" "$BATS_TEST_TMPDIR/calls" "$@" 3>&- &
    echo $! >>"$BATS_TEST_TMPDIR/peers"
    export DBUS_SYSTEM_BUS_ADDRESS="unix:path=$BATS_TEST_TMPDIR/bus"
    wait_for test -S "$BATS_TEST_TMPDIR/bus"
    firewalld_table
}

called_again() { [ "$(grep -c addInterface "$BATS_TEST_TMPDIR/calls")" -ge 2 ]; }

firewalld_table() {
    host nft 'add table inet firewalld; add chain inet firewalld filter_FORWARD { type filter hook forward priority 10; policy accept; }; add chain inet firewalld filter_INPUT_ZONES'
}

@test "firewalld is told of a bridge once, and of its end" {
    firewalld_start
    berth network create --disable-dns --interface-name berth5 --subnet 10.89.5.0/24 net5 >/dev/null
    sleeper web --network net5
    [ "$(cat "$BATS_TEST_TMPDIR/calls")" = $'Hello\naddInterface trusted berth5' ]
    host nft add rule inet firewalld filter_INPUT_ZONES iifname berth5 accept
    sleeper second --network net5
    [ "$(wc -l <"$BATS_TEST_TMPDIR/calls")" = 2 ]
    # It restarts.
    host nft delete table inet firewalld
    firewalld_table
    wait_for called_again
    host nft add rule inet firewalld filter_INPUT_ZONES iifname berth5 accept
    berth rm -f -t 0 -a >/dev/null
    berth network rm net5 >/dev/null
    [ "$(tail -n1 "$BATS_TEST_TMPDIR/calls")" = "removeInterface trusted berth5" ]
}

@test "a firewalld that refuses, or is not on the bus, keeps no container from starting" {
    firewalld_start "ZONE_CONFLICT: 'podman0' already bound to 'internal'"
    sleeper web -p 8080:80
    serve web 80
    answers 192.0.2.9 outside tcp 192.0.2.1 8080
    [ "$(tail -n1 "$BATS_TEST_TMPDIR/calls")" = "addInterface trusted podman0" ]
    DBUS_SYSTEM_BUS_ADDRESS="unix:path=$BATS_TEST_TMPDIR/nobody" sleeper second
    run -0 berth ps -q
    [ "${#lines[@]}" = 2 ]
    run -0 berth network reload web
    output_has "firewalld could not be told of podman0" "firewall-cmd --zone=trusted --add-interface=podman0"
    host nft add rule inet firewalld filter_INPUT_ZONES iifname podman0 accept
    run -0 berth network reload web
    output_lacks "firewalld could not be told"
}
