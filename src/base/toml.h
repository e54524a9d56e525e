/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TOML 1.0 as a jansson tree: tables are objects, strings, integers, floats and booleans are
 * themselves, arrays and arrays of tables are arrays, and dates and times are strings as written.
 * Errors name file and line: "registries.conf:12: …".  Bounded: nesting of 32, a key of 64 parts,
 * and a text of TOML_MAX bytes.  toml.io/en/v1.0.0.
 */
#pragma once

#include <jansson.h>

#include "base/err.h"

enum { TOML_MAX = 1 << 20 };

/* name: the file's, for errors. The tree is the caller's to json_decref(). */
int toml_parse(const char *name, const char *text, size_t len, json_t **ret, struct err *e);
