# SPDX-License-Identifier: BSD-2-Clause
# berth system check: what is whole, what is not, and its repair.
# bats file_tags=rootless

load helpers

setup() {
    tiny
    berth load -q -i "$FIXTURES/layered" >/dev/null
    LIB=$BATS_TEST_TMPDIR/lib
}

damaged() { # WORDS... -- OPTIONS...: it says so, and exits with 125
    local words=()
    while [ "$1" != -- ]; do
        words+=("$1")
        shift
    done
    shift
    run -125 berth system check "$@"
    output_has "Error: damage" "${words[@]}"
}

@test "a store that is whole is told nothing of" {
    needs containers
    berth create --name c -v data:/data --network none tiny true >/dev/null
    berth run --name d --network none tiny sh -c 'echo x >/etc/changed' >/dev/null
    run -0 berth system check
    output_is ""
    run -0 berth system check --quick --repair --force
    output_is ""
    [ "$(berth ps -aq | wc -l)" = 2 ]
}

@test "a changed layer is found by its contents, not by --quick; repair removes its image" {
    local tree id
    id=$(berth image inspect -f '{{.Id}}' tiny)
    tree=$(berth image inspect -f '{{.GraphDriver.Data.UpperDir}}' tiny)
    echo NOT >"$tree/etc/plain"
    run -0 berth system check --quick
    damaged "layer " "image $id: its layer " "is damaged" --
    berth image exists tiny
    run -0 berth system check --repair
    output_has "removed image $id"
    run -1 berth image exists tiny
    run -0 berth system check
    output_is ""
    tiny
    run -0 berth system check
}

@test "what cannot be looked at is an error, and not repaired away" {
    needs program strace
    needs root
    local id
    id=$(berth image inspect -f '{{.Id}}' tiny)
    run -125 strace -f -qq -o /dev/null -e inject=pread64:error=EIO -P "$LIB/images/$id/image.json" \
        -e trace=read,pread64 -e inject=read:error=EIO "$BERTH" --root "$LIB" --runroot "$BATS_TEST_TMPDIR/run" \
        system check --repair --force
    output_has "Error: " "Input/output error"
    output_lacks "removed"
    run -0 berth system check
    berth image exists tiny
}

@test "a missing layer, changed documents and a name that leads nowhere are found, and repaired" {
    local key id other
    id=$(berth image inspect -f '{{.Id}}' tiny)
    other=$(berth image inspect -f '{{.Id}}' layered)
    key=$(jq -r '.layers[0]' "$LIB/images/$id/image.json")
    mv "$LIB/layers/$key" "$BATS_TEST_TMPDIR/layer"
    damaged "image $id: its layer $key is missing" -- --quick
    mv "$BATS_TEST_TMPDIR/layer" "$LIB/layers/$key"
    run -0 berth system check --quick
    printf ' ' >>"$LIB/images/$id/config.json"
    printf ' ' >>"$LIB/images/$other/manifest.json"
    ln -s 0000 "$LIB/names/image/nowhere:1"
    damaged "image $id: its configuration is sha256:" "image $other: its manifest is sha256:" \
        "name nowhere:1: it leads to image 0000, which is not there" -- --quick
    run -0 berth system check --quick --repair
    output_has "removed image $id" "removed image $other"
    [ -z "$(berth images -q)" ]
    [ -z "$(ls "$LIB/names/image")$(ls "$LIB/layers")" ]
}

@test "a damaged image that a container uses stays without --force" {
    local id c
    c=$(berth create --name c --network none tiny true)
    id=$(berth image inspect -f '{{.Id}}' tiny)
    echo '{' >"$LIB/images/$id/image.json"
    damaged "image $id: image ${id:0:12} is damaged" -- --quick
    run -125 berth system check --quick --repair
    output_has "image used by $c"
    run -0 berth system check --quick --repair --force
    output_has "removed container $c" "removed image $id"
    [ -z "$(berth ps -aq)" ]
    [ "$(berth images -q | wc -l)" = 1 ]
}

@test "containers and volumes that are damaged are told, and containers removed by force" {
    local c d
    c=$(berth create --name c -v data:/data --network none tiny true)
    d=$(berth create --name d --network none tiny true)
    echo '{' >"$LIB/containers/$c/container.json"
    rm -rf "$LIB/containers/$d/upper"
    rm -rf "$LIB/volumes/data/_data"
    damaged "container $c: container ${c:0:12} is damaged" "container $d: its writable layer is missing" "volume data: " -- --quick
    run -125 berth system check --quick --repair
    [ "$(berth ps -aq 2>/dev/null | wc -l)" = 1 ]
    run -125 berth system check --quick --repair --force
    output_has "removed container $c" "removed container $d" "volume data: " "Error: damage is left in local storage"
    berth volume rm data >/dev/null
    run -0 berth system check
}

@test "layers that no image refers to are wrong when they are older than --max" {
    # As a pull leaves them that was given up.
    rm -rf "$LIB/images" "$LIB/names/image"
    [ -n "$(ls "$LIB/layers")" ]
    run -0 berth system check
    damaged "no image refers to it" -- --max 1ns
    run -0 berth system check --max 1ns --repair
    [ -z "$(ls "$LIB/layers")" ]
}
