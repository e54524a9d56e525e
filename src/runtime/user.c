/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * passwd(5) and group(5), read a line at a time without taking either apart into a table.  Lines
 * that make no sense are passed over, as libc does.
 */
#include "runtime/user.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "kernel/kernel.h"

#define ID_MAX     (UINT32_MAX - 1)
#define FIELDS     7
#define GROUPS_MAX 65536 /* NGROUPS_MAX of the kernel */

struct field {
	const char *s;
	size_t len;
};

struct line {
	struct field f[FIELDS];
	size_t n;
};

/* Cuts the next line into fields; false at the end. */
static bool line_next(const char **text, struct line *l)
{
	const char *p = *text;

	if (!p || !*p)
		return false;
	*l = (struct line){ .n = 0 };
	do {
		size_t len = strcspn(p, ":\n");

		if (l->n < FIELDS)
			l->f[l->n++] = (struct field){ p, len };
		p += len;
	} while (*p == ':' && p++);
	*text = *p ? p + 1 : p;
	return true;
}

static bool field_is(struct field f, const char *s, size_t len)
{
	return f.len == len && memcmp(f.s, s, len) == 0;
}

/* A whole decimal ID, else false. */
static bool field_id(struct field f, uint64_t *ret)
{
	uint64_t id = 0;

	if (f.len == 0 || f.len > 10)
		return false;
	for (size_t i = 0; i < f.len; i++) {
		if (f.s[i] < '0' || f.s[i] > '9')
			return false;
		id = id * 10 + (uint64_t)(f.s[i] - '0');
	}
	if (id > ID_MAX)
		return false;
	*ret = id;
	return true;
}

/* Is name among the members, "a,b,c"? */
static bool lists(struct field members, const char *name, size_t len)
{
	const char *p = members.s, *end = members.s + members.len;

	while (p < end) {
		const char *comma = memchr(p, ',', (size_t)(end - p));
		size_t n = (size_t)((comma ? comma : end) - p);

		if (n == len && memcmp(p, name, len) == 0)
			return true;
		p += n + 1;
	}
	return false;
}

/* The first line of the user, by name or number. */
static bool find_user(const char *passwd, struct field who, struct line *ret)
{
	uint64_t want = 0, uid, gid;
	bool number = field_id(who, &want);

	while (line_next(&passwd, ret)) {
		if (ret->n < 4 || !field_id(ret->f[2], &uid) || !field_id(ret->f[3], &gid))
			continue;
		if (field_is(ret->f[0], who.s, who.len) || (number && uid == want))
			return true;
	}
	return false;
}

static int find_group(const char *group, struct field who, uint64_t *ret, struct err *e)
{
	uint64_t want = 0, gid;
	bool number = field_id(who, &want);
	struct line l;

	while (line_next(&group, &l)) {
		if (l.n < 3 || !field_id(l.f[2], &gid))
			continue;
		if (field_is(l.f[0], who.s, who.len) || (number && gid == want)) {
			*ret = gid;
			return 0;
		}
	}
	if (!number)
		return err_set(e, ERR_NOT_FOUND,
			       "unable to find group %.*s: no matching entries in group file",
			       (int)(who.len > 100 ? 100 : who.len), who.s);
	*ret = want;
	return 0;
}

/* The groups that list the user as a member, but its own. */
static void find_groups(const char *group, struct field name, uint64_t own, struct arena *a,
			struct json_uints *ret)
{
	const char *text = group;
	struct json_uints found = { 0 };
	uint64_t gid;
	size_t n = 0;
	struct line l;

	while (line_next(&text, &l))
		n += l.n >= 4 && lists(l.f[3], name.s, name.len);
	if (n > GROUPS_MAX)
		n = GROUPS_MAX;
	found.v = arena_array(a, n, sizeof(*found.v));
	for (text = group; found.n < n && line_next(&text, &l);)
		if (l.n >= 4 && lists(l.f[3], name.s, name.len) && field_id(l.f[2], &gid) &&
		    gid != own)
			found.v[found.n++] = gid;
	*ret = found;
}

int user_find_in(const char *passwd, const char *group, const char *spec, struct arena *a,
		 struct user_found *ret, struct err *e)
{
	const char *colon = strchr(spec, ':');
	struct field who = { spec, colon ? (size_t)(colon - spec) : strlen(spec) };
	struct user_found found = { .home = "/", .name = "" };
	struct line l;
	int r;

	if (who.len == 0)
		who = (struct field){ "0", 1 };
	if (find_user(passwd, who, &l)) {
		field_id(l.f[2], &found.uid);
		field_id(l.f[3], &found.gid);
		found.name = arena_strndup(a, l.f[0].s, l.f[0].len);
		if (l.n >= 6 && l.f[5].len > 0)
			found.home = arena_strndup(a, l.f[5].s, l.f[5].len);
		if (!colon || !colon[1])
			find_groups(group, l.f[0], found.gid, a, &found.groups);
	} else if (!field_id(who, &found.uid)) {
		return err_set(e, ERR_NOT_FOUND,
			       "unable to find user %.*s: no matching entries in passwd file",
			       (int)(who.len > 100 ? 100 : who.len), who.s);
	}
	if (colon && colon[1]) {
		struct field g = { colon + 1, strlen(colon + 1) };

		r = find_group(group, g, &found.gid, e);
		if (r < 0)
			return r;
	}
	*ret = found;
	return 0;
}

/* What is no regular file counts as absent: opening a fifo would wait, a device has no end. */
static int read_in(int root, const char *path, char **ret, struct err *e)
{
	auto_close int at = kernel_open_in(root, path, O_PATH, NULL);
	auto_close int fd = -1;
	struct stat st;

	if (at < 0)
		return at == -ENOENT || at == -ENOTDIR || at == -ELOOP
			       ? 0
			       : err_from(e, at, "%s", path);
	if (fstat(at, &st) < 0)
		return err_sys(e, "%s", path);
	if (!S_ISREG(st.st_mode))
		return 0;
	fd = open(kernel_fd_path(at).path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "%s", path);
	return file_read_fd(fd, path, USER_FILE_MAX, ret, NULL, e);
}

int user_find(int root, const char *spec, struct arena *a, struct user_found *ret, struct err *e)
{
	auto_free char *passwd = NULL, *group = NULL;
	int r = read_in(root, "/etc/passwd", &passwd, e);

	if (r == 0)
		r = read_in(root, "/etc/group", &group, e);
	return r < 0 ? r : user_find_in(passwd, group, spec, a, ret, e);
}

int user_group_find(int root, const char *name, uint64_t *ret_gid, struct err *e)
{
	auto_free char *group = NULL;
	int r = read_in(root, "/etc/group", &group, e);

	return r < 0 ? r : find_group(group, (struct field){ name, strlen(name) }, ret_gid, e);
}
