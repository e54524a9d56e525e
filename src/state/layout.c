/* SPDX-License-Identifier: BSD-2-Clause */
#include "state/layout_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/path.h"

char *layout_absolute(struct arena *a, const char *path)
{
	char here[PATH_MAX];

	if (*path == '/' || !getcwd(here, sizeof(here)))
		return path_clean(a, path);
	return path_clean(a, path_join(a, here, path));
}

int layout_path(char *ret, size_t size, const char *dir, const char *kind, const char *id,
		struct err *e)
{
	int n;

	if (!*id || strchr(id, '/') || strcmp(id, ".") == 0 || strcmp(id, "..") == 0)
		return err_set(e, ERR_INVALID, "\"%s\" can't be the name of a file", id);
	n = dir ? snprintf(ret, size, "%s/%s/%s", dir, kind, id)
		: snprintf(ret, size, "%s/%s", kind, id);
	if (n < 0 || (size_t)n >= size)
		return err_from(e, -ENAMETOOLONG, "%s", id);
	return 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int list(int dir, const char *name, bool hidden, struct arena *a, struct texts *ret,
		struct err *e)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct texts l = { 0 };
	const struct dirent *entry;
	DIR *d;

	if (fd < 0 && errno == ENOENT) {
		*ret = l;
		return 0;
	}
	d = fd < 0 ? NULL : fdopendir(fd);
	if (!d) {
		int r = err_sys(e, "list %s", name);

		close_p(&fd);
		return r;
	}
	while ((entry = readdir(d))) {
		const char *n = entry->d_name;

		if (n[0] == '.' && (!hidden || !n[1] || (n[1] == '.' && !n[2])))
			continue;
		texts_add(a, &l, arena_strdup(a, n));
	}
	closedir(d);
	if (l.n)
		qsort(l.v, l.n, sizeof(*l.v), compare);
	*ret = l;
	return 0;
}

int layout_entries(int dir, const char *name, struct arena *a, struct texts *ret, struct err *e)
{
	return list(dir, name, false, a, ret, e);
}

int layout_empty(int root, struct err *e)
{
	AUTO(arena) a = arena_new();
	struct texts l;
	int r = list(root, ".", true, a, &l, e);

	for (size_t i = 0; r == 0 && i < l.n; i++)
		r = file_remove_tree_at(root, l.v[i], e);
	return r;
}
