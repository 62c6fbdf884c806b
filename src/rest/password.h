/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

/*
 * Passwords: made, hashed with yescrypt and compared by libcrypt. Hashing takes tens of
 * milliseconds on purpose: never on the main loop.
 */
char *password_hash(const char *password, GError **error);
gboolean password_verify(const char *password, const char *hash);

/* 128 random bits as text without look-alikes, for an administrator to copy. */
char *password_random(void);

/* Random bytes from the kernel. */
void random_bytes(guint8 *bytes, gsize size);

/* A hash no password has, to be compared with for unknown users, so that they take as long. */
const char *password_decoy(void);
