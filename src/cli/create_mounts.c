/* SPDX-License-Identifier: BSD-2-Clause */
/* -v, --mount, --tmpfs and --volumes-from. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "base/units.h"
#include "cli/create_mounts.h"

int mount_list_add(struct mount_list *l, const struct container_mount *m, struct err *e)
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
	if (m->sub_path && strcmp(m->type, "volume") != 0 && strcmp(m->type, "image") != 0)
		return err_set(e, ERR_INVALID, "%s: subpath goes with volumes alone",
			       m->destination);
	if ((m->upper_dir || m->work_dir) && !m->overlay)
		return err_set(e, ERR_INVALID, "%s: upperdir and workdir go with O",
			       m->destination);
	if (!m->upper_dir != !m->work_dir)
		return err_set(e, ERR_INVALID,
			       "%s: cannot specify upperdir without workdir, nor workdir without "
			       "upperdir",
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

bool mount_is_propagation(const char *s)
{
	static const char *const words[] = { "shared",  "rshared",  "slave",      "rslave",
					     "private", "rprivate", "unbindable", "runbindable" };

	return text_index(s, words, ARRAY_LEN(words)) >= 0;
}

/* The flags that a bind and a volume may have. */
bool mount_is_flag(const char *s)
{
	static const char *const words[] = {
		"ro",  "rw",    "exec", "noexec", "suid",    "nosuid",
		"dev", "nodev", "bind", "rbind",  "noatime", "relatime"
	};

	return text_index(s, words, ARRAY_LEN(words)) >= 0 || mount_is_propagation(s);
}

static bool has_any(const struct texts *l, const char *x, const char *y)
{
	return texts_has(l, x) || texts_has(l, y);
}

/* What podman adds to binds and volumes that don't say otherwise. The host's own folders keep
 * their devices and setuid programs. */
void mount_add_defaults(struct arena *a, struct container_mount *m)
{
	bool propagates = false;

	for (size_t i = 0; i < m->options.n; i++)
		propagates = propagates || mount_is_propagation(m->options.v[i]);
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

int mount_check_source(const char *source, struct err *e)
{
	struct stat st;

	if (stat(source, &st) < 0)
		return err_set(e, ERR_NOT_FOUND, "statfs %s: %s", source,
			       errno == ENOENT ? "no such file or directory" : strerror(errno));
	return 0;
}

/* "uids=INSIDE-OUTSIDE-COUNT#…": ranges of a mount, or "" for the container's own. */
static int parse_ranges(struct arena *a, const char *text, struct oci_id_maps *ret, struct err *e)
{
	struct texts ranges = texts_split(a, text, '#');

	ret->v = arena_array(a, ranges.n, sizeof(*ret->v));
	for (ret->n = 0; ret->n < ranges.n; ret->n++) {
		struct texts n = texts_split(a, ranges.v[ret->n], '-');
		uint64_t *to[] = { &ret->v[ret->n].container_id, &ret->v[ret->n].host_id,
				   &ret->v[ret->n].size };

		if (n.n != ARRAY_LEN(to))
			return err_set(e, ERR_INVALID,
				       "idmap %s: it is INSIDE-OUTSIDE-COUNT, such as 0-1000-1",
				       ranges.v[ret->n]);
		for (size_t i = 0; i < n.n; i++) {
			int r = text_to_uint(n.v[i], UINT32_MAX, to[i], "idmap", e);

			if (r < 0)
				return r;
		}
	}
	return 0;
}

int mount_set_id_map(struct arena *a, const char *text, struct container_mount *m, struct err *e)
{
	struct texts parts = texts_split(a, text, ';');

	texts_add(a, &m->options, "idmap");
	for (size_t i = 0; i < parts.n; i++) {
		const char *uids = text_after(parts.v[i], "uids=");
		const char *gids = text_after(parts.v[i], "gids=");
		int r = uids   ? parse_ranges(a, uids, &m->uid_maps, e)
			: gids ? parse_ranges(a, gids, &m->gid_maps, e)
			       : err_set(e, ERR_INVALID, "idmap: unknown part \"%s\"", parts.v[i]);

		if (r < 0)
			return r;
	}
	if (!m->uid_maps.n != !m->gid_maps.n)
		return err_set(e, ERR_INVALID, "idmap: uids and gids go together");
	return 0;
}

static int parse_volume_option(struct arena *a, const char *option, struct container_mount *m,
			       struct err *e)
{
	const char *path;

	if (mount_is_flag(option)) {
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
	} else if ((path = text_after(option, "upperdir="))) {
		m->upper_dir = path;
	} else if ((path = text_after(option, "workdir="))) {
		m->work_dir = path;
	} else if ((path = text_after(option, "idmap")) && (!*path || *path == '=')) {
		return mount_set_id_map(a, *path ? path + 1 : "", m, e);
	} else {
		return err_set(e, ERR_UNSUPPORTED, "invalid mount option \"%s\"", option);
	}
	return 0;
}

/* SOURCE:DIR:OPTIONS, SOURCE:DIR or DIR. */
static int parse_volume(struct mount_list *l, const char *text, struct err *e)
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
		int r = full ? 0 : mount_check_source(source, e);

		if (r < 0)
			return r;
		m.type = "bind";
		m.source = *source == '/' ? path_clean(a, source) : arena_strdup(a, full);
		m.copy_up = false;
	}
	mount_add_defaults(a, &m);
	return mount_list_add(l, &m, e);
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
	return text_index(s, words, ARRAY_LEN(words)) >= 0 || mount_is_propagation(s);
}

static int parse_tmpfs(struct mount_list *l, const char *text, struct err *e)
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
	return mount_list_add(l, &m, e);
}

int create_args_mounts(struct arena *a, const struct create_args *args, struct container *c,
		       struct err *e)
{
	struct mount_list l = { .arena = a, .mounts = &c->mounts };
	int r = 0;

	for (size_t i = 0; r == 0 && i < args->volume.n; i++)
		r = parse_volume(&l, args->volume.v[i], e);
	for (size_t i = 0; r == 0 && i < args->mount.n; i++)
		r = mount_list_parse(&l, args->mount.v[i], e);
	for (size_t i = 0; r == 0 && i < args->tmpfs.n; i++)
		r = parse_tmpfs(&l, args->tmpfs.v[i], e);
	return r;
}
