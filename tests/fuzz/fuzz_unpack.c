/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as a layer, into a tree.  Whatever they are, the tree stays inside its folder, the same
 * bytes make the same digest, and a recipe that was written makes the very tar again unless it said
 * that it can't.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "unpack/assemble.h"
#include "unpack/extract.h"
#include "unpack/tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const struct unpack_request request = {
	.mode = UNPACK_LAYER,
	.ids = UNPACK_IDS_SQUASH,
	.skip_nodes = true,
	.limits = { .max_bytes = 4 << 20,
		    .max_ratio = 50,
		    .max_entries = 300,
		    .max_name = 4095,
		    .max_xattr = 4096 },
};

/* Mutations break the sums of headers, and nothing behind them would ever be tried. */
static void mend_sums(uint8_t *data, size_t len)
{
	for (uint8_t *h = data; len >= 512; h += 512, len -= 512) {
		unsigned sum = 0;

		if (memcmp(h + 257, "ustar", 5) != 0)
			continue;
		memset(h + 148, ' ', 8);
		for (int i = 0; i < 512; i++)
			sum += h[i];
		snprintf((char *)h + 148, 8, "%06o", sum & 0777777);
	}
}

static int memory_file(const void *data, size_t len)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || (len && write(fd, data, len) != (ssize_t)len) || lseek(fd, 0, SEEK_SET) != 0)
		abort();
	return fd;
}

static int extract(int in, int tree, int recipe, struct unpack_result *result, struct err *e)
{
	struct report report = { .fd = -1 };
	AUTO(recipe_writer) writer = recipe_writer_new(recipe);
	AUTO(source)
	source = source_new(&(struct source_new){ .fd = in, .limits = &request.limits });
	AUTO(reader) reader = reader_new(source, &request.limits, writer);
	struct sink *sink = tree_new(&(struct tree_new){ .root = tree,
							 .lower = -1,
							 .request = &request,
							 .report = &report,
							 .recipe = writer,
							 .result = result },
				     e);
	int r = extract_run(&(struct extract){ .source = source,
					       .reader = reader,
					       .sink = sink,
					       .request = &request,
					       .recipe = writer,
					       .result = result },
			    e);

	sink->ops->free(sink);
	return r;
}

static void check_recipe(int recipe, int tree, const struct unpack_result *result)
{
	auto_close int again = memory_file(NULL, 0);
	struct unpack_result other = { 0 };
	struct err e;
	AUTO(outlet) out = outlet_new(again, &(struct unpack_request){ 0 }, NULL, &e);

	if (lseek(recipe, 0, SEEK_SET) != 0)
		abort();
	if (assemble_run(recipe, tree, out, &other, &e) == 0)
		return;
	fprintf(stderr, "the recipe fails: %s\n", e.msg);
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char outside[] = "/dev/shm/berth-fuzz-XXXXXX";
	auto_free uint8_t *mended = malloc(len + 1);
	auto_close int in = -1, recipe = memory_file(NULL, 0), dir = -1, tree = -1,
		       was = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct unpack_result result = { 0 };
	struct stat st;
	struct err e;

	if (!mended)
		abort();
	memcpy(mended, data, len);
	mend_sums(mended, len);
	in = memory_file(mended, len);
	if (!mkdtemp(outside))
		abort();
	dir = open(outside, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (mkdirat(dir, "tree", 0755) < 0)
		abort();
	tree = openat(dir, "tree", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (extract(in, tree, recipe, &result, &e) == 0 && !result.recipe_lost)
		check_recipe(recipe, tree, &result);
	/* "." and "..", and the tree: two entries would be one too many. */
	if (fstat(dir, &st) < 0 || st.st_nlink != 3)
		abort();
	/* Attributes are set in the current directory. */
	if (fchdir(was) < 0 || file_remove_tree_at(AT_FDCWD, outside, &e) < 0)
		abort();
	return 0;
}
