/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Limits as what they come down to: texts written to files of the group.  Converting is pure; each
 * write carries the place in the document that asked for it, so that a refusal names both.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "spec/runtime.h"

enum {
	/* If it is refused, the next is written first and then this one again: the kernel keeps
	 * some pairs ordered (memory below memory with swap, quota below burst), and which must
	 * come first depends on whether they rise or fall. */
	LIMIT_PAIR = 1,
	/* No such file is no error: it repeats what another one says. */
	LIMIT_IF_THERE = 2,
	/* The value is a period; the quota in front of it in cpu.max stays what it is. */
	LIMIT_KEEP_QUOTA = 4,
	/* Refused if more than that is in use (memory.checkBeforeUpdate): other_file tells. */
	LIMIT_CHECK_USAGE = 8,
	/* Of swap: without any swap on this machine there is nothing to limit. */
	LIMIT_IF_SWAP = 16,
	/* The specification advises against it, and kernels have given it up: refusals are none. */
	LIMIT_OBSOLETE = 32,
};

struct limit {
	const char *controller, *file, *value;
	const char *from;                     /* "linux.resources.memory.limit" */
	const char *other_file, *other_value; /* if there is no such file; NULL: none */
	unsigned flags;
};

struct limits {
	struct arena *arena;
	struct limit *v;
	size_t n, room;
};

void limits_add(struct limits *l, const struct limit *one);
void limits_print(const struct limits *l, struct buf *out);

/* One controller's part of the document for one version; appends. */
typedef int limit_fn(struct limits *l, const struct oci_linux_resources *r, struct err *e);
limit_fn limits_v2_memory, limits_v2_cpu, limits_v2_cpuset, limits_v2_io, limits_v2_hugetlb,
	limits_v2_network, limits_v2_unified, limits_pids, limits_rdma;
/* All of it for a unified hierarchy. */
int limits_v2(struct limits *l, const struct oci_linux_resources *r, struct err *e);

/* hugetlb.SIZE.NAME and hugetlb.SIZE.rsvd.NAME, which are all that differs between the versions. */
int limits_hugetlb(struct limits *l, const struct oci_linux_resources *r, const char *name,
		   struct err *e);
/* Shares of v1 (2 to 262144) as a weight of v2 (1 to 10000): 1024 is 100. */
uint64_t limit_weight_of_shares(uint64_t shares);
/* blkio.weight (10 to 1000) as io.weight (1 to 10000). */
uint64_t limit_io_weight(uint64_t weight);
