/* SPDX-License-Identifier: BSD-2-Clause */
/* What the writer and the reader of recipes agree on; doc/formats/recipe.md says it in words. */
#pragma once

#define RECIPE_MAGIC      "berth recipe 1\n"
#define RECIPE_PLAIN      '-' /* follows the magic */
#define RECIPE_HAS_KEPT   'K'
#define RECIPE_LITERAL    'L'
#define RECIPE_CONTENTS   'F'
#define RECIPE_KEPT       'K'
#define RECIPE_END        'E'
#define RECIPE_NUMBER_MAX 10

/* All contents that one recipe keeps, since whoever reads it needs memory for them. */
#define RECIPE_KEPT_MAX (64 << 20)
