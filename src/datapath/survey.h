/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "datapath/bpf/layout.h"
#include "datapath/error.h"

/*
 * Purpose: a look at what is pinned and attached in the kernel, by who does not own it: for
 * `tapwall doctor`, beside a running daemon or without one.
 * Owner: survey_free. Changes nothing and takes no lock; each answer is of its own moment.
 */

typedef struct Survey Survey;

/* pins: as DatapathConfig has it. There may be nothing. */
Survey *survey_new(const char *pins);
void survey_free(Survey *survey);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Survey, survey_free)

/* Whether there are pins of this program's layout, of which survey_missing() then names those that
 * are not there. Of char *; the caller unrefs, the texts are not its own. */
gboolean survey_has_pins(const Survey *survey);
GPtrArray *survey_missing(const Survey *survey);

/* What else is in the folder: pins of another version's layout, or nobody knows. Of char *, sorted;
 * the caller unrefs. */
GPtrArray *survey_strangers(const Survey *survey);

/* Whether the port has a row, that is, a filter in force where it is attached. */
gboolean survey_is_bound(const Survey *survey, guint ifindex);

typedef enum { SURVEY_XDP, SURVEY_TCX, SURVEY_CLSACT } SurveyPlace;

typedef struct {
    SurveyPlace place;
    gboolean is_ours;
    guint id;      /* of a BPF program; 0: a classifier of another kind */
    char name[16]; /* the program's name, or the kind */
} SurveyProgram;

/* What runs on the frames of a port, in the order in which it runs. Of SurveyProgram; the caller
 * unrefs. Errors: KERNEL. */
GArray *survey_programs(const Survey *survey, guint ifindex, guint way, GError **error);
