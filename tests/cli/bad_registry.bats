# SPDX-License-Identifier: BSD-2-Clause
# Registries that misbehave: a clear error, the right exit code, nothing kept.
# bats file_tags=rootless

load helpers

setup() {
    needs program python3
}

# No image, no layer, nothing half-made.
nothing_kept() {
    run -0 berth images -a -q
    output_is ""
    [ -z "$(find "$BATS_TEST_TMPDIR/lib/layers" -mindepth 1 -maxdepth 1 2>/dev/null)" ] || {
        find "$BATS_TEST_TMPDIR/lib/layers" -maxdepth 1
        return 1
    }
}

pull_fails() { # WORDS...: a pull of x:latest from the faulty registry
    fails_with "$@" -- pull -q --tls-verify=false --retry 0 "docker://$FAULTY/x:latest"
    nothing_kept
}

layer_of() { # LAYOUT: the digest of its first layer
    jq -r '.layers[0].digest' "$1/blobs/$(jq -r '.manifests[0].digest' "$1/index.json" | tr : /)"
}

@test "a registry that is right is pulled from" {
    faulty_start "$FIXTURES/layered"
    run -0 berth pull -q --tls-verify=false "docker://$FAULTY/x:latest"
    output_matches '^[0-9a-f]{64}$'
    run -0 berth images --format '{{.Repository}}:{{.Tag}}'
    output_is "$FAULTY/x:latest"
}

@test "a registry that is down" {
    faulty_start "$FIXTURES/tiny"
    registries_stop
    pull_fails "$FAULTY" "onnect"
}

@test "a host name that does not exist" {
    fails_with "no-such-host.invalid" -- pull -q --retry 0 docker://no-such-host.invalid/x:latest
    nothing_kept
}

@test "a certificate that nobody vouches for" {
    faulty_start "$FIXTURES/tiny" --tls
    fails_with "certificate" -- pull -q --retry 0 "docker://$FAULTY/x:latest"
    nothing_kept
    run -0 berth pull -q --cert-dir "$CERTS" "docker://$FAULTY/x:latest"
}

@test "a certificate of another name" {
    faulty_start "$FIXTURES/tiny" --tls
    fails_with -- pull -q --retry 0 --cert-dir "$CERTS" "docker://127.0.0.2:${FAULTY#*:}/x:latest"
    nothing_kept
}

@test "a wrong password, by Basic and by token" {
    local kind
    for kind in basic token; do
        faulty_start "$FIXTURES/tiny" --auth "$kind:joe:secret"
        fails_with "unauthorized" -- pull -q --tls-verify=false --retry 0 --creds joe:wrong "docker://$FAULTY/x:latest"
        fails_with "unauthorized" -- pull -q --tls-verify=false --retry 0 "docker://$FAULTY/x:latest"
        nothing_kept
        run -0 berth pull -q --tls-verify=false --creds joe:secret "docker://$FAULTY/x:latest"
        berth rmi -f "$FAULTY/x:latest"
        registries_stop
        rm -rf "$FAULTY_DIR"
    done
}

@test "a manifest that is not there" {
    faulty_start "$FIXTURES/tiny"
    faulty_rule 'GET /v2/x/manifests/.* status 404'
    pull_fails "manifest unknown"
}

@test "429 is waited out, and not for ever" {
    faulty_start "$FIXTURES/tiny"
    faulty_rule 'GET /v2/x/manifests/.* times 1 status 429 Retry-After: 1'
    run -0 berth pull -q --tls-verify=false "docker://$FAULTY/x:latest"
    berth rmi -f "$FAULTY/x:latest"
    faulty_rule 'GET /v2/x/manifests/.* status 429'
    pull_fails "429"
}

@test "500 is tried again, and then told" {
    faulty_start "$FIXTURES/tiny"
    faulty_rule 'GET /v2/x/blobs/.* times 1 status 500'
    run -0 berth pull -q --tls-verify=false --retry 3 --retry-delay 100ms "docker://$FAULTY/x:latest"
    berth rmi -f "$FAULTY/x:latest"
    faulty_rule 'GET /v2/x/blobs/.* status 500'
    pull_fails "500"
}

@test "a redirect that comes back to itself" {
    faulty_start "$FIXTURES/tiny"
    faulty_rule 'GET /v2/x/blobs/.* redirect {path}'
    pull_fails "redirect"
}

@test "credentials do not follow a redirect to another host" {
    local kind
    for kind in basic token; do
        faulty_start "$FIXTURES/tiny" --auth "$kind:joe:secret"
        faulty_rule 'GET /v2/x/blobs/sha256:.* times 2 redirect {other}{path}'
        run -0 berth pull -q --tls-verify=false --creds joe:secret "docker://$FAULTY/x:latest"
        [ -n "$(faulty_saw '.other')" ]
        [ -z "$(faulty_saw '.other and .authorization != null')" ]
        berth rmi -f "$FAULTY/x:latest"
        registries_stop
        rm -rf "$FAULTY_DIR"
    done
}

@test "a connection that breaks is gone on with by Range" {
    faulty_start "$FIXTURES/tiny"
    faulty_rule "GET /v2/x/blobs/$(layer_of "$FIXTURES/tiny") times 1 truncate 500000"
    run -0 berth pull -q --tls-verify=false --retry 3 --retry-delay 100ms "docker://$FAULTY/x:latest"
    [ -n "$(faulty_saw '.range == "bytes=500000-"')" ]
    [ "$(id -u)" != 0 ] || run -0 berth run --rm --network none "$FAULTY/x:latest" echo whole
    [ "$(id -u)" != 0 ] || output_is whole
}

@test "a connection that breaks, at a registry without Range, is begun again" {
    faulty_start "$FIXTURES/tiny"
    faulty_rule "GET /v2/x/blobs/$(layer_of "$FIXTURES/tiny") times 1 truncate 500000" \
        "GET /v2/x/blobs/.* no-range"
    run -0 berth pull -q --tls-verify=false --retry 3 --retry-delay 100ms "docker://$FAULTY/x:latest"
    [ "$(id -u)" != 0 ] || run -0 berth run --rm --network none "$FAULTY/x:latest" echo whole
    [ "$(id -u)" != 0 ] || output_is whole
}

@test "a blob that always ends too soon" {
    faulty_start "$FIXTURES/tiny"
    faulty_rule "GET /v2/x/blobs/$(layer_of "$FIXTURES/tiny") truncate 0"
    pull_fails
}

@test "finished layers are kept when another fails, and not fetched twice" {
    local first third
    faulty_start "$FIXTURES/layered"
    first=$(layer_of "$FIXTURES/layered")
    third=$(jq -r '.layers[2].digest' "$FIXTURES/layered/blobs/$(jq -r '.manifests[0].digest' "$FIXTURES/layered/index.json" | tr : /)")
    faulty_rule "GET /v2/x/blobs/$third slow 700" "GET /v2/x/blobs/$third status 500"
    rm "$FAULTY_DIR/rules"
    faulty_rule "GET /v2/x/blobs/$third status 500"
    run -125 berth pull -q --tls-verify=false --retry 0 "docker://$FAULTY/x:latest"
    rm "$FAULTY_DIR/rules"
    run -0 berth pull -q --tls-verify=false "docker://$FAULTY/x:latest"
    [ "$(faulty_saw ".path | endswith(\"$first\")" | wc -l)" -le 2 ]
}

@test "one wrong byte in a layer" {
    faulty_start "$FIXTURES/tiny"
    faulty_rule "GET /v2/x/blobs/$(layer_of "$FIXTURES/tiny") corrupt 300000"
    pull_fails
}

@test "one wrong byte in an uncompressed layer: the digest tells" {
    local third
    faulty_start "$FIXTURES/layered"
    third=$(jq -r '.layers[2].digest' "$FIXTURES/layered/blobs/$(jq -r '.manifests[0].digest' "$FIXTURES/layered/index.json" | tr : /)")
    faulty_rule "GET /v2/x/blobs/$third corrupt 1030"
    fails_with "sha256:" -- pull -q --tls-verify=false --retry 0 "docker://$FAULTY/x:latest"
    run -0 berth images -a -q
    output_is ""
}

@test "one wrong byte in the configuration" {
    local config
    faulty_start "$FIXTURES/tiny"
    config=$(jq -r '.config.digest' "$FIXTURES/tiny/blobs/$(jq -r '.manifests[0].digest' "$FIXTURES/tiny/index.json" | tr : /)")
    faulty_rule "GET /v2/x/blobs/$config corrupt 20"
    pull_fails "sha256:"
}

@test "a manifest that is not the one asked for by digest" {
    local digest
    faulty_start "$FIXTURES/tiny"
    digest=$(jq -r '.manifests[0].digest' "$FIXTURES/tiny/index.json")
    faulty_rule 'GET /v2/x/manifests/.* corrupt 40'
    fails_with "sha256:" -- pull -q --tls-verify=false --retry 0 "docker://$FAULTY/x@$digest"
    nothing_kept
}

@test "a layer whose contents are not what the configuration says" {
    . "$TESTS/fixtures/oci.bash"
    local layout=$BATS_TEST_TMPDIR/lie
    oci_begin "$layout"
    oci_layer "$layout" "$FIXTURES/rootfs.tar"
    echo "sha256:$(printf %064d 0)" >"$layout/.work/diff_ids"
    oci_commit "$layout" x:latest
    faulty_start "$layout"
    pull_fails "diff"
}

@test "a manifest that is too large" {
    faulty_start "$FIXTURES/tiny"
    faulty_rule 'GET /v2/x/manifests/.* large 9000000'
    pull_fails "larger than"
}

@test "a manifest of an unknown kind" {
    faulty_start "$FIXTURES/tiny"
    faulty_rule 'GET /v2/x/manifests/.* type text/plain'
    run berth pull -q --tls-verify=false --retry 0 "docker://$FAULTY/x:latest"
    # The media type in the document itself may be believed; text alone may not.
    [ "$status" = 0 ] || output_has "Error: "
    berth rmi -f -a
    rm "$FAULTY_DIR/rules"
    faulty_rule 'GET /v2/x/manifests/.* body {"schemaVersion":2,"mediaType":"application/vnd.example.other+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:'"$(printf %064d 0)"'","size":1},"layers":[]}'
    pull_fails "application/vnd.example.other+json"
}

@test "manifests that are nonsense" {
    local body
    faulty_start "$FIXTURES/tiny"
    for body in 'not json' '[]' '{}' '{"schemaVersion":2}' '{"schemaVersion":"two"}' \
        '{"schemaVersion":2,"config":{"digest":"sha256:zz","size":1,"mediaType":"x"},"layers":[]}' \
        '{"schemaVersion":2,"config":{"digest":"../../etc/passwd","size":1,"mediaType":"x"},"layers":[]}' \
        '{"schemaVersion":2,"config":{"digest":"sha256:'"$(printf %064d 0)"'","size":-1,"mediaType":"x"},"layers":[]}' \
        '{"schemaVersion":2,"config":{"digest":"sha256:'"$(printf %064d 0)"'","size":99999999999999999999,"mediaType":"x"},"layers":[]}' \
        "$(printf '[%.0s' $(seq 5000))"; do
        rm -f "$FAULTY_DIR/rules"
        faulty_rule "GET /v2/x/manifests/.* body $body"
        pull_fails
    done
}

@test "an image for another architecture, and an index without this one" {
    . "$TESTS/fixtures/oci.bash"
    local layout=$BATS_TEST_TMPDIR/other
    oci_begin "$layout"
    oci_layer "$layout" "$FIXTURES/rootfs.tar"
    OCI_ARCH=s390x oci_commit "$layout" x:latest
    faulty_start "$layout"
    fails_with "architecture $(oci_arch)" -- pull -q --tls-verify=false --retry 0 "docker://$FAULTY/x:index"
    nothing_kept
    run berth pull -q --tls-verify=false --retry 0 "docker://$FAULTY/x:latest"
    output_has s390x
}
