/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lists everything below / as a container sees it, one line a file, for two engines to be compared
 * by diff: type, mode, owners, links, device, size, time to the nanosecond, target, content's hash,
 * extended attributes; names quoted.  Static, so that it runs in any image.  What engines put there
 * themselves (/proc, /sys, /dev, /etc/hosts …) is left out.
 */
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ATTRIBUTES_MAX 65536

static const char *const skipped[] = { "/proc",      "/sys",
				       "/dev",       "/run",
				       "/etc/hosts", "/etc/hostname",
				       "/etc/mtab",  "/etc/resolv.conf",
				       "/list-tree" };

static void print_bytes(const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)bytes[i];

		if (c <= ' ' || c >= 127 || c == '\\')
			printf("\\%03o", c);
		else
			putchar(c);
	}
}

/* FNV-1a: nobody is being deceived here. */
static uint64_t hash_of(const char *path)
{
	uint64_t h = 0xcbf29ce484222325ULL;
	static unsigned char chunk[1 << 16];
	int fd = open(path, O_RDONLY | O_NOFOLLOW);
	ssize_t n;

	if (fd < 0)
		return 0;
	while ((n = read(fd, chunk, sizeof(chunk))) > 0)
		for (ssize_t i = 0; i < n; i++)
			h = (h ^ chunk[i]) * 0x100000001b3ULL;
	close(fd);
	return h;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void print_attributes(const char *path)
{
	static char names[ATTRIBUTES_MAX], value[ATTRIBUTES_MAX];
	ssize_t len = llistxattr(path, names, sizeof(names));
	char *sorted[256];
	size_t n = 0;

	for (char *name = names; len > 0 && name < names + len && n < 256; name += strlen(name) + 1)
		sorted[n++] = name;
	qsort(sorted, n, sizeof(*sorted), by_name);
	for (size_t i = 0; i < n; i++) {
		ssize_t size = lgetxattr(path, sorted[i], value, sizeof(value));

		printf(" %s=", sorted[i]);
		print_bytes(value, size > 0 ? (size_t)size : 0);
	}
}

static void print_file(const char *path, const struct stat *st)
{
	static char target[65536];

	print_bytes(path, strlen(path));
	printf(" %o %u:%u", st->st_mode, st->st_uid, st->st_gid);
	if (!S_ISDIR(st->st_mode))
		printf(" links=%lu size=%lld", (unsigned long)st->st_nlink, (long long)st->st_size);
	printf(" %lld.%09ld", (long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
	if (S_ISBLK(st->st_mode) || S_ISCHR(st->st_mode))
		printf(" dev=%u:%u", major(st->st_rdev), minor(st->st_rdev));
	if (S_ISREG(st->st_mode))
		printf(" hash=%016llx", (unsigned long long)hash_of(path));
	if (S_ISLNK(st->st_mode)) {
		ssize_t n = readlink(path, target, sizeof(target));

		printf(" -> ");
		print_bytes(target, n > 0 ? (size_t)n : 0);
	}
	print_attributes(path);
	putchar('\n');
}

static void walk(const char *path)
{
	struct dirent **entries;
	int n = scandir(*path ? path : "/", &entries, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		const char *name = entries[i]->d_name;
		char *below = NULL;
		struct stat st;
		size_t skip = 0;

		if (!strcmp(name, ".") || !strcmp(name, "..") ||
		    asprintf(&below, "%s/%s", path, name) < 0)
			continue;
		while (skip < sizeof(skipped) / sizeof(*skipped) && strcmp(below, skipped[skip]))
			skip++;
		if (skip == sizeof(skipped) / sizeof(*skipped) && lstat(below, &st) == 0) {
			print_file(below, &st);
			if (S_ISDIR(st.st_mode))
				walk(below);
		}
		free(below);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
}

int main(void)
{
	walk("");
	return 0;
}
