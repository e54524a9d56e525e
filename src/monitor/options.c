/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading what monitor_exec() wrote into the arguments. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/options.h"
#include "monitor/supervisor.h"

#define OPTIONS (sizeof(handover_options) / sizeof(handover_options[0]))

static const struct handover_option *option_find(const char *arg, const char **ret_value)
{
	const char *at = strchr(arg, '=');

	if (!at)
		return NULL;
	*ret_value = at + 1;
	for (size_t i = 0; i < OPTIONS; i++) {
		const char *name = handover_options[i].name;

		if (strlen(name) == (size_t)(at - arg) && !strncmp(name, arg, (size_t)(at - arg)))
			return &handover_options[i];
	}
	return NULL;
}

static bool option_number(const char *value, int64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoll(value, &end, 10);
	return errno == 0 && end != value && *end == '\0';
}

/* Sets the member, and moves *argv beyond a vector. */
static bool option_set(struct monitor_handover *h, const struct handover_option *o,
		       const char *value, char ***argv)
{
	void *member = (char *)h + o->offset;
	int64_t number = 0;

	if (o->kind != HANDOVER_TEXT && !option_number(value, &number))
		return false;

	switch (o->kind) {
	case HANDOVER_TEXT:
		*(const char **)member = value;
		return true;
	case HANDOVER_INT:
	case HANDOVER_FD:
		*(int *)member = (int)number;
		return number == (int)number;
	case HANDOVER_INT64:
		*(int64_t *)member = number;
		return true;
	case HANDOVER_ARGV:
		*(char ***)member = *argv + 1;
		for (; number >= 0; number--)
			if (!*++*argv)
				return false;
		**argv = NULL;
		return true;
	}
	return false;
}

bool options_read(struct monitor_handover *h, char **argv)
{
	const char *value;

	*h = MONITOR_HANDOVER;
	for (argv++; *argv; argv++) {
		const char *arg = *argv;
		const struct handover_option *o = option_find(arg, &value);

		if (!o || !option_set(h, o, value, &argv)) {
			fprintf(stderr, "berth-monitor: bad argument %s\n", arg);
			return false;
		}
	}
	if (!h->id || h->pidfd < 0 || h->run_dir < 0 || h->lib_dir < 0 ||
	    (unsigned)h->log >= MONITOR_LOGS) {
		fprintf(stderr, "berth-monitor is started by berth, not by hand\n");
		return false;
	}
	return true;
}
