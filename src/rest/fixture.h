/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "rest/request.h"

/* For tests, fuzzing and benchmarks: an engine on a temporary store, and requests without HTTP. */
typedef struct {
    char *folder, *store;
    Engine *engine;
} Fixture;

#define FIXTURE_USER "admin@internal"
#define FIXTURE_PASSWORD "correct horse"

void fixture_init(Fixture *fixture);
void fixture_clear(Fixture *fixture);

/* Runs what is asked to its end. body NULL: none. accept: "xml" or "json", for both directions. */
Reply *fixture_request(Fixture *fixture, const char *method, const char *target, const char *format,
                       const char *body);

/* The reply's status, which must be `status`; its text is returned. */
char *fixture_expect(Fixture *fixture, const char *method, const char *target, const char *body,
                     guint status);

/* Adds an entity by a JSON body; its id. */
char *fixture_add(Fixture *fixture, const char *collection, const char *body);
