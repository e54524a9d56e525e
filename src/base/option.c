/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parser.  It walks down the tree of commands word by word: words that begin with a dash are
 * options of the command reached so far or of the root, the first other word names a command of a
 * group, and all further ones are arguments.  The words of errors are those that podman's users
 * and their scripts know from its libraries (pflag, cobra and Go's strconv).
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "base/option_table.h"
#include "base/units.h"

struct parser {
	struct arena *a;
	const struct command *root;
	void *globals;
	int argc, at;
	const char *const *argv;
	struct option_result *ret;
	bool ended; /* what follows is no option */
};

/* Where an option was found, how it was written, and the struct that it fills. */
struct use {
	const struct option *option;
	void *args;
	const char *value; /* NULL: none yet */
};

static char *current_path(const struct parser *p)
{
	return command_path(p->a, p->root->name, p->ret->path);
}

/* e says what is wrong with an option; podman adds where to read about it. */
static int see_help(const struct parser *p, struct err *e)
{
	struct err first = *e;

	return err_set(e, ERR_INVALID, "%.400s\nSee '%.60s --help'", first.msg, current_path(p));
}

static int syntax_error(const struct use *u, const char *function, const char *reason,
			struct err *e)
{
	auto_buf quoted = BUF(400);

	json_quote(&quoted, u->value, strnlen(u->value, 100));
	return err_set(e, ERR_INVALID, "strconv.%s: parsing %s: %s", function, buf_text(&quoted),
		       reason);
}

static int invalid(const struct use *u, const char *function, struct err *e)
{
	return syntax_error(u, function, "invalid syntax", e);
}

typedef int set_fn(const struct parser *p, const struct use *u, void *to, struct err *e);

static int set_flag(const struct parser *p, const struct use *u, void *to, struct err *e)
{
	int truth = text_truth(u->value);

	if (truth < 0)
		return invalid(u, "ParseBool", e);
	if (to)
		*(bool *)to = truth == 1;
	return 0;
}

static int set_text(const struct parser *p, const struct use *u, void *to, struct err *e)
{
	*(const char **)to = u->value;
	return 0;
}

static bool starts_number(const char *s)
{
	return *s && !strchr(" \t\n\v\f\r", *s);
}

static int set_int(const struct parser *p, const struct use *u, void *to, struct err *e)
{
	long long value;
	char *end;

	errno = 0;
	value = strtoll(u->value, &end, 0);
	if (!starts_number(u->value) || *end)
		return invalid(u, "ParseInt", e);
	if (errno == ERANGE)
		return syntax_error(u, "ParseInt", "value out of range", e);
	*(int64_t *)to = value;
	return 0;
}

static int set_uint(const struct parser *p, const struct use *u, void *to, struct err *e)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(u->value, &end, 0);
	if (*u->value < '0' || *u->value > '9' || *end)
		return invalid(u, "ParseUint", e);
	if (errno == ERANGE)
		return syntax_error(u, "ParseUint", "value out of range", e);
	*(uint64_t *)to = value;
	return 0;
}

static int set_size(const struct parser *p, const struct use *u, void *to, struct err *e)
{
	int64_t bytes;
	int r;

	if (strcmp(u->value, "-1") == 0) {
		*(int64_t *)to = -1;
		return 0;
	}
	r = size_parse(u->value, &bytes, e);
	if (r == 0)
		*(int64_t *)to = bytes;
	return r;
}

static int set_double(const struct parser *p, const struct use *u, void *to, struct err *e)
{
	double value;
	char *end;

	value = strtod(u->value, &end);
	if (!starts_number(u->value) || *end)
		return invalid(u, "ParseFloat", e);
	*(double *)to = value;
	return 0;
}

static int set_duration(const struct parser *p, const struct use *u, void *to, struct err *e)
{
	int64_t nsec;
	int r = duration_parse(u->value, 0, &nsec, e);

	if (r == 0)
		*(int64_t *)to = nsec;
	return r;
}

static int add_text(const struct parser *p, const struct use *u, void *to, struct err *e)
{
	texts_add(p->a, to, u->value);
	return 0;
}

static int add_commas(const struct parser *p, const struct use *u, void *to, struct err *e)
{
	return texts_add_csv(p->a, to, u->value, e);
}

static int set_choice(const struct parser *p, const struct use *u, void *to, struct err *e)
{
	auto_buf words = BUF(400);

	for (const char *const *c = u->option->choices; *c; c++) {
		if (strcmp(*c, u->value) == 0) {
			*(const char **)to = *c;
			return 0;
		}
	}
	json_quote(&words, u->value, strnlen(u->value, 80));
	buf_adds(&words, " is not a valid value.  Choose from: \"");
	for (const char *const *c = u->option->choices; *c; c++)
		buf_addf(&words, "%s%s", c == u->option->choices ? "" : ", ", *c);
	return err_set(e, ERR_INVALID, "%s\"", buf_text(&words));
}

static int set_nothing(const struct parser *p, const struct use *u, void *to, struct err *e)
{
	return 0;
}

static int set_ignored_flag(const struct parser *p, const struct use *u, void *to, struct err *e)
{
	return set_flag(p, u, NULL, e);
}

static set_fn *const setters[] = {
	[OPTION_KIND_FLAG] = set_flag,         [OPTION_KIND_TEXT] = set_text,
	[OPTION_KIND_INT] = set_int,           [OPTION_KIND_UINT] = set_uint,
	[OPTION_KIND_SIZE] = set_size,         [OPTION_KIND_DOUBLE] = set_double,
	[OPTION_KIND_DURATION] = set_duration, [OPTION_KIND_LIST] = add_text,
	[OPTION_KIND_COMMAS] = add_commas,     [OPTION_KIND_CHOICE] = set_choice,
	[OPTION_KIND_IGNORED] = set_nothing,   [OPTION_KIND_IGNORED_FLAG] = set_ignored_flag,
	[OPTION_KIND_ALIAS] = set_nothing,
};
_Static_assert(ARRAY_LEN(setters) == OPTION_KINDS, "every kind is set");

static int set_option(struct parser *p, const struct use *u, struct err *e)
{
	const struct option *o = u->option;
	auto_buf words = BUF(300);
	int r = setters[o->kind](p, u, (char *)u->args + o->offset, e);

	if (r == 0) {
		if (o == &option_help_row)
			p->ret->help = true;
		if (o->given_offset)
			*((bool *)u->args + o->given_offset) = true;
		return 0;
	}
	buf_adds(&words, "invalid argument ");
	json_quote(&words, u->value, strnlen(u->value, 100));
	buf_adds(&words, " for \"");
	if (o->letter)
		buf_addf(&words, "-%c%s", o->letter, o->name ? ", " : "");
	if (o->name)
		buf_addf(&words, "--%s", o->name);
	err_wrap(e, "%s\" flag", buf_text(&words));
	return see_help(p, e);
}

/* The command's own options come first, then the root's, then --help. */
static struct use find_named(const struct parser *p, const char *name, size_t len)
{
	const struct command *c = p->ret->command;
	struct use u = { .option = option_named(c, name, len), .args = p->ret->args };

	if (u.option && c != p->root)
		return u;
	u = (struct use){ .option = option_named(p->root, name, len), .args = p->globals };
	if (!u.option && len == 4 && memcmp(name, "help", 4) == 0)
		u.option = &option_help_row;
	return u;
}

static struct use find_lettered(const struct parser *p, char letter)
{
	const struct command *c = p->ret->command;
	struct use u = { .option = option_lettered(c, letter), .args = p->ret->args };

	if (u.option && c != p->root)
		return u;
	u = (struct use){ .option = option_lettered(p->root, letter), .args = p->globals };
	if (!u.option && letter == 'h')
		u.option = &option_help_row;
	return u;
}

/* What the option means without a value, or NULL if one must follow. */
static const char *bare_value(const struct option *o)
{
	return option_takes_value(o) ? o->bare : "true";
}

static int long_option(struct parser *p, const char *word, struct err *e)
{
	const char *name = word + 2;
	size_t len = strcspn(name, "=");
	struct use u;

	if (len == 0 || *name == '-') {
		err_set(e, ERR_INVALID, "bad flag syntax: %.200s", word);
		return see_help(p, e);
	}
	u = find_named(p, name, len);
	if (!u.option) {
		err_set(e, ERR_INVALID, "unknown flag: --%.*s", (int)(len > 200 ? 200 : len), name);
		return see_help(p, e);
	}
	if (name[len] == '=')
		u.value = name + len + 1;
	else
		u.value = bare_value(u.option);
	if (!u.value && p->at < p->argc)
		u.value = p->argv[p->at++];
	if (!u.value) {
		err_set(e, ERR_INVALID, "flag needs an argument: --%.*s", (int)len, name);
		return see_help(p, e);
	}
	return set_option(p, &u, e);
}

/* One letter of a cluster; returns the letters left, NULL after a value, or fills e. */
static const char *one_letter(struct parser *p, const char *letters, struct err *e)
{
	struct use u = find_lettered(p, *letters);
	const char *rest = letters + 1;

	if (!u.option) {
		err_set(e, ERR_INVALID, "unknown shorthand flag: '%c' in -%.200s", *letters,
			letters);
		see_help(p, e);
		return NULL;
	}
	if (*rest == '=') {
		u.value = rest + 1;
		rest = "";
	} else if (bare_value(u.option)) {
		u.value = bare_value(u.option);
	} else if (*rest) {
		u.value = rest;
		rest = "";
	} else if (p->at < p->argc) {
		u.value = p->argv[p->at++];
	}
	if (!u.value) {
		err_set(e, ERR_INVALID, "flag needs an argument: '%c' in -%.200s", *letters,
			letters);
		see_help(p, e);
		return NULL;
	}
	return set_option(p, &u, e) < 0 ? NULL : rest;
}

static int short_options(struct parser *p, const char *word, struct err *e)
{
	const char *letters = word + 1;

	while (*letters) {
		letters = one_letter(p, letters, e);
		if (!letters)
			return -EINVAL;
	}
	return 0;
}

/* The edits that turn one word into the other, any case; large when the words are long. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[33], n = (unsigned)strlen(b);

	if (n >= ARRAY_LEN(row) || strlen(a) >= ARRAY_LEN(row))
		return ARRAY_LEN(row);
	for (unsigned i = 0; i <= n; i++)
		row[i] = i;
	for (unsigned i = 1; *a; i++, a++) {
		unsigned above_left = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= n; j++) {
			unsigned best = above_left + ((*a | 32) != (b[j - 1] | 32));

			above_left = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[n];
}

static int unknown_command(const struct parser *p, const char *word, struct err *e)
{
	const char *path = current_path(p);
	/* Two edits make nearly anything of a short word. */
	unsigned most = strlen(word) < 4 ? 1 : 2;
	auto_buf similar = BUF(160);

	for (const struct command **c = command_listed(p->a, p->ret->command); *c; c++) {
		if (distance(word, (*c)->name) <= most ||
		    strncasecmp((*c)->name, word, strlen(word)) == 0)
			buf_addf(&similar, "\t%s\n", (*c)->name);
	}
	return err_set(e, ERR_INVALID,
		       "unrecognized command `%s %.100s`%s%s\nTry '%s --help' for more information",
		       path, word, similar.len > 0 ? "\n\nDid you mean this?\n" : "",
		       buf_text(&similar), path);
}

static void enter_command(struct parser *p, const struct command *c)
{
	struct option_result *ret = p->ret;

	ret->command = c;
	ret->path = *ret->path ? arena_printf(p->a, "%s %s", ret->path, c->name) : c->name;
	ret->args = c->args_size > 0 ? arena_alloc(p->a, c->args_size) : NULL;
	if (c->init)
		c->init(ret->args);
}

/* A word that is no option: a command where one is expected, or an argument. */
static int plain_word(struct parser *p, const char *word, struct err *e)
{
	const struct command *at = p->ret->command, *c;

	if (!at->commands) {
		texts_add(p->a, &p->ret->positional, word);
		p->ended |= at->options_end_at_arg;
		return 0;
	}
	c = command_named(at, word);
	if (!c)
		return unknown_command(p, word, e);
	if (c == &option_help_command)
		p->ret->help = true;
	else
		enter_command(p, c);
	return 0;
}

static int parse_word(struct parser *p, struct err *e)
{
	const char *word = p->argv[p->at++];

	if (p->ended || word[0] != '-' || word[1] == '\0')
		return plain_word(p, word, e);
	if (word[1] != '-')
		return short_options(p, word, e);
	if (word[2] != '\0')
		return long_option(p, word, e);
	p->ended = true;
	return 0;
}

static int check_args(const struct parser *p, struct err *e)
{
	const struct command *c = p->ret->command;
	int n = (int)p->ret->positional.n, least = c->min_args, most = c->max_args;

	if (n >= least && (most < 0 || n <= most))
		return 0;
	if (most == 0)
		return err_set(e, ERR_INVALID, "`%s` takes no arguments", current_path(p));
	if (least == most)
		return err_set(e, ERR_INVALID, "accepts %d arg(s), received %d", least, n);
	if (most < 0)
		return err_set(e, ERR_INVALID, "requires at least %d arg(s), only received %d",
			       least, n);
	if (least == 0)
		return err_set(e, ERR_INVALID, "accepts at most %d arg(s), received %d", most, n);
	return err_set(e, ERR_INVALID, "accepts between %d and %d arg(s), received %d", least, most,
		       n);
}

int option_parse(struct arena *a, const struct command *root, void *globals, int argc,
		 const char *const *argv, struct option_result *ret, struct err *e)
{
	struct parser p = { .a = a,
			    .root = root,
			    .globals = globals,
			    .argc = argc,
			    .at = 1,
			    .argv = argv,
			    .ret = ret };
	int r;

	*ret = (struct option_result){ .command = root, .path = "", .args = globals };
	/* So that the arguments serve as an argv also when there are none. */
	texts_add(a, &ret->positional, NULL);
	ret->positional.n = 0;
	if (root->init)
		root->init(globals);
	while (p.at < argc) {
		r = parse_word(&p, e);
		if (r < 0) {
			ret->help = false;
			return r;
		}
	}
	if (ret->help)
		return 0;
	if (!ret->command->commands || ret->command->run)
		return check_args(&p, e);
	ret->help = true;
	return err_set(e, ERR_INVALID, "missing command '%s COMMAND'", current_path(&p));
}
