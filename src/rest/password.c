/* SPDX-License-Identifier: Apache-2.0 */
#include "rest/password.h"

#include <crypt.h>
#include <errno.h>
#include <gio/gio.h>
#include <string.h>
#include <sys/random.h>

void random_bytes(guint8 *bytes, gsize size)
{
    for (gsize done = 0; done < size;) {
        ssize_t got = getrandom(bytes + done, size - done, 0);

        g_assert(got > 0 || errno == EINTR);
        done += got > 0 ? got : 0;
    }
}

char *password_hash(const char *password, GError **error)
{
    char setting[CRYPT_GENSALT_OUTPUT_SIZE];
    g_autofree struct crypt_data *data = g_new0(struct crypt_data, 1);
    guint8 salt[32];
    const char *hash;

    random_bytes(salt, sizeof salt);
    if (!crypt_gensalt_rn("$y$", 0, (const char *)salt, sizeof salt, setting, sizeof setting)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "yescrypt: %s", g_strerror(errno));
        return NULL;
    }
    hash = crypt_r(password, setting, data);
    if (!hash || hash[0] == '*') {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                    "the password cannot be hashed (at most %d bytes)",
                    CRYPT_MAX_PASSPHRASE_SIZE - 1);
        return NULL;
    }
    return g_strdup(hash);
}

/* Compares in the same time wherever the first difference is. */
static gboolean equal(const char *a, const char *b)
{
    gsize length = strlen(a);
    guint8 difference = 0;

    if (strlen(b) != length)
        return FALSE;
    for (gsize i = 0; i < length; i++)
        difference |= a[i] ^ b[i];
    return !difference;
}

gboolean password_verify(const char *password, const char *hash)
{
    g_autofree struct crypt_data *data = g_new0(struct crypt_data, 1);
    const char *again = crypt_r(password, hash, data);
    gboolean same = again && again[0] != '*' && equal(again, hash);

    explicit_bzero(data, sizeof *data);
    return same;
}

char *password_random(void)
{
    static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789"; /* 32: five bits each */
    guint8 bytes[26];
    char *text = g_malloc(sizeof bytes + 1);

    random_bytes(bytes, sizeof bytes);
    for (gsize i = 0; i < sizeof bytes; i++)
        text[i] = letters[bytes[i] % 32];
    text[sizeof bytes] = '\0';
    return text;
}

const char *password_decoy(void)
{
    return "$y$j9T$i6I6tN7UwNnM3Ws0Kk19.U8x8GBzX/"
           "MysZRShW88Tc5$wArc9W.Ms.2qrWhve204BKQrUl1HFkPrYRcnFPkU3PD";
}
