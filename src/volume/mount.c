/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Volumes that are mounts: `volume create -o type=…,device=…,o=…`.  mount(8) knows the file
 * systems' helpers, loop devices and options, so it does the mounting, in a mount namespace that is
 * thrown away; what stays is a detached copy of what it mounted, which nobody sees on the host and
 * which goes with its last user.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "base/file.h"
#include "base/path.h"
#include "kernel/mount.h"
#include "volume/volume.h"

#define COMPLAINT_MAX ((size_t)64 << 10)

static bool is_word(const char *word, const char *const *words, size_t n)
{
	return text_index(word, words, n) >= 0;
}

static int check_option(const char *key, struct err *e)
{
	static const char *const known[] = { "type", "device", "o", "UID", "GID", "NOCOPY" };

	if (is_word(key, known, ARRAY_LEN(known)))
		return 0;
	return err_set(e, ERR_INVALID,
		       "invalid mount option %s for driver 'local': invalid argument", key);
}

static int set_id(struct arena *a, struct volume *v, const char *key, const char *text,
		  struct err *e)
{
	int64_t id;

	if (text_to_int(text, 0, UINT32_MAX - 1, &id, "volume option", e) < 0)
		return err_set(e, ERR_INVALID, "cannot convert %s %s to integer: invalid argument",
			       key, text);
	text_map_set(a, &v->options, key, text);
	return 0;
}

/* What is berth's to do among the options of a mount. */
static int take_word(struct arena *a, struct volume *v, const char *word, struct err *e)
{
	bool tmpfs = text_eq(text_map_get(&v->options, "type"), "tmpfs");
	const char *value;

	if ((value = text_after(word, "uid=")))
		return set_id(a, v, "UID", value, e);
	if ((value = text_after(word, "gid=")))
		return set_id(a, v, "GID", value, e);
	if (!tmpfs && (text_after(word, "size=") || text_after(word, "inodes=")))
		return err_set(e, ERR_UNSUPPORTED,
			       "volume options size and inodes not supported: they are tmpfs's "
			       "alone, as berth sets no quotas");
	if (strcmp(word, "nocopy") == 0)
		text_map_set(a, &v->options, "NOCOPY", "");
	return 0;
}

int volume_options_check(struct arena *a, struct volume *v, struct err *e)
{
	const char *type = text_map_get(&v->options, "type");
	const char *device = text_map_get(&v->options, "device");
	const char *o = text_map_get(&v->options, "o");
	struct texts words = texts_split(a, o ? o : "", ',');
	int r = 0;

	for (size_t i = 0; r == 0 && i < v->options.n; i++)
		r = check_option(v->options.v[i].key, e);
	for (size_t i = 0; r == 0 && i < words.n; i++)
		r = take_word(a, v, words.v[i], e);
	if (r < 0)
		return r;
	if (device &&
	    (text_eq(type, "bind") || texts_has(&words, "bind") || texts_has(&words, "rbind")) &&
	    access(device, F_OK) < 0)
		return err_set(e, ERR_NOT_FOUND,
			       "invalid volume option device for driver 'local': stat %s: %s",
			       device,
			       errno == ENOENT ? "no such file or directory" : strerror(errno));
	return 0;
}

bool volume_is_mount(const struct volume *v)
{
	return !text_empty(text_map_get(&v->options, "type")) ||
	       !text_empty(text_map_get(&v->options, "device"));
}

bool volume_is_bind(const struct volume *v)
{
	return text_eq(text_map_get(&v->options, "type"), "bind");
}

bool volume_is_copied_up(const struct volume *v)
{
	return text_map_get(&v->options, "NOCOPY") == NULL;
}

/* What mount(8) is to know: without podman's own words. */
static const char *mount_words(struct arena *a, const struct volume *v)
{
	static const char *const own[] = { "copy", "nocopy", "noquota" };
	const char *o = text_map_get(&v->options, "o"), *value;
	struct texts words = texts_split(a, o ? o : "", ','), kept = { 0 };

	if (volume_is_bind(v) && !texts_has(&words, "bind") && !texts_has(&words, "rbind"))
		texts_add(a, &kept, "bind");
	for (size_t i = 0; i < words.n; i++) {
		if (!*words.v[i] || is_word(words.v[i], own, ARRAY_LEN(own)))
			continue;
		/* What podman calls inodes is nr_inodes to tmpfs; a bind has no owner to set. */
		if ((value = text_after(words.v[i], "inodes=")))
			texts_addf(a, &kept, "nr_inodes=%s", value);
		else if (!volume_is_bind(v) ||
			 (!text_after(words.v[i], "uid=") && !text_after(words.v[i], "gid=")))
			texts_add(a, &kept, words.v[i]);
	}
	return kept.n ? texts_join(a, &kept, ",") : NULL;
}

static struct texts mount_argv(struct arena *a, const struct volume *v, const char *target)
{
	const char *type = text_map_get(&v->options, "type");
	const char *device = text_map_get(&v->options, "device");
	const char *words = mount_words(a, v);
	struct texts argv = { 0 };

	texts_add(a, &argv, "mount");
	if (words) {
		texts_add(a, &argv, "-o");
		texts_add(a, &argv, words);
	}
	if (!text_empty(type) && !volume_is_bind(v)) {
		texts_add(a, &argv, "-t");
		texts_add(a, &argv, type);
	}
	texts_add(a, &argv, "--");
	texts_add(a, &argv, text_empty(device) ? type : device);
	texts_add(a, &argv, target);
	return argv;
}

static const char *find_mount(void)
{
	static const char *const paths[] = { "/usr/bin/mount", "/bin/mount", "/sbin/mount" };

	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		if (access(paths[i], X_OK) == 0)
			return paths[i];
	return paths[0];
}

/* Runs mount(8); its first complaint is the error. */
static int run_mount(const struct texts *argv, struct err *e)
{
	auto_free char *complaint = NULL;
	struct child child;
	int to[2], status, r;

	if (pipe2(to, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	r = child_spawn(
		&(struct child_spawn){
			.path = find_mount(),
			.argv = (char *const *)(uintptr_t)argv->v,
			.in = -1,
			.out = to[1],
			.err = to[1],
			.die_with_parent = true,
		},
		&child, e);
	close(to[1]);
	if (r == 0) {
		file_read_fd(to[0], "mount's output", COMPLAINT_MAX, &complaint, NULL, NULL);
		r = child_wait(&child, &status, e);
	}
	close(to[0]);
	if (r < 0 || status == 0)
		return r;
	if (complaint)
		complaint[strcspn(complaint, "\n")] = '\0';
	return err_set(e, ERR_INVALID, "%s", text_empty(complaint) ? "mount failed" : complaint);
}

static int mount_in_own_namespace(const struct texts *argv, struct err *e)
{
	if (unshare(CLONE_NEWNS) < 0)
		return err_sys(e, "make a mount namespace");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return err_sys(e, "make its mounts private");
	return run_mount(argv, e);
}

/* A process in whose mount namespace it is mounted, until `hold` is closed. */
static pid_t start_holder(const struct texts *argv, int hold[2], struct err *e)
{
	int report[2], r;
	pid_t pid;

	if (pipe2(report, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	pid = fork();
	if (pid == 0) {
		struct err why = { 0 };

		close(hold[1]);
		if (mount_in_own_namespace(argv, &why) < 0) {
			err_send(report[1], &why);
			_exit(1);
		}
		close(report[1]);
		_exit(read(hold[0], &(char){ 0 }, 1) < 0);
	}
	close(report[1]);
	r = pid < 0 ? err_sys(e, "fork") : err_recv(report[0], e);
	close(report[0]);
	if (r < 0 && pid > 0)
		waitpid(pid, NULL, 0);
	return r < 0 ? r : pid;
}

static int copy(pid_t holder, const char *target, int *ret, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		ret[i] = kernel_mount_copy_of(holder, target, true, e);
		if (ret[i] >= 0)
			continue;
		while (i-- > 0)
			close_p(&ret[i]);
		return e ? -e->code : -EIO;
	}
	return 0;
}

int volume_mount(const struct state *s, const struct volume *v, int *ret, size_t n, struct err *e)
{
	AUTO(arena) a = arena_new();
	const char *target = volume_path(s, a, v->name);
	struct texts argv = mount_argv(a, v, target);
	int hold[2], r;
	pid_t pid;

	if (pipe2(hold, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	pid = start_holder(&argv, hold, e);
	r = pid < 0 ? (int)pid : copy(pid, target, ret, n, e);
	close(hold[0]);
	close(hold[1]);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return r < 0 ? err_wrap(e, "mount volume %s", v->name) : 0;
}
