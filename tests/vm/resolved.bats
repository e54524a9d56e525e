# SPDX-License-Identifier: BSD-2-Clause
# What Debian's systemd does with names and interfaces: systemd-resolved, systemd-udevd and systemd-networkd as they
# are, on the virtual machine itself.
load ../cli/helpers
load ../cli/network

setup() {
    export PEER_SECONDS=15 WAIT_S=300
    needs program resolvectl
    network_setup here
}

teardown() { network_teardown; }

behind_resolved() { grep -qx "nameserver 192.0.2.9" /run/systemd/resolve/resolv.conf; }

@test "systemd-resolved: containers ask it by their network's server, or whom it asks, and the host's its stub" {
    resolver outside 192.0.2.9 203.0.113.9
    ln -sfn ../run/systemd/resolve/stub-resolv.conf /etc/resolv.conf
    systemctl restart systemd-resolved
    resolvectl dns eth0 192.0.2.9
    resolvectl domain eth0 '~.'
    wait_for behind_resolved
    grep -qx "nameserver 127.0.0.53" /etc/resolv.conf
    sleeper plain
    run -0 berth exec plain cat /etc/resolv.conf
    output_has "nameserver 192.0.2.9"
    output_lacks 127.0.0.53
    finds plain foo.example 203.0.113.9
    berth network create --subnet 10.89.5.0/24 net5 >/dev/null
    sleeper web --network net5
    run -0 berth exec web cat /etc/resolv.conf
    output_has "nameserver 10.89.5.1"
    finds web foo.example 203.0.113.9
    finds web web "$(address_of web net5)"
    # (An address of IPv6 it has not.)
    run berth run --rm --network host tiny nslookup foo.example
    output_has 127.0.0.53 203.0.113.9
    # Which is away for a moment.
    systemctl restart systemd-resolved
    resolvectl dns eth0 192.0.2.9
    wait_for finds web foo.example 203.0.113.9
}

@test "systemd-udevd and -networkd: bridges and veth pairs keep their names, addresses and MAC addresses" {
    local mac port names
    grep -q MACAddressPolicy=persistent /lib/systemd/network/99-default.link
    systemctl start systemd-networkd
    berth network create --subnet 10.89.5.0/24 --subnet fd00:5::/64 --interface-name berth5 net5 >/dev/null
    sleeper web --network net5:mac=02:00:00:00:00:77 -p 8080:80
    mac=$(cat /sys/class/net/berth5/address) port=$(cat /sys/class/net/veth*/address)
    names=$(ls /sys/class/net)
    serve web 80
    answers 192.0.2.9 outside tcp 192.0.2.1 8080
    udevadm settle
    # What has one that was set (NET_ADDR_SET) keeps it: by those of the host's ends berth knows its own.
    [ "$(cat /sys/class/net/veth*/addr_assign_type)" = 3 ]
    [ "$(cat /sys/class/net/veth*/address)" = "$port" ]
    [ "$(cat /sys/class/net/berth5/address)" = "$mac" ]
    [ "$(ls /sys/class/net)" = "$names" ]
    inside web ip -o link show dev eth0 | grep -q 02:00:00:00:00:77
    sleeper other --network net5
    udevadm settle
    [ "$(cat /sys/class/net/berth5/address)" = "$mac" ]
    answers "$(address_of other net5)" other tcp "$(address_of web net5)" 80
    berth rm -f -t 0 other >/dev/null
    udevadm settle
    [ "$(cat /sys/class/net/berth5/address)" = "$mac" ]
    [ "$(ls /sys/class/net)" = "$names" ]
    run -0 networkctl list --no-legend --no-pager
    output_matches "berth5 +bridge +[a-z-]+ +unmanaged"
    systemctl restart systemd-networkd
    networkctl list --no-pager
    answers 192.0.2.9 outside tcp 192.0.2.1 8080
    ip -o address show dev berth5 | grep -qF 10.89.5.1/24
    ip -o address show dev berth5 | grep -qF fd00:5::1/64
    systemctl stop systemd-networkd.socket systemd-networkd
}
