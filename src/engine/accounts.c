/* SPDX-License-Identifier: BSD-2-Clause */
#include "engine/accounts.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "engine/userns.h"
#include "kernel/open.h"

#define PASSWD_ENTRY "$USERNAME:*:$UID:$GID:$NAME:$HOME:/bin/sh"
#define GROUP_ENTRY  "$GROUPNAME:x:$GID:$USERLIST"

/* Field n, from 0, of a line of passwd(5) or group(5). */
static const char *field(struct arena *a, const char *line, int n)
{
	for (; n > 0; n--) {
		line += strcspn(line, ":");
		line += *line == ':';
	}
	return arena_strndup(a, line, strcspn(line, ":"));
}

/* The line whose name (field 0) or number (field 2) is that; NULL. */
static const char *find_line(struct arena *a, const char *text, const char *name)
{
	struct texts lines = texts_split(a, text, '\n');

	for (size_t i = 0; i < lines.n; i++)
		if (strcmp(field(a, lines.v[i], 0), name) == 0 ||
		    strcmp(field(a, lines.v[i], 2), name) == 0)
			return lines.v[i];
	return NULL;
}

static bool knows_number(struct arena *a, const char *text, uint64_t id)
{
	const char *number = arena_printf(a, "%" PRIu64, id);
	struct texts lines = texts_split(a, text, '\n');

	for (size_t i = 0; i < lines.n; i++)
		if (strcmp(field(a, lines.v[i], 2), number) == 0)
			return true;
	return false;
}

/* $NAME and ${NAME} by what is in the map; others are left as they are. */
static const char *fill_in(struct arena *a, const char *entry, const struct text_map *values)
{
	auto_buf out = BUF(65536);

	while (*entry) {
		const char *word = entry + 1 + (entry[1] == '{');
		size_t n = strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
		const char *value =
			*entry == '$' && n ? text_map_get(values, arena_strndup(a, word, n)) : NULL;

		if (!value) {
			buf_addc(&out, *entry++);
			continue;
		}
		buf_adds(&out, value);
		entry = word + n;
		entry += *entry == '}' && word[-1] == '{';
	}
	return arena_strdup(a, buf_text(&out));
}

/* An image without the file has nobody who would look there. */
static int read_file(int root, const char *path, char **ret, struct err *e)
{
	auto_close int fd = kernel_open_in(root, path, O_RDONLY | O_NONBLOCK, NULL);

	return fd < 0 ? -ENOENT : file_read_fd(fd, path, USER_FILE_MAX, ret, NULL, e);
}

static int append(const struct container *c, int root, const char *path, const char *old,
		  const char *line, struct err *e)
{
	size_t n = strlen(old);
	auto_buf text = BUF(65536);
	auto_close int fd = -1;
	int r = userns_begin(c, e);

	if (r < 0)
		return r;
	buf_addf(&text, "%s%s\n", n && old[n - 1] != '\n' ? "\n" : "", line);
	fd = kernel_open_in(root, path, O_WRONLY | O_APPEND | O_NONBLOCK, e);
	r = fd < 0 ? fd : file_write_all(fd, buf_text(&text), text.len);
	userns_end();
	if (fd < 0)
		return r;
	return r < 0 ? err_from(e, r, "add a line to %s", path) : 0;
}

static const char *home_of(const struct container *c)
{
	return text_empty(c->working_dir) ? "/" : c->working_dir;
}

int container_add_host_users(struct arena *a, const struct container *c, int root, struct err *e)
{
	auto_free char *host = NULL;
	int r = 0;

	if (c->host_users.n)
		r = file_read_at(AT_FDCWD, "/etc/passwd", USER_FILE_MAX, &host, NULL, e);
	for (size_t i = 0; r == 0 && i < c->host_users.n; i++) {
		const char *name = c->host_users.v[i], *line = find_line(a, host, name);
		auto_free char *known = NULL;

		if (!line)
			return err_set(e, ERR_NOT_FOUND, "--hostuser: unknown user %s", name);
		if (read_file(root, "/etc/passwd", &known, NULL) < 0 ||
		    find_line(a, known, field(a, line, 0)))
			continue;
		line = arena_printf(a, "%s:*:%s:%s:%s:%s:/bin/sh", field(a, line, 0),
				    field(a, line, 2), field(a, line, 3), field(a, line, 4),
				    home_of(c));
		r = append(c, root, "/etc/passwd", known, line, e);
	}
	return r;
}

static int add_group(struct arena *a, const struct container *c, int root, uint64_t gid,
		     const char *user, struct err *e)
{
	const char *number = arena_printf(a, "%" PRIu64, gid);
	auto_free char *known = NULL;
	struct text_map values = { 0 };

	if (read_file(root, "/etc/group", &known, NULL) < 0 || knows_number(a, known, gid))
		return 0;
	text_map_set(a, &values, "GROUPNAME", number);
	text_map_set(a, &values, "GID", number);
	text_map_set(a, &values, "USERLIST", user);
	return append(c, root, "/etc/group", known,
		      fill_in(a, c->group_entry ? c->group_entry : GROUP_ENTRY, &values), e);
}

int container_add_user(struct arena *a, const struct container *c, int root,
		       const struct user_found *u, struct err *e)
{
	const char *number = arena_printf(a, "%" PRIu64, u->uid);
	const char *name = text_empty(u->name) ? number : u->name;
	auto_free char *known = NULL;
	struct text_map values = { 0 };
	int r = 0;

	if (c->no_passwd || read_file(root, "/etc/passwd", &known, NULL) < 0)
		return 0;
	text_map_set(a, &values, "USERNAME", name);
	text_map_set(a, &values, "UID", number);
	text_map_set(a, &values, "GID", arena_printf(a, "%" PRIu64, u->gid));
	text_map_set(a, &values, "NAME", "container user");
	text_map_set(a, &values, "HOME", home_of(c));
	if (text_empty(u->name))
		r = append(c, root, "/etc/passwd", known,
			   fill_in(a, c->passwd_entry ? c->passwd_entry : PASSWD_ENTRY, &values),
			   e);
	return r < 0 ? r : add_group(a, c, root, u->gid, name, e);
}
