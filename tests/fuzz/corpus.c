/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stands in for libFuzzer: gives each file of the folders and files named on the command line to
 * the fuzz target once, so that what was ever found is tried by every compiler.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>

#include "base/file.h"

#define INPUT_MAX (16 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int try_file(int dir, const char *name)
{
	auto_free char *data = NULL;
	struct err e = { 0 };
	size_t len;

	if (file_read_at(dir, name, INPUT_MAX, &data, &len, &e) < 0) {
		fprintf(stderr, "%s\n", e.msg);
		return 1;
	}
	LLVMFuzzerTestOneInput((const uint8_t *)data, len);
	return 0;
}

static int try_folder(const char *path, int *tried)
{
	DIR *folder = opendir(path);
	int failed = 0;

	if (!folder) {
		perror(path);
		return 1;
	}
	for (const struct dirent *entry; (entry = readdir(folder));) {
		if (entry->d_name[0] == '.')
			continue;
		failed |= try_file(dirfd(folder), entry->d_name);
		(*tried)++;
	}
	closedir(folder);
	return failed;
}

int main(int argc, char **argv)
{
	struct stat st;
	int failed = 0, tried = 0;

	for (int i = 1; i < argc; i++) {
		if (stat(argv[i], &st) < 0 || !S_ISDIR(st.st_mode)) {
			failed |= try_file(AT_FDCWD, argv[i]);
			tried++;
		} else {
			failed |= try_folder(argv[i], &tried);
		}
	}
	printf("%d inputs\n", tried);
	return failed || !tried;
}
