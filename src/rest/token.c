/* SPDX-License-Identifier: Apache-2.0 */
#include "rest/token.h"

#include "rest/password.h"

typedef struct {
    char *digest; /* the key in by_digest */
    char *user;
    gint64 used;
    GList link; /* in by_age */
} Token;

struct TokenTable {
    GHashTable *by_digest;
    GQueue by_age; /* least recently used first */
    guint limit;
    gint64 idle_seconds;
};

static void token_free(gpointer data)
{
    Token *token = data;

    g_free(token->digest);
    g_free(token->user);
    g_free(token);
}

TokenTable *token_table_new(guint limit, gint64 idle_seconds)
{
    TokenTable *table = g_new0(TokenTable, 1);

    table->by_digest = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, token_free);
    g_queue_init(&table->by_age);
    table->limit = limit;
    table->idle_seconds = idle_seconds;
    return table;
}

void token_table_free(TokenTable *table)
{
    g_hash_table_unref(table->by_digest);
    g_free(table);
}

static void forget(TokenTable *table, Token *token)
{
    g_queue_unlink(&table->by_age, &token->link);
    g_hash_table_remove(table->by_digest, token->digest);
}

/* The oldest are first, so this stops early. */
static void sweep(TokenTable *table, gint64 now, guint keep)
{
    Token *token;

    while ((token = g_queue_peek_head(&table->by_age))) {
        gboolean expired = now - token->used > table->idle_seconds;

        if (!expired && table->by_age.length <= keep)
            break;
        forget(table, token);
    }
}

char *token_table_issue(TokenTable *table, const char *user, gint64 now)
{
    guint8 bytes[32];
    Token *token = g_new0(Token, 1);
    char *text;

    sweep(table, now, table->limit - 1);
    random_bytes(bytes, sizeof bytes);
    text = g_base64_encode(bytes, sizeof bytes);
    g_strdelimit(text, "+", '-');
    g_strdelimit(text, "/", '_');
    g_strdelimit(text, "=", '\0');
    token->digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
    token->user = g_strdup(user);
    token->used = now;
    token->link.data = token;
    g_hash_table_insert(table->by_digest, token->digest, token);
    g_queue_push_tail_link(&table->by_age, &token->link);
    return text;
}

static Token *lookup(TokenTable *table, const char *text)
{
    g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);

    return g_hash_table_lookup(table->by_digest, digest);
}

const char *token_table_use(TokenTable *table, const char *text, gint64 now)
{
    Token *token;

    sweep(table, now, table->limit);
    token = lookup(table, text);
    if (!token)
        return NULL;
    token->used = now;
    g_queue_unlink(&table->by_age, &token->link);
    g_queue_push_tail_link(&table->by_age, &token->link);
    return token->user;
}

gboolean token_table_revoke(TokenTable *table, const char *text)
{
    Token *token = lookup(table, text);

    if (token)
        forget(table, token);
    return token != NULL;
}

guint token_table_size(const TokenTable *table)
{
    return table->by_age.length;
}
