# SPDX-License-Identifier: BSD-2-Clause
# Profiles of AppArmor, which the virtual machine's kernel has on.
load ../cli/oci

setup_file() {
    [ "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)" = Y ] || return 0
    mountpoint -q /sys/kernel/security || mount -t securityfs securityfs /sys/kernel/security
    local name
    for name in berth-test berth-other; do
        apparmor_parser --replace --skip-cache <<PROFILE
profile $name flags=(attach_disconnected,mediate_deleted) {
  file,
  capability,
  network,
  mount,
  umount,
  signal,
  ptrace,
  deny /etc/plain r,
}
PROFILE
    done
}

setup() {
    [ "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)" = Y ] || skip "needs AppArmor"
    needs program apparmor_parser
    ID=b$(od -An -N6 -tx1 /dev/urandom | tr -d ' ')
    BUNDLE=$BATS_TEST_TMPDIR/bundle
    new_bundle "$BUNDLE"
}

teardown() {
    leave_nothing_oci
    leave_nothing
}

@test "apparmor: the program of process.apparmorProfile is confined by it, as is what is executed in the container" {
    config '.process.apparmorProfile = "berth-test"'
    started
    [ "$(cat "/proc/$(pid_in)/attr/current")" = "berth-test (enforce)" ]
    run -0 oci exec "$ID" cat /proc/self/attr/current
    output_is "berth-test (enforce)"
    run -1 oci exec "$ID" cat /etc/plain
    output_has "Permission denied"
    run -0 oci exec --apparmor berth-other "$ID" cat /proc/self/attr/current
    output_is "berth-other (enforce)"
    oci_fails -255 "process.apparmorProfile: apply profile no-such: no such file or directory" -- \
        exec --apparmor no-such "$ID" true
}

@test "apparmor: unconfined is a profile too, and one that is not loaded is refused" {
    config '.process.args = ["cat", "/etc/plain"] | .process.apparmorProfile = "unconfined"'
    run -0 oci run --bundle "$BUNDLE" "$ID"
    output_is "not a program"
    config '.process.apparmorProfile = "no-such"'
    oci_fails "process.apparmorProfile: apply profile no-such: no such file or directory" -- run --bundle "$BUNDLE" "$ID"
    oci_fails "does not exist" -- state "$ID"
}

# CVE-2019-16884, CVE-2025-52881
@test "apparmor: what a container has made of its /proc does not get the label" {
    config '.process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"])'
    started
    oci exec "$ID" sh -c 'mkdir /fake && mount -t tmpfs fake /fake && mkdir -p /fake/thread-self/attr/apparmor &&
        touch /fake/thread-self/attr/apparmor/exec && mount --bind /proc/1/comm /fake/thread-self/attr/apparmor/exec &&
        mount --move /fake /proc'
    oci_fails -255 "apply profile berth-test: permission denied" -- exec --apparmor berth-test "$ID" echo not confined
    output_lacks "not confined"
    # Nor does something on a real one, which the kernel finds by its name.
    oci exec "$ID" sh -c 'mount -t proc proc /proc && mount -t tmpfs none /proc/sys'
    run -0 oci exec --apparmor berth-test "$ID" cat /proc/self/attr/current
    output_is "berth-test (enforce)"
}

@test "apparmor: --security-opt apparmor=" {
    tiny
    berth run -d --name c --network none --security-opt apparmor=berth-test tiny sleep 1000
    [ "$(cat "/proc/$(pid_of c)/attr/current")" = "berth-test (enforce)" ]
    run -1 berth exec c cat /etc/plain
    output_has "Permission denied"
    run -0 berth inspect --format '{{.AppArmorProfile}}' c
    output_is berth-test
    run -0 berth run --rm --network none --security-opt apparmor=unconfined tiny cat /proc/self/attr/current
    output_is unconfined
    run berth run --rm --network none --security-opt apparmor=no-such tiny true
    [ "$status" -ne 0 ]
    output_has "apply profile no-such"
    run -0 berth info --format '{{.Host.Security.ApparmorEnabled}}'
    output_is true
}
