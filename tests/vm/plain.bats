# SPDX-License-Identifier: BSD-2-Clause
# As a user without subordinate ids.

load ../cli/helpers

setup() {
    [ "$(id -u)" != 0 ] || skip "needs a plain user"
}

@test "a user without subordinate ids runs a container with one id, or is told what is missing" {
    run berth load -q -i "$FIXTURES/tiny.tar"
    if [ "$status" = 0 ]; then
        run -0 berth run --rm --network none tiny id -u
        output_has 0
    else
        output_has "/etc/subuid"
    fi
}
