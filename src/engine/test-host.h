/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "jsonrpc/server.h"

/*
 * A host for tests: a JSON-RPC server in this process that keeps VM records and does what it is
 * told, in VDSM's words, and some things it was told to do wrong.
 */
typedef struct {
    RpcServer *server;
    guint16 port;
    GHashTable *vms;        /* id -> JsonObject: the full dictionary, as reported */
    GString *log;           /* "VM.create a;VM.destroy a;" */
    GPtrArray *sent;        /* of JsonNode: the params of each call about a VM */
    GPtrArray *held;        /* calls that wait for test_host_release() */
    GPtrArray *unanswered;  /* calls of the time it was silent */
    gboolean recovering;    /* code 99 to everything */
    gboolean silent;        /* answers nothing */
    gboolean holds;         /* keeps hotplugNic, hotunplugNic and updateDevice waiting */
    gboolean holds_destroy; /* keeps destroy waiting */
    gboolean refuses_plug;  /* hotplugNic fails */
    gboolean lacks_filter;  /* VM.create goes Down with libvirt's message */
    gboolean refuses_create;
    const char *const *filters; /* of getCapabilities; NULL-terminated */
    const char *const *levels;
} TestHost;

void test_host_set_up(TestHost *host);
void test_host_tear_down(TestHost *host);

/* Drops all connections and stops listening; listens again on the same port. */
void test_host_stop(TestHost *host);
void test_host_listen(TestHost *host);

/* Sets the status of a VM it has and sends the event; "Down" with exitCode 1 and message if not
 * NULL. */
void test_host_vm(TestHost *host, const char *id, const char *status, const char *message);
/* Answers the calls that wait. */
void test_host_release(TestHost *host);
/* The NIC of that MAC as the host has it, or NULL. */
JsonObject *test_host_nic(TestHost *host, const char *vm_id, const char *mac);
/* How often method was called. */
guint test_host_calls(const TestHost *host, const char *method);
