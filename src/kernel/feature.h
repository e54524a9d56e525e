/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What this kernel can do.  A feature counts as present until a call says that it isn't; that is
 * remembered for the life of the process.  BERTH_LACK in the environment ("openat2,clone3", or
 * "all") makes this module behave as a kernel without them: for tests of the fallbacks.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum kernel_feature {
	KERNEL_OPENAT2,       /* 5.6 */
	KERNEL_CLONE3,        /* 5.3, and container managers' filters refuse it */
	KERNEL_CLOSE_RANGE,   /* 5.9; its CLOEXEC flag 5.11 */
	KERNEL_MOUNT_SETATTR, /* 5.12 */
	KERNEL_OVERLAY_PLUS,  /* lowerdir+ (6.7) */
	KERNEL_OVERLAY_FD,    /* layers of an overlay as descriptors, 6.13 */
	KERNEL_FEATURES
};
extern const char *const kernel_feature_name[KERNEL_FEATURES];

bool kernel_has(enum kernel_feature f);
/* Called when the kernel said no, and by tests. */
void kernel_lacks(enum kernel_feature f);
/* Forgets what was learned: for tests. */
void kernel_forget(void);
