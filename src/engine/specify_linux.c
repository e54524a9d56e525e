/* SPDX-License-Identifier: BSD-2-Clause */
/* Namespaces, limits, devices, what is hidden, and the system call filter. */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/path.h"
#include "engine/specify_private.h"
#include "runtime/seccomp.h"

/* What podman hides (its documentation of --security-opt mask), and makes read-only. */
static const char *const masked[] = {
	"/proc/acpi",
	"/proc/kcore",
	"/proc/keys",
	"/proc/latency_stats",
	"/proc/timer_list",
	"/proc/timer_stats",
	"/proc/sched_debug",
	"/proc/scsi",
	"/proc/interrupts",
	"/sys/firmware",
	"/sys/fs/selinux",
	"/sys/dev/block",
	"/sys/devices/virtual/powercap",
};
static const char *const read_only[] = {
	"/proc/asound", "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger",
};

static void add_namespace(struct arena *a, struct oci_linux *l, int type, const char *path)
{
	l->namespaces.v[l->namespaces.n++] = (struct oci_namespace){ .type = type, .path = path };
}

static void make_namespaces(struct arena *a, const struct container *c,
			    const struct specify_facts *f, struct oci_linux *l)
{
	/* A v1 host's own cgroup paths are what its tools expect to find: podman's default. */
	const char *cgroup = c->namespaces.cgroup;
	const struct {
		int type;
		const char *mode;
	} all[] = {
		{ OCI_NS_PID, c->namespaces.pid }, { OCI_NS_NETWORK, c->namespaces.network },
		{ OCI_NS_IPC, c->namespaces.ipc }, { OCI_NS_UTS, c->namespaces.uts },
		{ OCI_NS_CGROUP, cgroup },         { OCI_NS_USER, c->namespaces.user },
	};

	l->namespaces.v = arena_array(a, OCI_NS_TYPES, sizeof(*l->namespaces.v));
	add_namespace(a, l, OCI_NS_MOUNT, NULL);
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		/* The user namespace is the host's unless asked for. */
		bool asked = all[i].type != OCI_NS_USER || c->uid_maps.n;

		if (f->joined[all[i].type])
			add_namespace(a, l, all[i].type, f->joined[all[i].type]);
		else if (asked && specify_is_private(all[i].mode))
			add_namespace(a, l, all[i].type, NULL);
	}
}

static bool is_unmasked(const struct container *c, const char *path)
{
	for (size_t i = 0; i < c->unmask.n; i++) {
		if (strcasecmp(c->unmask.v[i], "ALL") == 0 || strcmp(c->unmask.v[i], path) == 0)
			return true;
		if (text_ends(c->unmask.v[i], "/*") &&
		    strncmp(path, c->unmask.v[i], strlen(c->unmask.v[i]) - 1) == 0)
			return true;
	}
	return false;
}

static void hide(struct arena *a, const struct container *c, struct oci_linux *l)
{
	if (!c->privileged) {
		for (size_t i = 0; i < ARRAY_LEN(masked); i++)
			if (!is_unmasked(c, masked[i]))
				texts_add(a, &l->masked_paths, masked[i]);
		for (size_t i = 0; i < ARRAY_LEN(read_only); i++)
			if (!is_unmasked(c, read_only[i]))
				texts_add(a, &l->readonly_paths, read_only[i]);
	}
	for (size_t i = 0; i < c->mask.n; i++)
		texts_add(a, &l->masked_paths, c->mask.v[i]);
}

static void add_rule(struct arena *a, struct oci_device_rules *rules, bool allow, const char *type,
		     int64_t major, int64_t minor, const char *access)
{
	struct oci_device_rule *v = arena_array(a, rules->n + 1, sizeof(*v));

	if (rules->n)
		memcpy(v, rules->v, rules->n * sizeof(*v));
	v[rules->n] = (struct oci_device_rule){
		.allow = allow,
		.type = type,
		.access = access,
		.major = major < 0 ? NULL : arena_copy(a, &major, sizeof(major)),
		.minor = minor < 0 ? NULL : arena_copy(a, &minor, sizeof(minor)),
	};
	rules->v = v;
	rules->n++;
}

/* "c 10:200 rwm", "b *:* r" */
static int parse_rule(struct arena *a, struct oci_device_rules *rules, const char *text,
		      struct err *e)
{
	struct texts parts = texts_split(a, text, ' ');
	struct texts numbers = parts.n == 3 ? texts_split(a, parts.v[1], ':') : (struct texts){ 0 };
	int64_t number[2] = { -1, -1 };

	if (parts.n != 3 || numbers.n != 2)
		return err_set(e, ERR_INVALID,
			       "invalid device cgroup rule requires type, major:Minor, and access "
			       "rules: %s",
			       text);
	if (strlen(parts.v[0]) != 1 || !strchr("abc", *parts.v[0]))
		return err_set(e, ERR_INVALID, "invalid device type in device-access-add: %s",
			       parts.v[0]);
	if (!*parts.v[2] || strspn(parts.v[2], "rwm") != strlen(parts.v[2]))
		return err_set(e, ERR_INVALID, "invalid device access in device-access-add: %s",
			       parts.v[2]);
	for (int i = 0; i < 2; i++) {
		if (strcmp(numbers.v[i], "*") == 0)
			continue;
		if (text_to_int(numbers.v[i], 0, UINT32_MAX, &number[i], "device number", e) < 0)
			return -EINVAL;
	}
	add_rule(a, rules, true, parts.v[0], number[0], number[1], parts.v[2]);
	return 0;
}

static const char *access_of(const struct container *c, const char *path)
{
	for (size_t i = 0; i < c->devices.n; i++)
		if (path_is_below(path, c->devices.v[i].destination))
			return c->devices.v[i].access;
	return "rwm";
}

static int make_device_rules(struct arena *a, const struct container *c,
			     const struct specify_facts *f, struct oci_device_rules *rules,
			     struct err *e)
{
	add_rule(a, rules, c->privileged, "a", -1, -1, "rwm");
	if (!c->privileged)
		for (size_t i = 0; i < f->devices.n; i++)
			add_rule(a, rules, true, f->devices.v[i].type, f->devices.v[i].major,
				 f->devices.v[i].minor, access_of(c, f->devices.v[i].path));
	for (size_t i = 0; i < c->device_rules.n; i++) {
		int r = parse_rule(a, rules, c->device_rules.v[i], e);

		if (r < 0)
			return r;
	}
	return 0;
}

static int make_resources(struct arena *a, const struct container *c, const struct specify_facts *f,
			  struct oci_linux *l, struct err *e)
{
	l->resources = ARENA_NEW(a, struct oci_linux_resources);
	if (c->resources)
		*l->resources = *c->resources;
	/* Without root there are neither device rules nor, mostly, groups to put them on. */
	if (f->rootless)
		return 0;
	return make_device_rules(a, c, f, &l->resources->devices, e);
}

static int make_seccomp(struct arena *a, const struct container *c, const struct specify_facts *f,
			struct oci_linux *l, struct err *e)
{
	const struct oci_seccomp *s = f->seccomp;
	uint64_t capabilities;
	int r;

	if (text_eq(c->seccomp, "unconfined") || (c->privileged && !c->seccomp))
		return 0;
	if (!s) {
		r = container_capabilities(c, f, &capabilities, e);
		if (r == 0)
			r = seccomp_default(a,
					    &(struct seccomp_for){ .capabilities = capabilities },
					    &s, e);
		if (r < 0)
			return r;
	}
	l->seccomp = arena_copy(a, s, sizeof(*s));
	return 0;
}

static void make_sysctls(struct arena *a, const struct container *c, struct oci_linux *l)
{
	/* It can't be set where no proc can be mounted. */
	bool settable = c->uid_maps.n == 0 || specify_is_private(c->namespaces.pid);

	/* Without it a plain user can't ping in a network namespace of the container's own. */
	if (settable && specify_is_private(c->namespaces.network) &&
	    !text_map_get(&c->sysctls, "net.ipv4.ping_group_range"))
		text_map_set(a, &l->sysctl, "net.ipv4.ping_group_range", "0 0");
	for (size_t i = 0; i < c->sysctls.n; i++)
		text_map_set(a, &l->sysctl, c->sysctls.v[i].key, c->sysctls.v[i].value);
}

int specify_linux(struct arena *a, const struct container *c, const struct specify_facts *f,
		  struct oci_config *o, struct err *e)
{
	struct oci_linux *l = ARENA_NEW(a, struct oci_linux);
	int r;

	o->linux_part = l;
	make_namespaces(a, c, f, l);
	l->uid_maps = c->uid_maps;
	l->gid_maps = c->gid_maps;
	hide(a, c, l);
	make_sysctls(a, c, l);
	l->devices = f->devices;
	if (c->personality) {
		l->personality = ARENA_NEW(a, struct oci_personality);
		l->personality->domain = c->personality;
	}
	l->rootfs_propagation = "private";
	r = make_resources(a, c, f, l, e);
	return r < 0 ? r : make_seccomp(a, c, f, l, e);
}
