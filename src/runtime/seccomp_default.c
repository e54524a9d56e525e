/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The default profile: what a container may call unless told otherwise.  It is the set of calls
 * that podman allows, as Debian 12 has it, which differs from Docker's in allowing unshare(),
 * setns(), mount() and keyctl() and leaving them to the kernel's own checks: containers in
 * containers and user namespaces inside then work without a capability.
 *
 * Of the calls that came after that set was fixed (numbers above 450), those are allowed that are
 * variants of allowed ones.
 *
 * What is not listed gets ENOSYS, so that a C library that tries a newer call falls back.  What is
 * known and refused gets EPERM, which is what its callers expect of a call they may not make.
 */
#include <errno.h>
#include <linux/capability.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/socket.h>

#include "runtime/capability.h"
#include "runtime/seccomp_arch.h"

#define CAP(name) (1ULL << CAP_##name)

/* Words between blanks. Calls that exist on other architectures only are skipped when compiling. */
struct calls {
	const char *names;
	uint64_t capability; /* allowed with it, else EPERM; 0: always allowed */
	const char *arches;  /* Go's names; NULL: all */
};

static const struct calls allowed[] = {
	/* files by name */
	{ "access chdir chmod chown chown32 creat execve execveat faccessat faccessat2 "
	  "fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat fstat fstat64 fstatat64 fstatfs "
	  "fstatfs64 futimesat getcwd lchown lchown32 link linkat lstat lstat64 mkdir mkdirat mknod "
	  "mknodat name_to_handle_at newfstatat open openat openat2 readlink readlinkat rename renameat "
	  "renameat2 rmdir stat stat64 statfs statfs64 statx symlink symlinkat truncate truncate64 "
	  "umask unlink unlinkat utime utimensat utimensat_time64 utimes" },
	/* extended attributes */
	{ "fgetxattr flistxattr fremovexattr fsetxattr getxattr getxattrat lgetxattr listxattr "
	  "listxattrat llistxattr lremovexattr lsetxattr removexattr removexattrat setxattr "
	  "setxattrat" },
	/* descriptors and what is read and written through them */
	{ "_llseek cachestat close close_range copy_file_range dup dup2 dup3 fadvise64 fadvise64_64 "
	  "fallocate fcntl fcntl64 fdatasync flock fsync ftruncate ftruncate64 getdents getdents64 "
	  "ioctl io_cancel io_destroy io_getevents io_setup io_submit lseek pipe pipe2 pread64 preadv "
	  "preadv2 pwrite64 pwritev pwritev2 read readahead readdir readv sendfile sendfile64 splice "
	  "sync sync_file_range syncfs tee write writev" },
	/* waiting for descriptors, and being told of changes */
	{ "_newselect epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 "
	  "epoll_wait epoll_wait_old eventfd eventfd2 fanotify_mark inotify_add_watch inotify_init "
	  "inotify_init1 inotify_rm_watch poll ppoll ppoll_time64 pselect6 pselect6_time64 select" },
	/* memory */
	{ "brk get_mempolicy madvise map_shadow_stack mbind membarrier memfd_create memfd_secret "
	  "mincore mlock mlock2 mlockall mmap mmap2 mprotect mremap mseal msync munlock munlockall "
	  "munmap pkey_alloc pkey_free pkey_mprotect remap_file_pages set_mempolicy" },
	/* processes and threads */
	{ "clone clone3 exit exit_group fork futex futex_requeue futex_time64 futex_wait "
	  "futex_wake get_robust_list get_thread_area getpgid getpgrp getpid getppid getsid gettid "
	  "kill pidfd_getfd pidfd_open pidfd_send_signal prctl process_mrelease process_vm_readv "
	  "process_vm_writev ptrace restart_syscall rseq set_robust_list set_thread_area "
	  "set_tid_address setpgid setsid tgkill tkill vfork wait4 waitid waitpid" },
	/* signals */
	{ "alarm pause rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn "
	  "rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo sigaction "
	  "sigaltstack signal signalfd signalfd4 sigpending sigprocmask sigreturn sigsuspend" },
	/* who one is */
	{ "capget capset getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32 "
	  "getresgid getresgid32 getresuid getresuid32 getuid getuid32 setfsgid setfsgid32 setfsuid "
	  "setfsuid32 setgid setgid32 setgroups setgroups32 setregid setregid32 setresgid "
	  "setresgid32 setresuid setresuid32 setreuid setreuid32 setuid setuid32" },
	/* limits, priorities, scheduling */
	{ "getcpu getpriority getrlimit getrusage ioprio_get ioprio_set prlimit64 "
	  "sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr "
	  "sched_getparam sched_getscheduler sched_rr_get_interval sched_rr_get_interval_time64 "
	  "sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield setpriority "
	  "setrlimit times ugetrlimit" },
	/* time; the kernel asks for CAP_SYS_TIME where adjtimex() would set something */
	{ "adjtimex clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime "
	  "clock_gettime64 clock_nanosleep clock_nanosleep_time64 getitimer gettimeofday nanosleep "
	  "setitimer time timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64 "
	  "timer_settime timer_settime64 timerfd timerfd_create timerfd_gettime timerfd_gettime64 "
	  "timerfd_settime timerfd_settime64" },
	/* sockets, but for socket() itself */
	{ "accept accept4 bind connect getpeername getsockname getsockopt listen recv recvfrom "
	  "recvmmsg recvmmsg_time64 recvmsg send sendmmsg sendmsg sendto setsockopt shutdown "
	  "socketcall socketpair" },
	/* messages, semaphores, shared memory */
	{ "ipc mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend "
	  "mq_timedsend_time64 mq_unlink msgctl msgget msgrcv msgsnd semctl semget semop semtimedop "
	  "semtimedop_time64 shmat shmctl shmdt shmget" },
	/* mounts and namespaces: the kernel asks for capabilities in the caller's user namespace */
	{ "fsconfig fsmount fsopen fspick mount mount_setattr move_mount open_tree pivot_root setns "
	  "umount umount2 unshare" },
	/* restricting oneself, keys, and knowing the system */
	{ "getrandom keyctl landlock_add_rule landlock_create_ruleset landlock_restrict_self reboot "
	  "seccomp syscall sysinfo syslog uname" },

	/* architectures of their own ways */
	{ .names = "sync_file_range2", .arches = "ppc64le" },
	{ .names = "arm_fadvise64_64 arm_sync_file_range breakpoint cacheflush set_tls "
		   "sync_file_range2",
	  .arches = "arm arm64" },
	{ .names = "arch_prctl", .arches = "amd64 x32" },
	{ .names = "modify_ldt", .arches = "amd64 x32 x86" },
	{ .names = "s390_pci_mmio_read s390_pci_mmio_write s390_runtime_instr",
	  .arches = "s390 s390x" },
	{ .names = "riscv_flush_icache riscv_hwprobe", .arches = "riscv64" },

	/* what a capability opens */
	{ "open_by_handle_at", CAP(DAC_READ_SEARCH) },
	{ "bpf fanotify_init lookup_dcookie perf_event_open quotactl setdomainname sethostname",
	  CAP(SYS_ADMIN) },
	{ "chroot", CAP(SYS_CHROOT) },
	{ "delete_module finit_module init_module query_module", CAP(SYS_MODULE) },
	{ "acct", CAP(SYS_PACCT) },
	{ "kcmp process_madvise", CAP(SYS_PTRACE) },
	{ "ioperm iopl", CAP(SYS_RAWIO) },
	{ "clock_settime clock_settime64 settimeofday stime", CAP(SYS_TIME) },
	{ "vhangup", CAP(SYS_TTY_CONFIG) },
};

/* Known, and for nobody: another kernel's start, swap, moving others' pages, and what is obsolete.
 */
static const char refused[] =
	"bdflush io_pgetevents kexec_file_load kexec_load migrate_pages move_pages nfsservctl nice "
	"oldfstat oldlstat oldolduname oldstat olduname pciconfig_iobase pciconfig_read "
	"pciconfig_write sgetmask ssetmask swapcontext swapoff swapon sysfs uselib userfaultfd ustat "
	"vm86 vm86old vmsplice";

/* Execution domains that change no protection: Linux, with 2.6 version numbers or 32-bit names, and
 * asking. ADDR_NO_RANDOMIZE and READ_IMPLIES_EXEC are not among them. */
static const uint64_t personalities[] = {
	PER_LINUX, PER_LINUX32, UNAME26, PER_LINUX32 | UNAME26, 0xffffffff,
};

static const struct {
	const char *arch, *also[3];
} families[] = {
	{ "SCMP_ARCH_X86_64", { "SCMP_ARCH_X86", "SCMP_ARCH_X32" } },
	{ "SCMP_ARCH_AARCH64", { "SCMP_ARCH_ARM" } },
	{ "SCMP_ARCH_MIPS64", { "SCMP_ARCH_MIPS", "SCMP_ARCH_MIPS64N32" } },
	{ "SCMP_ARCH_MIPS64N32", { "SCMP_ARCH_MIPS", "SCMP_ARCH_MIPS64" } },
	{ "SCMP_ARCH_MIPSEL64", { "SCMP_ARCH_MIPSEL", "SCMP_ARCH_MIPSEL64N32" } },
	{ "SCMP_ARCH_MIPSEL64N32", { "SCMP_ARCH_MIPSEL", "SCMP_ARCH_MIPSEL64" } },
	{ "SCMP_ARCH_S390X", { "SCMP_ARCH_S390" } },
};

struct maker {
	struct arena *arena;
	struct oci_seccomp *profile;
};

static struct oci_seccomp_rule *add_rule(struct maker *m, int action, const uint64_t *errno_ret)
{
	struct oci_seccomp_rule *rule = &m->profile->syscalls.v[m->profile->syscalls.n++];

	rule->action = action;
	rule->errno_ret = errno_ret;
	return rule;
}

static void add_argument(struct maker *m, struct oci_seccomp_rule *rule, uint64_t index,
			 enum oci_seccomp_op op, uint64_t value)
{
	if (!rule->args.v)
		rule->args.v = arena_array(m->arena, 2, sizeof(*rule->args.v));
	rule->args.v[rule->args.n++] =
		(struct oci_seccomp_arg){ .index = index, .value = value, .op = op };
}

static void add_personalities(struct maker *m)
{
	for (size_t i = 0; i < ARRAY_LEN(personalities); i++) {
		struct oci_seccomp_rule *rule = add_rule(m, OCI_ACT_ALLOW, NULL);

		texts_add(m->arena, &rule->names, "personality");
		add_argument(m, rule, 0, OCI_CMP_EQ, personalities[i]);
	}
}

/* Audit sockets are refused as a kernel without audit would, for programs that only want to log. */
static void add_socket(struct maker *m, uint64_t capabilities)
{
	static const uint64_t refusal = EINVAL;
	struct oci_seccomp_rule *rule;

	if (capabilities & CAP(AUDIT_WRITE)) {
		texts_add(m->arena, &add_rule(m, OCI_ACT_ALLOW, NULL)->names, "socket");
		return;
	}
	rule = add_rule(m, OCI_ACT_ERRNO, &refusal);
	texts_add(m->arena, &rule->names, "socket");
	add_argument(m, rule, 0, OCI_CMP_EQ, AF_NETLINK);
	add_argument(m, rule, 2, OCI_CMP_EQ, NETLINK_AUDIT);
	rule = add_rule(m, OCI_ACT_ALLOW, NULL);
	texts_add(m->arena, &rule->names, "socket");
	add_argument(m, rule, 0, OCI_CMP_NE, AF_NETLINK);
	rule = add_rule(m, OCI_ACT_ALLOW, NULL);
	texts_add(m->arena, &rule->names, "socket");
	add_argument(m, rule, 2, OCI_CMP_NE, NETLINK_AUDIT);
}

static void add_architectures(struct maker *m, const char *arch)
{
	texts_add(m->arena, &m->profile->architectures, arch);
	for (size_t i = 0; i < ARRAY_LEN(families); i++)
		for (size_t k = 0; strcmp(families[i].arch, arch) == 0 && families[i].also[k]; k++)
			texts_add(m->arena, &m->profile->architectures, families[i].also[k]);
}

static bool for_arch(const struct calls *c, const char *go_arch)
{
	AUTO(arena) a = NULL;
	struct texts list;

	if (!c->arches)
		return true;
	a = arena_new();
	list = texts_split(a, c->arches, ' ');
	return texts_has(&list, go_arch);
}

int seccomp_default(struct arena *a, const struct seccomp_for *who, const struct oci_seccomp **ret,
		    struct err *e)
{
	static const uint64_t no_such_call = ENOSYS, not_permitted = EPERM;
	const char *arch = who->arch ? who->arch : seccomp_native_arch();
	const char *go_arch = seccomp_go_arch(arch);
	struct oci_seccomp *s = ARENA_NEW(a, struct oci_seccomp);
	struct maker m = { a, s };

	if (!go_arch)
		return err_set(e, ERR_INVALID, "unknown architecture \"%s\"", arch);
	s->default_action = OCI_ACT_ERRNO;
	s->default_errno_ret = &no_such_call;
	s->syscalls.v = arena_array(a, ARRAY_LEN(allowed) + ARRAY_LEN(personalities) + 4,
				    sizeof(*s->syscalls.v));
	add_architectures(&m, arch);
	add_rule(&m, OCI_ACT_ERRNO, &not_permitted)->names = texts_split(a, refused, ' ');
	for (size_t i = 0; i < ARRAY_LEN(allowed); i++) {
		const struct calls *c = &allowed[i];
		bool may = !c->capability || (who->capabilities & c->capability);

		if (for_arch(c, go_arch))
			add_rule(&m, may ? OCI_ACT_ALLOW : OCI_ACT_ERRNO,
				 may ? NULL : &not_permitted)
				->names = texts_split(a, c->names, ' ');
	}
	add_personalities(&m);
	add_socket(&m, who->capabilities);
	*ret = s;
	return 0;
}
