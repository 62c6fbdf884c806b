/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>

/*
 * One side's TLS credentials: its own certificate with private key, and the CA that signs peers.
 * Names are not compared with the peer's host name: as in oVirt, being signed by the deployment's
 * own CA is what makes a peer (facts: VDSM's verify_client_cert is off by default).
 */
typedef struct TlsCredentials TlsCredentials;

/* Reads PEM files. The error names the file. */
TlsCredentials *tls_credentials_load(const char *certificate, const char *key, const char *ca,
                                     GError **error);
TlsCredentials *tls_credentials_ref(TlsCredentials *credentials);
void tls_credentials_unref(TlsCredentials *credentials);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TlsCredentials, tls_credentials_unref)

GTlsCertificate *tls_credentials_certificate(const TlsCredentials *credentials); /* borrowed */

/* Wraps an accepted connection as the server; a client certificate signed by the CA is required.
 * The handshake is left to the caller (g_tls_connection_handshake_async). */
GTlsConnection *tls_server_wrap(const TlsCredentials *credentials, GIOStream *base, GError **error);

/* Wraps a dialled connection as the client; the server must show a certificate signed by the CA. */
GTlsConnection *tls_client_wrap(const TlsCredentials *credentials, GIOStream *base, GError **error);
