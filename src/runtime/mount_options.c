/* SPDX-License-Identifier: BSD-2-Clause */
#include "runtime/mount_options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* What a bind loses when any flag is asked for, unless it is asked for too. */
#define FLAGS                                                                           \
	(MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | \
	 MOUNT_ATTR_NOSYMFOLLOW)

enum kind {
	FLAG,
	TREE_FLAG,
	PROPAGATION,
	TREE_PROPAGATION,
	BIND,
	TREE_BIND,
	COPY_UP,
	ID_MAP,
	TREE_ID_MAP,
	REMOUNT,
	COPY_LINK,
	SOURCE_NO_FOLLOW,
	TARGET_NO_FOLLOW,
	VERSION,
	DATA,
	ACL,
	NOTHING
};

struct option_row {
	const char *name;
	enum kind kind;
	uint64_t set, clear;
};

/* The kernel knows "relatime" as the absence of the others, and clears what isn't set. */
static const struct option_row rows[] = {
	{ "acl", ACL, 0, 0 },
	{ "async", DATA, 0, 0 },
	{ "atime", NOTHING, 0, 0 },
	{ "bind", BIND, 0, 0 },
	{ "copy-symlink", COPY_LINK, 0, 0 },
	{ "defaults", NOTHING, 0, 0 },
	{ "dest-nofollow", TARGET_NO_FOLLOW, 0, 0 },
	{ "dev", FLAG, 0, MOUNT_ATTR_NODEV },
	{ "diratime", NOTHING, 0, 0 },
	{ "dirsync", DATA, 0, 0 },
	{ "exec", FLAG, 0, MOUNT_ATTR_NOEXEC },
	{ "idmap", ID_MAP, 0, 0 },
	{ "iversion", VERSION, 0, 0 },
	{ "lazytime", DATA, 0, 0 },
	{ "loud", NOTHING, 0, 0 },
	{ "mand", DATA, 0, 0 },
	{ "noacl", NOTHING, 0, 0 },
	{ "noatime", FLAG, MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME },
	{ "nodev", FLAG, MOUNT_ATTR_NODEV, 0 },
	{ "nodiratime", FLAG, MOUNT_ATTR_NODIRATIME, MOUNT_ATTR__ATIME },
	{ "noexec", FLAG, MOUNT_ATTR_NOEXEC, 0 },
	{ "noiversion", NOTHING, 0, 0 },
	{ "nolazytime", DATA, 0, 0 },
	{ "nomand", DATA, 0, 0 },
	{ "norelatime", NOTHING, 0, 0 },
	{ "nostrictatime", NOTHING, 0, 0 },
	{ "nosuid", FLAG, MOUNT_ATTR_NOSUID, 0 },
	{ "nosymfollow", FLAG, MOUNT_ATTR_NOSYMFOLLOW, 0 },
	{ "private", PROPAGATION, MS_PRIVATE, 0 },
	{ "ratime", TREE_FLAG, 0, MOUNT_ATTR__ATIME },
	{ "rasync", NOTHING, 0, 0 },
	{ "rbind", TREE_BIND, 0, 0 },
	{ "rdev", TREE_FLAG, 0, MOUNT_ATTR_NODEV },
	{ "rdiratime", TREE_FLAG, 0, MOUNT_ATTR_NODIRATIME },
	{ "rdirsync", NOTHING, 0, 0 },
	{ "relatime", FLAG, 0, MOUNT_ATTR__ATIME },
	{ "remount", REMOUNT, 0, 0 },
	{ "rexec", TREE_FLAG, 0, MOUNT_ATTR_NOEXEC },
	{ "ridmap", TREE_ID_MAP, 0, 0 },
	{ "rmand", NOTHING, 0, 0 },
	{ "rnoatime", TREE_FLAG, MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME },
	{ "rnodev", TREE_FLAG, MOUNT_ATTR_NODEV, 0 },
	{ "rnodiratime", TREE_FLAG, MOUNT_ATTR_NODIRATIME, 0 },
	{ "rnoexec", TREE_FLAG, MOUNT_ATTR_NOEXEC, 0 },
	{ "rnomand", NOTHING, 0, 0 },
	{ "rnorelatime", TREE_FLAG, 0, MOUNT_ATTR__ATIME },
	{ "rnostrictatime", TREE_FLAG, 0, MOUNT_ATTR__ATIME },
	{ "rnosuid", TREE_FLAG, MOUNT_ATTR_NOSUID, 0 },
	{ "rnosymfollow", TREE_FLAG, MOUNT_ATTR_NOSYMFOLLOW, 0 },
	{ "ro", FLAG, MOUNT_ATTR_RDONLY, 0 },
	{ "rprivate", TREE_PROPAGATION, MS_PRIVATE, 0 },
	{ "rrelatime", TREE_FLAG, 0, MOUNT_ATTR__ATIME },
	{ "rro", TREE_FLAG, MOUNT_ATTR_RDONLY, 0 },
	{ "rrw", TREE_FLAG, 0, MOUNT_ATTR_RDONLY },
	{ "rshared", TREE_PROPAGATION, MS_SHARED, 0 },
	{ "rslave", TREE_PROPAGATION, MS_SLAVE, 0 },
	{ "rstrictatime", TREE_FLAG, MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME },
	{ "rsuid", TREE_FLAG, 0, MOUNT_ATTR_NOSUID },
	{ "rsync", NOTHING, 0, 0 },
	{ "rsymfollow", TREE_FLAG, 0, MOUNT_ATTR_NOSYMFOLLOW },
	{ "runbindable", TREE_PROPAGATION, MS_UNBINDABLE, 0 },
	{ "rw", FLAG, 0, MOUNT_ATTR_RDONLY },
	{ "shared", PROPAGATION, MS_SHARED, 0 },
	{ "silent", NOTHING, 0, 0 },
	{ "slave", PROPAGATION, MS_SLAVE, 0 },
	{ "src-nofollow", SOURCE_NO_FOLLOW, 0, 0 },
	{ "strictatime", FLAG, MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME },
	{ "suid", FLAG, 0, MOUNT_ATTR_NOSUID },
	{ "symfollow", FLAG, 0, MOUNT_ATTR_NOSYMFOLLOW },
	{ "sync", DATA, 0, 0 },
	{ "tmpcopyup", COPY_UP, 0, 0 },
	{ "unbindable", PROPAGATION, MS_UNBINDABLE, 0 },
};

static const struct option_row *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

static void add_data(struct arena *a, struct mount_options *m, const char *option)
{
	const char *equals = strchr(option, '=');

	m->data[m->data_len++] = (struct kernel_mount_option){
		equals ? arena_strndup(a, option, (size_t)(equals - option)) : option,
		equals ? equals + 1 : NULL,
	};
}

/* A later option wins over an earlier one. */
static void change(uint64_t *set, uint64_t *clear, const struct option_row *row)
{
	*set = (*set & ~row->clear) | row->set;
	*clear = (*clear & ~row->set) | row->clear;
}

static void apply(struct mount_options *m, const struct option_row *row)
{
	switch (row->kind) {
	case FLAG:
		change(&m->set, &m->clear, row);
		break;
	case TREE_FLAG:
		change(&m->tree_set, &m->tree_clear, row);
		break;
	case TREE_PROPAGATION:
	case PROPAGATION:
		m->propagation = row->set;
		m->propagation_tree = row->kind == TREE_PROPAGATION;
		break;
	case TREE_BIND:
		m->tree = true;
		m->bind = true;
		break;
	case BIND:
		m->bind = true;
		break;
	case COPY_UP:
		m->copy_up = true;
		break;
	case TREE_ID_MAP:
		m->id_map_tree = true;
		m->id_map = true;
		break;
	case ID_MAP:
		m->id_map = true;
		break;
	case REMOUNT:
		m->remount = true;
		break;
	case COPY_LINK:
		m->copy_link = true;
		break;
	case SOURCE_NO_FOLLOW:
		m->source_no_follow = true;
		break;
	case TARGET_NO_FOLLOW:
		m->target_no_follow = true;
		break;
	case VERSION:
		m->soft_version = true;
		break;
	case ACL:
	case DATA:
	case NOTHING:
		break;
	}
}

void mount_options_read(struct arena *a, const struct texts *options, struct mount_options *ret)
{
	struct mount_options m = { 0 };

	m.data = arena_array(a, options->n + 2, sizeof(*m.data)); /* room for what is added */
	for (size_t i = 0; i < options->n; i++) {
		const struct option_row *row = find(options->v[i]);
		const char *maps = text_after(options->v[i], "idmap=");

		if (!maps)
			maps = text_after(options->v[i], "ridmap=");
		if (maps) {
			m.id_map_text = maps;
			apply(&m, find(options->v[i][0] == 'r' ? "ridmap" : "idmap"));
		} else if (row && row->kind == ACL) {
			/* MS_POSIXACL of mount(2), which every file system takes. */
			add_data(a, &m, "posixacl");
		} else if (!row || row->kind == DATA) {
			add_data(a, &m, options->v[i]);
		} else {
			apply(&m, row);
		}
	}
	m.asked_clear = m.clear;
	if (m.bind && (m.set || m.clear))
		m.clear |= FLAGS & ~m.set;
	*ret = m;
}

void mount_options_names(struct arena *a, struct texts *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		texts_add(a, ret, rows[i].name);
}

/* crun's meaning of "@": moved as far as the container's own mapping moves its first ID. */
static bool move_map(const struct oci_id_maps *own, struct oci_id_map *map)
{
	for (size_t i = 0; i < own->n; i++) {
		const struct oci_id_map *m = &own->v[i];

		if (map->container_id < m->container_id ||
		    map->container_id >= m->container_id + m->size)
			continue;
		map->host_id += m->host_id - m->container_id;
		return map->host_id + map->size <= UINT32_MAX;
	}
	return false;
}

static int read_map(const char *text, const struct oci_id_maps *own, struct oci_id_map *ret)
{
	unsigned long inside, outside, size;
	const char *p = *text == '@' ? text + 1 : text;
	int end = 0;

	if (sscanf(p, "%lu-%lu-%lu%n", &inside, &outside, &size, &end) != 3 || p[end] ||
	    size == 0 || inside + size > UINT32_MAX || outside + size > UINT32_MAX)
		return -EINVAL;
	*ret = (struct oci_id_map){ inside, outside, size };
	return *text == '@' && !move_map(own, ret) ? -EINVAL : 0;
}

static int read_maps(struct arena *a, const char *text, const struct oci_id_maps *own,
		     struct oci_id_maps *ret)
{
	struct texts parts = texts_split(a, text, '#');

	ret->n = 0;
	ret->v = arena_array(a, parts.n, sizeof(*ret->v));
	for (size_t i = 0; i < parts.n; i++)
		if (read_map(parts.v[i], own, &ret->v[ret->n++]) < 0)
			return -EINVAL;
	return 0;
}

int mount_options_id_maps(struct arena *a, const char *text, const struct oci_linux *os,
			  struct oci_id_maps *ret_uids, struct oci_id_maps *ret_gids, struct err *e)
{
	struct texts halves = texts_split(a, text, ';');
	int r = 0;

	*ret_uids = *ret_gids = (struct oci_id_maps){ 0 };
	for (size_t i = 0; i < halves.n && r == 0; i++) {
		const char *uids = text_after(halves.v[i], "uids=");
		const char *gids = text_after(halves.v[i], "gids=");

		r = uids   ? read_maps(a, uids, &os->uid_maps, ret_uids)
		    : gids ? read_maps(a, gids, &os->gid_maps, ret_gids)
			   : -EINVAL;
	}
	if (r < 0 || !ret_uids->n || !ret_gids->n)
		return err_set(e, ERR_INVALID,
			       "\"idmap=%s\" is no ID mapping as uids=0-1000-1;gids=0-1000-1 is",
			       text);
	return 0;
}
