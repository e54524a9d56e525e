/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * With --rm the container's directories are deleted after the one who ran it has gone on: he has
 * put them into the trash, where the next command's sweep finds them too, should this process be
 * killed.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "monitor/supervisor.h"

/* The name is believed if what it names is the directory that we hold. */
static void delete (int dir, const char *name)
{
	struct stat held, there;
	int parent;

	if (!memchr(name, '\0', sizeof(((struct attach_trash *)0)->lib)) || !*name)
		return;
	parent = openat(dir, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (parent < 0)
		return;
	if (fstat(dir, &held) == 0 && fstatat(parent, name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	    held.st_ino == there.st_ino && held.st_dev == there.st_dev)
		file_remove_tree_at(parent, name, NULL);
	close(parent);
}

void trash_delete(const struct supervisor *s)
{
	/* Sweepers leave alone what is locked. */
	if (flock(s->h.run_dir, LOCK_EX | LOCK_NB) == 0)
		delete (s->h.run_dir, s->trash.run);
	if (flock(s->h.lib_dir, LOCK_EX | LOCK_NB) == 0)
		delete (s->h.lib_dir, s->trash.lib);
}
