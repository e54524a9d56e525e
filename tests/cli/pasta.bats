# SPDX-License-Identifier: BSD-2-Clause
# Networks of a plain user's containers.

load helpers

setup() {
    tiny
}

needs_pasta() {
    needs program pasta
    [ -w /dev/net/tun ] || skip "needs /dev/net/tun"
    [ -n "$(ip route show default)" ] || skip "needs a default route"
}

pasta_runs() { pgrep -f -- "--pid $BATS_TEST_TMPDIR.*/pasta.pid" >/dev/null; }
pasta_is_gone() { ! pasta_runs; }

# bats test_tags=only-rootless,vm
@test "without --network a plain user's container is connected by pasta" {
    needs_pasta
    unset CONTAINERS_CONF
    berth run -d --name c tiny sleep 100
    run -0 berth inspect -f '{{.HostConfig.NetworkMode}}' c
    output_is pasta
    run -0 berth exec c ip route
    output_has "default via"
    run -0 berth exec c cat /etc/resolv.conf
    output_has "nameserver 169.254.1.1"
    pasta_runs
    run -0 berth network reload c
    pkill -9 -f -- "--pid $BATS_TEST_TMPDIR.*/pasta.pid"
    wait_for pasta_is_gone
    fails_with "pasta, which connected container c, was killed: restart the container" -- network reload c
    berth restart -t 0 c
    run -0 berth network reload c
    run -0 berth exec c ip route
    output_has "default via"
    berth rm -f -t 0 c
    wait_for pasta_is_gone
}

# bats test_tags=only-rootless,vm
@test "a plain user's published port is forwarded by pasta, which a kill -9 of the monitor does not leave behind" {
    needs_pasta
    needs program curl
    local port=$((20000 + $$ % 10000))
    berth run -d --name c --network pasta -p "127.0.0.1:$port:80" tiny \
        sh -c 'mkdir /www; echo served >/www/index.html; exec httpd -f -h /www -p 80'
    wait_for curl -sf "http://127.0.0.1:$port/"
    [ "$(curl -s "http://127.0.0.1:$port/")" = served ]
    run -0 berth port c
    output_is "80/tcp -> 127.0.0.1:$port"
    fails_with -126 "publish 127.0.0.1:$port/tcp: address already in use by container c" -- \
        run --rm --network pasta -p "127.0.0.1:$port:80" tiny true
    kill -9 "$(ps -o ppid= -p "$(pid_of c)" | tr -d " ")"
    berth rm -f c
    wait_for pasta_is_gone
}

# bats test_tags=only-rootless,vm
@test "what a user gives to pasta is pasta's" {
    needs_pasta
    run -0 berth run --rm --network pasta:-I,wan0,--mtu,1400 tiny ip link
    output_has wan0 "mtu 1400"
    run -0 berth run --rm --network pasta:--dns-forward,169.254.1.7 tiny cat /etc/resolv.conf
    output_has "nameserver 169.254.1.7"
    output_lacks 169.254.1.1
    run -126 berth run --rm --network pasta:--no-such-option tiny true
    output_has "pasta"
}

# bats test_tags=only-rootless
@test "pasta is not asked for a port that a plain user may not have" {
    [ "$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" -gt 81 ] || skip "needs ports for root alone"
    fails_with -126 "publish 127.0.0.1:81/tcp" "ip_unprivileged_port_start" -- \
        run --rm --network pasta -p 127.0.0.1:81:80 tiny true
}

@test "pasta is for plain users, and connects a container by itself" {
    if [ "$(id -u)" = 0 ]; then
        fails_with "pasta networking is only supported for rootless mode" -- run --network pasta tiny true
    fi
    fails_with "conflicts with bridge" -- run --network podman --network pasta tiny true
}

# bats test_tags=only-rootless
@test "what is asked of bridges is refused of pasta and slirp4netns" {
    fails_with "--ip can only be set when the network mode is bridge" -- create --network pasta --ip 10.88.0.9 tiny
    fails_with "--mac-address can only be set" -- create --network pasta --mac-address 02:00:00:00:00:01 tiny
    fails_with "--network-alias can only be set" -- create --network slirp4netns --network-alias x tiny
    run -0 berth ps -aq
    output_is ""
}

slirp_runs() { pgrep -f -- "--api-socket=../$(berth inspect -f '{{.Id}}' c)/" >/dev/null; }

# bats test_tags=only-rootless
@test "a plain user's container is connected by slirp4netns, and its port published" {
    needs program slirp4netns
    [ -w /dev/net/tun ] || skip "needs /dev/net/tun"
    needs program curl
    local id
    berth run -d --name c --network slirp4netns:mtu=1400,cidr=10.7.0.0/24 -p 127.0.0.1:15200:80 tiny \
        sh -c 'mkdir /www; echo served >/www/index.html; exec httpd -f -h /www -p 80'
    run -0 berth exec c sh -c 'ip link show tap0; ip -4 address; cat /etc/resolv.conf'
    output_has "mtu 1400" 10.7.0.100/24 "nameserver 10.7.0.3"
    wait_for curl -sf http://127.0.0.1:15200/
    fails_with -126 "address already in use by container c" -- run --rm --network slirp4netns -p 127.0.0.1:15200:80 tiny true
    run -0 berth inspect -f '{{.HostConfig.NetworkMode}}' c
    output_is slirp4netns
    slirp_runs
    run -0 berth network reload c
    id=$(berth inspect -f '{{.Id}}' c)
    berth restart -t 0 c
    wait_for curl -sf http://127.0.0.1:15200/
    berth rm -f -t 0 c
    run -1 pgrep -f -- "--api-socket=../$id/"
}

# bats test_tags=only-rootless
@test "without pasta a plain user's container is slirp4netns's" {
    needs program slirp4netns
    unset CONTAINERS_CONF
    needs userns
    local pasta
    pasta=$(command -v pasta) || true
    # What is there can't be executed.
    unshare -Urm sh -c 'if [ -n "$1" ]; then mount --bind /dev/null "$(realpath "$1")"; fi; shift; exec "$@"' - "$pasta" \
        "$BERTH" --root "$BATS_TEST_TMPDIR/lib" --runroot "$BATS_TEST_TMPDIR/run" create --name c tiny true
    run -0 berth inspect -f '{{.HostConfig.NetworkMode}}' c
    output_is slirp4netns
}

# bats test_tags=only-rootless
@test "what slirp4netns can't be given is said" {
    fails_with 'unknown option for slirp4netns: "foo=1"' -- create --network slirp4netns:foo=1 tiny true
    fails_with "invalid cidr x" -- create --network slirp4netns:cidr=x tiny true
    fails_with "invalid enable_ipv6 yes" -- create --network slirp4netns:enable_ipv6=yes tiny true
    fails_with "port_handler=rootlesskit is not supported" -- create --network slirp4netns:port_handler=rootlesskit tiny true
    fails_with 'mtu' "big" -- create --network slirp4netns:mtu=big tiny true
    fails_with "conflicts with bridge" -- create --network slirp4netns --network podman tiny true
    needs program slirp4netns
    fails_with -126 "TCP and UDP of IPv4 alone" -- run --rm --network slirp4netns -p 15201:80/sctp tiny true
}
