/* SPDX-License-Identifier: BSD-2-Clause */
#include "remote/confine.h"

#include <sys/prctl.h>

int confine(struct err *e)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_sys(e, "give up privileges");
	return 0;
}
