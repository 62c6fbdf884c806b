/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <json-glib/json-glib.h>

#include "engine/private.h"

/*
 * What a monitor hears of its host, handed to the worker and there applied to the stored hosts and
 * VMs. Called on the main loop; each call is a job of its own, done in order.
 */

void host_news_status(Engine *engine, const char *host_id, HostStatus status, const char *detail);

/* A connection is ready: capabilities, all VMs with their devices, all VMs' statistics. All that is
 * stored about the host's VMs is compared with that, wishes that could not be sent are sent. The
 * callback's engine_submit_finish() gives 1 + HOST_UP or 1 + HOST_NON_OPERATIONAL, stored already.
 */
void host_news_connected(Engine *engine, const char *host_id, guint64 serial,
                         JsonNode *capabilities, JsonNode *full, JsonNode *stats,
                         GAsyncReadyCallback callback, gpointer data);

/* A poll's answer; serial is from when it was asked. */
void host_news_stats(Engine *engine, const char *host_id, guint64 serial, JsonNode *stats);

/* An event; those that are not about a VM's status are ignored. */
void host_news_event(Engine *engine, const char *host_id, const char *method, JsonNode *params);
