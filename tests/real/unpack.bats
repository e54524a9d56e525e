# SPDX-License-Identifier: BSD-2-Clause
# Layers of real images through unpack alone.

load helpers

one() { "$(dirname "$BERTH")/tests/real/unpack-one" "$@"; }

setup_file() {
    ninja -C "$(dirname "$BERTH")" tests/real/unpack-one >/dev/null
}

teardown_file() { :; }

# Calls back with each layer's number, file and diffID.
each_layer() { # IMAGE COMMAND
    local folder manifest config n=0 layer
    folder=$("$MKIMAGES" path "$1")
    folder=${folder#oci:} folder=${folder%:*}
    manifest=$folder/blobs/sha256/$(jq -r '.manifests[0].digest[7:]' "$folder/index.json")
    config=$folder/blobs/sha256/$(jq -r '.config.digest[7:]' "$manifest")
    for layer in $(jq -r '.layers[].digest[7:]' "$manifest"); do
        "$2" $n "$folder/blobs/sha256/$layer" "$(jq -r ".rootfs.diff_ids[$n]" "$config")"
        n=$((n + 1))
    done
}

there_and_back() { # NUMBER FILE DIFFID
    local dir=$BATS_TEST_TMPDIR/tree-$1
    mkdir "$dir"
    one layer "$dir" "$dir.recipe" <"$2" 2>"$dir.result"
    grep -q "^digest sha256:$(basename "$2")$" "$dir.result"
    grep -q "^diff_id $3$" "$dir.result"
    [ "sha256:$(one assemble "$dir" "$dir.recipe" 2>/dev/null | sha256sum | cut -d' ' -f1)" = "$3" ]
    rm -rf "$dir"
}

@test "the layers of real images have their digests, and their very tars come out again" {
    export BERTH_LIBEXEC=${BERTH_LIBEXEC:-$(dirname "$BERTH")}
    for image in busybox nginx redis python torture; do
        each_layer "$image" there_and_back
    done
}
