/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libseccomp compiles what is difficult: conditions on arguments, calls that share one number
 * (socketcall, ipc), architectures that nobody named.  Most of a profile is not: hundreds of calls
 * that are allowed whatever their arguments are.  For those a front is made here, ranges of numbers
 *in a binary tree for each architecture, and libseccomp's program behind it gets the rest.  Against
 * the whole in libseccomp's hands this compiles in 1 ms instead of 25, and loads in a third of the
 * time, because the kernel runs the program once for each number when it is loaded.
 *
 * The front also gives ENOSYS to numbers above the highest that a profile names, if it answers with
 * an error or a signal what it does not name: they are newer than it, and C libraries that try them
 * first would take EPERM for the answer.
 *
 *	load arch
 *	is it the first?  load number; tree: return ACTION, or on to the rest
 *	is it the second? ...
 *	the rest: libseccomp's program
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <string.h>

#include "runtime/seccomp_arch.h"

#define FRONT_MAX 4096
#define X32_BIT   0x40000000U
/* ARM's own calls (breakpoint, cacheflush, set_tls) are numbered far above the common ones. */
#define ARM_PRIVATE 0x0f0000U

/* On i386, s390 and others these are also parts of socketcall() and ipc(); ARM's own follow. */
static const char *const shared[] = {
	"socket",
	"bind",
	"connect",
	"listen",
	"accept",
	"accept4",
	"getsockname",
	"getpeername",
	"socketpair",
	"send",
	"recv",
	"sendto",
	"recvfrom",
	"shutdown",
	"setsockopt",
	"getsockopt",
	"sendmsg",
	"recvmsg",
	"recvmmsg",
	"sendmmsg",
	"semop",
	"semget",
	"semctl",
	"semtimedop",
	"msgsnd",
	"msgrcv",
	"msgget",
	"msgctl",
	"shmat",
	"shmdt",
	"shmget",
	"shmctl",
	"socketcall",
	"ipc",
	"breakpoint",
	"cacheflush",
	"set_tls",
	"get_tls",
	"usr26",
	"usr32",
	"semtimedop_time64",
	"recvmmsg_time64",
};

/* From this number on. */
struct range {
	uint32_t start, action;
	bool rest;
};

struct code {
	struct sock_filter *v;
	size_t n;
	size_t to_rest[FRONT_MAX / 2], to_rest_n; /* jumps whose way is not known yet */
	bool full;
};

bool seccomp_is_rest(const struct oci_seccomp *s, const char *name)
{
	if (text_index(name, shared, ARRAY_LEN(shared)) >= 0)
		return true;
	for (size_t i = 0; i < s->syscalls.n; i++)
		if (s->syscalls.v[i].args.n > 0 && texts_has(&s->syscalls.v[i].names, name))
			return true;
	return false;
}

static void emit(struct code *c, uint16_t op, uint32_t k, uint8_t jt, uint8_t jf)
{
	if (c->n >= FRONT_MAX) {
		c->full = true;
		return;
	}
	c->v[c->n++] = (struct sock_filter){ op, jt, jf, k };
}

static void emit_to_rest(struct code *c)
{
	if (c->to_rest_n == ARRAY_LEN(c->to_rest)) {
		c->full = true;
		return;
	}
	c->to_rest[c->to_rest_n++] = c->n;
	emit(c, BPF_JMP | BPF_JA, 0, 0, 0);
}

/* The ways of conditional jumps have 8 bits, so that they lead to a long one where needed. */
static void emit_tree(struct code *c, const struct range *r, size_t n)
{
	size_t half = n / 2, jump;

	if (n == 1 && r->rest) {
		emit_to_rest(c);
		return;
	}
	if (n == 1) {
		emit(c, BPF_RET | BPF_K, r->action, 0, 0);
		return;
	}
	emit(c, BPF_JMP | BPF_JGE | BPF_K, r[half].start, 0, 1);
	jump = c->n;
	emit(c, BPF_JMP | BPF_JA, 0, 0, 0);
	emit_tree(c, r, half);
	if (c->full)
		return;
	if (c->n - jump - 1 <= 255) {
		/* Near enough: the long jump goes. */
		memmove(&c->v[jump], &c->v[jump + 1], (c->n - jump - 1) * sizeof(*c->v));
		c->n--;
		for (size_t i = c->to_rest_n; i-- > 0 && c->to_rest[i] > jump;)
			c->to_rest[i]--;
		c->v[jump - 1].jt = (uint8_t)(c->n - jump);
		c->v[jump - 1].jf = 0;
	} else {
		c->v[jump].k = (uint32_t)(c->n - jump - 1);
	}
	emit_tree(c, r + half, n - half);
}

/* decisions */

struct decisions {
	struct arena *arena;
	struct range *v; /* one number each, until they are ranges */
	size_t n, room;
};

static void add(struct decisions *d, uint32_t number, uint32_t action, bool rest)
{
	if (d->n == d->room) {
		size_t room = d->room ? d->room * 2 : 512;
		struct range *v = arena_array(d->arena, room, sizeof(*v));

		if (d->n)
			memcpy(v, d->v, d->n * sizeof(*v));
		d->v = v;
		d->room = room;
	}
	d->v[d->n++] = (struct range){ number, action, rest };
}

static bool is_private(uint32_t arch, int64_t number)
{
	return arch == SCMP_ARCH_ARM && number >= ARM_PRIVATE;
}

static void add_rule(struct decisions *d, const struct oci_seccomp *s, uint32_t arch,
		     const struct oci_seccomp_rule *rule, uint32_t otherwise)
{
	uint32_t action = seccomp_action(rule->action, rule->errno_ret);

	for (size_t i = 0; i < rule->names.n; i++) {
		int number = seccomp_syscall_resolve_name_arch(arch, rule->names.v[i]);

		/* Negative: unknown, or a part of another. What a rule says in vain still makes the
		 * number one that the profile knows. */
		if (number < 0 || is_private(arch, number))
			continue;
		if (action == otherwise && !seccomp_is_rest(s, rule->names.v[i]))
			add(d, (uint32_t)number, otherwise, false);
		else
			add(d, (uint32_t)number, action, seccomp_is_rest(s, rule->names.v[i]));
	}
}

static bool is_named(const struct oci_seccomp *s, const char *name)
{
	for (size_t i = 0; i < s->syscalls.n; i++)
		if (texts_has(&s->syscalls.v[i].names, name))
			return true;
	return false;
}

static bool names_shared(const struct oci_seccomp *s)
{
	for (size_t i = 0; i < ARRAY_LEN(shared); i++)
		if (is_named(s, shared[i]))
			return true;
	return false;
}

/* To name a part of socketcall() or ipc() is to name both, and the number of its own that the part
 * may have besides. */
static void add_shared(struct decisions *d, const struct oci_seccomp *s, uint32_t arch)
{
	if (!names_shared(s))
		return;
	for (int number = 0; number < 1024; number++) {
		char *name = seccomp_syscall_resolve_num_arch(arch, number);

		if (name && text_index(name, shared, ARRAY_LEN(shared)) >= 0 &&
		    (is_named(s, name) || strcmp(name, "socketcall") == 0 ||
		     strcmp(name, "ipc") == 0))
			add(d, (uint32_t)number, 0, true);
		free(name);
	}
}

static int by_number(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* What decides among several for one number: the rest, then the first that is not the default. */
static bool beats(const struct range *x, const struct range *y, uint32_t otherwise)
{
	return !y->rest && (x->rest || (y->action == otherwise && x->action != otherwise));
}

static size_t merge_same(struct range *v, size_t n, uint32_t otherwise)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (kept > 0 && v[kept - 1].start == v[i].start) {
			if (beats(&v[i], &v[kept - 1], otherwise))
				v[kept - 1] = v[i];
		} else {
			v[kept++] = v[i];
		}
	}
	return kept;
}

static void push(struct decisions *out, struct range r)
{
	const struct range *last;

	if (out->n > 0 && out->v[out->n - 1].start == r.start)
		out->n--; /* it turned out to be empty */
	last = out->n ? &out->v[out->n - 1] : NULL;
	if (!last || last->rest != r.rest || (!r.rest && last->action != r.action))
		add(out, r.start, r.action, r.rest);
}

/* Single numbers become ranges, with what is said of no number between them. */
static struct decisions ranges_of(const struct decisions *d, uint32_t otherwise, uint32_t newer)
{
	struct decisions out = { .arena = d->arena };

	push(&out, (struct range){ 0, d->n ? otherwise : newer, false });
	for (size_t i = 0; i < d->n; i++) {
		push(&out, d->v[i]);
		push(&out,
		     (struct range){ d->v[i].start + 1, i + 1 < d->n ? otherwise : newer, false });
	}
	return out;
}

/* Stable, as of several rules the first holds. */
static void sort(struct decisions *d)
{
	struct range *v = d->v;

	/* Mostly short runs that are in order; profiles are alphabetical, numbers are not. */
	for (size_t width = 1; width < d->n; width *= 2) {
		struct range *to = arena_array(d->arena, d->n, sizeof(*to));

		for (size_t i = 0; i < d->n; i += 2 * width) {
			size_t l = i, mid = i + width < d->n ? i + width : d->n;
			size_t r = mid, end = i + 2 * width < d->n ? i + 2 * width : d->n;

			for (size_t k = i; k < end; k++)
				to[k] = l < mid && (r >= end || by_number(&v[l], &v[r]) <= 0)
						? v[l++]
						: v[r++];
		}
		v = to;
	}
	d->v = v;
}

static struct decisions decide(struct arena *a, const struct oci_seccomp *s, uint32_t arch,
			       uint32_t newer)
{
	uint32_t otherwise = seccomp_action(s->default_action, s->default_errno_ret);
	struct decisions d = { .arena = a };

	for (size_t i = 0; i < s->syscalls.n; i++)
		add_rule(&d, s, arch, &s->syscalls.v[i], otherwise);
	add_shared(&d, s, arch);
	/* They come with the bit or without, as libseccomp's version has it. */
	for (size_t i = 0; arch == SCMP_ARCH_X32 && i < d.n; i++)
		d.v[i].start |= X32_BIT;
	sort(&d);
	d.n = merge_same(d.v, d.n, otherwise);
	return ranges_of(&d, otherwise, newer);
}

static bool answers_with_enosys(const struct oci_seccomp *s)
{
	switch ((enum oci_seccomp_action)s->default_action) {
	case OCI_ACT_ALLOW:
	case OCI_ACT_LOG:
	case OCI_ACT_TRACE:
	case OCI_ACT_NOTIFY:
		return true; /* or leaves it to somebody else */
	default:
		return false;
	}
}

/* Below the limit the tree, above it the rest. */
static void emit_below(struct code *c, const struct decisions *d, uint32_t limit)
{
	emit(c, BPF_JMP | BPF_JGE | BPF_K, limit, 0, 1);
	emit_to_rest(c);
	emit_tree(c, d->v, d->n);
}

static void emit_arch(struct code *c, struct arena *a, const struct oci_seccomp *s, uint32_t arch,
		      bool with_x32)
{
	uint32_t newer = answers_with_enosys(s)
				 ? seccomp_action(s->default_action, s->default_errno_ret)
				 : SECCOMP_RET_ERRNO | ENOSYS;
	struct decisions d = decide(a, s, arch, newer), x32;
	size_t start = c->n;

	emit(c, BPF_JMP | BPF_JEQ | BPF_K, arch, 1, 0);
	emit(c, BPF_JMP | BPF_JA, 0, 0, 0);
	emit(c, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
	if (arch == SCMP_ARCH_ARM) {
		emit_below(c, &d, ARM_PRIVATE);
	} else if (arch == SCMP_ARCH_X86_64 && with_x32) {
		/* One architecture to the kernel: x32's numbers follow those of x86-64. */
		x32 = decide(a, s, SCMP_ARCH_X32, newer);
		for (size_t i = 0; i < x32.n; i++) {
			struct range *r = &x32.v[i];

			if (i + 1 < x32.n && x32.v[i + 1].start <= X32_BIT)
				continue;
			add(&d, r->start < X32_BIT ? X32_BIT : r->start, r->action, r->rest);
		}
		emit_tree(c, d.v, d.n);
	} else if (arch == SCMP_ARCH_X86_64) {
		emit_below(c, &d, X32_BIT);
	} else {
		emit_tree(c, d.v, d.n);
	}
	if (!c->full)
		c->v[start + 1].k = (uint32_t)(c->n - start - 2);
}

static bool has_arch(const struct oci_seccomp *s, uint32_t arch)
{
	if (arch == seccomp_arch_native())
		return true;
	for (size_t i = 0; i < s->architectures.n; i++)
		if (seccomp_arch_token(s->architectures.v[i]) == arch)
			return true;
	return false;
}

int seccomp_front(struct arena *a, const struct oci_seccomp *s, const void **program, size_t *len,
		  struct err *e)
{
	struct code *c = ARENA_NEW(a, struct code);
	uint32_t native = seccomp_arch_native();
	bool with_x32 = has_arch(s, SCMP_ARCH_X32);

	c->v = arena_array(a, FRONT_MAX + *len, sizeof(*c->v));
	emit(c, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch), 0, 0);
	emit_arch(c, a, s, native, with_x32);
	for (size_t i = 0; i < s->architectures.n; i++) {
		uint32_t arch = seccomp_arch_token(s->architectures.v[i]);

		if (arch && arch != native && arch != SCMP_ARCH_X32)
			emit_arch(c, a, s, arch, with_x32);
	}
	if (c->full)
		return err_set(e, ERR_INVALID, "the seccomp profile is too long");
	for (size_t i = 0; i < c->to_rest_n; i++)
		c->v[c->to_rest[i]].k = (uint32_t)(c->n - c->to_rest[i] - 1);
	memcpy(c->v + c->n, *program, *len * sizeof(*c->v));
	*program = c->v;
	*len += c->n;
	return 0;
}
