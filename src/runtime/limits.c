/* SPDX-License-Identifier: BSD-2-Clause */
/* What the process may use, and how it is scheduled. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/mempolicy.h>
#include <sched.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "base/file.h"
#include "base/log.h"
#include "runtime/step.h"

#define NODES_MAX      1024
#define IO_CLASS_SHIFT 13

#ifndef MPOL_PREFERRED_MANY
#define MPOL_PREFERRED_MANY 5
#endif
#define MODE_WEIGHTED_INTERLEAVE 6
#define FLAG_STATIC_NODES        (1 << 15)
#define FLAG_RELATIVE_NODES      (1 << 14)
#define FLAG_NUMA_BALANCING      (1 << 13)

struct rlimits {
	struct step s;
	const struct oci_rlimits *list;
};

static int set_rlimits(void *arg, struct err *e)
{
	const struct oci_rlimits *l = ((struct rlimits *)arg)->list;

	for (size_t i = 0; i < l->n; i++) {
		const struct oci_rlimit *x = &l->v[i];
		struct rlimit limit = { .rlim_cur = x->soft, .rlim_max = x->hard };

		if (setrlimit(x->type, &limit) < 0)
			return err_sys(e, "process.rlimits: %s %" PRIu64 ":%" PRIu64,
				       oci_rlimit_name[x->type], x->soft, x->hard);
	}
	return 0;
}

static void print_rlimit(struct buf *out, uint64_t value)
{
	if (value == UINT64_MAX)
		buf_adds(out, "unlimited");
	else
		buf_addf(out, "%" PRIu64, value);
}

static void plan_rlimits(struct build *b)
{
	const struct oci_rlimits *l = &b->process->rlimits;
	struct rlimits *t = ARENA_NEW(b->a, struct rlimits);
	auto_buf words = BUF(4096);

	if (l->n == 0)
		return;
	for (size_t i = 0; i < l->n; i++) {
		buf_addf(&words, "%s%s=", i ? " " : "",
			 oci_rlimit_name[l->v[i].type] + strlen("RLIMIT_"));
		print_rlimit(&words, l->v[i].soft);
		buf_addc(&words, ':');
		print_rlimit(&words, l->v[i].hard);
	}
	*t = (struct rlimits){ { b->c, arena_strdup(b->a, buf_text(&words)) }, l };
	step_add(&b->child, "rlimit", set_rlimits, t);
}

static int set_oom_score(void *arg, struct err *e)
{
	int r = file_poke_at(AT_FDCWD, "/proc/self/oom_score_adj", ((struct step *)arg)->words, e);

	return r < 0 ? err_wrap(e, "process.oomScoreAdj") : 0;
}

/* sched_setattr(2); its header clashes with libc's. */
struct scheduling {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

struct scheduler_step {
	struct step s;
	struct scheduling attr;
};

static int set_scheduler(void *arg, struct err *e)
{
	struct scheduler_step *t = arg;

	return syscall(SYS_sched_setattr, 0, &t->attr, 0) < 0
		       ? err_sys(e, "process.scheduler: %s", t->s.words)
		       : 0;
}

/* The kernel admits such tasks to all CPUs of a domain, or none (sched-deadline.rst). */
static int check_deadline(const struct build *b, struct err *e)
{
	const struct oci_linux_resources *r = b->create ? b->os->resources : NULL;

	if (b->process->scheduler->policy == OCI_SCHED_DEADLINE && r && r->cpu &&
	    !text_empty(r->cpu->cpus))
		return err_set(e, ERR_INVALID,
			       "process.scheduler: process scheduler can't be used together with "
			       "AllowedCPUs (linux.resources.cpu.cpus)");
	return 0;
}

static void plan_scheduler(struct build *b)
{
	static const uint32_t policy[OCI_SCHEDS] = {
		[OCI_SCHED_OTHER] = SCHED_OTHER,
		[OCI_SCHED_FIFO] = SCHED_FIFO,
		[OCI_SCHED_RR] = SCHED_RR,
		[OCI_SCHED_BATCH] = SCHED_BATCH,
		[OCI_SCHED_ISO] = 4,
		[OCI_SCHED_IDLE] = SCHED_IDLE,
		[OCI_SCHED_DEADLINE] = 6,
	};
	static const struct {
		const char *name;
		uint64_t bit;
	} flags[] = {
		{ "SCHED_FLAG_RESET_ON_FORK", 0x01 },  { "SCHED_FLAG_RECLAIM", 0x02 },
		{ "SCHED_FLAG_DL_OVERRUN", 0x04 },     { "SCHED_FLAG_KEEP_POLICY", 0x08 },
		{ "SCHED_FLAG_KEEP_PARAMS", 0x10 },    { "SCHED_FLAG_UTIL_CLAMP_MIN", 0x20 },
		{ "SCHED_FLAG_UTIL_CLAMP_MAX", 0x40 },
	};
	const struct oci_scheduler *s = b->process->scheduler;
	struct scheduler_step *t = ARENA_NEW(b->a, struct scheduler_step);

	t->s = (struct step){ b->c, oci_scheduler_policy_name[s->policy] };
	t->attr = (struct scheduling){
		.size = sizeof(t->attr),
		.policy = policy[s->policy],
		.nice = (int32_t)s->nice,
		.priority = (uint32_t)s->priority,
		.runtime = s->runtime,
		.deadline = s->deadline,
		.period = s->period,
	};
	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		if (texts_has(&s->flags, flags[i].name))
			t->attr.flags |= flags[i].bit;
	step_add(&b->child, "scheduler", set_scheduler, t);
}

struct number_step {
	struct step s;
	unsigned long value;
};

static int set_io_priority(void *arg, struct err *e)
{
	const struct number_step *t = arg;
	enum { WHO_PROCESS_GROUP = 2 };

	return syscall(SYS_ioprio_set, WHO_PROCESS_GROUP, 0, (int)t->value) < 0
		       ? err_sys(e, "process.ioPriority: %s", t->s.words)
		       : 0;
}

static int set_personality(void *arg, struct err *e)
{
	const struct number_step *t = arg;

	return personality(t->value) < 0 ? err_sys(e, "linux.personality: %s", t->s.words) : 0;
}

static void plan_number(struct build *b, const char *verb, int (*apply)(void *arg, struct err *e),
			const char *words, unsigned long value)
{
	struct number_step *t = ARENA_NEW(b->a, struct number_step);

	*t = (struct number_step){ { b->c, words }, value };
	step_add(&b->child, verb, apply, t);
}

struct memory_step {
	struct step s;
	int mode;
	unsigned nodes_len;
	unsigned long nodes[NODES_MAX / (8 * sizeof(unsigned long))];
};

static int set_memory_policy(void *arg, struct err *e)
{
	const struct memory_step *t = arg;

	return syscall(SYS_set_mempolicy, t->mode, t->nodes_len ? t->nodes : NULL,
		       t->nodes_len ? NODES_MAX : 0) < 0
		       ? err_sys(e, "linux.memoryPolicy: %s", t->s.words)
		       : 0;
}

static void add_node(struct memory_step *t, unsigned long node)
{
	unsigned long *word = &t->nodes[node / (8 * sizeof(long))];
	unsigned long bit = 1UL << node % (8 * sizeof(long));

	t->nodes_len += !(*word & bit);
	*word |= bit;
}

/* set_mempolicy(2). */
static int check_count(int mode, unsigned n, struct err *e)
{
	if ((mode == MPOL_DEFAULT || mode == MPOL_LOCAL) && n)
		return err_set(e, ERR_INVALID,
			       "linux.memoryPolicy.nodes: invalid memory policy: mode requires 0 "
			       "nodes but got %u",
			       n);
	if (mode != MPOL_DEFAULT && mode != MPOL_LOCAL && mode != MPOL_PREFERRED && !n)
		return err_set(e, ERR_INVALID,
			       "linux.memoryPolicy.nodes: invalid memory policy: mode requires at "
			       "least 1 node but got 0");
	return 0;
}

/* "0-3,7" as bits. */
static int read_nodes(const char *list, struct memory_step *t, struct err *e)
{
	const char *p = list;

	while (*p) {
		char *end;
		unsigned long from = strtoul(p, &end, 10), to = from;

		if (end != p && *end == '-') {
			p = end + 1;
			to = strtoul(p, &end, 10);
		}
		if (end == p || (*end && *end != ',') || from > to || to >= NODES_MAX)
			return err_set(
				e, ERR_INVALID,
				"linux.memoryPolicy.nodes: invalid memory policy node \"%s\"",
				list);
		for (; from <= to; from++)
			add_node(t, from);
		p = end + (*end == ',');
	}
	return 0;
}

static int plan_memory_policy(struct build *b, struct err *e)
{
	static const int mode[OCI_MPOLS] = {
		[OCI_MPOL_DEFAULT] = MPOL_DEFAULT,
		[OCI_MPOL_BIND] = MPOL_BIND,
		[OCI_MPOL_INTERLEAVE] = MPOL_INTERLEAVE,
		[OCI_MPOL_WEIGHTED_INTERLEAVE] = MODE_WEIGHTED_INTERLEAVE,
		[OCI_MPOL_PREFERRED] = MPOL_PREFERRED,
		[OCI_MPOL_PREFERRED_MANY] = MPOL_PREFERRED_MANY,
		[OCI_MPOL_LOCAL] = MPOL_LOCAL,
	};
	const struct oci_memory_policy *p = b->os->memory_policy;
	struct memory_step *t = ARENA_NEW(b->a, struct memory_step);
	int r;

	t->s = (struct step){ b->c, p->mode };
	t->mode = mode[oci_memory_mode(p->mode)];
	if (texts_has(&p->flags, "MPOL_F_STATIC_NODES"))
		t->mode |= FLAG_STATIC_NODES;
	if (texts_has(&p->flags, "MPOL_F_RELATIVE_NODES"))
		t->mode |= FLAG_RELATIVE_NODES;
	if (texts_has(&p->flags, "MPOL_F_NUMA_BALANCING"))
		t->mode |= FLAG_NUMA_BALANCING;
	r = text_empty(p->nodes) ? 0 : read_nodes(p->nodes, t, e);
	if (r == 0)
		r = check_count(mode[oci_memory_mode(p->mode)], t->nodes_len, e);
	if (r == 0)
		step_add(&b->child, "memory", set_memory_policy, t);
	return r;
}

struct affinity {
	struct step s;
	cpu_set_t cpus;
};

static int set_affinity(void *arg, struct err *e)
{
	const struct affinity *t = arg;

	return sched_setaffinity(0, sizeof(t->cpus), &t->cpus) < 0
		       ? err_sys(e, "process.execCPUAffinity: %s", t->s.words)
		       : 0;
}

int affinity_plan(struct build *b, const char *cpus, struct err *e)
{
	struct affinity *t = ARENA_NEW(b->a, struct affinity);
	const char *p = cpus;
	uint64_t mask = 0;

	t->s = (struct step){ b->c, cpus };
	while (*p) {
		char *end;
		unsigned long from = strtoul(p, &end, 10), to = from;

		if (end != p && *end == '-') {
			p = end + 1;
			to = strtoul(p, &end, 10);
		}
		if (end == p || (*end && *end != ',') || from > to || to >= CPU_SETSIZE)
			return err_set(e, ERR_INVALID,
				       "process.execCPUAffinity: \"%s\" is no list of CPUs", cpus);
		for (; from <= to; from++)
			CPU_SET(from, &t->cpus);
		p = end + (*end == ',');
	}
	/* runc's words, for the first of them. */
	for (int i = 0; i < 64; i++)
		mask |= (uint64_t)(CPU_ISSET(i, &t->cpus) != 0) << i;
	log_debug("nsexec: affinity: 0x%" PRIx64, mask);
	step_add(&b->child, "affinity", set_affinity, t);
	return 0;
}

/* What the caller was confined to, by taskset(1) say, is not what its group may use. */
static int set_all_cpus(void *arg, struct err *e)
{
	cpu_set_t all;

	memset(&all, 0xff, sizeof(all));
	sched_setaffinity(0, sizeof(all), &all);
	return 0;
}

void affinity_reset_plan(struct build *b)
{
	step_add_plain(b, "affinity", set_all_cpus, "all");
}

int limits_early_plan(struct build *b, struct err *e)
{
	if (b->process && b->process->oom_score_adj)
		step_add_plain(b, "oom-score", set_oom_score,
			       arena_printf(b->a, "%" PRId64, *b->process->oom_score_adj));
	return 0;
}

int limits_plan(struct build *b, struct err *e)
{
	static const unsigned long io_class[OCI_IO_CLASSES] = {
		[OCI_IO_RT] = 1, [OCI_IO_BE] = 2, [OCI_IO_IDLE] = 3
	};
	const struct oci_process *p = b->process;
	int r = b->os->memory_policy ? plan_memory_policy(b, e) : 0;

	if (r < 0)
		return r;
	if (b->os->personality)
		plan_number(b, "personality", set_personality, b->os->personality->domain,
			    strcmp(b->os->personality->domain, "LINUX32") == 0 ? PER_LINUX32
									       : PER_LINUX);
	r = p->scheduler ? check_deadline(b, e) : 0;
	if (r < 0)
		return r;
	if (p->scheduler)
		plan_scheduler(b);
	if (p->io_priority)
		plan_number(b, "io", set_io_priority, oci_io_class_name[p->io_priority->class],
			    io_class[p->io_priority->class] << IO_CLASS_SHIFT |
				    (unsigned long)p->io_priority->priority);
	plan_rlimits(b);
	return 0;
}

void keyring_join(const char *name)
{
	enum { JOIN_SESSION_KEYRING = 1 };

	syscall(SYS_keyctl, JOIN_SESSION_KEYRING, name, 0, 0, 0);
}
