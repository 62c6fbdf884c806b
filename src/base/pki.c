/* SPDX-License-Identifier: Apache-2.0 */
#include "base/pki.h"

#include <gio/gio.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <string.h>

#define PKI_YEARS 10
#define PKI_SERIAL_OCTETS 16 /* RFC 5280, 4.1.2.2: at most 20, positive */
#define PKI_CA_NAME "Tapwall CA"

G_DEFINE_AUTO_CLEANUP_FREE_FUNC(gnutls_x509_privkey_t, gnutls_x509_privkey_deinit, NULL)
G_DEFINE_AUTO_CLEANUP_FREE_FUNC(gnutls_x509_crt_t, gnutls_x509_crt_deinit, NULL)

/* TRUE when a GnuTLS call went well; else sets error, naming what was being done. */
static gboolean went_well(int result, const char *what, GError **error)
{
    if (result >= 0)
        return TRUE;
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "cannot %s: %s", what,
                gnutls_strerror(result));
    return FALSE;
}

static gboolean pem_write(const char *path, const gnutls_datum_t *pem, int mode, GError **error)
{
    g_autofree char *dir = g_path_get_dirname(path);

    if (g_mkdir_with_parents(dir, 0755) != 0) {
        g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno), "cannot make folder %s: %s",
                    dir, g_strerror(errno));
        return FALSE;
    }
    return g_file_set_contents_full(path, (const char *)pem->data, pem->size,
                                    G_FILE_SET_CONTENTS_CONSISTENT, mode, error);
}

static gboolean key_write(gnutls_x509_privkey_t key, const char *path, GError **error)
{
    gnutls_datum_t pem = {NULL, 0};

    if (!went_well(gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL,
                                                     GNUTLS_PKCS_PLAIN, &pem),
                   "encode the private key", error))
        return FALSE;
    gboolean written = pem_write(path, &pem, 0600, error);
    gnutls_memset(pem.data, 0, pem.size);
    gnutls_free(pem.data);
    return written;
}

static gboolean certificate_write(gnutls_x509_crt_t certificate, const char *path, GError **error)
{
    gnutls_datum_t pem = {NULL, 0};

    if (!went_well(gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_PEM, &pem),
                   "encode the certificate", error))
        return FALSE;
    gboolean written = pem_write(path, &pem, 0644, error);
    gnutls_free(pem.data);
    return written;
}

static gnutls_x509_privkey_t key_new(GError **error)
{
    g_auto(gnutls_x509_privkey_t) key = NULL;

    if (!went_well(gnutls_x509_privkey_init(&key), "make a key", error) ||
        !went_well(gnutls_x509_privkey_generate(
                       key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0),
                   "generate a key", error))
        return NULL;
    return g_steal_pointer(&key);
}

static gboolean serial_set(gnutls_x509_crt_t certificate)
{
    guint8 serial[PKI_SERIAL_OCTETS];

    if (gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof(serial)) < 0)
        return FALSE;
    serial[0] = (serial[0] & 0x7f) | 0x01; /* positive, and no leading zero */
    return gnutls_x509_crt_set_serial(certificate, serial, sizeof(serial)) >= 0;
}

/* A certificate for key with subject, dates and serial, unsigned yet. */
static gnutls_x509_crt_t certificate_new(gnutls_x509_privkey_t key, const char *name,
                                         GError **error)
{
    g_auto(gnutls_x509_crt_t) certificate = NULL;
    time_t now = time(NULL);

    if (!went_well(gnutls_x509_crt_init(&certificate), "make a certificate", error))
        return NULL;
    gboolean good =
        gnutls_x509_crt_set_version(certificate, 3) >= 0 && serial_set(certificate) &&
        gnutls_x509_crt_set_key(certificate, key) >= 0 &&
        gnutls_x509_crt_set_activation_time(certificate, now - 24 * 3600) >= 0 &&
        gnutls_x509_crt_set_expiration_time(certificate, now + PKI_YEARS * 365 * 24 * 3600) >= 0;
    if (!good) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "cannot fill in the certificate of %s",
                    name);
        return NULL;
    }
    if (!went_well(gnutls_x509_crt_set_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0, name,
                                                 (unsigned)strlen(name)),
                   "set the certificate's name", error))
        return NULL;
    return g_steal_pointer(&certificate);
}

static gboolean key_id_set(gnutls_x509_crt_t certificate, gnutls_x509_crt_t issuer)
{
    guint8 id[64];
    size_t size = sizeof(id);

    if (gnutls_x509_crt_get_key_id(certificate, 0, id, &size) < 0 ||
        gnutls_x509_crt_set_subject_key_id(certificate, id, size) < 0)
        return FALSE;
    size = sizeof(id);
    return gnutls_x509_crt_get_key_id(issuer, 0, id, &size) >= 0 &&
           gnutls_x509_crt_set_authority_key_id(certificate, id, size) >= 0;
}

static gboolean ca_make(const char *certificate_path, const char *key_path, GError **error)
{
    g_auto(gnutls_x509_privkey_t) key = key_new(error);
    if (key == NULL)
        return FALSE;
    g_auto(gnutls_x509_crt_t) ca = certificate_new(key, PKI_CA_NAME, error);
    if (ca == NULL)
        return FALSE;
    gboolean good =
        gnutls_x509_crt_set_basic_constraints(ca, 1, -1) >= 0 &&
        gnutls_x509_crt_set_key_usage(ca, GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN) >= 0 &&
        key_id_set(ca, ca);
    if (!good) {
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_FAILED,
                            "cannot set the CA certificate's extensions");
        return FALSE;
    }
    return went_well(gnutls_x509_crt_sign2(ca, ca, key, GNUTLS_DIG_SHA256, 0),
                     "sign the CA certificate", error) &&
           key_write(key, key_path, error) && certificate_write(ca, certificate_path, error);
}

static char *ca_certificate_path(const char *dir)
{
    return g_build_filename(dir, "ca.pem", NULL);
}

static char *ca_key_path(const char *dir)
{
    return g_build_filename(dir, "private", "ca-key.pem", NULL);
}

gboolean pki_ensure_ca(const char *dir, GError **error)
{
    g_autofree char *certificate = ca_certificate_path(dir);
    g_autofree char *key = ca_key_path(dir);
    gboolean has_certificate = g_file_test(certificate, G_FILE_TEST_EXISTS);
    gboolean has_key = g_file_test(key, G_FILE_TEST_EXISTS);

    if (has_certificate && has_key)
        return TRUE;
    if (has_certificate) { /* never replace a CA that peers may trust */
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                    "CA certificate %s exists, but its key %s does not", certificate, key);
        return FALSE;
    }
    return ca_make(certificate, key, error);
}

static gboolean pem_read(const char *path, gnutls_datum_t *pem, GError **error)
{
    char *text = NULL;
    gsize size = 0;

    if (!g_file_get_contents(path, &text, &size, error))
        return FALSE;
    pem->data = (unsigned char *)text;
    pem->size = (unsigned)size;
    return TRUE;
}

static gnutls_x509_crt_t ca_certificate_load(const char *dir, GError **error)
{
    g_autofree char *path = ca_certificate_path(dir);
    g_auto(gnutls_x509_crt_t) certificate = NULL;
    gnutls_datum_t pem;

    if (!pem_read(path, &pem, error))
        return NULL;
    gboolean good = went_well(gnutls_x509_crt_init(&certificate), "make a certificate", error) &&
                    went_well(gnutls_x509_crt_import(certificate, &pem, GNUTLS_X509_FMT_PEM),
                              "read the CA certificate", error);
    g_free(pem.data);
    return good ? g_steal_pointer(&certificate) : NULL;
}

static gnutls_x509_privkey_t ca_key_load(const char *dir, GError **error)
{
    g_autofree char *path = ca_key_path(dir);
    g_auto(gnutls_x509_privkey_t) key = NULL;
    gnutls_datum_t pem;

    if (!pem_read(path, &pem, error))
        return NULL;
    gboolean good = went_well(gnutls_x509_privkey_init(&key), "make a key", error) &&
                    went_well(gnutls_x509_privkey_import2(key, &pem, GNUTLS_X509_FMT_PEM, NULL, 0),
                              "read the CA key", error);
    gnutls_memset(pem.data, 0, pem.size);
    g_free(pem.data);
    return good ? g_steal_pointer(&key) : NULL;
}

static gboolean alt_name_add(gnutls_x509_crt_t certificate, const char *name, GError **error)
{
    g_autoptr(GInetAddress) address = g_inet_address_new_from_string(name);
    int result;

    if (address != NULL)
        result = gnutls_x509_crt_set_subject_alt_name(
            certificate, GNUTLS_SAN_IPADDRESS, g_inet_address_to_bytes(address),
            (unsigned)g_inet_address_get_native_size(address), GNUTLS_FSAN_APPEND);
    else
        result = gnutls_x509_crt_set_subject_alt_name(certificate, GNUTLS_SAN_DNSNAME, name,
                                                      (unsigned)strlen(name), GNUTLS_FSAN_APPEND);
    return went_well(result, "add an alternative name", error);
}

static gboolean leaf_extend(gnutls_x509_crt_t leaf, gnutls_x509_crt_t ca, const char *const *names,
                            GError **error)
{
    gboolean good = gnutls_x509_crt_set_basic_constraints(leaf, 0, -1) >= 0 &&
                    gnutls_x509_crt_set_key_usage(leaf, GNUTLS_KEY_DIGITAL_SIGNATURE) >= 0 &&
                    gnutls_x509_crt_set_key_purpose_oid(leaf, GNUTLS_KP_TLS_WWW_SERVER, 0) >= 0 &&
                    gnutls_x509_crt_set_key_purpose_oid(leaf, GNUTLS_KP_TLS_WWW_CLIENT, 0) >= 0 &&
                    key_id_set(leaf, ca);

    if (!good) {
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_FAILED,
                            "cannot set the certificate's extensions");
        return FALSE;
    }
    for (; names != NULL && *names != NULL; names++)
        if (!alt_name_add(leaf, *names, error))
            return FALSE;
    return TRUE;
}

gboolean pki_issue(const char *dir, const char *common_name, const char *const *names,
                   const char *certificate_path, const char *key_path, GError **error)
{
    g_auto(gnutls_x509_crt_t) ca = ca_certificate_load(dir, error);
    if (ca == NULL)
        return FALSE;
    g_auto(gnutls_x509_privkey_t) ca_key = ca_key_load(dir, error);
    if (ca_key == NULL)
        return FALSE;
    g_auto(gnutls_x509_privkey_t) key = key_new(error);
    if (key == NULL)
        return FALSE;
    g_auto(gnutls_x509_crt_t) leaf = certificate_new(key, common_name, error);
    if (leaf == NULL || !leaf_extend(leaf, ca, names, error))
        return FALSE;
    return went_well(gnutls_x509_crt_sign2(leaf, ca, ca_key, GNUTLS_DIG_SHA256, 0),
                     "sign the certificate", error) &&
           key_write(key, key_path, error) && certificate_write(leaf, certificate_path, error);
}
