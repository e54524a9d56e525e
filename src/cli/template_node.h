/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parser of templates makes and the evaluator walks; nobody else includes this. */
#pragma once

#include "cli/template.h"

#define TEMPLATE_DEPTH_MAX 64        /* blocks and parentheses within each other */
#define TEMPLATE_VALUE_MAX (1 << 20) /* bytes of one text that a function makes */

/* Where something stands in the template's text, for errors. */
struct span {
	size_t at, len;
};

struct pipe;

enum operand_kind {
	OPERAND_LITERAL,
	OPERAND_NIL,
	OPERAND_DOT,
	OPERAND_FUNCTION, /* name */
	OPERAND_VARIABLE, /* name, with its $ */
	OPERAND_PIPE,
};

/* fields follow any of them but nil: .A.B, $x.A, (pipe).A; a leading .A is DOT with a field. */
struct operand {
	struct operand *next;
	enum operand_kind kind;
	struct span span;
	struct value literal;
	const char *name;
	const struct pipe *pipe;
	struct field {
		struct field *next;
		const char *name;
		struct span span;
	} * fields;
};

struct command {
	struct command *next;
	struct operand *words; /* at least one */
	struct span span;
};

struct pipe {
	const char *vars[2]; /* with their $ */
	size_t vars_len;
	bool assigns; /* "=" rather than ":=" */
	struct command *commands;
	struct span span;
};

enum node_kind {
	NODE_TEXT,
	NODE_ACTION,
	NODE_IF,
	NODE_WITH,
	NODE_RANGE,
	NODE_BREAK,
	NODE_CONTINUE,
};

struct node {
	struct node *next;
	enum node_kind kind;
	struct span span;
	const char *text;
	size_t len;
	struct pipe *pipe;
	struct node *body, *other; /* other: what else leads to */
};

struct template
{
	const char *name, *text;
	struct node *nodes;
	size_t len;
};

/* A name that functions have; also for the parser, which refuses unknown ones. */
bool template_has_function(const char *name);

/* A literal at *at, which then is behind it: 1; 0 if there is none; or e has the reason alone. */
int template_literal(struct arena *a, const char *text, size_t *at, struct value *ret,
		     struct err *e);

/* A run; functions take their memory and their budget from it. */
struct run {
	struct arena *a;
	const struct template *t;
	struct buf *out;
	uint64_t work; /* done so far; limited */
	const struct value *root;
	struct {
		const char *name;
		struct value value;
	} * vars;
	size_t vars_len, vars_room;
};

/* Counts work and memory: an endless template ends here. */
int run_spend(struct run *r, size_t amount, struct err *e);
/* e gets Go's words around it later; these only fill the reason. */
int template_call(struct run *r, const char *name, const struct value *args, size_t n,
		  struct value *ret, struct err *e);
/* Go's Sprintf. */
void template_printf(struct buf *out, const struct value *args, size_t n);
/* Go's strconv.Quote. */
void template_quote(struct buf *out, const char *s, size_t len);
