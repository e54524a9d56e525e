/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which devices a group's processes may make, read and write.  The rules are a sequence, the last
 * that matches deciding for each kind of access apart.  v2 takes a program that does just that; v1
 * a default and exceptions from it, to which a sequence is folded.
 */
#pragma once

#include <linux/bpf.h>

#include "base/arena.h"
#include "base/err.h"
#include "spec/runtime.h"

enum {
	DEVICE_MKNOD = 1,
	DEVICE_READ = 2,
	DEVICE_WRITE = 4,
	DEVICE_ALL = 7
}; /* as in linux/bpf.h */

struct device_rule {
	bool allow;
	char type;            /* 'a', 'b', 'c' */
	int64_t major, minor; /* -1: all */
	unsigned access;
};

struct device_rules {
	struct arena *arena;
	struct device_rule *v;
	size_t n, room;
};

/* The document's, and behind them those that every container has: making any node, and null, zero,
 * full, tty, random, urandom, console, ptmx, the terminals and tun. */
int device_rules_read(struct device_rules *ret, const struct oci_device_rules *from, struct err *e);

/* v1: *ret_allow is the default; the exceptions' `allow` is its opposite. */
int device_rules_fold(struct device_rules *ret, const struct device_rules *from, bool *ret_allow,
		      struct err *e);
/* "c 1:3 rwm" */
struct device_text {
	char text[64];
};
struct device_text device_rule_text(const struct device_rule *rule);

/* v2: instructions of a BPF_PROG_TYPE_CGROUP_DEVICE. */
struct device_program {
	struct bpf_insn *v;
	size_t n;
};
struct device_program device_rules_compile(struct arena *a, const struct device_rules *rules);
/* Loads it and puts it in the place of what is attached to the group, in one step. */
int device_program_attach(int group, const struct device_program *p, struct err *e);
