/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

typedef enum {
    DECIDE_ERROR_LIMIT, /* larger than a limit of this room; the text names it */
    DECIDE_ERROR_TEXT,  /* a program's text form that is none; the text says line and expectation */
    DECIDE_ERROR_TOO_LARGE, /* a question that has an answer we will not search for */
} DecideError;

#define DECIDE_ERROR decide_error_quark()
GQuark decide_error_quark(void);
