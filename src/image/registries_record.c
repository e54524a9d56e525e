/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What people chose when they were asked what a short name means: short-name-aliases.conf, an
 * [aliases] table that podman and others of containers/image read and write too, under a lock on
 * the file of the same name with .lock behind it (containers-registries.conf(5)).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/identity.h"
#include "base/path.h"
#include "base/toml.h"
#include "image/registries.h"

#define FILE_NAME "short-name-aliases.conf"

const char *registries_recorded(struct arena *a)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	if (identity_is_root())
		return "/var/cache/containers/" FILE_NAME;
	if (text_empty(cache) && !text_empty(home))
		cache = path_join(a, home, ".cache");
	return text_empty(cache) ? NULL : path_join(a, cache, "containers/" FILE_NAME);
}

/* As a TOML basic string. */
static void add_quoted(struct buf *out, const char *s)
{
	buf_addc(out, '"');
	for (; *s; s++)
		if (*s == '"' || *s == '\\')
			buf_addf(out, "\\%c", *s);
		else if ((unsigned char)*s < ' ' || *s == 0x7f)
			buf_addf(out, "\\u%04x", *s);
		else
			buf_addc(out, *s);
	buf_addc(out, '"');
}

static int by_key(const void *a, const void *b)
{
	const struct text_pair *x = a, *y = b;

	return strcmp(x->key, y->key);
}

static int write_aliases(int dir, const struct text_map *aliases, struct err *e)
{
	auto_buf out = BUF(TOML_MAX);
	int r;

	qsort(aliases->v, aliases->n, sizeof(*aliases->v), by_key);
	buf_adds(&out, "[aliases]\n");
	for (size_t i = 0; i < aliases->n; i++) {
		buf_adds(&out, "  ");
		add_quoted(&out, aliases->v[i].key);
		buf_adds(&out, " = ");
		add_quoted(&out, aliases->v[i].value);
		buf_addc(&out, '\n');
	}
	r = buf_check(&out, FILE_NAME, e);
	if (r < 0)
		return r;
	return file_replace_at(dir, FILE_NAME, buf_text(&out), out.len,
			       &(struct file_write){ .mode = 0644 }, e);
}

/* Closed by its owner: then it is free again. */
static int lock(int dir, struct err *e)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	auto_close int fd = openat(dir, FILE_NAME ".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0)
		return err_sys(e, "create %s.lock", FILE_NAME);
	while (fcntl(fd, F_OFD_SETLKW, &whole) < 0)
		if (errno != EINTR)
			return err_sys(e, "lock %s", FILE_NAME);
	return take_fd(fd);
}

int registries_record(struct arena *a, const char *path, const char *alias, const char *name,
		      struct err *e)
{
	const char *folder = arena_strndup(a, path, (size_t)(path_base(path) - path));
	struct registries now = { 0 };
	auto_free char *text = NULL;
	auto_close int held = -1;
	auto_close int dir = -1;
	size_t len;
	int r = file_mkdir_path(AT_FDCWD, folder, 0755, e);

	if (r < 0)
		return r;
	dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_sys(e, "open %s", folder);
	held = lock(dir, e);
	if (held < 0)
		return held;
	r = file_read_at(dir, FILE_NAME, TOML_MAX, &text, &len, e);
	if (r == 0)
		r = registries_add(a, &now, path, text, len, e);
	else if (r == -ENOENT)
		r = 0;
	if (r < 0)
		return r;
	text_map_set(a, &now.aliases, alias, name);
	return write_aliases(dir, &now.aliases, e);
}
