# SPDX-License-Identifier: BSD-2-Clause
# As a user without subordinate ids.

load ../cli/helpers

setup() {
    [ "$(id -u)" != 0 ] || skip "needs a plain user"
}

@test "a user without subordinate ids runs a container with one id, and is told what is missing" {
    run -0 berth load -q -i "$FIXTURES/tiny.tar"
    output_has "/etc/subuid"
    run -0 berth run --rm --network none tiny sh -c 'id -u; wc -l </proc/self/uid_map'
    output_is "0
1"
    run -0 berth run -d --name c --network none tiny sleep 1000
    run -0 berth exec c id -u
    output_is 0
    run -0 berth rm -f -t 0 c
    run -126 berth run --rm --network none -u 1000 tiny true
    output_has "has no user or group but root"
}
