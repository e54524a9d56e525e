# SPDX-License-Identifier: BSD-2-Clause
# Many containers at once on one network, and names asked for while they come and go.
load helpers
load network

setup() {
    network_setup
    needs program dnsmasq
}
teardown() {
    [ -z "$ASKING" ] || kill "$ASKING" 2>/dev/null
    network_teardown
}

@test "forty containers start at once on one network: addresses, names, and nothing left" {
    local i pids=()
    berth network create load >/dev/null
    for i in $(seq 40); do
        berth run -d --name "c$i" --network load tiny sleep 600 >/dev/null 3>&- &
        pids+=($!)
    done
    for i in "${pids[@]}"; do wait "$i"; done
    [ "$(for i in $(seq 40); do address_of "c$i" load; done | sort -u | grep -c .)" = 40 ]
    # What was said of each is so, and known to all.
    for i in 1 20 40; do inside "c$i" ip -o address show dev eth0 | grep -qF " $(address_of "c$i" load)/"; done
    wait_for berth exec c1 sh -c 'for i in $(seq 40); do nslookup "c$i" || exit 1; done'
    [ "$(ls "$BATS_TEST_TMPDIR/run/networks/load/leases" | wc -l)" = 40 ]
    berth rm -f -t 0 -a >/dev/null
    [ -z "$(ls "$BATS_TEST_TMPDIR/run/networks/load/leases")" ]
    [ -z "$(ls "$BATS_TEST_TMPDIR/run/attachments")" ]
    berth network rm load
}

@test "no question for a name is lost while containers start and stop" {
    local i pids=() one two six id server
    berth network create --subnet 10.89.5.0/24 --subnet fd00:5::/64 load >/dev/null
    id=$(berth run -d --name one --network load:alias=first tiny sleep 600)
    berth run -d --name two --network load tiny sleep 600 >/dev/null
    one=$(address_of one load) two=$(address_of two load) six=$(address_of two load GlobalIPv6Address)
    server=$(berth network inspect load --format '{{(index .Subnets 0).Gateway}}')
    nsenter -t "$(pid_of one)" -n "$TESTS/fixtures/lookups" --tcp 20 "$server" 500 "$BATS_TEST_TMPDIR/answered" \
        "one=$one" "first=$one" "${id:0:12}=$one" "two=$two" "two.dns.podman=$two" "two=$six" >"$BATS_TEST_TMPDIR/asked" 2>&1 3>&- &
    ASKING=$!
    wait_for test -e "$BATS_TEST_TMPDIR/answered"
    for i in $(seq 10); do
        berth run --rm --network load tiny true 3>&- &
        pids+=($!)
    done
    for i in "${pids[@]}"; do wait "$i"; done
    for i in $(seq 5); do berth run --rm --network load tiny true; done
    kill "$ASKING"
    wait "$ASKING" || { cat "$BATS_TEST_TMPDIR/asked"; return 1; }
    ASKING=
    grep -q 'lost 0 wrong 0' "$BATS_TEST_TMPDIR/asked"
    berth rm -f -t 0 -a >/dev/null
    berth network rm load
}
