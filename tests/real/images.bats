# SPDX-License-Identifier: BSD-2-Clause
# Real images from a real registry, with TLS and a password.

load helpers

@test "nginx is pulled after a login, serves its page on the host's network, logs and stops" {
    berth login --cert-dir "$REAL/certs" -u joe -p secret --authfile "$BATS_TEST_TMPDIR/auth.json" "$REGISTRY"
    run -0 berth pull -q --cert-dir "$REAL/certs" --authfile "$BATS_TEST_TMPDIR/auth.json" "$REGISTRY/nginx"
    output_matches '^[0-9a-f]{64}$'
    run -0 berth run -d --name web --network host "$REGISTRY/nginx"
    wait_for curl -fsS http://127.0.0.1/
    run -0 curl -fsS http://127.0.0.1/
    output_has "It works"
    wait_for grep -q 'GET / HTTP' <(berth logs web)
    run -0 berth logs web
    output_has "GET / HTTP/1.1"
    run -0 berth stop web
    output_is web
    run -0 berth inspect --format '{{.State.ExitCode}} {{.State.Status}}' web
    output_is "0 exited"
    run ! curl -fsS http://127.0.0.1/
    berth rm web
    leave_nothing
}

@test "nginx without the password is refused, and nothing is kept" {
    run -125 berth pull -q --cert-dir "$REAL/certs" "$REGISTRY/nginx:zstd"
    output_has "Error: " "unauthorized"
    run -125 berth pull -q --cert-dir "$REAL/certs" --creds joe:wrong "$REGISTRY/nginx:zstd"
    run -1 berth image exists "$REGISTRY/nginx:zstd"
}

@test "nginx as zstd layers and as a Docker image is the same image inside" {
    local tag
    for tag in latest zstd docker; do
        berth pull -q --cert-dir "$REAL/certs" --creds joe:secret "$REGISTRY/nginx:$tag"
        run -0 berth run --rm --network none "$REGISTRY/nginx:$tag" nginx -t
        output_has "test is successful"
    done
}

@test "redis keeps its data in the anonymous volume over a restart" {
    real_image redis
    berth run -d --name cache --network none redis
    wait_for berth exec cache redis-cli ping
    run -0 berth exec cache redis-cli set key value
    output_is OK
    run -0 berth exec cache redis-cli save
    run -0 berth restart cache
    wait_for berth exec cache redis-cli ping
    run -0 berth exec cache redis-cli get key
    output_is value
    run -0 berth inspect --format '{{len .Mounts}} {{(index .Mounts 0).Destination}}' cache
    output_is "1 /data"
    run -0 berth exec cache stat -c %U /proc/1
    output_is redis
    berth rm -f -v -t 2 cache
}

@test "the python application answers as its own user" {
    real_image python
    berth run -d --name app -h box --network none python
    wait_for berth exec app python3 -c 'import urllib.request as u; u.urlopen("http://127.0.0.1:8000/")'
    run -0 berth exec app python3 -c 'import urllib.request as u; print(u.urlopen("http://127.0.0.1:8000/").read().decode())'
    output_has '"host": "box"' '"uid": 10001'
    berth rm -f -t 2 app
}

@test "the python application answers from the host's network" {
    real_image python
    berth run -d --name app --network host -e PORT=18000 python
    wait_for curl -fsS http://127.0.0.1:18000/healthz
    run -0 curl -fsS http://127.0.0.1:18000/
    output_has '"uid": 10001'
    berth rm -f -t 2 app
}

@test "bash of debian-slim on a terminal: prompt, size, job, exit code" {
    real_image debian-slim
    # What the terminal has not handed on yet is dropped at ^C.
    run -7 on_pty '{wait # }stty size; tty; echo "term $TERM"\n{wait term xterm}{wait # }echo $((40000+2)); sleep 100\n{wait 40002}\x03{wait # }kill -TSTP $$ ; exit 7\n' \
        "$BERTH" --root "$ROOTS/lib" --runroot "$ROOTS/run" run --rm -it --network none debian-slim
    output_has "24 80" "/dev/pts/0" "term xterm"
}

@test "a window that changes its size tells the container" {
    real_image debian-slim
    run -0 on_pty '{wait # }{size 40x120}stty size; exit\n{wait 40 120}' \
        "$BERTH" --root "$ROOTS/lib" --runroot "$ROOTS/run" run --rm -it --network none debian-slim
    output_has "40 120"
}

@test "detach keys leave the container running, attach comes back" {
    real_image debian-slim
    run -0 on_pty '{wait # }\x10\x11' \
        "$BERTH" --root "$ROOTS/lib" --runroot "$ROOTS/run" run --name term -it --network none debian-slim
    run -0 berth inspect --format '{{.State.Status}}' term
    output_is running
    run -3 on_pty '\n{wait # }exit 3\n' "$BERTH" --root "$ROOTS/lib" --runroot "$ROOTS/run" attach term
    berth rm term
}

@test "the torture image arrives whole by its own judgement" {
    real_image torture
    run berth run --rm --network none -u 0 torture
    [[ "${lines[-1]}" =~ ^[0-9]+\ passed,\ 0\ failed ]] || {
        echo "$output" | grep -vi '^ok' | tail -30
        return 1
    }
    [ "$status" = 0 ]
}

@test "the torture image's tree is what podman extracts, file by file" {
    needs program podman
    real_image torture
    podman_image torture
    local who
    for who in berth podman; do
        $who run --rm --privileged --network none -u 0 -v "$REAL/list-tree:/list-tree:ro" \
            --entrypoint /list-tree torture >"$BATS_TEST_TMPDIR/$who"
        # Folders that the start itself makes or changes (the working directory, volumes, /etc/hosts in
        # /etc) have today's time.  On purpose another: podman 4.3 makes 1970 of times before it.
        sed -i -E '/^\/(etc|made|made\/by|made\/by\/workdir|vol|vol\/nested|vol\/nested\/deep|t\/ancient) /s/ -?[0-9]+\.[0-9]{9}/ TIME/' \
            "$BATS_TEST_TMPDIR/$who"
    done
    [ "$(wc -l <"$BATS_TEST_TMPDIR/berth")" -gt 1000 ]
    diff "$BATS_TEST_TMPDIR/berth" "$BATS_TEST_TMPDIR/podman"
}

@test "an index gives this machine's image, and another's when asked" {
    berth pull -q --cert-dir "$REAL/certs" --creds joe:secret "$REGISTRY/multi"
    run -0 berth image inspect --format '{{.Architecture}}' "$REGISTRY/multi"
    output_is amd64
    run -0 berth run --rm --network none "$REGISTRY/multi" echo hello
    output_is hello
    berth pull -q --cert-dir "$REAL/certs" --creds joe:secret --platform linux/arm64 "$REGISTRY/multi"
    run -0 berth image inspect --format '{{.Architecture}}' "$REGISTRY/multi"
    output_is arm64
}

@test "an image that is saved and loaded again is the same image" {
    real_image nginx
    local format id
    id=$(berth image inspect --format '{{.Id}}' nginx)
    for format in oci-archive docker-archive; do
        berth save -q --format $format -o "$BATS_TEST_TMPDIR/$format.tar" localhost/nginx:latest
        run -0 "$BERTH" --root "$BATS_TEST_TMPDIR/lib" --runroot "$BATS_TEST_TMPDIR/run" load -q -i "$BATS_TEST_TMPDIR/$format.tar"
        run -0 "$BERTH" --root "$BATS_TEST_TMPDIR/lib" --runroot "$BATS_TEST_TMPDIR/run" run --rm --network none nginx nginx -v
        run -0 "$BERTH" --root "$BATS_TEST_TMPDIR/lib" --runroot "$BATS_TEST_TMPDIR/run" image inspect --format '{{json .RootFS.Layers}}' nginx
        output_is "$(berth image inspect --format '{{json .RootFS.Layers}}' nginx)"
        "$BERTH" --root "$BATS_TEST_TMPDIR/lib" --runroot "$BATS_TEST_TMPDIR/run" rmi -f nginx
    done
}

@test "what berth saves, podman loads and runs" {
    needs program podman
    real_image nginx
    local format
    for format in oci-archive docker-archive; do
        berth save -q --format $format -o "$BATS_TEST_TMPDIR/$format.tar" localhost/nginx:latest
        podman load -q -i "$BATS_TEST_TMPDIR/$format.tar"
        run -0 podman run --rm --network none localhost/nginx:latest nginx -t
        podman rmi -f localhost/nginx:latest
    done
}
