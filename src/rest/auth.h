/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "engine/engine.h"

/*
 * Who is asking. A bearer token, a session cookie, or a name and password that were right a short
 * while ago are answered at once; any other password is compared in a thread, a few at a time,
 * after the throttle has let it through. Lives on the main loop.
 */
typedef struct Auth Auth;

typedef enum {
    AUTH_OK,
    AUTH_WRONG,   /* unknown user or wrong password */
    AUTH_LIMITED, /* too many wrong ones: see retry_after */
    AUTH_BUSY,    /* too many waiting to be compared */
    AUTH_FAILED,  /* the store cannot be read */
} AuthVerdict;

typedef struct {
    AuthVerdict verdict;
    const char *user;
    guint retry_after; /* s */
} AuthResult;

typedef void (*AuthDone)(const AuthResult *result, gpointer user_data);

#define AUTH_TOKEN_IDLE_SECONDS (30 * 60) /* oVirt's */
#define AUTH_TOKEN_LIMIT 1000
#define AUTH_CACHE_SECONDS 120
#define AUTH_CACHE_LIMIT 256
#define AUTH_PARALLEL 2
#define AUTH_QUEUE_LIMIT 32   /* different passwords waiting */
#define AUTH_WAITER_LIMIT 256 /* requests waiting for one of them */

/* now: monotonic seconds; NULL for the real clock. */
Auth *auth_new(Engine *engine, gint64 (*now)(void));
/* Nothing may be waiting any more. */
void auth_free(Auth *auth);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Auth, auth_free)

/* The user of the two headers (either may be NULL) if that can be told at once, borrowed; else
 * NULL. */
const char *auth_known(Auth *auth, const char *authorization, const char *cookie);

/* The name and password of a Basic header. FALSE when it is none. */
gboolean auth_parse_basic(const char *authorization, char **user, char **password);

/* Compares a password; done is called once, maybe at once. peer: the address as text. */
void auth_verify(Auth *auth, const char *user, const char *password, const char *peer,
                 AuthDone done, gpointer user_data);
guint auth_waiting(const Auth *auth);

/* A new token for the user, to be used as bearer or cookie; *expires in ms since 1970. */
char *auth_login(Auth *auth, const char *user, gint64 *expires);
gboolean auth_logout(Auth *auth, const char *token);
