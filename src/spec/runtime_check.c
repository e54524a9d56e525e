/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a table of types can't say about a configuration.  Sources: config.md and config-linux.md
 * of runtime-spec 1.3.0 and the ranges of the kernel's own calls.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "spec/runtime_check_private.h"

#define ID_MAX     (UINT32_MAX - 1) /* the last is "no ID" */
#define ERRNO_MAX  4095
#define SYSCTL_MAX 256

static bool has_parent_step(const char *path)
{
	for (const char *p = path; (p = strstr(p, "..")); p += 2)
		if ((p == path || p[-1] == '/') && (p[2] == '/' || p[2] == '\0'))
			return true;
	return false;
}

/* MAJOR.MINOR.PATCH[-…] of the major version that is implemented. */
static int check_version(const char *v, struct err *e)
{
	unsigned major, minor, patch;
	char after = '\0';
	int n = sscanf(v, "%u.%u.%u%c", &major, &minor, &patch, &after);

	if (n < 3 || (n == 4 && after != '-' && after != '+'))
		return INVALID("ociVersion: \"%s\" is not a version", v);
	if (major != 1)
		return INVALID("ociVersion: %s is not supported, only 1.x is", v);
	return 0;
}

static int check_id_maps(const struct oci_id_maps *maps, const char *at, struct err *e)
{
	for (size_t i = 0; i < maps->n; i++) {
		const struct oci_id_map *m = &maps->v[i];

		if (m->size == 0)
			return INVALID("%s[%zu].size: may not be 0", at, i);
		if (m->size > UINT32_MAX || m->container_id > ID_MAX || m->host_id > ID_MAX ||
		    m->container_id + m->size > UINT32_MAX || m->host_id + m->size > UINT32_MAX)
			return INVALID("%s[%zu]: reaches beyond the largest ID", at, i);
	}
	return 0;
}

static int check_mounts(const struct oci_mounts *mounts, struct err *e)
{
	char at[64];
	int r;

	for (size_t i = 0; i < mounts->n; i++) {
		const struct oci_mount *m = &mounts->v[i];

		if (text_empty(m->destination))
			return INVALID("mounts[%zu].destination: may not be empty", i);
		if (!m->uid_maps.n != !m->gid_maps.n)
			return INVALID("mounts[%zu]: uidMappings and gidMappings go together", i);
		snprintf(at, sizeof(at), "mounts[%zu].uidMappings", i);
		r = check_id_maps(&m->uid_maps, at, e);
		if (r < 0)
			return r;
		snprintf(at, sizeof(at), "mounts[%zu].gidMappings", i);
		r = check_id_maps(&m->gid_maps, at, e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int check_hook_list(const struct oci_hook_list *l, const char *kind, struct err *e)
{
	for (size_t i = 0; i < l->n; i++) {
		if (!is_absolute(l->v[i].path))
			return INVALID("hooks.%s[%zu].path: \"%s\" is not absolute", kind, i,
				       l->v[i].path);
		if (l->v[i].timeout && *l->v[i].timeout <= 0)
			return INVALID("hooks.%s[%zu].timeout: must be greater than 0", kind, i);
	}
	return 0;
}

static int check_hooks(const struct oci_hooks *h, struct err *e)
{
	const struct {
		const struct oci_hook_list *list;
		const char *kind;
	} all[] = {
		{ &h->prestart, "prestart" },
		{ &h->create_runtime, "createRuntime" },
		{ &h->create_container, "createContainer" },
		{ &h->start_container, "startContainer" },
		{ &h->poststart, "poststart" },
		{ &h->poststop, "poststop" },
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		int r = check_hook_list(all[i].list, all[i].kind, e);

		if (r < 0)
			return r;
	}
	return 0;
}

static int check_namespaces(const struct oci_namespaces *l, struct err *e)
{
	unsigned seen = 0;

	for (size_t i = 0; i < l->n; i++) {
		const struct oci_namespace *n = &l->v[i];

		if (seen & 1U << n->type)
			return INVALID("linux.namespaces[%zu].type: %s is there twice", i,
				       oci_namespace_name[n->type]);
		seen |= 1U << n->type;
		if (!text_empty(n->path) && !is_absolute(n->path))
			return INVALID("linux.namespaces[%zu].path: \"%s\" is not absolute", i,
				       n->path);
	}
	return 0;
}

static int check_devices(const struct oci_devices *l, struct err *e)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct oci_device *d = &l->v[i];
		bool numbered = !text_eq(d->type, "p");

		if (!is_absolute(d->path))
			return INVALID("linux.devices[%zu].path: \"%s\" is not absolute", i,
				       d->path);
		if (text_empty(d->type) || d->type[1] || !strchr("cbup", d->type[0]))
			return INVALID("linux.devices[%zu].type: unknown value \"%s\"", i,
				       d->type ? d->type : "");
		if (numbered && (d->major < 0 || d->major > UINT32_MAX || d->minor < 0 ||
				 d->minor > UINT32_MAX))
			return INVALID("linux.devices[%zu]: %" PRId64 ":%" PRId64
				       " is no device number",
				       i, d->major, d->minor);
		if ((d->uid && *d->uid > ID_MAX) || (d->gid && *d->gid > ID_MAX))
			return INVALID("linux.devices[%zu]: the owner is out of range", i);
	}
	return 0;
}

static int check_device_rules(const struct oci_device_rules *l, struct err *e)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct oci_device_rule *d = &l->v[i];

		if (!text_empty(d->type) && (strlen(d->type) != 1 || !strchr("acb", d->type[0])))
			return INVALID("linux.resources.devices[%zu].type: unknown value \"%s\"", i,
				       d->type);
		if (!text_empty(d->access) && !strpbrk(d->access, "rwm"))
			return INVALID("linux.resources.devices[%zu].access: unknown value \"%s\"",
				       i, d->access);
	}
	return 0;
}

static int check_weight(const uint64_t *weight, const char *at, struct err *e)
{
	if (weight && *weight != 0 && (*weight < 10 || *weight > 1000))
		return INVALID("%s: %" PRIu64 " is not from 10 to 1000", at, *weight);
	return 0;
}

static int check_hugepages(const struct oci_hugepage_limits *l, struct err *e)
{
	static const char *const units[] = { "KB", "MB", "GB", "TB" };

	for (size_t i = 0; i < l->n; i++) {
		const char *size = l->v[i].page_size ? l->v[i].page_size : "";
		size_t digits = strspn(size, "0123456789");

		if (digits == 0 || size[0] == '0' ||
		    text_index(size + digits, units, ARRAY_LEN(units)) < 0)
			return INVALID("linux.resources.hugepageLimits[%zu].pageSize: \"%s\" is no "
				       "size as 2MB is",
				       i, size);
	}
	return 0;
}

static int check_resources(const struct oci_linux_resources *r, struct err *e)
{
	int n;

	if (r->memory && r->memory->swappiness && *r->memory->swappiness > 100)
		return INVALID("linux.resources.memory.swappiness: %" PRIu64 " is above 100",
			       *r->memory->swappiness);
	if (r->cpu && r->cpu->idle && *r->cpu->idle != 0 && *r->cpu->idle != 1)
		return INVALID("linux.resources.cpu.idle: %" PRId64 " is neither 0 nor 1",
			       *r->cpu->idle);
	if (r->cpu && r->cpu->burst && r->cpu->quota && *r->cpu->quota > 0 &&
	    *r->cpu->burst > (uint64_t)*r->cpu->quota)
		return INVALID("linux.resources.cpu.burst: must be <= quota");
	n = check_device_rules(&r->devices, e);
	if (n == 0 && r->block_io)
		n = check_weight(r->block_io->weight, "linux.resources.blockIO.weight", e);
	if (n == 0 && r->block_io)
		n = check_weight(r->block_io->leaf_weight, "linux.resources.blockIO.leafWeight", e);
	if (n == 0)
		n = check_hugepages(&r->hugepage_limits, e);
	return n;
}

static bool allows_errno(int action)
{
	return action == OCI_ACT_ERRNO || action == OCI_ACT_TRACE;
}

static int check_errno(const uint64_t *errno_ret, int action, const char *at, struct err *e)
{
	if (!errno_ret)
		return 0;
	if (!allows_errno(action))
		return INVALID("%s: goes with SCMP_ACT_ERRNO and SCMP_ACT_TRACE only", at);
	if (*errno_ret > ERRNO_MAX)
		return INVALID("%s: %" PRIu64 " is out of range", at, *errno_ret);
	return 0;
}

static int check_seccomp_rule(const struct oci_seccomp_rule *s, size_t i, struct err *e)
{
	char at[64];

	if (s->names.n == 0)
		return INVALID("linux.seccomp.syscalls[%zu].names: may not be empty", i);
	if (s->action == OCI_ACT_NOTIFY && texts_has(&s->names, "write"))
		return INVALID("linux.seccomp.syscalls[%zu]: SCMP_ACT_NOTIFY cannot be used for "
			       "the write syscall",
			       i);
	for (size_t k = 0; k < s->args.n; k++)
		if (s->args.v[k].index > 5)
			return INVALID("linux.seccomp.syscalls[%zu].args[%zu].index: %" PRIu64
				       " is above 5",
				       i, k, s->args.v[k].index);
	snprintf(at, sizeof(at), "linux.seccomp.syscalls[%zu].errnoRet", i);
	return check_errno(s->errno_ret, s->action, at, e);
}

int oci_seccomp_check(const struct oci_seccomp *s, struct err *e)
{
	int r = check_errno(s->default_errno_ret, s->default_action,
			    "linux.seccomp.defaultErrnoRet", e);

	if (r < 0)
		return r;
	if (s->default_action == OCI_ACT_NOTIFY)
		return INVALID("linux.seccomp.defaultAction: SCMP_ACT_NOTIFY cannot be the "
			       "default action");
	if (!text_empty(s->listener_metadata) && text_empty(s->listener_path))
		return INVALID("linux.seccomp.listenerMetadata: needs a listenerPath");
	for (size_t i = 0; i < s->syscalls.n; i++) {
		const struct oci_seccomp_rule *x = &s->syscalls.v[i];

		r = check_seccomp_rule(x, i, e);
		if (r < 0)
			return r;
		if (x->action == OCI_ACT_NOTIFY && text_empty(s->listener_path))
			return INVALID("linux.seccomp.listenerPath: SCMP_ACT_NOTIFY needs one");
	}
	return 0;
}

/* Which namespace a sysctl belongs to, sysctl(8)'s names. */
static enum oci_namespace_type namespace_of(const char *name)
{
	static const char *const ipc[] = {
		"kernel.msgmax",      "kernel.msgmnb",          "kernel.msgmni",
		"kernel.sem",         "kernel.shmall",          "kernel.shmmax",
		"kernel.shmmni",      "kernel.shm_rmid_forced", "kernel.msg_next_id",
		"kernel.sem_next_id", "kernel.shm_next_id",
	};

	if (text_after(name, "net."))
		return OCI_NS_NETWORK;
	if (text_after(name, "fs.mqueue.") || text_index(name, ipc, ARRAY_LEN(ipc)) >= 0)
		return OCI_NS_IPC;
	if (strcmp(name, "kernel.domainname") == 0)
		return OCI_NS_UTS;
	return OCI_NS_NONE;
}

/* Both separators are in use: net/ipv4/conf/eth0.1/forwarding. */
static bool plain_name(const char *key, char *name, size_t size)
{
	if (strlen(key) >= size)
		return false;
	strcpy(name, key);
	if (name[strcspn(name, "./")] == '/')
		for (char *p = name; *p; p++)
			*p = *p == '/' ? '.' : *p == '.' ? '/' : *p;
	return true;
}

/* No part of a plain name is empty, "." or "..", whose dots are slashes here: what begins as
 * "net/../kernel" or "net.//.kernel" is no network's. */
static bool leads_straight(const char *name)
{
	for (const char *p = name; p; p = strchr(p, '.')) {
		p += p != name;
		if (strspn(p, "/") >= strcspn(p, "."))
			return false;
	}
	return true;
}

enum oci_namespace_type oci_sysctl_namespace(const char *key)
{
	char name[SYSCTL_MAX];

	if (!plain_name(key, name, sizeof(name)) || !leads_straight(name))
		return OCI_NS_NONE;
	return namespace_of(name);
}

static int check_sysctl(const struct oci_config *c, struct err *e)
{
	const struct text_map *m = &c->linux_part->sysctl;

	for (size_t i = 0; i < m->n; i++) {
		char name[SYSCTL_MAX];
		enum oci_namespace_type needs;

		if (!plain_name(m->v[i].key, name, sizeof(name)))
			return INVALID("linux.sysctl: \"%.64s…\" is too long", m->v[i].key);
		needs = oci_sysctl_namespace(m->v[i].key);
		if (needs == OCI_NS_NONE)
			return INVALID("linux.sysctl: \"%s\" is not in a separate kernel namespace",
				       m->v[i].key);
		if (strcmp(name, "kernel.domainname") == 0 && !text_empty(c->domainname) &&
		    !text_eq(m->v[i].value, c->domainname))
			return INVALID("linux.sysctl: \"%s\" is not what domainname says",
				       m->v[i].key);
		if (!oci_namespace_find(c, needs))
			return INVALID("linux.sysctl: \"%s\" needs a %s namespace", m->v[i].key,
				       oci_namespace_name[needs]);
	}
	return 0;
}

static int check_paths(const struct texts *l, const char *at, struct err *e)
{
	for (size_t i = 0; i < l->n; i++)
		if (!is_absolute(l->v[i]))
			return INVALID("%s[%zu]: \"%s\" is not absolute", at, i, l->v[i]);
	return 0;
}

static int check_needs(const struct oci_config *c, bool asked, const char *at,
		       enum oci_namespace_type type, struct err *e)
{
	if (asked && !oci_namespace_find(c, type))
		return INVALID("%s: needs a %s namespace", at, oci_namespace_name[type]);
	return 0;
}

static int check_memory_policy(const struct oci_memory_policy *p, struct err *e)
{
	static const char *const flags[] = {
		"MPOL_F_NUMA_BALANCING",
		"MPOL_F_RELATIVE_NODES",
		"MPOL_F_STATIC_NODES",
	};

	if (text_empty(p->mode))
		return INVALID(
			"linux.memoryPolicy.mode: invalid memory policy mode: it is missing");
	if (oci_memory_mode(p->mode) == OCI_MPOL_NONE)
		return INVALID("linux.memoryPolicy.mode: invalid memory policy mode \"%s\"",
			       p->mode);
	for (size_t i = 0; i < p->flags.n; i++)
		if (text_index(p->flags.v[i], flags, ARRAY_LEN(flags)) < 0)
			return INVALID("linux.memoryPolicy.flags[%zu]: invalid memory policy flag "
				       "\"%s\"",
				       i, p->flags.v[i]);
	if (texts_has(&p->flags, "MPOL_F_STATIC_NODES") &&
	    texts_has(&p->flags, "MPOL_F_RELATIVE_NODES"))
		return INVALID("linux.memoryPolicy.flags: static and relative exclude each other");
	return 0;
}

static int check_time_offsets(const struct oci_config *c, struct err *e)
{
	const struct oci_time_offsets *t = c->linux_part->time_offsets;
	const struct oci_namespace *n = oci_namespace_find(c, OCI_NS_TIME);

	if (!t || (!t->monotonic && !t->boottime))
		return 0;
	if (!n || !text_empty(n->path))
		return INVALID("linux.timeOffsets: needs a new time namespace");
	if ((t->monotonic && t->monotonic->nanosecs >= 1000000000) ||
	    (t->boottime && t->boottime->nanosecs >= 1000000000))
		return INVALID("linux.timeOffsets: nanosecs must be less than a second");
	return 0;
}

static int check_intel_rdt(const struct oci_intel_rdt *r, struct err *e)
{
	const char *clos = r->clos_id;

	if (!text_empty(clos) && strcmp(clos, "/") != 0 &&
	    (strchr(clos, '/') || strchr(clos, '\n') || strcmp(clos, ".") == 0 ||
	     strcmp(clos, "..") == 0))
		return INVALID("linux.intelRdt.closID: \"%s\" is no name", clos);
	if (r->l3_cache_schema && strchr(r->l3_cache_schema, '\n'))
		return INVALID("linux.intelRdt.l3CacheSchema: may not contain newlines");
	if (!text_empty(r->mem_bw_schema) &&
	    (!text_after(r->mem_bw_schema, "MB:") || strchr(r->mem_bw_schema, '\n')))
		return INVALID(
			"linux.intelRdt.memBwSchema: must begin with MB: and may not contain "
			"newlines");
	for (size_t i = 0; i < r->schemata.n; i++)
		if (strchr(r->schemata.v[i], '\n'))
			return INVALID("linux.intelRdt.schemata[%zu]: may not contain newlines", i);
	return 0;
}

static int check_words(const struct oci_linux *l, struct err *e)
{
	static const char *const propagations[] = {
		"private", "rprivate", "shared",     "rshared",
		"slave",   "rslave",   "unbindable", "runbindable",
	};

	if (!text_empty(l->rootfs_propagation) &&
	    text_index(l->rootfs_propagation, propagations, ARRAY_LEN(propagations)) < 0)
		return INVALID("linux.rootfsPropagation: unknown value \"%s\"",
			       l->rootfs_propagation);
	if (l->personality && !text_eq(l->personality->domain, "LINUX") &&
	    !text_eq(l->personality->domain, "LINUX32"))
		return INVALID("linux.personality.domain: unknown value \"%s\"",
			       l->personality->domain);
	if (l->cgroups_path && has_parent_step(l->cgroups_path))
		return INVALID("linux.cgroupsPath: `..` components are not allowed: %s",
			       l->cgroups_path);
	return 0;
}

static int check_linux(const struct oci_config *c, struct err *e)
{
	const struct oci_linux *l = c->linux_part;
	int r = check_namespaces(&l->namespaces, e);

	if (r == 0)
		r = check_needs(c, l->uid_maps.n || l->gid_maps.n, "linux.uidMappings", OCI_NS_USER,
				e);
	if (r == 0)
		r = check_needs(c, l->net_devices.n, "linux.netDevices", OCI_NS_NETWORK, e);
	if (r == 0)
		r = check_id_maps(&l->uid_maps, "linux.uidMappings", e);
	if (r == 0)
		r = check_id_maps(&l->gid_maps, "linux.gidMappings", e);
	if (r == 0)
		r = check_devices(&l->devices, e);
	if (r == 0 && l->resources)
		r = check_resources(l->resources, e);
	if (r == 0)
		r = check_sysctl(c, e);
	if (r == 0 && l->seccomp)
		r = oci_seccomp_check(l->seccomp, e);
	if (r == 0)
		r = check_paths(&l->masked_paths, "linux.maskedPaths", e);
	if (r == 0)
		r = check_paths(&l->readonly_paths, "linux.readonlyPaths", e);
	if (r == 0 && l->memory_policy)
		r = check_memory_policy(l->memory_policy, e);
	if (r == 0 && l->intel_rdt)
		r = check_intel_rdt(l->intel_rdt, e);
	if (r == 0)
		r = check_time_offsets(c, e);
	if (r == 0)
		r = check_words(l, e);
	return r;
}

int oci_config_check(const struct oci_config *c, struct err *e)
{
	int r = check_version(c->version ? c->version : "", e);

	if (r == 0 && c->root && text_empty(c->root->path))
		r = INVALID("root.path: may not be empty");
	if (r == 0 && text_map_get(&c->annotations, ""))
		r = INVALID("annotations: a key may not be empty");
	if (r == 0)
		r = check_mounts(&c->mounts, e);
	if (r == 0 && c->process)
		r = oci_process_check(c->process, e);
	if (r == 0 && c->hooks)
		r = check_hooks(c->hooks, e);
	if (r == 0)
		r = check_needs(c, !text_empty(c->hostname), "hostname", OCI_NS_UTS, e);
	if (r == 0)
		r = check_needs(c, !text_empty(c->domainname), "domainname", OCI_NS_UTS, e);
	if (r == 0 && c->linux_part)
		r = check_linux(c, e);
	return r;
}
