# SPDX-License-Identifier: BSD-2-Clause
# Bridges of a plain user, in the network namespace of his own.  Most of it is on internal networks, which
# need no way out, and so no /dev/net/tun.

load helpers

setup() {
    needs containers
    PATH=$PATH:/usr/sbin:/sbin
    needs program dnsmasq
    needs program jq
    unshare -Urn ip link add name br0 type bridge 2>/dev/null || skip "needs bridges in a user namespace"
    unset CONTAINERS_CONF
    tiny
    # The kernel gives none of these to others by itself.
    PORT=$((15000 + BATS_TEST_NUMBER * 10))
}

teardown() {
    local left=0
    peers_end
    leave_nothing || left=1
    wait_gone servers "a server is left" || left=1
    [ $left = 0 ]
}

needs_outside() {
    needs program pasta
    [ -w /dev/net/tun ] || skip "needs /dev/net/tun"
    [ -n "$(ip route show default)" ] || skip "needs a default route"
}

# pasta, dnsmasq and forward have a file in this folder among their arguments.
servers() { pgrep -af -- "$BATS_TEST_TMPDIR/run/(usernet|dns|attachments)/" | grep -v 'bats\|pgrep' || true; }
server_pid() { # NAME: of pasta, dnsmasq, forward
    local file pid
    case $1 in
    pasta) file=usernet/pasta.pid ;;
    dnsmasq) file=dns/*/pid ;;
    forward) file=attachments/*/forward.pid ;;
    esac
    cat "$BATS_TEST_TMPDIR"/run/$file
}
holder_pid() { jq .pid "$BATS_TEST_TMPDIR/run/usernet/hold.json"; }

inside() { # CONTAINER COMMAND...
    local pid
    pid=$(pid_of "$1")
    shift
    nsenter -t "$pid" -U --preserve-credentials -n "$@"
}

serve() { # CONTAINER PORT...: TCP and UDP
    local name=$1 file=$BATS_TEST_TMPDIR/serves-$1
    shift
    inside "$name" "$TESTS/fixtures/peer" serve "$file" "$@" >"$file.log" 2>&1 3>&- &
    echo $! >>"$BATS_TEST_TMPDIR/peers"
    wait_for test -s "$file" || {
        cat "$file.log"
        return 1
    }
}

ask() { "$TESTS/fixtures/peer" ask "$@"; }

gateway_of() { berth inspect -f "{{(index .NetworkSettings.Networks \"$2\").Gateway}}" "$1"; }
address_of() { berth inspect -f "{{(index .NetworkSettings.Networks \"$2\").IPAddress}}" "$1"; }

resolves() { # CONTAINER NAME ADDRESS
    berth exec "$1" nslookup -type=a "$2" 2>/dev/null | grep -q "Address.*: *$3\$"
}

# bats test_tags=only-rootless,vm
@test "a plain user's containers on one network find each other by name, alias and short id" {
    berth network create --internal one
    berth network create --internal two
    berth run -d --name a --network one tiny sleep 100
    berth run -d --name b --network one:alias=db tiny sleep 100
    berth run -d --name c --network two tiny sleep 100
    local b
    b=$(address_of b one)
    resolves a b "$b"
    resolves a db "$b"
    resolves a "$(berth inspect -f '{{.Id}}' b | cut -c1-12)" "$b"
    run berth exec c nslookup -type=a b
    [[ $output != *"$b"* ]]
    serve b 80
    [ "$(inside a "$TESTS/fixtures/peer" ask tcp "$b" 80)" = "$(address_of a one)" ]
}

# bats test_tags=only-rootless,vm
@test "a plain user's published ports are reached, over TCP and UDP, IPv4 and IPv6, one and in a row" {
    berth network create --internal --ipv6 one
    berth run -d --name c --network one -p "127.0.0.1:$PORT:80" -p "127.0.0.1:$PORT:80/udp" -p "[::1]:$PORT:80/tcp,udp" \
        -p "127.0.0.1:$((PORT + 1))-$((PORT + 3)):90-92" tiny sleep 100
    serve c 80 91
    local gateway
    gateway=$(gateway_of c one)
    [ "$(ask tcp 127.0.0.1 $PORT)" = "$gateway" ]
    [ "$(ask udp 127.0.0.1 $PORT)" = "$gateway" ]
    [ "$(ask udp 127.0.0.1 $PORT)" = "$gateway" ]
    [[ $(ask tcp ::1 $PORT) == fd*::1 ]]
    [[ $(ask udp ::1 $PORT) == fd*::1 ]]
    [ "$(ask tcp 127.0.0.1 $((PORT + 2)))" = "$gateway" ]
    # Nobody listens there.
    run -1 ask tcp 127.0.0.1 $((PORT + 1))
    run -0 berth port c 80/udp
    output_is "127.0.0.1:$PORT
[::1]:$PORT"
}

# bats test_tags=only-rootless
@test "much goes through a plain user's published port, and its end arrives" {
    berth network create --internal one
    head -c 5000000 /dev/urandom >"$BATS_TEST_TMPDIR/data"
    berth run -d --name c --network one -p "127.0.0.1:$PORT:80" -v "$BATS_TEST_TMPDIR/data:/www/data" tiny httpd -f -h /www -p 80
    needs program curl
    local i pids=()
    wait_for curl -sf -o /dev/null "http://127.0.0.1:$PORT/data"
    for i in 1 2 3 4; do
        curl -sf -o "$BATS_TEST_TMPDIR/got$i" "http://127.0.0.1:$PORT/data" 3>&- &
        pids+=($!)
    done
    for i in "${pids[@]}"; do wait "$i"; done
    for i in 1 2 3 4; do cmp "$BATS_TEST_TMPDIR/data" "$BATS_TEST_TMPDIR/got$i"; done
}

# bats test_tags=only-rootless
@test "a plain user's port that is taken says by whom, and is free when the container has ended" {
    berth network create --internal one
    berth run -d --name first --network one -p "127.0.0.1:$PORT:80" tiny sleep 100
    fails_with -126 "address already in use by container first" -- run --rm --network one -p "127.0.0.1:$PORT:80" tiny true
    serve first 80
    ask tcp 127.0.0.1 $PORT
    berth stop -t 0 first
    berth run -d --name second --network one -p "127.0.0.1:$PORT:80" tiny sleep 100
    berth restart -t 0 second
    berth rm -f -t 0 second
    berth start first
}

# bats test_tags=only-rootless
@test "what a plain user's network can't be is said" {
    berth network create --internal one
    berth network create -d macvlan --subnet 10.99.0.0/24 lan
    fails_with -126 "driver macvlan needs root" -- run --rm --network lan tiny true
    fails_with -126 "a plain user's ports are TCP or UDP" -- run --rm --network one -p "$PORT:80/sctp" tiny true
    [ "$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" -gt 81 ] || skip "needs ports for root alone"
    fails_with -126 "ip_unprivileged_port_start" -- run --rm --network one -p 127.0.0.1:81:80 tiny true
}

# bats test_tags=only-rootless
@test "the namespace of a plain user's bridges is one, and gone with its servers after the last container" {
    local i pids=()
    berth network create --internal one
    for i in 1 2 3 4; do
        berth run -d --name "c$i" --network one -p "127.0.0.1:$((PORT + i)):80" tiny sleep 100 3>&- &
        pids+=($!)
    done
    for i in "${pids[@]}"; do wait "$i"; done
    [ "$(berth ps -q | wc -l)" = 4 ]
    [ "$(pgrep -cf -- "pid-file=$BATS_TEST_TMPDIR/run/dns/")" = 1 ]
    [ "$(berth inspect -f '{{(index .NetworkSettings.Networks "one").IPAddress}}' c1 c2 c3 c4 | sort -u | wc -l)" = 4 ]
    fails_with -2 "one" -- network rm one
    berth rm -f -t 0 c1 c2 c3
    kill -0 "$(holder_pid)"
    berth stop -t 0 c4
    wait_for test ! -e "$BATS_TEST_TMPDIR/run/usernet/hold.json"
    wait_gone servers "a server is left"
    berth rm c4
    berth network prune -f
    run -1 berth network exists one
}

# bats test_tags=only-rootless
@test "a plain user's container is connected to one more network while it runs, and disconnected" {
    berth network create --internal one
    berth network create --internal two
    berth run -d --name a --network one -p "127.0.0.1:$PORT:80" tiny sleep 100
    berth run -d --name b --network two tiny sleep 100
    berth network connect --alias more two a
    resolves b more "$(address_of a two)"
    run -0 berth exec a ip -4 address
    output_has eth0 eth1
    serve a 80
    ask tcp 127.0.0.1 $PORT
    berth network disconnect one a
    # Its port leads to where it is now.
    [ "$(ask tcp 127.0.0.1 $PORT)" = "$(gateway_of b two)" ]
    run -0 berth network inspect two
    output_has '"name": "a"' '"name": "b"'
}

# bats test_tags=only-rootless
@test "whoever serves a plain user's networks may be killed: the next start, or a reload, has it again" {
    berth network create --internal one
    berth run -d --name a --network one -p "127.0.0.1:$PORT:80" tiny sleep 100
    serve a 80
    # The holder: what serves in the namespace leads to it.
    kill -9 "$(holder_pid)"
    berth run -d --name b --network one tiny sleep 100
    [ "$(inside b "$TESTS/fixtures/peer" ask tcp "$(address_of a one)" 80)" = "$(address_of b one)" ]
    resolves b a "$(address_of a one)"
    kill -9 "$(server_pid forward)" "$(server_pid dnsmasq)"
    berth network reload a
    [ "$(ask tcp 127.0.0.1 $PORT)" = "$(gateway_of a one)" ]
    resolves b a "$(address_of a one)"
    # All of them.
    kill -9 "$(holder_pid)" "$(server_pid forward)" "$(server_pid dnsmasq)"
    berth run --rm --network one tiny true
    berth restart -t 0 a b
    resolves b a "$(address_of a one)"
    # The monitor, and so the container, with its port.
    kill -9 "$(ps -o ppid= -p "$(pid_of a)" | tr -d ' ')"
    wait_for berth run --rm --network one -p "127.0.0.1:$PORT:80" tiny true
}

# bats test_tags=only-rootless
@test "what would be done for a plain user's ports is shown" {
    berth network create --internal one
    run -0 berth run --plan --network one -p "127.0.0.1:$PORT:80" tiny true
    output_has "forward    127.0.0.1 $PORT/tcp to 80"
    [ ! -e "$BATS_TEST_TMPDIR/run/usernet/hold.json" ]
}

# bats test_tags=only-rootless,vm
@test "a plain user's bridges reach the outside by one pasta, which is started again" {
    needs_outside
    local own
    own=$(ip -4 -o route get 192.0.2.9 2>/dev/null | sed -n 's/.* src \([0-9.]*\).*/\1/p')
    [ -n "$own" ] || skip "needs an IPv4 address"
    "$TESTS/fixtures/peer" serve "$BATS_TEST_TMPDIR/outside" $PORT >/dev/null 2>&1 3>&- &
    echo $! >>"$BATS_TEST_TMPDIR/peers"
    wait_for test -s "$BATS_TEST_TMPDIR/outside"
    berth network create one
    berth run -d --name a --network one tiny sleep 100
    berth run -d --name b --network podman tiny sleep 100
    [ "$(pgrep -cf -- "--pid $BATS_TEST_TMPDIR/run/usernet/pasta.pid")" = 1 ]
    run -0 berth exec a cat /etc/hosts
    output_has "$own"$'\t'"host.containers.internal"
    inside a "$TESTS/fixtures/peer" ask tcp "$own" $PORT
    inside b "$TESTS/fixtures/peer" ask udp "$own" $PORT
    kill -9 "$(server_pid pasta)"
    berth network reload a
    inside a "$TESTS/fixtures/peer" ask tcp "$own" $PORT
    kill -9 "$(server_pid pasta)"
    run -0 berth run --rm --network one tiny true
    inside a "$TESTS/fixtures/peer" ask tcp "$own" $PORT
}

# bats test_tags=only-rootless,vm
@test "a plain user's container on a bridge sees who asks at its published port" {
    needs_outside
    local own kind
    own=$(ip -4 -o route get 192.0.2.9 2>/dev/null | sed -n 's/.* src \([0-9.]*\).*/\1/p')
    [ -n "$own" ] || skip "needs an IPv4 address"
    berth network create one
    berth run -d --name a --network one -p "$PORT:80/tcp,udp" tiny sleep 100
    serve a 80
    for kind in tcp udp; do
        [ "$(ask $kind "$own" $PORT)" = "$own" ]
        [ "$(ask $kind 127.0.0.1 $PORT)" = "$(gateway_of a one)" ]
    done
}
