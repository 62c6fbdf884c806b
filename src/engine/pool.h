/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "store/store.h"

/*
 * The MAC pool: hands out the addresses of a range, each one that no NIC of the store has. It goes
 * round: an address just given back is the last to be given again, so that neighbours' ARP tables
 * forget it first.
 */
typedef struct MacPool MacPool;

/* from and to are inclusive; NULL for 52:54:00:00:00:00 and 52:54:00:ff:ff:ff. Group addresses of
 * the range are left out. */
MacPool *mac_pool_new(const char *from, const char *to, GError **error);
void mac_pool_free(MacPool *pool);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MacPool, mac_pool_free)

/* A free address in canonical text; ENGINE_ERROR_CONFLICT when all are taken. */
char *mac_pool_take(MacPool *pool, Store *store, GError **error);
