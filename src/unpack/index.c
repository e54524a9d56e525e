/* SPDX-License-Identifier: BSD-2-Clause */
#include "unpack/index.h"

#include <archive.h>
#include <archive_entry.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unpack/name.h"
#include "unpack/source.h"

#define BLOCK (64 << 10)

/* Its place is known when its first block was given. */
static int find_contents(struct archive *a, struct archive_entry *entry,
			 struct unpack_member_message *ret, struct err *e)
{
	const void *bytes;
	la_int64_t offset;
	size_t len;

	if (ret->size == 0)
		return 0;
	if (archive_read_data_block(a, &bytes, &len, &offset) != ARCHIVE_OK)
		return err_set(e, ERR_INVALID, "the archive is damaged: %s",
			       quoted(archive_error_string(a)).text);
	ret->offset = (uint64_t)archive_filter_bytes(a, 0);
	return 0;
}

/* Names are what tar has, so that they can be compared with those of a manifest; no paths. */
static int add_member(struct archive *a, struct archive_entry *entry,
		      const struct unpack_request *how, struct report *report, struct err *e)
{
	const char *name = archive_entry_pathname(entry), *link = archive_entry_hardlink(entry);
	struct unpack_member_message m = { 0 };
	char clean[PATH_MAX];

	if (!link)
		link = archive_entry_symlink(entry);
	if (!name || (!link && archive_entry_filetype(entry) != AE_IFREG))
		return 0;
	if (archive_entry_sparse_count(entry) > 0)
		return err_set(e, ERR_UNSUPPORTED, "%s is a sparse file inside the archive",
			       quoted(name).text);
	if (name_clean(name, how->limits.max_name, clean, e) < 0)
		return -e->code;
	m.size = link ? 0 : (uint64_t)archive_entry_size(entry);
	m.name_len = (uint32_t)strlen(clean) + 1;
	m.link_len = link ? (uint32_t)strlen(link) + 1 : 0;
	if (find_contents(a, entry, &m, e) < 0)
		return -e->code;
	return report_member(report, &m, clean, link, e);
}

static int list(struct archive *a, const struct unpack_request *how, struct report *report,
		struct unpack_result *ret, struct err *e)
{
	struct archive_entry *entry;
	int r;

	while ((r = archive_read_next_header(a, &entry)) == ARCHIVE_OK || r == ARCHIVE_WARN) {
		if (++ret->entries > how->limits.max_entries)
			return err_set(e, ERR_INVALID,
				       "the archive has more than %llu members "
				       "(max_entries)",
				       (unsigned long long)how->limits.max_entries);
		if (add_member(a, entry, how, report, e) < 0)
			return -e->code;
	}
	if (r != ARCHIVE_EOF)
		return err_set(e, ERR_INVALID, "the archive is damaged: %s",
			       quoted(archive_error_string(a)).text);
	return report_members_end(report, e);
}

int index_run(int fd, const struct unpack_request *how, struct report *report,
	      struct unpack_result *ret, struct err *e)
{
	uint8_t magic[SOURCE_MAGIC_MAX] = { 0 };
	struct archive *a;
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(e, ERR_UNSUPPORTED, "the archive is not a regular file");
	if (pread(fd, magic, sizeof(magic), 0) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(e, "read the archive");
	ret->compression = source_detect(magic, sizeof(magic));
	ret->bytes = ret->tar_bytes = (uint64_t)st.st_size;
	if (ret->compression != UNPACK_PLAIN)
		return err_set(e, ERR_UNSUPPORTED, "the archive is compressed");
	a = archive_read_new();
	if (!a || archive_read_support_format_tar(a) != ARCHIVE_OK)
		abort();
	if (archive_read_open_fd(a, fd, BLOCK) == ARCHIVE_OK)
		r = list(a, how, report, ret, e);
	else
		r = err_set(e, ERR_INVALID, "the archive can't be read: %s",
			    quoted(archive_error_string(a)).text);
	archive_read_free(a);
	return r;
}
