/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/tls.h"

/*
 * Throw-away certificates for tests, in a folder that must outlive their use (the CA's file is read
 * again for each connection).
 */

/* Makes a CA and a certificate of its own in a new folder. */
TlsCredentials *test_credentials_new(char **dir);
/* Removes the folder and frees both. */
void test_credentials_free(TlsCredentials *credentials, char *dir);
