# SPDX-License-Identifier: BSD-2-Clause
# The network group as far as it needs no container.

load helpers

setup() {
    :
}

members() { # NETWORK JQ-EXPRESSION
    berth network inspect "$1" | jq -c ".[0] | $2"
}

# bats test_tags=rootless
@test "the default network is always there, and can't be removed or changed" {
    run -0 berth network ls
    [[ ${lines[0]} =~ ^NETWORK\ ID\ +NAME\ +DRIVER$ ]]
    [[ ${lines[1]} =~ ^2f259bab93aa\ +podman\ +bridge$ ]]
    run -0 members podman '[.network_interface, .subnets[0].subnet, .subnets[0].gateway, .dns_enabled]'
    output_is '["podman0","10.88.0.0/16","10.88.0.1",false]'
    berth network exists podman
    berth network exists 2f259bab
    fails_with "default network podman cannot be removed" -- network rm podman
    fails_with "default network podman cannot be updated" -- network update podman --dns-add 192.0.2.1
    fails_with "network name podman already used: network already exists" -- network create podman
    run -0 berth network prune -f
    output_is ""
}

# bats test_tags=rootless
@test "network create, ls, inspect, exists, rm" {
    run -0 berth network create --subnet 198.51.100.0/24 --subnet fd00:51::/64 --gateway 198.51.100.9 \
        --ip-range 198.51.100.128/25 --route 10.0.0.0/8,198.51.100.7,5 --internal --label a=b --opt mtu=1400 \
        --dns 192.0.2.53 n1
    output_is n1
    run -0 members n1 '[.driver, .ipv6_enabled, .internal, .dns_enabled, .labels, .options, .ipam_options, .network_dns_servers]'
    output_is '["bridge",true,true,true,{"a":"b"},{"mtu":"1400"},{"driver":"host-local"},["192.0.2.53"]]'
    run -0 members n1 .subnets
    output_is '[{"subnet":"198.51.100.0/24","gateway":"198.51.100.9","lease_range":{"start_ip":"198.51.100.129","end_ip":"198.51.100.255"}},{"subnet":"fd00:51::/64","gateway":"fd00:51::1"}]'
    run -0 members n1 .routes
    output_is '[{"destination":"10.0.0.0/8","gateway":"198.51.100.7","metric":5}]'
    run -0 berth network inspect --format '{{.Name}} {{.NetworkInterface}} {{.Labels.a}} {{(index .Subnets 0).Gateway}}' n1
    output_matches '^n1 podman[0-9]+ b 198.51.100.9$'
    berth network create --disable-dns --ipv6 n2
    run -0 members n2 '[.dns_enabled, (.subnets | length)]'
    output_is '[false,2]'
    # IPv4 as well, as with docker.
    berth network create --ipv6 --subnet fd00:53::/64 n3
    run -0 members n3 '[.subnets[0].subnet, .subnets[1].gateway]'
    output_matches '^."fd00:53::/64","10\.[0-9.]+\.1".$'
    berth network create --subnet fd00:54::/64 n4
    run -0 members n4 '[.subnets[].subnet]'
    output_is '["fd00:54::/64"]'
    berth network rm n3 n4
    run -0 berth network create --ignore n1
    output_is n1
    run -0 berth network ls -q --filter name='^n'
    output_is $'n1\nn2'
    run -0 berth network ls --quiet -f label=a=b
    output_is n1
    run -0 berth network ls -q --filter label!=a --filter driver=bridge --filter dangling=True
    output_is n2
    run -0 berth network ls --noheading --no-trunc --filter name=podman
    output_matches '^2f259bab93aaaaa2542ba43ef33eb990d0999ee1b9924b557b7be53c0b7a1bb9 +podman +bridge$'
    run -0 berth network ls --filter id=2f259 --format '{{.Name}}|{{.ID}}|{{.Driver}}'
    output_is 'podman|2f259bab93aa|bridge'
    run -0 sh -c "'$BERTH' --root '$BATS_TEST_TMPDIR/lib' --runroot '$BATS_TEST_TMPDIR/run' network ls --format json | jq -r '.[].name'"
    output_is $'n1\nn2\npodman'
    run -0 berth network ls --filter name=n1 \
        --format '{{range .Subnets}}{{.Subnet}} {{.Gateway}},{{end}}{{range .Routes}}{{.Destination}}{{end}} {{.NetworkDNSServers}}'
    output_is '198.51.100.0/24 198.51.100.9,fd00:51::/64 fd00:51::1,10.0.0.0/8 [192.0.2.53]'
    # Names are all that -q shows.
    run -0 berth network ls -q --filter name=n1 --format json
    output_is n1
    fails_with 'invalid filter "bogus"' -- network ls --filter bogus=1
    run -1 berth network exists nope
    fails_with "unable to find network with name or ID nope: network not found" -- network inspect nope
    run -1 berth network rm n1 nope n2
    output_is $'n1\nn2\nError: unable to find network with name or ID nope: network not found'
    run -1 berth network rm nope never
    output_is $'Error: unable to find network with name or ID nope: network not found\nError: unable to find network with name or ID never: network not found'
    run -0 berth network rm -f nope
    output_is ""
    run -0 berth network ls -q
    output_is podman
}

# bats test_tags=rootless
@test "networks without a name or subnet get what is free" {
    run -0 berth network create
    output_matches '^podman[0-9]+$'
    first=$output
    run -0 berth network create
    [ "$output" != "$first" ]
    run -0 berth network ls -q
    [ "${#lines[@]}" = 3 ]
    [ "$(berth network ls --format json | jq -r '.[].subnets[0].subnet' | sort -u | wc -l)" = 3 ]
    [ "$(berth network ls --format json | jq -r '.[].network_interface' | sort -u | wc -l)" = 3 ]
    run -0 berth network prune --force --filter label=x
    output_is ""
    run -0 berth network prune <<<n
    output_has "WARNING! This will remove all networks not used by at least one container."
    run -0 berth network prune --force
    [ "${#lines[@]}" = 2 ]
}

# bats test_tags=rootless
@test "parallel creations never share a subnet or a bridge" {
    for i in {1..12}; do
        berth network create "p$i" >/dev/null &
    done
    wait
    [ "$(berth network ls --format json | jq -r '.[].subnets[0].subnet' | sort -u | wc -l)" = 13 ]
    [ "$(berth network ls --format json | jq -r '.[].network_interface' | sort -u | wc -l)" = 13 ]
}

# bats test_tags=rootless
@test "the network of a host's interface" {
    berth network create -d macvlan -o parent=lo --subnet 198.51.100.0/24 -o mode=private -o bclim=3 m
    run -0 members m '[.driver, .network_interface, .options.mode, .ipam_options.driver, .dns_enabled]'
    output_is '["macvlan","lo","private","host-local",false]'
    berth network create -d ipvlan --interface-name lo -o mode=l3s i
    run -0 members i '[.driver, .network_interface, .options.mode, .ipam_options.driver, .subnets]'
    output_is '["ipvlan","lo","l3s","none",null]'
    berth network create -d host-device -o parent=plugged0 -o mac=00-C0-FF-EE-00-01 -o address=192.0.2.1/24,fd00::9/64 d
    run -0 members d '[.driver, .network_interface, .options.mac, .options.address, .ipam_options.driver]'
    output_is '["host-device","plugged0","00:c0:ff:ee:00:01","192.0.2.1/24,fd00::9/64","keep"]'
    berth network create -o com.docker.network.bridge.name=br-x -o com.docker.network.driver.mtu=1300 b
    run -0 members b '[.network_interface, .options]'
    output_is '["br-x",{"mtu":"1300"}]'
}

refused() { # WORDS -- ARGUMENTS: nothing is made
    fails_with "$1" -- network create "${@:3}"
    [ "$(berth network ls -q)" = podman ]
}

# bats test_tags=rootless
@test "what can't be is refused, and nothing changed" {
    refused "subnet 10.88.4.0/24 is already used on the host or by another config" -- --subnet 10.88.4.0/24 x
    refused "subnet 127.1.0.0/16 is already used" -- --subnet 127.1.0.0/16 x
    refused "is already used on the host or by another config" -- --subnet 198.51.100.0/24 --subnet 198.51.100.128/25 x
    refused "gateway 198.51.101.1 not in subnet 198.51.100.0/24" -- --subnet 198.51.100.0/24 --gateway 198.51.101.1 x
    refused "gateway 198.51.100.255 is the broadcast address" -- --subnet 198.51.100.0/24 --gateway 198.51.100.255 x
    refused "subnet 198.51.100.0/31 is too small" -- --subnet 198.51.100.0/31 x
    refused "subnet 198.51.100.1/32 is too small" -- --subnet 198.51.100.1/32 x
    refused "subnet fd00::/127 is too small" -- --subnet fd00::/127 x
    refused "lease range start ip 198.51.101.1 not in subnet" -- --subnet 198.51.100.0/24 --ip-range 198.51.101.0/24 x
    refused "is before its start" -- --subnet 198.51.100.0/24 --ip-range 198.51.100.9-198.51.100.4 x
    refused "invalid CIDR address: 198.51.100.0" -- --subnet 198.51.100.0 x
    refused "cannot set gateway or range without subnet" -- --gateway 198.51.100.1 x
    refused "cannot set more gateways than subnets" -- --subnet 198.51.100.0/24 --gateway 198.51.100.1 --gateway 198.51.100.2 x
    refused "unsupported driver foo: invalid argument" -- -d foo x
    refused "unsupported bridge network option foo" -- -o foo=1 x
    refused "unsupported macvlan network option vlan" -- -d macvlan -o parent=lo -o vlan=1 x
    refused 'unknown macvlan mode "foo"' -- -d macvlan -o parent=lo -o mode=foo x
    refused "mtu -1 is less than zero" -- -o mtu=-1 x
    refused "vlan ID 5000 must be between 0 and 4094" -- -o vlan=5000 x
    refused "neither true nor false" -- -o isolate=maybe x
    refused "parent interface nope does not exist" -- -d macvlan -o parent=nope x
    refused "interface lo is the loopback of the host" -- -d host-device -o parent=lo x
    refused "the interface of the host is missing: -o parent=NAME" -- -d host-device x
    refused "has at most 15 characters" -- --interface-name sixteen-letters0 x
    refused "bridge name podman0 already in use" -- --interface-name podman0 x
    refused "address 00:00:00:00:00:0g: invalid MAC address" -- -d host-device -o parent=e -o mac=00:00:00:00:00:0g x
    refused "a multicast MAC address" -- -d host-device -o parent=e -o mac=01:00:00:00:00:01 x
    refused 'unsupported ipam driver "foo"' -- --ipam-driver foo x
    refused "dhcp ipam driver is not supported" -- -d macvlan -o parent=lo --ipam-driver dhcp x
    refused "none ipam driver is set but subnets are given" -- --ipam-driver none --subnet 198.51.100.0/24 x
    refused "invalid route: 10.0.0.0/8" -- --route 10.0.0.0/8 x
    refused "route gateway 192.0.2.77 is in no subnet of the network" -- --subnet 198.51.100.0/24 --route 10.0.0.0/8,192.0.2.77 x
    refused "route to 10.0.0.0/8 is given twice" -- --subnet 198.51.100.0/24 \
        --route 10.0.0.0/8,198.51.100.7 --route 10.0.0.0/8,198.51.100.8 x
    refused "mtu 1200 is too small for IPv6, which needs 1280" -- --ipv6 -o mtu=1200 x
    refused "has host bits" -- --route 10.0.0.1/8,198.51.100.1 x
    refused "conflicts with a valid network mode" -- none
    refused "names must match" -- .x
    refused "unable to parse ip nowhere" -- --dns nowhere x
    refused "subnet 224.0.0.0/8 is no network of hosts: it is multicast" -- --subnet 224.0.0.0/8 x
    refused "it is multicast" -- --subnet ff05::/64 x
}

# bats test_tags=rootless
@test "network update changes name servers" {
    berth network create --dns 192.0.2.1 n
    berth network update --dns-add 192.0.2.2,192.0.2.3 --dns-drop 192.0.2.1 n
    run -0 members n .network_dns_servers
    output_is '["192.0.2.2","192.0.2.3"]'
    fails_with "unable to parse ip x" -- network update --dns-add x n
    berth network create --disable-dns m
    fails_with "dns is disabled" -- network update --dns-add 192.0.2.2 m
    run -125 berth network update --dns-add 192.0.2.2 nope
    output_has "network not found"
}
