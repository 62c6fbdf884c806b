/* SPDX-License-Identifier: Apache-2.0 */
#include "base/pki.h"

#include <gio/gio.h>
#include <glib/gstdio.h>

#include "base/tls.h"

typedef struct {
    char *dir;
    char *certificate, *key, *ca;
} Fixture;

static void fixture_set_up(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    static const char *const names[] = {"localhost", "127.0.0.1", "::1", NULL};

    fixture->dir = g_dir_make_tmp("pki-XXXXXX", &error);
    g_assert_no_error(error);
    fixture->certificate = g_build_filename(fixture->dir, "host.pem", NULL);
    fixture->key = g_build_filename(fixture->dir, "host-key.pem", NULL);
    fixture->ca = g_build_filename(fixture->dir, "ca.pem", NULL);
    g_assert_true(pki_ensure_ca(fixture->dir, &error));
    g_assert_no_error(error);
    g_assert_true(
        pki_issue(fixture->dir, "host1", names, fixture->certificate, fixture->key, &error));
    g_assert_no_error(error);
}

static void fixture_tear_down(Fixture *fixture, gconstpointer data)
{
    g_autofree char *private = g_build_filename(fixture->dir, "private", NULL);
    g_autofree char *ca_key = g_build_filename(private, "ca-key.pem", NULL);

    g_unlink(ca_key);
    g_rmdir(private);
    g_unlink(fixture->certificate);
    g_unlink(fixture->key);
    g_unlink(fixture->ca);
    g_assert_cmpint(g_rmdir(fixture->dir), ==, 0);
    g_free(fixture->dir);
    g_free(fixture->certificate);
    g_free(fixture->key);
    g_free(fixture->ca);
}

static void test_key_mode(Fixture *fixture, gconstpointer data)
{
    GStatBuf status;
    g_assert_cmpint(g_stat(fixture->key, &status), ==, 0);
    g_assert_cmpint(status.st_mode & 0777, ==, 0600);
}

static void test_ca_is_kept(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *before = NULL, *after = NULL;

    g_assert_true(g_file_get_contents(fixture->ca, &before, NULL, NULL));
    g_assert_true(pki_ensure_ca(fixture->dir, &error));
    g_assert_true(g_file_get_contents(fixture->ca, &after, NULL, NULL));
    g_assert_cmpstr(before, ==, after);
}

/* What the CA signed is accepted as a server for its names, and credentials load from the files. */
static void test_verifies(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TlsCredentials) credentials =
        tls_credentials_load(fixture->certificate, fixture->key, fixture->ca, &error);
    g_assert_no_error(error);
    g_autoptr(GTlsCertificate) ca = g_tls_certificate_new_from_file(fixture->ca, &error);
    g_assert_no_error(error);
    GTlsCertificate *own = tls_credentials_certificate(credentials);
    g_autoptr(GSocketConnectable) local = g_network_address_new("127.0.0.1", 0);
    g_autoptr(GSocketConnectable) other = g_network_address_new("192.0.2.1", 0);
    g_assert_cmpint(g_tls_certificate_verify(own, local, ca), ==, 0);
    g_assert_cmpint(g_tls_certificate_verify(own, other, ca), ==, G_TLS_CERTIFICATE_BAD_IDENTITY);
}

static void test_errors_name_the_file(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(tls_credentials_load("/nonexistent.pem", fixture->key, fixture->ca, &error));
    g_assert_nonnull(g_strstr_len(error->message, -1, "/nonexistent.pem"));
    g_clear_error(&error);
    g_assert_null(tls_credentials_load(fixture->certificate, fixture->key, "/no-ca.pem", &error));
    g_assert_nonnull(g_strstr_len(error->message, -1, "/no-ca.pem"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(path, function)                                                                        \
    g_test_add(path, Fixture, NULL, fixture_set_up, function, fixture_tear_down)
    ADD("/pki/key-mode", test_key_mode);
    ADD("/pki/ca-is-kept", test_ca_is_kept);
    ADD("/pki/verifies", test_verifies);
    ADD("/pki/errors-name-the-file", test_errors_name_the_file);
    return g_test_run();
}
