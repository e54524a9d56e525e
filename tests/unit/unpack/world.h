/* SPDX-License-Identifier: BSD-2-Clause */
/* An empty directory, what is asked of unpack, and the extraction of a tar into it. */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "base/file.h"
#include "tar.h"
#include "unit.h"
#include "unpack/extract.h"
#include "unpack/tree.h"

static struct world {
	char path[32];
	int dir, lower;
	struct unpack_request request;
	struct unpack_result result;
	struct report report;
	struct err e;
	struct buf tar;
} w;

static inline int world_setup(void **state)
{
	setlocale(LC_CTYPE, "C");
	w = (struct world){ .path = "/tmp/berth-unpack-XXXXXX", .report.fd = -1, .lower = -1 };
	w.tar = BUF(TAR_MAX);
	w.request = (struct unpack_request){
		.mode = UNPACK_LAYER,
		.ids = UNPACK_IDS_SQUASH,
		.limits = { .max_bytes = 1 << 30,
			    .max_ratio = 100,
			    .max_entries = 1000,
			    .max_name = 4095,
			    .max_xattr = 65536 },
	};
	if (!mkdtemp(w.path))
		return -1;
	w.dir = open(w.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return w.dir < 0 ? -1 : 0;
}

static inline int world_teardown(void **state)
{
	close(w.dir);
	buf_free(&w.tar);
	return file_remove_tree_at(AT_FDCWD, w.path, &w.e);
}

/* Extracts what was added to w.tar. */
static inline int unpack_with(struct recipe_writer *recipe)
{
	auto_close int fd = tar_fd(&w.tar);
	AUTO(source)
	source = source_new(&(struct source_new){
		.fd = fd,
		.compression = w.request.compression,
		.limits = &w.request.limits,
	});
	AUTO(reader) reader = reader_new(source, &w.request.limits, recipe);
	struct sink *sink = tree_new(&(struct tree_new){ .root = w.dir,
							 .lower = w.lower,
							 .request = &w.request,
							 .report = &w.report,
							 .recipe = recipe,
							 .result = &w.result },
				     &w.e);
	int r = extract_run(&(struct extract){ .source = source,
					       .reader = reader,
					       .sink = sink,
					       .request = &w.request,
					       .recipe = recipe,
					       .result = &w.result },
			    &w.e);

	sink->ops->free(sink);
	return r;
}

static inline int unpack(void)
{
	tar_end(&w.tar);
	return unpack_with(NULL);
}

static inline struct stat look(const char *name)
{
	struct stat st = { 0 };

	if (fstatat(w.dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		st.st_mode = 0;
	return st;
}

static inline void assert_text(const char *name, const char *text)
{
	auto_free char *found = NULL;

	assert_int_equal(file_read_at(w.dir, name, 1 << 20, &found, NULL, &w.e), 0);
	assert_string_equal(found, text);
}

#define assert_refused(words)                            \
	do {                                             \
		assert_true(unpack() < 0);               \
		assert_non_null(strstr(w.e.msg, words)); \
	} while (0)
