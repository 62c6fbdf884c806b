/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "agent/agent.h"

/* What libvirt's events and the periodic sample mean for the records. */

/* A VirtHandlers.event; data is the Agent. */
void events_handle(const VirtEvent *event, gpointer data);

/* Samples now, and from now on periodically. */
void sampling_start(Agent *agent);
