/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/pull_show.h"

#include <stdio.h>
#include <string.h>

int pull_how(struct arena *a, const struct pull_args *args, struct image_pull *ret, struct err *e)
{
	struct image_pull how = { .policy = IMAGE_PULL_MISSING };
	const char *colon;
	int policy;

	policy = args->policy
			 ? text_index(args->policy, image_policy_name, ARRAY_LEN(image_policy_name))
			 : IMAGE_PULL_MISSING;
	if (policy < 0)
		return err_set(e, ERR_INVALID, "unsupported pull policy \"%s\"", args->policy);
	how.policy = (enum image_policy)policy;
	if (args->platform) {
		int r = image_platform_parse(a, args->platform, &how.platform, e);

		if (r < 0)
			return r;
	}
	if (args->os)
		how.platform.os = args->os;
	if (args->arch)
		how.platform.architecture = args->arch;
	if (args->variant)
		how.platform.variant = args->variant;
	how.access.authfile = args->authfile;
	how.access.cert_dir = args->cert_dir;
	if (args->creds) {
		colon = strchr(args->creds, ':');
		how.access.user =
			colon ? arena_strndup(a, args->creds, (size_t)(colon - args->creds))
			      : args->creds;
		how.access.password = colon ? colon + 1 : "";
	}
	if (args->tls_verify_given)
		how.access.tls = args->tls_verify ? SOURCE_TLS_VERIFY : SOURCE_TLS_SKIP;
	how.access.retries = args->retry > 0 ? (int)args->retry : -1;
	how.access.retry_delay_nsec = args->retry_delay_nsec;
	*ret = how;
	return 0;
}

static const char *short_digest(const char *digest, char buf[16])
{
	const char *hex = digest ? text_after(digest, "sha256:") : NULL;

	snprintf(buf, 16, "%.12s", hex ? hex : "");
	return buf;
}

/* A line per step, as podman has them when it does not write to a terminal. */
static void show_step(void *arg, const struct image_progress *p)
{
	char digest[16];

	switch (p->step) {
	case IMAGE_STEP_TRY:
		fprintf(stderr, "Trying to pull %s...\n", p->shown);
		break;
	case IMAGE_STEP_MANIFEST:
		fprintf(stderr, "Getting image source signatures\n");
		break;
	case IMAGE_STEP_LAYER:
		fprintf(stderr, "Copying blob %s\n", short_digest(p->digest, digest));
		break;
	case IMAGE_STEP_EXISTS:
		fprintf(stderr, "Copying blob %s skipped: already exists\n",
			short_digest(p->digest, digest));
		break;
	case IMAGE_STEP_DONE:
		fprintf(stderr, "Copying blob %s done\n", short_digest(p->digest, digest));
		break;
	case IMAGE_STEP_CONFIG:
		fprintf(stderr, "Copying config %s\n", short_digest(p->digest, digest));
		break;
	case IMAGE_STEP_RECORD:
		fprintf(stderr, "Writing manifest to image destination\n");
		break;
	case IMAGE_STEP_NOTICE:
		fprintf(stderr, "%s\n", p->shown);
		break;
	case IMAGE_STEP_BYTES:
		break;
	}
}

int pull_shown(const struct state *s, const char *name, const struct image_pull *how, bool quiet,
	       char ret_id[STATE_ID_LEN + 1], struct err *e)
{
	struct image_pull shown = *how;

	if (!quiet)
		shown.progress = show_step;
	return image_pull(s, name, &shown, ret_id, e);
}
