# SPDX-License-Identifier: BSD-2-Clause
# Images in and out, their names, and what is said about them.

load helpers

# --- load, save, import ------------------------------------------------------

@test "load takes archives and folders, compressed or not, from a file or standard input" {
    local id file
    id=$(berth images -q --no-trunc tiny)
    gzip -kc "$FIXTURES/tiny.tar" >"$BATS_TEST_TMPDIR/tiny.tgz"
    for file in "$FIXTURES/tiny.tar" "$FIXTURES/tiny-docker.tar" "$FIXTURES/tiny" \
        "$BATS_TEST_TMPDIR/tiny.tgz"; do
        berth rmi -a -f >/dev/null
        run -0 berth load -q -i "$file"
        output_is "Loaded image: localhost/tiny:latest"
        [ "$(berth images -q --no-trunc tiny)" = "$id" ]
    done
    berth rmi -a -f >/dev/null
    berth load -q <"$FIXTURES/tiny-docker.tar"
    berth rmi -a -f >/dev/null
    cat "$BATS_TEST_TMPDIR/tiny.tgz" | berth load -q
    [ "$(berth images -q --no-trunc tiny)" = "$id" ]
    [ -z "$(ls -A "$BATS_TEST_TMPDIR/lib/.new")" ]
}

@test "load tells each step on standard error, and nothing with -q" {
    berth rmi tiny >/dev/null
    run -0 --separate-stderr berth load -i "$FIXTURES/tiny.tar"
    output_is "Loaded image: localhost/tiny:latest"
    [[ $stderr == "Getting image source signatures"*"Copying blob sha256:"*"Copying config sha256:"*"Writing manifest to image destination" ]]
    run -0 --separate-stderr berth load -q -i "$FIXTURES/tiny.tar"
    [ -z "$stderr" ]
}

@test "what is no image is not loaded" {
    head -c 4000 /dev/urandom >"$BATS_TEST_TMPDIR/junk"
    fails_with "payload does not match any of the supported image formats" -- \
        load -i "$BATS_TEST_TMPDIR/junk"
    fails_with "payload does not match any of the supported image formats" -- load -i "$BATS_TEST_TMPDIR"
    run -125 berth load </dev/null
    fails_with "No such file or directory" -- load -i "$BATS_TEST_TMPDIR/none"
    [ "$(berth images -q | wc -l)" = 1 ]
}

@test "what is saved in any format loads as the same image" {
    local format id
    berth load -q -i "$FIXTURES/layered" >/dev/null
    for name in tiny layered; do
        id=$(berth image inspect -f '{{.Id}} {{.RootFS.Layers}}' $name)
        for format in docker-archive oci-archive oci-dir docker-dir; do
            berth save -q --format $format -o "$BATS_TEST_TMPDIR/out" $name
            run -0 berth --root "$BATS_TEST_TMPDIR/other" load -q -i "$BATS_TEST_TMPDIR/out"
            [ "$(berth --root "$BATS_TEST_TMPDIR/other" image inspect -f '{{.Id}} {{.RootFS.Layers}}' "${id%% *}")" = "$id" ]
            rm -rf "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/other"
        done
    done
}

@test "save writes to a pipe, several images with -m, and further names without" {
    berth load -q -i "$FIXTURES/layered" >/dev/null
    berth save -q tiny | berth --root "$BATS_TEST_TMPDIR/one" load -q
    berth save -q -m tiny layered | berth --root "$BATS_TEST_TMPDIR/two" load -q
    [ "$(berth --root "$BATS_TEST_TMPDIR/two" images -q | wc -l)" = 2 ]
    berth save -q tiny other:3 | berth --root "$BATS_TEST_TMPDIR/three" load -q
    berth --root "$BATS_TEST_TMPDIR/three" image exists localhost/other:3
    fails_with "none: image not known" -- save -o "$BATS_TEST_TMPDIR/out" none
    fails_with "format value must be one of" -- save --format zip tiny
    [ ! -e "$BATS_TEST_TMPDIR/out" ]
}

@test "save --compress makes gzip layers of a docker-dir, and of nothing else" {
    local id out=$BATS_TEST_TMPDIR/out layer
    berth load -q -i "$FIXTURES/layered" >/dev/null
    id=$(berth image inspect -f '{{.Id}} {{.RootFS.Layers}}' layered)
    berth save -q --compress --format docker-dir -o "$out" layered
    [ "$(jq -r '.layers[].mediaType' "$out/manifest.json" | sort -u)" = application/vnd.docker.image.rootfs.diff.tar.gzip ]
    for layer in $(jq -r '.layers[].digest' "$out/manifest.json"); do
        echo "${layer#*:}  $out/${layer#*:}" | sha256sum -c --quiet
        gzip -t <"$out/${layer#*:}"
        [ "$(stat -c %s "$out/${layer#*:}")" = "$(jq ".layers[] | select(.digest == \"$layer\") | .size" "$out/manifest.json")" ]
    done
    [ "$(ls -A "$out" | wc -l)" = "$(($(jq '.layers | length' "$out/manifest.json") + 3))" ]
    berth --root "$BATS_TEST_TMPDIR/other" load -q -i "$out" >/dev/null
    [ "$(berth --root "$BATS_TEST_TMPDIR/other" image inspect -f '{{.Id}} {{.RootFS.Layers}}' "${id%% *}")" = "$id" ]
    fails_with "--compress can only be set when --format is 'docker-dir'" -- save --compress -o "$BATS_TEST_TMPDIR/x" tiny
    fails_with "--compress can only be set when --format is 'docker-dir'" -- save --compress --format oci-dir -o "$BATS_TEST_TMPDIR/x" tiny
    fails_with 'unsupported format "oci-archive" for saving multiple images (only docker-archive)' -- \
        save -m --format oci-archive -o "$BATS_TEST_TMPDIR/x" tiny layered
    berth save -q --uncompressed --format oci-archive -o "$BATS_TEST_TMPDIR/x" tiny
}

@test "a layer that was changed under the store's feet is not saved" {
    local tree
    tree=$(berth image inspect -f '{{.GraphDriver.Data.UpperDir}}' tiny)
    echo NOT >"$tree/etc/plain"
    run -125 berth save -q -o "$BATS_TEST_TMPDIR/out" tiny
    [ ! -e "$BATS_TEST_TMPDIR/out" ]
}

@test "skopeo reads what save writes" {
    needs program skopeo
    berth save -q --format oci-archive -o "$BATS_TEST_TMPDIR/oci.tar" tiny
    berth save -q -o "$BATS_TEST_TMPDIR/docker.tar" tiny
    [ "$(skopeo inspect "oci-archive:$BATS_TEST_TMPDIR/oci.tar" | jq -r .Labels.kind)" = tiny ]
    skopeo copy -q "docker-archive:$BATS_TEST_TMPDIR/docker.tar" "dir:$BATS_TEST_TMPDIR/dir"
}

@test "import makes an image of a tarball and applies changes" {
    run -0 berth import -m "from a tar" -c CMD='["echo","hello"]' -c "ENV A=b c" -c "USER 1000" \
        -c "WORKDIR /tmp" -c "EXPOSE 80 53/udp" -c "LABEL k=v" -c "VOLUME /data" \
        -c "STOPSIGNAL SIGINT" -c "ENTRYPOINT /bin/echo" "$FIXTURES/rootfs.tar" made:1
    output_matches $'^sha256:[0-9a-f]{64}\n$'
    run -0 berth image inspect -f '{{.Config.Cmd}} {{.Config.Env}} {{.User}} {{.Config.WorkingDir}} {{.Config.ExposedPorts}} {{.Labels}} {{.Config.Volumes}} {{.Config.StopSignal}} {{.Config.Entrypoint}} {{.Comment}}' made:1
    output_is '[echo hello] [A=b c] 1000 /tmp map[53/udp:{} 80/tcp:{}] map[k:v] map[/data:{}] SIGINT [/bin/sh -c /bin/echo] from a tar'
    gzip -c "$FIXTURES/rootfs.tar" | berth import -c 'CMD ["echo","hello"]' - made:2
    [ "$(berth run --rm --network none made:2)" = hello ]
    fails_with "unknown instruction" -- import -c "RUN x" "$FIXTURES/rootfs.tar" made:3
    fails_with "invalid reference format" -- import "$FIXTURES/rootfs.tar" Made:3
    [ "$(berth images -q made:3)" = "" ]
}

@test "load and import take a URL" {
    needs program python3
    local id web file
    id=$(berth images -q --no-trunc tiny)
    faulty_start "$FIXTURES/tiny"
    web=http://$FAULTY/files
    mkdir "$FAULTY_DIR/files"
    cp "$FIXTURES/tiny.tar" "$FIXTURES/rootfs.tar" "$FAULTY_DIR/files"
    gzip -kc "$FIXTURES/tiny-docker.tar" >"$FAULTY_DIR/files/tiny.tgz"
    faulty_rule 'GET /files/there redirect {other}/files/tiny.tar'
    for file in tiny.tar "tiny.tgz?some=thing" there; do
        berth rmi -a -f >/dev/null
        run -0 berth load -q -i "$web/$file"
        output_is "Loaded image: localhost/tiny:latest"
        [ "$(berth images -q --no-trunc tiny)" = "$id" ]
    done
    run -0 berth import -q --message "from the net" --os linux --arch arm64 --variant v8 "$web/rootfs.tar" far:1
    [ "$(berth image inspect -f '{{.Comment}} {{.Os}}/{{.Architecture}} {{(index .History 0).Comment}}' far:1)" = "from the net linux/arm64 from the net" ]
    berth import -q "$web/rootfs.tar" near:1 >/dev/null
    [ "$(berth image inspect -f '{{.Comment}}' near:1)" = "imported from tarball" ]
    [ "$(berth run --rm --network none near:1 echo it runs)" = "it runs" ]
}

@test "a URL that fails leaves nothing, and says what was wrong" {
    needs program python3
    local web
    berth rmi -a -f >/dev/null
    faulty_start "$FIXTURES/tiny"
    web=http://$FAULTY/files
    mkdir "$FAULTY_DIR/files"
    cp "$FIXTURES/tiny.tar" "$FIXTURES/rootfs.tar" "$FAULTY_DIR/files"
    echo no archive >"$FAULTY_DIR/files/text"
    fails_with "downloading $web/nope: manifest unknown" -- import "$web/nope" x
    fails_with "downloading $web/nope: manifest unknown" -- load -i "$web/nope"
    faulty_rule 'GET /files/tiny.tar truncate 20000' 'GET /files/rootfs.tar truncate 20000' \
        'GET /files/round redirect {path}' 'GET /files/busy status 503' 'GET /files/gone drop'
    fails_with "downloading $web/rootfs.tar: " "unexpected EOF" -- import "$web/rootfs.tar" x
    fails_with "downloading $web/tiny.tar: " "unexpected EOF" -- load -i "$web/tiny.tar"
    fails_with "stopped after 10 redirects" -- import "$web/round" x
    fails_with "downloading $web/busy: " "503 Service Unavailable" -- import "$web/busy" x
    fails_with "downloading $web/gone: " EOF -- load -i "$web/gone"
    fails_with "payload does not match any of the supported image formats" -- load -i "$web/text"
    fails_with "connection refused" -- load -i http://127.0.0.1:1/x.tar
    fails_with "http: server gave HTTP response to HTTPS client" -- import "https://$FAULTY/files/rootfs.tar" x
    fails_with "an address with a user in it" -- import "http://joe:secret@$FAULTY/files/rootfs.tar" x
    [ -z "$(berth images -a -q)" ]
    [ -z "$(ls -A "$BATS_TEST_TMPDIR/lib/.new")" ]
    [ -z "$(find "$BATS_TEST_TMPDIR/lib/layers" -mindepth 1 -maxdepth 1 2>/dev/null)" ]
}

@test "names that PAX headers have decomposed stay as they are" {
    local name=$'u\xcc\x88'
    mkdir "$BATS_TEST_TMPDIR/tree"
    echo x >"$BATS_TEST_TMPDIR/tree/$name"
    tar -C "$BATS_TEST_TMPDIR/tree" --format=pax --pax-option="path:=$name" -cf \
        "$BATS_TEST_TMPDIR/t.tar" "$name"
    berth import -q "$BATS_TEST_TMPDIR/t.tar" nfd >/dev/null
    [ -e "$(berth image inspect -f '{{.GraphDriver.Data.UpperDir}}' nfd)/$name" ]
}

# --- pull --------------------------------------------------------------------

@test "pull from files takes what is there and prints the ID" {
    local id
    id=$(berth images -q --no-trunc tiny)
    berth rmi tiny >/dev/null
    run -0 --separate-stderr berth pull "oci-archive:$FIXTURES/tiny.tar"
    output_is "${id#sha256:}"
    [ "$(berth pull -q "docker-archive:$FIXTURES/tiny-docker.tar")" = "${id#sha256:}" ]
    [ "$(berth pull -q "oci:$FIXTURES/tiny:localhost/tiny:latest")" = "${id#sha256:}" ]
    fails_with "no image is called" -- pull -q "oci:$FIXTURES/tiny:none"
    fails_with "invalid reference format" -- pull -q dockah://x
    fails_with "image not known" -- pull -q --policy never none
    [ "$(berth pull -q --policy missing tiny)" = "${id#sha256:}" ]
}

@test "an image for another architecture is refused unless asked for" {
    . "$TESTS/fixtures/oci.bash"
    oci_begin "$BATS_TEST_TMPDIR/alien"
    oci_layer "$BATS_TEST_TMPDIR/alien" "$FIXTURES/rootfs.tar"
    OCI_ARCH=s390x oci_commit "$BATS_TEST_TMPDIR/alien" localhost/alien:1
    fails_with "image platform (linux/s390x) does not match" -- pull -q "oci:$BATS_TEST_TMPDIR/alien"
    berth pull -q --platform linux/s390x "oci:$BATS_TEST_TMPDIR/alien"
    run -0 berth image inspect -f '{{.Architecture}}' localhost/alien:1
    output_is s390x
}

@test "a second image with the same layers brings none" {
    berth load -q -i "$FIXTURES/layered" >/dev/null
    run -0 --separate-stderr berth pull "oci:$FIXTURES/layered"
    [ "$(grep -c "skipped: already exists" <<<"$stderr")" = 3 ]
    [ "$(ls "$BATS_TEST_TMPDIR/lib/layers" | wc -l)" = 3 ]
}

@test "two pulls of the same image at once do not get in each other's way" {
    berth rmi -a -f >/dev/null
    for i in 1 2 3 4; do
        berth load -q -i "$FIXTURES/layered" >"$BATS_TEST_TMPDIR/$i" 2>&1 3>&- &
    done
    wait
    [ "$(cat "$BATS_TEST_TMPDIR"/[1-4] | grep -c "^Loaded image: ")" = 4 ]
    [ "$(ls "$BATS_TEST_TMPDIR/lib/layers" | wc -l)" = 3 ]
    [ -z "$(ls -A "$BATS_TEST_TMPDIR/lib/.new")" ]
}

# --- names -------------------------------------------------------------------

@test "an image is found by every form of its name and by its ID" {
    local id name
    id=$(berth images -q --no-trunc tiny)
    berth tag tiny quay.io/team/app:v1
    for name in tiny tiny:latest localhost/tiny localhost/tiny:latest "$id" "${id#sha256:}" \
        "${id:7:12}" "${id:7:5}" app:v1 team/app:v1 quay.io/team/app:v1 \
        "tiny@$(berth image inspect -f '{{.Digest}}' tiny)"; do
        [ "$(berth image inspect -f '{{.Id}}' "$name")" = "${id#sha256:}" ] || {
            echo "not found: $name"
            return 1
        }
    done
    for name in app tiny:v2 iny quay.io/app:v1 zz; do
        run -1 berth image exists "$name"
        output_is ""
    done
    fails_with "none: image not known" -- image inspect none
}

@test "tag and untag" {
    berth tag tiny a:1 b
    berth image exists localhost/a:1
    berth image exists localhost/b:latest
    berth untag tiny a:1
    run -1 berth image exists a:1
    fails_with "none: tag not known" -- untag tiny none
    fails_with "none: image not known" -- tag none x
    fails_with "invalid reference format" -- tag tiny UPPER
    berth untag tiny
    run -0 berth images --format '{{.Repository}}:{{.Tag}}'
    output_is "<none>:<none>"
}

@test "a name moves from one image to another" {
    berth load -q -i "$FIXTURES/layered" >/dev/null
    berth tag layered tiny
    [ "$(berth image inspect -f '{{.Id}}' tiny)" = "$(berth image inspect -f '{{.Id}}' layered)" ]
    [ "$(berth images -q --filter dangling=true | wc -l)" = 1 ]
}

# --- listing -----------------------------------------------------------------

@test "images has a row for each name" {
    berth tag tiny other:2
    run -0 berth images
    [[ ${lines[0]} =~ ^REPOSITORY\ +TAG\ +IMAGE\ ID\ +CREATED\ +SIZE$ ]]
    [[ ${lines[1]} =~ ^localhost/other\ +2\ +[0-9a-f]{12}\ +.*ago\ +[0-9.]+\ MB$ ]]
    [[ ${lines[2]} =~ ^localhost/tiny\ +latest\ + ]]
    [ ${#lines[@]} = 3 ]
    [ "$(berth images -q | wc -l)" = 1 ]
    run -0 berth images -n other
    [ ${#lines[@]} = 1 ]
    run -0 berth images nothing
    [[ $output =~ ^REPOSITORY && ${#lines[@]} = 1 ]]
    run -0 berth images --digests --no-trunc
    output_has DIGEST sha256:
    run -0 berth images --format json
    [ "$(jq -r '.[0].Names | join(" ")' <<<"$output")" = "localhost/other:2 localhost/tiny:latest" ]
}

@test "images can be filtered and sorted" {
    berth load -q -i "$FIXTURES/layered" >/dev/null
    names() { berth images --format '{{.Repository}}' "$@" | xargs; }
    [ "$(names --filter reference='*tin*')" = localhost/tiny ]
    [ "$(names --filter label=kind=tiny)" = localhost/tiny ]
    [ "$(names --filter label!=kind)" = localhost/layered ]
    [ "$(names --filter dangling=true)" = "" ]
    [ "$(names --filter dangling=false --sort repository)" = "localhost/layered localhost/tiny" ]
    [ "$(names --filter containers=true)" = "" ]
    [ "$(names --filter "id=$(berth images -q tiny)")" = localhost/tiny ]
    [ "$(names --filter until=2020-01-01)" = "" ]
    fails_with 'unsupported image filter "bogus"' -- images --filter bogus=1
    fails_with 'must be in the format' -- images --filter bogus
    fails_with 'not a valid value' -- images --sort bogus
}

@test "history goes from the last step to the first" {
    berth load -q -i "$FIXTURES/layered" >/dev/null
    run -0 berth history layered
    [[ ${lines[0]} =~ ^ID\ +CREATED\ +CREATED\ BY\ +SIZE\ +COMMENT ]]
    [[ ${lines[1]} =~ ^[0-9a-f]{12}\ .*tests/fixtures ]]
    [[ ${lines[2]} =~ ^\<missing\> ]]
    [ "$(berth history -q --no-trunc layered | head -1)" = "$(berth image inspect -f '{{.Id}}' layered)" ]
    [ "$(berth history --format json layered | jq length)" = 3 ]
    fails_with "none: image not known" -- history none
}

@test "system df counts a shared layer once" {
    berth tag tiny twice
    berth load -q -i "$FIXTURES/layered" >/dev/null
    local sum
    sum=$(berth images --format json | jq '[.[].Size] | add')
    run -0 berth system df --format json
    [ "$(jq '.[0].RawSize' <<<"$output")" -le "$sum" ]
    [ "$(jq '.[0].Total' <<<"$output")" = 2 ]
    [ "$(jq '.[0].RawReclaimable == .[0].RawSize' <<<"$output")" = true ]
    berth create --network none tiny true >/dev/null
    run -0 berth system df
    [[ ${lines[1]} =~ ^Images\ +2\ +1\  ]]
    [[ ${lines[2]} =~ ^Containers\ +1\ +0\  ]]
    run -0 berth system df -v
    output_has "Images space usage:" "SHARED SIZE" "Containers space usage:" "Local Volumes space usage:"
}

# --- removing ----------------------------------------------------------------

@test "rmi takes the name alone while there are others, then the image and its layers" {
    berth tag tiny other
    run -0 berth rmi tiny
    output_is "Untagged: localhost/tiny:latest"
    run -0 berth rmi other
    output_matches $'^Untagged: localhost/other:latest\nDeleted: [0-9a-f]{64}\n$'
    [ -z "$(ls "$BATS_TEST_TMPDIR/lib/layers")" ]
}

@test "rmi by ID with several names needs force" {
    local id
    berth tag tiny other
    id=$(berth images -q tiny)
    fails_with "by ID with more than one tag" "please force removal" -- rmi "$id"
    run -0 berth rmi -f "$id"
    output_has "Untagged: localhost/tiny:latest" "Untagged: localhost/other:latest" "Deleted: "
}

@test "rmi says who uses the image, and its exit code says why it failed" {
    local id
    id=$(berth create --network none --name c tiny true)
    fails_with -2 "image used by $id: image is in use by a container" -- rmi tiny
    fails_with -1 "none: image not known" -- rmi none
    fails_with -125 "2 errors occurred" -- rmi none tiny
    run -0 berth rmi -i none
    run -0 berth rmi -f tiny
    output_has "Deleted: "
    no_container_named c
    fails_with "image name or ID must be specified" -- rmi
    fails_with "when using the --all switch" -- rmi -a x
}

@test "an image of which another has layers leaves those" {
    berth load -q -i "$FIXTURES/layered" >/dev/null
    . "$TESTS/fixtures/oci.bash"
    oci_begin "$BATS_TEST_TMPDIR/more"
    oci_layer "$BATS_TEST_TMPDIR/more" "$FIXTURES/rootfs.tar"
    oci_commit "$BATS_TEST_TMPDIR/more" localhost/more:1 '{"Cmd": ["true"]}'
    berth load -q -i "$BATS_TEST_TMPDIR/more" >/dev/null
    berth rmi tiny >/dev/null
    berth run --rm --network none more:1
    berth run --rm --network none layered true
    berth rmi -a >/dev/null
    [ -z "$(ls "$BATS_TEST_TMPDIR/lib/layers")" ]
}

@test "prune takes images without a name, -a those without a container" {
    local id
    id=$(berth image inspect -f '{{.Id}}' tiny)
    run -0 berth image prune -f
    output_is ""
    berth create --network none --name c tiny true >/dev/null
    run -0 berth image prune -a -f
    output_is ""
    berth rm c >/dev/null
    run -0 berth image prune </dev/null
    berth image exists tiny
    berth untag tiny
    run -0 berth image prune -f
    output_is "$id"
    [ -z "$(ls "$BATS_TEST_TMPDIR/lib/layers")" ]
}

# --- what went wrong before --------------------------------------------------

@test "layers of a pull that failed are kept for the next, and pruned" {
    . "$TESTS/fixtures/oci.bash"
    berth rmi -a >/dev/null
    cp -r "$FIXTURES/layered" "$BATS_TEST_TMPDIR/broken"
    local manifest last
    manifest=$BATS_TEST_TMPDIR/broken/blobs/$(jq -r '.manifests[0].digest' "$BATS_TEST_TMPDIR/broken/index.json" | tr : /)
    last=$BATS_TEST_TMPDIR/broken/blobs/$(jq -r '.layers[-1].digest' "$manifest" | tr : /)
    cp "$last" "$BATS_TEST_TMPDIR/good"
    truncate -s 100 "$last"
    run -125 berth pull -q "oci:$BATS_TEST_TMPDIR/broken"
    [ "$(berth images -q)" = "" ]
    run -0 ls "$BATS_TEST_TMPDIR/lib/layers"
    [ ${#lines[@]} -le 2 ]
    cp "$BATS_TEST_TMPDIR/good" "$last"
    berth pull -q "oci:$BATS_TEST_TMPDIR/broken"
    berth rmi -a >/dev/null
    cp "$BATS_TEST_TMPDIR/good" "$last"
    truncate -s 100 "$last"
    run -125 berth pull -q "oci:$BATS_TEST_TMPDIR/broken"
    berth image prune -f
    [ -z "$(ls "$BATS_TEST_TMPDIR/lib/layers")" ]
}

@test "a damaged image disables itself alone, with an error that names it" {
    local id
    berth load -q -i "$FIXTURES/layered" >/dev/null
    id=$(berth image inspect -f '{{.Id}}' layered)
    echo '{' >"$BATS_TEST_TMPDIR/lib/images/$id/image.json"
    run -0 berth images
    output_has localhost/tiny "image ${id:0:12} is damaged"
    fails_with "image ${id:0:12} is damaged" -- run --rm --network none layered true
    berth run --rm --network none tiny true
    berth load -q -i "$FIXTURES/layered"
    berth run --rm --network none layered true
}
