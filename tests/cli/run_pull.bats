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
