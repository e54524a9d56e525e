/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * linux.intelRdt: groups of the resctrl file system (Documentation/filesystems/resctrl.rst), which
 * share out a processor's cache and memory bandwidth.  Private to this module.
 */
#pragma once

#include "base/err.h"
#include "runtime/runtime.h"

/* What a start has made and opened. */
struct rdt {
	int root;                 /* the file system */
	int tasks, monitor_tasks; /* where the process writes "0" to join, or -1 */
	bool made, made_monitor;  /* groups that go with the container */
	const char *group, *id;   /* the first "." for the file system's own */
};

/* Where a resctrl is mounted, from the text of /proc/self/mountinfo; false if nowhere. */
bool rdt_find(const char *mountinfo, char *ret, size_t size);
/* Makes or checks the group, in the open file system `root`, which becomes r's. On failure nothing
 * is left. */
int rdt_prepare(int root, const struct oci_intel_rdt *want, const char *id, struct rdt *r,
		struct err *e);
/* Takes back what rdt_prepare() did, and closes. */
void rdt_undo(struct rdt *r);
/* In the process; allocates nothing. */
int rdt_join(const struct rdt *r, struct err *e);

/* Do the lines of a schemata file say what is wanted? "L3:0=7f0;1=1f" */
bool rdt_matches(const char *schemata, const char *line);

/* runtime_update_rdt() in the open file system `root`. */
int rdt_update(int root, const struct runtime_rdt_update *how, struct err *e);
/* The file system where it is mounted: ERR_UNSUPPORTED if it isn't. */
int rdt_open(struct err *e);
/* Lines of schemata, in their order, into a group. */
int rdt_write(int group, const struct oci_intel_rdt *want, struct err *e);
