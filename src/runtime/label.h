/* SPDX-License-Identifier: BSD-2-Clause */
/* AppArmor profiles and SELinux labels; private to this module. */
#pragma once

#include "runtime/step.h"

struct label {
	const char *text; /* what is written; NULL: nothing */
	const char *file; /* to which file, from the root of procfs */
};

/* What the program's exec is to be labelled with.  A label for a security module that this kernel
 * doesn't run is left out, as crun does. */
void label_find(const struct build *b, struct label *ret);
bool label_has_apparmor(void);
/* Is SELinux on, so that linux.mountLabel means something? */
bool label_mounts(void);
