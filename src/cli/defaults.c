/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/defaults.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "base/file.h"
#include "base/identity.h"
#include "base/path.h"
#include "base/toml.h"

#define FOLDER_MAX 1000

static const struct {
	const char *table, *key;
	size_t offset;
} known[] = {
	{ "containers", "netns", offsetof(struct defaults, netns) },
	{ "network", "default_host_ip", offsetof(struct defaults, default_host_ip) },
};

static int read_file(struct arena *a, const char *path, bool needed, struct defaults *ret,
		     struct err *e)
{
	auto_free char *text = NULL;
	json_t *root;
	size_t len;
	int r = file_read_at(AT_FDCWD, path, TOML_MAX, &text, &len, e);

	if (r == -ENOENT && !needed)
		return 0;
	if (r == 0)
		r = toml_parse(path, text, len, &root, e);
	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(known); i++) {
		const json_t *v =
			json_object_get(json_object_get(root, known[i].table), known[i].key);

		if (v && !json_is_string(v))
			r = err_set(e, ERR_INVALID, "%s: %s.%s: expected a string", path,
				    known[i].table, known[i].key);
		else if (v)
			*(const char **)((char *)ret + known[i].offset) =
				arena_strdup(a, json_string_value(v));
	}
	json_decref(root);
	return r;
}

static int is_conf(const struct dirent *d)
{
	return d->d_name[0] != '.' && text_ends(d->d_name, ".conf");
}

/* FOLDER/containers.conf and what is in FOLDER/containers.conf.d. */
static int read_folder(struct arena *a, const char *folder, struct defaults *ret, struct err *e)
{
	const char *more = path_join(a, folder, "containers.conf.d");
	struct dirent **names = NULL;
	int r = read_file(a, path_join(a, folder, "containers.conf"), false, ret, e);
	int n = scandir(more, &names, is_conf, alphasort);

	for (int i = 0; i < n; i++) {
		if (r == 0 && i < FOLDER_MAX)
			r = read_file(a, path_join(a, more, names[i]->d_name), false, ret, e);
		free(names[i]);
	}
	free(names);
	return r;
}

static int read_user(struct arena *a, struct defaults *ret, struct err *e)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	if (identity_is_root())
		return 0;
	if (!text_empty(config))
		return read_folder(a, path_join(a, config, "containers"), ret, e);
	return text_empty(home) ? 0
				: read_folder(a, path_join(a, home, ".config/containers"), ret, e);
}

static int check(const struct defaults *d, struct err *e)
{
	struct address ip;

	if (!text_empty(d->default_host_ip) && !address_parse(d->default_host_ip, &ip))
		return err_set(e, ERR_INVALID,
			       "containers.conf: network.default_host_ip: \"%s\" is not an ip "
			       "address",
			       d->default_host_ip);
	return 0;
}

int defaults_read(struct arena *a, struct defaults *ret, struct err *e)
{
	const char *only = getenv("CONTAINERS_CONF"), *last = getenv("CONTAINERS_CONF_OVERRIDE");
	struct defaults d = { 0 };
	int r = 0;

	if (!text_empty(only)) {
		r = read_file(a, only, true, &d, e);
	} else {
		r = read_folder(a, "/usr/share/containers", &d, e);
		if (r == 0)
			r = read_folder(a, "/etc/containers", &d, e);
		if (r == 0)
			r = read_user(a, &d, e);
	}
	if (r == 0 && !text_empty(last))
		r = read_file(a, last, true, &d, e);
	if (r == 0)
		r = check(&d, e);
	if (r == 0)
		*ret = d;
	return r;
}
