# SPDX-License-Identifier: BSD-2-Clause
# In the guest: the fixtures in a folder that may be written, as the repository is read-only there.
setup_suite() {
    export FIXTURES=${TMPDIR:-/tmp}/berth-fixtures-$(id -u)
    if [ ! -e "$FIXTURES/complete" ]; then
        "$(dirname "$(realpath "${BASH_SOURCE[0]}")")/../fixtures/make-tiny" "$FIXTURES" || return
        touch "$FIXTURES/complete"
    fi
}
