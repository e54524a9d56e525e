# SPDX-License-Identifier: BSD-2-Clause
# Options that choose namespaces: each private, the host's, another container's, or by path.

load helpers

# What the namespace of a process of the host is.
ns_of() { # PID KIND
    readlink "/proc/$1/ns/$2"
}

setup() {
    tiny
}

@test "host: the namespace of who runs it" {
    local pair
    for pair in pid:pid ipc:ipc uts:uts network:net cgroupns:cgroup; do
        run -0 berth run --rm "--${pair%:*}" host tiny readlink "/proc/self/ns/${pair#*:}"
        output_is "$(ns_of self "${pair#*:}")"
        run -0 berth run --rm tiny readlink "/proc/self/ns/${pair#*:}"
        [ "$output" != "$(ns_of self "${pair#*:}")" ]
    done
}

@test "container:NAME and ns:PATH: that one's" {
    local pair p
    berth run -d --name other tiny sleep 1000
    p=$(pid_of other)
    for pair in pid:pid ipc:ipc uts:uts network:net cgroupns:cgroup; do
        run -0 berth run --rm "--${pair%:*}" container:other tiny readlink "/proc/self/ns/${pair#*:}"
        output_is "$(ns_of "$p" "${pair#*:}")"
        run -0 berth run --rm "--${pair%:*}" "ns:/proc/$p/ns/${pair#*:}" tiny readlink "/proc/self/ns/${pair#*:}"
        output_is "$(ns_of "$p" "${pair#*:}")"
    done
}

@test "an empty mode and private are the default" {
    run -0 berth run --rm --pid '' --ipc '' --uts '' --cgroupns '' --network '' tiny readlink /proc/self/ns/pid
    run -0 berth run --rm --pid private --ipc private --uts private --cgroupns private tiny readlink /proc/self/ns/pid
    [ "$output" != "$(ns_of self pid)" ]
}

@test "modes that are none are refused" {
    local option
    for option in --pid --ipc --uts --network --cgroupns; do
        fails_with bogus -- create $option bogus tiny true
        fails_with -- create $option container: tiny true
        fails_with 'no container with name or ID "nosuch"' -- create $option container:nosuch tiny true
        run ! berth run --rm $option ns:/no/such tiny true
        output_has "/no/such"
    done
}

@test "--ipc container: shares /dev/shm, unless the other keeps it private" {
    berth run -d --name other --shm-size 1m tiny sleep 1000
    berth exec other sh -c 'echo shared >/dev/shm/file'
    run -0 berth run --rm --ipc container:other tiny sh -c 'cat /dev/shm/file; echo back >/dev/shm/back; df -k /dev/shm | tail -1'
    output_has shared 1024
    run -0 berth exec other cat /dev/shm/back
    output_is back
    berth run -d --name own --ipc private tiny sleep 1000
    fails_with "non-shareable IPC" -- run --rm --ipc container:own tiny true
    berth run -d --name given --ipc shareable tiny sleep 1000
    run -0 berth run --rm --ipc container:given tiny true
}

@test "--ipc none has no /dev/shm, --ipc host the host's" {
    run -1 berth run --rm --ipc none tiny ls -d /dev/shm
    [ -d /dev/shm ] || skip "needs /dev/shm"
    run -0 berth run --rm --ipc host tiny stat -c '%d %i' /dev/shm
    output_is "$(stat -c '%d %i' /dev/shm)"
    fails_with "--shm-size" -- run --rm --ipc host --shm-size 1m tiny true
}

@test "--shm-size" {
    run -0 berth run --rm --shm-size 3m tiny sh -c 'df -k /dev/shm | awk "END { print \$2 }"'
    output_is 3072
    run -0 berth run --rm tiny sh -c 'df -k /dev/shm | awk "END { print \$2 }"'
    output_is 65536
    run -0 berth run --rm --shm-size 0 tiny grep ' /dev/shm ' /proc/self/mounts
    output_lacks size=
    fails_with "unable to translate --shm-size: invalid size: 'x'" -- create --shm-size x tiny true
}

@test "names go with the namespaces that are shared" {
    local names='hostname; cat /etc/hostname; echo $HOSTNAME'
    berth run -d --name other --hostname other.name tiny sleep 1000
    run -0 berth run --rm --uts container:other tiny sh -c "$names"
    output_is "other.name
other.name
other.name"
    run -0 berth run --rm --uts host tiny sh -c "$names"
    output_is "$(hostname)
$(hostname)
$(hostname)"
    run -0 berth run --rm --network host tiny hostname
    output_is "$(hostname)"
    run -0 berth run --rm --network host --hostname mine tiny hostname
    output_is mine
}

@test "--network container: has its files too; what would have no effect is refused" {
    berth run -d --name other --add-host known:1.2.3.4 --dns 9.9.9.9 tiny sleep 1000
    run -0 berth run --rm --network container:other tiny cat /etc/hosts /etc/resolv.conf
    output_has "1.2.3.4	known" "nameserver 9.9.9.9"
    fails_with "conflicting options: dns and the network mode: container" -- create --network container:other --dns 1.1.1.1 tiny true
    fails_with "cannot set extra host entries" -- create --network container:other --add-host a:1.1.1.1 tiny true
    run -0 berth run --rm --network host tiny ls /sys/class/net
    output_is "$(ls /sys/class/net)"
}

@test "a container that is joined by name may be renamed" {
    berth run -d --name other tiny sleep 1000
    berth create --name c --pid container:other tiny readlink /proc/self/ns/pid
    berth rename other renamed
    run -0 berth start -a c
    output_is "$(ns_of "$(pid_of renamed)" pid)"
}

@test "--cgroup-parent, --cgroups disabled, --cgroupns host" {
    needs limits
    run -0 berth run --rm --cgroupns host --cgroup-parent "/bats-$$/deep" tiny cat /proc/self/cgroup
    output_matches ":[^:]*/bats-$$/deep/"
    find /sys/fs/cgroup -depth -type d -path "*/bats-$$*" -exec rmdir {} + 2>/dev/null || true
    run -0 berth run --rm --cgroupns host --cgroups disabled tiny cat /proc/self/cgroup
    output_is "$(cat /proc/self/cgroup)"
    fails_with "limits need cgroups, which are disabled" -- run --rm --cgroups disabled -m 64m tiny true
    fails_with "bogus" -- create --cgroups bogus tiny true
}

@test "--sysctl: those of the container's own namespaces" {
    run -0 berth run --rm --sysctl net.ipv4.ip_default_ttl=77 --sysctl kernel.shmmax=123456 --sysctl fs.mqueue.msg_max=20 tiny \
        cat /proc/sys/net/ipv4/ip_default_ttl /proc/sys/kernel/shmmax /proc/sys/fs/mqueue/msg_max
    output_is "77
123456
20"
    fails_with "sysctl 'kernel.panic' is not allowed" -- create --sysctl kernel.panic=1 tiny true
    fails_with "not allowed in the host network namespace" -- create --network host --sysctl net.ipv4.ip_forward=1 tiny true
    fails_with "not allowed in the host IPC namespace" -- create --ipc host --sysctl kernel.shmmax=1 tiny true
    fails_with "KEY=VALUE" -- create --sysctl bogus tiny true
    fails_with -126 "net.nosuch" -- run --rm --sysctl net.nosuch=1 tiny true
}
