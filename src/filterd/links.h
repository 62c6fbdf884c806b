/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

/*
 * Purpose: what happens to network devices, as the kernel tells it (rtnetlink(7)), and what is
 * there now.
 * Owner: links_free. Events come in the main loop.
 * Does not: know ports. What it tells may be over when it is told: look again before acting on it.
 */

typedef struct Links Links;

typedef struct {
    void (*appeared)(const char *name, guint ifindex, gpointer data); /* or was renamed */
    void (*vanished)(guint ifindex, gpointer data);
    void (*hook_changed)(guint ifindex, gpointer data); /* a tc filter or qdisc was removed */
    void (*overrun)(gpointer data); /* events were lost: read everything again */
} LinksEvents;

/* Errors: FILTERD_ERROR_SYSTEM. */
Links *links_new(const LinksEvents *events, gpointer data, GError **error);
void links_free(Links *links);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Links, links_free)

/* 0: there is no such device. */
guint link_index(const char *name);

/* Whether the device of that number has that name, now. */
gboolean link_is(guint ifindex, const char *name);
gboolean link_exists(guint ifindex);
