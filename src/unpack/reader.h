/* SPDX-License-Identifier: BSD-2-Clause */
/* The members of a tar archive, parsed by libarchive. */
#pragma once

#include <limits.h>
#include <sys/stat.h>
#include <time.h>

#include "unpack/recipe.h"
#include "unpack/source.h"

enum member_type {
	MEMBER_FILE,
	MEMBER_DIR,
	MEMBER_SYMLINK,
	MEMBER_HARDLINK,
	MEMBER_CHAR,
	MEMBER_BLOCK,
	MEMBER_FIFO,
};

struct member_xattr {
	const char *name;
	const void *value;
	size_t len;
};

#define MEMBER_XATTRS 64

/* Valid until the next one is read. */
struct member {
	enum member_type type;
	char path[PATH_MAX];   /* clean, relative; "" is the root */
	char target[PATH_MAX]; /* a symlink's as it is; a hard link's clean */
	mode_t mode;           /* permissions and setuid, setgid, sticky */
	uid_t uid;
	gid_t gid;
	struct timespec atime, mtime;
	dev_t device;
	uint64_t size;
	struct member_xattr xattrs[MEMBER_XATTRS];
	size_t xattrs_len;
};

struct reader;

/* source, limits and recipe (may be NULL) outlive it. LC_CTYPE has to be "C": in another locale
 * libarchive converts names, in a UTF-8 one it composes them. */
struct reader *reader_new(struct source *s, const struct unpack_limits *limits,
			  struct recipe_writer *recipe);
void reader_free(struct reader *r);
DEFINE_AUTO(reader);

/* 1: a member; 0: the end. */
int reader_next(struct reader *r, struct member *ret, struct err *e);

struct reader_block {
	const void *bytes;
	size_t len;
	uint64_t offset;   /* in the file: there may be holes between blocks */
	uint64_t position; /* in the tar */
};
/* The next piece of the member's contents: 1, or 0 at its end. Always the first, even if empty. */
int reader_data(struct reader *r, struct reader_block *ret, struct err *e);
/* Reads on behind the end, to the source's own, so that its digests are those of all. */
int reader_drain(struct reader *r, struct err *e);
