# SPDX-License-Identifier: BSD-2-Clause
# An image is there whole or not at all, whenever berth or what it starts is killed.

load harness

image_is_whole_or_absent() {
    if berth image exists "$1"; then
        berth image inspect "$1" >/dev/null
        # The images have entrypoints of their own.
        [ "$(berth run --rm --network none --entrypoint '["/bin/sh", "-c", "echo whole"]' "$1")" = whole ]
    fi
}

@test "load killed at any change of the file system leaves the image or nothing" {
    before() { :; }
    crash_template
    during=(load -q -i "$FIXTURES/tiny.tar")
    after() {
        image_is_whole_or_absent tiny
        tiny
        [ "$(berth run --rm --network none tiny echo whole)" = whole ]
    }
    CRASH_LIMIT=12 crash_at signal=KILL "${FILE_CALLS[@]}" "${PROCESS_CALLS[@]}"
}

@test "load on a full disk says so and keeps nothing" {
    before() { :; }
    crash_template
    during=(load -q -i "$FIXTURES/tiny.tar")
    after() {
        said_so
        [ $code = 0 ] || ! berth image exists tiny
        tiny
    }
    CRASH_LIMIT=10 crash_at error=ENOSPC mkdirat renameat renameat2 symlinkat
    CRASH_LIMIT=40 CRASH_STEP=7 crash_at error=ENOSPC write openat
    CRASH_MAY_BE_NONE=1 crash_at error=EIO fsync fdatasync syncfs
}

@test "pull killed anywhere leaves the image or nothing, and the next pull works" {
    before() {
        registry_start
        registry_push "$FIXTURES/layered" layered:v1
    }
    crash_template
    during=(pull -q --tls-verify=false "docker://$REGISTRY/layered:v1")
    after() {
        image_is_whole_or_absent "$REGISTRY/layered:v1"
        berth pull -q --tls-verify=false "docker://$REGISTRY/layered:v1" >/dev/null
        image_is_whole_or_absent "$REGISTRY/layered:v1"
    }
    CRASH_LIMIT=8 crash_at signal=KILL "${FILE_CALLS[@]}" "${PROCESS_CALLS[@]}"
}

@test "tag and rmi killed anywhere leave the old names or the new" {
    before() { tiny; }
    crash_template
    during=(tag tiny other:v1)
    after() {
        image_is_whole_or_absent tiny
        image_is_whole_or_absent other:v1
        berth image exists tiny
    }
    crash_at signal=KILL "${FILE_CALLS[@]}"
    during=(rmi tiny)
    after() {
        image_is_whole_or_absent tiny
        tiny
    }
    crash_at signal=KILL "${FILE_CALLS[@]}"
}
