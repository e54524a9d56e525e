/* SPDX-License-Identifier: BSD-2-Clause */
#include "cgroup/host.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>

#include "base/file.h"
#include "base/path.h"

/* A line a hierarchy; paths of 4 kB in each would be extraordinary. */
#define CGROUP_TEXT_MAX (64 * 1024)
/* Thousands of containers' mounts. */
#define MOUNTINFO_MAX (16 << 20)

bool host_has_word(const char *list, const char *word, char between)
{
	size_t len = strlen(word);

	for (const char *at = list; at;) {
		if (strncmp(at, word, len) == 0 && (at[len] == between || at[len] == '\0'))
			return true;
		at = strchr(at, between);
		at = at ? at + 1 : NULL;
	}
	return false;
}

const struct cgroup_hierarchy *host_hierarchy(const struct cgroup_host *h, const char *controller)
{
	for (size_t i = 0; i < h->hierarchies_len; i++) {
		const struct cgroup_hierarchy *one = &h->hierarchies[i];

		if (*controller ? host_has_word(one->controllers, controller, ',')
				: !*one->controllers)
			return one;
	}
	return NULL;
}

/* mountinfo (proc(5)): id parent major:minor root MOUNT options [tags] - TYPE source SUPER. */
static const char *mount_of_line(struct arena *a, const char *line, const char *controllers)
{
	struct texts words = texts_split(a, line, ' ');
	struct texts wanted = texts_split(a, controllers, ',');
	size_t dash = 0;

	while (dash < words.n && strcmp(words.v[dash], "-") != 0)
		dash++;
	if (dash < 6 || words.n < dash + 4)
		return NULL;
	if (strcmp(words.v[dash + 1], *controllers ? "cgroup" : "cgroup2") != 0)
		return NULL;
	for (size_t i = 0; i < wanted.n; i++)
		if (!host_has_word(words.v[dash + 3], wanted.v[i], ','))
			return NULL;
	return words.v[4];
}

static const char *search_mountinfo(struct arena *a, const char *text, const char *controllers)
{
	struct texts lines = texts_split(a, text, '\n');

	for (size_t i = 0; i < lines.n; i++) {
		const char *mount = mount_of_line(a, lines.v[i], controllers);

		if (mount)
			return mount;
	}
	return NULL;
}

static const char *usual_mount(struct arena *a, const char *controllers)
{
	const char *named = text_after(controllers, "name=");

	if (!*controllers)
		return HOST_ROOT "/unified";
	return path_join(a, HOST_ROOT, named ? named : controllers);
}

/* "4:memory:/own/path", or "0::/own/path" for the unified one. */
static bool read_line(struct arena *a, const char *line, struct cgroup_hierarchy *ret)
{
	const char *first = strchr(line, ':');
	const char *second = first ? strchr(first + 1, ':') : NULL;

	if (!second)
		return false;
	ret->controllers = arena_strndup(a, first + 1, (size_t)(second - first - 1));
	ret->own = arena_strdup(a, second + 1);
	return true;
}

static enum cgroup_version version_of(const struct cgroup_host *h, bool unified)
{
	bool separate = false, v2 = host_hierarchy(h, "") != NULL;

	for (size_t i = 0; i < h->hierarchies_len; i++)
		if (*h->hierarchies[i].controllers)
			separate = true;
	if (unified)
		return CGROUP_V2;
	if (separate)
		return v2 ? CGROUP_HYBRID : CGROUP_V1;
	/* Mounted elsewhere than usual, but alone. */
	return v2 ? CGROUP_V2 : CGROUP_NONE;
}

void host_read(struct arena *a, const struct host_facts *f, struct cgroup_host *ret)
{
	struct texts lines = texts_split(a, f->cgroup, '\n');
	const char *mountinfo = NULL;

	*ret = (struct cgroup_host){ 0 };
	ret->hierarchies = arena_array(a, lines.n + 1, sizeof(*ret->hierarchies));
	for (size_t i = 0; i < lines.n; i++) {
		struct cgroup_hierarchy h = { 0 };

		if (!read_line(a, lines.v[i], &h))
			continue;
		if (f->unified) {
			if (*h.controllers)
				continue;
			h.mount = HOST_ROOT;
		} else {
			h.mount = usual_mount(a, h.controllers);
			if (!f->is_there(h.mount)) {
				if (!mountinfo && f->mountinfo)
					mountinfo = f->mountinfo(a);
				h.mount = mountinfo ? search_mountinfo(a, mountinfo, h.controllers)
						    : NULL;
			}
		}
		if (h.mount)
			ret->hierarchies[ret->hierarchies_len++] = h;
	}
	ret->version = version_of(ret, f->unified);
}

static bool is_there(const char *path)
{
	struct statfs s;

	return statfs(path, &s) == 0 &&
	       (s.f_type == CGROUP_SUPER_MAGIC || s.f_type == CGROUP2_SUPER_MAGIC);
}

static const char *read_mountinfo(struct arena *a)
{
	auto_free char *text = NULL;
	struct err e;

	if (file_read_at(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text, NULL, &e) < 0)
		return "";
	return arena_strdup(a, text);
}

int host_find(struct arena *a, struct cgroup_host *ret, struct err *e)
{
	struct host_facts f = { .is_there = is_there, .mountinfo = read_mountinfo };
	auto_free char *text = NULL;
	struct statfs s;
	int r = file_read_at(AT_FDCWD, "/proc/self/cgroup", CGROUP_TEXT_MAX, &text, NULL, e);

	if (r == -ENOENT) {
		*ret = (struct cgroup_host){ 0 }; /* a kernel without CONFIG_CGROUPS */
		return 0;
	}
	if (r < 0)
		return r;
	f.cgroup = text;
	f.unified = statfs(HOST_ROOT, &s) == 0 && s.f_type == CGROUP2_SUPER_MAGIC;
	host_read(a, &f, ret);
	ret->systemd = access("/run/systemd/system", F_OK) == 0;
	return 0;
}

static void add_controllers(struct arena *a, struct texts *list, const char *words, char between)
{
	struct texts more = texts_split(a, words, between);

	for (size_t i = 0; i < more.n; i++)
		if (*more.v[i] && !strchr(more.v[i], '=') && !texts_has(list, more.v[i]))
			texts_add(a, list, more.v[i]);
}

int cgroup_host_read(struct arena *a, struct cgroup_host *ret, struct err *e)
{
	int r = host_find(a, ret, e);

	for (size_t i = 0; r == 0 && i < ret->hierarchies_len; i++) {
		const struct cgroup_hierarchy *h = &ret->hierarchies[i];
		auto_free char *text = NULL;
		struct err ignored;

		if (*h->controllers) {
			add_controllers(a, &ret->controllers, h->controllers, ',');
			continue;
		}
		/* Those of the own group: delegation and containers leave fewer than the root has.
		 */
		if (file_read_at(AT_FDCWD,
				 arena_printf(a, "%s%s/cgroup.controllers", h->mount, h->own),
				 CGROUP_TEXT_MAX, &text, NULL, &ignored) < 0 &&
		    file_read_at(AT_FDCWD, path_join(a, h->mount, "cgroup.controllers"),
				 CGROUP_TEXT_MAX, &text, NULL, &ignored) < 0)
			continue;
		text[strcspn(text, "\n")] = '\0';
		add_controllers(a, &ret->controllers, text, ' ');
	}
	return r;
}
