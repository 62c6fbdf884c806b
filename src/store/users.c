/* SPDX-License-Identifier: Apache-2.0 */
#include "store/query.h"

static void take_text(const StoreValue *columns, guint n_columns, gpointer data)
{
    *(char **)data = g_strdup(columns[0].text);
}

char *store_user_hash(Store *store, const char *user, GError **error)
{
    StoreValue value = STORE_TEXT(user);
    char *hash = NULL;
    if (!store_run(store, "SELECT password_hash FROM users WHERE user_name = $1", &value, 1,
                   take_text, &hash, NULL, error))
        return NULL;
    if (!hash)
        g_set_error(error, STORE_ERROR, STORE_ERROR_NOT_FOUND, "no user %s", user);
    return hash;
}

gboolean store_user_set_hash(Store *store, const char *user, const char *hash, GError **error)
{
    StoreValue values[] = {STORE_TEXT(user), STORE_TEXT(hash)};
    return store_run(store,
                     "INSERT INTO users (user_name, password_hash) VALUES ($1, $2) "
                     "ON CONFLICT (user_name) DO UPDATE SET password_hash = excluded.password_hash",
                     values, 2, NULL, NULL, NULL, error);
}
