/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whole small files, relative to a directory descriptor.  Reads state their maximum; writes are a
 * new file and one rename, so that a reader sees the old or the new and never a half.
 */
#pragma once

#include <sys/types.h>

#include "base/buf.h"

/* Reads all of dir/name into a fresh NUL-terminated *ret_text (free it); ret_len may be NULL.
 * More than max bytes: ERR_INVALID "NAME is larger than N bytes". */
int file_read_at(int dir, const char *name, size_t max, char **ret_text, size_t *ret_len,
		 struct err *e);
/* The same from an open descriptor, from its current offset to its end. */
int file_read_fd(int fd, const char *name, size_t max, char **ret_text, size_t *ret_len,
		 struct err *e);

struct file_write {
	mode_t mode;    /* 0: 0600 */
	bool durable;   /* sync the file and its directory */
	bool exclusive; /* ERR_CONFLICT if it exists */
	/* > 0: a directory of the same file system, in whose folder FILE_NEW (made when it is
	 * missing) the new file is filled, rather than beside the old.  It is locked there, so that
	 * who finds one unlocked may remove it: its writer is dead, or will begin anew. */
	int fill_root;
};
#define FILE_NEW ".new"
int file_replace_at(int dir, const char *name, const void *data, size_t len,
		    const struct file_write *how, struct err *e);
/* One write() of a short text into an existing file, as /proc and /sys want it. */
int file_poke_at(int dir, const char *name, const char *text, struct err *e);

/* Whether there is something by that name, be it a dangling link; errno says what else. */
bool file_is_there(int dir, const char *name);
/* renameat2(2) with RENAME_NOREPLACE, which not every libc has; -EEXIST. */
int file_rename_new(int from_dir, const char *from, int to_dir, const char *to);
int file_write_all(int fd, const void *data, size_t len);                   /* -errno */
int file_mkdir_path(int dir, const char *path, mode_t mode, struct err *e); /* with parents */
/* Removes dir/name and everything below, without following anything or leaving the file system. */
int file_remove_tree_at(int dir, const char *name, struct err *e);
/* Bytes used on disk below dir/name (st_blocks, hard links once). */
int file_tree_usage(int dir, const char *name, int64_t *ret_bytes, struct err *e);
/* How much is in the files below dir/name (st_size, hard links once; directories hold nothing). */
int file_tree_size(int dir, const char *name, int64_t *ret_bytes, struct err *e);
struct file_copy {
	bool overwrite;    /* what is there is replaced; a directory stays and gets more */
	bool set_owner;    /* all copies are uid:gid's */
	bool skip_devices; /* leave device nodes out */
	uid_t uid;
	gid_t gid;
};
/* Copies what is in the directory `from`, and its owner, mode and attributes, into the directory
 * `to`; hard links stay links.  how may be NULL: nothing of it. */
int file_copy_tree(int from, int to, const struct file_copy *how, struct err *e);
/* The same of one thing that is no directory, from_dir/from_name, as to_dir/to_name. */
int file_copy_at(int from_dir, const char *from_name, int to_dir, const char *to_name,
		 const struct file_copy *how, struct err *e);
/* The same of an open regular file. */
int file_copy_fd(int from, int to_dir, const char *to_name, const struct file_copy *how,
		 struct err *e);
int file_open_dir_at(int dir, const char *name, struct err *e); /* O_RDONLY|O_DIRECTORY|O_CLOEXEC */
