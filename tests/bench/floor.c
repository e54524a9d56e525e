/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The floor under every container engine here: the system calls of a container's start and end, and
 * nothing else.  `floor LOWER UPPER WORK MERGED PROGRAM` runs PROGRAM of the folder LOWER in new
 * mount, pid, ipc, uts, net and cgroup namespaces, on an overlay, with /proc and a tmpfs on /dev.
 */
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void must(int r, const char *what)
{
	if (r >= 0)
		return;
	perror(what);
	_exit(125);
}

static void inside(char **argv)
{
	char options[3 * 4096];
	char *const program[] = { argv[5], NULL };
	char *const env[] = { NULL };

	snprintf(options, sizeof(options), "lowerdir=%s,upperdir=%s,workdir=%s", argv[1], argv[2],
		 argv[3]);
	must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "make mounts private");
	must(mount("overlay", argv[4], "overlay", 0, options), "mount overlay");
	must(chdir(argv[4]), "chdir");
	must(mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL), "mount proc");
	must(mount("tmpfs", "dev", "tmpfs", MS_NOSUID, "mode=755"), "mount dev");
	must((int)syscall(SYS_pivot_root, ".", "."), "pivot_root");
	must(umount2(".", MNT_DETACH), "umount the old root");
	must(chdir("/"), "chdir /");
	must(execve(argv[5], program, env), "exec");
}

int main(int argc, char **argv)
{
	struct clone_args how = {
		.flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET |
			 CLONE_NEWCGROUP,
		.exit_signal = SIGCHLD,
	};
	int status;
	pid_t pid;

	if (argc != 6) {
		fprintf(stderr, "usage: floor LOWER UPPER WORK MERGED PROGRAM\n");
		return 125;
	}
	pid = (pid_t)syscall(SYS_clone3, &how, sizeof(how));
	must(pid, "clone3");
	if (pid == 0)
		inside(argv);
	must(waitpid(pid, &status, 0), "wait");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
