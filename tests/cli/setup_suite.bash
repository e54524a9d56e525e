# SPDX-License-Identifier: BSD-2-Clause
# Once before all: the images that tests share, read-only. BERTH_FIXTURES keeps them across runs.
setup_suite() {
    export FIXTURES=${BERTH_FIXTURES:-$BATS_SUITE_TMPDIR/fixtures}
    if [ ! -e "$FIXTURES/complete" ]; then
        rm -rf "$FIXTURES"
        mkdir -p "$FIXTURES"
        "$(dirname "$(realpath "${BASH_SOURCE[0]}")")/../fixtures/make-tiny" "$FIXTURES" || return
        touch "$FIXTURES/complete"
    fi
}
