/* SPDX-License-Identifier: Apache-2.0 */
#include "datapath/expedite.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define SETTING "/sys/kernel/rcu_expedited"

void expedite_begin(Expedite *expedite)
{
    ssize_t length;

    expedite->file = open(SETTING, O_RDWR | O_CLOEXEC);
    if (expedite->file < 0)
        return;
    memset(expedite->before, 0, sizeof expedite->before);
    if (flock(expedite->file, LOCK_EX | LOCK_NB) == 0 &&
        (length = pread(expedite->file, expedite->before, sizeof expedite->before - 1, 0)) > 0 &&
        pwrite(expedite->file, "1", 1, 0) == 1)
        return;
    close(expedite->file);
    expedite->file = -1;
}

void expedite_end(Expedite *expedite)
{
    if (expedite->file < 0)
        return;
    if (pwrite(expedite->file, expedite->before, strlen(expedite->before), 0) < 0)
        (void)0; /* grace periods stay short: nothing is wrong but some wakes of idle CPUs */
    close(expedite->file);
}

/* The setting as it is when no other of our kind has it in its hands. */
static int setting_open(void)
{
    int setting = open(SETTING, O_RDWR | O_CLOEXEC);

    if (setting >= 0 && flock(setting, LOCK_EX) == 0) /* they hold it for less than a ms */
        return setting;
    if (setting >= 0)
        close(setting);
    return -1;
}

void expedite_remember(const char *file)
{
    g_autofree char *before = NULL;
    int setting = setting_open();
    char now[8] = "";

    if (setting < 0)
        return;
    if (g_file_get_contents(file, &before, NULL, NULL)) {
        if (pwrite(setting, before, strlen(before), 0) < 0)
            (void)0; /* as in expedite_end() */
    } else if (pread(setting, now, sizeof now - 1, 0) > 0) {
        (void)g_file_set_contents(file, now, -1, NULL); /* without it a kill leaves the setting */
    }
    close(setting);
}

void expedite_forget(const char *file)
{
    (void)unlink(file); /* else the next start puts the setting back once more */
}
