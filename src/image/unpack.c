/* SPDX-License-Identifier: BSD-2-Clause */
#include "image/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/xattr.h>

#include "base/buf.h"
#include "base/child.h"
#include "kernel/kernel.h"

/* All names of an archive's members together. */
#define MEMBERS_MAX (256 << 20)

struct unpack {
	struct child child;
	int socket, dir;
	bool user_xattr, done, has_result, has_error;
	uint64_t progress;
	struct unpack_result result;
	struct err error;
	struct buf members;
	char message[UNPACK_MESSAGE_MAX];
};

static const char *const mode_name[] = {
	[UNPACK_LAYER] = "layer",       [UNPACK_EXTRACT] = "extract", [UNPACK_PACK] = "pack",
	[UNPACK_ASSEMBLE] = "assemble", [UNPACK_INDEX] = "index",
};
_Static_assert(ARRAY_LEN(mode_name) == UNPACK_MODES, "every mode has a name");

static int make_request(const struct unpack_start *how, struct unpack_request *ret, struct err *e)
{
	*ret = (struct unpack_request){
		.mode = how->mode,
		.compression = how->compression,
		.hash = how->hash,
		.ids = how->ids,
		.uid = how->uid,
		.gid = how->gid,
		.with_recipe = how->recipe > 0,
		.with_lower = how->lower > 0,
		.user_xattr = how->user_xattr,
		.skip_nodes = how->skip_nodes,
		.whiteouts = how->whiteouts,
		.one_file_system = how->one_file_system,
		.no_overwrite_dir = how->no_overwrite_dir,
		.limits = how->limits,
	};
	if (how->subdir && strlen(how->subdir) >= sizeof(ret->subdir))
		return err_set(e, ERR_INVALID, "%s: the path is too long", how->subdir);
	if (how->as && strlen(how->as) >= sizeof(ret->as))
		return err_set(e, ERR_INVALID, "%s: the name is too long", how->as);
	strcpy(ret->subdir, how->subdir ? how->subdir : "");
	strcpy(ret->as, how->as ? how->as : "");
	return 0;
}

static int spawn(const struct unpack_start *how, int socket, struct child *ret, struct err *e)
{
	const char *argv[] = { "berth-unpack", mode_name[how->mode], NULL };
	char *const env[] = { NULL };
	bool writes = how->mode == UNPACK_PACK || how->mode == UNPACK_ASSEMBLE;
	int fds[] = {
		socket,
		how->mode == UNPACK_INDEX ? -1 : how->dir,
		how->recipe > 0 ? how->recipe : -1,
		how->lower > 0 ? how->lower : -1,
	};

	return child_spawn(&(struct child_spawn){ .path = how->program,
						  .argv = (char *const *)argv,
						  .env = env,
						  .in = writes ? -1 : how->in,
						  .out = writes ? how->out : -1,
						  .err = STDERR_FILENO,
						  .fds = fds,
						  .fds_len = ARRAY_LEN(fds),
						  .die_with_parent = true },
			   ret, e);
}

int unpack_start(const struct unpack_start *how, struct unpack **ret, struct err *e)
{
	AUTO(unpack) u = calloc(1, sizeof(*u));
	auto_close int theirs = -1;
	struct unpack_request request;
	int pair[2], r;

	if (!u)
		return err_set(e, ERR_SYSTEM, "out of memory");
	u->socket = u->dir = -1;
	u->members = BUF(MEMBERS_MAX);
	u->user_xattr = how->user_xattr;
	r = make_request(how, &request, e);
	if (r < 0)
		return r;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(e, "make a socket");
	u->socket = pair[0];
	theirs = pair[1];
	if (how->mode == UNPACK_LAYER) {
		u->dir = fcntl(how->dir, F_DUPFD_CLOEXEC, 0);
		if (u->dir < 0)
			return err_sys(e, "the layer's directory");
	}
	if (send(u->socket, &request, sizeof(request), MSG_NOSIGNAL) < 0)
		return err_sys(e, "ask unpack");
	r = spawn(how, theirs, &u->child, e);
	if (r < 0)
		return r;
	*ret = take_ptr(u);
	return 0;
}

void unpack_free(struct unpack *u)
{
	if (!u)
		return;
	child_kill(&u->child);
	if (u->child.pidfd > 0)
		close(u->child.pidfd);
	close_p(&u->socket);
	close_p(&u->dir);
	buf_free(&u->members);
	free(u);
}

int unpack_fd(const struct unpack *u)
{
	return u->socket;
}

uint64_t unpack_progress(const struct unpack *u)
{
	return u->progress;
}

/* The program has no privilege for trusted.*: it says which, and we set it. */
static int set_opaque(struct unpack *u, const char *path, struct err *e)
{
	const char *name = u->user_xattr ? "user.overlay.opaque" : "trusted.overlay.opaque";
	auto_close int fd = -1;

	if (u->dir < 0)
		return err_set(e, ERR_INVALID, "unpack says what it was not asked");
	fd = kernel_open_in(u->dir, *path ? path : ".",
			    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, e);
	if (fd < 0)
		return err_wrap(e, "make a layer's directory opaque");
	if (fsetxattr(fd, name, "y", 1, 0) < 0)
		return err_sys(e, "set %s on %s", name, path);
	return 0;
}

/* What the program says is data from a stranger: sizes and ends of text are checked here. */
static int hear(struct unpack *u, const struct unpack_message *head, char *body, struct err *e)
{
	size_t len = head->len;

	if (head->kind == UNPACK_PROGRESS && len == sizeof(u->progress)) {
		memcpy(&u->progress, body, len);
		return 0;
	}
	if (head->kind == UNPACK_OPAQUE && len > 0 && len <= UNPACK_PATH_MAX &&
	    body[len - 1] == '\0')
		return set_opaque(u, body, e);
	if (head->kind == UNPACK_MEMBERS) {
		buf_add(&u->members, body, len);
		return buf_check(&u->members, "the archive's list of members", e);
	}
	if (head->kind == UNPACK_RESULT && len == sizeof(u->result)) {
		memcpy(&u->result, body, len);
		u->result.digest[UNPACK_DIGEST_MAX - 1] = '\0';
		u->result.diff_id[UNPACK_DIGEST_MAX - 1] = '\0';
		u->has_result = true;
		return 0;
	}
	if (head->kind == UNPACK_ERROR && len == sizeof(u->error)) {
		memcpy(&u->error, body, len);
		u->error.msg[sizeof(u->error.msg) - 1] = '\0';
		if ((unsigned)u->error.kind >= ERR_KINDS)
			u->error.kind = ERR_INVALID;
		if (u->error.code <= 0 || u->error.code > 4095)
			u->error.code = EINVAL;
		u->has_error = true;
		return 0;
	}
	return err_set(e, ERR_INVALID, "unpack says something unintelligible");
}

int unpack_step(struct unpack *u, struct err *e)
{
	struct unpack_message head;
	ssize_t n;
	int r;

	while (!u->done) {
		n = recv(u->socket, u->message, sizeof(u->message), MSG_DONTWAIT | MSG_TRUNC);
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return 0;
		if (n < 0 && errno == EINTR)
			continue;
		/* Its end comes as a reset if it left the request unread. */
		if (n < 0 && errno != ECONNRESET)
			return err_sys(e, "hear from unpack");
		if (n <= 0) {
			u->done = true;
			break;
		}
		if ((size_t)n < sizeof(head) || (size_t)n > sizeof(u->message))
			return err_set(e, ERR_INVALID, "unpack says something unintelligible");
		memcpy(&head, u->message, sizeof(head));
		if (head.len != (size_t)n - sizeof(head))
			return err_set(e, ERR_INVALID, "unpack says something unintelligible");
		r = hear(u, &head, u->message + sizeof(head), e);
		if (r < 0)
			return r;
	}
	return 1;
}

int unpack_finish(struct unpack *u, struct unpack_result *ret, struct err *e)
{
	struct pollfd fd = { .fd = u->socket, .events = POLLIN };
	int r, status;

	while ((r = unpack_step(u, e)) == 0)
		poll(&fd, 1, -1);
	if (r < 0) {
		child_kill(&u->child);
		return r;
	}
	r = child_wait(&u->child, &status, e);
	if (r < 0)
		return r;
	*ret = u->result;
	if (u->has_error) {
		*e = u->error;
		return -u->error.code;
	}
	if (!u->has_result || status != 0)
		return err_set(e, ERR_SYSTEM, "unpack ended unexpectedly, with status %d",
			       child_exit_code(status));
	return 0;
}

/* The next member's name in what was sent, or NULL at the end or where it makes no sense. */
static const char *next_member(const struct buf *b, size_t *at, struct unpack_member_message *ret)
{
	const char *name;

	if (b->len - *at < sizeof(*ret))
		return NULL;
	memcpy(ret, b->data + *at, sizeof(*ret));
	*at += sizeof(*ret);
	name = b->data + *at;
	if (ret->name_len == 0 || ret->name_len > b->len - *at || name[ret->name_len - 1] != '\0')
		return NULL;
	*at += ret->name_len;
	if (ret->link_len > b->len - *at ||
	    (ret->link_len > 0 && b->data[*at + ret->link_len - 1] != '\0'))
		return NULL;
	*at += ret->link_len;
	return name;
}

void unpack_members(const struct unpack *u, struct arena *a, struct unpack_members *ret)
{
	struct unpack_member_message m;
	size_t n = 0, at = 0;
	const char *name;

	while (next_member(&u->members, &at, &m))
		n++;
	*ret = (struct unpack_members){ .v = arena_array(a, n + 1, sizeof(*ret->v)) };
	for (at = 0; ret->n < n; ret->n++) {
		name = next_member(&u->members, &at, &m);
		ret->v[ret->n] = (struct unpack_member){
			.name = arena_strdup(a, name),
			.offset = m.offset,
			.size = m.size,
			.link = m.link_len ? arena_strdup(a, name + m.name_len) : NULL,
		};
	}
}

int unpack_run(const struct unpack_start *how, struct arena *a, struct unpack_members *members,
	       struct unpack_result *ret, struct err *e)
{
	AUTO(unpack) u = NULL;
	int r = unpack_start(how, &u, e);

	if (r == 0)
		r = unpack_finish(u, ret, e);
	if (r == 0 && members)
		unpack_members(u, a, members);
	return r;
}
