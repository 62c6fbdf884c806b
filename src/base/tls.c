/* SPDX-License-Identifier: Apache-2.0 */
#include "base/tls.h"

struct TlsCredentials {
    gint references; /* atomic */
    GTlsCertificate *certificate;
    GTlsDatabase *authority;
};

TlsCredentials *tls_credentials_load(const char *certificate, const char *key, const char *ca,
                                     GError **error)
{
    g_autoptr(GTlsCertificate) own = g_tls_certificate_new_from_files(certificate, key, error);
    if (own == NULL) {
        g_prefix_error(error, "certificate %s, key %s: ", certificate, key);
        return NULL;
    }
    g_autoptr(GTlsDatabase) authority = g_tls_file_database_new(ca, error);
    if (authority == NULL) {
        g_prefix_error(error, "CA %s: ", ca);
        return NULL;
    }
    TlsCredentials *credentials = g_new0(TlsCredentials, 1);
    credentials->references = 1;
    credentials->certificate = g_steal_pointer(&own);
    credentials->authority = g_steal_pointer(&authority);
    return credentials;
}

TlsCredentials *tls_credentials_ref(TlsCredentials *credentials)
{
    g_atomic_int_inc(&credentials->references);
    return credentials;
}

void tls_credentials_unref(TlsCredentials *credentials)
{
    if (credentials == NULL || !g_atomic_int_dec_and_test(&credentials->references))
        return;
    g_object_unref(credentials->certificate);
    g_object_unref(credentials->authority);
    g_free(credentials);
}

GTlsCertificate *tls_credentials_certificate(const TlsCredentials *credentials)
{
    return credentials->certificate;
}

/* The identity is left out of the check on purpose (see the header); everything else must hold. A
 * server is asked about every client's certificate, also about one without errors. */
static gboolean peer_accepted(GTlsConnection *connection, GTlsCertificate *peer,
                              GTlsCertificateFlags errors, gpointer data)
{
    return (errors & ~(GTlsCertificateFlags)G_TLS_CERTIFICATE_BAD_IDENTITY) == 0;
}

/* The authority is given at construction: set later, the connection would have read the system's
 * whole trust store first. A peer that just closes its socket is an ordinary end here, since every
 * message is framed. */
static GTlsConnection *wrap(const TlsCredentials *credentials, GType type, GIOStream *base,
                            GError **error)
{
    GTlsConnection *connection = g_initable_new(
        type, NULL, error, "base-io-stream", base, "certificate", credentials->certificate,
        "database", credentials->authority, "require-close-notify", FALSE, NULL);

    if (connection != NULL)
        g_signal_connect(connection, "accept-certificate", G_CALLBACK(peer_accepted), NULL);
    return connection;
}

GTlsConnection *tls_server_wrap(const TlsCredentials *credentials, GIOStream *base, GError **error)
{
    GType type = g_tls_backend_get_server_connection_type(g_tls_backend_get_default());
    GTlsConnection *connection = wrap(credentials, type, base, error);

    if (connection != NULL)
        g_object_set(connection, "authentication-mode", G_TLS_AUTHENTICATION_REQUIRED, NULL);
    return connection;
}

GTlsConnection *tls_client_wrap(const TlsCredentials *credentials, GIOStream *base, GError **error)
{
    GType type = g_tls_backend_get_client_connection_type(g_tls_backend_get_default());

    return wrap(credentials, type, base, error);
}
