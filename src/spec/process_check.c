/* SPDX-License-Identifier: BSD-2-Clause */
/* The process of a configuration, or of exec: config.md, "Process" and "POSIX process". */
#include <inttypes.h>
#include <string.h>

#include "spec/runtime_check_private.h"

static int check_user(const struct oci_user *u, struct err *e)
{
	if (u->uid > ID_MAX)
		return INVALID("process.user.uid: %" PRIu64 " is out of range", u->uid);
	if (u->gid > ID_MAX)
		return INVALID("process.user.gid: %" PRIu64 " is out of range", u->gid);
	if (u->umask && *u->umask > 0777)
		return INVALID("process.user.umask: %" PRIu64 " is out of range", *u->umask);
	for (size_t i = 0; i < u->additional_gids.n; i++)
		if (u->additional_gids.v[i] > ID_MAX)
			return INVALID("process.user.additionalGids[%zu]: %" PRIu64
				       " is out of range",
				       i, u->additional_gids.v[i]);
	return 0;
}

static int check_rlimits(const struct oci_rlimits *l, struct err *e)
{
	unsigned seen = 0;

	for (size_t i = 0; i < l->n; i++) {
		const struct oci_rlimit *x = &l->v[i];

		if (seen & 1U << x->type)
			return INVALID("process.rlimits[%zu].type: %s is there twice", i,
				       oci_rlimit_name[x->type]);
		seen |= 1U << x->type;
		if (x->soft > x->hard)
			return INVALID("process.rlimits[%zu]: the soft limit of %s is above the "
				       "hard one",
				       i, oci_rlimit_name[x->type]);
	}
	return 0;
}

static const char *const scheduler_flags[] = {
	"SCHED_FLAG_RESET_ON_FORK",  "SCHED_FLAG_RECLAIM",     "SCHED_FLAG_DL_OVERRUN",
	"SCHED_FLAG_KEEP_POLICY",    "SCHED_FLAG_KEEP_PARAMS", "SCHED_FLAG_UTIL_CLAMP_MIN",
	"SCHED_FLAG_UTIL_CLAMP_MAX",
};

#define DEADLINE_MIN  1024 /* ns, sched(7) */
#define DEADLINE(...) INVALID("process.scheduler: sched_setattr: `SCHED_DEADLINE` " __VA_ARGS__)

static int check_deadline(const struct oci_scheduler *s, struct err *e)
{
	if (s->policy != OCI_SCHED_DEADLINE)
		return s->runtime || s->deadline || s->period
			       ? INVALID("process.scheduler: runtime, deadline and period belong "
					 "to SCHED_DEADLINE")
			       : 0;
	if (!s->runtime)
		return DEADLINE("requires `runtime`: runtime must be greater than 0");
	if (!s->deadline)
		return DEADLINE("requires `deadline`");
	if (s->runtime < DEADLINE_MIN || s->deadline > INT64_MAX || s->period > INT64_MAX)
		return DEADLINE("runtime (%" PRIu64 "), deadline and period must be between %d ns "
				"and 2^63 ns",
				s->runtime, DEADLINE_MIN);
	if (s->runtime > s->deadline)
		return DEADLINE("runtime (%" PRIu64 ") must be <= deadline (%" PRIu64 ")",
				s->runtime, s->deadline);
	if (s->period && s->deadline > s->period)
		return DEADLINE("deadline (%" PRIu64 ") must be <= period (%" PRIu64 ")",
				s->deadline, s->period);
	return 0;
}

static int check_scheduler(const struct oci_scheduler *s, struct err *e)
{
	bool realtime = s->policy == OCI_SCHED_FIFO || s->policy == OCI_SCHED_RR;

	if (s->nice < -20 || s->nice > 19)
		return INVALID("process.scheduler.nice: %" PRId64 " is not from -20 to 19",
			       s->nice);
	if (realtime && (s->priority < 1 || s->priority > 99))
		return INVALID("process.scheduler.priority: %" PRId64 " is not from 1 to 99",
			       s->priority);
	if (!realtime && s->priority != 0)
		return INVALID("process.scheduler.priority: belongs to SCHED_FIFO and SCHED_RR");
	for (size_t i = 0; i < s->flags.n; i++)
		if (text_index(s->flags.v[i], scheduler_flags, ARRAY_LEN(scheduler_flags)) < 0)
			return INVALID("process.scheduler.flags[%zu]: unknown value \"%s\"", i,
				       s->flags.v[i]);
	return check_deadline(s, e);
}

static int check_environment(const struct oci_process *p, struct err *e)
{
	for (size_t i = 0; i < p->env.n; i++) {
		const char *equals = strchr(p->env.v[i], '=');

		if (!equals || equals == p->env.v[i])
			return INVALID("process.env[%zu]: \"%.64s\" is not NAME=VALUE", i,
				       p->env.v[i]);
	}
	return 0;
}

int oci_process_check(const struct oci_process *p, struct err *e)
{
	int r;

	if (!is_absolute(p->cwd))
		return INVALID("process.cwd: \"%s\" is not absolute", p->cwd ? p->cwd : "");
	if (p->args.n == 0)
		return INVALID("process.args: may not be empty");
	if (p->console_size &&
	    (p->console_size->height > UINT16_MAX || p->console_size->width > UINT16_MAX))
		return INVALID("process.consoleSize: is out of range");
	if (p->oom_score_adj && (*p->oom_score_adj < -1000 || *p->oom_score_adj > 1000))
		return INVALID("process.oomScoreAdj: %" PRId64 " is not from -1000 to 1000",
			       *p->oom_score_adj);
	if (p->io_priority && (p->io_priority->priority < 0 || p->io_priority->priority > 7))
		return INVALID("process.ioPriority.priority: %" PRId64 " is not from 0 to 7",
			       p->io_priority->priority);
	r = check_environment(p, e);
	if (r == 0)
		r = check_user(&p->user, e);
	if (r == 0)
		r = check_rlimits(&p->rlimits, e);
	if (r == 0 && p->scheduler)
		r = check_scheduler(p->scheduler, e);
	return r;
}
