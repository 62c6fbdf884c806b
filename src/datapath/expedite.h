/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

/*
 * Purpose: short waits of the kernel for a grace period, where it waits within a call of ours: at
 * an attach 8 to 16 ms, or 0.03 with this setting, which is the whole machine's and put back
 * afterwards. The lock is for others of our kind.
 */
typedef struct {
    int file; /* -1: it cannot be set; all works as well, but slower */
    char before[8];
} Expedite;

void expedite_begin(Expedite *expedite);
void expedite_end(Expedite *expedite);

/*
 * A process that is killed between the two leaves the setting behind. So its value is kept in a
 * file while a process lives that changes it: one that finds the file puts the value back, else
 * makes it. Without the right to do either, nothing happens.
 */
void expedite_remember(const char *file);

/* An orderly end. */
void expedite_forget(const char *file);
