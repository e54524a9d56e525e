/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The container's terminal: a pty of its own devpts, the master handed to the parent, the slave
 * bound on /dev/console.  Whatever an image has in the places of ptmx and console is not trusted:
 * the first must be on a devpts, and the slave comes from the master itself and not by its path.
 * And the descriptors that the program gets.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>

#include "runtime/step.h"
#include "runtime/sync.h"

#ifndef DEVPTS_SUPER_MAGIC
#define DEVPTS_SUPER_MAGIC 0x1cd1
#endif
#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

struct console_step {
	struct step s;
	struct winsize size;
	uid_t owner;
	bool sized, plain_lines;
};

static int open_pty(const struct child *c, int *ret_slave, struct err *e)
{
	auto_close int master = kernel_open_in(c->root, "/dev/pts/ptmx", O_RDWR | O_NOCTTY, e);
	int unlock = 0;

	if (master < 0)
		return err_wrap(e, "open a terminal in the container");
	if (kernel_is_on(master, DEVPTS_SUPER_MAGIC) <= 0)
		return err_set(e, ERR_DENIED, "/dev/pts/ptmx of the container is not on a devpts");
	if (ioctl(master, TIOCSPTLCK, &unlock) < 0)
		return err_sys(e, "unlock the terminal");
	*ret_slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*ret_slave < 0)
		return err_sys(e, "open the terminal's other end");
	return take_fd(master);
}

static int leave_lines(int tty)
{
	struct termios modes;

	if (tcgetattr(tty, &modes) < 0)
		return -errno;
	modes.c_oflag &= ~(tcflag_t)ONLCR;
	return tcsetattr(tty, TCSANOW, &modes) < 0 ? -errno : 0;
}

static int open_terminal(void *arg, struct err *e)
{
	const struct console_step *t = arg;
	struct child *c = t->s.c;
	auto_close int master = open_pty(c, &c->slave, e);

	if (master < 0)
		return master;
	if (t->sized && ioctl(master, TIOCSWINSZ, &t->size) < 0)
		return err_sys(e, "set the terminal's size");
	if (t->plain_lines && leave_lines(c->slave) < 0)
		return err_sys(e, "set the terminal's modes");
	if (t->owner && fchown(c->slave, t->owner, (gid_t)-1) < 0)
		return err_sys(e, "set the terminal's owner");
	return sync_send(c->sync, SYNC_CONSOLE, master, e);
}

static int bind_console(void *arg, struct err *e)
{
	const struct child *c = ((struct step *)arg)->c;
	auto_close int mount = kernel_mount_copy(c->slave, "", false, e);
	auto_close int target = -1;
	int made, r;

	if (mount < 0)
		return err_wrap(e, "/dev/console");
	made = kernel_create_in(c->root, "/dev/console", O_RDONLY | O_EXCL | O_NOFOLLOW, 0600, e);
	if (made >= 0)
		close(made);
	target = kernel_open_in(c->root, "/dev/console", O_PATH | O_NOFOLLOW, e);
	if (target < 0)
		return target;
	r = kernel_mount_attach(mount, target, NULL, e);
	return r < 0 ? err_wrap(e, "/dev/console") : 0;
}

int console_plan(struct build *b, struct err *e)
{
	const struct oci_console_size *size = b->process ? b->process->console_size : NULL;
	struct console_step *t;

	if (!b->process || !b->process->terminal)
		return 0;
	t = ARENA_NEW(b->a, struct console_step);
	t->s = (struct step){ b->c, "pty of /dev/pts" };
	t->owner = (uid_t)b->process->user.uid;
	t->plain_lines = b->plain_lines;
	if (size && size->height && size->width) {
		t->sized = true;
		t->size = (struct winsize){ .ws_row = (unsigned short)size->height,
					    .ws_col = (unsigned short)size->width };
	}
	step_add(&b->child, "terminal", open_terminal, t);
	if (b->create)
		step_add_plain(b, "mount", bind_console, "pty /dev/console");
	return 0;
}

struct streams_step {
	struct step s;
	size_t n;
	int *from; /* what becomes 0, 1, …; -1: /dev/null */
	bool terminal, controls;
};

int streams_end(const struct build *b)
{
	return 3 + (int)b->streams->fds_len;
}

/* The container's own, for the host's would be a file that its root could change. */
static int open_null(struct err *e)
{
	auto_close int fd = open("/dev/null", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "/dev/null");
	if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
		return err_set(e, ERR_DENIED, "/dev/null of the container is something else");
	return take_fd(fd);
}

/* Those that something else would be put over first move out of the way. */
static int move_up(int fd, int end, struct err *e)
{
	int r = fcntl(fd, F_DUPFD_CLOEXEC, end);

	return r < 0 ? err_sys(e, "duplicate a descriptor") : r;
}

static int place_streams(void *arg, struct err *e)
{
	const struct streams_step *t = arg;
	auto_close int null = -1;

	setsid();
	for (size_t i = 0; i < t->n; i++) {
		int *from = &t->from[i];

		if (i < 3 && t->terminal)
			*from = t->s.c->slave;
		if (*from < 0 && null < 0) {
			null = open_null(e);
			if (null < 0)
				return null;
		}
		if (*from < 0)
			*from = null;
		if (*from < (int)t->n && *from != (int)i) {
			*from = move_up(*from, (int)t->n, e);
			if (*from < 0)
				return *from;
		}
	}
	for (int i = 0; i < (int)t->n; i++)
		if (t->from[i] == i ? fcntl(i, F_SETFD, 0) < 0 : dup2(t->from[i], i) < 0)
			return err_sys(e, "descriptor %d", i);
	if (null >= 0)
		take_fd(null); /* it is one of them now, or closed below */
	if (t->controls && ioctl(0, TIOCSCTTY, 0) < 0)
		return err_sys(e, "make the terminal the controlling one");
	/* Closed, and not left to exec: the limits that come next may allow few descriptors. */
	return kernel_close_but((int)t->n, t->s.c->sync, t->s.c->launcher) < 0
		       ? err_set(e, ERR_SYSTEM, "close descriptors")
		       : 0;
}

int streams_plan(struct build *b, struct err *e)
{
	struct streams_step *t = ARENA_NEW(b->a, struct streams_step);
	const struct runtime_streams *s = b->streams;

	t->n = (size_t)streams_end(b);
	t->terminal = b->process->terminal;
	/* The controlling one of the session that lives on. */
	t->controls = t->terminal && !b->born_late;
	t->from = arena_array(b->a, t->n, sizeof(*t->from));
	t->from[0] = s->in;
	t->from[1] = s->out;
	t->from[2] = s->err;
	for (size_t i = 0; i < s->fds_len; i++)
		t->from[3 + i] = s->fds[i];
	t->s = (struct step){
		b->c,
		arena_printf(b->a, "%s%s", t->terminal ? "terminal" : "0 1 2",
			     s->fds_len ? arena_printf(b->a, " and %zu more", s->fds_len) : "")
	};
	step_add(&b->child, "streams", place_streams, t);
	return 0;
}
