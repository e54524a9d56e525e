/* SPDX-License-Identifier: BSD-2-Clause */
#include "cgroup/device.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#define ANY -1

static const struct device_rule always[] = {
	{ true, 'c', ANY, ANY, DEVICE_MKNOD }, { true, 'b', ANY, ANY, DEVICE_MKNOD },
	{ true, 'c', 1, 3, DEVICE_ALL },       { true, 'c', 1, 5, DEVICE_ALL },
	{ true, 'c', 1, 7, DEVICE_ALL },       { true, 'c', 1, 8, DEVICE_ALL },
	{ true, 'c', 1, 9, DEVICE_ALL },       { true, 'c', 5, 0, DEVICE_ALL },
	{ true, 'c', 5, 1, DEVICE_ALL },       { true, 'c', 5, 2, DEVICE_ALL },
	{ true, 'c', 136, ANY, DEVICE_ALL },   { true, 'c', 10, 200, DEVICE_ALL },
};

static void add(struct device_rules *l, const struct device_rule *rule)
{
	if (l->n == l->room) {
		size_t room = l->room ? l->room * 2 : 32;
		struct device_rule *v = arena_array(l->arena, room, sizeof(*v));

		if (l->n)
			memcpy(v, l->v, l->n * sizeof(*v));
		l->v = v;
		l->room = room;
	}
	l->v[l->n++] = *rule;
}

static int read_access(const char *text, size_t at, unsigned *ret, struct err *e)
{
	unsigned access = 0;

	/* Absent means nothing to the specification; every runtime takes it as all. */
	if (!text || !*text) {
		*ret = DEVICE_ALL;
		return 0;
	}
	access = (strchr(text, 'r') ? DEVICE_READ : 0) | (strchr(text, 'w') ? DEVICE_WRITE : 0) |
		 (strchr(text, 'm') ? DEVICE_MKNOD : 0);
	/* Other letters beside these are left out, as runc does, and warned of. */
	if (!access)
		return err_set(e, ERR_INVALID,
			       "linux.resources.devices[%zu].access: invalid device access "
			       "\"%.16s\"",
			       at, text);
	*ret = access;
	return 0;
}

static int read_rule(const struct oci_device_rule *from, size_t at, struct device_rule *ret,
		     struct err *e)
{
	const char *type = from->type && *from->type ? from->type : "a";

	if (strlen(type) != 1 || !strchr("abc", *type))
		return err_set(e, ERR_INVALID,
			       "linux.resources.devices[%zu].type: invalid device type \"%.16s\"",
			       at, type);
	ret->allow = from->allow;
	ret->type = *type;
	ret->major = from->major ? *from->major : ANY;
	ret->minor = from->minor ? *from->minor : ANY;
	/* Device numbers of the kernel have 12 and 20 bits. */
	if (ret->major < ANY || ret->major > 0xfff || ret->minor < ANY || ret->minor > 0xfffff)
		return err_set(e, ERR_INVALID,
			       "linux.resources.devices[%zu]: %" PRId64 ":%" PRId64
			       " is not a device number",
			       at, ret->major, ret->minor);
	return read_access(from->access, at, &ret->access, e);
}

int device_rules_read(struct device_rules *ret, const struct oci_device_rules *from, struct err *e)
{
	for (size_t i = 0; i < from->n; i++) {
		struct device_rule rule;
		int r = read_rule(&from->v[i], i, &rule, e);

		if (r < 0)
			return r;
		add(ret, &rule);
	}
	for (size_t i = 0; i < ARRAY_LEN(always); i++)
		add(ret, &always[i]);
	return 0;
}

/* v1 */

static bool matches_all(const struct device_rule *rule)
{
	return rule->type == 'a' && rule->major == ANY && rule->minor == ANY;
}

static bool covers(const struct device_rule *wide, const struct device_rule *narrow)
{
	return wide->type == narrow->type && (wide->major == ANY || wide->major == narrow->major) &&
	       (wide->minor == ANY || wide->minor == narrow->minor);
}

static bool overlaps(const struct device_rule *x, const struct device_rule *y)
{
	return x->type == y->type && (x->major == ANY || y->major == ANY || x->major == y->major) &&
	       (x->minor == ANY || y->minor == ANY || x->minor == y->minor);
}

static void add_exception(struct device_rules *l, const struct device_rule *rule)
{
	for (size_t i = 0; i < l->n; i++) {
		if (covers(&l->v[i], rule) && covers(rule, &l->v[i])) {
			l->v[i].access |= rule->access;
			return;
		}
	}
	add(l, rule);
}

static int drop_exception(struct device_rules *l, const struct device_rule *rule, struct err *e)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->n; i++) {
		struct device_rule *one = &l->v[i];

		if (!(one->access & rule->access) || !overlaps(rule, one))
			;
		else if (covers(rule, one))
			one->access &= ~rule->access;
		else
			return err_set(
				e, ERR_UNSUPPORTED,
				"linux.resources.devices: cgroup v1 cannot make an exception "
				"(%s) from another (%s)",
				device_rule_text(rule).text, device_rule_text(one).text);
		if (one->access)
			l->v[kept++] = *one;
	}
	l->n = kept;
	return 0;
}

int device_rules_fold(struct device_rules *ret, const struct device_rules *from, bool *ret_allow,
		      struct err *e)
{
	bool allow = true; /* what a new group starts with */

	for (size_t i = 0; i < from->n; i++) {
		struct device_rule rule = from->v[i];

		if (matches_all(&rule) && rule.access == DEVICE_ALL) {
			allow = rule.allow;
			ret->n = 0;
			continue;
		}
		/* v1 knows no numbers of both types together. */
		for (const char *type = rule.type == 'a' ? "bc" : &from->v[i].type;
		     *type == 'b' || *type == 'c'; type++) {
			int r = 0;

			rule.type = *type;
			if (rule.allow != allow)
				add_exception(ret, &rule);
			else
				r = drop_exception(ret, &rule, e);
			if (r < 0)
				return r;
			if (from->v[i].type != 'a')
				break;
		}
	}
	*ret_allow = allow;
	return 0;
}

static void print_number(char *to, size_t room, int64_t number)
{
	if (number == ANY)
		snprintf(to, room, "*");
	else
		snprintf(to, room, "%" PRId64, number);
}

struct device_text device_rule_text(const struct device_rule *rule)
{
	struct device_text t;
	char major[24], minor[24];

	print_number(major, sizeof(major), rule->major);
	print_number(minor, sizeof(minor), rule->minor);
	snprintf(t.text, sizeof(t.text), "%c %s:%s %s%s%s", rule->type, major, minor,
		 rule->access & DEVICE_READ ? "r" : "", rule->access & DEVICE_WRITE ? "w" : "",
		 rule->access & DEVICE_MKNOD ? "m" : "");
	return t;
}

/*
 * v2: Documentation/bpf/prog_cgroup_sysctl.rst's sibling for devices.  The context is access and
 * type in one word, major, minor.  Rules are tried from the last to the first; r3 holds the kinds
 * of access that are still to be decided, and losing its last bit allows.
 */

#define LOAD(dst, field)                                                                   \
	{                                                                                  \
		.code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = (dst), .src_reg = BPF_REG_1, \
		.off = offsetof(struct bpf_cgroup_dev_ctx, field)                          \
	}
#define ALU_IMM(op, dst, value)                                                    \
	{                                                                          \
		.code = BPF_ALU64 | (op) | BPF_K, .dst_reg = (dst), .imm = (value) \
	}
#define MOVE(dst, src)                                                                  \
	{                                                                               \
		.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = (dst), .src_reg = (src) \
	}
#define JUMP(op, reg, value)                                                     \
	{                                                                        \
		.code = BPF_JMP | (op) | BPF_K, .dst_reg = (reg), .imm = (value) \
	}
#define RETURN(value)                       \
	ALU_IMM(BPF_MOV, BPF_REG_0, value), \
	{                                   \
		.code = BPF_JMP | BPF_EXIT  \
	}

#define ACCESS BPF_REG_3
#define TYPE   BPF_REG_2
#define MAJOR  BPF_REG_4
#define MINOR  BPF_REG_5
/* The longest rule below: three comparisons, two to mask, one to test, two to return. */
#define RULE_MAX 8

struct code {
	struct bpf_insn *v;
	size_t n;
};

static void emit(struct code *c, const struct bpf_insn *v, size_t n)
{
	memcpy(c->v + c->n, v, n * sizeof(*v));
	c->n += n;
}

#define EMIT(c, ...)                                        \
	emit((c), (const struct bpf_insn[]){ __VA_ARGS__ }, \
	     ARRAY_LEN(((const struct bpf_insn[]){ __VA_ARGS__ })))

static void emit_rule(struct code *c, const struct device_rule *rule)
{
	size_t start = c->n;

	if (rule->type != 'a')
		EMIT(c, JUMP(BPF_JNE, TYPE,
			     rule->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR));
	if (rule->major != ANY)
		EMIT(c, JUMP(BPF_JNE, MAJOR, (int32_t)rule->major));
	if (rule->minor != ANY)
		EMIT(c, JUMP(BPF_JNE, MINOR, (int32_t)rule->minor));
	if (rule->access != DEVICE_ALL && rule->allow)
		EMIT(c, ALU_IMM(BPF_AND, ACCESS, (int32_t)~rule->access), JUMP(BPF_JNE, ACCESS, 0));
	else if (rule->access != DEVICE_ALL)
		EMIT(c, MOVE(BPF_REG_0, ACCESS), ALU_IMM(BPF_AND, BPF_REG_0, (int32_t)rule->access),
		     JUMP(BPF_JEQ, BPF_REG_0, 0));
	EMIT(c, RETURN(rule->allow));
	/* What does not match goes on behind the rule. */
	for (size_t i = start; i < c->n; i++)
		if (BPF_CLASS(c->v[i].code) == BPF_JMP && c->v[i].code != (BPF_JMP | BPF_EXIT))
			c->v[i].off = (int16_t)(c->n - i - 1);
}

struct device_program device_rules_compile(struct arena *a, const struct device_rules *rules)
{
	struct code c = { .v = arena_array(a, rules->n * RULE_MAX + 8, sizeof(*c.v)) };

	EMIT(&c, LOAD(TYPE, access_type), MOVE(ACCESS, TYPE), ALU_IMM(BPF_RSH, ACCESS, 16),
	     ALU_IMM(BPF_AND, TYPE, 0xffff), LOAD(MAJOR, major), LOAD(MINOR, minor));
	for (size_t i = rules->n; i-- > 0;) {
		emit_rule(&c, &rules->v[i]);
		/* Nothing gets past a rule for everything, and the verifier refuses dead code. */
		if (matches_all(&rules->v[i]) && rules->v[i].access == DEVICE_ALL)
			return (struct device_program){ c.v, c.n };
	}
	EMIT(&c, RETURN(1));
	return (struct device_program){ c.v, c.n };
}

static int bpf(int command, union bpf_attr *attr)
{
	int r = (int)syscall(SYS_bpf, command, attr, sizeof(*attr));

	return r < 0 ? -errno : r;
}

static int load(const struct device_program *p)
{
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
		.insns = (uintptr_t)p->v,
		.insn_cnt = (uint32_t)p->n,
		.license = (uintptr_t) "BSD",
		.prog_name = "berth_devices",
	};
	struct rlimit was, more;
	int r = bpf(BPF_PROG_LOAD, &attr);

	if (r != -EPERM || getrlimit(RLIMIT_MEMLOCK, &was) < 0)
		return r;
	/* Before 5.11 programs count as locked memory. */
	more = was;
	more.rlim_cur = more.rlim_max = RLIM_INFINITY;
	if (setrlimit(RLIMIT_MEMLOCK, &more) < 0)
		return r;
	r = bpf(BPF_PROG_LOAD, &attr);
	setrlimit(RLIMIT_MEMLOCK, &was);
	return r;
}

#define ATTACHED_MAX 64 /* BPF_CGROUP_MAX_PROGS of the kernel */

static size_t attached(int group, uint32_t *ids)
{
	union bpf_attr attr = {
		.query = { .target_fd = (uint32_t)group,
			   .attach_type = BPF_CGROUP_DEVICE,
			   .prog_ids = (uintptr_t)ids,
			   .prog_cnt = ATTACHED_MAX },
	};

	return bpf(BPF_PROG_QUERY, &attr) < 0 ? 0 : attr.query.prog_cnt;
}

static int program_of(uint32_t id)
{
	union bpf_attr attr = { .prog_id = id };

	return bpf(BPF_PROG_GET_FD_BY_ID, &attr);
}

static int attach(int group, int program, int instead_of)
{
	union bpf_attr attr = {
		.target_fd = (uint32_t)group,
		.attach_bpf_fd = (uint32_t)program,
		.attach_type = BPF_CGROUP_DEVICE,
		.attach_flags = BPF_F_ALLOW_MULTI,
	};

	if (instead_of >= 0) {
		attr.attach_flags |= BPF_F_REPLACE;
		attr.replace_bpf_fd = (uint32_t)instead_of;
	}
	return bpf(BPF_PROG_ATTACH, &attr);
}

static void detach(int group, int program)
{
	union bpf_attr attr = {
		.target_fd = (uint32_t)group,
		.attach_bpf_fd = (uint32_t)program,
		.attach_type = BPF_CGROUP_DEVICE,
	};

	bpf(BPF_PROG_DETACH, &attr);
}

int device_program_attach(int group, const struct device_program *p, struct err *e)
{
	uint32_t ids[ATTACHED_MAX];
	auto_close int program = load(p);
	auto_close int old = -1;
	size_t n;
	int r;

	if (program < 0)
		return err_from(e, program, "load the device rules as a BPF program");
	n = attached(group, ids);
	if (n == 1)
		old = program_of(ids[0]);
	r = attach(group, program, old);
	if (r < 0)
		return err_from(e, r, "attach the device rules to the cgroup");
	/* Several all have to allow; none of them is of this container's present rules. */
	for (size_t i = 0; n > 1 && i < n; i++) {
		auto_close int one = program_of(ids[i]);

		if (one >= 0)
			detach(group, one);
	}
	return 0;
}
