/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The mounts: those that every container has, the files that berth provides, what makes a read-only
 * root usable, and what was asked for; a later one of the same destination replaces an earlier one.
 */
#include <stdio.h>
#include <string.h>

#include "base/path.h"
#include "engine/specify_private.h"
#include "engine/userns.h"

#define TTY_GROUP 5 /* the last option of devpts */

static const struct default_mount {
	const char *destination, *type, *source, *options;
} defaults[] = {
	{ "/proc", "proc", "proc", "nosuid,noexec,nodev" },
	{ "/dev", "tmpfs", "tmpfs", "nosuid,noexec,strictatime,mode=755,size=65536k" },
	{ "/sys", "sysfs", "sysfs", "nosuid,noexec,nodev,ro" },
	{ "/dev/pts", "devpts", "devpts",
	  "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5" },
	{ "/dev/mqueue", "mqueue", "mqueue", "nosuid,noexec,nodev" },
	{ "/dev/shm", "tmpfs", "shm", "nosuid,noexec,nodev,mode=1777" },
	{ "/sys/fs/cgroup", "cgroup", "cgroup", "rprivate,nosuid,noexec,nodev,relatime,ro" },
};

/* Where a read-only root stays writable. */
static const char *const writable[] = { "/dev/shm", "/run", "/tmp", "/var/tmp" };

struct build {
	struct arena *arena;
	const struct container *c;
	struct oci_mounts *mounts;
	size_t room;
	bool single_id;
};

static bool is_asked_for(const struct container *c, const char *destination)
{
	for (size_t i = 0; i < c->mounts.n; i++)
		if (strcmp(c->mounts.v[i].destination, destination) == 0)
			return true;
	return false;
}

static struct oci_mount *add(struct build *b, const char *destination, const char *type,
			     const char *source)
{
	struct oci_mount *m;

	if (b->mounts->n == b->room) {
		size_t room = b->room ? b->room * 2 : 16;
		struct oci_mount *v = arena_array(b->arena, room, sizeof(*v));

		if (b->mounts->n)
			memcpy(v, b->mounts->v, b->mounts->n * sizeof(*v));
		b->mounts->v = v;
		b->room = room;
	}
	m = &b->mounts->v[b->mounts->n++];
	m->destination = destination;
	m->type = type;
	m->source = source;
	return m;
}

static void add_option(struct build *b, struct oci_mount *m, const char *option)
{
	texts_add(b->arena, &m->options, option);
}

static void add_words(struct build *b, struct oci_mount *m, const char *words)
{
	struct texts l = texts_split(b->arena, words, ',');

	for (size_t i = 0; i < l.n; i++)
		add_option(b, m, l.v[i]);
}

static bool has_own_shm(const struct container *c)
{
	const char *ipc = c->namespaces.ipc;

	return !text_eq(ipc, "none") &&
	       (specify_is_private(ipc) || text_after(ipc ? ipc : "", "ns:"));
}

static bool is_of_others(const struct container *c, const char *type)
{
	return (strcmp(type, "proc") == 0 && !specify_is_private(c->namespaces.pid)) ||
	       (strcmp(type, "mqueue") == 0 && !specify_is_private(c->namespaces.ipc));
}

/* Nobody in a user namespace may mount what belongs to a namespace above it, so it is shown as the
 * host or the other container has it. A namespace that is nobody's we know stays an error. */
static void take_from_others(struct build *b, const struct specify_facts *f, struct oci_mount *m)
{
	bool proc = strcmp(m->type, "proc") == 0;
	const char *mode = proc ? b->c->namespaces.pid : b->c->namespaces.ipc;
	const char *joined = f->joined[proc ? OCI_NS_PID : OCI_NS_IPC];
	const char *end = joined && text_after(joined, "/proc/") ? strstr(joined, "/ns/") : NULL;

	if (!specify_is_host(mode) && joined && !end)
		return;
	m->type = "bind";
	m->source = m->destination;
	if (!specify_is_host(mode) && end)
		m->source = arena_printf(b->arena, "%.*s/root%s", (int)(end - joined), joined,
					 m->destination);
	m->options = texts_split(b->arena, "rbind,nosuid,noexec,nodev", ',');
}

static void add_defaults(struct build *b, const struct specify_facts *f)
{
	const struct container *c = b->c;

	for (size_t i = 0; i < ARRAY_LEN(defaults); i++) {
		const struct default_mount *d = &defaults[i];
		struct oci_mount *m;

		if (is_asked_for(c, d->destination))
			continue;
		/* Whoever brings a /dev brings all of it. */
		if (text_after(d->destination, "/dev/") && is_asked_for(c, "/dev"))
			continue;
		if (strcmp(d->destination, "/dev/shm") == 0 && !has_own_shm(c))
			continue;
		m = add(b, d->destination, d->type, d->source);
		m->options = texts_split(b->arena, d->options, ',');
		if (c->proc_options && strcmp(d->type, "proc") == 0)
			add_words(b, m, c->proc_options);
		/* The group tty is not among a single id. */
		if (b->single_id && strcmp(d->destination, "/dev/pts") == 0)
			m->options.n--;
		if (c->uid_maps.n && is_of_others(c, d->type))
			take_from_others(b, f, m);
		/* A group that is not mapped can't own terminals. */
		if (strcmp(d->type, "devpts") == 0 && !userns_has(&c->gid_maps, TTY_GROUP))
			m->options.n--;
		if (strcmp(d->destination, "/dev/shm") == 0 && c->shm_bytes > 0)
			add_option(b, m,
				   arena_printf(b->arena, "size=%lld", (long long)c->shm_bytes));
		/* A privileged container gets a writable /sys and its own cgroups writable. */
		if (c->privileged && texts_has(&m->options, "ro"))
			m->options.v[m->options.n - 1] = "rw";
	}
}

/* /dev/mqueue comes with the IPC namespace, /dev/shm from who has it: the host, or the container
 * that is joined. */
static void add_others_shm(struct build *b, const struct specify_facts *f)
{
	const char *source = f->shm_path, *ipc = b->c->namespaces.ipc;
	struct oci_mount *m;

	if (specify_is_host(ipc))
		source = "/dev/shm";
	if (!source || is_asked_for(b->c, "/dev/shm") || is_asked_for(b->c, "/dev"))
		return;
	m = add(b, "/dev/shm", "bind", source);
	m->options = texts_split(b->arena, "bind,nosuid,noexec,nodev", ',');
}

static void add_file(struct build *b, const struct specify_facts *f, const char *destination,
		     const char *name)
{
	struct oci_mount *m;

	if (is_asked_for(b->c, destination))
		return;
	m = add(b, destination, "bind", path_join(b->arena, f->run_path, name));
	m->options = texts_split(b->arena, "bind,rprivate", ',');
	if (b->c->read_only && strcmp(destination, "/run/.containerenv") != 0)
		add_option(b, m, "ro");
}

static void add_files(struct build *b, const struct specify_facts *f)
{
	const struct container *c = b->c;

	/* Below /run, which a read-only container gets as a tmpfs: so behind it. */
	add_file(b, f, "/run/.containerenv", "containerenv");
	if (!c->no_hosts)
		add_file(b, f, "/etc/hosts", "hosts");
	if (!c->no_hostname)
		add_file(b, f, "/etc/hostname", "hostname");
	if (!texts_has(&c->dns, "none"))
		add_file(b, f, "/etc/resolv.conf", "resolv.conf");
	if (f->has_timezone)
		add_file(b, f, "/etc/localtime", "localtime");
	if (c->init && f->init_program) {
		struct oci_mount *m = add(b, "/run/podman-init", "bind", f->init_program);

		m->options = texts_split(b->arena, "bind,ro,rprivate", ',');
	}
}

static void add_writable(struct build *b)
{
	const struct container *c = b->c;

	if (!c->read_only || !c->read_only_tmpfs)
		return;
	for (size_t i = 1; i < ARRAY_LEN(writable); i++) {
		struct oci_mount *m;

		if (is_asked_for(c, writable[i]))
			continue;
		m = add(b, writable[i], "tmpfs", "tmpfs");
		m->options = texts_split(b->arena, "rw,rprivate,nosuid,nodev,tmpcopyup", ',');
	}
}

static const char *source_of(struct build *b, const struct specify_facts *f, size_t i)
{
	const struct container_mount *m = &b->c->mounts.v[i];

	if (f->mount_paths && f->mount_paths[i])
		return f->mount_paths[i];
	if (strcmp(m->type, "volume") == 0)
		return arena_printf(b->arena, "%s/%s/_data", f->volumes_path, m->source);
	return m->source;
}

static void add_asked_for(struct build *b, const struct specify_facts *f)
{
	for (size_t i = 0; i < b->c->mounts.n; i++) {
		const struct container_mount *m = &b->c->mounts.v[i];
		bool copied = strcmp(m->type, "volume") == 0 || strcmp(m->type, "image") == 0;
		const char *type = copied ? "bind" : m->type;
		struct oci_mount *o;

		o = add(b, m->destination, type, source_of(b, f, i));
		for (size_t k = 0; k < m->options.n; k++)
			add_option(b, o, m->options.v[k]);
		o->uid_maps = m->uid_maps;
		o->gid_maps = m->gid_maps;
		if (strcmp(type, "bind") == 0 && !texts_has(&o->options, "bind") &&
		    !texts_has(&o->options, "rbind"))
			add_option(b, o, "rbind");
	}
}

static size_t depth(const char *path)
{
	size_t n = 0;

	for (; *path; path++)
		n += path[0] == '/' && path[1] && path[1] != '/';
	return n;
}

/* Parents before what is below them, else in the order they came in: a tmpfs on /etc does not
 * hide /etc/hosts. */
static void sort(struct build *b)
{
	struct oci_mount *v = b->mounts->v;

	for (size_t i = 1; i < b->mounts->n; i++) {
		struct oci_mount m = v[i];
		size_t k = i, d = depth(m.destination);

		for (; k > 0 && depth(v[k - 1].destination) > d; k--)
			v[k] = v[k - 1];
		v[k] = m;
	}
}

int specify_mounts(struct arena *a, const struct container *c, const struct specify_facts *f,
		   struct oci_config *o, struct err *e)
{
	struct build b = { .arena = a, .c = c, .mounts = &o->mounts, .single_id = f->single_id };

	add_defaults(&b, f);
	add_others_shm(&b, f);
	add_writable(&b);
	add_files(&b, f);
	add_asked_for(&b, f);
	sort(&b);
	return 0;
}
