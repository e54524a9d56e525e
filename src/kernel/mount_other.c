/* SPDX-License-Identifier: BSD-2-Clause */
/* Mounts of other mount namespaces: only who is inside one may copy from it (open_tree(2)). */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
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

/* Runs it in a process that shares this one's memory and descriptors; its result is in what arg is.
 */
static int run_apart(int (*work)(void *arg), void *arg)
{
	_Alignas(16) char stack[STACK_SIZE];
	pid_t child = clone(work, stack + sizeof(stack),
			    CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD, arg);

	if (child < 0)
		return -errno;
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {
	}
	return 0;
}

int kernel_mount_copy_of(pid_t pid, const char *path, bool recursive, struct err *e)
{
	struct visit v = { .path = path, .recursive = recursive, .result = -ECHILD };
	char name[64];
	int r;

	snprintf(name, sizeof(name), "/proc/%d/ns/mnt", pid);
	v.ns = open(name, O_RDONLY | O_CLOEXEC);
	if (v.ns < 0)
		return err_sys(e, "open %s", name);
	r = run_apart(visit, &v);
	close(v.ns);
	if (r == 0)
		r = v.result;
	return r < 0 ? err_from(e, r, "copy the mount %s of process %d", path, pid) : r;
}

struct part {
	int mount, inside;
	int result;
};

/* Only what is attached can be copied in part: so it is, in a mount namespace of its own. */
static int copy_part(void *arg)
{
	struct part *p = arg;
	int root = unshare(CLONE_NEWNS) < 0 ? -1 : open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	p->result = root < 0 ? -errno : 0;
	if (root >= 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		p->result = -errno;
	if (p->result == 0)
		p->result = kernel_mount_attach(p->mount, root, NULL, NULL);
	if (p->result == 0)
		p->result = kernel_mount_copy(p->inside, "", false, NULL);
	if (root >= 0)
		close(root);
	return 0;
}

int kernel_mount_copy_part(int mount, int inside, struct err *e)
{
	struct part p = { .mount = mount, .inside = inside, .result = -ECHILD };
	int r = run_apart(copy_part, &p);

	if (r == 0)
		r = p.result;
	return r < 0 ? err_from(e, r, "copy a part of a mount") : r;
}
