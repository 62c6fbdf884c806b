/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "rest/settings.h"

/*
 * What is done once, before the engine serves: its authority and certificate, its store, and the
 * administrator's password. Can be repeated: what exists is kept.
 */

/* password_file: whose first line is the new password; NULL: TAPWALL_ADMIN_PASSWORD, or, where
 * there is no password yet or reset is asked for, a random one, which is printed. */
gboolean setup_init(const Settings *settings, const char *password_file, gboolean reset,
                    GError **error);

/* A host's certificate and key. names: "NAME[,ALTERNATIVE...]"; the alternatives are DNS names or
 * addresses. Without out they go to the authority's folder, as NAME.pem and private/NAME-key.pem;
 * with it, to that folder in the names the host's agent looks for, with ca.pem beside them. */
gboolean setup_issue(const Settings *settings, const char *names, const char *out, GError **error);
