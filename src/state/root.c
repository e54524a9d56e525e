/* SPDX-License-Identifier: BSD-2-Clause */
/* The two roots: where they are, and that the volatile one is of this boot. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/identity.h"
#include "base/path.h"
#include "state/layout_private.h"

uint64_t state_ids_mapped(void)
{
	auto_free char *text = NULL;
	uint64_t sum = 0;

	if (geteuid() != 0 ||
	    file_read_at(AT_FDCWD, "/proc/self/uid_map", 65536, &text, NULL, NULL) < 0)
		return 1;
	for (char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		unsigned long long inside, outside, count;

		if (sscanf(line, "%llu %llu %llu", &inside, &outside, &count) == 3)
			sum += count;
	}
	return sum;
}

static int user_paths(struct arena *a, struct state *s, struct err *e)
{
	const char *data = getenv("XDG_DATA_HOME"), *run = getenv("XDG_RUNTIME_DIR");
	const char *home = getenv("HOME");

	if (text_empty(data) && text_empty(home))
		return err_set(e, ERR_INVALID, "neither HOME nor XDG_DATA_HOME is set");
	if (text_empty(data))
		data = path_join(a, home, ".local/share");
	if (text_empty(run))
		run = arena_printf(a, "/tmp/berth-run-%u", geteuid());
	s->lib_path = path_join(a, data, "berth");
	s->run_path = path_join(a, run, "berth");
	return 0;
}

static int open_root(const char *path, struct err *e)
{
	struct stat st;
	int fd, r;

	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) {
		r = file_mkdir_path(AT_FDCWD, path, 0700, e);
		if (r < 0)
			return r;
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (fd < 0)
		return err_sys(e, "open state directory %s", path);
	/* Of another user, who could put there what he likes? (/tmp is the fallback's parent.) */
	if (fstat(fd, &st) < 0 || (st.st_uid != geteuid() && st.st_uid != 0)) {
		close(fd);
		return err_set(e, ERR_DENIED, "state directory %s belongs to user %u", path,
			       st.st_uid);
	}
	return fd;
}

static int read_boot(int dir, const char *name, char boot[64])
{
	auto_close int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, boot, 63);

	if (n <= 0)
		return -ENOENT;
	boot[n] = '\0';
	boot[strcspn(boot, "\n")] = '\0';
	return 0;
}

/* What another boot left must not be taken for running: neither on a volatile root that is no tmpfs
 * nor on one that a snapshot brought back. */
static int empty_if_old(const struct state *s, struct err *e)
{
	char now[64], made[64];
	auto_close int lock = -1;

	if (read_boot(AT_FDCWD, "/proc/sys/kernel/random/boot_id", now) < 0)
		return err_set(e, ERR_UNSUPPORTED, "/proc/sys/kernel/random/boot_id is unreadable");
	if (read_boot(s->run, "boot-id", made) == 0 && strcmp(now, made) == 0)
		return 0;
	lock = openat(s->run, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (lock < 0 || flock(lock, LOCK_EX) < 0)
		return err_sys(e, "lock %s", s->run_path);
	/* Another command may have been first. */
	if (read_boot(s->run, "boot-id", made) == 0) {
		int r = strcmp(now, made) == 0 ? 0 : layout_empty(s->run, e);

		if (r < 0 || strcmp(now, made) == 0)
			return r;
	}
	return file_replace_at(s->run, "boot-id", now, strlen(now),
			       &(struct file_write){ .mode = 0600, .fill_root = s->run }, e);
}

int state_open(struct arena *a, const struct state_open *how, struct state *ret, struct err *e)
{
	struct state s = {
		.lib = -1,
		.run = -1,
		.lib_path = "/var/lib/berth",
		.run_path = "/run/berth",
		.rootless = geteuid() != 0 || !identity_is_outside(),
	};
	int r = geteuid() != 0 && (!how->root || !how->runroot) ? user_paths(a, &s, e) : 0;

	if (r < 0)
		return r;
	s.single_id = s.rootless && state_ids_mapped() < 2;
	if (how->root)
		s.lib_path = layout_absolute(a, how->root);
	if (how->runroot)
		s.run_path = layout_absolute(a, how->runroot);
	s.lib = r = open_root(s.lib_path, e);
	if (r >= 0)
		s.run = r = open_root(s.run_path, e);
	if (r >= 0)
		r = empty_if_old(&s, e);
	if (r < 0) {
		state_close(&s);
		return r;
	}
	*ret = s;
	return 0;
}

void state_close(struct state *s)
{
	close_p(&s->lib);
	close_p(&s->run);
}
