/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Properties of a systemd unit as annotations of a container give them
 * ("org.systemd.property.NAME"), their values in GVariant's text format: numbers, booleans, strings
 * and arrays of one of these, with or without a type in front ("uint64 5", "@as []").
 */
#pragma once

#include "base/buf.h"
#include "base/text.h"

#define VARIANT_PREFIX "org.systemd.property."

/* Appends the annotations that are properties as structs "(sv)" to an array of these.  A name that
 * ends in Sec becomes one in USec, its value in seconds becoming microseconds.  ERR_INVALID names
 * the annotation. */
int variant_properties(struct buf *b, const struct text_map *annotations, struct err *e);
