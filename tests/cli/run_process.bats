# SPDX-License-Identifier: BSD-2-Clause
# Options that say what the process is: program, user, folder, environment.

load helpers

in_tiny() { # OPTION... -- COMMAND...: in a container of tiny
    local options=()
    while [ "$1" != -- ]; do
        options+=("$1")
        shift
    done
    shift
    run berth run --rm "${options[@]}" tiny "$@"
}

logged() { # CONTAINER WORD
    berth logs "$1" | grep -q "$2"
}

@test "--entrypoint: a word, a JSON list, or nothing" {
    in_tiny --entrypoint echo -- a
    output_is a
    in_tiny --entrypoint '["echo", "two words"]' -- a
    output_is "two words a"
    berth pull -q "oci:$FIXTURES/layered" >/dev/null
    run -0 berth run --rm --entrypoint '' layered echo bare
    output_is bare
    fails_with "no command or entrypoint provided" -- run --rm --entrypoint '' tiny
    fails_with -127 "nosuch" -- run --rm --entrypoint nosuch tiny
}

@test "--workdir: where the process begins, and it must be there" {
    in_tiny -w /etc/../usr -- pwd
    output_is /usr
    in_tiny --workdir=/tmp --tmpfs /made -- sh -c 'cd /made; pwd; cd - >/dev/null; pwd'
    output_is "/made
/tmp"
    fails_with -126 'workdir "/nowhere" does not exist on container' -- run --rm -w /nowhere tiny true
    fails_with -125 'the working directory "etc" is invalid' -- run --rm -w etc tiny true
}

@test "--user: names and numbers of the image's own files, with the groups they have" {
    in_tiny -u user -- id
    output_is "uid=1000(user) gid=1000(user) groups=60(games),1000(user)"
    in_tiny -u user:games -- id
    output_is "uid=1000(user) gid=60(games) groups=60(games)"
    in_tiny -u 4321:99 -- sh -c 'id; echo $HOME'
    output_is "uid=4321(4321) gid=99(99) groups=99(99)
/"
    in_tiny -u 1000 -- sh -c 'echo $HOME'
    output_is /home/user
    fails_with -126 "unable to find user nobodysuch: no matching entries in passwd file" -- run --rm -u nobodysuch tiny true
    fails_with -126 "unable to find group nosuch: no matching entries in group file" -- run --rm -u user:nosuch tiny true
}

@test "--group-add: more groups, each once" {
    in_tiny -u user --group-add games --group-add 77,daemon -- id -G
    output_is "1000 1 60 77"
    fails_with -126 "looking up supplemental groups" "nosuch" -- run --rm --group-add nosuch tiny true
}

@test "--env: a value, the host's value, all that begin so" {
    HOST_A=1 HOST_B=2 in_tiny -e A=x=y -e HOST_A -e MISSING -e TINY=changed -- sh -c 'env | grep -E "^(A|HOST_|MISSING|TINY)" | sort'
    output_is "A=x=y
HOST_A=1
TINY=changed"
    HOST_A=1 HOST_B=2 in_tiny -e 'HOST_*' -- sh -c 'env | grep ^HOST_ | sort'
    output_is "HOST_A=1
HOST_B=2"
    fails_with "invalid environment variable" -- run --rm -e =1 tiny true
}

@test "--env-file: lines, comments, names alone; --env wins" {
    printf '# comment\nA=file\n  B=spaces kept \n\nHOST_A\n' >"$BATS_TEST_TMPDIR/env"
    echo C=second >"$BATS_TEST_TMPDIR/env2"
    HOST_A=h in_tiny --env-file "$BATS_TEST_TMPDIR/env" --env-file "$BATS_TEST_TMPDIR/env2" -e A=flag -- \
        sh -c 'env | grep -E "^([ABC]|HOST_A)=" | sort | tr "\n" "|"'
    output_is "A=flag|B=spaces kept |C=second|HOST_A=h|"
    echo =1 >"$BATS_TEST_TMPDIR/env"
    fails_with 'parsing env file' 'invalid environment variable: "=1"' -- run --rm --env-file "$BATS_TEST_TMPDIR/env" tiny true
    fails_with 'parsing env file "/no/such"' -- run --rm --env-file /no/such tiny true
}

@test "--env-host passes all, --http-proxy the proxies, which the image may have set otherwise" {
    HOST_A=1 in_tiny --env-host -e HOST_B=2 -- sh -c 'echo $HOST_A $HOST_B'
    output_is "1 2"
    http_proxy=http://p NO_PROXY=x in_tiny -- sh -c 'echo $http_proxy $NO_PROXY'
    output_is "http://p x"
    http_proxy=http://p in_tiny --http-proxy=false -- sh -c 'echo "<$http_proxy>"'
    output_is "<>"
}

@test "--unsetenv and --unsetenv-all take away the image's variables and the usual ones" {
    in_tiny --unsetenv TINY,container -- sh -c 'echo "<$TINY$container>"'
    output_is "<>"
    in_tiny --unsetenv-all -e A=1 --hostname h -- /bin/env
    [ "$(sort <<<"$output")" = "A=1
HOME=/root
HOSTNAME=h" ]
}

@test "--env-merge: what the image has, in a text; -e wins" {
    in_tiny --env-merge 'PATH=${PATH}:/more' --env-merge 'NEW=<$TINY>$NOSUCH${' -- sh -c 'echo $PATH; echo "$NEW"'
    output_is '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/more
<yes>${'
    in_tiny --env-merge 'A=$TINY' -e A=other -- sh -c 'echo $A'
    output_is other
    fails_with "--env-merge A: it is NAME=TEXT" -- create --env-merge A tiny true
}

@test "--personality: what uname says of the machine" {
    [ "$(uname -m)" = x86_64 ] || skip "needs x86_64"
    in_tiny --personality linux32 -- uname -m
    output_is i686
    in_tiny --personality LINUX -- uname -m
    output_is x86_64
    fails_with "it is LINUX or LINUX32" -- create --personality bogus tiny true
}

@test "--umask, and the usual one" {
    in_tiny --umask 0077 -- sh -c umask
    output_is 0077
    in_tiny -- sh -c umask
    output_is 0022
    fails_with "invalid umask string 9" -- run --rm --umask 9 tiny true
    fails_with "invalid umask string 7777" -- run --rm --umask 7777 tiny true
}

@test "--init: another process is first, passes signals on, reaps, and ends as the program does" {
    in_tiny --init -- sh -c 'tr "\0" " " </proc/1/cmdline; echo $$; exit 5'
    [ "$status" = 5 ]
    output_is "/run/podman-init -- sh -c tr \"\\0\" \" \" </proc/1/cmdline; echo \$\$; exit 5 2"
    in_tiny --init -- sh -c 'sh -c "sleep 0.05 & exit"; sleep 0.2; grep -l "State:.Z" /proc/[0-9]*/status; true'
    output_is ""
    berth run -d --name c --init tiny sh -c 'trap "exit 4" TERM; echo ready; while :; do sleep 0.05; done' >/dev/null
    wait_for logged c ready
    berth stop c
    run -0 berth wait c
    output_is 4
}

@test "--init-path: one's own init" {
    cp "$(command -v busybox.static || command -v busybox)" "$BATS_TEST_TMPDIR/env"
    # busybox does not know the applet "podman-init": so it was that file that ran.
    run -127 berth run --rm --init-path "$BATS_TEST_TMPDIR/env" tiny true
    output_has "podman-init: applet not found"
    fails_with "container-init binary not found on the host" -- run --rm --init-path /no/such tiny true
}

@test "--tty: a terminal; --interactive: input" {
    run -0 on_pty '' berth run --rm -t tiny sh -c 'tty; echo $TERM; stty size'
    output_has /dev/pts/0 xterm "24 80"
    in_tiny -- sh -c 'tty; cat'
    output_is "not a tty"
    run -0 berth run --rm -i tiny cat <<<text
    output_is text
}

@test "--oom-score-adj" {
    in_tiny --oom-score-adj 321 -- cat /proc/self/oom_score_adj
    output_is 321
    fails_with "2000" -- run --rm --oom-score-adj 2000 tiny true
}
