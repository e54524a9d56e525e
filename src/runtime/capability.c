/* SPDX-License-Identifier: BSD-2-Clause */
#include "runtime/capability.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define BIT(n) (1ULL << (n))
/* The kernel's masks are 64 bits wide (linux/capability.h, _LINUX_CAPABILITY_VERSION_3). */
#define CAPABILITIES_MAX 64

/* By number, as linux/capability.h has them. */
static const char *const names[] = {
	"CAP_CHOWN",
	"CAP_DAC_OVERRIDE",
	"CAP_DAC_READ_SEARCH",
	"CAP_FOWNER",
	"CAP_FSETID",
	"CAP_KILL",
	"CAP_SETGID",
	"CAP_SETUID",
	"CAP_SETPCAP",
	"CAP_LINUX_IMMUTABLE",
	"CAP_NET_BIND_SERVICE",
	"CAP_NET_BROADCAST",
	"CAP_NET_ADMIN",
	"CAP_NET_RAW",
	"CAP_IPC_LOCK",
	"CAP_IPC_OWNER",
	"CAP_SYS_MODULE",
	"CAP_SYS_RAWIO",
	"CAP_SYS_CHROOT",
	"CAP_SYS_PTRACE",
	"CAP_SYS_PACCT",
	"CAP_SYS_ADMIN",
	"CAP_SYS_BOOT",
	"CAP_SYS_NICE",
	"CAP_SYS_RESOURCE",
	"CAP_SYS_TIME",
	"CAP_SYS_TTY_CONFIG",
	"CAP_MKNOD",
	"CAP_LEASE",
	"CAP_AUDIT_WRITE",
	"CAP_AUDIT_CONTROL",
	"CAP_SETFCAP",
	"CAP_MAC_OVERRIDE",
	"CAP_MAC_ADMIN",
	"CAP_SYSLOG",
	"CAP_WAKE_ALARM",
	"CAP_BLOCK_SUSPEND",
	"CAP_AUDIT_READ",
	"CAP_PERFMON",
	"CAP_BPF",
	"CAP_CHECKPOINT_RESTORE",
};
_Static_assert(ARRAY_LEN(names) == CAP_LAST_CAP + 1 || CAP_LAST_CAP < 40,
	       "the headers know a capability that has no name here");

const char *capability_name(unsigned number)
{
	return number < ARRAY_LEN(names) ? names[number] : NULL;
}

int capability_number(const char *name)
{
	if (strncasecmp(name, "CAP_", 4) == 0)
		name += 4;
	for (unsigned i = 0; i < ARRAY_LEN(names); i++)
		if (strcasecmp(names[i] + 4, name) == 0)
			return (int)i;
	return -1;
}

/* How many the kernel knows: it refuses to read the bounding set beyond its last one. */
static unsigned kernel_count(void)
{
	static unsigned found; /* as kernel/feature.h has it: learned once */
	unsigned known = 0, unknown = CAPABILITIES_MAX;

	if (found)
		return found;

	while (known + 1 < unknown) {
		unsigned middle = (known + unknown) / 2;

		if (prctl(PR_CAPBSET_READ, middle, 0, 0, 0) >= 0)
			known = middle;
		else
			unknown = middle;
	}
	found = known + 1;
	return found;
}

uint64_t capability_all(void)
{
	unsigned n = kernel_count();

	return n == CAPABILITIES_MAX ? UINT64_MAX : BIT(n) - 1;
}

uint64_t capability_bounding(void)
{
	uint64_t set = 0;

	for (unsigned i = 0; i < CAPABILITIES_MAX; i++) {
		int has = prctl(PR_CAPBSET_READ, i, 0, 0, 0);

		if (has < 0)
			break;
		if (has)
			set |= BIT(i);
	}
	return set;
}

/* The mask of a list that people wrote; *ret_all: "ALL" was among them. */
static int parse_list(const struct texts *list, uint64_t *ret, bool *ret_all, struct err *e)
{
	uint64_t set = 0;
	bool all = false;

	for (size_t i = 0; list && i < list->n; i++) {
		int number = capability_number(list->v[i]);

		if (strcasecmp(list->v[i], "ALL") == 0 || strcasecmp(list->v[i], "CAP_ALL") == 0)
			all = true;
		else if (number < 0)
			return err_set(e, ERR_INVALID, "unknown capability \"%s\"", list->v[i]);
		else
			set |= BIT(number);
	}
	*ret = set;
	*ret_all = all;
	return 0;
}

static int both_sides(uint64_t set, struct err *e)
{
	return err_set(e, ERR_INVALID, "capability %s cannot be both added and dropped",
		       names[__builtin_ctzll(set)]);
}

int capability_choose(uint64_t base, const struct texts *add, const struct texts *drop,
		      uint64_t *ret, struct err *e)
{
	uint64_t added, dropped;
	bool add_all, drop_all;
	int r = parse_list(add, &added, &add_all, e);

	if (r < 0)
		return err_wrap(e, "--cap-add");
	r = parse_list(drop, &dropped, &drop_all, e);
	if (r < 0)
		return err_wrap(e, "--cap-drop");
	if (add_all && drop_all)
		return err_set(e, ERR_INVALID, "all capabilities cannot be both added and dropped");

	if (drop_all) {
		*ret = added;
	} else if (add_all) {
		*ret = capability_bounding() & ~dropped;
	} else if (added & dropped) {
		return both_sides(added & dropped, e);
	} else {
		*ret = (base | added) & ~dropped;
	}
	return 0;
}

uint64_t capability_set(struct arena *a, const struct texts *list, struct texts *ret_unknown)
{
	uint64_t known = capability_all(), set = 0;

	for (size_t i = 0; i < list->n; i++) {
		int number = capability_number(list->v[i]);

		if (number >= 0 && (known & BIT(number)))
			set |= BIT(number);
		else if (ret_unknown)
			texts_add(a, ret_unknown, list->v[i]);
	}
	return set;
}

struct texts capability_names(struct arena *a, uint64_t set)
{
	struct texts list = { 0 };

	for (unsigned i = 0; i < ARRAY_LEN(names); i++)
		if (set & BIT(i))
			texts_add(a, &list, names[i]);
	return list;
}

int capability_bound(const struct capability_sets *s, bool keep, struct err *e)
{
	/* Asking first keeps this possible for a caller without CAP_SETPCAP whose set is as small
	 * already. */
	uint64_t excess = capability_bounding() & ~s->bounding;

	for (unsigned i = 0; excess >> i; i++)
		if ((excess & BIT(i)) && prctl(PR_CAPBSET_DROP, i, 0, 0, 0) < 0)
			return err_sys(e, "drop %s from the bounding set",
				       i < ARRAY_LEN(names) ? names[i] : "a capability");
	if (keep && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return err_sys(e, "keep capabilities over a change of user");
	return 0;
}

typedef struct __user_cap_data_struct cap_words[_LINUX_CAPABILITY_U32S_3];

static struct __user_cap_header_struct cap_header(void)
{
	return (struct __user_cap_header_struct){ .version = _LINUX_CAPABILITY_VERSION_3 };
}

/* Says which of the wanted ones this process cannot hand on; err_sys() of capset otherwise. */
static int explain_refusal(const struct capability_sets *s, struct err *e)
{
	struct __user_cap_header_struct header = cap_header();
	cap_words words = { 0 };
	uint64_t has, missing;

	if (syscall(SYS_capget, &header, words) < 0)
		return err_sys(e, "read capabilities");
	has = words[0].permitted | (uint64_t)words[1].permitted << 32;
	missing = (s->effective | s->permitted) & ~has;
	if (!missing)
		return err_from(e, -EPERM, "set capabilities");
	return err_set(e, ERR_DENIED, "%s cannot be given: the caller does not have it",
		       __builtin_ctzll(missing) < (int)ARRAY_LEN(names)
			       ? names[__builtin_ctzll(missing)]
			       : "a capability");
}

static int set_ambient(uint64_t set, struct err *e)
{
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return err_sys(e, "clear ambient capabilities");
	for (unsigned i = 0; set >> i; i++)
		if ((set & BIT(i)) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0) < 0)
			return err_sys(e, "raise ambient %s", names[i]);
	return 0;
}

int capability_apply(const struct capability_sets *s, struct err *e)
{
	struct __user_cap_header_struct header = cap_header();
	cap_words words = {
		{ (uint32_t)s->effective, (uint32_t)s->permitted, (uint32_t)s->inheritable },
		{ (uint32_t)(s->effective >> 32), (uint32_t)(s->permitted >> 32),
		  (uint32_t)(s->inheritable >> 32) },
	};

	if (syscall(SYS_capset, &header, words) < 0)
		return errno == EPERM ? explain_refusal(s, e) : err_sys(e, "set capabilities");
	return set_ambient(s->ambient & s->inheritable & s->permitted, e);
}
