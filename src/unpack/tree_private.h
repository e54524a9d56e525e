/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the directory tree's sink share. */
#pragma once

#include "base/arena.h"
#include "unpack/parents.h"
#include "unpack/tree.h"

/* What is still due to a directory. */
struct late {
	struct late *next;
	struct timespec times[2];
	mode_t mode;
	bool needs_mode, needs_times, opaque;
	const void *acl;
	size_t acl_len;
	char path[];
};

struct tree {
	struct sink base;
	struct parents parents, targets;
	const struct unpack_request *request;
	struct report *report;
	struct recipe_writer *recipe;
	int root, lower, file;
	uid_t uid;
	gid_t gid;
	uint64_t written; /* end of the last piece of the file */
	bool setgid;      /* a directory of the tree gives its group to what is made in it */
	bool no_override; /* we can't work in a directory whose mode forbids it */
	struct arena *arena;
	struct late *late, **last;
};

int tree_refuse(const struct member *m, struct err *e);
/* The folder of a member; *ret_name is its name in there. */
int tree_folder(struct tree *t, const char *path, const char **ret_name, struct err *e);
bool tree_is_whiteout(const struct stat *st);
/* Makes room for a member whose name is taken. 1: the directory there stays. */
int tree_make_room(struct tree *t, int folder, const char *name, const struct member *m,
		   struct err *e);
int tree_begin_file(struct tree *t, const struct member *m, int folder, const char *name,
		    struct err *e);

/* tree_dress.c: owners, modes, attributes, times */
bool tree_is_ours(const struct tree *t, const struct member *m);
int tree_chown_failed(const struct member *m, struct err *e);
/* fd, or a name in the current directory when there can be none to write through. */
int tree_set_xattrs(struct tree *t, const struct member *m, int fd, const char *name,
		    struct err *e);
/* All of them, of what has no descriptor of its own. */
int tree_dress(struct tree *t, const struct member *m, int folder, const char *name, struct err *e);

/* tree_link.c */
int tree_begin_hardlink(struct tree *t, const struct member *m, int folder, const char *name,
			struct err *e);
