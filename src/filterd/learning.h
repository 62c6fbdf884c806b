/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "filterd/binding.h"

/*
 * Purpose: whether a port's address is to be learned, how, and what it may do until then.
 * Does not: learn.
 */

typedef enum {
    LEARNING_OFF,
    LEARNING_ANY,  /* from the first frame that claims one */
    LEARNING_DHCP, /* from leases that a server acknowledges */
    N_LEARNINGS
} Learning;

#define LEARNING_ADDRESS "IP" /* the variable that is learned */

/*
 * What is to be done about these variables without value. As in libvirt, something is learned only
 * when the single one is IP; else, and for `none`, OFF, and binding will say what is missing. The
 * parameter CTRL_IP_LEARNING says how. Errors: PARSE_FAILED for another word.
 */
gboolean learning_choose(const Binding *binding, const GPtrArray *missing, Learning *learning,
                         GError **error);

/* TRUE when the port's addresses come from leases: as long as it is bound. */
gboolean learning_has_leases(const Binding *binding);

/* The servers that leases are taken from (DHCPSERVER); NULL: any. */
const char *const *learning_servers(const Binding *binding);

/*
 * The filter of a port meanwhile, in the filter language; $MAC, and $DHCPSERVER when there are
 * servers. Rules that drop what an address can be learned from have the comment LEARNING_COMMENT.
 * The caller frees.
 */
#define LEARNING_COMMENT "learn"
char *learning_filter(Learning learning, gboolean has_servers);
