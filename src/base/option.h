/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commands and their options as tables.  One table is the parser, the help text, the man page and
 * the shell completion.  Flags have podman's and Docker's syntax: --name value, --name=value,
 * --flag, --flag=false, -n value, -nvalue, -n=value, -abc, and "--" ends them.
 *
 *	struct stop_args { int64_t time; bool all, time_given; struct texts names; };
 *	static const struct option stop_options[] = {
 *		OPTION_INT(stop_args, time, "time", 't', "SECONDS", "wait before killing (10)",
 *			   OPTION_GIVEN(stop_args, time_given)),
 *		OPTION_FLAG(stop_args, all, "all", 'a', "stop all running containers"),
 *		OPTION_ALIAS("timeout", 0, "time"),
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
	OPTION_KIND_INT,      /* int64_t; also 0x10, 010 */
	OPTION_KIND_UINT,     /* uint64_t */
	OPTION_KIND_SIZE,     /* int64_t, bytes: size_parse(), and -1 */
	OPTION_KIND_DOUBLE,   /* double */
	OPTION_KIND_DURATION, /* int64_t, nanoseconds */
	OPTION_KIND_LIST,     /* struct texts; repeats, kept whole */
	OPTION_KIND_COMMAS,   /* struct texts; repeats and splits at commas, as CSV: "a,b",c */
	OPTION_KIND_CHOICE,   /* const char *, one of `choices` */
	OPTION_KIND_IGNORED,  /* takes a value, for compatibility; documented no-ops only */
	OPTION_KIND_IGNORED_FLAG,
	OPTION_KIND_ALIAS, /* another spelling of the option `alias_of` in the same command */
	OPTION_KINDS
};

enum { OPTION_HIDDEN = 1 };

struct option {
	const char *name; /* without dashes; NULL: letter only */
	char letter;      /* 0: none */
	enum option_kind kind;
	unsigned flags;
	size_t offset;       /* in the command's args */
	size_t given_offset; /* of a bool that says it was given, or 0 */
	const char *value;   /* name of the value in help: "SECONDS" */
	const char *help;    /* may have lines */
	const char *bare;    /* what --name without =value means; NULL: a value must follow */
	const char *const *choices; /* ends with NULL */
	const char *alias_of;
	const char *completes; /* the noun that completes the value: "container", "file" */
};

/* What follows the help text sets further members: OPTION_GIVEN(), .flags, .bare, .completes. */
#define OPTION_FIELD(tag, member, nm, lt, what, val, hlp, ...)                                     \
	{                                                                                          \
		.name = (nm), .letter = (lt), .kind = OPTION_KIND_##what,                          \
		.offset = offsetof(struct tag, member), .value = (val), .help = (hlp), __VA_ARGS__ \
	}
#define OPTION_GIVEN(tag, member) .given_offset = offsetof(struct tag, member)
#define OPTION_FLAG(tag, m, nm, lt, hlp, ...) \
	OPTION_FIELD(tag, m, nm, lt, FLAG, NULL, hlp, __VA_ARGS__)
#define OPTION_TEXT(tag, m, nm, lt, val, hlp, ...) \
	OPTION_FIELD(tag, m, nm, lt, TEXT, val, hlp, __VA_ARGS__)
#define OPTION_INT(tag, m, nm, lt, val, hlp, ...) \
	OPTION_FIELD(tag, m, nm, lt, INT, val, hlp, __VA_ARGS__)
#define OPTION_UINT(tag, m, nm, lt, val, hlp, ...) \
	OPTION_FIELD(tag, m, nm, lt, UINT, val, hlp, __VA_ARGS__)
#define OPTION_SIZE(tag, m, nm, lt, val, hlp, ...) \
	OPTION_FIELD(tag, m, nm, lt, SIZE, val, hlp, __VA_ARGS__)
#define OPTION_DOUBLE(tag, m, nm, lt, val, hlp, ...) \
	OPTION_FIELD(tag, m, nm, lt, DOUBLE, val, hlp, __VA_ARGS__)
#define OPTION_DURATION(tag, m, nm, lt, val, hlp, ...) \
	OPTION_FIELD(tag, m, nm, lt, DURATION, val, hlp, __VA_ARGS__)
#define OPTION_LIST(tag, m, nm, lt, val, hlp, ...) \
	OPTION_FIELD(tag, m, nm, lt, LIST, val, hlp, __VA_ARGS__)
#define OPTION_COMMAS(tag, m, nm, lt, val, hlp, ...) \
	OPTION_FIELD(tag, m, nm, lt, COMMAS, val, hlp, __VA_ARGS__)
#define OPTION_CHOICE(tag, m, nm, lt, val, hlp, list, ...) \
	OPTION_FIELD(tag, m, nm, lt, CHOICE, val, hlp, .choices = (list), __VA_ARGS__)
/* Accepted and without effect here; hlp says so. */
#define OPTION_IGNORED(nm, lt, val, hlp, ...)                                              \
	{                                                                                  \
		.name = (nm), .letter = (lt), .kind = OPTION_KIND_IGNORED, .value = (val), \
		.help = (hlp), __VA_ARGS__                                                 \
	}
#define OPTION_IGNORED_FLAG(nm, lt, hlp, ...)                                                  \
	{                                                                                      \
		.name = (nm), .letter = (lt), .kind = OPTION_KIND_IGNORED_FLAG, .help = (hlp), \
		__VA_ARGS__                                                                    \
	}
/* Another name for an option of the same command; not listed in help. */
#define OPTION_ALIAS(nm, lt, of)                                                                 \
	{                                                                                        \
		.name = (nm), .letter = (lt), .kind = OPTION_KIND_ALIAS, .flags = OPTION_HIDDEN, \
		.alias_of = (of)                                                                 \
	}

/* Several option tables make one command's: shared groups are written once. */
struct command {
	const char *name;
	const char *const *aliases; /* ends with NULL; may be NULL */
	const char *summary;        /* one line, "Stop one or more containers" */
	const char *description;    /* the paragraphs of --help; NULL: the summary */
	const char *usage;          /* what follows the options: "CONTAINER [CONTAINER...]" */
	/* A line each of what follows "berth stop ", or NULL: "--time 2 web\n--all\n".  So they fit
	 * the command under each of its names. */
	const char *examples;
	const struct option *const *options; /* tables; ends with NULL; may be NULL */
	size_t args_size;                    /* of the struct that options fill */
	int min_args, max_args;              /* positional; max -1: any */
	bool options_end_at_arg; /* run, exec: the first positional argument ends the options */
	bool hidden;
	const char *completes; /* the noun that completes the arguments: "container", "image" */
	/* args: struct filled from the options (after init); returns the exit status. */
	void (*init)(void *args); /* defaults; may be NULL */
	int (*run)(void *globals, void *args, int argc, const char **argv);
	const struct command *const *commands; /* a group; ends with NULL */
};

/* A row for the root's commands: "help stop" is then "stop --help". */
extern const struct command option_help_command;

struct option_result {
	const struct command *command; /* the one found, or the group that got no command */
	const char *path;              /* "container stop", in the arena; "" is the root */
	void *args;                    /* in the arena */
	struct texts positional;
	bool help; /* print option_help() of command: it was asked for, or, with an error, the group
		    * got no command */
};
/*
 * Finds the command in the tree below root and parses what follows it; argv as main() has it.  The
 * options of root are the globals: they go into `globals` and may stand anywhere.  --help and -h
 * are known everywhere.  Errors are ERR_INVALID and have podman's words (cli.md 2.2), with "See
 * 'berth stop --help'" on a line of its own where podman has it.  ret is filled as far as it got
 * also on failure.
 */
int option_parse(struct arena *a, const struct command *root, void *globals, int argc,
		 const char *const *argv, struct option_result *ret, struct err *e);

/* path as option_result has it. */
void option_help(struct buf *out, const char *program, const char *path, const struct command *c);
/* Without the summary in front, for who begins otherwise. */
void option_help_rest(struct buf *out, const char *program, const char *path,
		      const struct command *c);
/* A man page in mdoc; prose is the text of doc/commands/PATH.md below its option list, or NULL. */
void option_man(struct buf *out, const char *program, const char *path, const struct command *c,
		const char *prose);
/* A completion script for "bash", "zsh" or "fish"; it asks the program's __complete command. */
int option_completion(struct buf *out, const char *program, const char *shell, struct err *e);
/* Appends the names of objects of that noun that begin with start, a line each "name\thelp". */
typedef void option_objects_fn(void *arg, const char *noun, const char *start, struct buf *out);
/*
 * What may follow these words (without the program's own name), one a line "word\thelp"; the last
 * word is being typed.  The last line is ":file", ":folder" or ":none": what else the shell offers.
 */
void option_complete(struct buf *out, const struct command *root, int argc, const char *const *argv,
		     option_objects_fn *objects, void *arg);
