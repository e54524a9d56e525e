# SPDX-License-Identifier: BSD-2-Clause
# The section `docker` of tests/bench/run, which tests/bench/vm runs in a virtual machine: berth beside Docker's engine,
# podman and the floor, all with what they take by default.  Docker is on the machine itself; berth and podman have a
# host each, as in the section `net`.  Names are left to that: here an asker of 1,000 a second is too slow.

# Of what the others take it doesn't know all.
net_docker() {
    case "$1 $2 ${3:-}" in
    "rm -f -t") docker rm -f "${@:5}" ;;
    "network rm -f") docker network rm "${@:4}" ;;
    *) docker "$@" ;;
    esac
}

docker_prepare() {
    docker import "$work/fixtures/rootfs.tar" tiny >/dev/null && net_prepare &&
        net_pair $$ eth2 203.0.113 && docker run -d --name first tiny sleep 100000 >/dev/null
}

# One after the other in turn; the client of Docker's engine may be anywhere.
docker_start() { # NAME OPTIONS...
    local words both
    heading "start: run --rm $1 tiny true, ms"
    floor_words
    mapfile -t both < <(net "$timer" "$runs" "${words[@]}" -- "${berth_words[@]}" run --rm "${@:2}" tiny /bin/true -- \
        docker run --rm "${@:2}" tiny /bin/true -- \
        nsenter -t "$net_podman" -n "${podman_words[@]}" run --rm "${@:2}" tiny /bin/true -- \
        "${berth_words[@]}" --cgroup-manager cgroupfs run --rm "${@:2}" tiny /bin/true)
    row "the kernel's floor" "$(ms "${both[1]}")" "$(ms "${both[0]}")" ms "<4"
    row "the same, cgroups without systemd" "$(ms "${both[4]}")" "$(ms "${both[0]}")" ms "<4"
    row Docker "$(ms "${both[1]}")" "$(ms "${both[2]}")" ms
    row podman "$(ms "${both[1]}")" "$(ms "${both[3]}")" ms ">20"
}

# In turns, as one has seldom a machine for oneself.
docker_through() {
    local n who what
    declare -A host=([net_berth]=192.0.2.1 [net_docker]=203.0.113.1 [net_other]=198.51.100.1) got=()
    heading "traffic through a published port"
    for n in 1 2 3; do
        for who in net_berth net_docker net_other; do
            net_traffic "$who" "${host[$who]}" published >>"$work/through.$who"
        done
    done
    for who in net_berth net_docker net_other; do
        for what in 2 4; do got[$who$what]=$(awk -v n=$what '{ print $n }' "$work/through.$who" | median); done
    done
    for who in net_docker net_other; do
        net_rate "TCP, beside ${net_called[$who]}'s" "${got[net_berth2]}" "${got[${who}2]}" Gbit/s
        net_rate "requests/s, beside ${net_called[$who]}'s" "${got[net_berth4]}" "${got[${who}4]}" ""
    done
}

bench_docker() {
    [ -n "${BENCH_VM:-}" ] || { echo "docker: left out, as this is no virtual machine (make bench-vm)"; return; }
    echo "$(docker --version), storage $(docker info -f '{{.Driver}}'), cgroups by $(docker info -f '{{.CgroupDriver}}'); $(podman --version)"
    docker_prepare || { echo "docker: left out, as it does not start"; return; }
    docker_start "on a bridge"
    docker_start "with a published port" -p 8080:80
    net_many "${MANY:-20}" net_docker
    docker_through
    docker rm -f first >/dev/null
}
