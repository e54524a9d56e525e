/* SPDX-License-Identifier: BSD-2-Clause */
/* Profiles in libseccomp's words. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "runtime/seccomp_arch.h"

/* BPF_MAXINSNS of the kernel. */
#define PROGRAM_MAX 4096

static const struct {
	const char *name, *go;
} arches[] = {
	{ "SCMP_ARCH_X86", "x86" },
	{ "SCMP_ARCH_X86_64", "amd64" },
	{ "SCMP_ARCH_X32", "x32" },
	{ "SCMP_ARCH_ARM", "arm" },
	{ "SCMP_ARCH_AARCH64", "arm64" },
	{ "SCMP_ARCH_LOONGARCH64", "loong64" },
	{ "SCMP_ARCH_M68K", "m68k" },
	{ "SCMP_ARCH_MIPS", "mips" },
	{ "SCMP_ARCH_MIPSEL", "mipsel" },
	{ "SCMP_ARCH_MIPS64", "mips64" },
	{ "SCMP_ARCH_MIPSEL64", "mipsel64" },
	{ "SCMP_ARCH_MIPS64N32", "mips64n32" },
	{ "SCMP_ARCH_MIPSEL64N32", "mipsel64n32" },
	{ "SCMP_ARCH_PARISC", "parisc" },
	{ "SCMP_ARCH_PARISC64", "parisc64" },
	{ "SCMP_ARCH_PPC", "ppc" },
	{ "SCMP_ARCH_PPC64", "ppc64" },
	{ "SCMP_ARCH_PPC64LE", "ppc64le" },
	{ "SCMP_ARCH_RISCV64", "riscv64" },
	{ "SCMP_ARCH_S390", "s390" },
	{ "SCMP_ARCH_S390X", "s390x" },
	{ "SCMP_ARCH_SH", "sh" },
	{ "SCMP_ARCH_SHEB", "sheb" },
};

const char *seccomp_go_arch(const char *arch)
{
	for (size_t i = 0; i < ARRAY_LEN(arches); i++)
		if (strcmp(arches[i].name, arch) == 0)
			return arches[i].go;
	return NULL;
}

uint32_t seccomp_arch_token(const char *arch)
{
	const char *name = text_after(arch, "SCMP_ARCH_");
	char lower[32] = "";

	if (!name || strlen(name) >= sizeof(lower))
		return 0;
	for (size_t i = 0; name[i]; i++)
		lower[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] - 'A' + 'a') : name[i];
	return seccomp_arch_resolve_name(lower);
}

const char *seccomp_native_arch(void)
{
	for (size_t i = 0; i < ARRAY_LEN(arches); i++)
		if (seccomp_arch_token(arches[i].name) == seccomp_arch_native())
			return arches[i].name;
	return arches[1].name;
}

static uint32_t errno_of(const uint64_t *errno_ret)
{
	return errno_ret ? (uint32_t)*errno_ret & SECCOMP_RET_DATA : EPERM;
}

uint32_t seccomp_action(int action, const uint64_t *errno_ret)
{
	switch ((enum oci_seccomp_action)action) {
	case OCI_ACT_KILL:
	case OCI_ACT_KILL_THREAD:
		return SCMP_ACT_KILL_THREAD;
	case OCI_ACT_TRAP:
		return SCMP_ACT_TRAP;
	case OCI_ACT_ERRNO:
		return SCMP_ACT_ERRNO(errno_of(errno_ret));
	case OCI_ACT_TRACE:
		return SCMP_ACT_TRACE(errno_of(errno_ret));
	case OCI_ACT_ALLOW:
		return SCMP_ACT_ALLOW;
	case OCI_ACT_LOG:
		return SCMP_ACT_LOG;
	case OCI_ACT_NOTIFY:
		return SCMP_ACT_NOTIFY;
	case OCI_ACT_KILL_PROCESS:
	case OCI_ACT_NONE:
	case OCI_ACTS:
		break;
	}
	return SCMP_ACT_KILL_PROCESS;
}

static const enum scmp_compare compare_of[OCI_CMPS] = {
	[OCI_CMP_NE] = SCMP_CMP_NE,
	[OCI_CMP_LT] = SCMP_CMP_LT,
	[OCI_CMP_LE] = SCMP_CMP_LE,
	[OCI_CMP_EQ] = SCMP_CMP_EQ,
	[OCI_CMP_GE] = SCMP_CMP_GE,
	[OCI_CMP_GT] = SCMP_CMP_GT,
	[OCI_CMP_MASKED_EQ] = SCMP_CMP_MASKED_EQ,
};

static struct scmp_arg_cmp argument_of(const struct oci_seccomp_arg *arg)
{
	struct scmp_arg_cmp c = {
		.arg = (unsigned)arg->index,
		.op = compare_of[arg->op],
		.datum_a = arg->value,
		.datum_b = arg->value_two,
	};

	/* libseccomp: mask first. */
	return c;
}

/* Conditions on one argument twice cannot be in one rule; by custom they are then alternatives. */
static bool repeats_an_argument(const struct oci_seccomp_args *args)
{
	unsigned seen = 0;

	for (size_t i = 0; i < args->n; i++) {
		if (seen & (1U << args->v[i].index))
			return true;
		seen |= 1U << args->v[i].index;
	}
	return false;
}

static int add_call(scmp_filter_ctx ctx, uint32_t action, int number,
		    const struct oci_seccomp_args *args)
{
	struct scmp_arg_cmp list[6];
	int r = 0;

	if (!repeats_an_argument(args)) {
		for (size_t i = 0; i < args->n; i++)
			list[i] = argument_of(&args->v[i]);
		return seccomp_rule_add_array(ctx, action, number, (unsigned)args->n, list);
	}
	for (size_t i = 0; r == 0 && i < args->n; i++) {
		list[0] = argument_of(&args->v[i]);
		r = seccomp_rule_add_array(ctx, action, number, 1, list);
	}
	return r;
}

static int add_rule(scmp_filter_ctx ctx, const struct oci_seccomp *s,
		    const struct oci_seccomp_rule *rule, bool rest_only, struct err *e)
{
	uint32_t action = seccomp_action(rule->action, rule->errno_ret);

	if (action == seccomp_action(s->default_action, s->default_errno_ret))
		return 0;
	for (size_t i = 0; i < rule->args.n; i++)
		if (rule->args.v[i].index > 5 || rule->args.v[i].op == OCI_CMP_NONE)
			return err_set(e, ERR_INVALID, "seccomp: bad condition on %s",
				       rule->names.n ? rule->names.v[0] : "nothing");
	for (size_t i = 0; i < rule->names.n; i++) {
		int number = seccomp_syscall_resolve_name(rule->names.v[i]);
		int r;

		/* Profiles name calls of all times and architectures. */
		if (number == __NR_SCMP_ERROR ||
		    (rest_only && !seccomp_is_rest(s, rule->names.v[i])))
			continue;
		r = add_call(ctx, action, number, &rule->args);
		/* Named before with another action: the first holds, as the kernel-side chain of
		 * comparisons has always had it. */
		if (r < 0 && r != -EEXIST)
			return err_from(e, r, "seccomp rule for %s", rule->names.v[i]);
	}
	return 0;
}

const char *seccomp_unknown_call(const struct oci_seccomp *s)
{
	for (size_t i = 0; i < s->syscalls.n; i++)
		for (size_t k = 0; k < s->syscalls.v[i].names.n; k++)
			if (seccomp_syscall_resolve_name(s->syscalls.v[i].names.v[k]) ==
			    __NR_SCMP_ERROR)
				return s->syscalls.v[i].names.v[k];
	return NULL;
}

static int add_arches(scmp_filter_ctx ctx, const struct oci_seccomp *s, struct err *e)
{
	for (size_t i = 0; i < s->architectures.n; i++) {
		uint32_t token = seccomp_arch_token(s->architectures.v[i]);
		int r;

		if (!token && !seccomp_go_arch(s->architectures.v[i]))
			return err_set(e, ERR_INVALID, "seccomp: unknown architecture \"%s\"",
				       s->architectures.v[i]);
		/* One that is too new for this libseccomp is none that runs here. */
		if (!token)
			continue;
		r = seccomp_arch_add(ctx, token);
		if (r < 0 && r != -EEXIST)
			return err_from(e, r, "seccomp: add %s", s->architectures.v[i]);
	}
	return 0;
}

static int export(struct arena *a, scmp_filter_ctx ctx, const void **ret, size_t *ret_len,
		  struct err *e)
{
	auto_close int fd = memfd_create("seccomp", MFD_CLOEXEC);
	struct stat st;
	void *program;
	int r;

	if (fd < 0)
		return err_sys(e, "memory for the seccomp filter");
	r = seccomp_export_bpf(ctx, fd);
	if (r < 0)
		return err_from(e, r, "compile the seccomp filter");
	if (fstat(fd, &st) < 0)
		return err_sys(e, "memory for the seccomp filter");
	program = arena_alloc(a, (size_t)st.st_size);
	if (pread(fd, program, (size_t)st.st_size, 0) != st.st_size)
		return err_set(e, ERR_SYSTEM, "the seccomp filter is cut short");
	*ret = program;
	*ret_len = (size_t)st.st_size / sizeof(struct sock_filter);
	return 0;
}

static int compile(struct arena *a, const struct oci_seccomp *s, bool rest_only, const void **ret,
		   size_t *ret_len, struct err *e)
{
	scmp_filter_ctx ctx = seccomp_init(seccomp_action(s->default_action, s->default_errno_ret));
	int r;

	if (!ctx)
		return err_set(e, ERR_UNSUPPORTED,
			       "seccomp: this kernel has no such default action");
	r = add_arches(ctx, s, e);
	/* A binary tree over the numbers instead of a list. */
	seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	for (size_t i = 0; r == 0 && i < s->syscalls.n; i++)
		r = add_rule(ctx, s, &s->syscalls.v[i], rest_only, e);
	if (r == 0)
		r = export(a, ctx, ret, ret_len, e);
	seccomp_release(ctx);
	return r;
}

int seccomp_compile_whole(struct arena *a, const struct oci_seccomp *s, const void **ret,
			  size_t *ret_len, struct err *e)
{
	return compile(a, s, false, ret, ret_len, e);
}

int seccomp_compile(struct arena *a, const struct oci_seccomp *s, const void **ret, size_t *ret_len,
		    struct err *e)
{
	const void *program;
	size_t len;
	int r = compile(a, s, true, &program, &len, e);

	if (r == 0)
		r = seccomp_front(a, s, &program, &len, e);
	if (r < 0)
		return r;
	if (len > PROGRAM_MAX)
		return err_set(e, ERR_INVALID,
			       "the seccomp filter has %zu instructions, and the kernel takes %d",
			       len, PROGRAM_MAX);
	*ret = program;
	*ret_len = len;
	return 0;
}

/* What a profile does, without compiling it. */

static bool names_it(const struct oci_seccomp_rule *rule, const char *name)
{
	return texts_has(&rule->names, name);
}

static void count_one(const struct oci_seccomp *s, const char *name, struct seccomp_count *n)
{
	int action = s->default_action;
	const uint64_t *errno_ret = s->default_errno_ret;

	n->total++;
	for (size_t i = 0; i < s->syscalls.n; i++) {
		const struct oci_seccomp_rule *rule = &s->syscalls.v[i];

		if (!names_it(rule, name))
			continue;
		if (rule->args.n > 0) {
			n->by_argument++;
			return;
		}
		action = rule->action;
		errno_ret = rule->errno_ret;
		break;
	}
	if (action == OCI_ACT_ALLOW || action == OCI_ACT_LOG) {
		n->allowed++;
		return;
	}
	n->refused++;
	if (action == OCI_ACT_ERRNO && errno_of(errno_ret) == EPERM)
		n->errno_eperm++;
}

int seccomp_count(const struct oci_seccomp *s, struct seccomp_count *ret, struct err *e)
{
	const char *arch = s->architectures.n ? s->architectures.v[0] : seccomp_native_arch();
	uint32_t token = seccomp_arch_token(arch);
	struct seccomp_count n = { 0 };

	if (!token)
		return err_set(e, ERR_INVALID, "seccomp: unknown architecture \"%s\"", arch);
	for (int nr = 0; nr < 1024; nr++) {
		char *name = seccomp_syscall_resolve_num_arch(token, nr);

		if (name)
			count_one(s, name, &n);
		free(name);
	}
	*ret = n;
	return 0;
}
