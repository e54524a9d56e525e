/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program's environment: of a variable that is given more than once the last value, and HOME,
 * which comes from the container's own /etc/passwd where the configuration has none.  That file is
 * read at the last moment, as a mount may have put another there, by a process that allocates
 * nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/home.h"
#include "runtime/step.h"

#define LINE_SIZE 4096
#define READ_MAX  (4U << 20) /* of the file */

struct home_step {
	struct step s;
	uint64_t uid;
	char text[sizeof("HOME=") + PATH_MAX];
};

/* The n-th field of a line of passwd(5), from 0; *ret_len its length. */
static const char *field(const char *line, unsigned n, size_t *ret_len)
{
	for (; n && line; n--) {
		line = strchr(line, ':');
		line = line ? line + 1 : NULL;
	}
	*ret_len = line ? strcspn(line, ":") : 0;
	return line;
}

/* Is it the user's, with a home? */
static bool take_line(const char *line, uint64_t wanted, char *ret, size_t size)
{
	size_t len;
	const char *uid = field(line, 2, &len), *home;
	uint64_t n = 0;

	if (!uid || len == 0 || len > 10)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (uid[i] < '0' || uid[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(uid[i] - '0');
	}
	home = field(line, 5, &len);
	if (n != wanted || !home)
		return false;
	if (len > 0 && len < size) {
		memcpy(ret, home, len);
		ret[len] = '\0';
	}
	return true;
}

/* Lines longer than the buffer are nobody's. */
void home_read(int passwd, uint64_t uid, char *ret, size_t size)
{
	char text[LINE_SIZE + 1];
	size_t have = 0, total = 0;
	bool skipping = false;
	ssize_t n;

	while (total < READ_MAX && (n = read(passwd, text + have, LINE_SIZE - have)) > 0) {
		char *line = text, *end;

		total += (size_t)n;
		have += (size_t)n;
		while ((end = memchr(line, '\n', have - (size_t)(line - text)))) {
			*end = '\0';
			if (!skipping && take_line(line, uid, ret, size))
				return;
			skipping = false;
			line = end + 1;
		}
		have -= (size_t)(line - text);
		memmove(text, line, have);
		if (have == LINE_SIZE) {
			skipping = true;
			have = 0;
		}
	}
	text[have] = '\0';
	if (have && !skipping)
		take_line(text, uid, ret, size);
}

static int find_home(void *arg, struct err *e)
{
	struct home_step *h = arg;
	auto_close int at = kernel_open_in(h->s.c->root, "/etc/passwd", O_PATH, NULL), fd = -1;
	struct stat st;

	/* Opening a fifo would wait, and a device has no end. */
	if (at < 0 || fstat(at, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	fd = kernel_open_in(h->s.c->root, "/etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY, NULL);
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		home_read(fd, h->uid, h->text + strlen("HOME="), PATH_MAX);
	return 0;
}

static bool same_name(const char *a, const char *b)
{
	size_t len = strcspn(a, "=");

	return strncmp(a, b, len + 1) == 0;
}

static bool is_given_again(const struct texts *env, size_t at)
{
	for (size_t i = at + 1; i < env->n; i++)
		if (same_name(env->v[at], env->v[i]))
			return true;
	return false;
}

int environment_plan(struct build *b, struct err *e)
{
	const struct texts *env = &b->process->env;
	bool has_home = false;
	struct home_step *h;
	size_t n = 0;

	b->env = arena_array(b->a, env->n + 2, sizeof(*b->env));
	for (size_t i = 0; i < env->n; i++) {
		if (is_given_again(env, i) || strcmp(env->v[i], "HOME=") == 0)
			continue;
		has_home |= text_after(env->v[i], "HOME=") != NULL;
		b->env[n++] = env->v[i];
	}
	if (has_home)
		return 0;
	h = ARENA_NEW(b->a, struct home_step);
	*h = (struct home_step){ .s = { b->c,
					arena_printf(b->a, "of %llu",
						     (unsigned long long)b->process->user.uid) },
				 .uid = b->process->user.uid,
				 .text = "HOME=/" };
	b->env[n++] = h->text;
	step_add(&b->child, "home", find_home, h);
	return 0;
}
