/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * systemd as the owner of the tree: the group is a scope that it makes around the container's first
 * process (StartTransientUnit, org.freedesktop.systemd1(5)), delegated, so that below it and in its
 * files we are at home.  Limits go to systemd as properties, which it would otherwise write over
 * some day, and into the files, which know more kinds.  For a plain user it is the user's own
 * manager, and the only way to move a process out of the login session.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/dbus.h"
#include "base/file.h"
#include "base/identity.h"
#include "base/path.h"
#include "base/units.h"
#include "cgroup/systemd.h"
#include "cgroup/variant.h"

#define MANAGER     "org.freedesktop.systemd1.Manager"
#define OBJECT      "/org/freedesktop/systemd1"
#define JOB_SECONDS 25
#define PROCESS_MAX (64 * 1024)
#define CPUS_MAX    8192

/* where */

const char *systemd_socket(struct arena *a)
{
	const char *run = getenv("XDG_RUNTIME_DIR");

	if (identity_is_root())
		return "/run/systemd/private";
	return run ? path_join(a, run, "systemd/private")
		   : arena_printf(a, "/run/user/%u/systemd/private", (unsigned)identity_uid());
}

bool systemd_is_there(void)
{
	AUTO(arena) a = arena_new();

	return access(systemd_socket(a), R_OK | W_OK) == 0;
}

/* "a-b.slice" is in "a.slice"; "-.slice" is the root. */
static const char *slice_path(struct arena *a, const char *slice)
{
	struct texts path = { 0 };
	size_t len = strlen(slice) - strlen(".slice");

	if (strcmp(slice, "-.slice") == 0)
		return "";
	for (size_t i = 1; i <= len; i++)
		if (i == len || slice[i] == '-')
			texts_addf(a, &path, "/%.*s.slice", (int)i, slice);
	return texts_join(a, &path, "");
}

static int check_name(const char *name, struct err *e)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789:-_.\\@";

	if (!*name || strlen(name) > 200 || name[strspn(name, allowed)])
		return err_set(e, ERR_INVALID, "\"%.64s\" is no name of a systemd unit", name);
	return 0;
}

/* cgroupsPath "slice:prefix:name", or a slice as the parent. */
int systemd_place(struct arena *a, const struct cgroup_create *how, struct systemd_unit *ret,
		  struct err *e)
{
	const char *otherwise = how->rootless ? "user.slice" : "machine.slice";
	struct systemd_unit u = { .slice = how->parent ? how->parent : otherwise };
	int r;

	u.name = arena_printf(a, "berth-%s.scope", how->id);
	if (how->path) {
		struct texts parts = texts_split(a, how->path, ':');

		if (parts.n != 3)
			return err_set(e, ERR_INVALID,
				       "linux.cgroupsPath: \"%s\" is not of systemd's form "
				       "SLICE:PREFIX:NAME",
				       how->path);
		u.slice = *parts.v[0] ? parts.v[0] : how->rootless ? "user.slice" : "system.slice";
		u.name = *parts.v[1] ? arena_printf(a, "%s-%s.scope", parts.v[1], parts.v[2])
				     : arena_printf(a, "%s.scope", parts.v[2]);
	}
	if (!text_ends(u.slice, ".slice"))
		return err_set(e, ERR_INVALID,
			       "with systemd the parent of a cgroup is a slice, like "
			       "\"machine.slice\": \"%s\" is none",
			       u.slice);
	r = check_name(u.slice, e);
	if (r == 0)
		r = check_name(u.name, e);
	u.path = arena_printf(a, "%s/%s", slice_path(a, u.slice), u.name);
	if (r == 0)
		*ret = u;
	return r;
}

/* properties */

static void property_u64(struct buf *b, const char *name, uint64_t value)
{
	dbus_struct(b);
	dbus_text(b, name);
	dbus_signature(b, "t");
	dbus_u64(b, value);
}

static void property_text(struct buf *b, const char *name, const char *value)
{
	dbus_struct(b);
	dbus_text(b, name);
	dbus_signature(b, "s");
	dbus_text(b, value);
}

static void property_bool(struct buf *b, const char *name, bool value)
{
	dbus_struct(b);
	dbus_text(b, name);
	dbus_signature(b, "b");
	dbus_u32(b, value);
}

static void property_pid(struct buf *b, pid_t pid)
{
	struct dbus_array pids;

	dbus_struct(b);
	dbus_text(b, "PIDs");
	dbus_signature(b, "au");
	pids = dbus_array_begin(b, 4);
	dbus_u32(b, (uint32_t)pid);
	dbus_array_end(b, pids);
}

/* "0-3,7" as bits, the lowest first. */
int systemd_bits(const char *list, uint8_t *bits, size_t room, size_t *ret_len, struct err *e)
{
	size_t used = 0;

	memset(bits, 0, room);
	for (const char *at = list; *at;) {
		char *end;
		unsigned long first = strtoul(at, &end, 10), last = first;

		if (end != at && *end == '-')
			last = strtoul(at = end + 1, &end, 10);
		if (end == at || (*end && *end != ',') || last < first || last >= room * 8)
			return err_set(e, ERR_INVALID, "\"%.64s\" is no list like \"0-3,7\"", list);
		for (unsigned long i = first; i <= last; i++)
			bits[i / 8] |= (uint8_t)(1U << i % 8);
		if (last / 8 + 1 > used)
			used = last / 8 + 1;
		at = *end ? end + 1 : end;
	}
	*ret_len = used;
	return 0;
}

static int property_bits(struct buf *b, const char *name, const char *list, struct err *e)
{
	uint8_t bits[CPUS_MAX / 8];
	struct dbus_array bytes;
	size_t len;
	int r;

	if (text_empty(list))
		return 0;
	r = systemd_bits(list, bits, sizeof(bits), &len, e);
	if (r < 0)
		return r;
	dbus_struct(b);
	dbus_text(b, name);
	dbus_signature(b, "ay");
	bytes = dbus_array_begin(b, 1);
	buf_add(b, bits, len);
	dbus_array_end(b, bytes);
	return 0;
}

static void memory_properties(struct buf *b, const struct oci_memory *m)
{
	/* UINT64_MAX is systemd's "infinity", and what -1 becomes. */
	if (m->limit && *m->limit)
		property_u64(b, "MemoryMax", (uint64_t)*m->limit);
	if (m->reservation && *m->reservation)
		property_u64(b, "MemoryLow", (uint64_t)*m->reservation);
	if (m->swap && *m->swap < 0)
		property_u64(b, "MemorySwapMax", UINT64_MAX);
	else if (m->swap && m->limit && *m->limit > 0 && *m->swap >= *m->limit)
		property_u64(b, "MemorySwapMax", (uint64_t)(*m->swap - *m->limit));
}

static void quota_properties(struct buf *b, uint64_t quota, uint64_t period)
{
	uint64_t per_second;

	property_u64(b, "CPUQuotaPeriodUSec", period);
	if (quota == UINT64_MAX || period == 0) {
		property_u64(b, "CPUQuotaPerSecUSec", UINT64_MAX);
		return;
	}
	per_second = quota * USEC_PER_SEC / period;
	/* systemd counts in hundredths; less than asked would be a limit too tight. */
	property_u64(b, "CPUQuotaPerSecUSec", (per_second + 9999) / 10000 * 10000);
}

static void cpu_properties(struct buf *b, const struct oci_cpu *c)
{
	uint64_t period = c->period && *c->period ? *c->period : 100000;

	if (c->shares && *c->shares)
		property_u64(b, "CPUWeight", limit_weight_of_shares(*c->shares));
	if (c->quota && *c->quota)
		quota_properties(b, *c->quota < 0 ? UINT64_MAX : (uint64_t)*c->quota, period);
	else if (c->period && *c->period)
		property_u64(b, "CPUQuotaPeriodUSec", *c->period);
}

/* "max", or a number; percent and the like are for the file alone. */
static bool read_number(const char *text, uint64_t *ret)
{
	char *end;

	if (strcmp(text, "max") == 0) {
		*ret = UINT64_MAX;
		return true;
	}
	*ret = strtoull(text, &end, 10);
	return end != text && (!*end || *end == '\n');
}

/* Files that were asked for by name and that systemd would otherwise write over some day. */
static int unified_properties(struct buf *b, const struct text_map *unified, struct err *e)
{
	static const struct {
		const char *file, *property;
	} known[] = {
		{ "cpu.weight", "CPUWeight" }, { "memory.min", "MemoryMin" },
		{ "memory.low", "MemoryLow" }, { "memory.high", "MemoryHigh" },
		{ "memory.max", "MemoryMax" }, { "memory.swap.max", "MemorySwapMax" },
		{ "pids.max", "TasksMax" },
	};
	const char *cpus = text_map_get(unified, "cpuset.cpus");
	const char *mems = text_map_get(unified, "cpuset.mems");
	const char *max = text_map_get(unified, "cpu.max");
	uint64_t number, period = 100000;
	char quota[32];
	int r;

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		const char *value = text_map_get(unified, known[i].file);

		if (value && read_number(value, &number))
			property_u64(b, known[i].property, number);
	}
	if (max && sscanf(max, "%31s %" SCNu64, quota, &period) >= 1 && read_number(quota, &number))
		quota_properties(b, number, period);
	r = property_bits(b, "AllowedCPUs", cpus, e);
	return r < 0 ? r : property_bits(b, "AllowedMemoryNodes", mems, e);
}

/* Those that v2 has and systemd keeps; of two, the later counts. */
int systemd_properties(struct buf *b, const struct oci_linux_resources *r, struct err *e)
{
	int ret = 0;

	if (!r)
		return 0;
	if (r->memory)
		memory_properties(b, r->memory);
	if (r->cpu)
		cpu_properties(b, r->cpu);
	if (r->pids && r->pids->limit)
		property_u64(b, "TasksMax", *r->pids->limit ? (uint64_t)*r->pids->limit : 1);
	if (r->cpu)
		ret = property_bits(b, "AllowedCPUs", r->cpu->cpus, e);
	if (r->cpu && ret == 0)
		ret = property_bits(b, "AllowedMemoryNodes", r->cpu->mems, e);
	return ret < 0 ? ret : unified_properties(b, &r->unified, e);
}

/* calls */

static int error_of(const struct dbus_message *m, const char *doing, const char *unit,
		    struct err *e)
{
	struct dbus_reader r = { .data = m->body, .len = m->body_len };
	const char *words = *m->signature == 's' ? dbus_read_text(&r) : m->error;

	if (strstr(m->error, "UnitExists"))
		return err_set(e, ERR_CONFLICT, "%s %s: %s", doing, unit, words);
	if (strstr(m->error, "AccessDenied"))
		return err_set(e, ERR_DENIED, "%s %s: %s", doing, unit, words);
	return err_set(e, ERR_REMOTE, "%s %s: systemd says: %s", doing, unit, words);
}

static int wait_reply(struct dbus *d, uint32_t serial, struct dbus_message *ret, struct err *e)
{
	return dbus_wait(d, serial, clock_monotonic_usec() + JOB_SECONDS * USEC_PER_SEC, ret, e);
}

/* JobRemoved: id, job, unit, result. Systemd sends it to whoever is on its own socket. */
static int wait_job(struct dbus *d, uint32_t serial, const char *unit, struct err *e)
{
	int64_t deadline = clock_monotonic_usec() + JOB_SECONDS * USEC_PER_SEC;

	for (;;) {
		struct dbus_message m;
		struct dbus_reader body;
		const char *name, *result;
		int r = dbus_next(d, deadline, &m, e);

		if (r < 0)
			return r;
		if (m.type == DBUS_ERROR && m.reply_serial == serial)
			return error_of(&m, "start unit", unit, e);
		if (m.type != DBUS_SIGNAL || strcmp(m.member, "JobRemoved") != 0)
			continue;
		body = (struct dbus_reader){ .data = m.body, .len = m.body_len };
		dbus_read_u32(&body);
		dbus_read_text(&body);
		name = dbus_read_text(&body);
		result = dbus_read_text(&body);
		if (strcmp(name, unit) != 0)
			continue;
		if (strcmp(result, "done") == 0)
			return 0;
		return err_set(e, ERR_REMOTE, "start unit %s: systemd says: %s", unit, result);
	}
}

static int start_unit(struct dbus *d, const struct cgroup *c, pid_t pid, struct err *e)
{
	const struct systemd_unit *u = &c->unit;
	auto_buf body = BUF(DBUS_MESSAGE_MAX);
	struct dbus_array properties, none;
	uint32_t serial;
	int r;

	dbus_text(&body, u->name);
	dbus_text(&body, "fail");
	properties = dbus_array_begin(&body, 8);
	property_text(&body, "Description", "berth container");
	property_text(&body, "Slice", u->slice);
	property_bool(&body, "Delegate", true);
	property_bool(&body, "DefaultDependencies", false);
	property_pid(&body, pid);
	r = systemd_properties(&body, c->resources, e);
	if (r == 0)
		r = variant_properties(&body, c->annotations, e);
	if (r < 0)
		return r;
	dbus_array_end(&body, properties);
	none = dbus_array_begin(&body, 8);
	dbus_array_end(&body, none);
	r = dbus_send(d,
		      &(struct dbus_call){ OBJECT, MANAGER, "StartTransientUnit",
					   "ssa(sv)a(sa(sv))", &body },
		      &serial, e);
	return r < 0 ? r : wait_job(d, serial, u->name, e);
}

/* A call whose arguments are the unit's name and perhaps a mode. */
static int call_unit(struct dbus *d, const char *member, const char *unit, const char *mode,
		     struct err *e)
{
	auto_buf body = BUF(4096);
	struct dbus_message m;
	uint32_t serial;
	int r;

	dbus_text(&body, unit);
	if (mode)
		dbus_text(&body, mode);
	r = dbus_send(d, &(struct dbus_call){ OBJECT, MANAGER, member, mode ? "ss" : "s", &body },
		      &serial, e);
	if (r == 0)
		r = wait_reply(d, serial, &m, e);
	if (r == 0 && m.type == DBUS_ERROR)
		r = error_of(&m, member, unit, e);
	return r;
}

static int connect_to_manager(struct cgroup *c, struct dbus *d, struct err *e)
{
	int r = dbus_connect(d, systemd_socket(c->arena), "systemd", e);

	if (r == -ENOENT || r == -ECONNREFUSED)
		return err_wrap(e, "the cgroup manager systemd does not run here%s",
				c->rootless ? " for this user (loginctl enable-linger starts it)"
					    : "");
	return r;
}

/* What systemd made of it: the group of the process now. */
static int find_group(struct cgroup *c, pid_t pid, struct err *e)
{
	auto_free char *text = NULL;
	char file[64];
	struct host_facts facts = { .unified = true };
	struct cgroup_host moved;
	int r;

	snprintf(file, sizeof(file), "/proc/%d/cgroup", (int)pid);
	r = file_read_at(AT_FDCWD, file, PROCESS_MAX, &text, NULL, e);
	if (r < 0)
		return r;
	facts.cgroup = text;
	host_read(c->arena, &facts, &moved);
	if (moved.hierarchies_len != 1 || !text_ends(moved.hierarchies[0].own, c->unit.name))
		return err_set(e, ERR_REMOTE, "systemd left process %d where it was", (int)pid);
	c->path = moved.hierarchies[0].own;
	c->groups = arena_array(c->arena, 1, sizeof(*c->groups));
	cgroup_add_group(c, &moved.hierarchies[0], c->path);
	c->groups[0].made = true;
	c->fd = open(c->unified->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return c->fd < 0 ? err_sys(e, "cgroup %s", c->unified->dir) : 0;
}

/* One more process in a scope that is there: exec by a plain user. */
static int attach(struct cgroup *c, struct dbus *d, pid_t pid, struct err *e)
{
	auto_buf body = BUF(4096);
	struct dbus_array pids;
	struct dbus_message m;
	uint32_t serial;
	int r;

	dbus_text(&body, path_base(c->path));
	dbus_text(&body, *c->below ? path_join(c->arena, "/", c->below) : "");
	pids = dbus_array_begin(&body, 4);
	dbus_u32(&body, (uint32_t)pid);
	dbus_array_end(&body, pids);
	r = dbus_send(d,
		      &(struct dbus_call){ OBJECT, MANAGER, "AttachProcessesToUnit", "ssau",
					   &body },
		      &serial, e);
	if (r == 0)
		r = wait_reply(d, serial, &m, e);
	if (r == 0 && m.type == DBUS_ERROR)
		r = error_of(&m, "join unit", path_base(c->path), e);
	return r;
}

static int adopt(struct cgroup *c, pid_t pid, struct err *e)
{
	auto_dbus d = { .fd = -1 };
	struct err ignored;
	int r = connect_to_manager(c, &d, e);

	if (r < 0)
		return r;
	if (c->len > 0)
		return attach(c, &d, pid, e);
	r = start_unit(&d, c, pid, e);
	if (r == -EEXIST) {
		/* What a former life left: it failed (out of memory, say) and nobody asked why. */
		call_unit(&d, "ResetFailedUnit", c->unit.name, NULL, &ignored);
		r = start_unit(&d, c, pid, e);
	}
	if (r == 0)
		r = find_group(c, pid, e);
	if (r == 0)
		r = cgroup_delegate(c, c->delegate_to, e);
	return r < 0 || !c->resources ? r : cgroup_write_resources(c, c->resources, e);
}

/* systemd keeps a quota as a share of a second, so that another period would be another quota, and
 * the reverse: what is not asked for is what it is now. */
static void complete_quota(struct cgroup *c, struct oci_cpu *cpu)
{
	const char *now = group_read(c->unified, c->arena, "cpu.max");
	uint64_t *period = ARENA_NEW(c->arena, uint64_t), number;
	int64_t *quota = ARENA_NEW(c->arena, int64_t);
	char first[32];

	if (sscanf(now, "%31s %" SCNu64, first, period) != 2 || !read_number(first, &number))
		return;
	*quota = (int64_t)number; /* "max" is -1 */
	if (cpu->quota && *cpu->quota && !(cpu->period && *cpu->period))
		cpu->period = period;
	if (cpu->period && *cpu->period && !(cpu->quota && *cpu->quota))
		cpu->quota = quota;
}

static int update(struct cgroup *c, const struct oci_linux_resources *resources, struct err *e)
{
	struct oci_linux_resources complete = *resources;
	struct oci_cpu cpu;
	auto_dbus d = { .fd = -1 };
	auto_buf body = BUF(DBUS_MESSAGE_MAX);
	struct dbus_array properties;
	struct dbus_message m;
	uint32_t serial;
	int r = connect_to_manager(c, &d, e);

	if (r < 0)
		return r;
	if (resources->cpu) {
		cpu = *resources->cpu;
		complete_quota(c, &cpu);
		complete.cpu = &cpu;
	}
	dbus_text(&body, path_base(c->path));
	dbus_u32(&body, true); /* until the unit ends */
	properties = dbus_array_begin(&body, 8);
	r = systemd_properties(&body, &complete, e);
	dbus_array_end(&body, properties);
	if (r == 0)
		r = dbus_send(&d,
			      &(struct dbus_call){ OBJECT, MANAGER, "SetUnitProperties", "sba(sv)",
						   &body },
			      &serial, e);
	if (r == 0)
		r = wait_reply(&d, serial, &m, e);
	if (r == 0 && m.type == DBUS_ERROR)
		r = error_of(&m, "change unit", path_base(c->path), e);
	return r;
}

/* An empty scope goes by itself, unless it counts as failed. */
static void removed(struct cgroup *c)
{
	auto_dbus d = { .fd = -1 };
	struct err ignored;

	if (connect_to_manager(c, &d, &ignored) < 0)
		return;
	call_unit(&d, "StopUnit", path_base(c->path), "fail", &ignored);
	call_unit(&d, "ResetFailedUnit", path_base(c->path), NULL, &ignored);
}

const struct cgroup_manager *systemd_manager(struct arena *a)
{
	struct cgroup_manager *m = arena_copy(a, &cgroup_v2, sizeof(*m));

	m->name = "systemd";
	m->adopt = adopt;
	m->update = update;
	m->removed = removed;
	return m;
}
