/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#include "base/file.h"
#include "runtime/capability.h"
#include "runtime/seccomp_arch.h"
#include "spec/runtime.h"
#include "unit.h"

#define PODMANS "/usr/share/containers/seccomp.json"
#define EPERM_  (SECCOMP_RET_ERRNO | EPERM)
#define ENOSYS_ (SECCOMP_RET_ERRNO | ENOSYS)

static const struct seccomp_for usual = { .capabilities = CAPABILITY_DEFAULT,
					  .arch = "SCMP_ARCH_X86_64" };

/* What the kernel would do: Documentation/networking/filter.rst, the part that seccomp allows. */
static uint32_t run(const struct seccomp_filter *f, const struct seccomp_data *d)
{
	const struct sock_filter *p = f->program;
	uint32_t a = 0, x = 0, m[16] = { 0 };

	for (size_t pc = 0; pc < f->len; pc++) {
		const struct sock_filter *i = &p[pc];
		bool yes = false;

		switch (i->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			memcpy(&a, (const char *)d + i->k, sizeof(a));
			continue;
		case BPF_LD | BPF_MEM:
			a = m[i->k];
			continue;
		case BPF_ST:
			m[i->k] = a;
			continue;
		case BPF_LDX | BPF_MEM:
			x = m[i->k];
			continue;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= i->k;
			continue;
		case BPF_MISC | BPF_TAX:
			x = a;
			continue;
		case BPF_JMP | BPF_JA:
			pc += i->k;
			continue;
		case BPF_RET | BPF_K:
			return i->k;
		case BPF_JMP | BPF_JEQ | BPF_K:
			yes = a == i->k;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			yes = a >= i->k;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			yes = a > i->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_X:
			yes = a == x;
			break;
		default:
			fail_msg("instruction %zu is %#x", pc, i->code);
		}
		pc += yes ? i->jt : i->jf;
	}
	fail_msg("the program has no end");
	return 0;
}

static uint32_t decide(const struct seccomp_filter *f, int nr, uint64_t arg0, uint64_t arg2)
{
	struct seccomp_data d = { .nr = nr, .arch = AUDIT_ARCH_X86_64, .args = { arg0, 0, arg2 } };

	return run(f, &d);
}

static struct seccomp_filter compile(struct arena *a, const struct oci_seccomp *s)
{
	struct seccomp_filter f;
	struct err e;

	if (seccomp_prepare(a, s, -1, &f, &e) < 0)
		fail_msg("%s", e.msg);
	return f;
}

static const struct oci_seccomp *default_for(struct arena *a, uint64_t capabilities)
{
	const struct oci_seccomp *s = NULL;
	struct seccomp_for who = usual;
	struct err e;

	who.capabilities = capabilities;
	if (seccomp_default(a, &who, &s, &e) < 0)
		fail_msg("%s", e.msg);
	return s;
}

static const struct oci_seccomp *profile(struct arena *a, const char *text)
{
	const struct oci_seccomp *s = NULL;
	struct err e;

	if (seccomp_read(a, text, strlen(text), &usual, &s, &e) < 0)
		fail_msg("%s", e.msg);
	return s;
}

static char *podmans(struct arena *a)
{
	auto_free char *text = NULL;
	struct err e;

	if (file_read_at(AT_FDCWD, PODMANS, 1 << 20, &text, NULL, &e) < 0) {
		print_message("needs " PODMANS "\n");
		skip();
	}
	return arena_strdup(a, text);
}

static void the_default_answers_as_its_table_says(void **state)
{
	AUTO(arena) a = arena_new();
	struct seccomp_filter f = compile(a, default_for(a, CAPABILITY_DEFAULT));

	assert_int_equal(decide(&f, SYS_read, 0, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(decide(&f, SYS_clone3, 0, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(decide(&f, SYS_unshare, CLONE_NEWUSER, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(decide(&f, SYS_keyctl, 0, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(decide(&f, SYS_ptrace, 0, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(decide(&f, SYS_setns, 0, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(decide(&f, SYS_chroot, 0, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(decide(&f, SYS_clock_settime, 0, 0), EPERM_);
	assert_int_equal(decide(&f, SYS_kexec_load, 0, 0), EPERM_);
	assert_int_equal(decide(&f, SYS_bpf, 0, 0), EPERM_);
	assert_int_equal(decide(&f, SYS_userfaultfd, 0, 0), EPERM_);
	assert_int_equal(decide(&f, SYS_add_key, 0, 0), ENOSYS_);
	assert_int_equal(decide(&f, SYS_io_uring_setup, 0, 0), ENOSYS_);
	assert_int_equal(decide(&f, SYS_create_module, 0, 0), ENOSYS_);
	assert_int_equal(decide(&f, 9999, 0, 0), ENOSYS_);
	assert_int_equal(decide(&f, SYS_personality, PER_LINUX, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(decide(&f, SYS_personality, 0xffffffff, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(decide(&f, SYS_personality, ADDR_NO_RANDOMIZE, 0), ENOSYS_);
	assert_int_equal(decide(&f, SYS_socket, AF_INET, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(decide(&f, SYS_socket, AF_INET, 9), SECCOMP_RET_ALLOW);
	assert_int_equal(decide(&f, SYS_socket, AF_NETLINK, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(decide(&f, SYS_socket, AF_NETLINK, 9), SECCOMP_RET_ERRNO | EINVAL);
}

static void a_capability_opens_its_calls(void **state)
{
	AUTO(arena) a = arena_new();
	struct seccomp_filter f =
		compile(a, default_for(a, CAPABILITY_DEFAULT | 1ULL << CAP_SYS_TIME));

	assert_int_equal(decide(&f, SYS_clock_settime, 0, 0), SECCOMP_RET_ALLOW);
	f = compile(a, default_for(a, 0));
	assert_int_equal(decide(&f, SYS_chroot, 0, 0), EPERM_);
	f = compile(a, default_for(a, 1ULL << CAP_AUDIT_WRITE));
	assert_int_equal(decide(&f, SYS_socket, AF_NETLINK, 9), SECCOMP_RET_ALLOW);
}

/* Every call of every architecture, with the arguments that rules ask about. */
static size_t differences(const struct seccomp_filter *x, const struct seccomp_filter *y)
{
	static const uint32_t arches[] = { AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, AUDIT_ARCH_ARM };
	static const uint64_t args[] = { 0, 8, 9, 16, 0x20000, 0x20008, 0x40000, 0xffffffff };
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(arches); i++) {
		for (unsigned nr = 0; nr < 2048; nr++) {
			/* Every other one is x32. */
			struct seccomp_data d = { .nr = (int)(nr / 2 | (nr & 1 ? 0x40000000 : 0)),
						  .arch = arches[i] };

			for (size_t k = 0; k < ARRAY_LEN(args) * ARRAY_LEN(args); k++) {
				uint32_t one, other;

				d.args[0] = args[k % ARRAY_LEN(args)];
				d.args[2] = args[k / ARRAY_LEN(args)];
				one = run(x, &d);
				other = run(y, &d);
				/* Newer than podman's: allowed by ours, not there in theirs. */
				if (one == other || (nr / 2 > 450 && other == ENOSYS_))
					continue;
				if (n++ < 10)
					print_error(
						"arch %#x call %#x args %#llx %#llx: %#x, %#x\n",
						d.arch, (unsigned)d.nr,
						(unsigned long long)d.args[0],
						(unsigned long long)d.args[2], one, other);
			}
		}
	}
	return n;
}

static void the_default_is_podmans_for_any_capabilities(void **state)
{
	static const uint64_t sets[] = {
		CAPABILITY_DEFAULT,
		0,
		UINT64_MAX,
		1ULL << CAP_SYS_ADMIN,
		1ULL << CAP_AUDIT_WRITE,
		1ULL << CAP_SYS_PTRACE | 1ULL << CAP_SYS_TIME,
	};
	AUTO(arena) a = arena_new();
	const char *text = podmans(a);

	for (size_t i = 0; i < ARRAY_LEN(sets); i++) {
		struct seccomp_for who = { sets[i], usual.arch };
		struct seccomp_filter ours = compile(a, default_for(a, sets[i])), theirs;
		const struct oci_seccomp *s;
		struct err e;

		assert_int_equal(seccomp_read(a, text, strlen(text), &who, &s, &e), 0);
		theirs = compile(a, s);
		assert_int_equal(differences(&ours, &theirs), 0);
	}
}

static void expect_whole(const char *text, unsigned newest)
{
	AUTO(arena) a = arena_new();
	const struct oci_seccomp *s = profile(a, text);
	struct seccomp_filter front = compile(a, s), whole = { 0 };
	static const uint32_t arches[] = { AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, AUDIT_ARCH_AARCH64,
					   AUDIT_ARCH_ARM };
	struct err e;

	assert_int_equal(seccomp_compile_whole(a, s, &whole.program, &whole.len, &e), 0);
	for (size_t i = 0; i < ARRAY_LEN(arches); i++) {
		for (unsigned nr = 0; nr < 2 * newest; nr++) {
			struct seccomp_data d = { .nr = (int)(nr / 2 | (nr & 1 ? 0x40000000 : 0)),
						  .arch = arches[i] };

			for (uint64_t arg = 0; arg < 40; arg++) {
				/* Only x86-64 shares its name with another. */
				if (nr & 1 && arches[i] != AUDIT_ARCH_X86_64)
					continue;
				d.args[0] = arg;
				d.args[1] = arg << 32;
				if (run(&front, &d) != run(&whole, &d))
					fail_msg(
						"arch %#x call %#x argument %d: %#x instead of %#x",
						d.arch, (unsigned)d.nr, (int)arg, run(&front, &d),
						run(&whole, &d));
			}
		}
	}
}

#define ARCHES "\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\"],"

static void the_front_agrees_with_libseccomps_whole(void **state)
{
	/* socket and its like are a call of their own, and a part of socketcall, on i386. */
	expect_whole(
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38," ARCHES
		"\"syscalls\":[{\"names\":[\"read\",\"socket\",\"semop\",\"accept4\",\"shmctl\"],"
		"\"action\":\"SCMP_ACT_ALLOW\"}]}",
		600);
	expect_whole("{\"defaultAction\":\"SCMP_ACT_ALLOW\"," ARCHES
		     "\"syscalls\":[{\"names\":[\"socketcall\",\"ipc\",\"send\"],"
		     "\"action\":\"SCMP_ACT_ERRNO\"},"
		     "{\"names\":[\"clone\"],\"action\":\"SCMP_ACT_TRAP\","
		     "\"args\":[{\"index\":0,\"value\":12,\"valueTwo\":8,"
		     "\"op\":\"SCMP_CMP_MASKED_EQ\"}]},"
		     "{\"names\":[\"kill\"],\"action\":\"SCMP_ACT_LOG\"},"
		     "{\"names\":[\"kill\"],\"action\":\"SCMP_ACT_TRAP\"}]}",
		     600);
	/* A rule that says the default, before one that says something else. */
	expect_whole("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38," ARCHES
		     "\"syscalls\":[{\"names\":[\"read\",\"write\"],\"action\":\"SCMP_ACT_ERRNO\","
		     "\"errnoRet\":38},{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\"},"
		     "{\"names\":[\"write\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,"
		     "\"value\":3,\"op\":\"SCMP_CMP_LE\"},{\"index\":1,\"value\":4294967296,"
		     "\"op\":\"SCMP_CMP_GT\"}]}]}",
		     600);
	/* Other machines' programs, and no architecture but this machine's. */
	expect_whole("{\"defaultAction\":\"SCMP_ACT_KILL_PROCESS\",\"architectures\":["
		     "\"SCMP_ARCH_AARCH64\",\"SCMP_ARCH_ARM\"],\"syscalls\":[{\"names\":[\"read\","
		     "\"cacheflush\",\"set_tls\",\"write\",\"socket\",\"uname\"],"
		     "\"action\":\"SCMP_ACT_ALLOW\"}]}",
		     2);
	expect_whole("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[]}", 600);
	expect_whole(
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,\"syscalls\":[]}",
		600);
}

static void the_default_is_the_same_in_libseccomps_hands(void **state)
{
	AUTO(arena) a = arena_new();
	const struct oci_seccomp *s = default_for(a, CAPABILITY_DEFAULT);
	struct seccomp_filter front = compile(a, s), whole = { 0 };
	struct err e;

	assert_int_equal(seccomp_compile_whole(a, s, &whole.program, &whole.len, &e), 0);
	print_message("%zu instructions instead of %zu\n", front.len, whole.len);
	assert_int_equal(differences(&front, &whole), 0);
}

static void the_default_refuses_fifty_calls(void **state)
{
	AUTO(arena) a = arena_new();
	struct seccomp_count n;
	struct err e;

	assert_int_equal(seccomp_count(default_for(a, CAPABILITY_DEFAULT), &n, &e), 0);
	assert_int_equal(n.by_argument, 2);
	assert_int_equal(n.allowed + n.refused + n.by_argument, n.total);
	assert_int_equal(n.errno_eperm, 33);
	/* libseccomp 2.5.4 of Debian 12 knows 368 calls; the last six are newer than the set. */
	if (n.total == 368)
		assert_int_equal(n.refused, 50);
}

static void a_call_newer_than_the_profile_is_not_there(void **state)
{
	AUTO(arena) a = arena_new();
	struct seccomp_filter f =
		compile(a, profile(a, "{\"defaultAction\":\"SCMP_ACT_ERRNO\","
				      "\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\"],"
				      "\"syscalls\":[{\"names\":[\"read\",\"openat\",\"fstat\"],"
				      "\"action\":\"SCMP_ACT_ALLOW\"}]}"));
	struct seccomp_data i386 = { .arch = AUDIT_ARCH_I386, .nr = 295 };

	assert_int_equal(decide(&f, SYS_read, 0, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(decide(&f, SYS_openat, 0, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(decide(&f, SYS_mkdirat, 0, 0), ENOSYS_); /* one higher */
	assert_int_equal(decide(&f, SYS_write, 0, 0), EPERM_);
	assert_int_equal(decide(&f, 9999, 0, 0), ENOSYS_);
	assert_int_equal(run(&f, &i386), SECCOMP_RET_ALLOW); /* its openat */
	i386.nr = 296;
	assert_int_equal(run(&f, &i386), ENOSYS_);
	i386.nr = 4;
	assert_int_equal(run(&f, &i386), EPERM_);
	/* An architecture that the profile does not have ends the process, whatever the number. */
	i386.arch = AUDIT_ARCH_ARM;
	assert_int_not_equal(run(&f, &i386) & SECCOMP_RET_ACTION_FULL, SECCOMP_RET_ERRNO);
}

static void x32_is_not_taken_for_a_new_call(void **state)
{
	AUTO(arena) a = arena_new();
	struct seccomp_filter f = compile(
		a,
		profile(a, "{\"defaultAction\":\"SCMP_ACT_KILL_PROCESS\","
			   "\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X32\"],"
			   "\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\"}]}"));

	assert_int_equal(decide(&f, 0x40000000, 0, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(decide(&f, 0x40000001, 0, 0), ENOSYS_);
	assert_int_equal(decide(&f, SYS_write, 0, 0), ENOSYS_);
}

static void a_permissive_profile_refuses_what_it_names(void **state)
{
	AUTO(arena) a = arena_new();
	struct seccomp_filter f = compile(
		a,
		profile(a,
			"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":["
			"{\"name\":\"chmod\",\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":13},"
			"{\"names\":[\"kill\"],\"action\":\"SCMP_ACT_ERRNO\",\"errno\":\"EBUSY\","
			"\"args\":[{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_EQ\"},"
			"{\"index\":0,\"value\":2,\"op\":\"SCMP_CMP_EQ\"}]}]}"));

	assert_int_equal(decide(&f, SYS_chmod, 0, 0), SECCOMP_RET_ERRNO | EACCES);
	assert_int_equal(decide(&f, SYS_kill, 1, 0), SECCOMP_RET_ERRNO | EBUSY);
	assert_int_equal(decide(&f, SYS_kill, 2, 0), SECCOMP_RET_ERRNO | EBUSY);
	assert_int_equal(decide(&f, SYS_kill, 3, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(decide(&f, 9999, 0, 0), SECCOMP_RET_ALLOW);
}

static void rules_hold_for_their_capabilities_architectures_and_kernels(void **state)
{
	AUTO(arena) a = arena_new();
	const struct oci_seccomp *s = profile(
		a,
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrno\":\"ENOSYS\",\"archMap\":["
		"{\"architecture\":\"SCMP_ARCH_AARCH64\",\"subArchitectures\":[\"SCMP_ARCH_ARM\"]},"
		"{\"architecture\":\"SCMP_ARCH_X86_64\",\"subArchitectures\":[\"SCMP_ARCH_X86\"]}],"
		"\"syscalls\":["
		"{\"names\":[\"a\"],\"action\":\"SCMP_ACT_ALLOW\",\"includes\":{\"caps\":[\"CAP_KILL\"]}},"
		"{\"names\":[\"b\"],\"action\":\"SCMP_ACT_ALLOW\",\"includes\":{\"caps\":[\"CAP_KILL\",\"CAP_BPF\"]}},"
		"{\"names\":[\"c\"],\"action\":\"SCMP_ACT_ALLOW\",\"excludes\":{\"caps\":[\"CAP_KILL\",\"CAP_BPF\"]}},"
		"{\"names\":[\"d\"],\"action\":\"SCMP_ACT_ALLOW\",\"includes\":{\"arches\":[\"amd64\"]},\"args\":null},"
		"{\"names\":[\"e\"],\"action\":\"SCMP_ACT_ALLOW\",\"includes\":{\"arches\":[\"arm64\"]}},"
		"{\"names\":[\"f\"],\"action\":\"SCMP_ACT_ALLOW\",\"includes\":{\"minKernel\":\"3.8\"}},"
		"{\"names\":[\"g\"],\"action\":\"SCMP_ACT_ALLOW\",\"includes\":{\"minKernel\":\"99.0\"}},"
		"{\"names\":[\"h\"],\"action\":\"SCMP_ACT_ALLOW\",\"excludes\":{\"arches\":[\"amd64\"]}}]}");
	const char *expected[] = { "a", "d", "f" };

	assert_int_equal(*s->default_errno_ret, ENOSYS);
	assert_string_equal(texts_join(a, &s->architectures, " "),
			    "SCMP_ARCH_X86_64 SCMP_ARCH_X86");
	assert_int_equal(s->syscalls.n, ARRAY_LEN(expected));
	for (size_t i = 0; i < ARRAY_LEN(expected); i++)
		assert_string_equal(s->syscalls.v[i].names.v[0], expected[i]);
}

static void bad_profiles_are_refused_in_words(void **state)
{
	static const struct {
		const char *text, *msg;
	} bad[] = {
		{ "{}", "seccomp profile: defaultAction: " },
		{ "{\"defaultAction\":\"SCMP_ACT_SMILE\"}", "seccomp profile: defaultAction: " },
		{ "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrno\":\"EWHAT\"}",
		  "seccomp profile: unknown error name \"EWHAT\"" },
		{ "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_X86\"],"
		  "\"archMap\":[{\"architecture\":\"SCMP_ARCH_X86_64\"}]}",
		  "seccomp profile: both architectures and archMap are given" },
		{ "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"name\":\"read\","
		  "\"names\":[\"write\"],\"action\":\"SCMP_ACT_ALLOW\"}]}",
		  "seccomp profile: both name (\"read\") and names in one rule" },
		{ "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"name\":\"read\","
		  "\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":6,\"value\":0,"
		  "\"op\":\"SCMP_CMP_EQ\"}]}]}",
		  "linux.seccomp.syscalls[0].args[0].index: " },
		{ "[]", "seccomp profile: " },
		{ "", "seccomp profile: " },
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		AUTO(arena) a = arena_new();
		const struct oci_seccomp *s = NULL;
		struct err e;

		assert_int_equal(seccomp_read(a, bad[i].text, strlen(bad[i].text), &usual, &s, &e),
				 -EINVAL);
		if (strncmp(e.msg, bad[i].msg, strlen(bad[i].msg)) != 0)
			fail_msg("%s: %s", bad[i].text, e.msg);
		assert_null(s);
	}
}

static void unknown_architectures_and_flags_are_refused(void **state)
{
	AUTO(arena) a = arena_new();
	struct seccomp_filter f = { .len = 7 };
	struct oci_seccomp s = { .default_action = OCI_ACT_ALLOW };
	struct err e;

	texts_add(a, &s.flags, "SECCOMP_FILTER_FLAG_LOUD");
	assert_int_equal(seccomp_prepare(a, &s, -1, &f, &e), -EINVAL);
	assert_string_equal(e.msg,
			    "linux.seccomp.flags: unknown flag \"SECCOMP_FILTER_FLAG_LOUD\"");
	s.flags = (struct texts){ 0 };
	texts_add(a, &s.architectures, "SCMP_ARCH_ABACUS");
	assert_int_equal(seccomp_prepare(a, &s, -1, &f, &e), -EINVAL);
	assert_string_equal(e.msg, "seccomp: unknown architecture \"SCMP_ARCH_ABACUS\"");
	assert_int_equal(f.len, 7);
}

static int cache_folder(char *path)
{
	assert_non_null(mkdtemp(path));
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void a_second_start_takes_the_program_from_the_cache(void **state)
{
	char path[] = "/tmp/berth-seccomp-XXXXXX";
	AUTO(arena) a = arena_new();
	auto_close int cache = cache_folder(path);
	struct seccomp_filter first, second, other;
	struct err e;

	assert_int_equal(seccomp_prepare(a, default_for(a, CAPABILITY_DEFAULT), cache, &first, &e),
			 0);
	assert_false(first.cached);
	assert_int_equal(seccomp_prepare(a, default_for(a, CAPABILITY_DEFAULT), cache, &second, &e),
			 0);
	assert_true(second.cached);
	assert_int_equal(second.len, first.len);
	assert_memory_equal(second.program, first.program, first.len * sizeof(struct sock_filter));
	assert_int_equal(seccomp_prepare(a, default_for(a, 0), cache, &other, &e), 0);
	assert_false(other.cached);
	assert_int_equal(file_remove_tree_at(AT_FDCWD, path, &e), 0);
}

static void flip_a_byte(int dir, struct arena *a)
{
	auto_free char *text = NULL;
	size_t len;
	struct err e;
	char name[64];

	/* The only file there. */
	FILE *ls = popen(arena_printf(a, "ls /proc/%d/fd/%d", (int)getpid(), dir), "r");

	assert_non_null(fgets(name, sizeof(name), ls));
	pclose(ls);
	name[strcspn(name, "\n")] = '\0';
	assert_int_equal(file_read_at(dir, name, 1 << 20, &text, &len, &e), 0);
	text[len - 4] ^= 1;
	assert_int_equal(file_replace_at(dir, name, text, len, &(struct file_write){ .mode = 0600 },
					 &e),
			 0);
}

static void a_damaged_cache_only_costs_time(void **state)
{
	char path[] = "/tmp/berth-seccomp-XXXXXX";
	AUTO(arena) a = arena_new();
	auto_close int cache = cache_folder(path);
	struct seccomp_filter first, second;
	struct err e;

	assert_int_equal(seccomp_prepare(a, default_for(a, 0), cache, &first, &e), 0);
	flip_a_byte(cache, a);
	assert_int_equal(seccomp_prepare(a, default_for(a, 0), cache, &second, &e), 0);
	assert_false(second.cached);
	assert_memory_equal(second.program, first.program, first.len * sizeof(struct sock_filter));
	assert_int_equal(seccomp_prepare(a, default_for(a, 0), cache, &second, &e), 0);
	assert_true(second.cached);
	assert_int_equal(file_remove_tree_at(AT_FDCWD, path, &e), 0);
	assert_int_equal(seccomp_prepare(a, default_for(a, 0), cache, &second, &e), 0);
}

static void no_profile_is_no_filter(void **state)
{
	AUTO(arena) a = arena_new();
	struct seccomp_filter f = { .len = 7 };
	struct err e;
	int listener;

	assert_int_equal(seccomp_prepare(a, NULL, -1, &f, &e), 0);
	assert_null(f.program);
	assert_int_equal(seccomp_install(&f, &listener, &e), 0);
	assert_int_equal(listener, -1);
	assert_int_equal(prctl(PR_GET_SECCOMP), 0);
}

/* In a child with the filter and the capabilities of a container. */
struct trial {
	const char *what;
	long nr, args[4];
	int expected;
};

static const struct trial trials[] = {
	{ "clock_settime", SYS_clock_settime, { CLOCK_REALTIME }, EPERM },
	{ "settimeofday", SYS_settimeofday, { 0 }, EPERM },
	{ "init_module", SYS_init_module, { 0 }, EPERM },
	{ "delete_module", SYS_delete_module, { 0 }, EPERM },
	{ "finit_module", SYS_finit_module, { -1 }, EPERM },
	{ "kexec_load", SYS_kexec_load, { 0 }, EPERM },
	{ "swapon", SYS_swapon, { 0 }, EPERM },
	{ "reboot", SYS_reboot, { 0 }, EPERM },
	{ "acct", SYS_acct, { 0 }, EPERM },
	{ "bpf", SYS_bpf, { 0 }, EPERM },
	{ "perf_event_open", SYS_perf_event_open, { 0 }, EPERM },
	{ "open_by_handle_at", SYS_open_by_handle_at, { -1 }, EPERM },
	{ "userfaultfd", SYS_userfaultfd, { 0 }, EPERM },
	{ "sethostname", SYS_sethostname, { (long)"x", 1 }, EPERM },
	{ "mount", SYS_mount, { (long)"none", (long)"/", (long)"tmpfs" }, EPERM },
	{ "umount2", SYS_umount2, { (long)"/proc" }, EPERM },
	{ "pivot_root", SYS_pivot_root, { (long)"/", (long)"/" }, EPERM },
	{ "unshare(NEWNS)", SYS_unshare, { CLONE_NEWNS }, EPERM },
#ifdef SYS_create_module
	{ "create_module", SYS_create_module, { 0 }, ENOSYS },
#endif
	{ "add_key", SYS_add_key, { 0 }, ENOSYS },
	{ "io_uring_setup", SYS_io_uring_setup, { 0 }, ENOSYS },
	{ "personality", SYS_personality, { ADDR_NO_RANDOMIZE }, ENOSYS },
	{ "9999", 9999, { 0 }, ENOSYS },
	{ "clone3", SYS_clone3, { 0 }, EINVAL },
	{ "setns", SYS_setns, { -1 }, EBADF },
	{ "ptrace", SYS_ptrace, { 9999 }, ESRCH },
	{ "unshare(NEWUSER)", SYS_unshare, { CLONE_NEWUSER }, 0 },
};

static int try_all(const struct seccomp_filter *f)
{
	const struct capability_sets sets = { .bounding = CAPABILITY_DEFAULT,
					      .effective = CAPABILITY_DEFAULT,
					      .permitted = CAPABILITY_DEFAULT };
	struct err e;
	int listener, failed = 0;

	if (seccomp_install(f, &listener, &e) < 0 || capability_bound(&sets, false, &e) < 0 ||
	    capability_apply(&sets, &e) < 0) {
		fprintf(stderr, "%s\n", e.msg);
		return 100;
	}
	for (size_t i = 0; i < ARRAY_LEN(trials); i++) {
		const struct trial *t = &trials[i];
		int got = 0;

		if (syscall(t->nr, t->args[0], t->args[1], t->args[2], t->args[3], 0, 0) < 0)
			got = errno;
		if (got == t->expected)
			continue;
		fprintf(stderr, "%s: %s instead of %s\n", t->what, strerror(got),
			strerror(t->expected));
		failed++;
	}
	return failed;
}

static void a_process_inside_meets_what_the_profile_says(void **state)
{
	AUTO(arena) a = arena_new();
	struct seccomp_filter f;
	struct seccomp_for who = { .capabilities = CAPABILITY_DEFAULT };
	const struct oci_seccomp *s;
	struct err e;
	int status;
	pid_t pid;

	need_root();
	assert_int_equal(seccomp_default(a, &who, &s, &e), 0);
	f = compile(a, s);
	pid = fork();
	if (pid == 0)
		_exit(try_all(&f));
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
}

static int listen_at(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(at.sun_path, path);
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, 1) < 0)
		fail_msg("%s: %s", path, strerror(errno));
	return fd;
}

static int receive_listener(int server, char *text, size_t room)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec part = { text, room };
	struct msghdr m = { .msg_iov = &part,
			    .msg_iovlen = 1,
			    .msg_control = control.bytes,
			    .msg_controllen = sizeof(control.bytes) };
	int fd = accept(server, NULL, NULL), got = -1;
	ssize_t n = recvmsg(fd, &m, 0);

	if (n > 0 && CMSG_FIRSTHDR(&m))
		memcpy(&got, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(got));
	text[n > 0 ? n : 0] = '\0';
	close(fd);
	return got;
}

static void an_agent_gets_the_notification_descriptor(void **state)
{
	char folder[] = "/tmp/berth-seccomp-XXXXXX", path[64], text[64];
	AUTO(arena) a = arena_new();
	struct seccomp_filter f =
		compile(a,
			profile(a, "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerPath\":\"/x\","
				   "\"syscalls\":[{\"names\":[\"getppid\"],"
				   "\"action\":\"SCMP_ACT_NOTIFY\"}]}"));
	auto_close int server = -1, listener = -1;
	struct seccomp_notif *request;
	struct err e;
	pid_t pid;

	assert_true(f.notifies);
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/s", folder);
	server = listen_at(path);
	pid = fork();
	if (pid == 0) {
		int fd;

		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		if (seccomp_install(&f, &fd, &e) < 0 || fd < 0 ||
		    seccomp_send_listener(path, fd, "{\"x\":1}", 7, &e) < 0)
			_exit(1);
		syscall(SYS_getppid);
		_exit(0);
	}
	listener = receive_listener(server, text, sizeof(text) - 1);
	assert_true(listener >= 0);
	assert_string_equal(text, "{\"x\":1}");
	request = calloc(1, 4096);
	assert_int_equal(ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, request), 0);
	assert_int_equal(request->data.nr, SYS_getppid);
	free(request);
	kill(pid, 9);
	waitpid(pid, NULL, 0);
	assert_int_equal(file_remove_tree_at(AT_FDCWD, folder, &e), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_default_answers_as_its_table_says),
		cmocka_unit_test(a_capability_opens_its_calls),
		cmocka_unit_test(the_default_is_podmans_for_any_capabilities),
		cmocka_unit_test(the_front_agrees_with_libseccomps_whole),
		cmocka_unit_test(the_default_is_the_same_in_libseccomps_hands),
		cmocka_unit_test(the_default_refuses_fifty_calls),
		cmocka_unit_test(a_call_newer_than_the_profile_is_not_there),
		cmocka_unit_test(x32_is_not_taken_for_a_new_call),
		cmocka_unit_test(a_permissive_profile_refuses_what_it_names),
		cmocka_unit_test(rules_hold_for_their_capabilities_architectures_and_kernels),
		cmocka_unit_test(bad_profiles_are_refused_in_words),
		cmocka_unit_test(unknown_architectures_and_flags_are_refused),
		cmocka_unit_test(a_second_start_takes_the_program_from_the_cache),
		cmocka_unit_test(a_damaged_cache_only_costs_time),
		cmocka_unit_test(no_profile_is_no_filter),
		cmocka_unit_test(a_process_inside_meets_what_the_profile_says),
		cmocka_unit_test(an_agent_gets_the_notification_descriptor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
