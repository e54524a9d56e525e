/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program parses what strangers send, with a large HTTP client and a larger TLS library. Should
 * one of them be made to do what it must not, this is what is left to it.  In order:
 *
 * 1. A root of its own (as root): only what names and certificates are looked up in.  Must: the
 *    network, so that stays the machine's.  Mustn't: see state, homes, sockets of other services.
 * 2. Resources: no core file with a password in it, few descriptors, little memory.
 * 3. Who it is: nobody, without capabilities, and never with more than that.  Nobody's other
 *    processes may not trace it.
 * 4. Landlock: reads below the same paths, listens on no port, signals nobody outside.
 * 5. seccomp: the calls that the work makes.  An unknown one is ENOSYS, as a kernel without it
 * would say, since C libraries try new ones.  No exec, no fork: names are resolved in threads.
 */
#include "remote/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/text.h"
#include "kernel/mount.h"
#include "kernel/open.h"

enum { NOBODY = 65534, FILES_MAX = 256 };

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

static const char *const readable[] = {
	"/etc", /* resolv.conf, hosts, nsswitch.conf, gai.conf, ssl, pki */
	"/usr",
	"/lib",
	"/lib64",
	"/lib32",
	"/nix/store",
	"/gnu/store", /* name service modules */
	"/run/systemd/resolve",
	"/run/nscd",
	"/dev/null",
	"/dev/urandom",
};

/* Also where resolv.conf really lies, and authorities that the environment names. */
static struct texts all_readable(struct arena *a)
{
	struct texts all = { 0 };
	char *real = realpath("/etc/resolv.conf", NULL);

	for (size_t i = 0; i < ARRAY_LEN(readable); i++)
		texts_add(a, &all, readable[i]);
	if (real && (text_after(real, "/run/") || text_after(real, "/var/")))
		texts_add(a, &all, arena_strndup(a, real, strrchr(real, '/') - real));
	free(real);
	if (SANITIZED)
		texts_add(a, &all, "/proc");
	if (!text_empty(getenv("SSL_CERT_FILE")))
		texts_add(a, &all, getenv("SSL_CERT_FILE"));
	if (!text_empty(getenv("SSL_CERT_DIR")))
		texts_add(a, &all, getenv("SSL_CERT_DIR"));
	return all;
}

/* The path in the new root is what it is in the old one. */
static int show_path(int root, const char *path, struct err *e)
{
	char target[PATH_MAX];
	struct stat st;

	if (path[0] != '/' || lstat(path, &st) < 0)
		return 0;
	if (S_ISLNK(st.st_mode)) {
		/* /lib -> usr/lib */
		ssize_t len = readlink(path, target, sizeof(target) - 1);

		if (len < 0)
			return 0;
		target[len] = '\0';
		return symlinkat(target, root, path + 1) < 0 ? -errno : 0;
	}

	auto_close int from = kernel_mount_copy(AT_FDCWD, path, true, e);
	if (from < 0)
		return from;
	auto_close int to = S_ISDIR(st.st_mode)
				    ? kernel_mkdir_in(root, path, 0755, e)
				    : kernel_create_in(root, path, O_CREAT | O_CLOEXEC, 0644, e);
	return to < 0 ? to : kernel_mount_attach(from, to, NULL, e);
}

static int enter_root(int root, struct err *e)
{
	if (syscall(SYS_move_mount, root, "", AT_FDCWD, "/", 4 /* MOVE_MOUNT_F_EMPTY_PATH */) < 0 ||
	    fchdir(root) < 0)
		return err_sys(e, "enter a root of its own");
	if (syscall(SYS_pivot_root, ".", ".") == 0)
		umount2(".", MNT_DETACH);
	return chroot(".") < 0 ? err_sys(e, "enter a root of its own") : 0;
}

/* Where this may not be done, rootless or in some containers, the rest has to carry the weight. */
static void make_root(const struct texts *paths)
{
	struct err e;

	if (unshare(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return;

	auto_close int root = kernel_mount_new("tmpfs", "none", NULL, 0,
					       MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, &e);
	auto_close int above = root < 0 ? -1 : kernel_mkdir_in(root, "/dev", 0755, &e);
	if (above < 0)
		return;
	for (size_t i = 0; i < paths->n; i++)
		if (show_path(root, paths->v[i], &e) < 0)
			return;
	enter_root(root, &e);
}

static int limit(int resource, rlim_t value)
{
	return setrlimit(resource, &(struct rlimit){ value, value });
}

static int limit_resources(struct err *e)
{
	const rlim_t memory = 1ULL << 29;

	if (limit(RLIMIT_CORE, 0) < 0 || limit(RLIMIT_NOFILE, FILES_MAX) < 0 ||
	    (!SANITIZED && limit(RLIMIT_DATA, memory) < 0))
		return err_sys(e, "limit resources");
	return 0;
}

static int drop_privileges(struct err *e)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { 0 };

	/* In a user namespace without nobody in it the capabilities alone go. */
	if (geteuid() == 0 &&
	    (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
	     setresuid(NOBODY, NOBODY, NOBODY) < 0) &&
	    errno != EPERM && errno != EINVAL)
		return err_sys(e, "become nobody");
	if (syscall(SYS_capset, &header, none) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_DUMPABLE, SANITIZED, 0, 0, 0) < 0)
		return err_sys(e, "drop privileges");
	return 0;
}

/* Version 1 knows the first 13 rights, 2 adds REFER, 3 TRUNCATE, 4 the network's, 6 scopes. */
#define LANDLOCK_READ    (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define LANDLOCK_EVER    ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)
#define LANDLOCK_REFER   (1ULL << 13)
#define LANDLOCK_TRUNC   (1ULL << 14)
#define LANDLOCK_BIND    (1ULL << 0)
#define LANDLOCK_SCOPES  (1ULL << 0 | 1ULL << 1)
#define LANDLOCK_VERSION 1U

struct landlock_rules {
	uint64_t paths, network, scopes;
};

static int allow_reading(int rules, const char *path)
{
	auto_close int fd = open(path, O_PATH | O_CLOEXEC);
	struct landlock_path_beneath_attr below = { .allowed_access = LANDLOCK_READ,
						    .parent_fd = fd };
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return 0;
	if (!S_ISDIR(st.st_mode))
		below.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE;
	return syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &below, 0);
}

static int lock_paths(const struct texts *paths, struct err *e)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_VERSION);
	struct landlock_rules attr = {
		.paths = LANDLOCK_EVER | (version >= 2 ? LANDLOCK_REFER : 0) |
			 (version >= 3 ? LANDLOCK_TRUNC : 0),
		.network = version >= 4 ? LANDLOCK_BIND : 0,
		.scopes = version >= 6 ? LANDLOCK_SCOPES : 0,
	};
	auto_close int rules = -1;

	if (version < 1)
		return 0;
	rules = syscall(SYS_landlock_create_ruleset, &attr,
			version >= 6   ? 24
			: version >= 4 ? 16
				       : 8,
			0);
	if (rules < 0)
		return err_sys(e, "restrict the paths within reach");
	for (size_t i = 0; i < paths->n; i++)
		if (allow_reading(rules, paths->v[i]) < 0)
			return err_sys(e, "allow reading %s", paths->v[i]);
	if (syscall(SYS_landlock_restrict_self, rules, 0) < 0)
		return err_sys(e, "restrict the paths within reach");
	return 0;
}

static const int calls[] = {
	/* bytes */
	SCMP_SYS(read),
	SCMP_SYS(readv),
	SCMP_SYS(pread64),
	SCMP_SYS(write),
	SCMP_SYS(writev),
	SCMP_SYS(lseek),
	SCMP_SYS(_llseek),
	SCMP_SYS(close),
	SCMP_SYS(ftruncate),
	SCMP_SYS(ftruncate64),
	SCMP_SYS(fcntl),
	SCMP_SYS(fcntl64),
	SCMP_SYS(ioctl),
	SCMP_SYS(pipe2),
	SCMP_SYS(eventfd2),
	/* waiting */
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(ppoll_time64),
	SCMP_SYS(select),
	SCMP_SYS(_newselect),
	SCMP_SYS(pselect6),
	SCMP_SYS(epoll_create1),
	SCMP_SYS(epoll_ctl),
	SCMP_SYS(epoll_wait),
	SCMP_SYS(epoll_pwait),
	SCMP_SYS(nanosleep),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(clock_nanosleep_time64),
	/* names and certificates */
	SCMP_SYS(open),
	SCMP_SYS(openat),
	SCMP_SYS(access),
	SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2),
	SCMP_SYS(stat),
	SCMP_SYS(stat64),
	SCMP_SYS(lstat),
	SCMP_SYS(lstat64),
	SCMP_SYS(fstat),
	SCMP_SYS(fstat64),
	SCMP_SYS(newfstatat),
	SCMP_SYS(fstatat64),
	SCMP_SYS(statx),
	SCMP_SYS(readlink),
	SCMP_SYS(readlinkat),
	SCMP_SYS(getdents64),
	SCMP_SYS(uname),
	/* the network */
	SCMP_SYS(connect),
	SCMP_SYS(bind),
	SCMP_SYS(send),
	SCMP_SYS(sendto),
	SCMP_SYS(sendmsg),
	SCMP_SYS(sendmmsg),
	SCMP_SYS(recv),
	SCMP_SYS(recvfrom),
	SCMP_SYS(recvmsg),
	SCMP_SYS(getsockopt),
	SCMP_SYS(setsockopt),
	SCMP_SYS(getsockname),
	SCMP_SYS(getpeername),
	SCMP_SYS(shutdown),
	/* the process itself */
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(futex),
	SCMP_SYS(futex_time64),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(rseq),
	SCMP_SYS(sched_yield),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(getrandom),
	SCMP_SYS(getuid),
	SCMP_SYS(getuid32),
	SCMP_SYS(geteuid),
	SCMP_SYS(geteuid32),
	SCMP_SYS(getgid),
	SCMP_SYS(getgid32),
	SCMP_SYS(getegid),
	SCMP_SYS(getegid32),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(time),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_gettime64),
	SCMP_SYS(clock_getres),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	SCMP_SYS(restart_syscall),
};

static const int families[] = { AF_UNIX, AF_INET, AF_INET6, AF_NETLINK };

static int allow_sockets(scmp_filter_ctx filter)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(families) && r == 0; i++) {
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
				     SCMP_A0(SCMP_CMP_EQ, families[i]));
		if (r == 0)
			r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socketpair), 1,
					     SCMP_A0(SCMP_CMP_EQ, families[i]));
	}
	return r;
}

/* What can be written can't be executed. */
static int allow_memory(scmp_filter_ctx filter, int call)
{
	const int both = PROT_WRITE | PROT_EXEC;
	int r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1,
				 SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));

	/* Modules of the name service are loaded when they are first needed. */
	if (r == 0 && call != SCMP_SYS(mprotect))
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1,
				     SCMP_A2(SCMP_CMP_MASKED_EQ, both, PROT_EXEC));
	return r;
}

static int allow_threads(scmp_filter_ctx filter)
{
	const unsigned thread = CLONE_VM | CLONE_THREAD | CLONE_SIGHAND;

	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
				SCMP_A0(SCMP_CMP_MASKED_EQ, thread, thread));
}

static int lock_calls(struct err *e)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	int r = filter ? 0 : -ENOMEM;

	for (size_t i = 0; i < ARRAY_LEN(calls) && r == 0; i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
	if (r == 0)
		r = allow_sockets(filter);
	if (r == 0)
		r = allow_memory(filter, SCMP_SYS(mmap));
	if (r == 0)
		r = allow_memory(filter, SCMP_SYS(mmap2));
	if (r == 0)
		r = allow_memory(filter, SCMP_SYS(mprotect));
	if (r == 0)
		r = allow_threads(filter);
	if (r == 0)
		r = seccomp_load(filter);
	seccomp_release(filter);
	return r < 0 ? err_from(e, r, "restrict system calls") : 0;
}

int confine(struct err *e)
{
	AUTO(arena) a = arena_new();
	struct texts paths = all_readable(a);

	if (geteuid() == 0)
		make_root(&paths);
	if (limit_resources(e) < 0 || drop_privileges(e) < 0 || lock_paths(&paths, e) < 0)
		return err_wrap(e, "confine remote");
	/* Sanitizers look around in ways that are nobody's business. */
	if (!SANITIZED && lock_calls(e) < 0)
		return err_wrap(e, "confine remote");
	return 0;
}
