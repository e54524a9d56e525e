/* SPDX-License-Identifier: BSD-2-Clause */
/* Any bytes as the passwd of a container whose user 1000 is looked for. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/scope.h"
#include "runtime/home.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	auto_close int fd = memfd_create("passwd", MFD_CLOEXEC);
	char home[64] = "/";

	if (fd < 0 || write(fd, data, len) != (ssize_t)len || lseek(fd, 0, SEEK_SET) != 0)
		return 0;
	home_read(fd, 1000, home, sizeof(home));
	if (strnlen(home, sizeof(home)) == sizeof(home) || !*home || strpbrk(home, ":\n"))
		__builtin_trap();
	return 0;
}
