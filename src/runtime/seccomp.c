/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cache: a file HASH.bpf holds what a program was compiled from and the program.  The hash only
 * finds the file; what it was compiled from is compared whole, so that no profile can be made to
 * collide with another.
 *
 *	struct entry, key, struct sock_filter[]
 */
#include "runtime/seccomp.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include "base/file.h"
#include "base/log.h"
#include "runtime/seccomp_arch.h"

#define WAIT_KILLABLE_RECV (1U << 5) /* Linux 5.19 */

#define KEY_MAX   (1U << 20)
#define ENTRY_MAX (KEY_MAX + 64 * 1024)

/* Raised when the same profile compiles to something else. */
#define ENTRY_FORMAT "berth-seccomp-3"

struct entry {
	char format[16];
	uint64_t sum; /* of all that follows */
	uint32_t key_len, program_len;
};

/* FNV-1a by words. Nothing rests on it: see above. */
static uint64_t hash(const void *data, size_t len, uint64_t h)
{
	const char *bytes = data;

	for (size_t i = 0; i < len; i += sizeof(uint64_t)) {
		uint64_t word = 0;

		memcpy(&word, bytes + i, len - i < sizeof(word) ? len - i : sizeof(word));
		h = (h ^ word) * 0x100000001b3ULL;
		h ^= h >> 32;
	}
	return h;
}

#define HASH_START 0xcbf29ce484222325ULL

static void key_errno(struct buf *key, int action, const uint64_t *errno_ret)
{
	buf_addf(key, "%d", action);
	if (errno_ret)
		buf_addf(key, "=%llu", (unsigned long long)*errno_ret);
	buf_addc(key, '\n');
}

static void key_texts(struct buf *key, const struct texts *list)
{
	for (size_t i = 0; i < list->n; i++) {
		uint32_t len = (uint32_t)strlen(list->v[i]);

		buf_add(key, &len, sizeof(len)); /* so that no name can pose as two */
		buf_add(key, list->v[i], len);
	}
	buf_addc(key, '\n');
}

/* All that the program depends on. */
static void write_key(struct buf *key, const struct oci_seccomp *s)
{
	buf_adds(key, BERTH_VERSION "\n");
	buf_adds(key, seccomp_native_arch());
	buf_addc(key, '\n');
	key_errno(key, s->default_action, s->default_errno_ret);
	key_texts(key, &s->architectures);
	for (size_t i = 0; i < s->syscalls.n; i++) {
		const struct oci_seccomp_rule *rule = &s->syscalls.v[i];

		key_errno(key, rule->action, rule->errno_ret);
		key_texts(key, &rule->names);
		for (size_t k = 0; k < rule->args.n; k++) {
			const struct oci_seccomp_arg *arg = &rule->args.v[k];

			buf_addf(key, "%llu %d %llu %llu\n", (unsigned long long)arg->index,
				 arg->op, (unsigned long long)arg->value,
				 (unsigned long long)arg->value_two);
		}
	}
}

struct name {
	char text[32];
};

static struct name name_of(const struct buf *key)
{
	struct name n;

	snprintf(n.text, sizeof(n.text), "%016llx.bpf",
		 (unsigned long long)hash(key->data, key->len, HASH_START));
	return n;
}

static uint64_t sum_of(const struct buf *key, const void *program, size_t program_bytes)
{
	return hash(program, program_bytes, hash(key->data, key->len, HASH_START));
}

static bool find(struct arena *a, int cache, const struct buf *key, struct seccomp_filter *ret)
{
	auto_free char *text = NULL;
	struct entry head;
	size_t len, program_bytes;
	struct err e;

	if (file_read_at(cache, name_of(key).text, ENTRY_MAX, &text, &len, &e) < 0 ||
	    len < sizeof(head))
		return false;
	memcpy(&head, text, sizeof(head));
	program_bytes = (size_t)head.program_len * sizeof(struct sock_filter);
	if (memcmp(head.format, ENTRY_FORMAT, sizeof(head.format)) != 0 ||
	    head.key_len != key->len || len != sizeof(head) + key->len + program_bytes ||
	    memcmp(text + sizeof(head), key->data, key->len) != 0 ||
	    head.sum != sum_of(key, text + sizeof(head) + key->len, program_bytes))
		return false;
	ret->program = arena_copy(a, text + sizeof(head) + key->len, program_bytes);
	ret->len = head.program_len;
	ret->cached = true;
	return true;
}

static void keep(int cache, const struct buf *key, const struct seccomp_filter *f)
{
	size_t program_bytes = f->len * sizeof(struct sock_filter);
	auto_buf entry = BUF(ENTRY_MAX);
	struct entry head = { .format = ENTRY_FORMAT };
	struct err ignored;

	head.key_len = (uint32_t)key->len;
	head.program_len = (uint32_t)f->len;
	head.sum = sum_of(key, f->program, program_bytes);
	buf_add(&entry, &head, sizeof(head));
	buf_add(&entry, key->data, key->len);
	buf_add(&entry, f->program, program_bytes);
	if (!entry.failed)
		file_replace_at(cache, name_of(key).text, entry.data, entry.len,
				&(struct file_write){ .mode = 0600 }, &ignored);
}

static const struct {
	const char *name;
	unsigned flag;
} flags[] = {
	{ "SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC },
	{ "SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG },
	{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW },
	{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", WAIT_KILLABLE_RECV },
};

static int read_flags(const struct oci_seccomp *s, struct seccomp_filter *ret, struct err *e)
{
	/* Unless told otherwise, the filter does not slow the container down by mitigations that
	 * the rest of the machine has switched off as well. */
	unsigned all = s->flags.v ? 0 : SECCOMP_FILTER_FLAG_SPEC_ALLOW;

	for (size_t i = 0; i < s->flags.n; i++) {
		size_t k = 0;

		while (k < ARRAY_LEN(flags) && strcmp(flags[k].name, s->flags.v[i]) != 0)
			k++;
		if (k == ARRAY_LEN(flags))
			return err_set(e, ERR_INVALID, "linux.seccomp.flags: unknown flag \"%s\"",
				       s->flags.v[i]);
		all |= flags[k].flag;
	}
	for (size_t i = 0; i < s->syscalls.n; i++)
		if (s->syscalls.v[i].action == OCI_ACT_NOTIFY)
			ret->notifies = true;
	/* Without a listener it means nothing, and the kernel refuses it. */
	if (ret->notifies)
		all |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	else
		all &= ~WAIT_KILLABLE_RECV;
	if (ret->notifies && (all & SECCOMP_FILTER_FLAG_TSYNC))
		all |= SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
	ret->flags = all;
	/* As runc counts them: a process of one thread has none to synchronize with. */
	log_debug("seccomp filter flags: %u",
		  all & ~(unsigned)(SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH));
	return 0;
}

int seccomp_prepare(struct arena *a, const struct oci_seccomp *s, int cache,
		    struct seccomp_filter *ret, struct err *e)
{
	struct seccomp_filter f = { 0 };
	auto_buf key = BUF(KEY_MAX);
	int r;

	if (!s) {
		*ret = f;
		return 0;
	}
	r = read_flags(s, &f, e);
	if (r < 0)
		return r;
	write_key(&key, s);
	r = buf_check(&key, "the seccomp profile", e);
	if (r < 0)
		return r;
	if (cache < 0 || !find(a, cache, &key, &f)) {
		r = seccomp_compile(a, s, &f.program, &f.len, e);
		if (r < 0)
			return r;
		if (cache >= 0)
			keep(cache, &key, &f);
	}
	*ret = f;
	return 0;
}

int seccomp_install(const struct seccomp_filter *f, int *ret_listener, struct err *e)
{
	struct sock_fprog program = { .len = (unsigned short)f->len,
				      .filter = (struct sock_filter *)f->program };
	long r;

	*ret_listener = -1;
	if (!f->program)
		return 0;
	r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, f->flags, &program);
	if (r < 0)
		return err_sys(e, "load the seccomp filter");
	if (f->notifies)
		*ret_listener = (int)r;
	return 0;
}

static int connect_to(const char *path, struct err *e)
{
	auto_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	if (fd < 0)
		return err_sys(e, "socket");
	if (strlen(path) >= sizeof(to.sun_path))
		return err_set(e, ERR_INVALID, "linux.seccomp.listenerPath: \"%s\" is too long",
			       path);
	memcpy(to.sun_path, path, strlen(path));
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		return err_sys(e,
			       "linux.seccomp.listenerPath: failed to connect with seccomp agent "
			       "%s",
			       path);
	return take_fd(fd);
}

int seccomp_send_listener(const char *path, int listener, const char *state, size_t len,
			  struct err *e)
{
	auto_close int fd = connect_to(path, e);
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec part = { (char *)state, len };
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);
	ssize_t sent;

	if (fd < 0)
		return fd;
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &listener, sizeof(int));
	/* The descriptor goes with the first bytes, whatever follows. */
	sent = sendmsg(fd, &message, MSG_NOSIGNAL);
	if (sent < 0)
		return err_sys(e, "linux.seccomp.listenerPath: send to seccomp agent %s", path);
	if ((size_t)sent < len && file_write_all(fd, state + sent, len - (size_t)sent) < 0)
		return err_sys(e, "linux.seccomp.listenerPath: send to seccomp agent %s", path);
	return 0;
}
