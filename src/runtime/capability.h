/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Capabilities (capabilities(7)): names, the sets that people ask for, and putting them on a
 * process that is about to exec.  A set is a mask of 1 << CAP_number.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"

/* The eleven that containers get unless told otherwise. */
#define CAPABILITY_DEFAULT 0x00000000800405fbULL

/* "CAP_CHOWN" of its number; NULL for numbers nobody has named yet. */
const char *capability_name(unsigned number);
/* The number of "CAP_CHOWN", "chown", "Chown"; -1 for unknown names. */
int capability_number(const char *name);
/* All that this kernel knows (/proc/sys/kernel/cap_last_cap, else asked by prctl). */
uint64_t capability_all(void);
/* Those in this process's bounding set. */
uint64_t capability_bounding(void);

/* The default set, changed by --cap-add and --cap-drop as podman does: ALL on either side first,
 * then single names; a name on both sides or an unknown one is ERR_INVALID. */
int capability_choose(uint64_t base, const struct texts *add, const struct texts *drop,
		      uint64_t *ret, struct err *e);
/* A list of full names, as process.capabilities holds them. Unknown names, and those that this
 * kernel lacks, are left out of *ret and listed in *ret_unknown (may be NULL). */
uint64_t capability_set(struct arena *a, const struct texts *names, struct texts *ret_unknown);
/* The names of a set, by number, in an arena. */
struct texts capability_names(struct arena *a, uint64_t set);

struct capability_sets {
	uint64_t bounding, effective, permitted, inheritable, ambient;
};

/* Between clone and exec: nothing here allocates.  First the bounding set, while still root of the
 * user namespace; keep: permitted survives the change of user that comes next.  Then, as the new
 * user, the other four; ambient ones that are not inheritable and permitted are left out. */
int capability_bound(const struct capability_sets *s, bool keep, struct err *e);
int capability_apply(const struct capability_sets *s, struct err *e);
