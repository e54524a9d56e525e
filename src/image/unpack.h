/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starts the program libexec/berth/unpack, which does all work on archives in a process that is
 * confined to one directory: it decompresses, hashes, parses and extracts, and packs directories
 * again.  Several may run at once: each has one descriptor to poll, and the bytes flow through
 * pipes that the caller connects (from remote's output, from a file, to standard output).
 *
 *	r = unpack_start(&(struct unpack_start){ .program = path, .mode = UNPACK_LAYER,
 *						 .in = pipe, .dir = tree, .recipe = file }, &u, e);
 *	close(pipe);
 *	(poll unpack_fd(u) for POLLIN beside others; each time:) unpack_step(u, e)
 *	r = unpack_finish(u, &result, e);
 *	(compare result.digest and result.diff_id with what the manifest and configuration say)
 *
 * What the program says is bounded and checked, but it is only as trustworthy as a process that
 * read hostile bytes: names in results are data, never paths to follow outside of the directory.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "unpack/unpack.h"

struct unpack_start {
	const char *program; /* of libexec; absolute */
	enum unpack_mode mode;
	int in;             /* LAYER, EXTRACT, INDEX: the archive; else unused (0 and -1: none) */
	int out;            /* PACK, ASSEMBLE: where the tar goes */
	int dir;            /* the tree: all modes but INDEX. O_RDONLY | O_DIRECTORY */
	int recipe;         /* LAYER: written if > 0; ASSEMBLE: read. A regular file */
	const char *subdir; /* PACK: begin at dir/subdir, resolved inside dir; NULL: dir */
	const char *as;     /* PACK: the first component of names, for `cp`; NULL: "." omitted */

	enum unpack_compression compression; /* expected of `in`, wanted of `out` (AUTO: none) */
	enum unpack_hash hash;               /* of the compressed bytes; diffIDs are SHA-256 */
	enum unpack_ids ids;
	uint32_t uid, gid;     /* UNPACK_IDS_SET */
	bool skip_nodes;       /* leave device nodes out: user namespaces can't make them */
	bool user_xattr;       /* LAYER, PACK: user.overlay.* rather than trusted.overlay.* */
	bool whiteouts;        /* PACK: overlayfs's become .wh. entries */
	bool one_file_system;  /* PACK: leave mounts below out, their directories stay */
	bool no_overwrite_dir; /* EXTRACT: refuse a file in a directory's place and the reverse */
	/* LAYER: the layers below, merged, in which targets of hard links are looked for that this
	 * layer lacks; if > 0. Without it such a link is an error, and result.needs_lower true. */
	int lower;
	struct unpack_limits limits;
};

/* A member of an archive that can be read in place. */
struct unpack_member {
	const char *name; /* without leading "./" or "/" */
	uint64_t offset, size;
	const char *link; /* target, if it is a symbolic or hard link; else NULL */
};
struct unpack_members {
	struct unpack_member *v;
	size_t n;
};

struct unpack;

/* The descriptors stay the caller's; close the pipe's end after it, or its end is never seen. */
int unpack_start(const struct unpack_start *how, struct unpack **ret, struct err *e);
/* Kills what still runs. */
void unpack_free(struct unpack *u);
DEFINE_AUTO(unpack);

/* Readable when the program has something to say. */
int unpack_fd(const struct unpack *u);
/* Reads what it says without waiting: 1 when it is done (finish is due), 0 if not yet. */
int unpack_step(struct unpack *u, struct err *e);
/* Compressed bytes consumed (or produced) so far. */
uint64_t unpack_progress(const struct unpack *u);
/* Waits for the end. On failure of the program e says why, and ret->needs_lower is still set. */
int unpack_finish(struct unpack *u, struct unpack_result *ret, struct err *e);
/* UNPACK_INDEX, after unpack_finish(): the members in their order. */
void unpack_members(const struct unpack *u, struct arena *a, struct unpack_members *ret);

/* start, wait, free: for what is alone. members may be NULL. */
int unpack_run(const struct unpack_start *how, struct arena *a, struct unpack_members *members,
	       struct unpack_result *ret, struct err *e);
