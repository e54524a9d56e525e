# SPDX-License-Identifier: BSD-2-Clause
# Hosts for tests of networks: `load network`, after helpers, and
#
#   setup() { network_setup; }
#   teardown() { network_teardown; }
#
# Each test has a host of its own, a network namespace in which berth runs, and beyond a veth pair the outside:
#   host    eth0 192.0.2.1/24, 2001:db8::1/64
#   outside eth0 192.0.2.9/24, 2001:db8::9/64, which knows no way to the host's containers
#
# `network_setup here`: the host is this machine, which has to be a throw-away one.

network_setup() { # [here]
    [ "$(id -u)" = 0 ] || skip "needs root"
    needs program ip
    HOST=$BATS_TEST_TMPDIR/host OUTSIDE=$BATS_TEST_TMPDIR/outside
    HERE=${1:-}
    if [ "$HERE" = here ]; then HOST_PID=$$; else netns_make "$HOST"; fi
    netns_make "$OUTSIDE"
    host ip link add eth0 type veth peer name eth0 netns "$OUTSIDE_PID"
    host sysctl -qw net.ipv6.conf.default.accept_dad=0 net.bridge.bridge-nf-call-iptables=0 \
        net.bridge.bridge-nf-call-ip6tables=0 2>/dev/null || true
    net_address host 192.0.2.1/24 2001:db8::1/64
    net_address outside 192.0.2.9/24 2001:db8::9/64
    # Nothing of this folder's is to be on the host's own roots.
    eval "$(declare -f berth | sed '1s/berth/berth_here/')"
    berth() { host "$BERTH" --root "$BATS_TEST_TMPDIR/lib" --runroot "$BATS_TEST_TMPDIR/run" "$@"; }
    unset CONTAINERS_CONF
    tiny
}

# A namespace is held by a process that sleeps in it.
netns_make() { # FILE; sets HOST_PID or OUTSIDE_PID
    unshare -n sh -c 'ip link set lo up; echo $$ >"$1.new"; mv "$1.new" "$1"; exec sleep 600' - "$1" \
        >/dev/null 2>&1 3>&- &
    wait_for test -s "$1"
    case $1 in
    */host) HOST_PID=$(cat "$1") ;;
    *) OUTSIDE_PID=$(cat "$1") ;;
    esac
}

net_address() { # host|outside ADDRESS...
    local where=$1 address
    shift
    "$where" ip link set eth0 up
    for address; do
        case $address in
        *:*) "$where" ip -6 address add "$address" dev eth0 nodad ;;
        *) "$where" ip address add "$address" dev eth0 ;;
        esac
    done
}

host() { nsenter -t "$HOST_PID" -n "$@"; }
outside() { nsenter -t "$OUTSIDE_PID" -n "$@"; }
inside() { # CONTAINER COMMAND...
    local pid
    pid=$(pid_of "$1")
    shift
    nsenter -t "$pid" -n "$@"
}

sleeper() { # NAME OPTIONS...
    local name=$1
    shift
    berth run -d --name "$name" "$@" tiny sleep 3600 >/dev/null
}

network_teardown() {
    local pid left=0
    peers_end
    leave_nothing || left=1
    no_interface_left || left=1
    [ "$HERE" != here ] || ip link del eth0
    [ "$HERE" != here ] || HOST_PID=
    for pid in $HOST_PID $OUTSIDE_PID; do
        kill "$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
    done
    [ $left = 0 ]
}

host_interfaces() {
    host ip -o link | awk -F': ' '{ print $2 }' | grep -vE '^(lo|eth0@.*|eth0|docker0)$'
}

no_interface_left() {
    [ -n "$HOST_PID" ] || return 0
    wait_gone host_interfaces "an interface is left"
}

# A server of TCP and UDP in a container (or `outside`, `host`).
serve() { # CONTAINER|outside|host PORT...
    local where=$1 file=$BATS_TEST_TMPDIR/serves-$1
    shift
    case $where in
    outside | host) ;;
    *) where="inside $where" ;;
    esac
    # It may say that an earlier one was ready.
    rm -f "$file"
    $where "$TESTS/fixtures/peer" serve "$file" "$@" >"$file.log" 2>&1 3>&- &
    echo $! >>"$BATS_TEST_TMPDIR/peers"
    wait_for test -s "$file" || {
        cat "$file.log"
        return 1
    }
}

# Who the server says we are: `answers 192.0.2.9 outside tcp 192.0.2.1 8080`.
answers() { # EXPECTED WHERE KIND ADDRESS PORT
    local expected=$1 where=$2
    shift 2
    case $where in
    outside | host) ;;
    *) where="inside $where" ;;
    esac
    run $where "$TESTS/fixtures/peer" ask "$@"
    [ "$status" = 0 ] && [ "$output" = "$expected" ] && return
    echo "$where asked $*: expected $expected, got $output"
    return 1
}

# Nobody answers there.
silent() { # WHERE KIND ADDRESS PORT
    local where=$1
    shift
    case $where in
    outside | host) ;;
    *) where="inside $where" ;;
    esac
    run $where "$TESTS/fixtures/peer" ask "$@"
    [ "$status" = 1 ] && return
    echo "$where asked $*: got $output"
    return 1
}

address_of() { # CONTAINER [NETWORK] [GlobalIPv6Address]
    berth inspect --format "{{(index .NetworkSettings.Networks \"${2:-podman}\").${3:-IPAddress}}}" "$1"
}

table() { host nft list table inet berth; }

# Answers with that address for foo.example, and with itself for nothing else.
resolver() { # WHERE LISTEN-ADDRESS ANSWER
    needs program dnsmasq
    "$1" dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts --user=root --pid-file= \
        --bind-interfaces --listen-address="$2" --host-record="foo.example,$3" \
        >"$BATS_TEST_TMPDIR/resolver-$2.log" 2>&1 3>&- &
    echo $! >>"$BATS_TEST_TMPDIR/peers"
    wait_for "$1" dig +short +time=1 +tries=1 foo.example "@$2"
}

finds() { # CONTAINER NAME ADDRESS
    run berth exec "$1" nslookup "$2"
    output_has "$3"
}
