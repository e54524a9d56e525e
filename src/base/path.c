/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/path.h"

#include <limits.h>
#include <string.h>

char *path_join(struct arena *a, const char *dir, const char *name)
{
	size_t n = strlen(dir);

	while (n > 0 && dir[n - 1] == '/')
		n--;
	while (*name == '/')
		name++;
	return arena_printf(a, "%.*s/%s", (int)n, dir, name);
}

char *path_clean(struct arena *a, const char *path)
{
	struct texts kept = { 0 };
	bool absolute = *path == '/';

	while (*path) {
		const char *part = path + strspn(path, "/");
		size_t n = strcspn(part, "/");

		path = part + n;
		if (n == 0 || (n == 1 && part[0] == '.'))
			continue;
		if (n != 2 || memcmp(part, "..", 2) != 0)
			texts_add(a, &kept, arena_strndup(a, part, n));
		else if (kept.n > 0 && strcmp(kept.v[kept.n - 1], "..") != 0)
			kept.n--;
		else if (!absolute)
			texts_add(a, &kept, "..");
	}
	if (kept.n == 0)
		return arena_strdup(a, absolute ? "/" : ".");
	return arena_printf(a, "%s%s", absolute ? "/" : "", texts_join(a, &kept, "/"));
}

bool path_goes_up(const char *path)
{
	while (*path) {
		const char *part = path + strspn(path, "/");
		size_t n = strcspn(part, "/");

		if (n == 2 && memcmp(part, "..", 2) == 0)
			return true;
		path = part + n;
	}
	return false;
}

const char *path_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

bool path_is_below(const char *path, const char *dir)
{
	const char *rest = text_after(path, dir);

	return rest && (*rest == '/' || !*rest || strcmp(dir, "/") == 0);
}

int path_program(struct arena *a, const char *name, char **ret, struct err *e)
{
	static const char *const usual =
		"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	const char *path = getenv("PATH");
	struct texts folders =
		texts_split(a, arena_printf(a, "%s:%s", path ? path : "", usual), ':');

	for (size_t i = 0; i < folders.n; i++) {
		char *file = path_join(a, folders.v[i], name);

		if (folders.v[i][0] == '/' && access(file, X_OK) == 0) {
			*ret = file;
			return 0;
		}
	}
	return err_set(e, ERR_NOT_FOUND, "%s is in no folder of $PATH", name);
}

int path_libexec(struct arena *a, const char *program, char **ret, struct err *e)
{
	const char *told = getenv("BERTH_LIBEXEC");
	char self[PATH_MAX], *slash, *path;
	ssize_t n;

	if (!text_empty(told)) {
		*ret = path_join(a, told, program);
		return 0;
	}
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n < 0)
		return err_sys(e, "find the program's own folder");
	self[n] = '\0';
	slash = strrchr(self, '/');
	*slash = '\0';
	path = path_join(a, path_clean(a, arena_printf(a, "%s/../libexec/berth", self)), program);
	if (access(path, X_OK) < 0)
		path = path_join(a, self, program);
	*ret = path;
	return 0;
}
