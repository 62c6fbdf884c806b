/* SPDX-License-Identifier: Apache-2.0 */
#include "batch.h"

#include <string.h>
#include <unistd.h>

#include "kernel/wire.h"

void batch_run(const char *command, const char *text)
{
    g_autofree char *path = g_strdup("/tmp/batch-XXXXXX"), *line = NULL;
    const gssize length = (gssize)strlen(text);
    int file = g_mkstemp(path);

    g_assert_cmpint(file, >=, 0);
    g_assert_cmpint(write(file, text, (gsize)length), ==, length);
    close(file);
    line = g_strdup_printf("sh -c '%s <%s'", command, path);
    wire_run(line);
    (void)unlink(path); /* it was there */
}
