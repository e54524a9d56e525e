# SPDX-License-Identifier: BSD-2-Clause
# berth's outputs beside those of Debian's podman for the same commands.  Where they differ on purpose, the
# test says so.

load helpers

setup() {
    needs program podman
    real_image redis
    podman_image redis
    real_image nginx
    podman_image nginx
}

teardown() {
    berth rm -f -a -t 0 >/dev/null 2>&1 || true
    podman rm -f -a -t 0 >/dev/null 2>&1 || true
    leave_nothing
}

@test "images are listed alike" {
    same images --format '{{.Repository}} {{.Tag}} {{.ID}}' --sort repository
    same images -q --no-trunc nginx
    same images --format '{{.Repository}}' --filter label=berth.test.port=80
}

@test "an image is inspected alike" {
    local image format
    for image in localhost/nginx localhost/redis; do
        for format in '{{.Id}}' '{{.Digest}}' '{{.Architecture}} {{.Os}}' '{{json .RootFS.Layers}}' \
            '{{json .Config.Cmd}}' '{{json .Config.Entrypoint}}' '{{json .Config.Env}}' \
            '{{json .Config.ExposedPorts}}' '{{json .Config.Volumes}}' '{{.Config.WorkingDir}}' \
            '{{json .Labels}}' '{{.Config.StopSignal}}' '{{.User}}' '{{json .RepoTags}}'; do
            same image inspect --format "$format" $image
        done
    done
}

@test "an image's history is told alike" {
    same history --no-trunc --format '{{.CreatedBy}}|{{.Comment}}' localhost/nginx
}

@test "a container is inspected alike" {
    local format who
    for who in berth podman; do
        $who create --name c --network none --memory 64m --cpus 0.5 --env A=1 --label l=v \
            --hostname box --restart on-failure:3 --cap-add NET_ADMIN --cap-drop CHOWN --read-only \
            --user 1:2 --workdir /tmp --stop-signal USR1 --tmpfs /scratch localhost/nginx sleep 10 >/dev/null
    done
    for format in '{{.Name}}' '{{.ImageName}}' '{{.Path}} {{json .Args}}' '{{.State.Status}}' \
        '{{json .Config.Cmd}}' '{{.Config.User}}' '{{.Config.WorkingDir}}' '{{.Config.Hostname}}' \
        '{{json .Config.Labels}}' '{{.HostConfig.Memory}}' '{{.HostConfig.NanoCpus}}' \
        '{{.HostConfig.RestartPolicy.Name}} {{.HostConfig.RestartPolicy.MaximumRetryCount}}' \
        '{{.HostConfig.ReadonlyRootfs}}' '{{.HostConfig.NetworkMode}}' '{{.HostConfig.Privileged}}' \
        '{{json .HostConfig.CapDrop}}' '{{json .HostConfig.CapAdd}}'; do
        same inspect --format "$format" c
    done
}

@test "ps tells names, states and commands alike" {
    local who
    for who in berth podman; do
        $who create --name made --network none localhost/nginx true >/dev/null
        $who run --name ended --network none localhost/nginx sh -c 'exit 3' || true
        $who run -d --name going --network none localhost/nginx sleep 100 >/dev/null
    done
    # .State is one word, as in newer podman; 4.3 has all of .Status there.
    same ps -a --format '{{.Names}} {{.Image}} {{.Command}}' --sort names
    same ps --format '{{.Names}} {{.Labels}}' --sort names
    same ps -a --filter status=exited --format '{{.Names}} {{.ExitCode}}'
    same ps -a --filter name=e --format '{{.Names}}' --sort names
}

@test "exit codes are alike" {
    local who
    same run --rm --network none localhost/nginx sh -c 'exit 7'
    same run --rm --network none localhost/nginx sh -c 'sh -c "kill -9 \$\$"; exit $?'
    same run --rm --network none localhost/nginx /no/such/program
    same run --rm --network none localhost/nginx /etc/passwd
    same run --rm --network none localhost/nginx /etc
    same run --rm --network none localhost/no-such-image true
    same run --rm --network none --no-such-flag localhost/nginx true
    same run --rm --network none --workdir /nowhere localhost/nginx true
    same run --rm --network none --user nobody-such localhost/nginx true
    same stop no-such-container
    same kill no-such-container
    same rm no-such-container
    same rmi no-such-image
    same inspect no-such-thing
    same image exists no-such-image
    same container exists no-such-container
    same exec no-such-container true
    same no-such-command
    for who in berth podman; do $who create --name made --network none localhost/nginx true >/dev/null; done
    same exec made true
    same kill made
    same create --name made localhost/nginx true
    for who in berth podman; do $who run -d --name going --network none localhost/nginx sleep 100 >/dev/null; done
    same exec going sh -c 'exit 9'
    same exec going /no/such/program
    same exec going /etc
    same rm going
    same rmi localhost/nginx
    same stop -t 0 going
    same wait going
    same start going
    same kill going
    same rm -f going
}

@test "what a container sees of itself is alike" {
    local what
    # On purpose another: podman 4.3 sets TERM without a terminal too, and its root folder has mode 555
    # where no layer says which; here as with Docker it is 755.
    for what in 'id' 'env | grep -vE "HOSTNAME|TERM" | sort' 'pwd' 'cat /proc/self/status | grep -E "^(Cap|Seccomp:|NoNewPrivs)"' \
        'ls /dev' 'umask' 'cat /proc/1/comm' 'findmnt -rn -o TARGET,FSTYPE /proc /dev /sys /dev/shm /dev/mqueue /dev/pts' \
        'stat -c "%a %u %g" /tmp /dev /dev/null /proc/self/fd /etc/hosts'; do
        same run --rm --network none localhost/nginx sh -c "$what"
    done
}
