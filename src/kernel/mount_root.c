/* SPDX-License-Identifier: BSD-2-Clause */
/* Of its own, as linux/stat.h, for a libc without statx(2), is not to be mixed with sys/stat.h. */
#include <fcntl.h>
#include <linux/stat.h>
#include <sys/syscall.h>

#include "kernel/mount.h"

bool kernel_is_mount_root(int dir, const char *name)
{
	struct statx x;

	return syscall(SYS_statx, dir, name, AT_EMPTY_PATH | AT_NO_AUTOMOUNT, 0, &x) == 0 &&
	       (x.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}
