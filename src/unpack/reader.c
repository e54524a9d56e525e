/* SPDX-License-Identifier: BSD-2-Clause */
#include "unpack/reader.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "unpack/decoder.h"
#include "unpack/name.h"

struct reader {
	struct archive *archive;
	struct archive_entry *entry;
	struct source *source;
	struct recipe_writer *recipe;
	const struct unpack_limits *limits;
	uint64_t entries;
	struct err failed; /* of the source, below libarchive */
	bool has_failed, opened;
};

/* The next chunk of the tar. What is left of the last one was no file's contents: the tar reader
 * takes those before it asks for more. */
static ssize_t next_chunk(struct reader *r, const void **ret, struct err *e)
{
	ssize_t n;

	if (r->recipe && recipe_literal(r->recipe, source_given(r->source), e) < 0)
		return -e->code;
	n = source_read(r->source, ret, e);
	if (n > 0 && r->recipe)
		recipe_chunk(r->recipe, *ret, (size_t)n);
	return n;
}

static la_ssize_t read_source(struct archive *a, void *client, const void **ret)
{
	struct reader *r = client;
	ssize_t n = next_chunk(r, ret, &r->failed);

	if (n >= 0)
		return n;
	r->has_failed = true;
	archive_set_error(a, EIO, "source");
	return -1;
}

struct reader *reader_new(struct source *s, const struct unpack_limits *limits,
			  struct recipe_writer *recipe)
{
	struct reader *r = decoder_alloc(sizeof(*r));

	r->archive = archive_read_new();
	if (!r->archive || archive_read_support_format_tar(r->archive) != ARCHIVE_OK) {
		fputs("unpack: libarchive can't read tar\n", stderr);
		abort();
	}
	archive_read_support_format_empty(r->archive);
	r->source = s;
	r->limits = limits;
	r->recipe = recipe;
	return r;
}

void reader_free(struct reader *r)
{
	if (!r)
		return;
	archive_read_free(r->archive);
	free(r);
}

static int failure(struct reader *r, struct err *e)
{
	const char *why = archive_error_string(r->archive);

	if (r->has_failed) {
		if (e)
			*e = r->failed;
		return -r->failed.code;
	}
	return err_set(e, ERR_INVALID, "the tar archive is damaged: %s",
		       why ? quoted(why).text : "unknown reason");
}

static int copy_text(char *ret, size_t room, const char *from, const char *of, const char *what,
		     struct err *e)
{
	if (!from)
		return err_set(e, ERR_INVALID, "%s: its %s can't be read", quoted(of).text, what);
	if (strlen(from) >= room)
		return err_set(e, ERR_INVALID, "%s: its %s is longer than %zu bytes",
			       quoted(of).text, what, room - 1);
	strcpy(ret, from);
	return 0;
}

static int take_type(struct reader *r, struct member *m, struct err *e)
{
	static const struct {
		mode_t format;
		enum member_type type;
	} types[] = {
		{ AE_IFREG, MEMBER_FILE }, { AE_IFDIR, MEMBER_DIR },   { AE_IFLNK, MEMBER_SYMLINK },
		{ AE_IFCHR, MEMBER_CHAR }, { AE_IFBLK, MEMBER_BLOCK }, { AE_IFIFO, MEMBER_FIFO },
	};
	const char *hardlink = archive_entry_hardlink(r->entry);
	mode_t format = archive_entry_filetype(r->entry);

	if (hardlink) {
		m->type = MEMBER_HARDLINK;
		return name_clean(hardlink, r->limits->max_name, m->target, e);
	}
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (types[i].format != format)
			continue;
		m->type = types[i].type;
		if (m->type == MEMBER_SYMLINK)
			return copy_text(m->target, sizeof(m->target),
					 archive_entry_symlink(r->entry), m->path, "target", e);
		return 0;
	}
	return err_set(e, ERR_INVALID, "%s: its type is unknown", quoted(m->path).text);
}

static int take_xattrs(struct reader *r, struct member *m, struct err *e)
{
	struct member_xattr x;

	m->xattrs_len = 0;
	archive_entry_xattr_reset(r->entry);
	while (archive_entry_xattr_next(r->entry, &x.name, &x.value, &x.len) == ARCHIVE_OK) {
		if (m->xattrs_len == MEMBER_XATTRS)
			return err_set(e, ERR_INVALID, "%s: more than %d extended attributes",
				       quoted(m->path).text, MEMBER_XATTRS);
		if (x.len > r->limits->max_xattr)
			return err_set(e, ERR_INVALID,
				       "%s: an extended attribute is larger than %llu bytes "
				       "(max_xattr)",
				       quoted(m->path).text,
				       (unsigned long long)r->limits->max_xattr);
		m->xattrs[m->xattrs_len++] = x;
	}
	return 0;
}

static void take_times(const struct reader *r, struct member *m)
{
	struct archive_entry *entry = r->entry;

	m->mtime.tv_sec = archive_entry_mtime(entry);
	m->mtime.tv_nsec = archive_entry_mtime_nsec(entry);
	m->atime = m->mtime;
	if (archive_entry_atime_is_set(entry)) {
		m->atime.tv_sec = archive_entry_atime(entry);
		m->atime.tv_nsec = archive_entry_atime_nsec(entry);
	}
}

static int check_ids(const struct reader *r, const struct member *m, struct err *e)
{
	int64_t uid = archive_entry_uid(r->entry), gid = archive_entry_gid(r->entry);

	/* -1 means "leave it" to chown(). */
	if (uid < 0 || gid < 0 || uid >= UINT32_MAX || gid >= UINT32_MAX)
		return err_set(e, ERR_INVALID, "%s: its owner %lld:%lld is out of range",
			       quoted(m->path).text, (long long)uid, (long long)gid);
	return 0;
}

static int take_member(struct reader *r, struct member *m, struct err *e)
{
	const char *path = archive_entry_pathname(r->entry);
	int64_t size = archive_entry_size(r->entry);
	int n;

	if (!path)
		return err_set(e, ERR_INVALID, "a member's name can't be read");
	n = name_clean(path, r->limits->max_name, m->path, e);
	if (n == 0)
		n = take_type(r, m, e);
	if (n == 0)
		n = take_xattrs(r, m, e);
	if (n == 0)
		n = check_ids(r, m, e);
	if (n < 0)
		return n;
	if (size < 0 || (uint64_t)size > r->limits->max_bytes)
		return err_set(e, ERR_INVALID, "%s: its size is more than %llu bytes (max_bytes)",
			       quoted(m->path).text, (unsigned long long)r->limits->max_bytes);
	m->size = (uint64_t)size;
	m->mode = archive_entry_perm(r->entry) & 07777;
	m->uid = (uid_t)archive_entry_uid(r->entry);
	m->gid = (gid_t)archive_entry_gid(r->entry);
	m->device = archive_entry_rdev(r->entry);
	take_times(r, m);
	return 1;
}

int reader_next(struct reader *r, struct member *ret, struct err *e)
{
	int n;

	if (!r->opened) {
		r->opened = true;
		if (archive_read_open(r->archive, r, NULL, read_source, NULL) != ARCHIVE_OK)
			return failure(r, e);
	}
	n = archive_read_next_header(r->archive, &r->entry);
	if (n == ARCHIVE_EOF)
		return 0;
	/* ARCHIVE_WARN is a name that isn't ASCII, which is taken as the bytes that it is. */
	if (n != ARCHIVE_OK && n != ARCHIVE_WARN)
		return failure(r, e);
	if (++r->entries > r->limits->max_entries)
		return err_set(e, ERR_INVALID,
			       "the archive has more than %llu members (max_entries)",
			       (unsigned long long)r->limits->max_entries);
	return take_member(r, ret, e);
}

int reader_data(struct reader *r, struct reader_block *ret, struct err *e)
{
	la_int64_t offset = 0;
	size_t len = 0;
	int n = archive_read_data_block(r->archive, &ret->bytes, &len, &offset);

	if (n == ARCHIVE_EOF)
		return 0;
	if (n != ARCHIVE_OK && n != ARCHIVE_WARN)
		return failure(r, e);
	ret->len = len;
	ret->offset = (uint64_t)offset;
	ret->position = (uint64_t)archive_filter_bytes(r->archive, 0);
	return 1;
}

int reader_drain(struct reader *r, struct err *e)
{
	const void *bytes;
	ssize_t n;

	do
		n = next_chunk(r, &bytes, e);
	while (n > 0);
	return (int)n;
}
