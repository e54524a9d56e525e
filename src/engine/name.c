/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of containers. */
#include <string.h>
#include <sys/random.h>

#include "engine/container.h"

int container_name_check(const char *name, struct err *e)
{
	static const char first[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	static const char more[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";

	if (*name && strchr(first, *name) && strspn(name, more) == strlen(name) &&
	    strlen(name) <= 200)
		return 0;
	return err_set(e, ERR_INVALID,
		       "running container create option: names must match "
		       "[a-zA-Z0-9][a-zA-Z0-9_.-]*: invalid argument");
}

static const char *const adjectives[] = {
	"able",   "agile",   "amber",   "ample",  "apt",    "azure",   "bold",   "brave",
	"bright", "brisk",   "calm",    "candid", "clever", "coral",   "crisp",  "daring",
	"deft",   "eager",   "earnest", "fair",   "fleet",  "fond",    "frank",  "gentle",
	"glad",   "golden",  "grand",   "happy",  "hardy",  "honest",  "jolly",  "keen",
	"kind",   "lively",  "loyal",   "lucid",  "mellow", "merry",   "modest", "nimble",
	"noble",  "patient", "placid",  "plucky", "prompt", "proud",   "quick",  "quiet",
	"ready",  "robust",  "serene",  "sharp",  "silver", "sincere", "smart",  "snug",
	"spry",   "steady",  "sturdy",  "sunny",  "swift",  "tidy",    "vivid",  "witty",
};

/* People of computing, navigation and harbours. */
static const char *const surnames[] = {
	"allen",    "amundsen", "babbage",   "backus",    "bartik",    "boole",    "bowditch",
	"brunel",   "cerf",     "chappe",    "colossus",  "cook",      "cray",     "dijkstra",
	"drake",    "eckert",   "engelbart", "ericson",   "fermat",    "flowers",  "gama",
	"goldberg", "gosling",  "gray",      "hamilton",  "harrison",  "hoare",    "holberton",
	"hopper",   "hudson",   "jennings",  "kernighan", "kilburn",   "knuth",    "lamport",
	"liskov",   "lovelace", "magellan",  "mauchly",   "mccarthy",  "mclean",   "mercator",
	"milner",   "minsky",   "nansen",    "naur",      "noether",   "perlis",   "polo",
	"postel",   "ritchie",  "shannon",   "stevenson", "tarjan",    "thompson", "torvalds",
	"turing",   "vespucci", "wheeler",   "wilkes",    "wilkinson", "wirth",    "zheng",
	"zuse",
};

int container_name_random(const struct state *s, struct arena *a, const char **ret, struct err *e)
{
	for (int tries = 0; tries < 64; tries++) {
		uint16_t r[3];
		char *name;

		if (getrandom(r, sizeof(r), 0) != sizeof(r))
			return err_sys(e, "getrandom");
		name = arena_printf(a, "%s_%s", adjectives[r[0] % ARRAY_LEN(adjectives)],
				    surnames[r[1] % ARRAY_LEN(surnames)]);
		if (tries >= 8)
			name = arena_printf(a, "%s%u", name, r[2] % 1000U);
		if (!state_name_find(s, CONTAINERS, name, a)) {
			*ret = name;
			return 0;
		}
	}
	return err_set(e, ERR_CONFLICT, "no random name is free: give one with --name");
}
