/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory, CPU, processes, I/O, ulimits and shared memory. */
#include <string.h>
#include <strings.h>

#include "base/units.h"
#include "cli/create_args.h"

#define SHM_DEFAULT  (64LL << 20)
#define CPU_PERIOD   100000
#define PIDS_DEFAULT 2048

static const int64_t *new_int(struct arena *a, int64_t v)
{
	return arena_copy(a, &v, sizeof(v));
}

static const uint64_t *new_uint(struct arena *a, uint64_t v)
{
	return arena_copy(a, &v, sizeof(v));
}

static int parse_size(struct arena *a, const char *what, const char *text, const int64_t **ret,
		      struct err *e)
{
	int64_t v = -1;

	if (!text)
		return 0;
	if (strcmp(text, "-1") != 0 && size_parse(text, &v, e) < 0)
		return err_set(e, ERR_INVALID, "invalid value for %s: invalid size: '%s'", what,
			       text);
	*ret = new_int(a, v);
	return 0;
}

static int parse_memory(struct arena *a, const struct create_args *args, struct container *c,
			struct oci_memory *m, struct err *e)
{
	int r = parse_size(a, "memory", args->memory, &m->limit, e);

	if (r == 0)
		r = parse_size(a, "memory-reservation", args->memory_reservation, &m->reservation,
			       e);
	if (r == 0)
		r = parse_size(a, "memory-swap", args->memory_swap, &m->swap, e);
	if (r < 0)
		return r;
	if (m->limit && *m->limit == 0)
		m->limit = NULL;
	if (m->swap && *m->swap > 0 && !m->limit)
		return err_set(e, ERR_INVALID,
			       "you should always set the memory limit when using memory swap");
	if (m->swap && *m->swap > 0 && *m->swap < *m->limit)
		return err_set(e, ERR_INVALID,
			       "minimum memoryswap limit should be larger than memory limit");
	if (m->limit && m->reservation && *m->limit > 0 && *m->reservation > *m->limit)
		return err_set(e, ERR_INVALID,
			       "minimum memory limit cannot be less than memory reservation "
			       "limit, see usage");
	/* Half of it memory, half of it swap. */
	if (m->limit && *m->limit > 0 && *m->limit <= INT64_MAX / 2 && !m->swap)
		m->swap = new_int(a, *m->limit * 2);
	if (args->memory_swappiness_given && args->memory_swappiness >= 0) {
		if (args->memory_swappiness > 100)
			return err_set(e, ERR_INVALID,
				       "invalid value: %lld, valid memory "
				       "swappiness range is 0-100",
				       (long long)args->memory_swappiness);
		m->swappiness = new_uint(a, (uint64_t)args->memory_swappiness);
	}
	if (args->oom_kill_disable) {
		static const bool yes = true;

		m->disable_oom_killer = &yes;
	}
	return 0;
}

static int parse_cpu(struct arena *a, const struct create_args *args, struct oci_cpu *cpu,
		     struct err *e)
{
	if (args->cpus_given && (args->cpu_period_given || args->cpu_quota_given))
		return err_set(e, ERR_INVALID, "--cpu-%s and --cpus cannot be set together",
			       args->cpu_period_given ? "period" : "quota");
	if (args->cpus_given && args->cpus > 0) {
		cpu->period = new_uint(a, CPU_PERIOD);
		cpu->quota = new_int(a, (int64_t)(args->cpus * CPU_PERIOD));
	} else if (args->cpus < 0) {
		return err_set(e, ERR_INVALID, "--cpus must not be negative");
	}
	if (cpu->quota && *cpu->quota < 1000)
		return err_set(e, ERR_INVALID, "CPU cfs quota cannot be less than 1ms (i.e. 1000)");
	if (args->cpu_quota_given && args->cpu_quota > 0 && args->cpu_quota < 1000)
		return err_set(e, ERR_INVALID, "CPU cfs quota cannot be less than 1ms (i.e. 1000)");
	if (args->cpu_period_given && args->cpu_period &&
	    (args->cpu_period < 1000 || args->cpu_period > 1000000))
		return err_set(e, ERR_INVALID,
			       "CPU cfs period cannot be less than 1ms (i.e. 1000) or larger than "
			       "1s (i.e. 1000000)");
	if (args->cpu_period_given && args->cpu_period)
		cpu->period = new_uint(a, args->cpu_period);
	if (args->cpu_quota_given && args->cpu_quota)
		cpu->quota = new_int(a, args->cpu_quota);
	if (args->cpu_shares_given && args->cpu_shares)
		cpu->shares = new_uint(a, args->cpu_shares);
	if (args->cpu_rt_period_given)
		cpu->realtime_period = new_uint(a, args->cpu_rt_period);
	if (args->cpu_rt_runtime_given)
		cpu->realtime_runtime = new_int(a, args->cpu_rt_runtime);
	cpu->cpus = args->cpuset_cpus;
	cpu->mems = args->cpuset_mems;
	return 0;
}

static bool is_resource(const char *name)
{
	for (int i = 0; i < OCI_RLIMITS; i++)
		if (oci_rlimit_name[i] &&
		    strcasecmp(text_after(oci_rlimit_name[i], "RLIMIT_"), name) == 0)
			return true;
	return false;
}

static int parse_ulimit(struct arena *a, const char *text, struct container_ulimit *ret,
			struct err *e)
{
	const char *value = strchr(text, '='), *hard;

	if (strcmp(text, "host") == 0) {
		*ret = (struct container_ulimit){ .name = "host" };
		return 0;
	}
	if (!value)
		return err_set(e, ERR_INVALID,
			       "ulimit option \"%s\" requires name=SOFT:HARD, failed to be parsed: "
			       "invalid ulimit argument: %s",
			       text, text);
	ret->name = arena_strndup(a, text, (size_t)(value - text));
	value++;
	hard = strchr(value, ':');
	if (!is_resource(ret->name))
		return err_set(e, ERR_INVALID,
			       "ulimit option \"%s\" requires name=SOFT:HARD, failed to be parsed: "
			       "invalid ulimit type: %s",
			       text, ret->name);
	if (text_to_int(hard ? arena_strndup(a, value, (size_t)(hard - value)) : value, -1,
			INT64_MAX, &ret->soft, "soft limit", NULL) < 0 ||
	    text_to_int(hard ? hard + 1 : value, -1, INT64_MAX, &ret->hard, "hard limit", NULL) < 0)
		return err_set(e, ERR_INVALID,
			       "ulimit option \"%s\" requires name=SOFT:HARD, failed to be parsed: "
			       "invalid number",
			       text);
	if (ret->hard >= 0 && (ret->soft < 0 || ret->soft > ret->hard))
		return err_set(e, ERR_INVALID,
			       "ulimit option \"%s\" requires name=SOFT:HARD, failed to be parsed: "
			       "ulimit soft limit must be less than or equal to hard limit: "
			       "%lld > %lld",
			       text, (long long)ret->soft, (long long)ret->hard);
	return 0;
}

/* The last of a name counts. */
static int add_ulimit(struct arena *a, const char *text, struct container_ulimits *l, struct err *e)
{
	struct container_ulimit u;
	int r = parse_ulimit(a, text, &u, e);

	if (r < 0)
		return r;
	for (size_t i = 0; i < l->n; i++) {
		if (strcasecmp(l->v[i].name, u.name) == 0) {
			l->v[i] = u;
			return 0;
		}
	}
	l->v[l->n++] = u;
	return 0;
}

static int parse_shm(const struct create_args *args, struct container *c, struct err *e)
{
	c->shm_bytes = SHM_DEFAULT;
	if (!args->shm_size)
		return 0;
	if (text_eq(args->ipc, "host"))
		return err_set(e, ERR_INVALID, "--shm-size is not allowed with --ipc=host");
	if (size_parse(args->shm_size, &c->shm_bytes, e) < 0)
		return err_set(e, ERR_INVALID, "unable to translate --shm-size: invalid size: '%s'",
			       args->shm_size);
	return 0;
}

/* A section that says nothing would still be a wish for limits. */
static void drop_empty(struct oci_linux_resources *res)
{
	static const struct oci_memory no_memory;
	static const struct oci_cpu no_cpu;

	if (res->memory && memcmp(res->memory, &no_memory, sizeof(no_memory)) == 0)
		res->memory = NULL;
	if (res->cpu && memcmp(res->cpu, &no_cpu, sizeof(no_cpu)) == 0)
		res->cpu = NULL;
}

static bool wants_limits(const struct create_args *a)
{
	return a->memory || a->memory_reservation || a->memory_swap || a->oom_kill_disable ||
	       a->memory_swappiness_given || a->cpus_given || a->cpu_quota_given ||
	       a->cpu_period_given || a->cpu_shares_given || a->cpu_rt_period_given ||
	       a->cpu_rt_runtime_given || a->cpuset_cpus || a->cpuset_mems || a->pids_limit_given ||
	       a->cgroup_conf.n || create_args_want_io(a);
}

int create_args_limits(struct arena *a, const struct create_args *args, struct container *c,
		       struct err *e)
{
	struct oci_linux_resources *res = ARENA_NEW(a, struct oci_linux_resources);
	int64_t pids = args->pids_limit ? args->pids_limit : PIDS_DEFAULT;
	int r;

	if (c->cgroups_disabled && wants_limits(args))
		return err_set(e, ERR_INVALID, "limits need cgroups, which are disabled");
	if (args->oom_score_adj_given &&
	    (args->oom_score_adj < -1000 || args->oom_score_adj > 1000))
		return err_set(e, ERR_INVALID, "invalid --oom-score-adj %lld: it is -1000 to 1000",
			       (long long)args->oom_score_adj);
	res->memory = ARENA_NEW(a, struct oci_memory);
	res->cpu = ARENA_NEW(a, struct oci_cpu);
	r = parse_memory(a, args, c, res->memory, e);
	if (r == 0)
		r = parse_cpu(a, args, res->cpu, e);
	if (r == 0)
		r = parse_shm(args, c, e);
	/* The default gives way where there is no group to put it on; what was asked for doesn't.
	 */
	if (pids > 0 && (args->pids_limit_given || !c->cgroups_disabled)) {
		res->pids = ARENA_NEW(a, struct oci_pids);
		res->pids->limit = new_int(a, pids);
	}
	if (r == 0)
		r = create_args_io(a, args, res, e);
	c->ulimits.v = arena_array(a, args->ulimit.n, sizeof(*c->ulimits.v));
	for (size_t i = 0; r == 0 && i < args->ulimit.n; i++)
		r = add_ulimit(a, args->ulimit.v[i], &c->ulimits, e);
	drop_empty(res);
	c->resources = res;
	return r;
}
