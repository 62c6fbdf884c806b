/* SPDX-License-Identifier: Apache-2.0 */
#include "jsonrpc/subscriptions.h"

#include <string.h>

typedef struct {
    char *id;
    char *destination;
} Subscription;

static void subscription_free(gpointer data)
{
    Subscription *subscription = data;

    g_free(subscription->id);
    g_free(subscription->destination);
    g_free(subscription);
}

Subscriptions *subscriptions_new(void)
{
    return g_ptr_array_new_with_free_func(subscription_free);
}

static gboolean find_id(const Subscriptions *all, const char *id, guint *index)
{
    for (*index = 0; *index < all->len; (*index)++) {
        const Subscription *subscription = all->pdata[*index];
        if (g_str_equal(subscription->id, id))
            return TRUE;
    }
    return FALSE;
}

gboolean subscriptions_add(Subscriptions *all, const char *id, const char *destination)
{
    guint index;

    if (find_id(all, id, &index))
        return FALSE;
    Subscription *subscription = g_new0(Subscription, 1);
    subscription->id = g_strdup(id);
    subscription->destination = g_strdup(destination);
    g_ptr_array_add(all, subscription);
    return TRUE;
}

gboolean subscriptions_remove(Subscriptions *all, const char *id)
{
    guint index;

    if (!find_id(all, id, &index))
        return FALSE;
    g_ptr_array_remove_index(all, index);
    return TRUE;
}

gboolean destination_covers(const char *covering, const char *destination)
{
    gsize length = strlen(covering);

    return strncmp(covering, destination, length) == 0 &&
           (destination[length] == '\0' || destination[length] == '.');
}

const char *subscriptions_lookup(const Subscriptions *all, const char *destination)
{
    const char *found = NULL;

    for (guint i = 0; i < all->len; i++) {
        const Subscription *subscription = all->pdata[i];
        if (g_str_equal(subscription->destination, destination))
            return subscription->id;
        if (found == NULL && destination_covers(subscription->destination, destination))
            found = subscription->id;
    }
    return found;
}

void subscriptions_foreach(const Subscriptions *all, const char *destination,
                           void (*function)(const char *id, gpointer data), gpointer data)
{
    for (guint i = 0; i < all->len; i++) {
        const Subscription *subscription = all->pdata[i];
        if (destination_covers(subscription->destination, destination))
            function(subscription->id, data);
    }
}
