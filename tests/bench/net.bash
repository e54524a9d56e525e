# SPDX-License-Identifier: BSD-2-Clause
# The network section of tests/bench/run.  Its hosts are network namespaces, one for berth and one for podman, so that
# neither the machine's own nor the other's bridges and rules are in the way: `outside` is beyond a veth pair of each.

net_host= net_podman= net_outside=
net() { nsenter -t "$net_host" -n "$@"; }
declare -A net_called=([net_other]=podman [net_docker]=Docker)
net_berth() { net "${berth_words[@]}" "$@"; }
net_other() { nsenter -t "$net_podman" -n "${podman_words[@]}" "$@"; }
outside() { nsenter -t "$net_outside" -n "$@"; }

net_space() { # VARIABLE: a process that holds a namespace
    unshare -n sh -c 'ip link set lo up; echo ready; exec sleep 100000' >"$work/space" 2>/dev/null &
    busy+=($!)
    printf -v "$1" %s "$!"
    for _ in $(seq 200); do [ -s "$work/space" ] && break; sleep 0.02; done
    rm -f "$work/space"
}

net_pair() { # HOST OUTSIDE-INTERFACE NET
    nsenter -t "$1" -n ip link add eth0 type veth peer name "$2" netns "$net_outside" &&
        nsenter -t "$1" -n ip address add "$3.1/24" dev eth0 && nsenter -t "$1" -n ip link set eth0 up &&
        outside ip address add "$3.9/24" dev "$2" && outside ip link set "$2" up
}

net_prepare() {
    net_space net_host
    net_space net_podman
    net_space net_outside
    net_pair "$net_host" eth0 192.0.2 && net_pair "$net_podman" eth1 198.51.100 || return
    compile answer
    # The bridge, the rules: what the first container makes and the next ones find.
    net_berth run -d --name first tiny sleep 100000 >/dev/null
    ! has podman || net_other run -d --name first tiny sleep 100000 >/dev/null
}

# --- start ------------------------------------------------------------------------

net_start() { # NAME OPTIONS...: beside the floor and podman
    local words both other=failed
    heading "start: run --rm $1 tiny true, ms"
    floor_words
    mapfile -t both < <(net "$timer" "$runs" "${words[@]}" -- "${berth_words[@]}" run --rm "${@:2}" tiny /bin/true)
    row "the kernel's floor" "$(ms "${both[1]}")" "$(ms "${both[0]}")" ms "<4"
    has podman || return
    other=$(nsenter -t "$net_podman" -n "$timer" "$(((runs + 9) / 10))" "${podman_words[@]}" run --rm "${@:2}" tiny /bin/true)
    row podman "$(ms "${both[1]}")" "$(ms "$other")" ms ">20"
}

# --- a hundred at once ------------------------------------------------------------

net_at_once() { # net_berth|net_other|net_docker HOW-MANY: seconds to start them on network `many`, and "right" or what is not
    local t i pids=() addresses seconds said=right first
    t=$(now_us)
    for i in $(seq "$2"); do "$1" run -d --name "many$i" --network many tiny sleep 100000 >/dev/null 2>&1 & pids+=($!); done
    for i in "${pids[@]}"; do wait "$i" || said="a start failed"; done
    seconds=$(awk -v us=$(($(now_us) - t)) 'BEGIN { printf "%.2f", us / 1e6 }')
    addresses=$("$1" inspect --format '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' $(seq -f many%.0f "$2") | sort -u | grep -c .)
    [ "$addresses" = "$2" ] || said="$addresses addresses"
    first=$("$1" exec many1 sh -c "for i in \$(seq $2); do nslookup many\$i >/dev/null 2>&1 || { echo many\$i is not known; break; }; done")
    echo "$seconds ${first:-$said}"
    "$1" rm -f -t 0 $(seq -f many%.0f "$2") >/dev/null
}

net_many() { # HOW-MANY [net_docker]
    local ours theirs=- said said_theirs other
    heading "$1 containers started at once on one network"
    net_berth network create many >/dev/null
    read -r ours said < <(net_at_once net_berth "$1")
    for other in net_other ${2:-}; do
        [ "$other" != net_other ] || has podman || continue
        "$other" network create many >/dev/null
        read -r theirs said_theirs < <(net_at_once "$other" "$1")
        "$other" network rm -f many >/dev/null 2>&1 # Docker still knows of endpoints now and then
        [ "$said_theirs" = right ] || echo "  ${net_called[$other]}: $said_theirs"
        row "${net_called[$other]}" "$ours" "$theirs" s
    done
    [ "$said" = right ] || echo "  wrong: $said"
    [ -z "$(ls "$volatile/run/networks/many/leases")" ] || echo "  wrong: leases are left"
    net_berth network rm many >/dev/null
}

# --- names ------------------------------------------------------------------------

# One of those who come and go, until the file is there.
net_come_and_go() { # NUMBER FILE
    while [ ! -e "$2" ]; do
        net_berth run --rm --name "goes$1" --network names tiny sleep 0.5 >/dev/null && echo >>"$2.rounds" || echo "goes$1" >>"$2.failed"
    done
}

# At a steady pace: what is late does not slow down who asks.
net_names() {
    local id server asking i pids=() seconds=10 end=$work/names.end
    heading "1,000 look-ups a second while 50 containers start and stop, again and again, for $seconds s"
    net_berth network create --subnet 10.91.0.0/16 --subnet fd00:91::/64 names >/dev/null
    id=$(net_berth run -d --name one --network names:alias=first,ip=10.91.0.77,ip6=fd00:91::77 tiny sleep 100000)
    net_berth run -d --name two --network names:ip=10.91.0.78,ip6=fd00:91::78 tiny sleep 100000 >/dev/null
    server=$(net_berth network inspect names --format '{{(index .Subnets 0).Gateway}}')
    nsenter -t "$(net_berth inspect --format '{{.State.Pid}}' one)" -n "$top/tests/fixtures/lookups" --steady --tcp 10 \
        "$server" 1000 "$work/answered" one=10.91.0.77 "one.dns.podman=10.91.0.77" one=fd00:91::77 "first=10.91.0.77" \
        "${id:0:12}=10.91.0.77" two=10.91.0.78 two=fd00:91::78 >"$work/asked" 2>&1 &
    asking=$!
    for _ in $(seq 500); do [ -e "$work/answered" ] && break; sleep 0.02; done
    for i in $(seq 50); do net_come_and_go "$i" "$end" & pids+=($!); done
    sleep "$seconds"
    touch "$end"
    for i in "${pids[@]}"; do wait "$i"; done
    kill "$asking"
    wait "$asking" || echo "  missed: goal none lost"
    awk '{ print "  " $0 " ms"; if ($4 < 990) print "  missed: goal 990 a second" }' "$work/asked"
    echo "  $(grep -c '' "$end.rounds") containers started and stopped"
    [ ! -e "$end.failed" ] || echo "  wrong: $(grep -c '' "$end.failed") did not"
    net_berth rm -f -t 0 one two >/dev/null
    net_berth network rm names >/dev/null
}

# --- throughput -------------------------------------------------------------------

gigabits() { # ADDRESS PORT
    outside iperf3 -c "$1" -p "$2" -t 3 -J 2>/dev/null | jq -r '.end.sum_received.bits_per_second / 1e9 * 100 | round / 100'
}
requests() { # ADDRESS PORT
    outside wrk -t1 -c32 -d3s "http://$1:$2/" 2>/dev/null | awk '/^Requests\/sec/ { printf "%.0f", $2 }'
}

# Servers in the container's network namespace; "DIRECT-GBIT PUBLISHED-GBIT DIRECT-REQUESTS PUBLISHED-REQUESTS", of
# which the direct ones are - if it is not reached so.
net_traffic() { # net_berth|net_other|net_docker HOST-ADDRESS [published]
    local pid address inside servers=()
    "$1" run -d --name web -p 8080:80 -p 5201:5201 tiny sleep 100000 >/dev/null
    pid=$("$1" inspect --format '{{.State.Pid}}' web)
    address=$("$1" inspect --format '{{.NetworkSettings.IPAddress}}' web)
    inside=(nsenter -t "$pid" -n)
    "${inside[@]}" "$work/answer" 80 & servers+=($!)
    "${inside[@]}" iperf3 -s >/dev/null 2>&1 & servers+=($!)
    outside ip route replace "$address" via "$2"
    sleep 0.5
    if [ -n "${3:-}" ]; then
        echo "- $(gigabits "$2" 5201) - $(requests "$2" 8080)"
    else
        echo "$(gigabits "$address" 5201) $(gigabits "$2" 5201) $(requests "$address" 80) $(requests "$2" 8080)"
    fi
    kill "${servers[@]}"
    wait "${servers[@]}" 2>/dev/null
    outside ip route del "$address"
    "$1" rm -f -t 0 web >/dev/null
}

net_rate() { # NAME OURS OTHER UNIT: higher is better
    awk -v name="$1" -v b="$2" -v o="$3" -v unit="$4" -v goal="${5:-}" 'BEGIN {
        word = (goal && b < o * goal) ? "  missed: goal " goal : ""
        printf "%-44s %12s %12s %10s%s\n", name, b " " unit, o " " unit, (o > 0) ? sprintf("%.2f x", b / o) : "-", word
    }'
}

net_through() {
    local ours theirs
    has iperf3 && has wrk || { echo "traffic: left out, as iperf3 or wrk is missing"; return; }
    heading "traffic through a published port"
    # What is not published is not reached: for the direct connection it is.
    net nft add rule inet berth user iifname eth0 accept
    read -r -a ours < <(net_traffic net_berth 192.0.2.1)
    net nft flush chain inet berth user
    net_rate "TCP, beside a direct connection" "${ours[1]:-0}" "${ours[0]:-0}" Gbit/s 0.95
    net_rate "requests/s, beside a direct connection" "${ours[3]:-0}" "${ours[2]:-0}" "" 0.95
    has podman || return
    read -r -a theirs < <(net_traffic net_other 198.51.100.1)
    net_rate "TCP, beside podman's" "${ours[1]:-0}" "${theirs[1]:-0}" Gbit/s
    net_rate "requests/s, beside podman's" "${ours[3]:-0}" "${theirs[3]:-0}" ""
}

bench_net() {
    net_prepare || { echo "net: left out, as a host of its own can't be made"; return; }
    net_start "on a bridge"
    net_start "with a published port" -p 8080:80
    net_many 100
    net_names
    net_through
}
