# SPDX-License-Identifier: BSD-2-Clause
# Interfaces of the host in containers, and the life of what networks make, on a host of the test's own.

load helpers
load network

setup() {
    network_setup
}

teardown() {
    local left=0
    network_teardown || left=1
    # Of a test that failed before it was done with it.
    [ ! -e "${SERVICE:-/nowhere}" ] || rmdir "$SERVICE" || left=1
    [ $left = 0 ]
}

pings() { # WHERE ADDRESS
    local where=$1
    case $where in
    outside | host) ;;
    *) where="inside $where" ;;
    esac
    $where busybox ping -c1 -W5 -q "$2" >/dev/null
}

has() { # WHERE IP-COMMAND... WORDS: "ip -o COMMAND" prints a line with the words
    local where=$1
    case $where in
    outside | host) ;;
    *) where="inside $where" ;;
    esac
    $where ip -o ${@:2:$#-2} | grep -qF -- "${*: -1}" && return
    $where ip -o ${@:2:$#-2}
    return 1
}

# veth0 .1 -- 192.168.0.0/24 -- .2 ntpd, the container's
make_pair() {
    host ip link add veth0 type veth peer name ntpd address 00:c0:ff:ee:00:01
    host ip address add 192.168.0.1/24 dev veth0
    host ip link set veth0 up
    host ip address add 192.168.0.2/24 dev ntpd
    berth network create -d host-device -o parent=ntpd ntpd >/dev/null
}

remove_pair() {
    has host address show dev ntpd 192.168.0.2/24
    has host link show dev ntpd 00:c0:ff:ee:00:01
    host ip link del veth0
}

@test "the routed set-up: one end of a pair is in the container, and comes home" {
    make_pair
    berth run -d --name ntpd --network ntpd tiny sleep 600 >/dev/null
    has ntpd address show dev eth0 192.168.0.2/24
    has ntpd link show dev eth0 00:c0:ff:ee:00:01
    run -1 host ip link show ntpd
    pings host 192.168.0.2
    pings ntpd 192.168.0.1
    run -0 berth inspect --format '{{.NetworkSettings.Networks.ntpd.IPAddress}} {{.NetworkSettings.Networks.ntpd.MacAddress}}' ntpd
    output_is "192.168.0.2 00:c0:ff:ee:00:01"
    berth stop -t 0 ntpd >/dev/null
    has host address show dev ntpd 192.168.0.2/24
    # And again, under another name.
    berth start ntpd >/dev/null
    pings host 192.168.0.2
    berth rm -f -t 0 ntpd >/dev/null
    run -0 berth run --rm --network ntpd:interface_name=wan tiny ip -o address show dev wan
    output_has 192.168.0.2/24
    wait_for host ip link show ntpd
    remove_pair
}

@test "the bridged set-up: a second pair leads to the ports of a bridge of the host" {
    make_pair
    host ip link add veth1a type veth peer name veth1b
    host ip link add br0 type bridge
    host ip address add 192.168.1.1/24 dev br0
    host ip link set br0 up
    host ip link set veth1b master br0 up
    # e1, a port, with somebody behind it: the outside.
    host ip link add e1 type veth peer name e1 netns "$OUTSIDE_PID"
    host ip link set e1 master br0 up
    outside ip address add 192.168.1.9/24 dev e1
    outside ip link set e1 up
    berth network create -d host-device -o parent=veth1a -o address=192.168.1.2/24 \
        --route 0.0.0.0/0,192.168.1.1 bridged >/dev/null
    berth run -d --name ntpd --network ntpd,bridged tiny sleep 600 >/dev/null
    pings host 192.168.0.2
    pings host 192.168.1.2
    pings outside 192.168.1.2
    has ntpd route show default "via 192.168.1.1 dev eth1"
    berth rm -f -t 0 ntpd >/dev/null
    host ip link show veth1a
    has host link show master br0 veth1b
    host ip link del veth1a
    host ip link del e1
    host ip link del br0
    remove_pair
}

@test "the default network and a device: eth0 and eth1, the same after a restart" {
    make_pair
    berth run -d --name c --network podman,ntpd tiny sleep 600 >/dev/null
    has c address show dev eth0 10.88.0.2/16
    has c address show dev eth1 192.168.0.2/24
    has c route show default "via 10.88.0.1 dev eth0"
    berth restart -t 0 c >/dev/null
    # Not the address that was free last, but the next one.
    has c address show dev eth0 10.88.0.3/16
    has c address show dev eth1 192.168.0.2/24
    pings c 10.88.0.1
    pings c 192.168.0.1
    berth rm -f -t 0 c >/dev/null
    remove_pair
}

# Both processes of a container, in MONITOR and INIT, and its keeper, in KEEPER.
processes_of() { # CONTAINER
    local file
    file=$BATS_TEST_TMPDIR/run/containers/$(berth inspect --format '{{.Id}}' "$1")
    INIT=$(jq .pid "$file/state.json") MONITOR=$(jq .monitorPid "$file/state.json")
    KEEPER=$(cat "$file/keeper.pid")
    kill -0 "$KEEPER"
}

# Nobody runs a command of berth's meanwhile.
comes_home() { # INTERFACE ADDRESS
    wait_for has host address show dev "$1" "$2"
    wait_for all_is_given_back
}

all_is_given_back() {
    # The index of the leases goes on.
    [ -z "$(find "$BATS_TEST_TMPDIR"/run/{attachments,unsettled,networks/*/leases} -mindepth 1 ! -name '.*' 2>/dev/null | grep -v :)" ] &&
        [ -z "$(find "$BATS_TEST_TMPDIR"/run/containers -name keeper.pid)" ] &&
        gone "$KEEPER" && [ -z "$(mounts_here)" ]
}

# And waited for, by whoever does so here.
gone() { # PID...
    local pid
    for pid; do
        ! kill -0 "$pid" 2>/dev/null || return 1
    done
}

@test "a device comes home by itself, with all else that was taken, whatever was killed" {
    local name=berth-test-$BASHPID
    make_pair
    host ip link set ntpd up
    host ip route add 198.51.100.0/24 via 192.168.0.7 dev ntpd
    berth create --name "$name" --network podman,ntpd -p 8080:80 tiny sleep 600 >/dev/null
    for victims in MONITOR INIT "MONITOR INIT" "INIT MONITOR" KEEPER\ INIT; do
        berth start "$name" >/dev/null
        processes_of "$name"
        [ -L "/run/netns/$name" ]
        kill -9 $(for i in $victims; do echo "${!i}"; done)
        comes_home ntpd 192.168.0.2/24
        has host route show "198.51.100.0/24 via 192.168.0.7 dev ntpd"
        wait_for gone "$MONITOR" "$INIT"
        [ ! -L "/run/netns/$name" ]
        run -0 table
        output_lacks "8080 :"
    done
    # Also by a name that it did not have when it was started.
    berth start "$name" >/dev/null
    berth rename "$name" "$name-b"
    processes_of "$name-b"
    [ -L "/run/netns/$name-b" ]
    kill -9 "$MONITOR"
    comes_home ntpd 192.168.0.2/24
    [ ! -L "/run/netns/$name-b" ]
    berth rm "$name-b" >/dev/null
    remove_pair
}

@test "a device is home with the next command when its keeper was killed too" {
    make_pair
    berth run -d --name c --network ntpd tiny sleep 600 >/dev/null
    processes_of c
    kill -9 "$KEEPER" "$MONITOR"
    wait_for home ntpd
    # And without a keeper a container ends as it should, if its monitor does.
    berth start c >/dev/null
    processes_of c
    kill -9 "$KEEPER"
    berth stop -t 0 c >/dev/null
    comes_home ntpd 192.168.0.2/24
    berth rm c >/dev/null
    remove_pair
}

@test "a device comes home when all that a service has started is killed" {
    needs_groups
    SERVICE=$GROUPS_HERE/berth-test-$BASHPID
    make_pair
    mkdir "$SERVICE"
    # The service: who runs berth, and the monitor with it.
    (
        echo "$BASHPID" >"$SERVICE/cgroup.procs"
        berth run -d --name c --network ntpd tiny sleep 600 >/dev/null
    )
    processes_of c
    grep -qx "$MONITOR" "$SERVICE/cgroup.procs"
    kill -9 $(cat "$SERVICE/cgroup.procs")
    comes_home ntpd 192.168.0.2/24
    wait_for rmdir "$SERVICE"
    berth rm c >/dev/null
    remove_pair
}

# Where processes are told apart by who started them, and may be moved.
needs_groups() {
    for GROUPS_HERE in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup; do
        [ ! -e "$GROUPS_HERE/cgroup.procs" ] || break
    done
    (echo "$BASHPID" >"$GROUPS_HERE/cgroup.procs") 2>/dev/null || skip "needs a control group that takes processes"
}

@test "a device comes home from a container that outlives its monitor, or is frozen" {
    make_pair
    # Who changes his user is no longer killed with his parent.
    berth run -d --name c --network ntpd tiny httpd -f -u 1000:1000 -h / >/dev/null
    processes_of c
    wait_for grep -q '^Uid:.1000' "/proc/$INIT/status"
    kill -9 "$MONITOR"
    comes_home ntpd 192.168.0.2/24
    wait_for gone "$INIT"
    berth start c >/dev/null
    berth pause c >/dev/null
    processes_of c
    kill -9 "$MONITOR"
    comes_home ntpd 192.168.0.2/24
    wait_for gone "$INIT"
    berth rm c >/dev/null
    remove_pair
}

@test "a device comes home, and --rm is kept to, when berth is being replaced" {
    make_pair
    mkdir "$BATS_TEST_TMPDIR/bin"
    for program in berth keeper monitor unpack firewall init; do
        cp "${BERTH%/*}/$program" "$BATS_TEST_TMPDIR/bin"
    done
    BERTH=$BATS_TEST_TMPDIR/bin/berth
    berth run -d --rm --name c --network ntpd tiny sleep 600 >/dev/null
    processes_of c
    mv "$BERTH" "$BERTH.old"
    kill -9 "$MONITOR"
    wait_for gone "$MONITOR"
    mv "$BERTH.old" "$BERTH"
    comes_home ntpd 192.168.0.2/24
    wait_for no_container_named c
    remove_pair
}

@test "a start that fails gives the device back, and leaves no keeper and no less than there was" {
    make_pair
    for options in "" --rm; do
        berth create $options --name c --network ntpd tiny /no/such/program >/dev/null
        run -127 berth start c
        has host address show dev ntpd 192.168.0.2/24
        wait_gone berth_processes "a process is left"
        state_is c created
        [ -z "$(find "$BATS_TEST_TMPDIR/run/containers" -name keeper.pid)" ]
        berth rm c >/dev/null
    done
    remove_pair
}

@test "a keeper is there as long as a device is, and for nothing else" {
    make_pair
    berth run -d --name c tiny sleep 600 >/dev/null
    run ! processes_of c
    berth network connect ntpd c
    processes_of c
    [ "$(cat "/proc/$KEEPER/comm")" = berth-keeper ]
    # It is nobody's: of no session, of no group, with nothing open but what it waits for.
    [ "$(ps -o sid= -p "$KEEPER" | tr -d ' ')" = "$KEEPER" ]
    [ "$(ls "/proc/$KEEPER/fd" | wc -l)" = 4 ]
    # As unlikely to be killed for want of memory as the monitor, which may ask for no more.
    [ "$(cat "/proc/$KEEPER/oom_score_adj")" = "$(cat "/proc/$MONITOR/oom_score_adj")" ]
    berth network disconnect ntpd c
    has host address show dev ntpd 192.168.0.2/24
    wait_for gone "$KEEPER"
    berth network connect ntpd c
    processes_of c
    kill -9 "$MONITOR"
    comes_home ntpd 192.168.0.2/24
    # The next start connects it to both.
    berth start c >/dev/null
    processes_of c
    berth rm -f -t 0 c >/dev/null
    wait_for gone "$KEEPER"
    remove_pair
}

not_running() {
    [ "$(berth inspect --format '{{.State.Running}}' "$1")" = false ]
}

home() {
    berth network ls >/dev/null && host ip link show "$1"
}

@test "a port is handed over and back; who has it is told" {
    make_pair
    berth run -d --name first --network ntpd tiny sleep 600 >/dev/null
    fails_with -126 "interface ntpd is in use by container first" -- run --rm --network ntpd tiny true
    berth stop -t 0 first >/dev/null
    berth run -d --name second --network ntpd tiny sleep 600 >/dev/null
    pings host 192.168.0.2
    run -126 berth start first
    output_has "interface ntpd is in use by container second"
    berth rm -f -t 0 second >/dev/null
    berth start first >/dev/null
    pings host 192.168.0.2
    berth rm -f -t 0 first >/dev/null
    remove_pair
    fails_with -126 "interface ntpd does not exist on the host" -- run --rm --network ntpd tiny true
}

# All that was set of an interface. Not its index, and whether IPv6 looked for duplicates.
all_of() { # INTERFACE
    host ip -d -o link show dev "$1" | sed 's/^[0-9]*: //'
    host ip -o address show dev "$1" | sed 's/^[0-9]*: //; s/ nodad//; s/ tentative//'
    host ip route show table all dev "$1"
    host ip -6 route show table all dev "$1"
    host grep -r . "/proc/sys/net/ipv4/conf/$1" "/proc/sys/net/ipv6/conf/$1" 2>/dev/null | sort
}

@test "a device comes home with all it had: labels, peers, routes of all kinds, settings" {
    host ip link add port1 address 00:c0:ff:ee:00:11 mtu 1400 type veth peer name far1
    host ip link set far1 up
    host ip link set port1 txqueuelen 77 alias "uplink 1" up
    host ip address add 10.1.0.2/24 broadcast + dev port1
    host ip address add 10.1.0.3/24 dev port1 label port1:x
    host ip address add 10.9.0.1 peer 10.9.0.2 dev port1
    host ip address add fd01::2/64 dev port1 nodad
    host ip address add fd01::3/64 dev port1 nodad noprefixroute
    host ip route add 10.2.0.0/16 via 10.1.0.1 metric 55
    host ip route add 10.3.0.0/16 dev port1 scope link src 10.1.0.3
    host ip route add 10.4.0.0/16 via 10.77.0.1 onlink dev port1
    host ip route add 10.5.0.0/16 via 10.1.0.1 table 100
    host ip route add 10.6.0.0/16 via 10.1.0.1 mtu 1300
    host ip route add 10.7.0.0/16 via 10.3.0.1
    host ip route add default via 10.1.0.254
    host ip route add fd02::/48 via fd01::1 metric 77
    host ip route add fd05::/48 via fd01::1 table 100 src fd01::3
    host sysctl -qw net.ipv4.conf.port1.proxy_arp=1 net.ipv4.conf.port1.rp_filter=2 net.ipv6.conf.port1.accept_ra=2
    all_of port1 >"$BATS_TEST_TMPDIR/before"
    berth network create -d host-device -o parent=port1 dev >/dev/null
    berth run -d --name c --network dev:interface_name=lan0 tiny sleep 600 >/dev/null
    has c address show dev lan0 "10.9.0.1 peer 10.9.0.2/32"
    has c route show "10.3.0.0/16 dev lan0 scope link src 10.1.0.3"
    has c route show "10.4.0.0/16 via 10.77.0.1 dev lan0 onlink"
    has c route show "10.6.0.0/16 via 10.1.0.1 dev lan0 mtu 1300"
    has c -6 route show "fd02::/48 via fd01::1 dev lan0 metric 77"
    # The host's tables are the host's.
    run -0 inside c ip route show table all
    output_lacks 10.5.0.0/16
    berth rm -f -t 0 c >/dev/null
    all_of port1 >"$BATS_TEST_TMPDIR/after"
    diff "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/after"
    host ip link del port1
}

@test "a device whose name is taken waits under another; its container goes all the same" {
    make_pair
    berth run -d --name c --network ntpd tiny sleep 600 >/dev/null
    host ip link add ntpd type veth peer name usurper
    berth rm -f -t 0 c >/dev/null
    run -0 berth ps -aq
    output_is ""
    run -0 berth network ls
    output_has "interface ntpd is back as dev" "another one has its name by now"
    has host link show "berth-interface:ntpd"
    host ip link del usurper
    berth ps >/dev/null
    has host address show dev ntpd 192.168.0.2/24
    # The same when nobody was left to take it back but the keeper.
    berth run -d --name c --network ntpd tiny sleep 600 >/dev/null
    processes_of c
    host ip link add ntpd type veth peer name usurper
    kill -9 "$MONITOR" "$INIT"
    wait_for gone "$KEEPER"
    has host link show "berth-interface:ntpd"
    host ip link del usurper
    berth rm c >/dev/null
    remove_pair
}

@test "what can't be a container's interface says why" {
    make_pair
    host ip link add br0 type bridge
    host ip link set ntpd master br0
    fails_with -126 "interface ntpd belongs to br0: take it out of that first" -- run --rm --network ntpd tiny true
    host ip link set ntpd nomaster
    berth network create -d host-device -o parent=ntpd again >/dev/null
    fails_with -126 "interface ntpd is the container's by network ntpd already" -- \
        run --rm --network ntpd,again tiny true
    berth network create -d host-device -o parent=br0 bridge0 >/dev/null
    fails_with -126 "interface br0 can't leave the host" -- run --rm --network bridge0 tiny true
    fails_with "interface lo is the loopback of the host" -- network create -d host-device -o parent=lo loop0
    run -0 berth ps -aq
    output_is ""
    host ip link del br0
    remove_pair
}

@test "ports between containers: a pair with an end in each, whoever is killed" {
    host ip link add left type veth peer name right
    berth network create -d host-device -o parent=left -o address=10.7.0.1/24 left >/dev/null
    berth network create -d host-device -o parent=right -o address=10.7.0.2/24 right >/dev/null
    berth run -d --name l --network left tiny sleep 600 >/dev/null
    berth run -d --name r --network right tiny sleep 600 >/dev/null
    pings l 10.7.0.2
    kill_monitor l
    # The other's end is still its own, and the pair is whole.
    wait_for home left
    has r address show dev eth0 10.7.0.2/24
    berth start l >/dev/null
    pings r 10.7.0.1
    kill_monitor l
    kill_monitor r
    wait_for home left
    wait_for home right
    berth rm -f l r >/dev/null
    host ip link del left
}

kill_monitor() { # CONTAINER
    kill -9 "$(jq .monitorPid "$BATS_TEST_TMPDIR/run/containers/$(berth inspect --format '{{.Id}}' "$1")/state.json")"
    wait_for not_running "$1"
}

@test "restart policies get the device again" {
    make_pair
    berth run -d --name c --restart always --network ntpd tiny sleep 600 >/dev/null
    local first
    first=$(pid_of c)
    kill -9 "$first"
    wait_for another_runs c "$first"
    pings host 192.168.0.2
    has c address show dev eth0 192.168.0.2/24
    # The keeper of this life, not that of the last.
    [ "$(pgrep -fc -- "keeper $BATS_TEST_TMPDIR/run/")" = 1 ]
    processes_of c
    kill -9 "$MONITOR"
    comes_home ntpd 192.168.0.2/24
    berth start c >/dev/null
    berth rm -f -t 0 c >/dev/null
    remove_pair
}

another_runs() { # CONTAINER PID
    local pid
    pid=$(pid_of "$1")
    [ "$pid" != 0 ] && [ "$pid" != "$2" ]
}

@test "ps takes back what a container has left whose monitor was killed" {
    local name=berth-test-$BASHPID
    berth run -d --name "$name" -p 8080:80 tiny sleep 600 >/dev/null
    kill_monitor "$name"
    berth ps >/dev/null
    [ -z "$(ls "$BATS_TEST_TMPDIR/run/attachments" "$BATS_TEST_TMPDIR/run/networks/podman/leases" | grep -v :)" ]
    [ ! -L "/run/netns/$name" ]
    run -0 table
    output_lacks "8080 :"
    berth rm "$name" >/dev/null
}

@test "what can't be asked of a network is refused before there is a container" {
    fails_with "address 01:00:00:00:00:01: a multicast MAC address can't be an interface's" -- \
        create --mac-address 01:00:00:00:00:01 tiny
    fails_with "address 02:00:00:00:00:zz: invalid MAC address" -- create --network podman:mac=02:00:00:00:00:zz tiny
    fails_with "has at most 15 characters" -- create --network podman:interface_name=sixteen-letters0 tiny
    fails_with "has at most 15 characters" -- create --network podman:host_interface_name=sixteen-letters0 tiny
    fails_with "mtu 7 must be between 68 and 65535" -- create --network podman:mtu=7 tiny
    fails_with 'unknown option "foo"' -- create --network podman:foo=bar tiny
    fails_with "requested static ip 10.99.0.1 not in any subnet on network podman" -- run --ip 10.99.0.1 tiny true
    fails_with "10.88.0.1 can't be a container's: it is the network's own" -- create --network podman:ip=10.88.0.1 tiny
    fails_with "10.88.255.255 can't be a container's" -- create --ip 10.88.255.255 tiny
    fails_with '"fd00::9" is not an IPv4 address' -- create --ip fd00::9 tiny
    fails_with "interface name lo is the loopback's" -- create --network podman:interface_name=lo tiny
    fails_with 'network mode none takes no options: "none:ip=10.88.0.9"' -- create --network none:ip=10.88.0.9 tiny
    fails_with "--network: namespace mode ns: requires a value" -- create --network ns: tiny
    fails_with "cannot find specified network namespace path: stat $BATS_TEST_TMPDIR/nope: No such file" -- \
        run --network "ns:$BATS_TEST_TMPDIR/nope" tiny true
    run -0 berth ps -aq
    output_is ""
    # Nobody asks for anything by what is empty.
    berth create --name c --ip "" --ip6 "" --mac-address "" tiny >/dev/null
    berth network create n >/dev/null
    fails_with "a multicast MAC address" -- network connect --mac-address 01:00:00:00:00:01 n c
    fails_with "requested static ip 10.99.0.1 not in any subnet on network n" -- network connect --ip 10.99.0.1 n c
    fails_with 'network interface name "x0" is already assigned to another network' -- \
        create --network podman:interface_name=x0 --network n:interface_name=x0 tiny
    run -0 berth inspect --format '{{len .NetworkSettings.Networks}}' c
    output_is 1
}

@test "a macvlan's mtu is not more than its parent's, which one of mode passthru has for itself" {
    host ip link add far type veth peer name port
    host ip link set port up
    berth network create -d macvlan -o parent=port -o mtu=9000 --ipam-driver none large >/dev/null
    fails_with -126 "mtu 9000 is more than the 1500 of the parent interface port" -- run --rm --network large tiny true
    berth network create -d macvlan -o parent=port -o mode=passthru --ipam-driver none alone >/dev/null
    berth network create -d macvlan -o parent=port --ipam-driver none shared >/dev/null
    berth run -d --name a --network alone tiny sleep 600 >/dev/null
    fails_with -126 "a macvlan of mode passthru has for itself" -- run --rm --network shared tiny true
    berth rm -f -t 0 a >/dev/null
    berth run --rm --network shared tiny true
    host ip link del far
}

@test "a macvlan whose parent has gone says so, keeps how it ended, and starts when that is back" {
    host ip link add par0 type veth peer name parx
    host ip link set par0 up
    berth network create -d macvlan -o parent=par0 --subnet 192.168.7.0/24 lan >/dev/null
    run -7 berth run --name m --network lan tiny sh -c 'exit 7'
    host ip link set par0 down name par1
    fails_with -126 "network lan: parent interface par0 does not exist" -- start m
    [ "$(berth inspect --format '{{.State.Status}} {{.State.ExitCode}}' m)" = "exited 7" ]
    [ -z "$(ls "$BATS_TEST_TMPDIR/run/networks/lan/leases")" ]
    host ip link set par1 name par0 up
    run -7 berth start --attach m
    host ip link del par0
    fails_with -126 "parent interface par0 does not exist" -- start m
    berth rm m >/dev/null
}

@test "a macvlan is seen outside with its own address" {
    berth network create -d macvlan -o parent=eth0 --subnet 192.0.2.0/24 lan >/dev/null
    berth run -d --name m --network lan:ip=192.0.2.77,mac=02:00:00:00:00:77 tiny sleep 600 >/dev/null
    pings m 192.0.2.9
    pings outside 192.0.2.77
    has outside neigh show 192.0.2.77 02:00:00:00:00:77
    berth rm -f -t 0 m >/dev/null
    # Without a subnet nobody gives an address.
    berth network create -d macvlan bare >/dev/null
    fails_with -126 "names no parent interface" -- run --rm --network bare tiny true
    host ip route add default via 192.0.2.9
    run -0 berth run --rm --network bare tiny ip -o -4 address show dev eth0
    output_is ""
}

@test "ip netns knows containers by name" {
    local name=berth-test-$BASHPID
    berth run -d --name "$name" tiny sleep 600 >/dev/null
    ip netns list | grep -q "^$name"
    ip netns exec "$name" ip -o address show dev eth0 | grep -q 10.88.0.2/16
    berth rm -f -t 0 "$name" >/dev/null
    run ! grep -q . <(ip netns list | grep "^$name")
}

@test "ip netns knows containers without a network by name, and under a new one" {
    local name=berth-test-$BASHPID monitor
    berth run -d --name "$name" --network none tiny sleep 600 >/dev/null
    ip netns exec "$name" ip -o link show dev lo | grep -q LOOPBACK
    berth rename "$name" "$name-b"
    run ! ip netns exec "$name" true
    ip netns exec "$name-b" true
    monitor=$(berth inspect --format '{{.State.ConmonPid}}' "$name-b")
    kill -9 "$monitor"
    berth rm -f -t 0 "$name-b" >/dev/null
    run ! grep -q . <(ip netns list | grep "^$name")
    berth run --rm --name "$name" --network none tiny true
    run ! grep -q . <(ip netns list | grep "^$name")
}

@test "a container on a network is known by its new name" {
    local name=berth-test-$BASHPID
    berth network create "$name" >/dev/null
    berth run -d --name "$name" --network "$name" tiny sleep 600 >/dev/null
    berth rename "$name" "$name-b"
    ip netns exec "$name-b" true
    wait_for berth exec "$name-b" nslookup "$name-b"
    berth rm -f -t 0 "$name-b" >/dev/null
    run ! grep -q . <(ip netns list | grep "^$name")
    berth network rm "$name"
}

@test "containers that start at once have addresses of their own" {
    local started=()
    for i in {1..12}; do
        berth run -d --name "p$i" tiny sleep 600 >/dev/null 3>&- &
        started+=($!)
    done
    wait "${started[@]}"
    [ "$(berth network inspect podman | jq -r '.[0].containers[].interfaces.eth0.subnets[0].ipnet' | sort -u | wc -l)" = 12 ]
    berth rm -f -t 0 -a >/dev/null
    run -0 berth network inspect --format '{{len .containers}}' podman
    output_is 0
}

@test "addresses are given in turns, and as asked for" {
    berth network create --subnet 198.51.100.0/24 --ip-range 198.51.100.4-198.51.100.6 n >/dev/null
    local last
    for last in 4 5 6 4; do
        run -0 berth run --rm --network n tiny ip -o -4 address show dev eth0
        output_has "198.51.100.$last/24"
    done
    berth run -d --name a --network n:ip=198.51.100.99 tiny sleep 600 >/dev/null
    fails_with -126 "requested ip address 198.51.100.99 is already allocated to container ID" -- \
        run --rm --network n:ip=198.51.100.99 tiny true
    fails_with "requested static ip 203.0.113.1 not in any subnet on network n" -- \
        run --rm --network n:ip=203.0.113.1 tiny true
    for last in 1 2 3; do berth run -d --network n tiny sleep 600 >/dev/null; done
    fails_with -126 "failed to find free IP in range: 198.51.100.4 - 198.51.100.6" -- run --rm --network n tiny true
    fails_with -2 "has associated containers with it" -- network rm n
    run -0 berth network prune -f
    output_is ""
    run -0 berth network rm -f -t 0 n
    output_is n
    run -0 berth ps -aq
    output_is ""
}

@test "a bridge that somebody deleted is put back by network reload, and by the next start" {
    berth run -d --name a tiny sleep 600 >/dev/null
    pings a 10.88.0.1
    host ip link del podman0
    run ! pings a 10.88.0.1
    berth network reload a >/dev/null
    pings a 10.88.0.1
    host ip link del podman0
    berth restart -t 0 a >/dev/null
    pings a 10.88.0.1
}

@test "--plan shows what would be done, and does nothing" {
    make_pair
    run -0 berth run --plan --network podman,ntpd tiny true
    output_has "bridge     podman0 10.88.0.1/16" "address    eth0 10.88.0.2/16" "device     ntpd -> eth1"
    host ip link show ntpd
    run -1 host ip link show podman0
    remove_pair
}
