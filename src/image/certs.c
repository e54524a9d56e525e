/* SPDX-License-Identifier: BSD-2-Clause */
#include "image/certs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"

enum { NAMES_MAX = 1000 };

void certs_close(struct certs *c)
{
	for (size_t i = 0; i < c->n; i++)
		close(c->fds[i]);
	*c = (struct certs){ 0 };
}

/* NULL when no folder is for this host. */
static const char *find_folder(struct arena *a, const char *host)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	struct texts folders = { 0 };

	if (!text_empty(config))
		texts_addf(a, &folders, "%s/containers/certs.d", config);
	else if (!text_empty(home))
		texts_addf(a, &folders, "%s/.config/containers/certs.d", home);
	texts_add(a, &folders, "/etc/containers/certs.d");
	texts_add(a, &folders, "/etc/docker/certs.d");
	for (size_t i = 0; i < folders.n; i++) {
		const char *folder = path_join(a, folders.v[i], host);

		if (access(folder, X_OK) == 0)
			return folder;
	}
	return NULL;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int list(struct arena *a, const char *folder, struct texts *ret, struct err *e)
{
	DIR *d = opendir(folder);
	struct dirent *one;

	if (!d)
		return errno == ENOENT ? 0 : err_sys(e, "%s", folder);
	while ((one = readdir(d)) && ret->n < NAMES_MAX)
		if (one->d_name[0] != '.')
			texts_add(a, ret, arena_strdup(a, one->d_name));
	closedir(d);
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), by_name);
	return 0;
}

static int add(struct arena *a, const char *folder, const char *name, struct certs *c,
	       struct err *e)
{
	const char *path = path_join(a, folder, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(e, "%s", path);
	c->fds[c->n++] = fd;
	return 0;
}

static int too_many(const char *folder, struct err *e)
{
	return err_set(e, ERR_INVALID, "%s has more than %d certificates and keys", folder,
		       CERTS_MAX);
}

static int add_authorities(struct arena *a, const char *folder, const struct texts *names,
			   struct certs *c, struct err *e)
{
	for (size_t i = 0; i < names->n; i++) {
		int r;

		if (!text_ends(names->v[i], ".crt"))
			continue;
		if (c->n == CERTS_MAX)
			return too_many(folder, e);
		r = add(a, folder, names->v[i], c, e);
		if (r < 0)
			return r;
		c->authorities++;
	}
	return 0;
}

static const char *with_ending(struct arena *a, const char *name, const char *from, const char *to)
{
	return arena_printf(a, "%.*s%s", (int)(strlen(name) - strlen(from)), name, to);
}

/* NAME.cert and NAME.key belong together. */
static int add_clients(struct arena *a, const char *folder, const struct texts *names,
		       struct certs *c, struct err *e)
{
	for (size_t i = 0; i < names->n; i++) {
		const char *name = names->v[i], *other;
		bool key = text_ends(name, ".key");
		int r;

		if (!key && !text_ends(name, ".cert"))
			continue;
		other = key ? with_ending(a, name, ".key", ".cert")
			    : with_ending(a, name, ".cert", ".key");
		if (!texts_has(names, other))
			return err_set(e, ERR_INVALID, "missing %s %s for %s %s in %s",
				       key ? "client certificate" : "key", other,
				       key ? "key" : "client certificate", name, folder);
		if (key)
			continue;
		if (c->n + 2 > CERTS_MAX)
			return too_many(folder, e);
		r = add(a, folder, name, c, e);
		if (r == 0)
			r = add(a, folder, other, c, e);
		if (r < 0)
			return r;
		c->clients++;
	}
	return 0;
}

int certs_open(struct arena *a, const char *dir, const char *host, struct certs *ret, struct err *e)
{
	const char *folder = dir ? dir : find_folder(a, host);
	struct texts names = { 0 };
	struct certs c = { 0 };
	int r = 0;

	*ret = c;
	if (!folder)
		return 0;
	r = list(a, folder, &names, e);
	if (r == 0)
		r = add_authorities(a, folder, &names, &c, e);
	if (r == 0)
		r = add_clients(a, folder, &names, &c, e);
	if (r < 0) {
		certs_close(&c);
		/* What only another user may read says nothing to this one. */
		return !dir && r == -EACCES ? 0 : r;
	}
	*ret = c;
	return 0;
}
