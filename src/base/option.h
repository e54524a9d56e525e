/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commands and their options as tables.  One table is the parser, the help text, the man page and
 * the shell completion.  Flags have podman's and Docker's syntax: --name value, --name=value,
 * --flag, --flag=false, -n value, -nvalue, -abc, and "--" ends them.
 *
 *	struct stop_args { int64_t time; bool all; struct texts names; };
 *	static const struct option stop_options[] = {
 *		OPTION_INT(stop_args, time, "time", 't', "SECONDS", "wait before killing (10)"),
 *		OPTION_FLAG(stop_args, all, "all", 'a', "stop all running containers"),
 *		{ 0 },
 *	};
 */
#pragma once

#include <stdint.h>

#include "base/buf.h"
#include "base/text.h"

enum option_kind {
	OPTION_END,
	OPTION_KIND_FLAG,     /* bool; --x, --x=true, --x=false */
	OPTION_KIND_TEXT,     /* const char *; the last wins */
	OPTION_KIND_INT,      /* int64_t */
	OPTION_KIND_SIZE,     /* int64_t, bytes: size_parse(), and -1 */
	OPTION_KIND_DOUBLE,   /* double */
	OPTION_KIND_DURATION, /* int64_t, nanoseconds */
	OPTION_KIND_LIST,     /* struct texts; repeats, kept whole */
	OPTION_KIND_COMMAS,   /* struct texts; repeats and splits at commas */
	OPTION_KIND_CHOICE,   /* const char *, one of `choices` */
	OPTION_KIND_IGNORED,  /* takes a value, for compatibility; documented no-ops only */
	OPTION_KIND_IGNORED_FLAG,
};

enum { OPTION_HIDDEN = 1 };

struct option {
	const char *name; /* without dashes; NULL: letter only */
	char letter;	  /* 0: none */
	enum option_kind kind;
	unsigned flags;
	size_t offset;	     /* in the command's args */
	size_t given_offset; /* of a bool that says it was given, or 0 */
	const char *value;   /* name of the value in help: "SECONDS" */
	const char *help;
	const char *const *choices; /* ends with NULL */
	const char *alias_of;	    /* this row is another spelling of that name */
};

#define OPTION_FIELD(tag, member, nm, lt, what, val, hlp, ...)                                     \
	{ .name = (nm), .letter = (lt), .kind = OPTION_KIND_##what,                                \
	  .offset = offsetof(struct tag, member), .value = (val), .help = (hlp), __VA_ARGS__ }
#define OPTION_FLAG(tag, m, nm, lt, hlp)	  OPTION_FIELD(tag, m, nm, lt, FLAG, NULL, hlp, )
#define OPTION_TEXT(tag, m, nm, lt, val, hlp)	  OPTION_FIELD(tag, m, nm, lt, TEXT, val, hlp, )
#define OPTION_INT(tag, m, nm, lt, val, hlp)	  OPTION_FIELD(tag, m, nm, lt, INT, val, hlp, )
#define OPTION_SIZE(tag, m, nm, lt, val, hlp)	  OPTION_FIELD(tag, m, nm, lt, SIZE, val, hlp, )
#define OPTION_DOUBLE(tag, m, nm, lt, val, hlp)	  OPTION_FIELD(tag, m, nm, lt, DOUBLE, val, hlp, )
#define OPTION_DURATION(tag, m, nm, lt, val, hlp) OPTION_FIELD(tag, m, nm, lt, DURATION, val, hlp, )
#define OPTION_LIST(tag, m, nm, lt, val, hlp)	  OPTION_FIELD(tag, m, nm, lt, LIST, val, hlp, )
#define OPTION_COMMAS(tag, m, nm, lt, val, hlp)	  OPTION_FIELD(tag, m, nm, lt, COMMAS, val, hlp, )
#define OPTION_CHOICE(tag, m, nm, lt, val, hlp, list)                                              \
	OPTION_FIELD(tag, m, nm, lt, CHOICE, val, hlp, .choices = (list))
/* Another name for an option of the same table. */
#define OPTION_ALIAS(nm, lt, of) { .name = (nm), .letter = (lt), .kind = OPTION_KIND_IGNORED, .flags = OPTION_HIDDEN, .alias_of = (of) }

struct command;
/* Several option tables make one command's: shared groups are written once. */
struct command {
	const char *name;
	const char *const *aliases; /* ends with NULL; may be NULL */
	const char *summary;	    /* one line, "Stop one or more containers" */
	const char *description;    /* the paragraph of --help; NULL: the summary */
	const char *usage;	    /* what follows the options: "CONTAINER [CONTAINER...]" */
	const char *examples;	    /* lines, or NULL */
	const struct option *const *options; /* tables; ends with NULL; may be NULL */
	size_t args_size;	    /* of the struct that options fill */
	int min_args, max_args;	    /* positional; max -1: any */
	bool options_end_at_arg;    /* run, exec: the first positional argument ends the options */
	bool hidden;
	/* args: struct filled from the options (after init); returns the exit status. */
	void (*init)(void *args); /* defaults; may be NULL */
	int (*run)(void *globals, void *args, int argc, const char **argv);
	const struct command *const *commands; /* a group; ends with NULL */
};

/* The words of an error that belongs to a command line, as podman prints them, are in e. */
struct option_result {
	const struct command *command; /* the one found, for "See 'berth stop --help'" */
	const char *path;	       /* "container stop", in the arena */
	void *args;		       /* in the arena */
	struct texts positional;
	bool help; /* --help or -h was asked for (or a group without command: then run is NULL) */
};
/* Finds the command in the tree below root and parses what follows it. root's own options (the
 * globals) are parsed into globals. ret is filled as far as it got also on failure. */
int option_parse(struct arena *a, const struct command *root, void *globals, int argc,
		 const char *const *argv, struct option_result *ret, struct err *e);

void option_help(struct buf *out, const char *program, const char *path, const struct command *c);
/* A man page in mdoc; prose is the text of doc/commands/PATH.md below its option list, or NULL. */
void option_man(struct buf *out, const char *program, const char *path, const struct command *c,
		const char *prose);
/* A completion script for "bash", "zsh" or "fish"; it asks the program's __complete command. */
int option_completion(struct buf *out, const char *program, const char *shell, struct err *e);
/* What may follow these words, one a line "word\thelp"; the last word is being typed. */
void option_complete(struct buf *out, const struct command *root, int argc,
		     const char *const *argv);
