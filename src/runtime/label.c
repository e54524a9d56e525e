/* SPDX-License-Identifier: BSD-2-Clause */
#include "runtime/label.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/log.h"

bool label_has_apparmor(void)
{
	char answer = 'N';
	int fd = open("/sys/module/apparmor/parameters/enabled", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	if (read(fd, &answer, 1) != 1)
		answer = 'N';
	close(fd);
	return answer == 'Y';
}

bool label_mounts(void)
{
	return access("/sys/fs/selinux/enforce", F_OK) == 0;
}

void label_find(const struct build *b, struct label *ret)
{
	static const char own[] = "thread-self/attr/apparmor/exec";
	static const char common[] = "thread-self/attr/exec";
	const char *profile = b->process->apparmor_profile;
	const char *selinux = b->process->selinux_label;

	*ret = (struct label){ 0 };
	if (!text_empty(selinux)) {
		if (label_mounts())
			*ret = (struct label){ selinux, common };
		else
			log_debug("SELinux is off: label %s is left out", selinux);
	} else if (!text_empty(profile)) {
		/* The file of its own is of 5.8; before that the first module has the common one.
		 */
		if (label_has_apparmor())
			*ret = (struct label){ arena_printf(b->a, "exec %s", profile),
					       access("/proc/thread-self/attr/apparmor", F_OK) == 0
						       ? own
						       : common };
		else
			log_debug("AppArmor is off: profile %s is left out", profile);
	}
}
