/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

/*
 * The deployment's own small certificate authority: a CA made once, and certificates signed by it
 * for the engine, the hosts and API clients. Keys are ECDSA P-256, files PEM; keys are written
 * with mode 0600, each file whole or not at all.
 */

/* Makes DIR/ca.pem and DIR/private/ca-key.pem unless both exist already. */
gboolean pki_ensure_ca(const char *dir, GError **error);

/* Signs a new key for common_name with the CA of dir; names are DNS names or IP addresses for the
 * subjectAltName (NULL-terminated, may be NULL). Usable as TLS server and client, ten years. */
gboolean pki_issue(const char *dir, const char *common_name, const char *const *names,
                   const char *certificate_path, const char *key_path, GError **error);
