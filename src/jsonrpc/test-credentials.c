/* SPDX-License-Identifier: Apache-2.0 */
#include "jsonrpc/test-credentials.h"

#include "base/pki.h"

TlsCredentials *test_credentials_new(char **dir)
{
    g_autoptr(GError) error = NULL;

    *dir = g_dir_make_tmp("tapwall-test-XXXXXX", &error);
    g_assert_no_error(error);
    g_autofree char *certificate = g_build_filename(*dir, "cert.pem", NULL);
    g_autofree char *key = g_build_filename(*dir, "key.pem", NULL);
    g_autofree char *ca = g_build_filename(*dir, "ca.pem", NULL);
    g_assert_true(pki_ensure_ca(*dir, &error));
    g_assert_true(pki_issue(*dir, "test", NULL, certificate, key, &error));
    TlsCredentials *credentials = tls_credentials_load(certificate, key, ca, &error);
    g_assert_no_error(error);
    return credentials;
}

void test_credentials_free(TlsCredentials *credentials, char *dir)
{
    const char *remove[] = {"rm", "-rf", dir, NULL};

    tls_credentials_unref(credentials);
    if (dir != NULL)
        g_assert_true(g_spawn_sync(NULL, (char **)remove, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
                                   NULL, NULL, NULL, NULL));
    g_free(dir);
}
