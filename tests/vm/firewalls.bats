# SPDX-License-Identifier: BSD-2-Clause
# Bridges beside firewalld, ufw and Docker, whichever is installed: containers get out, find each other, and are
# reached by published ports, whoever came first and whatever is reloaded.  The host is the virtual machine.
load ../cli/helpers
load ../cli/network

setup() {
    export PEER_SECONDS=15 WAIT_S=300
    BEGAN=
}

teardown() {
    network_teardown
    [ "$BEGAN" != ufw ] || ufw disable
}

# What runs since the boot is left running, as it takes minutes to start here.
begin() { # PROGRAM NAME
    needs program "$1"
    BEGAN=$2
    if [ "$BEGAN" = ufw ]; then
        systemctl stop docker.socket docker
        nft flush ruleset
    else
        systemctl start "$BEGAN"
    fi
    network_setup here
}

containers() {
    berth network create --subnet 10.89.5.0/24 --interface-name berth5 net5 >/dev/null
    berth run -d --name web --network net5 -p 8080:80 tiny sleep 3600 >/dev/null
    berth run -d --name other --network net5 tiny sleep 3600 >/dev/null
    serve web 80
    [ -s "$BATS_TEST_TMPDIR/serves-outside" ] || serve outside 80
}

all_works() {
    answers 192.0.2.9 outside tcp 192.0.2.1 8080
    answers 192.0.2.1 web tcp 192.0.2.9 80
    answers "$(address_of other net5)" other tcp "$(address_of web net5)" 80
    run -0 berth exec other nslookup web
    output_has "$(address_of web net5)"
}

forgotten() { [ "$(firewall-cmd --zone=public --query-port=9999/tcp)" = no ]; }

trusted() {
    [ "$(firewall-cmd --get-zone-of-interface=berth5)" = trusted ]
}

@test "firewalld: before, after a reload, and after a restart" {
    begin firewall-cmd firewalld
    containers
    run -0 firewall-cmd --get-zone-of-interface=berth5
    output_is trusted
    all_works
    firewall-cmd --zone=public --add-port=9999/tcp
    # Its command does not wait as long as this takes here.
    firewall-cmd --reload || true
    wait_for forgotten
    wait_for trusted
    all_works
    systemctl restart firewalld
    wait_for trusted
    all_works
    # What isn't published is as closed as before.
    serve host 99
    silent outside tcp 192.0.2.1 99
    berth rm -f -t 0 -a >/dev/null
    berth network rm net5 >/dev/null
    run firewall-cmd --get-zone-of-interface=berth5
    output_has "no zone"
}

@test "Docker: its forward policy, its filter on bridges, and its restart" {
    begin dockerd docker
    iptables -S FORWARD | grep -q -- '-P FORWARD DROP'
    containers
    # Docker has the bridges' own traffic go through iptables.
    sysctl -qw net.bridge.bridge-nf-call-iptables=1
    all_works
    systemctl restart docker
    all_works
}

@test "ufw: enabled when containers run, and before; after a reload" {
    begin ufw ufw
    containers
    ufw --force enable
    wait_for iptables -C FORWARD -j BERTH-FORWARD
    all_works
    berth rm -f -t 0 -a >/dev/null
    berth network rm net5 >/dev/null
    run iptables -S
    output_lacks BERTH
    containers
    all_works
    ufw reload
    all_works
    serve host 99
    silent outside tcp 192.0.2.1 99
}
