/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What this kernel was built with, for `berth check`.  Where the running kernel shows by itself
 * that it has something, that counts; else its configuration does (/proc/config.gz, /boot/config-*,
 * the modules' folder), and where there is none to be found, the answer is that nobody knows.
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"

enum kernel_support {
	KERNEL_OK,
	KERNEL_MODULE, /* built as a module that is not loaded yet; the kernel loads it on demand */
	KERNEL_MISSING,
	KERNEL_UNSURE, /* no configuration to be found */
	KERNEL_SUPPORTS
};
extern const char *const kernel_support_name[KERNEL_SUPPORTS]; /* "ok", "module", … */

struct kernel_option {
	const char *name; /* "CGROUP_PIDS", as in the kernel's configuration */
	enum kernel_support support;
	bool needed;         /* without it no container starts */
	const char *without; /* what does not work then: "--pids-limit" */
	const char *note;    /* why it does not although it is there; or "" */
};

/* Rows in the order in which they are shown. Runs gzip if the configuration is compressed. */
int kernel_options(struct arena *a, struct kernel_option **ret, size_t *ret_len, struct err *e);

/* The deciding part: what running shows (1 there, 0 not, -1 cannot tell) and the configuration's
 * text, NULL when there is none. */
typedef int kernel_probe(const char *option);
void kernel_options_judge(struct arena *a, const char *config, kernel_probe *probe,
			  struct kernel_option **ret, size_t *ret_len);
