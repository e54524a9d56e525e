# SPDX-License-Identifier: BSD-2-Clause
# Options of privileges: capabilities, --security-opt, --privileged, devices.

load helpers

caps() { # OPTION...: the effective and bounding sets
    run -0 berth run --rm "$@" tiny awk '/^Cap(Eff|Bnd)/ { printf "%s ", $2 }' /proc/self/status
}

@test "--cap-add and --cap-drop: names with and without CAP_, lists, all" {
    caps --cap-add NET_ADMIN,cap_sys_admin
    output_is "00000000802415fb 00000000802415fb "
    caps --cap-drop all
    output_is "0000000000000000 0000000000000000 "
    caps --cap-drop ALL --cap-add chown
    output_is "0000000000000001 0000000000000001 "
    caps --cap-drop chown --cap-drop CAP_KILL
    output_is "00000000800405da 00000000800405da "
    fails_with "bogus" "unknown capability" -- run --rm --cap-add bogus tiny true
    fails_with "bogus" "unknown capability" -- run --rm --cap-drop bogus tiny true
    fails_with "CAP_CHOWN" "added and dropped" -- run --rm --cap-add chown --cap-drop chown tiny true
}

@test "--cap-add all: as many as there are" {
    needs root
    local all without
    caps --cap-add all
    all=$output
    [ "${all% * }" = "$(awk '/^CapBnd/ { print $2 }' /proc/self/status)" ]
    caps --cap-add all --cap-drop net_admin
    without=${output% * }
    [ $((0x${all% * } ^ 0x$without)) = $((1 << 12)) ]
}

@test "a user has what was added for him by name, and nothing else" {
    caps -u user --cap-add net_admin
    output_is "0000000000001000 00000000800415fb "
    caps -u user
    output_is "0000000000000000 00000000800405fb "
}

@test "--security-opt no-new-privileges, and off again" {
    local text
    for text in no-new-privileges no-new-privileges=true no-new-privileges:true; do
        run -0 berth run --rm --security-opt $text tiny grep NoNewPrivs /proc/self/status
        output_is "NoNewPrivs:	1"
    done
    run -0 berth run --rm --security-opt no-new-privileges=false tiny grep NoNewPrivs /proc/self/status
    output_is "NoNewPrivs:	0"
}

@test "--security-opt seccomp: a profile beside, found again from elsewhere" {
    cd "$BATS_TEST_TMPDIR"
    echo '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":18}]}' >profile.json
    berth create --name c --security-opt seccomp=profile.json tiny mkdir /tmp/x
    cd /
    run -1 berth start -a c
    output_has "ross-device link"
    fails_with "opening seccomp profile failed" "/no/such" -- create --security-opt seccomp=/no/such tiny true
}

@test "--security-opt mask and unmask" {
    run -0 berth run --rm --security-opt mask=/usr:/etc/plain tiny sh -c 'ls /usr; wc -c </etc/plain'
    output_is 0
    run -0 berth run --rm --security-opt unmask=ALL tiny grep -cE ' /(proc|sys)/(kcore|keys|acpi|sys|firmware|bus) ' /proc/self/mountinfo || true
    output_is 0
    local all
    all=$(berth run --rm tiny awk '$5 ~ "^/proc/."' /proc/self/mountinfo | wc -l)
    run -0 berth run --rm --security-opt unmask=/proc/sys:/proc/keys tiny awk '$5 ~ "^/proc/." { print $5 }' /proc/self/mountinfo
    output_lacks /proc/sys /proc/keys
    [ "${#lines[@]}" -ge $((all - 3)) ]
    run -0 berth run --rm --security-opt 'unmask=/proc/*' tiny awk '$5 ~ "^/proc/." { print $5 }' /proc/self/mountinfo
    output_is ""
    run -0 berth run --rm --security-opt systempaths=unconfined tiny awk '$5 ~ "^/(proc|sys/firmware)/?." { print $5 }' /proc/self/mountinfo
    output_is ""
}

@test "--security-opt proc-opts: options of /proc; systempaths=unconfined hides nothing" {
    needs root
    run -0 berth run --rm --security-opt proc-opts=hidepid=2,gid=5 tiny grep ' /proc proc ' /proc/mounts
    output_has hidepid=invisible gid=5
    run -0 berth run --rm --security-opt systempaths=unconfined tiny sh -c 'grep -c " /proc/" /proc/mounts || true'
    output_is 0
}

@test "--security-opt of what this host has not, or nobody knows, is refused" {
    fails_with 'invalid --security-opt 1: "bogus"' -- create --security-opt bogus tiny true
    fails_with 'invalid --security-opt 2: "bogus=1"' -- create --security-opt bogus=1 tiny true
    [ -e /sys/module/apparmor/parameters/enabled ] && skip "needs a host without AppArmor"
    fails_with "Apparmor is not enabled on this system" -- create --security-opt apparmor=x tiny true
    run -0 berth run --rm --security-opt apparmor=unconfined --security-opt label=disable tiny true
}

@test "--privileged: all capabilities and devices, no filter, nothing hidden, /sys writable" {
    needs root
    caps --privileged
    [ "${output% * }" = "$(awk '/^CapBnd/ { print $2 }' /proc/self/status)" ]
    run -0 berth run --rm --privileged tiny sh -c 'grep Seccomp: /proc/self/status; awk "\$5 ~ \"^/proc/.\"" /proc/self/mountinfo; awk "\$5 == \"/sys\" { print \$6 }" /proc/self/mountinfo; cat /run/.containerenv'
    output_has "Seccomp:	0" "rw,nosuid,nodev,noexec,relatime" 'engine="berth-' 'rootless=0'
    output_lacks /proc/keys
    [ "$(berth run --rm --privileged tiny sh -c 'ls /dev | wc -l')" -gt "$(berth run --rm tiny sh -c 'ls /dev | wc -l')" ]
}

@test "--device: the node, its place, its access; a folder of them" {
    needs root
    [ -c /dev/fuse ] || skip "needs /dev/fuse"
    run -0 berth run --rm --device /dev/fuse tiny sh -c 'stat -c %t:%T /dev/fuse; : <>/dev/fuse && echo opened'
    output_is "a:e5
opened"
    run -1 berth run --rm --device /dev/fuse:/dev/other:r tiny sh -c ': </dev/other && echo read; : <>/dev/other'
    output_has read "Operation not permitted"
    run -1 berth run --rm tiny ls /dev/fuse
    mkdir "$BATS_TEST_TMPDIR/nodes"
    mknod "$BATS_TEST_TMPDIR/nodes/one" c 1 3
    mknod "$BATS_TEST_TMPDIR/nodes/two" c 1 5
    run -0 berth run --rm --device "$BATS_TEST_TMPDIR/nodes:/dev/nodes" tiny ls /dev/nodes
    output_is "one
two"
    fails_with "stat /dev/nosuch" -- run --rm --device /dev/nosuch tiny true
    fails_with "not a device node" -- run --rm --device /etc/passwd tiny true
    fails_with "invalid device mode: q" -- create --device /dev/fuse:/dev/x:q tiny true
    fails_with "invalid device mode: rel" -- create --device /dev/fuse:rel tiny true
}

@test "--device-cgroup-rule: what may be opened once there is a node" {
    needs root
    [ -c /dev/fuse ] || skip "needs /dev/fuse"
    run -1 berth run --rm --cap-add MKNOD tiny sh -c 'mknod /tmp/x c 10 229 && : </tmp/x'
    output_has "Operation not permitted"
    run -0 berth run --rm --cap-add MKNOD --device-cgroup-rule 'c 10:* rw' tiny sh -c 'mknod /tmp/x c 10 229 && : </tmp/x && echo opened'
    output_is opened
    fails_with "invalid device type in device-access-add: x" -- run --rm --device-cgroup-rule 'x 1:1 r' tiny true
    fails_with "invalid device access in device-access-add: q" -- run --rm --device-cgroup-rule 'c 1:1 q' tiny true
    fails_with "requires type, major:Minor, and access rules" -- run --rm --device-cgroup-rule 'c 1:1' tiny true
}
