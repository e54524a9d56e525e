/* SPDX-License-Identifier: BSD-2-Clause */
#include "cgroup/group.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"
#include "cgroup/host.h"

/* cgroup.procs of a busy group, memory.stat, io.stat of many disks. */
#define GROUP_FILE_MAX (4 << 20)
/* cgroup.max.depth has no limit by default; nobody nests this deep. */
#define DEPTH_MAX 64

static int open_file(const struct group *g, const char *file, int flags)
{
	char path[PATH_MAX];
	int fd;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", g->dir, file) >= sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, flags | O_CLOEXEC | O_NOCTTY);
	return fd < 0 ? -errno : fd;
}

int group_write(const struct group *g, const char *file, const char *text)
{
	auto_close int fd = open_file(g, file, O_WRONLY);

	if (fd < 0)
		return fd;
	return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

int group_open(const struct group *g, const char *file)
{
	return open_file(g, file, O_WRONLY);
}

const char *group_read(const struct group *g, struct arena *a, const char *file)
{
	auto_close int fd = open_file(g, file, O_RDONLY);
	auto_free char *text = NULL;
	size_t len;
	struct err e;

	if (fd < 0 || file_read_fd(fd, file, GROUP_FILE_MAX, &text, &len, &e) < 0)
		return "";
	if (len > 0 && text[len - 1] == '\n')
		len--;
	return arena_strndup(a, text, len);
}

uint64_t group_number(const struct group *g, const char *file, uint64_t otherwise)
{
	auto_close int fd = open_file(g, file, O_RDONLY);
	char text[64];
	uint64_t number;
	ssize_t n;

	if (fd < 0)
		return otherwise;
	n = read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return otherwise;
	text[n] = '\0';
	if (strncmp(text, "max", 3) == 0)
		return CGROUP_UNLIMITED;
	return sscanf(text, "%" SCNu64, &number) == 1 ? number : otherwise;
}

uint64_t group_key(const char *text, const char *key)
{
	size_t len = strlen(key);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		if (*line == '\n')
			line++;
		if (strncmp(line, key, len) == 0 && line[len] == ' ')
			return strtoull(line + len + 1, NULL, 10);
	}
	return 0;
}

uint64_t group_sum(const char *text, const char *key)
{
	size_t len = strlen(key);
	uint64_t sum = 0;

	for (const char *at = strstr(text, key); at; at = strstr(at + len, key))
		if (at != text && at[-1] == ' ' && at[len] == '=')
			sum += strtoull(at + len + 1, NULL, 10);
	return sum;
}

/* making */

static bool has_processes(const struct group *g)
{
	auto_close int fd = open_file(g, "cgroup.procs", O_RDONLY);
	char byte;

	return fd >= 0 && read(fd, &byte, 1) == 1;
}

static bool stands_frozen(const struct group *g)
{
	AUTO(arena) a = arena_new();

	return strcmp(group_read(g, a, "freezer.state"), "FROZEN") == 0 ||
	       group_number(g, "cgroup.freeze", 0) == 1;
}

static int take_over(struct group *g, struct err *e)
{
	if (has_processes(g))
		return err_set(e, ERR_CONFLICT, "container's cgroup is not empty: %s", g->dir);
	if (stands_frozen(g))
		return err_set(e, ERR_CONFLICT, "container's cgroup unexpectedly frozen: %s",
			       g->dir);
	/* Limits of a former life go with it. Who may not remove it uses it as it is. */
	if (group_remove(g) < 0 || mkdir(g->dir, 0755) < 0)
		return 0;
	g->made = true;
	return 1;
}

static int make_parents(struct group *g, group_made *made, struct err *e)
{
	char path[PATH_MAX];
	size_t len = strlen(g->dir);

	if (len >= sizeof(path))
		return err_from(e, -ENAMETOOLONG, "cgroup %.64s…", g->dir);
	memcpy(path, g->dir, len + 1);
	for (size_t i = strlen(g->mount) + 1; i < len; i++) {
		int r;

		if (path[i] != '/')
			continue;
		path[i] = '\0';
		r = mkdir(path, 0755);
		if (r < 0 && errno != EEXIST)
			return err_sys(e, "make cgroup %s", path);
		if (r == 0 && made && (r = made(g, path, false, e)) < 0)
			return r;
		path[i] = '/';
	}
	return 0;
}

int group_make(struct group *g, group_made *made, struct err *e)
{
	int r = mkdir(g->dir, 0755);

	if (r < 0 && errno == ENOENT) {
		r = make_parents(g, made, e);
		if (r < 0)
			return r;
		r = mkdir(g->dir, 0755);
	}
	if (r < 0 && errno != EEXIST)
		return err_sys(e, "make cgroup %s", g->dir);
	if (r < 0) {
		r = take_over(g, e);
		if (r < 0)
			return r;
	} else {
		g->made = true;
	}
	return made ? made(g, g->dir, true, e) : 0;
}

/* limits */

static int refused(const struct group *g, const struct limit *one, const char *file,
		   const char *value, int r, struct err *e)
{
	AUTO(arena) a = arena_new();
	const char *there = group_read(g, a, "cgroup.controllers");

	if (r == -ENOENT && (one->flags & LIMIT_IF_SWAP))
		return err_set(
			e, ERR_UNSUPPORTED,
			"%s: this kernel does not count swap (%s): boot it with swapaccount=1, "
			"or ask for unlimited swap (--memory-swap -1)",
			file, one->from);
	if (r == -ENOENT && *g->controllers)
		return err_set(e, ERR_UNSUPPORTED, "%s: this kernel has no such limit (%s)", file,
			       one->from);
	if (r == -ENOENT && host_has_word(there, one->controller, ' '))
		return err_set(e, ERR_UNSUPPORTED, "%s: this kernel has no such limit (%s)", file,
			       one->from);
	if (r == -ENOENT)
		return err_set(e, ERR_UNSUPPORTED,
			       "%s: controller `%s` is not available under %s, which has \"%s\" "
			       "(%s): %s",
			       file, one->controller, g->dir, there, one->from,
			       strstr(g->dir, "/user@")
				       ? "a drop-in of user@.service may delegate it (Delegate=yes)"
				       : "its parents must list it in cgroup.subtree_control");
	if (r == -EACCES || r == -EPERM)
		return err_set(e, ERR_DENIED, "%s: permission denied (%s)", file, one->from);
	err_from(e, r, "%s: write \"%s\" (%s)", file, value, one->from);
	if (e && (r == -EINVAL || r == -ERANGE))
		e->kind = ERR_INVALID;
	return r;
}

/* /proc/swaps is a heading and a line for each. */
static bool machine_has_swap(void)
{
	auto_free char *text = NULL;
	struct err ignored;
	const char *line;

	if (file_read_at(AT_FDCWD, "/proc/swaps", GROUP_FILE_MAX, &text, NULL, &ignored) < 0)
		return false; /* a kernel without swap */
	line = strchr(text, '\n');
	return line && line[1];
}

static int check_usage(const struct group *g, const struct limit *one, struct err *e)
{
	uint64_t used = group_number(g, one->other_file, 0);
	uint64_t wanted = strtoull(one->value, NULL, 10);

	if (strchr("0123456789", one->value[0]) == NULL || used <= wanted)
		return 0;
	return err_set(e, ERR_INVALID,
		       "rejecting memory%s limit %s: %" PRIu64 " bytes are in use (%s)",
		       text_ends(one->from, "swap") ? "+swap" : "", one->value, used, one->from);
}

static int apply_period(const struct group *g, const struct limit *one, struct err *e)
{
	AUTO(arena) a = arena_new();
	const char *now = group_read(g, a, one->file);
	const char *value = arena_printf(a, "%.*s %s", *now ? (int)strcspn(now, " ") : 3,
					 *now ? now : "max", one->value);
	int r = group_write(g, one->file, value);

	return r < 0 ? refused(g, one, one->file, value, r, e) : 0;
}

int group_apply(const struct group *g, const struct limit *one, struct err *e)
{
	const char *file = one->file, *value = one->value;
	int r;

	if (one->flags & LIMIT_KEEP_QUOTA)
		return apply_period(g, one, e);
	if ((one->flags & LIMIT_CHECK_USAGE) && (r = check_usage(g, one, e)) < 0)
		return r;
	r = group_write(g, file, value);
	if (r == -ENOENT && one->other_value) {
		file = one->other_file;
		value = one->other_value;
		r = group_write(g, file, value);
	}
	if (r == -ENOENT && ((one->flags & LIMIT_IF_THERE) ||
			     ((one->flags & LIMIT_IF_SWAP) && !machine_has_swap())))
		return 0;
	if (r < 0 && (one->flags & LIMIT_OBSOLETE)) {
		log_debug("%s is left out: %s: %s", one->from, file, strerror(-r));
		return 0;
	}
	return r < 0 ? refused(g, one, file, value, r, e) : 0;
}

/* what is in it */

static void add_pid(struct group_pids *p, pid_t pid)
{
	if (p->n == p->room) {
		size_t room = p->room ? p->room * 2 : 64;
		pid_t *v = arena_array(p->arena, room, sizeof(*v));

		if (p->n)
			memcpy(v, p->v, p->n * sizeof(*v));
		p->v = v;
		p->room = room;
	}
	p->v[p->n++] = pid;
}

static int read_pids(int dir, struct group_pids *pids)
{
	auto_free char *text = NULL;
	auto_close int fd = openat(dir, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	struct err ignored;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	/* A threaded group's processes are listed by the nearest one above that is not. */
	if (file_read_fd(fd, "cgroup.procs", GROUP_FILE_MAX, &text, NULL, &ignored) < 0)
		return 0;
	for (char *at = text, *end; *at; at = end) {
		long pid = strtol(at, &end, 10);

		if (end == at)
			break;
		if (pid > 0) /* 0: of a pid namespace that this process cannot see */
			add_pid(pids, (pid_t)pid);
	}
	return 0;
}

/* Calls itself for each directory below; `fn` sees a directory after those in it. */
typedef int visit_fn(int parent, const char *name, void *arg);

static int visit(int parent, const char *name, unsigned depth, visit_fn *fn, void *arg)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct dirent *entry;
	DIR *dir;
	int r = 0;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (depth > DEPTH_MAX || !(dir = fdopendir(fd))) {
		close(fd);
		return -ELOOP;
	}
	while (r == 0 && (entry = readdir(dir)))
		if (entry->d_type == DT_DIR && strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			r = visit(dirfd(dir), entry->d_name, depth + 1, fn, arg);
	closedir(dir);
	return r < 0 ? r : fn(parent, name, arg);
}

static int visit_pids(int parent, const char *name, void *arg)
{
	auto_close int dir = openat(parent, name, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return errno == ENOENT ? 0 : -errno;
	return read_pids(dir, arg);
}

int group_pids(const struct group *g, struct group_pids *pids, struct err *e)
{
	int r = visit(AT_FDCWD, g->dir, 0, visit_pids, pids);

	return r < 0 ? err_from(e, r, "read the processes of %s", g->dir) : 0;
}

struct write_below {
	const char *file, *text;
};

static int visit_write(int parent, const char *name, void *arg)
{
	const struct write_below *w = arg;
	auto_close int dir = openat(parent, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_close int fd = dir < 0 ? -1 : openat(dir, w->file, O_WRONLY | O_CLOEXEC);

	if (fd >= 0 && write(fd, w->text, strlen(w->text)) < 0)
		log_debug("%s: %s", w->file, strerror(errno));
	return 0;
}

void group_write_below(const struct group *g, const char *file, const char *text)
{
	struct write_below w = { file, text };

	visit(AT_FDCWD, g->dir, 0, visit_write, &w);
}

static int visit_remove(int parent, const char *name, void *arg)
{
	return unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : -errno;
}

int group_remove(const struct group *g)
{
	/* Mostly there is nothing below. */
	if (rmdir(g->dir) == 0 || errno == ENOENT)
		return 0;
	if (errno != EBUSY && errno != ENOTEMPTY)
		return -errno;
	return visit(AT_FDCWD, g->dir, 0, visit_remove, NULL);
}
