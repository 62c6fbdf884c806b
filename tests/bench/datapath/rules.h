/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

/*
 * Purpose: libvirt's own ebtables rules for many ports. Binding hundreds of ports through libvirt
 * takes minutes, so that the rules are those that it made for three (stock-rules.py), continued:
 * every port's have the same form, which is checked of the three, and libvirt puts each port's
 * first rule behind those of the ports before it.
 * Owner: rules_free.
 */

typedef struct Rules Rules;

/* From what ebtables-save printed. Ends when the three ports' rules differ in more than names. */
Rules *rules_new(const char *path);
void rules_free(Rules *rules);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Rules, rules_free)

/* Puts the rules for `n` ports into force, of this network namespace: of the lane's port 1, bound
 * as number `place` (from 1), and of n - 1 others. */
void rules_apply(const Rules *rules, guint n, guint place);

/* No rules any more. */
void rules_clear(void);
