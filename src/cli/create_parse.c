/* SPDX-License-Identifier: BSD-2-Clause */
/* From option texts to what is asked for. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/path.h"
#include "base/units.h"
#include "cli/create_args.h"
#include "engine/signals.h"

#define HOSTNAME_LEN 64 /* the kernel's __NEW_UTS_LEN */
#define ENV_FILE_MAX (16U << 20)
#define STOP_DEFAULT 10

/* "K=V"; "K" takes the host's value if it has one; "K*" all that begin so. */
static void add_env(struct arena *a, struct texts *env, const char *text)
{
	const char *value;
	size_t n = strlen(text);

	if (strchr(text, '=')) {
		texts_add(a, env, text);
		return;
	}
	if (n && text[n - 1] == '*') {
		for (char **v = environ; *v; v++)
			if (strncmp(*v, text, n - 1) == 0)
				texts_add(a, env, *v);
		return;
	}
	value = getenv(text);
	if (value)
		texts_addf(a, env, "%s=%s", text, value);
}

static int read_lines(struct arena *a, const char *path, struct texts *ret, struct err *e)
{
	auto_free char *text = NULL;
	struct texts lines;
	int r = file_read_at(AT_FDCWD, path, ENV_FILE_MAX, &text, NULL, e);

	if (r < 0)
		return r;
	lines = texts_split(a, text, '\n');
	for (size_t i = 0; i < lines.n; i++) {
		const char *line = lines.v[i] + strspn(lines.v[i], " \t");
		size_t n = strcspn(line, "\r");

		if (*line && *line != '#')
			texts_add(a, ret, arena_strndup(a, line, n));
	}
	return 0;
}

int env_args_parse(struct arena *a, const struct texts *files, const struct texts *env,
		   struct texts *ret, struct err *e)
{
	struct texts lines = { 0 };

	for (size_t i = 0; i < files->n; i++) {
		size_t before = lines.n;
		int r = read_lines(a, files->v[i], &lines, e);

		for (size_t k = before; r == 0 && k < lines.n; k++)
			if (*lines.v[k] == '=')
				r = err_set(e, ERR_INVALID, "invalid environment variable: \"%s\"",
					    lines.v[k]);
		if (r < 0)
			return err_wrap(e, "parsing env file \"%s\"", files->v[i]);
	}
	for (size_t i = 0; i < lines.n; i++)
		add_env(a, ret, lines.v[i]);
	for (size_t i = 0; i < env->n; i++) {
		if (*env->v[i] == '=' || !*env->v[i])
			return err_set(e, ERR_INVALID, "invalid environment variable: \"%s\"",
				       env->v[i]);
		add_env(a, ret, env->v[i]);
	}
	return 0;
}

/* The proxies, which both the image and the user may set otherwise. */
static void take_proxies(struct arena *a, const struct create_args *args, struct texts *env)
{
	static const char *const proxies[] = {
		"http_proxy", "https_proxy", "ftp_proxy", "no_proxy",
		"HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY"
	};

	for (size_t i = 0; args->http_proxy && i < ARRAY_LEN(proxies); i++)
		add_env(a, env, proxies[i]);
}

static void add_pair(struct arena *a, struct text_map *m, const char *text)
{
	size_t n = strcspn(text, "=");

	text_map_set(a, m, arena_strndup(a, text, n), text[n] ? arena_strdup(a, text + n + 1) : "");
}

static int add_label(struct arena *a, struct text_map *m, const char *text, struct err *e)
{
	if (!*text || *text == '=')
		return err_set(e, ERR_INVALID,
			       "unable to process labels: invalid label format: \"%s\"", text);
	add_pair(a, m, text);
	return 0;
}

static int parse_labels(struct arena *a, const struct create_args *args, struct container *c,
			struct err *e)
{
	struct texts lines = { 0 };
	int r = 0;

	for (size_t i = 0; i < args->label_file.n; i++) {
		r = read_lines(a, args->label_file.v[i], &lines, e);
		if (r < 0)
			return err_wrap(e, "unable to process labels");
	}
	for (size_t i = 0; r == 0 && i < lines.n; i++)
		r = add_label(a, &c->labels, lines.v[i], e);
	for (size_t i = 0; r == 0 && i < args->label.n; i++)
		r = add_label(a, &c->labels, args->label.v[i], e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < args->annotation.n; i++) {
		if (!strchr(args->annotation.v[i], '='))
			return err_set(e, ERR_INVALID,
				       "Annotation \"%s\" must be in the format K=V",
				       args->annotation.v[i]);
		add_pair(a, &c->annotations, args->annotation.v[i]);
	}
	return 0;
}

static bool is_ipc_sysctl(const char *name)
{
	static const char *const names[] = { "kernel.msgmax",      "kernel.msgmnb",
					     "kernel.msgmni",      "kernel.sem",
					     "kernel.shmall",      "kernel.shmmax",
					     "kernel.shmmni",      "kernel.shm_rmid_forced",
					     "kernel.msg_next_id", "kernel.sem_next_id",
					     "kernel.shm_next_id" };

	return text_index(name, names, ARRAY_LEN(names)) >= 0 || text_after(name, "fs.mqueue.");
}

/* Only those of a namespace that is the container's own: any other would be the host's. */
static int parse_sysctl(struct arena *a, const char *text, struct container *c, struct err *e)
{
	size_t n = strcspn(text, "=");
	const char *name = arena_strndup(a, text, n), *mode = NULL, *kind = NULL;

	if (!text[n] || n == 0)
		return err_set(e, ERR_INVALID,
			       "%s is invalid, sysctl values must be in the form of KEY=VALUE",
			       text);
	if (text_after(name, "net.")) {
		mode = c->namespaces.network;
		kind = "network";
	} else if (is_ipc_sysctl(name)) {
		mode = c->namespaces.ipc;
		kind = "IPC";
	} else {
		return err_set(e, ERR_INVALID, "sysctl '%s' is not allowed", name);
	}
	if (text_eq(mode, "host"))
		return err_set(e, ERR_INVALID,
			       "sysctl '%s' is not allowed in the host %s namespace", name, kind);
	text_map_set(a, &c->sysctls, name, arena_strdup(a, text + n + 1));
	return 0;
}

/* A word or a JSON list of words. */
static int parse_entrypoint(struct arena *a, const char *text, struct texts *ret, struct err *e)
{
	json_t *list;

	if (*text == '[' && json_parse(text, strlen(text), &list, NULL) == 0) {
		size_t i;
		json_t *v;

		json_array_foreach (list, i, v)
			if (json_is_string(v))
				texts_add(a, ret, arena_strdup(a, json_string_value(v)));
		json_decref(list);
		return 0;
	}
	if (*text)
		texts_add(a, ret, text);
	return 0;
}

static int check_mode(const char *what, const char *mode, const char *const *words, struct err *e)
{
	if (text_empty(mode))
		return 0;
	for (; *words; words++) {
		const char *rest = text_after(mode, *words);

		if (rest && (text_ends(*words, ":") ? *rest != '\0' : *rest == '\0'))
			return 0;
	}
	return err_set(e, ERR_INVALID, "invalid %s mode \"%s\"", what, mode);
}

static int parse_namespaces(const struct create_args *args, struct container *c, struct err *e)
{
	static const char *const usual[] = { "private", "host", "container:", "ns:", NULL };
	static const char *const ipc[] = { "private",    "host", "none", "shareable",
					   "container:", "ns:",  NULL };
	int r = check_mode("pid", args->pid, usual, e);

	if (r == 0)
		r = check_mode("uts", args->uts, usual, e);
	if (r == 0)
		r = check_mode("cgroup namespace", args->cgroupns, usual, e);
	if (r == 0)
		r = check_mode("ipc", args->ipc, ipc, e);
	if (r < 0)
		return r;
	c->namespaces = (struct container_namespaces){
		.pid = text_empty(args->pid) ? NULL : args->pid,
		.ipc = text_empty(args->ipc) ? NULL : args->ipc,
		.uts = text_empty(args->uts) ? NULL : args->uts,
		.cgroup = text_empty(args->cgroupns) ? NULL : args->cgroupns,
		.network = c->namespaces.network,
	};
	if (!text_empty(args->hostname) && !text_is_word(args->hostname))
		return err_set(e, ERR_INVALID, "invalid hostname: \"%s\"", args->hostname);
	if (args->hostname && strlen(args->hostname) > HOSTNAME_LEN)
		return err_set(e, ERR_INVALID, "hostname %s is longer than %d characters",
			       args->hostname, HOSTNAME_LEN);
	if (!text_empty(args->hostname) && c->namespaces.uts && strcmp(args->uts, "private") != 0)
		return err_set(e, ERR_INVALID,
			       "cannot set hostname when joining a UTS namespace: "
			       "invalid configuration");
	return 0;
}

static int parse_restart(struct arena *a, const struct create_args *args, struct container *c,
			 struct err *e)
{
	const char *max, *policy = args->restart;

	if (text_empty(policy) || strcmp(policy, "never") == 0) {
		c->restart = "no";
		return 0;
	}
	max = strchr(policy, ':');
	c->restart = max ? arena_strndup(a, policy, (size_t)(max - policy)) : policy;
	if (!container_restart_known(c->restart))
		return err_set(e, ERR_INVALID,
			       "\"%s\" is not a valid restart policy: invalid "
			       "restart policy",
			       policy);
	if (max && strcmp(c->restart, "on-failure") != 0)
		return err_set(e, ERR_INVALID,
			       "restart policy \"%s\": retries only go with "
			       "on-failure: invalid restart policy",
			       policy);
	if (max &&
	    text_to_int(max + 1, 0, INT32_MAX, &c->restart_max, "restart policy retries", e) < 0)
		return -EINVAL;
	if (args->remove && strcmp(c->restart, "no") != 0)
		return err_set(
			e, ERR_INVALID,
			"the --rm option conflicts with --restart, when the restartPolicy is "
			"not \"\" and \"no\"");
	return 0;
}

/* A file that is named now and used later, from wherever that is. */
static int take_path(struct arena *a, const char *path, const char **ret, struct err *e)
{
	char here[PATH_MAX];

	if (!path) {
		*ret = NULL;
		return 0;
	}
	if (*path != '/' && !getcwd(here, sizeof(here)))
		return err_sys(e, "find the working directory");
	*ret = path_clean(a, *path == '/' ? path : path_join(a, here, path));
	return 0;
}

/* Each becomes one line of a log, or of the journal. */
static bool has_control(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return true;
	return false;
}

static int parse_log(struct arena *a, const struct create_args *args, struct container *c,
		     struct err *e)
{
	c->log.driver = args->log_driver ? args->log_driver : "k8s-file";
	if (!container_log_driver_known(c->log.driver))
		return err_set(e, ERR_INVALID,
			       "running container create option: invalid log driver: invalid "
			       "argument");
	c->log.path = "ctr.log";
	for (size_t i = 0; i < args->log_opt.n; i++) {
		const char *opt = args->log_opt.v[i], *value;
		int r = 0;

		if ((value = text_after(opt, "path=")))
			r = *value ? take_path(a, value, &c->log.path, e)
				   : err_set(e, ERR_INVALID, "there is no path");
		else if ((value = text_after(opt, "tag=")))
			r = has_control(value)
				    ? err_set(e, ERR_INVALID, "there are control characters in it")
				    : (c->log.tag = value, 0);
		else if ((value = text_after(opt, "max-size=")))
			r = strcmp(value, "-1") == 0 ? (c->log.max_bytes = -1, 0)
						     : size_parse(value, &c->log.max_bytes, e);
		else
			r = err_set(e, ERR_INVALID, "unknown log option \"%s\"", opt);
		if (r < 0)
			return err_wrap(e, "--log-opt %s", opt);
	}
	if (strcmp(c->log.driver, "passthrough") == 0 && (args->tty || isatty(STDOUT_FILENO)))
		return err_set(e, ERR_INVALID,
			       "the '--log-driver passthrough' option cannot be used on a TTY");
	return 0;
}

static int check_number_set(const char *s)
{
	return *s && strspn(s, "01234567") == strlen(s) && strtoul(s, NULL, 8) <= 0777 ? 0
										       : -EINVAL;
}

static int check_conflicts(const struct create_args *args, struct err *e)
{
	if (args->replace && !args->name)
		return err_set(e, ERR_INVALID, "cannot replace container without --name being set");
	if (args->remove_image && !args->remove)
		return err_set(e, ERR_INVALID, "the --rmi option does not work without --rm");
	if (args->detach && args->attach.n)
		return err_set(e, ERR_INVALID,
			       "cannot specify --attach and --detach: invalid "
			       "configuration");
	if (args->platform && (args->arch || args->os))
		return err_set(e, ERR_INVALID,
			       "--platform option can not be specified with --arch or --os");
	if (args->umask && check_number_set(args->umask) < 0)
		return err_set(e, ERR_INVALID, "invalid umask string %s: invalid argument",
			       args->umask);
	if (args->working_dir_given && *args->working_dir != '/')
		return err_set(e, ERR_INVALID,
			       "the working directory \"%s\" is invalid, it needs to "
			       "be an absolute path",
			       args->working_dir);
	if (args->timeout < 0 || args->timeout > INT32_MAX)
		return err_set(e, ERR_INVALID, "--timeout %lld: it must not be negative",
			       (long long)args->timeout);
	for (size_t i = 0; i < args->attach.n; i++)
		if (strcmp(args->attach.v[i], "stdin") != 0 &&
		    strcmp(args->attach.v[i], "stdout") != 0 &&
		    strcmp(args->attach.v[i], "stderr") != 0)
			return err_set(e, ERR_INVALID,
				       "invalid stream \"%s\" for --attach - must be one of stdin, "
				       "stdout, or stderr",
				       args->attach.v[i]);
	return 0;
}

/* What is asked for is told apart by the kernel's names, in any case of letters. */
static int parse_personality(const char *text, struct container *c, struct err *e)
{
	static const char *const domains[] = { "LINUX", "LINUX32" };

	for (size_t i = 0; text && i < ARRAY_LEN(domains); i++)
		if (strcasecmp(text, domains[i]) == 0)
			c->personality = domains[i];
	if (!text || c->personality)
		return 0;
	return err_set(e, ERR_INVALID, "--personality %s: it is LINUX or LINUX32", text);
}

static int check_signal(const struct create_args *args, struct err *e)
{
	int number;

	return !text_empty(args->stop_signal) ? signal_parse(args->stop_signal, &number, e) : 0;
}

static int take_paths(struct arena *a, const struct create_args *args, struct container *c,
		      struct err *e)
{
	int r = take_path(a, args->cid_file, &c->cid_file, e);

	if (r == 0)
		r = take_path(a, args->pid_file, &c->pid_file, e);
	if (r == 0)
		r = take_path(a, args->monitor_pid_file, &c->monitor_pid_file, e);
	if (r == 0)
		r = take_path(a, args->init_path, &c->init_path, e);
	return r;
}

static void take_plain(struct arena *a, const struct create_args *args, struct container *c)
{
	c->name = args->name && *args->name == '/' ? args->name + 1 : args->name;
	c->tty = args->tty;
	c->interactive = args->interactive;
	c->auto_remove = args->remove;
	c->init = args->init || args->init_path;
	c->privileged = args->privileged;
	c->read_only = args->read_only;
	c->read_only_tmpfs = args->read_only_tmpfs;
	c->no_hosts = args->no_hosts;
	c->no_hostname = args->no_hostname;
	c->oom_kill_disable = args->oom_kill_disable;
	c->working_dir = args->working_dir ? path_clean(a, args->working_dir) : NULL;
	c->user = args->user;
	c->hostname = text_empty(args->hostname) ? NULL : args->hostname;
	c->domainname = args->domainname;
	c->stop_signal = text_empty(args->stop_signal) ? NULL : args->stop_signal;
	c->stop_timeout_sec = args->stop_timeout_given ? args->stop_timeout : STOP_DEFAULT;
	c->timeout_sec = args->timeout;
	c->umask = args->umask;
	c->timezone = args->timezone;
	c->group_add = args->group_add;
	c->requires = args->requires;
	c->no_passwd = !args->passwd;
	c->passwd_entry = args->passwd_entry;
	c->group_entry = args->group_entry;
	c->host_users = args->host_user;
	c->auto_remove_image = args->remove_image;
	c->cgroup_parent = args->cgroup_parent;
	c->cgroups_disabled = text_eq(args->cgroups, "disabled");
	c->device_rules = args->device_cgroup_rule;
	if (args->oom_score_adj_given)
		c->oom_score_adj = arena_copy(a, &args->oom_score_adj, sizeof(args->oom_score_adj));
}

int create_args_parse(struct arena *a, const struct create_args *args, int argc, const char **argv,
		      struct container_create *ret, struct err *e)
{
	struct container_create how = { 0 };
	struct container *c = &how.want;
	int r = check_conflicts(args, e);

	if (r == 0)
		r = check_signal(args, e);
	if (r == 0)
		r = take_paths(a, args, c, e);
	if (r < 0)
		return r;
	take_plain(a, args, c);
	for (int i = 1; i < argc; i++)
		texts_add(a, &c->command, argv[i]);
	if (args->entrypoint_given) {
		how.entrypoint_given = true;
		r = parse_entrypoint(a, args->entrypoint, &c->entrypoint, e);
	}
	for (char **v = environ; args->env_host && *v; v++)
		texts_add(a, &c->env, *v);
	if (r == 0)
		r = env_args_parse(a, &args->env_file, &args->env, &c->env, e);
	if (r == 0)
		r = parse_personality(args->personality, c, e);
	for (size_t i = 0; r == 0 && i < args->env_merge.n; i++)
		if (!strchr(args->env_merge.v[i], '=') || *args->env_merge.v[i] == '=')
			r = err_set(e, ERR_INVALID, "--env-merge %s: it is NAME=TEXT",
				    args->env_merge.v[i]);
	if (r == 0)
		r = parse_labels(a, args, c, e);
	if (r == 0)
		r = create_args_attach(a, args, &how, e);
	if (r == 0)
		r = parse_namespaces(args, c, e);
	if (r == 0)
		r = create_args_userns(a, args, &how, e);
	if (r == 0)
		r = parse_restart(a, args, c, e);
	for (size_t i = 0; r == 0 && i < args->sysctl.n; i++)
		r = parse_sysctl(a, args->sysctl.v[i], c, e);
	if (r == 0)
		r = parse_log(a, args, c, e);
	if (r == 0)
		r = create_args_network(a, args, c, e);
	if (r == 0)
		r = create_args_mounts(a, args, c, e);
	if (r == 0)
		r = create_args_limits(a, args, c, e);
	if (r == 0)
		r = create_args_security(a, args, c, e);
	if (r < 0)
		return r;
	if (args->rootfs)
		c->rootfs = argv[0];
	how.image_volumes = args->image_volume;
	take_proxies(a, args, &how.proxies);
	how.merge_env = args->env_merge;
	how.unset_env = args->unset_env;
	how.unset_env_all = args->unset_env_all;
	how.durable = !args->remove;
	*ret = how;
	return 0;
}
