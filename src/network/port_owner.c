/* SPDX-License-Identifier: BSD-2-Clause */
/* Who has a port: a container, by what is written down of it; else a process, by the kernel's list
 * of sockets (proc_net(5)) and everybody's descriptors. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "kernel/process.h"
#include "network/port.h"

#define LIST_MAX ((size_t)64 << 20)

enum { TCP_LISTENS = 10 };

static bool is_any(const char *ip)
{
	return text_empty(ip) || text_eq(ip, "0.0.0.0") || text_eq(ip, "::");
}

static bool publishes(const struct network_status *st, const struct network_port *p, int64_t port)
{
	for (size_t i = 0; i < st->ports.n; i++) {
		const struct network_port *q = &st->ports.v[i];

		if (text_eq(q->protocol, p->protocol) && q->host_port <= port &&
		    port < q->host_port + (q->range > 1 ? q->range : 1) &&
		    (is_any(p->host_ip) || is_any(q->host_ip) || text_eq(p->host_ip, q->host_ip)))
			return true;
	}
	return false;
}

static const char *find_container(const struct state *s, struct arena *a, const char *id,
				  const struct network_port *p, int64_t port)
{
	struct network_statuses all = { 0 };

	if (network_status_list(s, a, &all, NULL) < 0)
		return NULL;
	for (size_t i = 0; i < all.n; i++) {
		const struct network_status *st = &all.v[i];
		bool lives = st->pid == 0 || kernel_is_alive((pid_t)st->pid, st->start_time);

		if (lives && !text_eq(st->id, id) && publishes(st, p, port))
			return arena_printf(a, " by container %s", st->name ? st->name : st->id);
	}
	return NULL;
}

/* The inode of a socket bound to the port, of a list of the kernel's; 0: none. */
static unsigned long find_inode(const char *list, int64_t port, bool listening)
{
	auto_free char *text = NULL;
	char *line, *next;

	if (file_read_at(AT_FDCWD, list, LIST_MAX, &text, NULL, NULL) < 0)
		return 0;
	for (line = text; line && *line; line = next) {
		unsigned long inode;
		unsigned local, state;

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (sscanf(line, " %*u: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f:] %x %*s %*s %*s %*u %*u %lu",
			   &local, &state, &inode) == 3 &&
		    local == port && (!listening || state == TCP_LISTENS) && inode)
			return inode;
	}
	return 0;
}

static unsigned long find_socket(const struct network_port *p, int64_t port)
{
	bool udp = text_eq(p->protocol, "udp");
	unsigned long inode = 0;

	if (text_eq(p->protocol, "sctp"))
		return 0;
	inode = find_inode(udp ? "/proc/net/udp" : "/proc/net/tcp", port, !udp);
	return inode ? inode : find_inode(udp ? "/proc/net/udp6" : "/proc/net/tcp6", port, !udp);
}

static bool has_socket(int proc, const char *pid, const char *link)
{
	char path[300], target[64];
	struct dirent *d;
	bool found = false;
	DIR *dir;
	int fd;

	snprintf(path, sizeof(path), "%s/fd", pid);
	fd = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return false;
	while (!found && (d = readdir(dir))) {
		ssize_t n = readlinkat(fd, d->d_name, target, sizeof(target) - 1);

		target[n < 0 ? 0 : n] = '\0';
		found = strcmp(target, link) == 0;
	}
	closedir(dir);
	return found;
}

static const char *describe(struct arena *a, int proc, const char *pid)
{
	auto_free char *name = NULL;
	char path[300];

	snprintf(path, sizeof(path), "%s/comm", pid);
	if (file_read_at(proc, path, 64, &name, NULL, NULL) < 0)
		return arena_printf(a, " by process %s", pid);
	name[strcspn(name, "\n")] = '\0';
	return arena_printf(a, " by process %s (%s)", pid, name);
}

static const char *find_process(struct arena *a, unsigned long inode)
{
	const char *found = NULL;
	struct dirent *d;
	char link[64];
	DIR *proc = opendir("/proc");

	if (!proc)
		return NULL;
	snprintf(link, sizeof(link), "socket:[%lu]", inode);
	while (!found && (d = readdir(proc)))
		if (d->d_name[0] >= '1' && d->d_name[0] <= '9' &&
		    has_socket(dirfd(proc), d->d_name, link))
			found = describe(a, dirfd(proc), d->d_name);
	closedir(proc);
	return found;
}

const char *port_owner(const struct state *s, struct arena *a, const char *id,
		       const struct network_port *p, int64_t i)
{
	const char *found = find_container(s, a, id, p, p->host_port + i);
	unsigned long inode = found ? 0 : find_socket(p, p->host_port + i);

	if (inode)
		found = find_process(a, inode);
	return found ? found : "";
}

bool port_has_listener(const struct network_port *p, int64_t i)
{
	return find_socket(p, p->host_port + i) != 0;
}
