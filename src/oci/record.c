/* SPDX-License-Identifier: BSD-2-Clause */
#include "oci/record.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <regex.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/file.h"
#include "cgroup/cgroup.h"
#include "kernel/kernel.h"

#define STATE_MAX (4U << 20)
#define TRIES     10

const char *const record_status_name[RECORD_STATUSES] = {
	[RECORD_CREATING] = "creating", [RECORD_CREATED] = "created", [RECORD_RUNNING] = "running",
	[RECORD_PAUSED] = "paused",     [RECORD_STOPPED] = "stopped",
};

static const struct json_field record_fields[] = {
	JSON_TEXT(record, oci_version, "ociVersion", JSON_REQUIRED),
	JSON_TEXT(record, id, "id", JSON_REQUIRED),
	JSON_INT(record, pid, "pid", JSON_ALWAYS),
	JSON_UINT(record, start_time, "startTime", JSON_ALWAYS),
	JSON_TEXT(record, bundle, "bundle", JSON_REQUIRED),
	JSON_TEXT(record, rootfs, "rootfs", JSON_ALWAYS),
	JSON_TEXT(record, created, "created", JSON_REQUIRED),
	JSON_UINT(record, owner, "owner", JSON_ALWAYS),
	JSON_TEXT(record, cgroup, "cgroup", 0),
	JSON_TEXT(record, cgroup_manager, "cgroupManager", 0),
	JSON_BOOL(record, shared_pids, "sharedPids", 0),
	JSON_BOOL(record, systemd, "systemd", 0),
	JSON_BOOL(record, rdt, "intelRdt", 0),
	JSON_TEXT_MAP(record, annotations, "annotations", 0),
	{ 0 },
};
const struct json_type record_json = JSON_TYPE(record, record_fields);

static const char id_characters[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-.";

int record_check_id(const char *id, struct err *e)
{
	size_t good = strspn(id, id_characters);

	if (!*id)
		return err_set(e, ERR_INVALID, "container id cannot be empty");
	if (id[good])
		return err_set(e, ERR_INVALID,
			       "invalid container ID format: invalid character `%c` in the "
			       "container ID `%.100s`",
			       id[good], id);
	if (*id == '.')
		return err_set(e, ERR_INVALID,
			       "invalid container ID format: invalid character `.` at the "
			       "beginning of the container ID `%.100s`",
			       id);
	if (good > NAME_MAX)
		return err_set(e, ERR_INVALID, "invalid container ID format: longer than %d",
			       NAME_MAX);
	return 0;
}

static int open_root(const struct oci_globals *g, bool make, struct err *e)
{
	int fd, r;

	if (make) {
		r = file_mkdir_path(AT_FDCWD, g->root, 0700, e);
		if (r < 0)
			return r;
	}
	fd = open(g->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "%s", g->root) : fd;
}

static int set_lock(int fd, short type, bool wait)
{
	struct flock how = { .l_type = type, .l_whence = SEEK_SET };
	int r;

	do
		r = fcntl(fd, wait ? F_SETLKW : F_SETLK, &how);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : 0;
}

/* Who holds it, or 0. */
static pid_t lock_holder(int dir)
{
	auto_close int fd = openat(dir, "lock", O_RDWR | O_CLOEXEC);
	struct flock how = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fd < 0 || fcntl(fd, F_GETLK, &how) < 0 || how.l_type == F_UNLCK)
		return 0;
	return how.l_pid > 0 ? how.l_pid : -1;
}

/* 0, -ENOENT when the directory was removed meanwhile, -EAGAIN when it is locked. */
static int take_lock(struct record_at *at, bool wait)
{
	struct stat st;
	int r;

	at->lock = openat(at->dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (at->lock < 0)
		return -errno;
	r = set_lock(at->lock, F_WRLCK, wait);
	if (r == 0 && (fstat(at->lock, &st) < 0 || st.st_nlink == 0))
		r = -ENOENT;
	if (r < 0)
		close(take_fd(at->lock));
	return r;
}

static int already_exists(const char *id, struct err *e)
{
	return err_set(e, ERR_CONFLICT,
		       "container with given ID already exists: container with id exists: %s", id);
}

/* A directory of that name that is ours alone and holds no container. */
static int take_directory(struct record_at *at, const char *id, struct err *e)
{
	for (int i = 0; i < TRIES; i++) {
		int r;

		if (mkdirat(at->root, id, 0700) < 0 && errno != EEXIST)
			return err_sys(e, "make the container's directory");
		at->dir = openat(at->root, id, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		r = at->dir < 0 ? -errno : take_lock(at, false);
		if (r == 0 && faccessat(at->dir, "state.json", F_OK, 0) < 0)
			return 0;
		if (r == 0 || r == -EAGAIN || r == -EACCES)
			return already_exists(id, e);
		if (r != -ENOENT)
			return err_from(e, r, "lock container %s", id);
		close_p(&at->dir);
	}
	return already_exists(id, e);
}

int record_new(const struct oci_globals *g, const struct record *r, const char *config, size_t len,
	       struct record_at *ret, struct err *e)
{
	struct record_at at = { .arena = g->arena, .dir = -1, .lock = -1, .r = *r };
	int result;

	at.root = open_root(g, true, e);
	if (at.root < 0)
		return at.root;
	result = take_directory(&at, r->id, e);
	if (result == 0)
		result = file_replace_at(at.dir, "config.json", config, len, NULL, e);
	if (result < 0) {
		record_close(&at);
		return result;
	}
	unlinkat(at.dir, "start", 0);
	*ret = at;
	return 0;
}

int record_write(struct record_at *at, struct err *e)
{
	auto_buf out = BUF(STATE_MAX);
	int r;

	json_write(&out, &record_json, &at->r, 0);
	r = buf_check(&out, "state.json", e);
	return r < 0 ? r : file_replace_at(at->dir, "state.json", out.data, out.len, NULL, e);
}

static int not_there(struct err *e)
{
	return err_set(e, ERR_NOT_FOUND, "container does not exist");
}

static int read_record(struct record_at *at, const char *id, struct err *e)
{
	auto_free char *text = NULL;
	size_t len;
	int r = file_read_at(at->dir, "state.json", STATE_MAX, &text, &len, e);

	if (r == -ENOENT)
		return not_there(e);
	if (r == 0)
		r = json_read(at->arena, text, len, &record_json, &at->r, e);
	return r < 0 ? err_wrap(e, "container %s: state.json", id) : 0;
}

static int open_at(const struct oci_globals *g, const char *id, bool lock, struct record_at *ret,
		   struct err *e)
{
	struct record_at at = { .arena = g->arena, .dir = -1, .lock = -1 };
	int r = record_check_id(id, e);

	if (r < 0)
		return r;
	at.root = open_root(g, false, e);
	if (at.root < 0)
		return at.root == -ENOENT ? not_there(e) : at.root;
	at.dir = openat(at.root, id, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (at.dir < 0)
		r = errno == ENOENT ? not_there(e) : err_sys(e, "container %s", id);
	if (r == 0 && lock) {
		r = take_lock(&at, true);
		if (r < 0)
			r = r == -ENOENT ? not_there(e) : err_from(e, r, "lock container %s", id);
	}
	if (r == 0)
		r = read_record(&at, id, e);
	if (r < 0) {
		record_close(&at);
		return r;
	}
	*ret = at;
	return 0;
}

int record_open(const struct oci_globals *g, const char *id, struct record_at *ret, struct err *e)
{
	return open_at(g, id, false, ret, e);
}

int record_open_locked(const struct oci_globals *g, const char *id, struct record_at *ret,
		       struct err *e)
{
	return open_at(g, id, true, ret, e);
}

void record_unlock(struct record_at *at)
{
	close_p(&at->lock);
}

int record_lock(struct record_at *at, struct err *e)
{
	int r = faccessat(at->dir, "state.json", F_OK, 0) < 0 ? -ENOENT : take_lock(at, true);

	if (r == 0 && faccessat(at->dir, "state.json", F_OK, 0) == 0)
		return 0;
	if (r < 0 && r != -ENOENT)
		return err_from(e, r, "lock container %s", at->r.id);
	return not_there(e);
}

void record_close(struct record_at *at)
{
	close_p(&at->lock);
	close_p(&at->dir);
	close_p(&at->root);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int record_list(const struct oci_globals *g, struct texts *ret, struct err *e)
{
	int root = open_root(g, false, e);
	const struct dirent *entry;
	DIR *d;

	*ret = (struct texts){ 0 };
	if (root == -ENOENT && !g->root_given)
		return 0;
	if (root < 0)
		return root;
	d = fdopendir(root);
	if (!d) {
		close(root);
		return err_sys(e, "%s", g->root);
	}
	while ((entry = readdir(d)))
		if (entry->d_name[0] != '.')
			texts_add(g->arena, ret, arena_strdup(g->arena, entry->d_name));
	closedir(d);
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), by_text);
	return 0;
}

int record_list_matching(const struct oci_globals *g, const char *pattern, struct texts *ret,
			 struct err *e)
{
	struct texts all;
	regex_t regex;
	int r = record_list(g, &all, e);

	*ret = (struct texts){ 0 };
	if (r < 0)
		return r;
	if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB) != 0)
		return err_set(e, ERR_INVALID, "invalid regular expression: %s", pattern);
	for (size_t i = 0; i < all.n; i++)
		if (regexec(&regex, all.v[i], 0, NULL, 0) == 0)
			texts_add(g->arena, ret, all.v[i]);
	regfree(&regex);
	return 0;
}

/* state.json first: without it there is no container. */
int record_remove(struct record_at *at, struct err *e)
{
	static const char *const files[] = { "state.json", "start", "config.json" };

	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		if (unlinkat(at->dir, files[i], 0) < 0 && errno != ENOENT)
			return err_sys(e, "remove %s of container %s", files[i], at->r.id);
	unlinkat(at->dir, "lock", 0);
	if (unlinkat(at->root, at->r.id, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	return file_remove_tree_at(at->root, at->r.id, e);
}

void record_sweep(const struct oci_globals *g, const char *id)
{
	struct record_at at = { .arena = g->arena, .dir = -1, .lock = -1, .r = { .id = id } };
	struct err ignored;

	at.root = open_root(g, false, &ignored);
	if (at.root >= 0)
		at.dir = openat(at.root, id, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (at.dir >= 0 && take_lock(&at, false) == 0 &&
	    faccessat(at.dir, "state.json", F_OK, 0) < 0)
		record_remove(&at, &ignored);
	record_close(&at);
}

bool record_is_alive(const struct record_at *at)
{
	return at->r.pid > 0 && kernel_is_alive((pid_t)at->r.pid, at->r.start_time);
}

static bool is_frozen(const struct record_at *at)
{
	AUTO(cgroup) c = NULL;
	struct err e;

	return at->r.cgroup && cgroup_open(at->r.cgroup_manager, at->r.cgroup, &c, &e) == 0 &&
	       cgroup_is_frozen(c);
}

enum record_status record_status(const struct record_at *at)
{
	if (at->r.pid == 0)
		return at->lock < 0 && lock_holder(at->dir) ? RECORD_CREATING : RECORD_STOPPED;
	if (!record_is_alive(at))
		return RECORD_STOPPED;
	if (is_frozen(at))
		return RECORD_PAUSED;
	return faccessat(at->dir, "start", F_OK, 0) == 0 ? RECORD_CREATED : RECORD_RUNNING;
}

int record_pidfd(const struct record_at *at, struct err *e)
{
	int fd = at->r.pid > 0 ? kernel_pidfd_open((pid_t)at->r.pid) : -ESRCH;

	if (fd < 0 && fd != -ESRCH)
		return err_from(e, fd, "open the container's process");
	if (fd >= 0 && record_is_alive(at))
		return fd;
	if (fd >= 0)
		close(fd);
	return err_set(e, ERR_CONFLICT, "container not running");
}

int record_wait_end(const struct record_at *at, int timeout_ms)
{
	auto_close int fd = record_pidfd(at, NULL);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int n;

	if (fd < 0)
		return 0;
	do
		n = poll(&p, 1, timeout_ms);
	while (n < 0 && errno == EINTR);
	return n > 0 ? 0 : n == 0 ? -ETIMEDOUT : -errno;
}

int record_config(const struct record_at *at, struct oci_config *ret, struct err *e)
{
	auto_free char *text = NULL;
	size_t len;
	int r;

	if (at->config) {
		*ret = *at->config;
		return 0;
	}
	r = file_read_at(at->dir, "config.json", OCI_CONFIG_MAX, &text, &len, e);
	*ret = (struct oci_config){ 0 };
	return r < 0 ? r : oci_config_read(at->arena, text, len, ret, e);
}

/* The directory may be deeper than a socket's address has room for. */
static void start_address(const struct record_at *at, struct sockaddr_un *ret)
{
	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(ret->sun_path, sizeof(ret->sun_path), "/proc/self/fd/%d/start", at->dir);
}

int record_listen(const struct record_at *at, struct err *e)
{
	auto_close int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un to;

	start_address(at, &to);
	if (fd < 0 || bind(fd, (struct sockaddr *)&to, sizeof(to)) < 0 || listen(fd, 1) < 0)
		return err_sys(e, "make the socket to start by");
	return take_fd(fd);
}

int record_connect(const struct record_at *at, struct err *e)
{
	auto_close int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un to;

	start_address(at, &to);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		return err_sys(e, "connect to the created container");
	/* Before it is told to go on: one whose starter is killed in between ends. */
	if (unlinkat(at->dir, "start", 0) < 0)
		return err_sys(e, "remove the socket to start by");
	return take_fd(fd);
}
