/* SPDX-License-Identifier: BSD-2-Clause */
#include "image/package.h"

#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>

#include "base/file.h"
#include "base/path.h"
#include "image/unpack.h"
#include "image/web.h"
#include "kernel/kernel.h"

#define LINKS_MAX 8 /* followed from one member of an archive to the next */

struct package {
	const struct state *state;
	struct arena *arena;
	int dir;  /* the folder, or -1 */
	int file; /* the archive that is read in place, or -1 */
	struct unpack_members members;
	char laid_out[STATE_ID_LEN + 1]; /* the id of the folder that goes with us, or "" */
	int laid_out_dir;
};

void package_free(struct package *p)
{
	if (!p)
		return;
	close_p(&p->dir);
	close_p(&p->file);
	if (*p->laid_out)
		state_abandon(p->state, "source", p->laid_out);
	close_p(&p->laid_out_dir);
	free(p);
}

static bool is_compressed(int fd)
{
	static const struct {
		const char *bytes;
		size_t len;
	} magic[] = { { "\x1f\x8b", 2 },
		      { "\x28\xb5\x2f\xfd", 4 },
		      { "\xfd"
			"7zXZ",
			5 },
		      { "BZh", 3 } };
	char start[8] = { 0 };

	if (pread(fd, start, sizeof(start), 0) <= 0)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(magic); i++)
		if (!memcmp(start, magic[i].bytes, magic[i].len))
			return true;
	return false;
}

static int lay_out(struct package *p, const char *program, int in, struct err *e)
{
	char id[STATE_ID_LEN + 1];
	struct unpack_result result;
	int dir;

	if (!p->state)
		return err_set(e, ERR_INVALID, "a compressed archive can't be read in place");
	state_new_id(id);
	dir = state_begin(p->state, "source", id, e);
	if (dir < 0)
		return dir;
	memcpy(p->laid_out, id, sizeof(id));
	p->laid_out_dir = dir;
	p->dir = fcntl(dir, F_DUPFD_CLOEXEC, 3);
	if (p->dir < 0)
		return err_sys(e, "duplicate a descriptor");
	return unpack_run(
		&(struct unpack_start){
			.program = program,
			.mode = UNPACK_EXTRACT,
			.in = in,
			.dir = dir,
			.ids = UNPACK_IDS_SQUASH,
		},
		p->arena, NULL, &result, e);
}

static int open_file(struct package *p, int fd, struct err *e)
{
	struct unpack_result result;
	char *program;
	struct stat st;
	int r = path_libexec(p->arena, "unpack", &program, e);

	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0)
		return err_sys(e, "stat");
	if (!S_ISREG(st.st_mode) || is_compressed(fd))
		return lay_out(p, program, fd, e);
	p->file = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (p->file < 0)
		return err_sys(e, "duplicate a descriptor");
	return unpack_run(&(struct unpack_start){ .program = program,
						  .mode = UNPACK_INDEX,
						  .in = fd },
			  p->arena, &p->members, &result, e);
}

int package_open(const struct state *s, struct arena *a, const char *path, struct package **ret,
		 struct err *e)
{
	AUTO(package) p = calloc(1, sizeof(*p));
	AUTO(web) web = NULL;
	auto_close int fd = -1;
	struct stat st;
	int r = 0;

	if (!p)
		abort();
	*p = (struct package){ .state = s, .arena = a, .dir = -1, .file = -1, .laid_out_dir = -1 };
	if (web_is_url(path))
		r = web_open(path, &web, &fd, e);
	else
		fd = text_eq(path, "-") ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
					: open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (r < 0)
		return r;
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "open %s", path);
	if (S_ISDIR(st.st_mode)) {
		p->dir = take_fd(fd);
	} else {
		r = open_file(p, fd, e);
		if (web)
			r = web_end(web, r, e);
		if (r < 0)
			return r;
	}
	*ret = take_ptr(p);
	return 0;
}

/* The member of that name, or the one that it links to: docker save writes such links. */
static const struct unpack_member *find_member(struct package *p, const char *name)
{
	const char *want = name;

	for (int links = 0; links < LINKS_MAX; links++) {
		const struct unpack_member *found = NULL;
		const char *slash;

		/* The last of a name wins, as in extracting. */
		for (size_t i = 0; i < p->members.n; i++)
			if (text_eq(p->members.v[i].name, want))
				found = &p->members.v[i];
		if (!found || !found->link)
			return found;
		slash = strrchr(want, '/');
		/* A hard link names the whole path, a symbolic one what is beside it. */
		if (strncmp(found->link, "../", 3) != 0 && strchr(found->link, '/'))
			slash = NULL;
		want = path_clean(p->arena,
				  arena_printf(p->arena, "%.*s/%s", slash ? (int)(slash - want) : 0,
					       slash ? want : "", found->link));
		want += *want == '/';
	}
	return NULL;
}

static int open_in_dir(struct package *p, const char *name, struct stat *st, struct err *e)
{
	auto_close int fd =
		kernel_open_in(p->dir, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, e);

	if (fd == -ENOENT)
		return err_set(e, ERR_NOT_FOUND, "%s is missing", name);
	if (fd < 0)
		return fd;
	if (fstat(fd, st) < 0)
		return err_sys(e, "stat %s", name);
	if (!S_ISREG(st->st_mode))
		return err_set(e, ERR_INVALID, "%s is not a regular file", name);
	return take_fd(fd);
}

/* Opens the file that holds it and says where in that it is. */
static int locate(struct package *p, const char *name, int *ret_fd, uint64_t *ret_offset,
		  uint64_t *ret_size, struct err *e)
{
	const struct unpack_member *m;
	struct stat st;
	int fd;

	if (p->dir >= 0) {
		fd = open_in_dir(p, name, &st, e);
		if (fd < 0)
			return fd;
		*ret_offset = 0;
		*ret_size = (uint64_t)st.st_size;
	} else {
		m = find_member(p, name);
		if (!m)
			return err_set(e, ERR_NOT_FOUND, "%s is missing", name);
		fd = fcntl(p->file, F_DUPFD_CLOEXEC, 3);
		if (fd < 0)
			return err_sys(e, "duplicate a descriptor");
		*ret_offset = m->offset;
		*ret_size = m->size;
	}
	*ret_fd = fd;
	return 0;
}

bool package_has(struct package *p, const char *name)
{
	uint64_t size;
	struct err e;

	return package_size(p, name, &size, &e) == 0;
}

int package_size(struct package *p, const char *name, uint64_t *ret, struct err *e)
{
	auto_close int fd = -1;
	uint64_t offset;

	return locate(p, name, &fd, &offset, ret, e);
}

int package_read(struct package *p, const char *name, struct buf *ret, struct err *e)
{
	auto_close int fd = -1;
	uint64_t offset, left;
	int r = locate(p, name, &fd, &offset, &left, e);

	if (r < 0)
		return r;
	if (left > ret->max - ret->len)
		return err_set(e, ERR_INVALID, "%s is larger than %zu bytes", name, ret->max);
	while (left > 0) {
		char bytes[16384];
		ssize_t n = pread(fd, bytes, left < sizeof(bytes) ? left : sizeof(bytes),
				  (off_t)offset);

		if (n < 0)
			return err_sys(e, "read %s", name);
		if (n == 0)
			return err_set(e, ERR_INVALID, "%s ends too early", name);
		buf_add(ret, bytes, (size_t)n);
		offset += (uint64_t)n;
		left -= (uint64_t)n;
	}
	return buf_check(ret, name, e);
}

/* A part of an archive becomes a pipe: a child copies it, because a descriptor has no end of its
 * own before the file's. */
static int feed(int file, uint64_t offset, uint64_t size, pid_t *ret_pid, struct err *e)
{
	pid_t parent = getpid();
	auto_close int in = -1;
	off_t at = (off_t)offset;
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(e, "pipe");
	in = ends[1];
	pid = fork();
	if (pid < 0) {
		close(ends[0]);
		return err_sys(e, "fork");
	}
	if (pid > 0) {
		*ret_pid = pid;
		return ends[0];
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	/* Nothing else may stay open here: the other layers' pipes would never end. */
	if (getppid() != parent || dup2(file, STDIN_FILENO) < 0 || dup2(in, STDOUT_FILENO) < 0 ||
	    kernel_close_from(STDERR_FILENO) < 0)
		_exit(EIO);
	while (size > 0) {
		ssize_t n = sendfile(STDOUT_FILENO, STDIN_FILENO, &at,
				     size < (1 << 20) ? size : 1 << 20);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			_exit(n == 0 ? EIO : errno);
		size -= (uint64_t)n;
	}
	_exit(0);
}

int package_blob(struct package *p, const char *name, struct source_blob *ret, struct err *e)
{
	auto_close int fd = -1;
	uint64_t offset, size;
	pid_t pid = 0;
	int r = locate(p, name, &fd, &offset, &size, e);

	if (r < 0)
		return r;
	if (p->dir >= 0) {
		*ret = (struct source_blob){ .fd = take_fd(fd), .seekable = true };
		return 0;
	}
	r = feed(fd, offset, size, &pid, e);
	if (r < 0)
		return r;
	*ret = (struct source_blob){ .fd = r, .feeder = (void *)(intptr_t)pid };
	return 0;
}

int package_blob_end(struct source_blob *b, struct err *e)
{
	pid_t pid = (pid_t)(intptr_t)b->feeder;
	int status;

	close_p(&b->fd);
	if (pid <= 0)
		return 0;
	b->feeder = NULL;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_sys(e, "wait for the archive's reader");
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	return err_from(e, WIFEXITED(status) ? -WEXITSTATUS(status) : -EIO, "read the archive");
}
