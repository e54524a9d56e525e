/* SPDX-License-Identifier: BSD-2-Clause */
/* logs_read() of a container that logs to the journal; private to the reading of logs. */
#pragma once

#include "engine/logs.h"

int logs_journal_read(const struct logs_source *from, const struct logs_read *what, logs_fn *fn,
		      void *arg, struct err *e);
