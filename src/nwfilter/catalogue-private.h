/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "nwfilter/catalogue.h"

/* Purpose: define in two halves, for a directory that is read as a whole. */

/* catalogue_define without the look at limits. */
gboolean catalogue_put(Catalogue *catalogue, Filter *filter, GError **error);

/* FALSE with a LIMIT error when the filter with all it includes is too large. */
gboolean catalogue_check_limits(const Catalogue *catalogue, const char *name, GError **error);
