/* SPDX-License-Identifier: BSD-2-Clause */
/* Which containers a command is about: names, --all, --latest, --cidfile, --filter. */
#pragma once

#include "cli/cli.h"
#include "engine/status.h"

struct select_args {
	bool all, latest, ignore;
	bool damaged; /* containers that can't be read too: only their id is known then */
	struct texts cid_files, filters;
};
/* Rows of option tables; struct must have a member `select` of this type. */
#define SELECT_ALL(tag, hlp) OPTION_FLAG(tag, select.all, "all", 'a', hlp)
#define SELECT_LATEST(tag) \
	OPTION_FLAG(tag, select.latest, "latest", 'l', "Act on the last created container")
#define SELECT_CID_FILES(tag)                                    \
	OPTION_LIST(tag, select.cid_files, "cidfile", 0, "FILE", \
		    "Read the container ID from the file", .completes = "file")
#define SELECT_FILTERS(tag) \
	OPTION_LIST(tag, select.filters, "filter", 'f', "FILTER", "Act on containers that match")
#define SELECT_IGNORE(tag)                             \
	OPTION_FLAG(tag, select.ignore, "ignore", 'i', \
		    "Don't fail for containers that are not there")

struct selected {
	struct container *container;
	const char *shown; /* the name as it was given, else the id */
};
struct selection {
	struct selected *v;
	size_t n;
	struct failures failures; /* names that led to none; more is added while acting */
};
/* wants: which of all that exist --all means; NULL: every one. missing_exit: the status for a name
 * that is not there. An error in the options themselves is told and *ret_exit set. */
bool select_containers(struct session *s, const struct select_args *args, int argc,
		       const char **argv, bool (*wants)(const struct container_status *st),
		       int missing_exit, struct selection *ret, int *ret_exit);
/* One container, or --latest. ERR_… told. */
struct container *select_one(struct session *s, bool latest, int argc, const char **argv,
			     struct err *e);
