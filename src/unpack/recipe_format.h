/* SPDX-License-Identifier: BSD-2-Clause */
/* What the writer and the reader of recipes agree on; doc/formats/recipe.md says it in words. */
#pragma once

#define RECIPE_MAGIC      "berth recipe 1\n"
#define RECIPE_LITERAL    'L'
#define RECIPE_CONTENTS   'F'
#define RECIPE_END        'E'
#define RECIPE_NUMBER_MAX 10
