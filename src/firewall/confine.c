/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program parses what berth wrote, and what the kernel says of everybody's rules.  What is left
 * to it when its libraries are initialised:
 *
 * 1. Capabilities: CAP_NET_ADMIN, which the work needs, and never another one.
 * 2. Resources: no core file, few descriptors.
 * 3. seccomp: bytes on descriptors that are open, memory that isn't executable, and netlink sockets
 *    of netfilter.  No file can be opened, no program run.  An unknown call is ENOSYS, as a kernel
 *    without it would say; one that names files is EACCES.
 *
 * The filter is written by hand: beside libnftables the program links nothing.
 */
#include "firewall/confine.h"

#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

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

/* The kernel's name of this architecture; on another the filter would compare numbers that mean
 * something else, so there is none. */
#if defined(__x86_64__) && defined(__LP64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__arm__) && defined(__ARM_EABI__)
#define ARCHITECTURE AUDIT_ARCH_ARM
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCHITECTURE AUDIT_ARCH_RISCV64
#else
#define ARCHITECTURE 0
#endif

static int limit_resources(struct err *e)
{
	if (setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 }) < 0 ||
	    setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 64, 64 }) < 0)
		return err_sys(e, "limit resources");
	return 0;
}

static int drop_privileges(struct err *e)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[2];

	if (syscall(SYS_capget, &header, caps) < 0)
		return err_sys(e, "drop privileges");
	caps[0].permitted &= 1U << CAP_NET_ADMIN;
	caps[0].effective = caps[0].permitted;
	caps[1].permitted = caps[1].effective = 0;
	caps[0].inheritable = caps[1].inheritable = 0;
	if (syscall(SYS_capset, &header, caps) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_DUMPABLE, SANITIZED, 0, 0, 0) < 0)
		return err_sys(e, "drop privileges");
	return 0;
}

static const int allowed[] = {
	SYS_read,
	SYS_readv,
	SYS_write,
	SYS_writev,
	SYS_close,
	SYS_lseek,
	SYS_bind,
	SYS_sendto,
	SYS_sendmsg,
	SYS_recvfrom,
	SYS_recvmsg,
	SYS_getsockname,
	SYS_getsockopt,
	SYS_setsockopt,
	SYS_fcntl,
	SYS_ioctl,
	SYS_ppoll,
	SYS_pselect6,
	SYS_brk,
	SYS_munmap,
	SYS_mremap,
	SYS_madvise,
	SYS_futex,
	SYS_getrandom,
	SYS_getpid,
	SYS_gettid,
	SYS_geteuid,
	SYS_clock_gettime,
	SYS_rt_sigprocmask,
	SYS_rt_sigaction,
	SYS_rt_sigreturn,
	SYS_exit,
	SYS_exit_group,
	SYS_restart_syscall,
	SYS_fstat,
#ifdef SYS_fstat64
	SYS_fstat64,
#endif
#ifdef SYS_newfstatat
	SYS_newfstatat, /* how libc asks of a descriptor; of a path it tells no more than sizes */
#endif
#ifdef SYS_select
	SYS_select,
#endif
#ifdef SYS__newselect
	SYS__newselect,
#endif
#ifdef SYS_poll
	SYS_poll,
#endif
#ifdef SYS__llseek
	SYS__llseek,
#endif
#ifdef SYS_fcntl64
	SYS_fcntl64,
#endif
#ifdef SYS_clock_gettime64
	SYS_clock_gettime64,
#endif
#ifdef SYS_ppoll_time64
	SYS_ppoll_time64,
#endif
#ifdef SYS_pselect6_time64
	SYS_pselect6_time64,
#endif
#ifdef SYS_futex_time64
	SYS_futex_time64,
#endif
#ifdef SYS_geteuid32
	SYS_geteuid32,
#endif
};

/* Those with a rule on an argument. */
static const int mapping[] = {
#ifdef SYS_mmap
	SYS_mmap,
#endif
#ifdef SYS_mmap2
	SYS_mmap2,
#endif
	SYS_mprotect,
};

static const int naming[] = {
#ifdef SYS_open
	SYS_open,
#endif
	SYS_openat,
#ifdef SYS_access
	SYS_access,
#endif
	SYS_faccessat,
#ifdef SYS_readlink
	SYS_readlink,
#endif
	SYS_readlinkat,
};

struct program {
	struct sock_filter v[256];
	size_t n;
};

static void add(struct program *p, uint16_t code, uint8_t yes, uint8_t no, uint32_t k)
{
	p->v[p->n++] = (struct sock_filter){ code, yes, no, k };
}

static void load(struct program *p, size_t offset)
{
	add(p, BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)offset);
}

static void answer(struct program *p, uint32_t what)
{
	add(p, BPF_RET | BPF_K, 0, 0, what);
}

static void if_calls(struct program *p, const int *calls, size_t n, uint32_t what)
{
	for (size_t i = 0; i < n; i++) {
		add(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, (uint32_t)calls[i]);
		answer(p, what);
	}
}

/* The low half of an argument. */
static size_t argument(unsigned i)
{
	size_t high_first = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0;

	return offsetof(struct seccomp_data, args) + i * sizeof(uint64_t) + high_first;
}

static void write_program(struct program *p)
{
	const uint32_t no = SECCOMP_RET_ERRNO | 13 /* EACCES */;

	load(p, offsetof(struct seccomp_data, arch));
	add(p, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, ARCHITECTURE);
	answer(p, SECCOMP_RET_KILL_PROCESS);
	load(p, offsetof(struct seccomp_data, nr));
	if_calls(p, allowed, ARRAY_LEN(allowed), SECCOMP_RET_ALLOW);
	if_calls(p, naming, ARRAY_LEN(naming), no);
	for (size_t i = 0; i < ARRAY_LEN(mapping); i++) {
		add(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 4, (uint32_t)mapping[i]);
		load(p, argument(2));
		add(p, BPF_JMP | BPF_JSET | BPF_K, 0, 1, PROT_EXEC);
		answer(p, no);
		answer(p, SECCOMP_RET_ALLOW);
	}
	add(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 5, SYS_socket);
	load(p, argument(0));
	add(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 2, AF_NETLINK);
	load(p, argument(2));
	add(p, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, NETLINK_NETFILTER);
	answer(p, no);
	answer(p, SECCOMP_RET_ALLOW);
	answer(p, SECCOMP_RET_ERRNO | 38 /* ENOSYS */);
}

static int lock_calls(struct err *e)
{
	struct program p = { .n = 0 };
	struct sock_fprog all = { .filter = p.v };

	if (ARCHITECTURE == 0)
		return 0;
	write_program(&p);
	all.len = (unsigned short)p.n;
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &all, 0, 0) < 0)
		return err_sys(e, "restrict system calls");
	return 0;
}

int confine(struct err *e)
{
	if (limit_resources(e) < 0 || drop_privileges(e) < 0)
		return err_wrap(e, "confine firewall");
	/* Sanitizers look around in ways that are nobody's business. */
	if (!SANITIZED && lock_calls(e) < 0)
		return err_wrap(e, "confine firewall");
	return 0;
}
