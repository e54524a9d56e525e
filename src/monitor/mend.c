/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * berth is run when something of the container is to be put right.
 *
 * What several containers share, all their monitors see at the same time.  Each waits a little, one
 * longer than another, so that one runs berth, or a few, of which the first does it.  If it is
 * needed again and again the wait doubles.
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "monitor/supervisor.h"

#define MEND_AFTER_MS   50
#define MEND_SPREAD_MS  400
#define MEND_AGAIN_MS   1000
#define MEND_AGAIN_MAX  60000
#define MEND_SETTLED_MS 120000 /* so long after the last time the wait is the first again */

void mend_plan(const struct supervisor *s, struct mend *m)
{
	int64_t again = m->last_ms + m->again_ms;

	if (m->at_ms)
		return;
	m->at_ms = s->now_ms + MEND_AFTER_MS + s->h.pid * 7919LL % MEND_SPREAD_MS;
	if (m->again_ms && m->at_ms < again)
		m->at_ms = again;
}

void mend_note(const struct supervisor *s, struct mend *m)
{
	bool settled = s->now_ms - m->last_ms >= MEND_SETTLED_MS;

	m->at_ms = 0;
	m->again_ms = settled || !m->again_ms ? MEND_AGAIN_MS : m->again_ms * 2;
	if (m->again_ms > MEND_AGAIN_MAX)
		m->again_ms = MEND_AGAIN_MAX;
	m->last_ms = s->now_ms;
}

static bool runs(const struct supervisor *s)
{
	return s->state == UP || s->state == STOPPING;
}

int64_t mend_deadline(const struct supervisor *s, const struct mend *m, int64_t soonest)
{
	if (!runs(s) || !m->at_ms || m->child)
		return soonest;
	return soonest && soonest < m->at_ms ? soonest : m->at_ms;
}

bool mend_is_due(const struct supervisor *s, const struct mend *m)
{
	return runs(s) && !m->child && m->at_ms && m->at_ms <= s->now_ms;
}

static pid_t run_berth(const struct supervisor *s)
{
	pid_t pid = fork();
	sigset_t none;

	if (pid)
		return pid;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	oom_restore(s);
	execv(s->h.program, (char *const *)s->h.mend_argv);
	_exit(127);
}

void mend_run(const struct supervisor *s, struct mend *m)
{
	pid_t pid;

	mend_note(s, m);
	pid = run_berth(s);
	m->child = pid > 0 ? pid : 0;
	if (pid < 0)
		mend_plan(s, m);
}

bool mend_reap(const struct supervisor *s, struct mend *m)
{
	int status;

	if (!m->child || waitpid(m->child, &status, WNOHANG) != m->child)
		return false;
	m->child = 0;
	if (status)
		mend_plan(s, m);
	return status == 0;
}
