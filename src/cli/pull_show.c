/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/pull_show.h"

#include <string.h>
#include <unistd.h>

#include "cli/choose.h"
#include "cli/progress.h"

static int choose_name(void *arg, const struct texts *names, size_t *ret, struct err *e)
{
	return choose("Please select an image", names, ret, e);
}

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
	if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
		how.choose = choose_name;
	*ret = how;
	return 0;
}

/* Retries are told also when quiet, as podman does. */
static void pull_notice(void *arg, const char *line)
{
	progress_show(arg, &(struct image_progress){ .step = IMAGE_STEP_NOTICE, .shown = line });
}

int pull_shown(const struct state *s, const char *name, const struct image_pull *how, bool quiet,
	       char ret_id[STATE_ID_LEN + 1], struct err *e)
{
	AUTO(progress) p = progress_new(STDERR_FILENO, isatty(STDERR_FILENO), 0);
	struct image_pull shown = *how;

	if (!quiet) {
		shown.progress = progress_show;
		shown.progress_arg = p;
	}
	shown.access.notice = pull_notice;
	shown.access.notice_arg = p;
	return image_pull(s, name, &shown, ret_id, e);
}
