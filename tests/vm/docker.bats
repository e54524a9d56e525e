# SPDX-License-Identifier: BSD-2-Clause
# Docker's engine with berth-oci as its runtime, on pure cgroup v2 with the systemd driver.
load ../cli/helpers

setup_file() {
    command -v dockerd >/dev/null || return 0
    mkdir -p /etc/docker
    cat >/etc/docker/daemon.json <<CONFIG
{ "runtimes": { "berth": { "path": "${BERTH%/*}/berth-oci" } }, "default-runtime": "berth", "iptables": false,
  "bridge": "none", "storage-driver": "vfs" }
CONFIG
    systemctl restart docker
    mkdir -p "$BATS_FILE_TMPDIR/root/bin"
    cp /bin/busybox "$BATS_FILE_TMPDIR/root/bin/"
    for applet in sh echo sleep id cat tty true; do
        ln -s busybox "$BATS_FILE_TMPDIR/root/bin/$applet"
    done
    tar -C "$BATS_FILE_TMPDIR/root" -c . | docker import - tiny >/dev/null
}

setup() {
    needs program dockerd
}

teardown() { :; }

teardown_file() {
    docker rm -f one 2>/dev/null || true
}

@test "docker: run, its exit codes, a terminal, and what cannot be executed" {
    run -0 docker info --format '{{.DefaultRuntime}} {{.CgroupDriver}} {{.CgroupVersion}}'
    output_is "berth systemd 2"
    run -0 docker run --rm --network none tiny /bin/echo hello
    output_is hello
    run -7 docker run --rm --network none tiny /bin/sh -c 'exit 7'
    run -127 docker run --rm --network none tiny no-such-program
    output_has "not found in \$PATH"
    run -0 script -qec "docker run --rm -it --network none tiny tty" /dev/null
    output_has /dev/pts/0
}

@test "docker: exec, pause, stats, top, update, restart, kill, wait, rm" {
    docker run -d --name one --network none -m 64m --pids-limit 20 tiny /bin/sleep 1000
    limit() { cat "/sys/fs/cgroup/system.slice/docker-$(docker inspect --format '{{.Id}}' one).scope/$1"; }
    [ "$(limit memory.max)" = 67108864 ]
    [ "$(limit pids.max)" = 20 ]
    run -4 docker exec one /bin/sh -c 'exit 4'
    # Its own code for what cannot be executed.
    run -126 docker exec one no-such-program
    run -0 script -qec "docker exec -it one tty" /dev/null
    output_has /dev/pts/
    docker pause one
    run -0 docker inspect --format '{{.State.Status}}' one
    output_is paused
    docker unpause one
    run -0 docker stats --no-stream --format '{{.PIDs}}' one
    output_is 1
    run -0 docker top one
    output_has "/bin/sleep 1000"
    docker update --memory 100m --memory-swap 200m one
    [ "$(limit memory.max)" = 104857600 ]
    docker restart -t 0 one
    docker kill one
    run -0 docker wait one
    output_is 137
    docker rm one
    run -0 sh -c "find /run/docker -name state.json"
    output_is ""
}
