/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "engine/private.h"

/* [worker] What a cluster asks of its hosts has changed: each is connected and judged anew. */
gboolean hosts_check_again(Engine *engine, const char *cluster_id, GError **error);
