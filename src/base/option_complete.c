/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Completion.  The words are walked as the parser walks them, but nothing is refused: what can't be
 * understood is passed over.  The shells' scripts only hand over words and show what comes back, so
 * that new commands and options need no new script.
 */
#include <string.h>

#include "base/option_table.h"

struct walk {
	const struct command *root, *command;
	const struct option *wants; /* the option whose value comes next, or NULL */
	bool ended;                 /* what follows is no option */
	int args;                   /* positional ones so far */
};

struct offer {
	struct buf *out;
	const char *start;  /* only words that begin so */
	const char *before; /* what of the typed word stands before start: "--sort=" */
	size_t before_len;
	option_objects_fn *objects;
	void *arg;
};

static const struct option *named(const struct walk *w, const char *name, size_t len)
{
	const struct option *o = option_named(w->command, name, len);

	return o ? o : option_named(w->root, name, len);
}

static const struct option *lettered(const struct walk *w, char letter)
{
	const struct option *o = option_lettered(w->command, letter);

	return o ? o : option_lettered(w->root, letter);
}

static void walk_option(struct walk *w, const char *word)
{
	const struct option *o = NULL;

	if (word[1] == '-' && word[2] == '\0') {
		w->ended = true;
		return;
	}
	if (word[1] == '-') {
		if (!strchr(word, '='))
			o = named(w, word + 2, strlen(word + 2));
	} else {
		for (const char *c = word + 1; *c; c++) {
			o = lettered(w, *c);
			/* What follows in the same word is its value. */
			if (o && option_takes_value(o) && c[1])
				return;
		}
	}
	if (o && option_takes_value(o) && !o->bare)
		w->wants = o;
}

static void walk_word(struct walk *w, const char *word)
{
	const struct command *c;

	if (w->wants) {
		w->wants = NULL;
		return;
	}
	if (!w->ended && word[0] == '-' && word[1]) {
		walk_option(w, word);
		return;
	}
	if (!w->command->commands) {
		w->args++;
		w->ended |= w->command->options_end_at_arg;
		return;
	}
	c = command_named(w->command, word);
	if (c && c != &option_help_command)
		w->command = c;
}

static void offer_word(const struct offer *f, const char *word, const char *help)
{
	if (strncmp(word, f->start, strlen(f->start)) != 0)
		return;
	buf_addf(f->out, "%.*s%s", (int)f->before_len, f->before, word);
	if (help)
		buf_addf(f->out, "\t%.*s", (int)strcspn(help, "\n"), help);
	buf_addc(f->out, '\n');
}

/* The objects that a noun stands for; their lines get what was typed before them in front. */
static void offer_objects(const struct offer *f, const char *noun)
{
	auto_buf lines = BUF(f->out->max);
	const char *line;

	if (!f->objects)
		return;
	f->objects(f->arg, noun, f->start, &lines);
	for (line = buf_text(&lines); *line; line += strcspn(line, "\n") + 1) {
		buf_addf(f->out, "%.*s%.*s\n", (int)f->before_len, f->before,
			 (int)strcspn(line, "\n"), line);
		if (!line[strcspn(line, "\n")])
			break;
	}
}

static void offer_noun(const struct offer *f, const char *noun)
{
	if (!noun || strcmp(noun, "none") == 0) {
		buf_adds(f->out, ":none\n");
	} else if (strcmp(noun, "file") == 0 || strcmp(noun, "folder") == 0) {
		buf_addf(f->out, ":%s\n", noun);
	} else {
		offer_objects(f, noun);
		buf_adds(f->out, ":none\n");
	}
}

static void offer_value(const struct offer *f, const struct option *o)
{
	static const char *const truths[] = { "true", "false", NULL };
	const char *const *choices = option_takes_value(o) ? o->choices : truths;

	for (; choices && *choices; choices++)
		offer_word(f, *choices, NULL);
	/* A value that nothing is known about may well be a file. */
	offer_noun(f,
		   !o->completes && !o->choices && option_takes_value(o) ? "file" : o->completes);
}

static void offer_options(const struct offer *f, struct arena *a, const struct command *c)
{
	for (const struct option **o = option_listed(a, c); *o; o++) {
		const char letter[] = { '-', (*o)->letter, '\0' };

		if ((*o)->name)
			offer_word(f, arena_printf(a, "--%s", (*o)->name), (*o)->help);
		if ((*o)->letter)
			offer_word(f, letter, (*o)->help);
	}
}

static void offer_argument(const struct offer *f, struct arena *a, const struct walk *w)
{
	const struct command *c = w->command;

	if (c->commands) {
		for (const struct command **each = command_listed(a, c); *each; each++)
			offer_word(f, (*each)->name, (*each)->summary);
		offer_noun(f, NULL);
	} else if (c->options_end_at_arg && w->args > 0) {
		offer_noun(f, "file"); /* the words of a command line of its own */
	} else if (c->max_args >= 0 && w->args >= c->max_args) {
		offer_noun(f, NULL);
	} else {
		offer_noun(f, c->completes);
	}
}

void option_complete(struct buf *out, const struct command *root, int argc, const char *const *argv,
		     option_objects_fn *objects, void *arg)
{
	AUTO(arena) a = arena_new();
	struct walk w = { .root = root, .command = root };
	struct offer f = { .out = out, .start = "", .before = "", .objects = objects, .arg = arg };
	const char *equals;

	for (int i = 0; i + 1 < argc; i++)
		walk_word(&w, argv[i]);
	if (argc > 0)
		f.start = argv[argc - 1];
	if (w.wants) {
		offer_value(&f, w.wants);
		return;
	}
	if (w.ended || f.start[0] != '-') {
		offer_argument(&f, a, &w);
		return;
	}
	equals = strchr(f.start, '=');
	if (equals && f.start[1] == '-') {
		const struct option *o = named(&w, f.start + 2, (size_t)(equals - f.start - 2));

		f.before = f.start;
		f.before_len = (size_t)(equals + 1 - f.start);
		f.start = equals + 1;
		if (o)
			offer_value(&f, o);
		return;
	}
	offer_options(&f, a, w.command);
	if (w.command != root)
		offer_options(&f, a, root);
	offer_word(&f, "--help", option_help_row.help);
	offer_noun(&f, NULL);
}
