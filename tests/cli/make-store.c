/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "store/store.h"

/* make-store PATH: an engine's store, made by the store itself as the engine makes it. */
int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Store) store = argc == 2 ? store_open(argv[1], STORE_MIGRATE, &error) : NULL;
    if (store == NULL)
        fprintf(stderr, "make-store: %s\n", error != NULL ? error->message : "expected one path");
    return store == NULL;
}
