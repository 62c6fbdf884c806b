/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "engine/private.h"

/*
 * One host's monitor, on the main loop: the connection, the states it goes through, the poll.
 *
 *   unassigned --connect--> [capabilities: code 99] initializing --> [capabilities, full list,
 * stats]
 *   --> up or non_operational: serving, with events and a poll
 *   lost at any point --> connecting, dialled again with growing pauses
 *   not serving (nor initializing) for the grace time --> non_responsive, dialled on for ever
 *
 * It decides nothing about VMs: what it hears goes to the worker (host-news.h).
 */

/* Starts dialling. host is read, not kept. */
HostMonitor *monitor_new(Engine *engine, const Host *host);
/* Ends it; the calls under way fail without an answer. */
void monitor_free(HostMonitor *monitor);

/* Sends a call, or fails it at once when the host is not being served. Takes call. */
void monitor_call(HostMonitor *monitor, Call *call);

/* Messages for engine_post(): data is a Host (taken), or a host's id (taken). */
void monitor_start_message(Engine *engine, gpointer host);
void monitor_stop_message(Engine *engine, gpointer host_id);
