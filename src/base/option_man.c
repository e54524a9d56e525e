/* SPDX-License-Identifier: BSD-2-Clause */
/* Man pages in mdoc(7), from the tables and from prose in a small part of Markdown. */
#include <ctype.h>
#include <string.h>

#include "base/option_table.h"

/* One character so that roff takes it as it is. */
static void add_char(struct buf *out, char c)
{
	if (c == '\\')
		buf_adds(out, "\\e");
	else if (c == '-')
		buf_adds(out, "\\-");
	else
		buf_addc(out, c);
}

static void add_text(struct buf *out, const char *s, size_t len)
{
	/* At the start of a line these make a request. */
	if (len > 0 && (*s == '.' || *s == '\''))
		buf_adds(out, "\\&");
	for (size_t i = 0; i < len; i++)
		add_char(out, s[i]);
}

/* An argument of a macro: one word that is no macro's name itself. */
static void add_word(struct buf *out, const char *s)
{
	buf_adds(out, " \"\\&");
	for (; *s; s++) {
		if (*s == '"')
			buf_adds(out, "\\(dq");
		else
			add_char(out, *s);
	}
	buf_addc(out, '"');
}

static void add_upper(struct buf *out, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		add_char(out, s[i] == ' ' ? '-' : (char)toupper((unsigned char)s[i]));
}

/* Paragraphs; blank lines between them. */
static void add_paragraphs(struct buf *out, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		if (len > 0)
			add_text(out, text, len);
		else
			buf_adds(out, ".Pp");
		buf_addc(out, '\n');
		text += len + (text[len] == '\n');
	}
}

static void add_head(struct buf *out, const char *program, const char *path,
		     const struct command *c)
{
	AUTO(arena) a = arena_new();
	char *full = command_path(a, program, path);
	char *name = arena_strdup(a, full);

	for (char *blank = name; (blank = strchr(blank, ' '));)
		*blank = '-';
	buf_adds(out, ".\\\" Made from the option tables of this program.\n.Dd\n.Dt ");
	add_upper(out, full, strlen(full));
	buf_addf(out, " 1\n.Os %s " BERTH_VERSION "\n.Sh NAME\n.Nm", program);
	add_word(out, name);
	buf_adds(out, "\n.Nd ");
	add_text(out, c->summary, strlen(c->summary));
	buf_adds(out, "\n.Sh SYNOPSIS\n.Nm");
	add_word(out, full);
	buf_addc(out, '\n');
}

static void add_synopsis(struct buf *out, const struct command *c)
{
	struct option_walk w = { .command = c };
	const char *usage = c->commands ? "COMMAND" : c->usage;

	if (option_next(&w))
		buf_adds(out, ".Op Ar options\n");
	if (usage) {
		buf_adds(out, "\\fI");
		add_text(out, usage, strlen(usage));
		buf_adds(out, "\\fR\n");
	}
}

static void add_commands(struct buf *out, struct arena *a, const struct command *c)
{
	const struct command **list = command_listed(a, c);

	if (!*list)
		return;
	buf_adds(out, ".Sh COMMANDS\n.Bl -tag -width Ds\n");
	for (; *list; list++) {
		buf_adds(out, ".It Cm");
		add_word(out, (*list)->name);
		buf_addc(out, '\n');
		add_paragraphs(out, (*list)->summary);
	}
	buf_adds(out, ".El\n");
}

static void add_choices(struct buf *out, const char *const *choices)
{
	buf_adds(out, ".Pp\nOne of: ");
	for (; *choices; choices++) {
		add_text(out, *choices, strlen(*choices));
		buf_adds(out, choices[1] ? ", " : ".\n");
	}
}

static void add_option(struct buf *out, const struct option *o)
{
	buf_adds(out, ".It");
	if (o->letter)
		buf_addf(out, " Fl \\&%c%s", o->letter, o->name ? " ," : "");
	if (o->name) {
		buf_adds(out, " Fl \\-");
		add_text(out, o->name, strlen(o->name));
	}
	if (o->value) {
		buf_adds(out, " Ar");
		add_word(out, o->value);
	}
	buf_addc(out, '\n');
	if (o->help)
		add_paragraphs(out, o->help);
	if (o->bare) {
		buf_adds(out, ".Pp\nWithout a value: ");
		add_text(out, o->bare, strlen(o->bare));
		buf_adds(out, ".\n");
	}
	if (o->choices)
		add_choices(out, o->choices);
}

static void add_options(struct buf *out, struct arena *a, const struct command *c)
{
	const struct option **list = option_listed(a, c);

	if (!*list)
		return;
	buf_adds(out, ".Sh OPTIONS\n.Bl -tag -width Ds\n");
	for (; *list; list++)
		add_option(out, *list);
	buf_adds(out, ".El\n");
}

static void add_examples(struct buf *out, const char *full, const char *examples)
{
	if (!examples)
		return;
	buf_adds(out, ".Sh EXAMPLES\n.Bd -literal -offset indent\n");
	while (*examples) {
		size_t len = strcspn(examples, "\n");

		buf_addf(out, "%s ", full);
		add_text(out, examples, len);
		buf_addc(out, '\n');
		examples += len + (examples[len] == '\n');
	}
	buf_adds(out, ".Ed\n");
}

/* The length of [text](address) at s, or 0; text is what is shown of it. */
static size_t link_at(const char *s, const char *end, size_t *ret_text)
{
	const char *middle = memchr(s, ']', (size_t)(end - s)), *close;

	if (*s != '[' || !middle || end - middle < 2 || middle[1] != '(')
		return 0;
	close = memchr(middle, ')', (size_t)(end - middle));
	*ret_text = (size_t)(middle - s) - 1;
	return close ? (size_t)(close - s) + 1 : 0;
}

/* A line of prose: `code` and **strong** become bold, *emphasis* italic, links their text. */
static void add_inline(struct buf *out, const char *s, size_t len)
{
	const char *end = s + len, *on = NULL;

	if (len > 0 && (*s == '.' || *s == '\''))
		buf_adds(out, "\\&");
	while (s < end) {
		bool strong = end - s >= 2 && s[0] == '*' && s[1] == '*';
		size_t marker = strong ? 2 : 1, text;
		size_t link = on ? 0 : link_at(s, end, &text);

		if (link) {
			for (size_t i = 1; i <= text; i++)
				add_char(out, s[i]);
			s += link;
			continue;
		}
		if ((*s != '`' && *s != '*') || (on && *on == '`' && *s != '`')) {
			add_char(out, *s++);
			continue;
		}
		/* A star between blanks is a star. */
		if (!on && !memchr(s + marker, *s, (size_t)(end - s) - marker)) {
			add_char(out, *s++);
			continue;
		}
		if (on)
			buf_adds(out, "\\fR");
		else
			buf_adds(out, *s == '`' || strong ? "\\fB" : "\\fI");
		on = on ? NULL : s;
		s += marker;
	}
	if (on)
		buf_adds(out, "\\fR");
	buf_addc(out, '\n');
}

/* What the last lines of prose left open. */
struct prose {
	struct buf *out;
	bool literal, indented, list, paragraph;
	bool text; /* since the heading */
};

static void begin_text(struct prose *p)
{
	if (p->indented)
		buf_adds(p->out, ".Ed\n");
	if (p->paragraph && p->text)
		buf_adds(p->out, ".Pp\n");
	p->indented = p->paragraph = false;
	p->text = true;
}

static void end_blocks(struct prose *p)
{
	if (p->list)
		buf_adds(p->out, ".El\n");
	if (p->indented)
		buf_adds(p->out, ".Ed\n");
	p->list = p->indented = p->paragraph = false;
}

static void add_heading(struct prose *p, const char *line, size_t len)
{
	size_t level = strspn(line, "#"), blanks = strspn(line + level, " ");
	const char *title = line + level + blanks;

	end_blocks(p);
	p->text = false;
	buf_adds(p->out, level <= 2 ? ".Sh " : ".Ss ");
	for (; title < line + len; title++)
		add_char(p->out, level <= 2 ? (char)toupper((unsigned char)*title) : *title);
	buf_addc(p->out, '\n');
}

/* Four blanks after an empty line: as it stands. */
static void add_indented(struct prose *p, const char *line, size_t len)
{
	if (!p->indented)
		buf_adds(p->out, ".Bd -literal -offset indent\n");
	else if (p->paragraph)
		buf_addc(p->out, '\n');
	p->indented = p->text = true;
	p->paragraph = false;
	add_text(p->out, line + 4, len - 4);
	buf_addc(p->out, '\n');
}

static void add_prose_line(struct prose *p, const char *line, size_t len)
{
	bool deep = len > 4 && strncmp(line, "    ", 4) == 0 && !p->list;

	if (len >= 3 && strncmp(line, "```", 3) == 0) {
		end_blocks(p);
		buf_adds(p->out, p->literal ? ".Ed\n" : ".Bd -literal -offset indent\n");
		p->literal = !p->literal;
	} else if (p->literal) {
		add_text(p->out, line, len);
		buf_addc(p->out, '\n');
	} else if (deep && (p->paragraph || p->indented)) {
		add_indented(p, line, len);
	} else if (len > 0 && *line == '#') {
		add_heading(p, line, len);
	} else if (len >= 2 && strncmp(line, "- ", 2) == 0) {
		p->paragraph = false;
		begin_text(p);
		buf_adds(p->out, p->list ? ".It\n" : ".Bl -bullet\n.It\n");
		p->list = true;
		add_inline(p->out, line + 2, len - 2);
	} else if (len == 0) {
		if (p->list)
			buf_adds(p->out, ".El\n");
		p->list = false;
		p->paragraph = true;
	} else {
		size_t blanks = strspn(line, " ");

		begin_text(p);
		add_inline(p->out, line + blanks, len - blanks);
	}
}

static void add_prose(struct buf *out, const char *text, size_t len)
{
	struct prose p = { .out = out };
	const char *end = text + len;

	while (text < end) {
		size_t n = strcspn(text, "\n");

		add_prose_line(&p, text, n);
		text += n + (text[n] == '\n');
	}
	end_blocks(&p);
	if (p.literal)
		buf_adds(out, ".Ed\n");
}

/* lead, of len bytes, says more than the table's description and stands in its place. */
static void add_description(struct buf *out, const struct command *c, const char *lead, size_t len)
{
	buf_adds(out, ".Sh DESCRIPTION\n");
	if (len)
		add_prose(out, lead, len);
	else
		add_paragraphs(out, c->description ? c->description : c->summary);
	if (!c->aliases || !*c->aliases)
		return;
	buf_adds(out, ".Pp\nOther names:");
	for (const char *const *alias = c->aliases; *alias; alias++)
		buf_addf(out, "%s %s", alias == c->aliases ? "" : ",", *alias);
	buf_adds(out, ".\n");
}

/* The prose without its title; *ret_lead: what stands before the first section. */
static const char *prose_split(const char *prose, size_t *ret_lead)
{
	const char *section;

	if (strncmp(prose, "# ", 2) == 0)
		prose += strcspn(prose, "\n");
	prose += strspn(prose, "\n");
	section = strncmp(prose, "## ", 3) == 0 ? prose : strstr(prose, "\n## ");
	*ret_lead = section ? (size_t)(section - prose) : strlen(prose);
	return prose;
}

void option_man(struct buf *out, const char *program, const char *path, const struct command *c,
		const char *prose)
{
	AUTO(arena) a = arena_new();
	size_t lead = 0;

	if (prose)
		prose = prose_split(prose, &lead);
	add_head(out, program, path, c);
	add_synopsis(out, c);
	add_description(out, c, prose, lead);
	add_commands(out, a, c);
	add_options(out, a, c);
	if (!prose || !strstr(prose, "\n## Examples\n"))
		add_examples(out, command_path(a, program, path), c->examples);
	if (prose)
		add_prose(out, prose + lead, strlen(prose + lead));
	if (*path) {
		buf_adds(out, ".Sh SEE ALSO\n.Xr");
		add_word(out, program);
		buf_adds(out, " 1\n");
	}
}
