/* SPDX-License-Identifier: BSD-2-Clause */
/* -v, --mount, --tmpfs and --volumes-from. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "base/units.h"
#include "cli/create_args.h"

struct list {
	struct arena *arena;
	struct container_mounts *mounts;
	size_t room;
};

static int add(struct list *l, const struct container_mount *m, struct err *e)
{
	if (text_empty(m->destination) || *m->destination != '/')
		return err_set(e, ERR_INVALID,
			       "invalid container path \"%s\", must be an absolute path",
			       m->destination ? m->destination : "");
	if (strcmp(m->destination, "/") == 0)
		return err_set(e, ERR_INVALID,
			       "invalid container path \"/\": nothing can be mounted on the root");
	if (texts_has(&m->options, "ro") && texts_has(&m->options, "rw"))
		return err_set(e, ERR_INVALID, "%s: can only specify 1 'rw' or 'ro' option",
			       m->destination);
	if (m->sub_path && strcmp(m->type, "volume") != 0)
		return err_set(e, ERR_INVALID, "%s: subpath goes with volumes alone",
			       m->destination);
	for (size_t i = 0; i < l->mounts->n; i++)
		if (strcmp(l->mounts->v[i].destination, m->destination) == 0)
			return err_set(e, ERR_INVALID, "%s: duplicate mount destination",
				       m->destination);
	if (l->mounts->n == l->room) {
		size_t room = l->room ? l->room * 2 : 8;
		struct container_mount *v = arena_array(l->arena, room, sizeof(*v));

		if (l->mounts->n)
			memcpy(v, l->mounts->v, l->mounts->n * sizeof(*v));
		l->mounts->v = v;
		l->room = room;
	}
	l->mounts->v[l->mounts->n++] = *m;
	return 0;
}

static bool is_propagation(const char *s)
{
	static const char *const words[] = { "shared",  "rshared",  "slave",      "rslave",
					     "private", "rprivate", "unbindable", "runbindable" };

	return text_index(s, words, ARRAY_LEN(words)) >= 0;
}

/* The flags that a bind and a volume may have. */
static bool is_flag(const char *s)
{
	static const char *const words[] = {
		"ro",  "rw",    "exec", "noexec", "suid",    "nosuid",
		"dev", "nodev", "bind", "rbind",  "noatime", "relatime"
	};

	return text_index(s, words, ARRAY_LEN(words)) >= 0 || is_propagation(s);
}

static bool has_any(const struct texts *l, const char *x, const char *y)
{
	return texts_has(l, x) || texts_has(l, y);
}

/* What podman adds to binds and volumes that don't say otherwise. The host's own folders keep
 * their devices and setuid programs. */
static void add_defaults(struct arena *a, struct container_mount *m)
{
	bool propagates = false;

	for (size_t i = 0; i < m->options.n; i++)
		propagates = propagates || is_propagation(m->options.v[i]);
	if (strcmp(m->type, "bind") != 0 && !has_any(&m->options, "nosuid", "suid"))
		texts_add(a, &m->options, "nosuid");
	if (strcmp(m->type, "bind") != 0 && !has_any(&m->options, "nodev", "dev"))
		texts_add(a, &m->options, "nodev");
	if (!has_any(&m->options, "ro", "rw"))
		texts_add(a, &m->options, "rw");
	if (!has_any(&m->options, "bind", "rbind"))
		texts_add(a, &m->options, "rbind");
	if (!propagates)
		texts_add(a, &m->options, "rprivate");
}

static int check_source(const char *source, struct err *e)
{
	struct stat st;

	if (stat(source, &st) < 0)
		return err_set(e, ERR_NOT_FOUND, "statfs %s: %s", source,
			       errno == ENOENT ? "no such file or directory" : strerror(errno));
	return 0;
}

static int parse_volume_option(struct arena *a, const char *option, struct container_mount *m,
			       struct err *e)
{
	const char *path;

	if (is_flag(option)) {
		texts_add(a, &m->options, option);
	} else if (strcmp(option, "copy") == 0 || strcmp(option, "nocopy") == 0) {
		m->copy_up = *option == 'c';
	} else if (strcmp(option, "z") == 0 || strcmp(option, "Z") == 0) {
		/* Relabelling, which only a host with SELinux has: podman's no-op elsewhere. */
	} else if (strcmp(option, "O") == 0) {
		m->overlay = true;
	} else if (strcmp(option, "U") == 0) {
		m->chown = true;
	} else if ((path = text_after(option, "subpath="))) {
		m->sub_path = path;
	} else {
		return err_set(e, ERR_UNSUPPORTED, "invalid mount option \"%s\"", option);
	}
	return 0;
}

/* SOURCE:DIR:OPTIONS, SOURCE:DIR or DIR. */
static int parse_volume(struct list *l, const char *text, struct err *e)
{
	struct arena *a = l->arena;
	struct texts parts = texts_split(a, text, ':'), options = { 0 };
	struct container_mount m = { .type = "volume", .copy_up = true };
	const char *source = NULL;

	if (parts.n < 1 || parts.n > 3)
		return err_set(e, ERR_INVALID,
			       "incorrect volume format, should be [host-dir:]ctr-dir[:option]: %s",
			       text);
	if (parts.n == 3)
		options = texts_split(a, parts.v[2], ',');
	source = parts.n > 1 ? parts.v[0] : NULL;
	m.destination = parts.n > 1 ? parts.v[1] : parts.v[0];
	if (parts.n > 1 && text_empty(source))
		return err_set(e, ERR_INVALID, "host directory cannot be empty");
	if (*m.destination == '/')
		m.destination = path_clean(a, m.destination);
	for (size_t i = 0; i < options.n; i++) {
		int r = parse_volume_option(a, options.v[i], &m, e);

		if (r < 0)
			return err_wrap(e, "-v %s", text);
	}
	m.anonymous = !source;
	m.source = source;
	if (source && (*source == '/' || *source == '.')) {
		auto_free char *full = realpath(source, NULL);
		int r = full ? 0 : check_source(source, e);

		if (r < 0)
			return r;
		m.type = "bind";
		m.source = *source == '/' ? path_clean(a, source) : arena_strdup(a, full);
		m.copy_up = false;
	}
	add_defaults(a, &m);
	return add(l, &m, e);
}

/* tmpfs(5)'s own, and the flags that any mount has. */
static bool is_tmpfs_option(const char *s)
{
	static const char *const words[] = { "ro",      "rw",       "exec",      "noexec",
					     "suid",    "nosuid",   "dev",       "nodev",
					     "noatime", "relatime", "atime",     "noswap",
					     "inode32", "inode64",  "tmpcopyup", "sync",
					     "async",   "dirsync",  "lazytime",  "notmpcopyup" };
	static const char *const keys[] = { "size=",      "mode=",      "uid=",  "gid=",
					    "nr_inodes=", "nr_blocks=", "huge=", "mpol=" };

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (text_after(s, keys[i]))
			return true;
	return text_index(s, words, ARRAY_LEN(words)) >= 0 || is_propagation(s);
}

static int parse_tmpfs(struct list *l, const char *text, struct err *e)
{
	struct arena *a = l->arena;
	const char *colon = strchr(text, ':');
	struct container_mount m = { .type = "tmpfs", .source = "tmpfs" };
	struct texts options = { 0 };

	m.destination = colon ? arena_strndup(a, text, (size_t)(colon - text)) : text;
	if (*m.destination == '/')
		m.destination = path_clean(a, m.destination);
	if (colon)
		options = texts_split(a, colon + 1, ',');
	for (size_t i = 0; i < options.n; i++) {
		if (!is_tmpfs_option(options.v[i]))
			return err_set(e, ERR_INVALID,
				       "unknown mount option \"%s\": invalid mount option",
				       options.v[i]);
		if (strcmp(options.v[i], "notmpcopyup") != 0)
			texts_add(a, &m.options, options.v[i]);
	}
	if (!has_any(&m.options, "ro", "rw"))
		texts_add(a, &m.options, "rw");
	if (!has_any(&m.options, "nosuid", "suid"))
		texts_add(a, &m.options, "nosuid");
	if (!has_any(&m.options, "nodev", "dev"))
		texts_add(a, &m.options, "nodev");
	if (!texts_has(&options, "notmpcopyup") && !texts_has(&options, "tmpcopyup"))
		texts_add(a, &m.options, "tmpcopyup");
	return add(l, &m, e);
}

/* One key=value of --mount into m. */
static int parse_mount_key(struct arena *a, const char *key, const char *value,
			   struct container_mount *m, struct err *e)
{
	bool on = !value || strcmp(value, "true") == 0 || strcmp(value, "1") == 0;

	if (text_eq(key, "src") || text_eq(key, "source")) {
		m->source = value;
	} else if (text_eq(key, "dst") || text_eq(key, "dest") || text_eq(key, "destination") ||
		   text_eq(key, "target")) {
		m->destination = value && *value == '/' ? path_clean(a, value) : value;
	} else if (text_eq(key, "ro") || text_eq(key, "readonly")) {
		texts_add(a, &m->options, on ? "ro" : "rw");
	} else if (text_eq(key, "rw")) {
		texts_add(a, &m->options, on ? "rw" : "ro");
	} else if (text_eq(key, "bind-propagation") && value && is_propagation(value)) {
		texts_add(a, &m->options, value);
	} else if (text_eq(key, "bind-nonrecursive")) {
		texts_add(a, &m->options, on ? "bind" : "rbind");
	} else if (text_eq(key, "tmpfs-size") || text_eq(key, "size")) {
		int64_t bytes;
		int r = size_parse(value ? value : "", &bytes, e);

		if (r < 0)
			return r;
		texts_addf(a, &m->options, "size=%lld", (long long)bytes);
	} else if (text_eq(key, "tmpfs-mode") || text_eq(key, "mode")) {
		texts_addf(a, &m->options, "mode=%s", value ? value : "");
	} else if (text_eq(key, "uid") || text_eq(key, "gid") || text_eq(key, "max")) {
		texts_addf(a, &m->options, "%s=%s", key, value ? value : "");
	} else if ((text_eq(key, "U") || text_eq(key, "chown")) &&
		   (strcmp(m->type, "bind") == 0 || strcmp(m->type, "volume") == 0)) {
		m->chown = on;
	} else if (text_eq(key, "notmpcopyup")) {
		m->copy_up = false;
	} else if (text_eq(key, "tmpcopyup")) {
		m->copy_up = on;
	} else if (text_eq(key, "subpath") || text_eq(key, "volume-subpath")) {
		m->sub_path = value;
	} else if (text_eq(key, "relabel") &&
		   (text_eq(value, "shared") || text_eq(value, "private"))) {
		/* As -v's z and Z. */
	} else if (is_flag(key) || text_eq(key, "noswap")) {
		texts_add(a, &m->options, key);
	} else {
		return err_set(e, ERR_INVALID, "%s: invalid mount option", key);
	}
	return 0;
}

static int finish_mount(struct list *l, struct container_mount *m, struct err *e)
{
	struct arena *a = l->arena;

	if (!m->destination)
		return err_set(e, ERR_INVALID, "must set volume destination");
	if (strcmp(m->type, "bind") == 0) {
		int r = m->source ? check_source(m->source, e)
				  : err_set(e, ERR_INVALID, "must set source for bind mounts");

		if (r < 0)
			return r;
		if (*m->source != '/') {
			auto_free char *full = realpath(m->source, NULL);

			m->source = arena_strdup(a, full ? full : m->source);
		}
		m->copy_up = false;
		add_defaults(a, m);
	} else if (strcmp(m->type, "volume") == 0) {
		m->anonymous = !m->source;
		add_defaults(a, m);
	} else if (m->source) {
		return err_set(e, ERR_INVALID, "source is not supported with %s mounts", m->type);
	} else if (strcmp(m->type, "tmpfs") == 0 || strcmp(m->type, "ramfs") == 0) {
		m->source = m->type;
		if (m->copy_up)
			texts_add(a, &m->options, "tmpcopyup");
		texts_add(a, &m->options, "nosuid");
		texts_add(a, &m->options, "nodev");
	} else {
		m->source = m->type;
		texts_add(a, &m->options, "newinstance");
		texts_add(a, &m->options, "ptmxmode=0666");
	}
	return add(l, m, e);
}

static int parse_mount(struct list *l, const char *text, struct err *e)
{
	static const char *const types[] = { "bind", "volume", "tmpfs", "ramfs", "devpts" };
	struct arena *a = l->arena;
	struct texts parts = texts_split(a, text, ',');
	struct container_mount m = { .type = "volume", .copy_up = true };

	for (size_t i = 0; i < parts.n; i++) {
		const char *type = text_after(parts.v[i], "type=");

		if (type && text_index(type, types, ARRAY_LEN(types)) < 0)
			return err_set(e, ERR_INVALID, "invalid filesystem type \"%s\"", type);
		if (type)
			m.type = type;
	}
	for (size_t i = 0; i < parts.n; i++) {
		size_t n = strcspn(parts.v[i], "=");
		const char *key = arena_strndup(a, parts.v[i], n);
		const char *value = parts.v[i][n] ? parts.v[i] + n + 1 : NULL;
		int r = strcmp(key, "type") == 0 ? 0 : parse_mount_key(a, key, value, &m, e);

		if (r < 0)
			return err_wrap(e, "--mount %s", text);
	}
	return finish_mount(l, &m, e);
}

int create_args_mounts(struct arena *a, const struct create_args *args, struct container *c,
		       struct err *e)
{
	struct list l = { .arena = a, .mounts = &c->mounts };
	int r = 0;

	for (size_t i = 0; r == 0 && i < args->volume.n; i++)
		r = parse_volume(&l, args->volume.v[i], e);
	for (size_t i = 0; r == 0 && i < args->mount.n; i++)
		r = parse_mount(&l, args->mount.v[i], e);
	for (size_t i = 0; r == 0 && i < args->tmpfs.n; i++)
		r = parse_tmpfs(&l, args->tmpfs.v[i], e);
	return r;
}
