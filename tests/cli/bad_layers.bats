# SPDX-License-Identifier: BSD-2-Clause
# Layers made to harm: entries that lead outside, lie about their size or never end.

load helpers

setup() {
    needs program python3
    mkdir -p "$BATS_TEST_TMPDIR/outside"
}

teardown() {
    [ -z "$(ls -A "$BATS_TEST_TMPDIR/outside")" ]
    [ ! -e /berth-was-here ]
    leave_nothing
}

# A layer of entries that python's tarfile writes as told, without asking back.
bad_tar() { # FILE: reads python lines that call add(name, type, ...)
    { cat <<'PYTHON'
import io, sys, tarfile
tar = tarfile.open(sys.argv[1], "w", format=tarfile.PAX_FORMAT)
def add(name, type=tarfile.REGTYPE, data=b"", link="", mode=0o755, **more):
    info = tarfile.TarInfo("x")
    info.name, info.type, info.linkname, info.mode, info.size = name, type, link, mode, len(data)
    for key, value in more.items(): setattr(info, key, value)
    tar.addfile(info, io.BytesIO(data) if data else None)
DIR, LINK, SYM, CHR, FIFO = tarfile.DIRTYPE, tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE
PYTHON
        cat
        echo 'tar.close()'
    } | python3 - "$1"
}

# tiny and one layer more, from a file, compressed or not.
load_with() { # TAR [COMPRESSION]
    . "$TESTS/fixtures/oci.bash"
    local layout=$BATS_TEST_TMPDIR/layout
    rm -rf "$layout"
    oci_begin "$layout"
    oci_layer "$layout" "$FIXTURES/rootfs.tar"
    oci_layer "$layout" "$1" "${2:-none}"
    oci_commit "$layout" localhost/bad:latest '{"Cmd": ["sh"], "Env": ["PATH=/bin"]}'
    run berth pull -q "oci:$layout"
}

# Refused with an error, or confined: loaded, and what it wrote is inside.
refused_or_confined() {
    if [ "$status" = 0 ]; then
        berth run --rm --network none bad true
    else
        [ "$status" = 125 ]
        output_has "Error: "
        run -0 berth images -q bad
        output_is ""
    fi
}

@test "names with .." {
    bad_tar "$BATS_TEST_TMPDIR/bad.tar" <<<'add("../../../../../../berth-was-here", data=b"x"); add("a/../../../berth-was-here", data=b"x")'
    load_with "$BATS_TEST_TMPDIR/bad.tar"
    refused_or_confined
}

@test "absolute names stay inside" {
    bad_tar "$BATS_TEST_TMPDIR/bad.tar" <<<"add('$BATS_TEST_TMPDIR/outside/file', data=b'x'); add('/berth-was-here', data=b'x')"
    load_with "$BATS_TEST_TMPDIR/bad.tar"
    refused_or_confined
}

@test "a symlink, then a file through it" {
    bad_tar "$BATS_TEST_TMPDIR/bad.tar" <<<"add('out', SYM, link='$BATS_TEST_TMPDIR/outside'); add('out/file', data=b'x')
add('up', SYM, link='../../../../../../../../../..'); add('up/berth-was-here', data=b'x')"
    load_with "$BATS_TEST_TMPDIR/bad.tar"
    refused_or_confined
}

@test "hard links to outside" {
    echo secret >"$BATS_TEST_TMPDIR/secret"
    bad_tar "$BATS_TEST_TMPDIR/bad.tar" <<<"add('stolen', LINK, link='../../../../../../../../..$BATS_TEST_TMPDIR/secret')"
    load_with "$BATS_TEST_TMPDIR/bad.tar"
    [ "$(stat -c %h "$BATS_TEST_TMPDIR/secret")" = 1 ]
    refused_or_confined
    bad_tar "$BATS_TEST_TMPDIR/bad.tar" <<<"add('dir', SYM, link='$BATS_TEST_TMPDIR'); add('stolen', LINK, link='dir/secret')"
    load_with "$BATS_TEST_TMPDIR/bad.tar"
    [ "$(stat -c %h "$BATS_TEST_TMPDIR/secret")" = 1 ]
    refused_or_confined
}

@test "a whiteout that leads outside" {
    echo kept >"$BATS_TEST_TMPDIR/victim"
    bad_tar "$BATS_TEST_TMPDIR/bad.tar" <<<"add('../../../../../../../../..$BATS_TEST_TMPDIR/.wh.victim'); add('.wh...'); add('.wh..')"
    load_with "$BATS_TEST_TMPDIR/bad.tar"
    [ "$(cat "$BATS_TEST_TMPDIR/victim")" = kept ]
    [ "$status" = 0 ] || output_has "Error: "
}

@test "things in the places of others" {
    bad_tar "$BATS_TEST_TMPDIR/bad.tar" <<'PYTHON'
add("d", DIR); add("d/inside", data=b"x"); add("d", CHR, devmajor=1, devminor=3)
add("f", data=b"x"); add("f", DIR); add("f/inside", data=b"x")
add("s", SYM, link="f"); add("s", DIR)
add("etc/passwd", DIR)
PYTHON
    load_with "$BATS_TEST_TMPDIR/bad.tar"
    refused_or_confined
}

@test "a size of 64 bits, and one that is negative" {
    python3 - "$BATS_TEST_TMPDIR/bad.tar" <<'PYTHON'
import sys, tarfile
info = tarfile.TarInfo("huge"); info.size = 2**63 - 1
with open(sys.argv[1], "wb") as file:
    file.write(info.tobuf(tarfile.GNU_FORMAT) + b"\0" * 10240)
PYTHON
    load_with "$BATS_TEST_TMPDIR/bad.tar"
    [ "$status" = 125 ]
    output_has "Error: "
    python3 - "$BATS_TEST_TMPDIR/bad.tar" <<'PYTHON'
import sys, tarfile
buf = bytearray(tarfile.TarInfo("negative").tobuf(tarfile.GNU_FORMAT))
buf[124:136] = b"\xff" * 12
buf[148:156] = b" " * 8
buf[148:156] = b"%06o\0 " % sum(buf)
with open(sys.argv[1], "wb") as file:
    file.write(bytes(buf) + b"\0" * 10240)
PYTHON
    load_with "$BATS_TEST_TMPDIR/bad.tar"
    [ "$status" = 125 ]
    output_has "Error: "
}

@test "broken gzip and zstd" {
    . "$TESTS/fixtures/oci.bash"
    local kind layout=$BATS_TEST_TMPDIR/broken blob digest
    for kind in gzip zstd; do
        for broken in cut changed garbage; do
            rm -rf "$layout"
            oci_begin "$layout"
            oci_layer "$layout" "$FIXTURES/rootfs.tar" $kind
            digest=$(jq -r .digest "$layout/.work/layers")
            blob=$layout/blobs/${digest/://}
            case $broken in
            cut) truncate -s -1000 "$blob" ;;
            changed) printf '\x55\xaa\x55' | dd of="$blob" bs=1 seek=400000 conv=notrunc status=none ;;
            garbage) head -c 5000 /dev/urandom >"$blob" ;;
            esac
            mv "$blob" "$layout/.work/blob"
            oci_blob "$layout" "$layout/.work/blob" "$(jq -r .mediaType "$layout/.work/layers")" >"$layout/.work/layers.new"
            mv "$layout/.work/layers.new" "$layout/.work/layers"
            oci_commit "$layout" localhost/bad:latest
            run -125 berth pull -q "oci:$layout"
            output_has "Error: "
            run -0 berth images -q
            output_is ""
        done
    done
}

@test "a bomb is given up on, with the limit named" {
    head -c 4000000000 /dev/zero | zstd -qc --ultra -22 >"$BATS_TEST_TMPDIR/bomb" || skip "needs zstd"
    . "$TESTS/fixtures/oci.bash"
    local layout=$BATS_TEST_TMPDIR/layout
    oci_begin "$layout"
    echo "sha256:$(printf %064d 0)" >>"$layout/.work/diff_ids"
    oci_blob "$layout" "$BATS_TEST_TMPDIR/bomb" application/vnd.oci.image.layer.v1.tar+zstd >>"$layout/.work/layers"
    oci_commit "$layout" localhost/bad:latest
    run -125 timeout 60 "$BERTH" --root "$BATS_TEST_TMPDIR/lib" --runroot "$BATS_TEST_TMPDIR/run" pull -q "oci:$layout"
    output_has "Error: "
    [ "$(du -sm "$BATS_TEST_TMPDIR/lib" | cut -f1)" -lt 50 ]
}

@test "archives that are none" {
    echo garbage >"$BATS_TEST_TMPDIR/garbage"
    fails_with "payload does not match any of the supported image formats" -- load -i "$BATS_TEST_TMPDIR/garbage"
    head -c 300000 "$FIXTURES/tiny.tar" >"$BATS_TEST_TMPDIR/cut.tar"
    fails_with -- load -i "$BATS_TEST_TMPDIR/cut.tar"
    fails_with -- load -i "$BATS_TEST_TMPDIR/no-such-file"
    : >"$BATS_TEST_TMPDIR/empty"
    fails_with -- load -i "$BATS_TEST_TMPDIR/empty"
    run -0 berth images -q
    output_is ""
}

@test "names that never end, and millions of entries" {
    python3 - "$BATS_TEST_TMPDIR/bad.tar" <<'PYTHON'
import sys, tarfile
with open(sys.argv[1], "wb") as file:
    info = tarfile.TarInfo("././@LongLink"); info.type = tarfile.GNUTYPE_LONGNAME; info.size = 30000000
    file.write(info.tobuf(tarfile.GNU_FORMAT) + b"a" * 30000128 + tarfile.TarInfo("x").tobuf() + b"\0" * 1024)
PYTHON
    load_with "$BATS_TEST_TMPDIR/bad.tar" gzip
    [ "$status" = 125 ]
    output_has "Error: "
}
