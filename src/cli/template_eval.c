/* SPDX-License-Identifier: BSD-2-Clause */
/* Walks the nodes.  Functions return 0, a negative errno, or how a loop is left. */
#include <errno.h>
#include <string.h>

#include "cli/template_node.h"

#define WORK_MAX (4 << 20)

enum { LOOP_BREAK = 1, LOOP_CONTINUE };

int run_spend(struct run *r, size_t amount, struct err *e)
{
	r->work += amount;
	if (r->work > WORK_MAX)
		return err_set(e, ERR_INVALID, "template: %.60s: it does not come to an end",
			       r->t->name);
	return 0;
}

/* Puts where it happened in front of the reason; the text is what stands at the span. */
static int located(const struct run *r, size_t at, struct span span, struct err *e)
{
	const char *text = r->t->text;
	int line = 1, column = 0, shown = (int)(span.len > 20 ? 20 : span.len);

	for (size_t i = 0; i < at; i++) {
		line += text[i] == '\n';
		column = text[i] == '\n' ? 0 : column + 1;
	}
	return err_wrap(e, "template: %.60s:%d:%d: executing \"%.60s\" at <%.*s%s>", r->t->name,
			line, column, r->t->name, shown, text + span.at,
			span.len > 20 ? "..." : "");
}

static int fail_at(const struct run *r, struct span span, struct err *e)
{
	return located(r, span.at, span, e);
}

static int eval_pipe(struct run *r, const struct value *dot, const struct pipe *pipe,
		     struct value *ret, struct err *e);

/* The innermost of that name; the parser has seen to it that there is one. */
static struct value *variable(const struct run *r, const char *name)
{
	for (size_t i = r->vars_len; i-- > 0;) {
		if (strcmp(r->vars[i].name, name) == 0)
			return &r->vars[i].value;
	}
	return NULL;
}

static void declare(struct run *r, const char *name, const struct value *v)
{
	if (r->vars_len == r->vars_room) {
		size_t room = r->vars_room ? 2 * r->vars_room : 8;
		void *vars = arena_array(r->a, room, sizeof(*r->vars));

		if (r->vars_len > 0)
			memcpy(vars, r->vars, r->vars_len * sizeof(*r->vars));
		r->vars = vars;
		r->vars_room = room;
	}
	r->vars[r->vars_len].name = name;
	r->vars[r->vars_len++].value = *v;
}

static void set_variable(struct run *r, const struct pipe *pipe, size_t i, const struct value *v)
{
	struct value *known = pipe->assigns ? variable(r, pipe->vars[i]) : NULL;

	if (known)
		*known = *v;
	else
		declare(r, pipe->vars[i], v);
}

static int no_field(const struct run *r, const struct operand *o, const struct field *f,
		    const struct value *of, struct err *e)
{
	struct span span = { o->span.at, f->span.at + f->span.len - o->span.at };

	if (of->kind == VALUE_NONE)
		err_set(e, ERR_INVALID, "nil pointer evaluating interface {}.%.80s", f->name);
	else
		err_set(e, ERR_INVALID, "can't evaluate field %.80s in type %.80s", f->name,
			value_type(of));
	return located(r, f->span.at, span, e);
}

static int eval_fields(struct run *r, const struct operand *o, struct value *v, struct err *e)
{
	for (const struct field *f = o->fields; f; f = f->next) {
		struct value of = *v;
		int n;

		if (of.kind == VALUE_NONE || !value_field(r->a, &of, f->name, v))
			return no_field(r, o, f, &of, e);
		/* Each look at a list or map has made its values anew. */
		n = run_spend(r, value_len(v) > 0 ? (size_t)value_len(v) / 16 + 1 : 1, e);
		if (n < 0)
			return n;
	}
	return 0;
}

static int eval_base(struct run *r, const struct value *dot, const struct operand *o,
		     struct value *ret, struct err *e)
{
	const struct value *known;
	int n;

	switch (o->kind) {
	case OPERAND_LITERAL:
		*ret = o->literal;
		return 0;
	case OPERAND_NIL:
		*ret = (struct value){ 0 };
		return 0;
	case OPERAND_DOT:
		*ret = *dot;
		return 0;
	case OPERAND_VARIABLE:
		known = variable(r, o->name);
		*ret = known ? *known : *r->root;
		return 0;
	case OPERAND_PIPE:
		return eval_pipe(r, dot, o->pipe, ret, e);
	case OPERAND_FUNCTION:
		break;
	}
	n = template_call(r, o->name, NULL, 0, ret, e);
	return n < 0 ? fail_at(r, o->span, e) : 0;
}

static int eval_operand(struct run *r, const struct value *dot, const struct operand *o,
			struct value *ret, struct err *e)
{
	int n = run_spend(r, 1, e);

	if (n == 0)
		n = eval_base(r, dot, o, ret, e);
	return n < 0 ? n : eval_fields(r, o, ret, e);
}

/* and, or: what decides ends it; the rest is not looked at. */
static int eval_logic(struct run *r, const struct value *dot, const struct command *c,
		      const struct value *piped, struct value *ret, struct err *e)
{
	bool stop_at = strcmp(c->words->name, "or") == 0;
	const struct operand *o = c->words->next;

	if (!o && !piped) {
		err_set(e, ERR_INVALID, "wrong number of args for %s: want at least 1 got 0",
			c->words->name);
		return fail_at(r, c->words->span, e);
	}
	for (; o; o = o->next) {
		int n = eval_operand(r, dot, o, ret, e);

		if (n < 0)
			return n;
		if (value_is_true(ret) == stop_at)
			return 0;
	}
	if (piped)
		*ret = *piped;
	return 0;
}

static int eval_function(struct run *r, const struct value *dot, const struct command *c,
			 const struct value *piped, struct value *ret, struct err *e)
{
	const char *name = c->words->name;
	struct value *args;
	size_t n = 0;
	int result;

	if (strcmp(name, "and") == 0 || strcmp(name, "or") == 0)
		return eval_logic(r, dot, c, piped, ret, e);
	for (const struct operand *o = c->words->next; o; o = o->next)
		n++;
	args = arena_array(r->a, n + 1, sizeof(*args));
	n = 0;
	for (const struct operand *o = c->words->next; o; o = o->next) {
		result = eval_operand(r, dot, o, &args[n++], e);
		if (result < 0)
			return result;
	}
	if (piped)
		args[n++] = *piped;
	result = template_call(r, name, args, n, ret, e);
	return result < 0 ? fail_at(r, c->span, e) : 0;
}

/* docker's and podman's .Label "key" is a method; here it looks into the field Labels. */
static bool eval_label(struct run *r, const struct value *dot, const struct command *c,
		       struct value *ret)
{
	const struct operand *o = c->words, *key = o->next;
	struct value labels;

	if (o->kind != OPERAND_DOT || !o->fields || o->fields->next ||
	    strcmp(o->fields->name, "Label") != 0 || !key || key->next ||
	    key->kind != OPERAND_LITERAL || key->literal.kind != VALUE_TEXT)
		return false;
	if (dot->kind == VALUE_TEXT && dot->heading) {
		*ret = key->literal;
		return true;
	}
	if (!value_field(r->a, dot, "Labels", &labels))
		return false;
	if (labels.heading) {
		*ret = key->literal;
		return true;
	}
	if (labels.kind != VALUE_MAP)
		return false;
	value_field(r->a, &labels, key->literal.text, ret);
	if (ret->kind == VALUE_NONE)
		*ret = value_text("");
	return true;
}

static int eval_command(struct run *r, const struct value *dot, const struct command *c,
			const struct value *piped, struct value *ret, struct err *e)
{
	const struct operand *first = c->words;

	if (first->kind == OPERAND_FUNCTION && !first->fields)
		return eval_function(r, dot, c, piped, ret, e);
	if (first->kind == OPERAND_NIL) {
		err_set(e, ERR_INVALID, "nil is not a command");
		return fail_at(r, first->span, e);
	}
	if (!first->next && !piped)
		return eval_operand(r, dot, first, ret, e);
	if (!piped && eval_label(r, dot, c, ret))
		return 0;
	if (first->fields)
		err_set(e, ERR_INVALID, "%.80s has arguments but cannot be invoked as function",
			first->fields->name);
	else
		err_set(e, ERR_INVALID, "can't give argument to non-function");
	return fail_at(r, first->span, e);
}

/* The value of the pipeline, its variables not yet set. */
static int eval_commands(struct run *r, const struct value *dot, const struct pipe *pipe,
			 struct value *ret, struct err *e)
{
	struct value last = { 0 };

	for (const struct command *c = pipe->commands; c; c = c->next) {
		struct value now = { 0 };
		int n = eval_command(r, dot, c, c == pipe->commands ? NULL : &last, &now, e);

		if (n < 0)
			return n;
		last = now;
	}
	*ret = last;
	return 0;
}

static int eval_pipe(struct run *r, const struct value *dot, const struct pipe *pipe,
		     struct value *ret, struct err *e)
{
	int n = eval_commands(r, dot, pipe, ret, e);

	if (n < 0)
		return n;
	for (size_t i = 0; i < pipe->vars_len; i++)
		set_variable(r, pipe, i, ret);
	return 0;
}

static int run_list(struct run *r, const struct value *dot, const struct node *list, struct err *e);

static int run_action(struct run *r, const struct value *dot, const struct node *node,
		      struct err *e)
{
	struct value v;
	int n = eval_pipe(r, dot, node->pipe, &v, e);

	if (n < 0 || node->pipe->vars_len > 0)
		return n;
	if (v.kind == VALUE_NONE)
		buf_adds(r->out, "<no value>");
	else
		value_print(r->out, &v);
	return 0;
}

static int run_if(struct run *r, const struct value *dot, const struct node *node, struct err *e)
{
	size_t vars = r->vars_len;
	struct value v;
	int n = eval_pipe(r, dot, node->pipe, &v, e);

	if (n < 0)
		return n;
	if (!value_is_true(&v))
		n = run_list(r, dot, node->other, e);
	else
		n = run_list(r, node->kind == NODE_WITH ? &v : dot, node->body, e);
	r->vars_len = vars;
	return n;
}

/* One turn: the last variable is the item, one before it its index or key. */
static int run_turn(struct run *r, const struct node *node, const struct value *key,
		    const struct value *item, struct err *e)
{
	const struct pipe *pipe = node->pipe;
	size_t vars = r->vars_len;
	int n;

	if (pipe->vars_len > 1)
		set_variable(r, pipe, 0, key);
	if (pipe->vars_len > 0)
		set_variable(r, pipe, pipe->vars_len - 1, item);
	n = run_list(r, item, node->body, e);
	r->vars_len = vars;
	return n;
}

static int run_range(struct run *r, const struct value *dot, const struct node *node, struct err *e)
{
	size_t vars = r->vars_len;
	auto_buf words = BUF(200);
	struct value v;
	int n = eval_commands(r, dot, node->pipe, &v, e);

	if (n < 0)
		return n;
	if (v.heading) {
		struct value zero = value_int(0);

		n = run_turn(r, node, &zero, &v, e);
		return n > 0 ? 0 : n;
	}
	if (v.kind != VALUE_NONE && v.kind != VALUE_LIST && v.kind != VALUE_MAP &&
	    v.kind != VALUE_RECORD) {
		value_print(&words, &v);
		err_set(e, ERR_INVALID, "range can't iterate over %.100s", buf_text(&words));
		return fail_at(r, node->pipe->span, e);
	}
	if (!value_is_true(&v))
		return run_list(r, dot, node->other, e);
	for (size_t i = 0; i < v.n && (n == 0 || n == LOOP_CONTINUE); i++) {
		struct value key = v.keys ? value_text(v.keys[i]) : value_int((int64_t)i);

		n = run_turn(r, node, &key, &v.items[i], e);
	}
	r->vars_len = vars;
	return n > 0 ? 0 : n;
}

static int run_node(struct run *r, const struct value *dot, const struct node *node, struct err *e)
{
	switch (node->kind) {
	case NODE_TEXT:
		buf_add(r->out, node->text, node->len);
		return 0;
	case NODE_ACTION:
		return run_action(r, dot, node, e);
	case NODE_IF:
	case NODE_WITH:
		return run_if(r, dot, node, e);
	case NODE_RANGE:
		return run_range(r, dot, node, e);
	case NODE_BREAK:
		return LOOP_BREAK;
	case NODE_CONTINUE:
		break;
	}
	return LOOP_CONTINUE;
}

static int run_list(struct run *r, const struct value *dot, const struct node *list, struct err *e)
{
	int n = 0;

	for (const struct node *node = list; node && n == 0; node = node->next) {
		n = run_spend(r, 1, e);
		if (n == 0)
			n = run_node(r, dot, node, e);
		if (n == 0)
			n = buf_check(r->out, "the output", e);
	}
	return n;
}

int template_run(const struct template *t, const struct value *dot, struct buf *out, struct err *e)
{
	AUTO(arena) a = arena_new();
	struct run r = { .a = a, .t = t, .out = out, .root = dot };

	return run_list(&r, dot, t->nodes, e);
}
