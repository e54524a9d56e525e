/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/child.h"
#include "base/file.h"
#include "base/log.h"
#include "base/path.h"
#include "firewall/firewall.h"
#include "network/firewall_private.h"

struct pipes {
	int in[2], out[2], report[2];
};

static void close_pipes(struct pipes *p)
{
	for (int i = 0; i < 2; i++) {
		close_p(&p->in[i]);
		close_p(&p->out[i]);
		close_p(&p->report[i]);
	}
}

static int spawn(const char *program, const struct pipes *p, int host_netns, struct child *ret,
		 struct err *e)
{
	char number[16];
	char *argv[] = { (char *)program, "apply", host_netns < 0 ? NULL : number, NULL };
	int fds[] = { p->report[1], host_netns };

	_Static_assert(FIREWALL_FD_REPORT == 3 && FIREWALL_FD_NETNS == 4, "in this order");
	snprintf(number, sizeof(number), "%d", FIREWALL_FD_NETNS);
	return child_spawn(
		&(struct child_spawn){
			.path = program,
			.argv = argv,
			.in = p->in[0],
			.out = p->out[1],
			.err = -1,
			.fds = fds,
			.fds_len = host_netns < 0 ? 1 : 2,
			.die_with_parent = true,
		},
		ret, e);
}

/* It reads all before it says anything, so one after the other will do. */
static int talk(struct pipes *p, const struct buf *text, struct buf *said, struct err *e)
{
	auto_buf nothing = BUF(65536);
	ssize_t n;
	int r = file_write_all(p->in[1], buf_text(text), text->len);

	close_p(&p->in[1]);
	/* It ended before it had read all: it says why. */
	if (r < 0 && r != -EPIPE)
		return err_from(e, r, "write rules");
	do
		n = buf_read(said ? said : &nothing, p->out[0]);
	while (n > 0);
	return n < 0 ? err_from(e, (int)n, "read what the firewall says")
		     : err_recv(p->report[0], e);
}

int firewall_run(struct arena *a, const struct buf *text, int host_netns, struct buf *ret_said,
		 struct err *e)
{
	struct pipes p = { { -1, -1 }, { -1, -1 }, { -1, -1 } };
	struct child child;
	char *program;
	int status = 0, r = path_libexec(a, "firewall", &program, e);

	if (r == 0)
		r = buf_check(text, "the rules", e);
	if (r == 0)
		log_debug("firewall: %s", buf_text(text));
	if (r < 0)
		return r;
	if (pipe2(p.in, O_CLOEXEC) < 0 || pipe2(p.out, O_CLOEXEC) < 0 ||
	    pipe2(p.report, O_CLOEXEC) < 0)
		r = err_sys(e, "make a pipe");
	else
		r = spawn(program, &p, host_netns, &child, e);
	if (r == 0) {
		close_p(&p.in[0]);
		close_p(&p.out[1]);
		close_p(&p.report[1]);
		r = talk(&p, text, ret_said, e);
		if (child_wait(&child, &status, r < 0 ? NULL : e) < 0 && r == 0)
			r = -e->code;
		if (r == 0 && status)
			r = err_set(e, ERR_SYSTEM, "the program firewall failed: status %d",
				    child_exit_code(status));
	}
	close_pipes(&p);
	return r < 0 && e ? err_wrap(e, "change the firewall") : r;
}
