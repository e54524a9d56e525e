/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program reads bytes that anyone may have made, through libraries that are large.  Should one
 * of them be made to do what it must not, this is what is left to it.  In order:
 *
 * 1. Namespaces.  Must: an empty network, no host name, no System V IPC, and mounts of its own.  A
 *    PID namespace would hold children only, and there will be none: kill, ptrace and clone are not
 *    among the calls of 6.  Where the caller may not have namespaces (rootless without subordinate
 *    ids), 5 and 6 carry the weight.
 * 2. Mounts.  Must: the tree is the root of a copy of its mount, without devices, programs and
 *    set-user-id, read-only where nothing is to be written, attached nowhere and reached by its
 *    descriptor alone.  Mustn't: see any other: the process's own root is empty.
 * 3. Resources.  Must: no core file with an image's secrets, few descriptors, memory for the
 * largest window of zstd and xz and for long lists of directories, and not for more.
 * 4. Privileges.  Must: owners, modes, device nodes and file capabilities can be set, since that is
 *    the work.  Mustn't: CAP_SYS_ADMIN, except to read trusted.overlay.opaque when packing; the
 *    engine sets it when extracting.  No new ones, ever; nobody may trace the process.
 * 5. Landlock, from its second version on (the first forbids hard links between directories).
 *    Must: nothing but what is below the trees.
 * 6. seccomp.  Must: the calls that the work makes, and no other.  Memory can't become executable.
 *    An unknown call is ENOSYS, as a kernel without it would say, since C libraries try new ones.
 */
#include "unpack/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/capability.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/kernel.h"

#define FILES_MAX 256

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED true
#endif
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif

static bool writes(const struct unpack_request *how)
{
	return how->mode == UNPACK_LAYER || how->mode == UNPACK_EXTRACT;
}

static bool reads_trusted(const struct unpack_request *how)
{
	return how->mode == UNPACK_PACK && how->whiteouts && !how->user_xattr;
}

/* The directory fd becomes the root of a mount of its own: 1, or 0 if that isn't ours to make. */
static int isolate_tree(int fd, bool read_only, struct err *e)
{
	struct kernel_mount_set set = {
		.set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC |
		       (read_only ? MOUNT_ATTR_RDONLY : 0),
	};
	auto_close int mount = kernel_mount_copy(fd, "", false, e);
	int r;

	/* Before Linux 6.15 a detached mount can't be copied; it has no way up anyway. */
	if (mount == -EPERM || mount == -EINVAL)
		return mount == -EINVAL;
	if (mount < 0)
		return mount;
	/* A kernel that can't change what is attached nowhere (-EINVAL) leaves it as it is: the
	 * flags are a second fence, behind privileges and calls. */
	r = kernel_mount_set(mount, &set, e);
	if (r < 0 && r != -EINVAL)
		return r;
	return dup3(mount, fd, O_CLOEXEC) < 0 ? err_sys(e, "the tree") : 1;
}

/* An empty root in the place of all: the trees are reached by their descriptors alone. */
static int enter_void(struct err *e)
{
	auto_close int root = kernel_mount_new("tmpfs", "none", NULL, 0, MOUNT_ATTR_RDONLY, e);

	if (root < 0)
		return root;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return err_sys(e, "make mounts private");
	if (syscall(SYS_move_mount, root, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0 ||
	    fchdir(root) < 0)
		return err_sys(e, "enter an empty root");
	/* An initial RAM file system can't be pivoted away from; it is out of reach all the same.
	 */
	if (syscall(SYS_pivot_root, ".", ".") == 0)
		umount2(".", MNT_DETACH);
	return chroot(".") < 0 ? err_sys(e, "enter an empty root") : 0;
}

static int enter_namespaces(const struct unpack_request *how, struct err *e)
{
	int r = 1;

	/* Copies can be made only of mounts in the namespace that we are in. */
	if (how->mode != UNPACK_INDEX)
		r = isolate_tree(UNPACK_FD_TREE, !writes(how), e);
	if (r == 1 && how->with_lower)
		r = isolate_tree(UNPACK_FD_LOWER, true, e);
	if (r != 1)
		return r;
	if (unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS) < 0)
		return errno == EPERM ? 0 : err_sys(e, "make namespaces");
	return enter_void(e);
}

static int limit(int resource, rlim_t value)
{
	return setrlimit(resource, &(struct rlimit){ value, value });
}

static int limit_resources(struct err *e)
{
	/* 128 MiB of zstd's window or 256 of xz's, and some 100 bytes for each of 4 million names.
	 */
	const rlim_t memory = 2ULL << 30;

	if (limit(RLIMIT_CORE, 0) < 0 || limit(RLIMIT_NOFILE, FILES_MAX) < 0 ||
	    (!SANITIZED && limit(RLIMIT_DATA, memory < RLIM_INFINITY ? memory : RLIM_INFINITY) < 0))
		return err_sys(e, "limit resources");
	return 0;
}

static int drop_privileges(const struct unpack_request *how, struct err *e)
{
	static const cap_value_t to_write[] = { CAP_CHOWN,  CAP_DAC_OVERRIDE, CAP_FOWNER,
						CAP_FSETID, CAP_MKNOD,        CAP_SETFCAP };
	static const cap_value_t to_read[] = { CAP_DAC_READ_SEARCH, CAP_SYS_ADMIN };
	cap_t now = cap_get_proc(), want = cap_init(), may = cap_init();
	int r = -1;

	if (now && want && may) {
		cap_flag_value_t set;

		if (writes(how))
			cap_set_flag(want, CAP_PERMITTED, ARRAY_LEN(to_write), to_write, CAP_SET);
		else
			cap_set_flag(want, CAP_PERMITTED, reads_trusted(how) ? 2 : 1, to_read,
				     CAP_SET);
		for (cap_value_t c = 0; c <= CAP_LAST_CAP; c++) {
			if (cap_get_flag(want, c, CAP_PERMITTED, &set) < 0 || set == CAP_CLEAR ||
			    cap_get_flag(now, c, CAP_PERMITTED, &set) < 0 || set == CAP_CLEAR)
				continue;
			cap_set_flag(may, CAP_PERMITTED, 1, &c, CAP_SET);
			cap_set_flag(may, CAP_EFFECTIVE, 1, &c, CAP_SET);
		}
		r = cap_set_proc(may);
	}
	cap_free(now);
	cap_free(want);
	cap_free(may);
	if (r < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_DUMPABLE, SANITIZED, 0, 0, 0) < 0)
		return err_sys(e, "drop privileges");
	return 0;
}

/* Version 1 of the interface knows the first 13 rights, 2 adds REFER, 3 TRUNCATE. */
#define LANDLOCK_READ    (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define LANDLOCK_EVER    ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)
#define LANDLOCK_REFER   (1ULL << 13)
#define LANDLOCK_TRUNC   (1ULL << 14)
#define LANDLOCK_VERSION 1U

static int landlock_allow(int rules, int dir, uint64_t rights)
{
	struct landlock_path_beneath_attr below = { .allowed_access = rights, .parent_fd = dir };

	return (int)syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &below, 0);
}

static int lock_paths(const struct unpack_request *how, struct err *e)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_VERSION);
	struct landlock_ruleset_attr attr = {
		.handled_access_fs =
			LANDLOCK_EVER | LANDLOCK_REFER | (version >= 3 ? LANDLOCK_TRUNC : 0),
	};
	uint64_t rights = LANDLOCK_READ;
	auto_close int rules = -1;

	if (version < 2)
		return 0;
	if (writes(how))
		rights = attr.handled_access_fs & ~(uint64_t)LANDLOCK_ACCESS_FS_EXECUTE;
	rules = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (rules < 0 ||
	    (how->mode != UNPACK_INDEX && landlock_allow(rules, UNPACK_FD_TREE, rights) < 0) ||
	    (how->with_lower && landlock_allow(rules, UNPACK_FD_LOWER, LANDLOCK_READ) < 0) ||
	    syscall(SYS_landlock_restrict_self, rules, 0) < 0)
		return err_sys(e, "restrict the paths within reach");
	return 0;
}

static const int calls[] = {
	/* bytes */
	SCMP_SYS(read),
	SCMP_SYS(pread64),
	SCMP_SYS(readv),
	SCMP_SYS(write),
	SCMP_SYS(pwrite64),
	SCMP_SYS(writev),
	SCMP_SYS(lseek),
	SCMP_SYS(_llseek),
	SCMP_SYS(close),
	SCMP_SYS(ftruncate),
	SCMP_SYS(ftruncate64),
	SCMP_SYS(fadvise64),
	/* names */
	SCMP_SYS(open),
	SCMP_SYS(openat),
	SCMP_SYS(openat2),
	SCMP_SYS(mkdirat),
	SCMP_SYS(mknodat),
	SCMP_SYS(symlinkat),
	SCMP_SYS(linkat),
	SCMP_SYS(unlinkat),
	SCMP_SYS(readlink),
	SCMP_SYS(readlinkat),
	SCMP_SYS(getdents64),
	SCMP_SYS(fchdir),
	SCMP_SYS(fstat),
	SCMP_SYS(fstat64),
	SCMP_SYS(stat),
	SCMP_SYS(lstat),
	SCMP_SYS(newfstatat),
	SCMP_SYS(fstatat64),
	SCMP_SYS(statx),
	SCMP_SYS(umask),
	SCMP_SYS(fcntl),
	SCMP_SYS(fcntl64),
	SCMP_SYS(dup),
	SCMP_SYS(statfs),
	SCMP_SYS(fstatfs),
	/* what they have */
	SCMP_SYS(chmod),
	SCMP_SYS(fchmod),
	SCMP_SYS(fchmodat),
	SCMP_SYS(fchown),
	SCMP_SYS(fchown32),
	SCMP_SYS(fchownat),
	SCMP_SYS(utimensat),
	SCMP_SYS(utimensat_time64),
	SCMP_SYS(setxattr),
	SCMP_SYS(lsetxattr),
	SCMP_SYS(fsetxattr),
	SCMP_SYS(lgetxattr),
	SCMP_SYS(llistxattr),
	/* the process itself */
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(futex),
	SCMP_SYS(getrandom),
	SCMP_SYS(memfd_create),
	SCMP_SYS(geteuid),
	SCMP_SYS(geteuid32),
	SCMP_SYS(getegid),
	SCMP_SYS(getegid32),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_gettime64),
	SCMP_SYS(futex_time64),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	SCMP_SYS(restart_syscall),
};

static int allow_memory(scmp_filter_ctx filter, int call)
{
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1,
				SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
}

static int lock_calls(struct err *e)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	int r = filter ? 0 : -ENOMEM;

	for (size_t i = 0; i < ARRAY_LEN(calls) && r == 0; i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
	if (r == 0)
		r = allow_memory(filter, SCMP_SYS(mmap));
	if (r == 0)
		r = allow_memory(filter, SCMP_SYS(mmap2));
	if (r == 0)
		r = allow_memory(filter, SCMP_SYS(mprotect));
	if (r == 0)
		r = seccomp_load(filter);
	seccomp_release(filter);
	return r < 0 ? err_from(e, r, "restrict system calls") : 0;
}

int confine(const struct unpack_request *how, struct err *e)
{
	if (enter_namespaces(how, e) < 0 || limit_resources(e) < 0 || drop_privileges(how, e) < 0 ||
	    lock_paths(how, e) < 0)
		return err_wrap(e, "confine unpack");
	/* Sanitizers look around in ways that are nobody's business. */
	if (!SANITIZED && lock_calls(e) < 0)
		return err_wrap(e, "confine unpack");
	return 0;
}
