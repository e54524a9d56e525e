# SPDX-License-Identifier: BSD-2-Clause
# login and logout, against Debian's docker-registry over TLS with a password.
# bats file_tags=rootless

load helpers

setup() {
    needs program docker-registry
    export XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR/run HOME=$BATS_TEST_TMPDIR
    unset REGISTRY_AUTH_FILE
    mkdir -p "$XDG_RUNTIME_DIR"
    AUTH=$XDG_RUNTIME_DIR/containers/auth.json
}

log_in() { # [REGISTRY]
    echo secret | berth login -u joe --password-stdin --cert-dir "$CERTS" "${1:-$REGISTRY}"
}

@test "after a login, pull needs no credentials" {
    registry_start --tls --auth joe:secret
    registry_push "$FIXTURES/tiny" team/app:1
    fails_with "authentication required" -- pull -q --retry 0 --cert-dir "$CERTS" "$REGISTRY/team/app:1"
    run -0 log_in
    output_is "Login Succeeded!"
    [ "$(stat -c %a "$AUTH")" = 600 ]
    [ "$(jq -r ".auths[\"$REGISTRY\"].auth" "$AUTH" | base64 -d)" = joe:secret ]
    run -0 berth pull -q --cert-dir "$CERTS" "$REGISTRY/team/app:1"
    run -0 berth login --get-login "$REGISTRY"
    output_is joe
    run -0 berth login --cert-dir "$CERTS" "$REGISTRY"
    output_has "Existing credentials are valid. Already logged in to $REGISTRY"
    run -0 berth logout "$REGISTRY"
    output_is "Removed login credentials for $REGISTRY"
    fails_with "not logged into $REGISTRY" -- login --get-login "$REGISTRY"
    fails_with "not logged into $REGISTRY" -- logout "$REGISTRY"
    fails_with "authentication required" -- pull -q --retry 0 --cert-dir "$CERTS" "$REGISTRY/team/app:1"
}

@test "a wrong password is not kept" {
    registry_start --tls --auth joe:secret
    fails_with "logging into \"$REGISTRY\": invalid username/password" -- \
        login -u joe -p wrong --cert-dir "$CERTS" "$REGISTRY"
    [ ! -e "$AUTH" ]
}

@test "the user is asked for what is missing" {
    registry_start --tls --auth joe:secret
    run -0 berth login --cert-dir "$CERTS" "$REGISTRY" < <(printf 'joe\nsecret\n')
    output_has "Username: " "Password: " "Login Succeeded!"
}

@test "credentials of a repository are for it alone" {
    registry_start --tls --auth joe:secret
    registry_push "$FIXTURES/tiny" team/app:1
    registry_push "$FIXTURES/tiny" other/app:1
    run -0 log_in "$REGISTRY/team"
    run -0 berth pull -q --cert-dir "$CERTS" "$REGISTRY/team/app:1"
    fails_with "authentication required" -- pull -q --retry 0 --cert-dir "$CERTS" "$REGISTRY/other/app:1"
    run -0 berth logout "$REGISTRY/team"
}

@test "--authfile says where, and must be there but for login" {
    local file=$BATS_TEST_TMPDIR/mine.json
    registry_start --tls --auth joe:secret
    registry_push "$FIXTURES/tiny" app:1
    fails_with "credential file is not accessible: faccessat $file: no such file or directory" -- \
        pull -q --authfile "$file" "$REGISTRY/app:1"
    fails_with "credential file is not accessible" -- logout --authfile "$file" "$REGISTRY"
    echo secret | berth login -u joe --password-stdin --cert-dir "$CERTS" --authfile "$file" "$REGISTRY"
    [ ! -e "$AUTH" ]
    run -0 berth pull -q --authfile "$file" --cert-dir "$CERTS" "$REGISTRY/app:1"
    REGISTRY_AUTH_FILE=$file run -0 berth login --get-login "$REGISTRY"
    output_is joe
    run -0 berth logout --authfile "$file" --all
    output_is "Removed login credentials for all registries"
    [ "$(jq -c .auths "$file")" = "{}" ]
}

@test "what only Docker knows is Docker's to forget" {
    mkdir -p "$HOME/.docker"
    echo '{"auths":{"reg.example":{"auth":"am9lOnNlY3JldA=="}}}' >"$HOME/.docker/config.json"
    run -0 berth login --get-login reg.example
    output_is joe
    run -0 berth logout reg.example
    output_has "Not logged into reg.example with current tool" "docker logout"
}

@test "flags that contradict each other" {
    fails_with "must provide --username with --password-stdin" -- login --password-stdin x.example
    fails_with "Can't specify both --password-stdin and --password" -- \
        login -u joe -p x --password-stdin x.example
    fails_with "can not be set simultaneously" -- login --authfile a --compat-auth-file b x.example
    fails_with "--all takes no arguments" -- logout --all x.example
    fails_with "credentials key" -- login -u joe -p x x.example/app:tag
}

@test "a registry that is away" {
    registry_start --tls
    registries_stop
    fails_with "authenticating creds for \"$REGISTRY\": pinging container registry $REGISTRY" \
        "connection refused" -- login -u joe -p x "$REGISTRY"
}
