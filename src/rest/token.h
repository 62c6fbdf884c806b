/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

/*
 * Login tokens: 256 random bits each, good until not used for the idle time, revoked by name. At
 * most `limit` are kept: a new one then takes the place of the one unused for longest. Only digests
 * are held, so that neither a look-up's time nor a core dump tells a token. Times are monotonic
 * seconds.
 */
typedef struct TokenTable TokenTable;

TokenTable *token_table_new(guint limit, gint64 idle_seconds);
void token_table_free(TokenTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TokenTable, token_table_free)

char *token_table_issue(TokenTable *table, const char *user, gint64 now);
/* The token's user, borrowed, or NULL; using it keeps it alive. */
const char *token_table_use(TokenTable *table, const char *token, gint64 now);
gboolean token_table_revoke(TokenTable *table, const char *token);
guint token_table_size(const TokenTable *table);
