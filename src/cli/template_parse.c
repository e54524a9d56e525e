/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From text to nodes by recursive descent.  Text goes up to "{{"; an action is a keyword or a
 * pipeline; blocks nest.  Variables must be declared before their use, as Go demands when parsing.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "cli/template_node.h"

#define BLANKS " \t\r\n"

struct parser {
	struct arena *a;
	struct template *t;
	const char *text;
	size_t at, len;
	unsigned depth, loops;
	struct texts vars;
	bool trim; /* the last action ended with -}} */
	struct err *e;
};

/* What ended a list of nodes. */
enum stop { STOP_END_OF_TEXT, STOP_END, STOP_ELSE, STOP_ELSE_IF };

static int fail(struct parser *p, const char *fmt, ...) PRINTF_LIKE(2, 3);

static int fail(struct parser *p, const char *fmt, ...)
{
	auto_buf words = BUF(300);
	int line = 1;
	va_list args;

	for (size_t i = 0; i < p->at && i < p->len; i++)
		line += p->text[i] == '\n';
	va_start(args, fmt);
	buf_vaddf(&words, fmt, args);
	va_end(args);
	return err_set(p->e, ERR_INVALID, "template: %.60s:%d: %s", p->t->name, line,
		       buf_text(&words));
}

static bool looking_at(const struct parser *p, const char *s)
{
	return strncmp(p->text + p->at, s, strlen(s)) == 0;
}

static void skip_blanks(struct parser *p)
{
	p->at += strspn(p->text + p->at, BLANKS);
}

/* At "}}", or at "-}}" behind a blank. */
static bool at_close(const struct parser *p)
{
	return looking_at(p, "}}") ||
	       (looking_at(p, "-}}") && p->at > 0 && strchr(BLANKS, p->text[p->at - 1]));
}

static int close_action(struct parser *p)
{
	skip_blanks(p);
	if (!at_close(p)) {
		if (!p->text[p->at])
			return fail(p, "unclosed action");
		return fail(p, "unexpected \"%.*s\" in operand", 1, p->text + p->at);
	}
	p->trim = p->text[p->at] == '-';
	p->at += p->trim ? 3 : 2;
	return 0;
}

static bool is_name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || (c & 0x80);
}

static size_t name_len(const struct parser *p)
{
	size_t len = 0;

	while (is_name_char(p->text[p->at + len]))
		len++;
	return len;
}

static const char *take_name(struct parser *p, size_t len)
{
	const char *name = arena_strndup(p->a, p->text + p->at, len);

	p->at += len;
	return name;
}

static int parse_pipe(struct parser *p, bool range, struct pipe **ret);

static int parenthesis(struct parser *p, struct operand *o)
{
	struct pipe *pipe;
	int r;

	if (++p->depth > TEMPLATE_DEPTH_MAX)
		return fail(p, "nested deeper than %d", TEMPLATE_DEPTH_MAX);
	p->at++;
	r = parse_pipe(p, false, &pipe);
	if (r < 0)
		return r;
	skip_blanks(p);
	if (p->text[p->at] != ')')
		return fail(p, "unclosed left paren");
	p->at++;
	p->depth--;
	o->kind = OPERAND_PIPE;
	o->pipe = pipe;
	return 0;
}

static int variable(struct parser *p, struct operand *o)
{
	size_t len;

	p->at++;
	len = name_len(p);
	p->at--;
	o->kind = OPERAND_VARIABLE;
	o->name = take_name(p, len + 1);
	if (len > 0 && !texts_has(&p->vars, o->name))
		return fail(p, "undefined variable \"%.60s\"", o->name);
	return 0;
}

static int word(struct parser *p, struct operand *o)
{
	const char *name = take_name(p, name_len(p));

	if (strcmp(name, "true") == 0 || strcmp(name, "false") == 0) {
		o->literal = value_bool(*name == 't');
	} else if (strcmp(name, "nil") == 0) {
		o->kind = OPERAND_NIL;
	} else {
		if (!template_has_function(name))
			return fail(p, "function \"%.60s\" not defined", name);
		o->kind = OPERAND_FUNCTION;
		o->name = name;
	}
	return 0;
}

static int bad_character(struct parser *p)
{
	unsigned char c = (unsigned char)p->text[p->at];

	if (c == '\0')
		return fail(p, "unclosed action");
	if (strchr("})|=,:", c))
		return fail(p, "unexpected \"%c\" in operand", c);
	if (isprint(c))
		return fail(p, "unexpected bad character U+%04X '%c' in command", c, c);
	return fail(p, "unexpected bad character U+%04X in command", c);
}

static int term(struct parser *p, struct operand *o)
{
	const char *s = p->text + p->at;
	struct err reason;
	int r = template_literal(p->a, p->text, &p->at, &o->literal, &reason);

	if (r < 0)
		return fail(p, "%s", reason.msg);
	if (r > 0)
		return 0;
	if (*s == '(')
		return parenthesis(p, o);
	if (*s == '$')
		return variable(p, o);
	if (*s == '.') {
		o->kind = OPERAND_DOT;
		/* A field follows at once, or it is the dot itself. */
		if (!is_name_char(s[1]))
			p->at++;
		return 0;
	}
	return is_name_char(*s) ? word(p, o) : bad_character(p);
}

static int fields(struct parser *p, struct operand *o)
{
	struct field **end = &o->fields;

	while (p->text[p->at] == '.' && is_name_char(p->text[p->at + 1])) {
		struct field *f = ARENA_NEW(p->a, struct field);

		if (o->kind == OPERAND_NIL || o->kind == OPERAND_LITERAL)
			return fail(p, "unexpected . after term");
		f->span.at = p->at++;
		f->name = take_name(p, name_len(p));
		/* Errors name the whole chain up to the field. */
		f->span.len = p->at - f->span.at;
		*end = f;
		end = &f->next;
	}
	return 0;
}

static int parse_operand(struct parser *p, struct operand **ret)
{
	struct operand *o = ARENA_NEW(p->a, struct operand);
	char c;
	int r;

	o->span.at = p->at;
	r = term(p, o);
	if (r == 0)
		r = fields(p, o);
	if (r < 0)
		return r;
	o->span.len = p->at - o->span.at;
	c = p->text[p->at];
	if (c && !strchr(BLANKS "|)", c) && !at_close(p))
		return fail(p, "unexpected \"%c\" in operand", c);
	*ret = o;
	return 0;
}

/* Words up to a bar, a parenthesis or the end of the action. */
static int parse_command(struct parser *p, struct command **ret)
{
	struct command *c = ARENA_NEW(p->a, struct command);
	struct operand **end = &c->words;
	int r;

	skip_blanks(p);
	c->span.at = p->at;
	while (!at_close(p) && p->text[p->at] != '|' && p->text[p->at] != ')') {
		r = parse_operand(p, end);
		if (r < 0)
			return r;
		c->span.len = p->at - c->span.at;
		end = &(*end)->next;
		skip_blanks(p);
	}
	if (!c->words)
		return fail(p, "missing value for command");
	*ret = c;
	return 0;
}

/* "$a :=", "$a =", and for range "$a, $b :="; nothing if no such thing is there. */
static int declarations(struct parser *p, bool range, struct pipe *pipe)
{
	size_t start = p->at, n = 0;
	const char *names[2];

	while (p->text[p->at] == '$' && n < 2) {
		p->at++;
		p->at += name_len(p);
		names[n++] = arena_strndup(p->a, p->text + start, p->at - start);
		skip_blanks(p);
		if (p->text[p->at] != ',' || !range)
			break;
		p->at++;
		skip_blanks(p);
		start = p->at;
	}
	if (n == 0 || !(looking_at(p, ":=") || (looking_at(p, "=") && n > 0)))
		return 0;
	pipe->assigns = p->text[p->at] == '=';
	p->at += pipe->assigns ? 1 : 2;
	for (size_t i = 0; i < n; i++) {
		if (pipe->assigns && !texts_has(&p->vars, names[i]))
			return fail(p, "undefined variable \"%.60s\"", names[i]);
		pipe->vars[i] = names[i];
	}
	pipe->vars_len = n;
	return 1;
}

/* The value of a stage goes into the next as its last argument. */
static int check_stages(struct parser *p, const struct pipe *pipe)
{
	int stage = 2;

	for (const struct command *c = pipe->commands->next; c; c = c->next, stage++) {
		enum operand_kind kind = c->words->kind;

		if ((kind == OPERAND_LITERAL || kind == OPERAND_NIL ||
		     (kind == OPERAND_DOT && !c->words->fields)))
			return fail(p, "non executable command in pipeline stage %d", stage);
	}
	return 0;
}

static int parse_pipe(struct parser *p, bool range, struct pipe **ret)
{
	struct pipe *pipe = ARENA_NEW(p->a, struct pipe);
	struct command **end = &pipe->commands;
	size_t start;
	int r;

	skip_blanks(p);
	start = p->at;
	r = declarations(p, range, pipe);
	if (r < 0)
		return r;
	if (r == 0)
		p->at = start;
	skip_blanks(p);
	pipe->span.at = p->at;
	for (;;) {
		r = parse_command(p, end);
		if (r < 0)
			return r;
		pipe->span.len = (*end)->span.at + (*end)->span.len - pipe->span.at;
		end = &(*end)->next;
		if (p->text[p->at] != '|')
			break;
		p->at++;
	}
	/* Declared behind its pipeline, so that it can't name itself. */
	for (size_t i = 0; i < pipe->vars_len && !pipe->assigns; i++)
		texts_add(p->a, &p->vars, pipe->vars[i]);
	*ret = pipe;
	return check_stages(p, pipe);
}

static int parse_list(struct parser *p, struct node **ret, enum stop *stop);

static struct node *new_node(struct parser *p, enum node_kind kind)
{
	struct node *n = ARENA_NEW(p->a, struct node);

	n->kind = kind;
	n->span.at = p->at;
	return n;
}

static int block(struct parser *p, enum node_kind kind, struct node **ret);

/* What follows the body: nothing, {{else}} and a list, or {{else if …}} which is an if. */
static int block_rest(struct parser *p, struct node *n, enum stop stop)
{
	int r;

	if (stop == STOP_END)
		return 0;
	if (stop == STOP_ELSE_IF) {
		if (n->kind != NODE_IF)
			return fail(p, "unexpected <if> in input");
		return block(p, NODE_IF, &n->other);
	}
	r = parse_list(p, &n->other, &stop);
	if (r < 0)
		return r;
	return stop == STOP_END ? 0 : fail(p, "expected end; found {{else}}");
}

/* Behind the keyword: the pipeline, the body, and what follows it. */
static int block(struct parser *p, enum node_kind kind, struct node **ret)
{
	static const char *const names[] = {
		[NODE_IF] = "if", [NODE_WITH] = "with", [NODE_RANGE] = "range"
	};
	struct node *n = new_node(p, kind);
	size_t vars = p->vars.n;
	enum stop stop;
	int r;

	if (++p->depth > TEMPLATE_DEPTH_MAX)
		return fail(p, "nested deeper than %d", TEMPLATE_DEPTH_MAX);
	skip_blanks(p);
	if (at_close(p))
		return fail(p, "missing value for %s", names[kind]);
	r = parse_pipe(p, kind == NODE_RANGE, &n->pipe);
	if (r == 0)
		r = close_action(p);
	p->loops += kind == NODE_RANGE;
	if (r == 0)
		r = parse_list(p, &n->body, &stop);
	p->loops -= kind == NODE_RANGE;
	if (r == 0)
		r = block_rest(p, n, stop);
	p->vars.n = vars;
	p->depth--;
	*ret = n;
	return r;
}

static int jump(struct parser *p, enum node_kind kind, struct node **ret)
{
	if (p->loops == 0)
		return fail(p, "{{%s}} outside {{range}}",
			    kind == NODE_BREAK ? "break" : "continue");
	*ret = new_node(p, kind);
	return close_action(p);
}

static bool keyword(struct parser *p, const char *name)
{
	size_t len = strlen(name);

	if (name_len(p) != len || !looking_at(p, name))
		return false;
	p->at += len;
	return true;
}

/* {{else}} and {{else if; the latter's pipeline is still to be read. */
static int else_action(struct parser *p, enum stop *stop)
{
	skip_blanks(p);
	if (keyword(p, "if")) {
		*stop = STOP_ELSE_IF;
		return 0;
	}
	*stop = STOP_ELSE;
	return close_action(p);
}

/* Behind "{{" and its trim marker. *ret stays NULL for what ends a list; then stop is set. */
static int action(struct parser *p, struct node **ret, enum stop *stop)
{
	static const char *const refused[] = { "define", "template", "block" };
	int r;

	skip_blanks(p);
	if (keyword(p, "end")) {
		*stop = STOP_END;
		return close_action(p);
	}
	if (keyword(p, "else"))
		return else_action(p, stop);
	if (keyword(p, "if"))
		return block(p, NODE_IF, ret);
	if (keyword(p, "with"))
		return block(p, NODE_WITH, ret);
	if (keyword(p, "range"))
		return block(p, NODE_RANGE, ret);
	if (keyword(p, "break"))
		return jump(p, NODE_BREAK, ret);
	if (keyword(p, "continue"))
		return jump(p, NODE_CONTINUE, ret);
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		if (keyword(p, refused[i]))
			return fail(p, "{{%s}} is not supported", refused[i]);
	}
	*ret = new_node(p, NODE_ACTION);
	if (at_close(p))
		return fail(p, "missing value for command");
	r = parse_pipe(p, false, &(*ret)->pipe);
	return r < 0 ? r : close_action(p);
}

/* At the slash of {{/+ … +/}} (with stars); true if it was one. */
static int comment(struct parser *p)
{
	const char *end;

	if (!looking_at(p, "/*"))
		return 0;
	end = strstr(p->text + p->at + 2, "*/");
	if (!end)
		return fail(p, "unclosed comment");
	p->at = (size_t)(end - p->text) + 2;
	skip_blanks(p);
	if (!at_close(p))
		return fail(p, "comment ends before closing delimiter");
	return close_action(p) < 0 ? -EINVAL : 1;
}

/* Text up to the next action; an action may want its blanks away. */
static struct node *text_node(struct parser *p)
{
	struct node *n = new_node(p, NODE_TEXT);
	const char *start, *end;

	if (p->trim)
		skip_blanks(p);
	p->trim = false;
	start = p->text + p->at;
	end = strstr(start, "{{");
	n->text = start;
	n->len = end ? (size_t)(end - start) : strlen(start);
	p->at += n->len;
	if (end && end[2] == '-' && end[3] && strchr(BLANKS, end[3])) {
		while (n->len > 0 && strchr(BLANKS, start[n->len - 1]))
			n->len--;
	}
	return n;
}

static int parse_list(struct parser *p, struct node **ret, enum stop *stop)
{
	struct node **end = ret;

	for (;;) {
		struct node *n = text_node(p);
		int r;

		if (n->len > 0) {
			*end = n;
			end = &n->next;
		}
		if (!looking_at(p, "{{")) {
			*stop = STOP_END_OF_TEXT;
			return p->depth > 0 ? fail(p, "unexpected EOF") : 0;
		}
		p->at += 2;
		if (p->text[p->at] == '-' && p->text[p->at + 1] &&
		    strchr(BLANKS, p->text[p->at + 1])) {
			p->at++;
			skip_blanks(p);
		}
		r = comment(p);
		if (r < 0)
			return r;
		if (r > 0)
			continue;
		n = NULL;
		r = action(p, &n, stop);
		if (r < 0 || !n)
			return r;
		*end = n;
		end = &n->next;
	}
}

int template_parse(struct arena *a, const char *name, const char *text, struct template **ret,
		   struct err *e)
{
	struct template *t = ARENA_NEW(a, struct template);
	struct parser p = { .a = a, .t = t, .e = e, .len = strlen(text) };
	enum stop stop;
	int r;

	if (p.len > TEMPLATE_TEXT_MAX)
		return err_set(e, ERR_INVALID, "the template is larger than %d bytes",
			       TEMPLATE_TEXT_MAX);
	t->name = arena_strdup(a, name);
	t->text = p.text = arena_strdup(a, text);
	t->len = p.len;
	r = parse_list(&p, &t->nodes, &stop);
	if (r < 0)
		return r;
	if (stop != STOP_END_OF_TEXT)
		return fail(&p, "unexpected {{%s}}", stop == STOP_END ? "end" : "else");
	*ret = t;
	return 0;
}
