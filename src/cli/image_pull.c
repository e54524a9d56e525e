/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/pull_show.h"
#include "image/pull.h"
#include "image/registry.h"

struct image_pull_args {
	struct pull_args pull;
	bool all_tags, quiet;
};

/* Without a tag, all the tags that the repository has. */
static int list_tags(struct session *s, const struct image_pull *how, const char *name,
		     struct texts *ret, struct err *e)
{
	struct registries_names names;
	struct reference r;
	int result = reference_parse(s->arena, name, &r, e);

	if (result < 0)
		return result;
	if (r.file || r.tag || r.digest)
		return err_set(e, ERR_INVALID, "%s: with --all-tags a name has no tag", name);
	result = pull_resolve(s->arena, &r, how, &names, e);
	if (result == 0 && names.n == 0)
		result = err_set(e, ERR_NOT_FOUND, "%s: no registry to ask", name);
	if (result < 0)
		return result;
	struct texts tags;
	result = registry_tags(s->arena, &names.v[0], &how->access, &tags, e);
	if (result == 0 && names.ask)
		pull_chosen(s->arena, &r, &names.v[0], how);
	r = names.v[0];
	for (size_t n = 0; result == 0 && n < tags.n; n++) {
		r.tag = tags.v[n];
		texts_add(s->arena, ret, reference_print(s->arena, &r));
	}
	return result;
}

static int pull_all(struct session *s, const struct image_pull_args *args,
		    const struct image_pull *how, const struct texts *names)
{
	struct failures failures = { .arena = s->arena };

	for (size_t n = 0; n < names->n; n++) {
		char id[STATE_ID_LEN + 1];
		struct err e = { 0 };

		if (pull_shown(&s->state, names->v[n], how, args->quiet, id, &e) == 0)
			printf("%s\n", id);
		else
			failures_add(&failures, &e, EXIT_ENGINE);
		fflush(stdout);
	}
	return failures_end(&failures);
}

static int pull(struct session *s, const struct image_pull_args *args, int argc, const char **argv)
{
	struct texts names = { 0 };
	struct image_pull how;
	struct err e;
	int r = pull_how(s->arena, &args->pull, &how, &e);

	for (int n = 0; r == 0 && n < argc; n++) {
		if (args->all_tags)
			r = list_tags(s, &how, argv[n], &names, &e);
		else
			texts_add(s->arena, &names, argv[n]);
	}
	return r < 0 ? cli_fail(&e) : pull_all(s, args, &how, &names);
}

static int run(void *globals, void *args, int argc, const char **argv)
{
	struct session s;
	int code;

	if (!session_open(globals, &s, &code))
		return code;
	code = pull(&s, args, argc, argv);
	session_close(&s);
	return code;
}

static void init(void *args)
{
	struct image_pull_args *a = args;

	a->pull.policy = "always";
	a->pull.tls_verify = true;
	a->pull.retry = 3;
}

static const struct option pull_options[] = {
	OPTION_FLAG(image_pull_args, all_tags, "all-tags", 'a', "Pull all tags of the repository"),
	OPTION_TEXT(image_pull_args, pull.arch, "arch", 0, "ARCH",
		    "Architecture of the image instead of this machine's"),
	OPTION_TEXT(image_pull_args, pull.authfile, "authfile", 0, "PATH",
		    "File with the credentials of registries", .completes = "file"),
	OPTION_TEXT(image_pull_args, pull.cert_dir, "cert-dir", 0, "PATH",
		    "Folder with certificates of the registry (*.crt, *.cert, *.key)",
		    .completes = "file"),
	OPTION_TEXT(image_pull_args, pull.creds, "creds", 0, "USER[:PASSWORD]",
		    "Credentials for the registry"),
	OPTION_IGNORED("decryption-key", 0, "KEY", "Accepted: encrypted layers are not supported"),
	OPTION_IGNORED_FLAG("disable-content-trust", 0, "Accepted, for Docker's scripts"),
	OPTION_TEXT(image_pull_args, pull.os, "os", 0, "OS",
		    "Operating system of the image instead of this machine's"),
	OPTION_TEXT(image_pull_args, pull.platform, "platform", 0, "OS/ARCH[/VARIANT]",
		    "Platform of the image instead of this machine's"),
	OPTION_TEXT(image_pull_args, pull.policy, "policy", 0, "POLICY",
		    "Pull always, missing, newer or never (always)"),
	OPTION_FLAG(image_pull_args, quiet, "quiet", 'q', "Show no progress"),
	OPTION_INT(image_pull_args, pull.retry, "retry", 0, "NUMBER",
		   "How often to try again when a transfer fails (3)"),
	OPTION_DURATION(image_pull_args, pull.retry_delay_nsec, "retry-delay", 0, "TIME",
			"Wait between tries; default: one second, then twice as long each time"),
	OPTION_IGNORED("signature-policy", 0, "PATH", "Accepted", .flags = OPTION_HIDDEN),
	OPTION_FLAG(image_pull_args, pull.tls_verify, "tls-verify", 0,
		    "Require HTTPS and verify certificates",
		    OPTION_GIVEN(image_pull_args, pull.tls_verify_given)),
	OPTION_TEXT(image_pull_args, pull.variant, "variant", 0, "VARIANT",
		    "Variant of the architecture instead of this machine's"),
	{ 0 },
};
static const struct option *const options[] = { pull_options, NULL };

const struct command pull_command = {
	.name = "pull",
	.summary = "Pull images from registries",
	.description = "Pulls an image from a registry, an archive or a folder, and stores it here",
	.usage = "IMAGE [IMAGE...]",
	.examples = "imageName\nfedora:latest\noci-archive:image.tar\n",
	.options = options,
	.args_size = sizeof(struct image_pull_args),
	.min_args = 1,
	.max_args = -1,
	.init = init,
	.run = run,
};
