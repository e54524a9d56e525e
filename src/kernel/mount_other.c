/* SPDX-License-Identifier: BSD-2-Clause */
/* Mounts of other mount namespaces: only who is inside one may copy from it (open_tree(2)). */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/mount.h"

#define STACK_SIZE 65536

struct visit {
	int ns;
	const char *path;
	bool recursive;
	int result; /* the mount, or -errno */
};

/* In a process that shares this one's memory and descriptors, but not where it is. */
static int visit(void *arg)
{
	struct visit *v = arg;

	v->result = setns(v->ns, CLONE_NEWNS) < 0
			    ? -errno
			    : kernel_mount_copy(AT_FDCWD, v->path, v->recursive, NULL);
	return 0;
}

int kernel_mount_copy_of(pid_t pid, const char *path, bool recursive, struct err *e)
{
	_Alignas(16) char stack[STACK_SIZE];
	struct visit v = { .path = path, .recursive = recursive, .result = -ECHILD };
	char name[64];
	pid_t child;

	snprintf(name, sizeof(name), "/proc/%d/ns/mnt", pid);
	v.ns = open(name, O_RDONLY | O_CLOEXEC);
	if (v.ns < 0)
		return err_sys(e, "open %s", name);
	child = clone(visit, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD,
		      &v);
	if (child < 0)
		v.result = -errno;
	else
		while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {
		}
	close(v.ns);
	return v.result < 0 ? err_from(e, v.result, "copy the mount %s of process %d", path, pid)
			    : v.result;
}
