# SPDX-License-Identifier: BSD-2-Clause
# Options of run and create about getting the image from a registry.

load helpers

setup() {
    needs program docker-registry
}

@test "--creds, --cert-dir, --authfile and --tls-verify reach the registry" {
    registry_start --tls --auth joe:secret
    registry_push "$FIXTURES/tiny" app:1
    fails_with "certificate" -- run --rm --retry 0 --creds joe:secret "$REGISTRY/app:1" true
    fails_with "unauthorized" -- run --rm --retry 0 --cert-dir "$CERTS" --creds joe:wrong "$REGISTRY/app:1" true
    fails_with "unauthorized" -- run --rm --retry 0 --cert-dir "$CERTS" "$REGISTRY/app:1" true
    [ -z "$(berth images -q)" ]
    run -0 --separate-stderr berth run --rm --cert-dir "$CERTS" --creds joe:secret "$REGISTRY/app:1" echo pulled
    output_is pulled
    [[ $stderr == *"Trying to pull $REGISTRY/app:1"* ]]
    berth rmi -a >/dev/null
    printf '{"auths":{"%s":{"auth":"%s"}}}' "$REGISTRY" "$(printf joe:secret | base64)" >"$BATS_TEST_TMPDIR/auth.json"
    run -0 --separate-stderr berth run -q --rm --tls-verify=false --authfile "$BATS_TEST_TMPDIR/auth.json" "$REGISTRY/app:1" echo pulled
    output_is pulled
    [ -z "$stderr" ]
}

@test "--pull: always asks the registry, missing does not, newer takes what changed" {
    registry_start
    registry_push "$FIXTURES/tiny" app:1
    local run=(run --rm --retry 0 --tls-verify=false)
    run -0 berth "${run[@]}" -q "$REGISTRY/app:1" sh -c 'echo $TINY'
    output_is yes
    registry_push "$FIXTURES/layered" app:1
    run -0 berth "${run[@]}" "$REGISTRY/app:1" sh -c 'echo $TINY'
    output_is yes
    run -0 berth "${run[@]}" -q --pull newer "$REGISTRY/app:1"
    output_is "entrypoint and cmd"
    registry_push "$FIXTURES/tiny" app:1
    run -0 berth "${run[@]}" -q --pull always "$REGISTRY/app:1" sh -c 'echo $TINY'
    output_is yes
    registries_stop
    run -0 berth "${run[@]}" "$REGISTRY/app:1" true
    run -0 berth "${run[@]}" --pull newer "$REGISTRY/app:1" true
    fails_with "$REGISTRY" -- "${run[@]}" --pull always "$REGISTRY/app:1" true
}

@test "--retry and --retry-delay" {
    faulty_start "$FIXTURES/tiny"
    faulty_rule 'GET /v2/x/manifests/.* times 2 status 500'
    local begin=$SECONDS
    run -0 berth run --rm -q --tls-verify=false --retry 2 --retry-delay 50ms "docker://$FAULTY/x:latest" echo pulled
    output_has pulled
    [ $((SECONDS - begin)) -lt 5 ]
    berth rmi -a >/dev/null
    faulty_rule 'GET /v2/x/manifests/.* status 500'
    fails_with "500" -- run --rm -q --tls-verify=false --retry 0 "docker://$FAULTY/x:latest" true
}

@test "of several client certificates the one that the registry's authority issued is shown" {
    local name dir=$BATS_TEST_TMPDIR/clients
    mkdir "$dir"
    for name in a b c; do
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 \
            -subj "/CN=authority-$name" -keyout "$dir/ca-$name.key" -out "$dir/ca-$name.pem"
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=client-$name" \
            -keyout "$dir/$name.key" -out "$dir/$name.csr"
        openssl x509 -req -in "$dir/$name.csr" -CA "$dir/ca-$name.pem" -CAkey "$dir/ca-$name.key" \
            -CAcreateserial -days 1 -out "$dir/$name.cert"
    done 2>/dev/null
    registry_start --tls --client-ca "$dir/ca-b.pem"
    REGISTRY_CURL+=(--cert "$dir/b.cert" --key "$dir/b.key")
    registry_push "$FIXTURES/tiny" x:latest
    # None, the wrong one, and all three.
    fails_with "pinging container registry $REGISTRY" -- pull -q --retry 0 --cert-dir "$CERTS" "$REGISTRY/x:latest"
    cp "$dir/a.key" "$dir/a.cert" "$CERTS"
    fails_with "pinging container registry $REGISTRY" -- pull -q --retry 0 --cert-dir "$CERTS" "$REGISTRY/x:latest"
    [ -z "$(berth images -q)" ]
    cp "$dir"/[bc].key "$dir"/[bc].cert "$CERTS"
    run -0 berth pull -q --retry 0 --cert-dir "$CERTS" "$REGISTRY/x:latest"
    rm "$CERTS/b.key"
    fails_with "missing key b.key for client certificate b.cert in $CERTS" -- pull -q --cert-dir "$CERTS" "$REGISTRY/x:latest"
}

# --- short names ---------------------------------------------------------------

# Two names of one registry, in this order; what is chosen is recorded in a cache of the test's own.
short_names() { # MODE
    faulty_start "$FIXTURES/tiny"
    local first=127.0.0.1:${FAULTY##*:} second=localhost:${FAULTY##*:}
    cat >"$BATS_TEST_TMPDIR/registries.conf" <<END
unqualified-search-registries = ["$first", "$second"]
short-name-mode = "$1"
[[registry]]
location = "$first"
insecure = true
[[registry]]
location = "$second"
insecure = true
END
    export CONTAINERS_REGISTRIES_CONF=$BATS_TEST_TMPDIR/registries.conf
    export XDG_CACHE_HOME=$BATS_TEST_TMPDIR/cache
    FIRST=$first SECOND=$second
    ALIASES=$XDG_CACHE_HOME/containers/short-name-aliases.conf
    if [ "$(id -u)" = 0 ]; then
        # Root's cache has one place only.
        mkdir -p "$XDG_CACHE_HOME" /var/cache
        printf '#!/bin/sh\nmount --bind "$XDG_CACHE_HOME" /var/cache && exec "$@"\n' >"$BATS_TEST_TMPDIR/own-cache"
        chmod +x "$BATS_TEST_TMPDIR/own-cache"
        OWN_CACHE=(unshare -m "$BATS_TEST_TMPDIR/own-cache")
    fi
}

# berth with that cache, on a terminal that types TEXT, or without one
chooses() { # TEXT ARGUMENT...
    local typed=$1
    shift
    on_pty "$typed" "${OWN_CACHE[@]}" "$BERTH" --root "$BATS_TEST_TMPDIR/lib" --runroot "$BATS_TEST_TMPDIR/run" "$@"
}
cannot_choose() {
    "${OWN_CACHE[@]}" "$BERTH" --root "$BATS_TEST_TMPDIR/lib" --runroot "$BATS_TEST_TMPDIR/run" "$@" </dev/null
}

# bats test_tags=rootless
@test "a short name that may mean several is chosen with the arrow keys, and remembered" {
    needs containers
    short_names enforcing
    fails_with "short-name resolution enforced but cannot prompt without a TTY" -- pull -q choose/it
    run -0 chooses '{wait select an image}{wait '"$SECOND"'}\x1b[B\r' pull choose/it
    output_has "? Please select an image:" "  ▸ $FIRST/choose/it:latest" "    $SECOND/choose/it:latest" \
        "  ▸ $SECOND/choose/it:latest" "✔ $SECOND/choose/it:latest" "Trying to pull $SECOND/choose/it:latest..."
    output_lacks "Trying to pull $FIRST"
    [ "$(berth images --format '{{.Repository}}:{{.Tag}}')" = "$SECOND/choose/it:latest" ]
    printf '[aliases]\n  "choose/it" = "%s/choose/it"\n' "$SECOND" | diff - "$ALIASES"
    # Now nobody is asked, and another tag is another tag of the same.
    run -0 cannot_choose pull choose/it:other
    output_has "Resolved \"choose/it\" as an alias" "Trying to pull $SECOND/choose/it:other..."
    # A second alias keeps the first.
    run -0 chooses '{wait select an image}\x0e\x10\r' run --rm --network none choose/too echo it runs
    output_has "✔ $FIRST/choose/too:latest" "it runs"
    printf '[aliases]\n  "choose/it" = "%s/choose/it"\n  "choose/too" = "%s/choose/too"\n' "$SECOND" "$FIRST" | diff - "$ALIASES"
}

# bats test_tags=rootless
@test "who leaves the choice gets nothing, and what fails is not remembered" {
    short_names enforcing
    run -125 chooses '{wait select an image}\x03' pull choose/it
    output_has "Error: ^C"
    output_lacks "Trying to pull"
    faulty_rule 'GET /v2/choose/it/.* status 404'
    run -125 chooses '{wait select an image}\r' pull --retry 0 choose/it
    output_has "Trying to pull $FIRST/choose/it:latest..."
    output_lacks "Trying to pull $SECOND"
    [ ! -e "$ALIASES" ]
}

# bats test_tags=rootless
@test "short-name-mode permissive asks on a terminal and else tries all; disabled never asks" {
    short_names permissive
    run -0 chooses '{wait select an image}\x1b[B\r' pull -q choose/it
    output_has "? Please select an image:"
    [ -e "$ALIASES" ]
    rm "$ALIASES"
    faulty_rule 'GET /v2/choose/it/manifests/.* times 1 status 404'
    run -0 cannot_choose pull choose/it
    output_has "Resolving \"choose/it\" using unqualified-search registries" \
        "Trying to pull $FIRST/choose/it:latest..." "Trying to pull $SECOND/choose/it:latest..."
    sed -i 's/permissive/disabled/' "$CONTAINERS_REGISTRIES_CONF"
    run -0 chooses '' pull choose/it
    output_lacks "select an image"
    output_has "Trying to pull $FIRST/choose/it:latest..."
    [ ! -e "$ALIASES" ]
}
