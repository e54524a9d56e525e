/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/link.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* The oldest way: a socket of any family, and one call.  netlink would need a request, an
 * acknowledgement and a library to say no more. */
int kernel_loopback_up(struct err *e)
{
	auto_close int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };

	if (fd < 0)
		return err_sys(e, "socket");
	if (ioctl(fd, SIOCSIFFLAGS, &lo) < 0)
		return err_sys(e, "set the loopback interface up");
	return 0;
}
