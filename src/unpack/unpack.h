/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the unpack program and the engine say to each other, over a SOCK_SEQPACKET pair: one
 * request, then messages until the result or an error.  Both ends come from the same build, so
 * these are plain structs.  Descriptors of the program: 0 archive in, 1 tar out, 3 the socket,
 * 4 the tree, 5 the recipe, 6 the tree of the layers below; what a mode does not need is /dev/null.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum unpack_mode {
	UNPACK_LAYER,    /* blob -> tree: whiteouts become overlayfs's (OCI image spec, layer.md) */
	UNPACK_EXTRACT,  /* tar, maybe compressed -> tree: names mean nothing special */
	UNPACK_PACK,     /* tree -> tar */
	UNPACK_ASSEMBLE, /* recipe and tree -> the layer's very tar */
	UNPACK_INDEX,    /* uncompressed archive file -> its members' places */
	UNPACK_MODES
};

enum unpack_compression {
	UNPACK_AUTO, /* by its first bytes */
	UNPACK_PLAIN,
	UNPACK_GZIP,
	UNPACK_ZSTD,
	UNPACK_XZ, /* reading only */
	UNPACK_COMPRESSIONS
};

enum unpack_hash { UNPACK_SHA256, UNPACK_SHA512, UNPACK_HASHES };

enum unpack_ids {
	UNPACK_IDS_KEEP,   /* as the archive says; an error if this process may not */
	UNPACK_IDS_SQUASH, /* all are the caller's: rootless without subordinate ids */
	UNPACK_IDS_SET,    /* all are uid:gid */
};

/* 0 in a limit is its default. Going over one is ERR_INVALID, whose words name the limit. */
struct unpack_limits {
	uint64_t max_bytes;   /* uncompressed; 256 GiB */
	uint64_t max_ratio;   /* uncompressed / compressed, beyond the first 256 MiB; 400 */
	uint64_t max_entries; /* 4 million */
	uint64_t max_name;    /* bytes of a path; 4095, the kernel's own */
	uint64_t max_xattr;   /* bytes of one value; 64 KiB, the kernel's own */
};

#define UNPACK_DIGEST_MAX (7 + 128 + 1)

struct unpack_result {
	char digest[UNPACK_DIGEST_MAX];  /* "sha256:…" of the bytes that came in, or went out */
	char diff_id[UNPACK_DIGEST_MAX]; /* "sha256:…" of the uncompressed tar */
	enum unpack_compression compression; /* what it was */
	uint64_t bytes, tar_bytes;           /* of the two digests */
	uint64_t file_bytes;                 /* contents of the files, hard links once */
	uint64_t entries, whiteouts, opaques;
	uint64_t skipped_xattrs; /* trusted.*, *.overlay.*, security.* but for capability */
	uint64_t skipped_nodes;  /* devices that skip_nodes left out */
	bool needs_lower;        /* LAYER: a hard link leads to a lower layer */
	bool recipe_lost;        /* the tree lacks contents that the recipe needs: a file that
				  * came twice. ASSEMBLE would fail */
};

enum { UNPACK_FD_SOCKET = 3, UNPACK_FD_TREE, UNPACK_FD_RECIPE, UNPACK_FD_LOWER };

#define UNPACK_PATH_MAX    4096
#define UNPACK_MESSAGE_MAX 65536

struct unpack_request {
	enum unpack_mode mode;
	enum unpack_compression compression;
	enum unpack_hash hash;
	enum unpack_ids ids;
	uint32_t uid, gid;
	bool with_recipe, with_lower, user_xattr, skip_nodes, whiteouts, one_file_system,
		no_overwrite_dir;
	struct unpack_limits limits;
	char subdir[UNPACK_PATH_MAX], as[UNPACK_PATH_MAX];
};

/* A message is this header and its body. */
enum unpack_message_kind {
	UNPACK_PROGRESS, /* uint64_t: compressed bytes so far */
	UNPACK_OPAQUE,   /* path of a directory in the tree that hides those below it */
	UNPACK_MEMBERS,  /* several of struct unpack_member_message, packed */
	UNPACK_RESULT,   /* struct unpack_result; the last, or the last but an error */
	UNPACK_ERROR,    /* struct err; the last */
	UNPACK_MESSAGES
};
struct unpack_message {
	uint32_t kind, len; /* len of the body */
};
/* Followed by the name and the link, each with its NUL; link_len 0: none. */
struct unpack_member_message {
	uint64_t offset, size;
	uint32_t name_len, link_len; /* with their NULs */
};
