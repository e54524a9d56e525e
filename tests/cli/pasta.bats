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
    kill -9 "$(ps -o ppid= -p "$(pid_of c)" | tr -d " ")"
    berth rm -f c
    wait_for pasta_is_gone
}

# bats test_tags=only-rootless,vm
@test "what a user gives to pasta is pasta's" {
    needs_pasta
    run -0 berth run --rm --network pasta:-I,wan0,--mtu,1400 tiny ip link
    output_has wan0 "mtu 1400"
    run -126 berth run --rm --network pasta:--no-such-option tiny true
    output_has "pasta"
}

@test "pasta is for plain users, and connects a container by itself" {
    if [ "$(id -u)" = 0 ]; then
        fails_with "pasta networking is only supported for rootless mode" -- run --network pasta tiny true
    fi
    fails_with "conflicts with bridge" -- run --network podman --network pasta tiny true
}
