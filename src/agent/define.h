/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "agent/agent.h"

/* Defines the agent's filter (Agent.filter_file) as soon as whoever enforces filters answers, which
 * it did not at the agent's start. */
void define_when_possible(Agent *agent);
