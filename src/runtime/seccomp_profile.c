/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Profiles as files.  Docker and podman write more than the specification has: rules that hold only
 * with or without capabilities, on architectures, from a kernel on; architectures by the native one
 * (archMap); errors by name.  All of that is decided here, so that what comes out is the
 * specification's form.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "runtime/capability.h"
#include "runtime/seccomp_arch.h"

struct condition {
	struct texts caps, arches;
	const char *min_kernel;
};

struct profile_arg {
	struct oci_seccomp_arg arg;
};

struct profile_rule {
	struct oci_seccomp_rule rule;
	const char *name;       /* Docker's first form had one call a rule */
	const char *errno_name; /* podman: wins over errnoRet */
	struct condition *includes, *excludes;
};

struct profile_rules {
	struct profile_rule *v;
	size_t n;
};

struct arch_map {
	const char *architecture;
	struct texts also;
};

struct arch_maps {
	struct arch_map *v;
	size_t n;
};

struct profile {
	struct oci_seccomp s;
	const char *default_errno;
	struct arch_maps arch_map;
	struct profile_rules rules;
};

static const struct json_field condition_fields[] = {
	JSON_TEXTS(condition, caps, "caps", 0),
	JSON_TEXTS(condition, arches, "arches", 0),
	JSON_TEXT(condition, min_kernel, "minKernel", 0),
	{ 0 },
};
static const struct json_type condition_json = JSON_TYPE(condition, condition_fields);

static const struct json_field arg_fields[] = {
	JSON_UINT(profile_arg, arg.index, "index", 0),
	JSON_UINT(profile_arg, arg.value, "value", 0),
	JSON_UINT(profile_arg, arg.value_two, "valueTwo", 0),
	{ .name = "op",
	  .kind = JSON_KIND_NAME,
	  .flags = JSON_REQUIRED,
	  .offset = offsetof(struct profile_arg, arg.op),
	  .names = oci_seccomp_op_name,
	  .names_len = OCI_CMPS },
	{ 0 },
};
static const struct json_type arg_json = JSON_TYPE(profile_arg, arg_fields);
_Static_assert(sizeof(struct profile_arg) == sizeof(struct oci_seccomp_arg),
	       "an array of one is an array of the other");

#define ACTION_NAME(tag, member, key)                                                     \
	{                                                                                 \
		.name = (key), .kind = JSON_KIND_NAME, .flags = JSON_REQUIRED,            \
		.offset = offsetof(struct tag, member), .names = oci_seccomp_action_name, \
		.names_len = OCI_ACTS                                                     \
	}

static const struct json_field rule_fields[] = {
	JSON_TEXTS(profile_rule, rule.names, "names", 0),
	JSON_TEXT(profile_rule, name, "name", 0),
	ACTION_NAME(profile_rule, rule.action, "action"),
	JSON_UINT_PTR(profile_rule, rule.errno_ret, "errnoRet", 0),
	JSON_TEXT(profile_rule, errno_name, "errno", 0),
	JSON_ARRAY(profile_rule, rule.args, "args", 0, arg_json),
	JSON_OBJECT_PTR(profile_rule, includes, "includes", 0, condition_json),
	JSON_OBJECT_PTR(profile_rule, excludes, "excludes", 0, condition_json),
	{ 0 },
};
static const struct json_type rule_json = JSON_TYPE(profile_rule, rule_fields);

static const struct json_field arch_map_fields[] = {
	JSON_TEXT(arch_map, architecture, "architecture", JSON_REQUIRED),
	JSON_TEXTS(arch_map, also, "subArchitectures", 0),
	{ 0 },
};
static const struct json_type arch_map_json = JSON_TYPE(arch_map, arch_map_fields);

static const struct json_field profile_fields[] = {
	ACTION_NAME(profile, s.default_action, "defaultAction"),
	JSON_UINT_PTR(profile, s.default_errno_ret, "defaultErrnoRet", 0),
	JSON_TEXT(profile, default_errno, "defaultErrno", 0),
	JSON_TEXTS(profile, s.architectures, "architectures", 0),
	JSON_ARRAY(profile, arch_map, "archMap", 0, arch_map_json),
	JSON_TEXTS(profile, s.flags, "flags", 0),
	JSON_TEXT(profile, s.listener_path, "listenerPath", 0),
	JSON_TEXT(profile, s.listener_metadata, "listenerMetadata", 0),
	JSON_ARRAY(profile, rules, "syscalls", 0, rule_json),
	{ 0 },
};
static const struct json_type profile_json = JSON_TYPE(profile, profile_fields);

/* Those that profiles in use name. */
static const struct {
	const char *name;
	uint64_t number;
} errnos[] = {
	{ "EPERM", EPERM },
	{ "ENOENT", ENOENT },
	{ "EIO", EIO },
	{ "ENXIO", ENXIO },
	{ "EBADF", EBADF },
	{ "EAGAIN", EAGAIN },
	{ "ENOMEM", ENOMEM },
	{ "EACCES", EACCES },
	{ "EFAULT", EFAULT },
	{ "EBUSY", EBUSY },
	{ "EEXIST", EEXIST },
	{ "ENODEV", ENODEV },
	{ "EINVAL", EINVAL },
	{ "ENFILE", ENFILE },
	{ "EMFILE", EMFILE },
	{ "ENOTTY", ENOTTY },
	{ "EROFS", EROFS },
	{ "ENOSYS", ENOSYS },
	{ "EAFNOSUPPORT", EAFNOSUPPORT },
	{ "EPROTONOSUPPORT", EPROTONOSUPPORT },
	{ "EOPNOTSUPP", EOPNOTSUPP },
	{ "ENOTSUP", ENOTSUP },
};

static int resolve_errno(const char *name, const uint64_t **ret, struct err *e)
{
	if (text_empty(name))
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(errnos); i++) {
		if (strcmp(errnos[i].name, name) == 0) {
			*ret = &errnos[i].number;
			return 0;
		}
	}
	return err_set(e, ERR_INVALID, "seccomp profile: unknown error name \"%s\"", name);
}

static bool kernel_is_at_least(const char *wanted)
{
	struct utsname u;
	unsigned major = 0, minor = 0, now_major = 0, now_minor = 0;

	if (uname(&u) < 0 || sscanf(u.release, "%u.%u", &now_major, &now_minor) != 2)
		return false;
	sscanf(wanted, "%u.%u", &major, &minor);
	return now_major > major || (now_major == major && now_minor >= minor);
}

static bool has_capability(uint64_t set, const char *name)
{
	int number = capability_number(name);

	return number >= 0 && (set >> number & 1);
}

/* Included: all capabilities, one of the architectures, and the kernel. */
static bool is_included(const struct condition *c, uint64_t capabilities, const char *go_arch)
{
	for (size_t i = 0; i < c->caps.n; i++)
		if (!has_capability(capabilities, c->caps.v[i]))
			return false;
	if (c->arches.n > 0 && !texts_has(&c->arches, go_arch))
		return false;
	return text_empty(c->min_kernel) || kernel_is_at_least(c->min_kernel);
}

/* Excluded: by any of them. */
static bool is_excluded(const struct condition *c, uint64_t capabilities, const char *go_arch)
{
	for (size_t i = 0; i < c->caps.n; i++)
		if (has_capability(capabilities, c->caps.v[i]))
			return true;
	if (texts_has(&c->arches, go_arch))
		return true;
	return !text_empty(c->min_kernel) && kernel_is_at_least(c->min_kernel);
}

static int reduce_rule(struct arena *a, struct profile_rule *from, struct oci_seccomp *to,
		       struct err *e)
{
	struct oci_seccomp_rule *rule = &from->rule;
	int r = resolve_errno(from->errno_name, &rule->errno_ret, e);

	if (r < 0)
		return r;
	if (from->name && rule->names.n > 0)
		return err_set(e, ERR_INVALID,
			       "seccomp profile: both name (\"%s\") and names in one rule",
			       from->name);
	if (from->name)
		texts_add(a, &rule->names, from->name);
	/* podman accepts rules for nothing. */
	if (rule->names.n > 0)
		to->syscalls.v[to->syscalls.n++] = *rule;
	return 0;
}

static int reduce_arches(struct arena *a, struct profile *p, const char *arch, struct err *e)
{
	if (p->arch_map.n > 0 && p->s.architectures.n > 0)
		return err_set(e, ERR_INVALID,
			       "seccomp profile: both architectures and archMap are given");
	for (size_t i = 0; i < p->arch_map.n; i++) {
		const struct arch_map *m = &p->arch_map.v[i];

		if (strcmp(m->architecture, arch) != 0)
			continue;
		texts_add(a, &p->s.architectures, arch);
		for (size_t k = 0; k < m->also.n; k++)
			texts_add(a, &p->s.architectures, m->also.v[k]);
		break;
	}
	return 0;
}

static int reduce(struct arena *a, struct profile *p, const struct seccomp_for *who, struct err *e)
{
	const char *arch = who->arch ? who->arch : seccomp_native_arch();
	const char *go_arch = seccomp_go_arch(arch);
	int r = resolve_errno(p->default_errno, &p->s.default_errno_ret, e);

	if (r == 0 && !go_arch)
		r = err_set(e, ERR_INVALID, "unknown architecture \"%s\"", arch);
	if (r == 0)
		r = reduce_arches(a, p, arch, e);
	p->s.syscalls.v = arena_array(a, p->rules.n + 1, sizeof(*p->s.syscalls.v));
	for (size_t i = 0; r == 0 && i < p->rules.n; i++) {
		struct profile_rule *rule = &p->rules.v[i];

		if (rule->includes && !is_included(rule->includes, who->capabilities, go_arch))
			continue;
		if (rule->excludes && is_excluded(rule->excludes, who->capabilities, go_arch))
			continue;
		r = reduce_rule(a, rule, &p->s, e);
	}
	return r;
}

int seccomp_read(struct arena *a, const char *text, size_t len, const struct seccomp_for *who,
		 const struct oci_seccomp **ret, struct err *e)
{
	struct profile *p = ARENA_NEW(a, struct profile);
	int r = json_read(a, text, len, &profile_json, p, e);

	if (r < 0)
		return err_wrap(e, "seccomp profile");
	r = reduce(a, p, who, e);
	if (r == 0)
		r = oci_seccomp_check(&p->s, e);
	if (r == 0)
		*ret = &p->s;
	return r;
}
