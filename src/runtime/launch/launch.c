/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The last thing of ours that runs in a container: loads the system call filter, gives up what that
 * needed, and executes the program.  It is a program of its own, without a libc, so that
 * /proc/self/exe never is berth while somebody else's program is being executed, and so small that
 * it costs some 50 microseconds.  The runtime embeds its bytes.
 */
#include "runtime/launch/launch.h"

#include <asm/ioctls.h>
#include <asm/unistd.h>
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/filter.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/signal.h>

#include "kernel/raw_call.h"

#define SET_DESCRIPTOR_FLAGS 2         /* F_SETFD */
#define CLOSE_ON_EXEC        1         /* FD_CLOEXEC */
#define OPEN_FROM_HERE       -100      /* AT_FDCWD */
#define OPEN_TO_WRITE        1         /* O_WRONLY */
#define OPEN_PATH            010000000 /* O_PATH */

#if defined(__x86_64__)
__asm__(".globl _start\n"
	"_start:\n"
	"	xor %ebp, %ebp\n"
	"	mov %rsp, %rdi\n"
	"	and $-16, %rsp\n"
	"	call launch_main\n");
#elif defined(__aarch64__)
__asm__(".globl _start\n"
	"_start:\n"
	"	mov x29, #0\n"
	"	mov x30, #0\n"
	"	mov x0, sp\n"
	"	bl launch_main\n");
#elif defined(__arm__)
__asm__(".globl _start\n"
	"_start:\n"
	"	mov fp, #0\n"
	"	mov r0, sp\n"
	"	bic sp, sp, #7\n"
	"	bl launch_main\n");
#elif defined(__riscv) && __riscv_xlen == 64
__asm__(".globl _start\n"
	"_start:\n"
	"	mv a0, sp\n"
	"	andi sp, sp, -16\n"
	"	call launch_main\n");
#else
#error "the launcher does not know how to begin on this architecture yet"
#endif

static union {
	struct launch launch;
	char bytes[LAUNCH_MAX];
} told;

void launch_main(long *stack);

static void fail(enum launch_step step, long code, unsigned path)
{
	struct launch_report r = {
		.kind = SYNC_LAUNCH, .step = step, .code = (int32_t)-code, .path = path
	};

	raw_call(__NR_write, told.launch.report, (long)&r, sizeof(r), 0, 0);
	raw_call(__NR_exit_group, 127, 0, 0, 0, 0);
	__builtin_unreachable();
}

static int number(const char *s)
{
	int n = 0;

	for (; *s; s++)
		n = n * 10 + (*s - '0');
	return n;
}

static void read_all(int fd)
{
	unsigned long have = 0;
	long n = 1;

	raw_call(__NR_lseek, fd, LAUNCH_AT, 0, 0, 0);
	while (have < sizeof(told) && n > 0) {
		n = raw_call(__NR_read, fd, (long)(told.bytes + have), (long)(sizeof(told) - have),
			     0, 0);
		if (n > 0)
			have += (unsigned long)n;
	}
	if (n < 0 || have < sizeof(struct launch))
		raw_call(__NR_exit_group, 127, 0, 0, 0, 0);
}

/* The listener is this process's to give away before anything can be notified of, and write() is
 * the one call that never is; its parent takes the descriptor out of here. */
static void load_filter(const struct launch *l, struct sock_filter *program)
{
	struct sock_fprog prog = { .len = (unsigned short)l->filter_len, .filter = program };
	struct launch_report r = { .kind = SYNC_LISTENER };
	long n =
		raw_call(__NR_seccomp, SECCOMP_SET_MODE_FILTER, l->filter_flags, (long)&prog, 0, 0);
	char go;

	if (n < 0)
		fail(LAUNCH_SECCOMP, n, 0);
	if (!l->notifies)
		return;
	r.code = (int32_t)n;
	raw_call(__NR_write, l->report, (long)&r, sizeof(r), 0, 0);
	raw_call(__NR_read, l->report, (long)&go, 1, 0, 0);
	raw_call(__NR_close, n, 0, 0, 0, 0);
}

/* Whoever is in the container's pid namespace, with CAP_SYS_PTRACE perhaps, sees nothing of the
 * runtime's: neither its binary nor a descriptor.  What was done so far was done outside; the child
 * is the first to be in there.  It is the runtime's child, not this process's, and waits until it
 * is known there. */
static void be_born(const struct launch *l)
{
	struct launch_report r = { .kind = SYNC_BORN };
	char go;
	long n;

	raw_call(__NR_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
	n = raw_call(__NR_clone, CLONE_PARENT, 0, 0, 0, 0);
	if (n < 0)
		fail(LAUNCH_CLONE, n, 0);
	if (n > 0) {
		r.code = (int32_t)n;
		raw_call(__NR_write, l->report, (long)&r, sizeof(r), 0, 0);
		raw_call(__NR_exit_group, 0, 0, 0, 0, 0);
	}
	if (l->die_with_parent)
		raw_call(__NR_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (raw_call(__NR_read, l->report, (long)&go, 1, 0, 0) != 1)
		raw_call(__NR_exit_group, 127, 0, 0, 0, 0);
	raw_call(__NR_setsid, 0, 0, 0, 0, 0);
	n = l->terminal ? raw_call(__NR_ioctl, 0, TIOCSCTTY, 0, 0, 0) : 0;
	if (n < 0)
		fail(LAUNCH_TERMINAL, n, 0);
}

static void set_capabilities(const struct launch *l)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];
	long n;

	for (int i = 0; i < 2; i++) {
		data[i].effective = (uint32_t)(l->effective >> 32 * i);
		data[i].permitted = (uint32_t)(l->permitted >> 32 * i);
		data[i].inheritable = (uint32_t)(l->inheritable >> 32 * i);
	}
	n = raw_call(__NR_capset, (long)&head, (long)data, 0, 0, 0);
	if (n < 0)
		fail(LAUNCH_CAPABILITIES, n, 0);
}

/* What the next exec makes of us.  A thread may write only its own, and only of the memory it has
 * now, so nobody can do it for us; and it must be procfs, and nothing that the container has
 * mounted in it, which gets it. */
static void set_label(const char *label, unsigned long len, const char *file)
{
	struct open_how how = { .flags = OPEN_TO_WRITE, .resolve = RESOLVE_NO_XDEV };
	long fs[32] = { 0 }; /* struct statfs begins with the type, in a long */
	long proc = raw_call(__NR_openat, OPEN_FROM_HERE, (long)"/proc", OPEN_PATH, 0, 0), n = proc;
	long fd = -1;

	if (n >= 0)
		n = raw_call(__NR_fstatfs, proc, (long)fs, 0, 0, 0);
	if (n >= 0 && fs[0] != PROC_SUPER_MAGIC)
		n = -EACCES;
	if (n >= 0)
		n = fd = raw_call(__NR_openat2, proc, (long)file, (long)&how, sizeof(how), 0);
	if (n >= 0)
		n = raw_call(__NR_write, fd, (long)label, (long)len, 0, 0);
	if (n < 0)
		fail(LAUNCH_LABEL, n, 0);
	raw_call(__NR_close, fd, 0, 0, 0, 0);
	raw_call(__NR_close, proc, 0, 0, 0, 0);
}

/* As execvp(3) goes on: over what isn't there, and over what may not be, which then is what is
 * said in the end. */
static void execute(const char *paths, unsigned long len, long argv, long envp)
{
	const char *end = paths + len;
	long said = -ENOENT;
	unsigned said_of = 0;

	for (unsigned i = 0; paths < end; i++) {
		long n = raw_call(__NR_execve, (long)paths, argv, envp, 0, 0);

		if (n == -EACCES && said != -EACCES) {
			said = n;
			said_of = i;
		} else if (n != -EACCES && n != -ENOENT && n != -ENOTDIR) {
			fail(LAUNCH_EXEC, n, i);
		}
		while (*paths++)
			;
	}
	fail(LAUNCH_EXEC, said, said_of);
}

void launch_main(long *stack)
{
	long *argv = stack + 1, *envp = stack + 1 + stack[0] + 1;
	int self = number((const char *)argv[0]);
	const struct launch *l = &told.launch;
	struct sock_filter *program = (struct sock_filter *)(void *)(told.bytes + sizeof(*l));
	const char *paths, *label;
	long n;

	read_all(self);
	paths = (const char *)(program + l->filter_len);
	label = paths + l->paths_len;
	raw_call(__NR_close, self, 0, 0, 0, 0);
	raw_call(__NR_fcntl, l->report, SET_DESCRIPTOR_FLAGS, CLOSE_ON_EXEC, 0, 0);
	if (l->clones)
		be_born(l);
	if (l->label_len)
		set_label(label, l->label_len, label + l->label_len);
	if (l->no_new_privileges) {
		n = raw_call(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		if (n < 0)
			fail(LAUNCH_PRIVILEGES, n, 0);
	}
	if (l->filter_len)
		load_filter(l, program);
	if (l->set_capabilities)
		set_capabilities(l);
	execute(paths, l->paths_len, (long)(argv + 1), (long)envp);
}
