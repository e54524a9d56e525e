/* SPDX-License-Identifier: BSD-2-Clause */
/* What pull, run and create share: options of a pull, and its progress shown to people. */
#pragma once

#include "image/image.h"

struct pull_args {
	const char *policy, *platform, *arch, *os, *variant, *authfile, *cert_dir, *creds;
	bool tls_verify, tls_verify_given;
	int64_t retry, retry_delay_nsec;
};
int pull_how(struct arena *a, const struct pull_args *args, struct image_pull *ret, struct err *e);
/* Pulls with progress on standard error: bars on a terminal, a line per step otherwise, nothing
 * when quiet. */
int pull_shown(const struct state *s, const char *name, const struct image_pull *how, bool quiet,
	       char ret_id[STATE_ID_LEN + 1], struct err *e);
