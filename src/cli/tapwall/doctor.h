/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <json-glib/json-glib.h>

#include "datapath/survey.h"

/*
 * Purpose: the parts of `tapwall doctor`. Each looks at one thing, says on standard output what it
 * finds, a line each, and changes nothing.
 */

/* How many problems were said. */
typedef struct {
    guint problems;
} Diagnosis;

typedef enum { DOCTOR_GOOD, DOCTOR_NOTE, DOCTOR_PROBLEM } DoctorWord;

/* "good     TEXT" on a line; control characters of the text are replaced. */
void doctor_say(Diagnosis *diagnosis, DoctorWord word, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* What is pinned. */
void doctor_pins(Diagnosis *diagnosis, const Survey *survey, const char *pins);

/* What is attached to the devices of this network namespace. `wanted` is the daemon's list of
 * ports, or NULL when it could not be asked: what has a row is then taken to be wanted. */
void doctor_hooks(Diagnosis *diagnosis, const Survey *survey, JsonArray *wanted);

/* The kernel's abilities, and what other filter daemons left. */
void doctor_host(Diagnosis *diagnosis);
