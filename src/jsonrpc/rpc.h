/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>

/*
 * JSON-RPC 2.0 as VDSM speaks it: protocol codes and texts, and VDSM's own error codes, which
 * travel in the same "code" member. RPC_ERROR's GError codes are those numbers, so that an error
 * keeps its number from the handler of one host to the caller on the engine.
 */

#define RPC_ERROR rpc_error_quark()
GQuark rpc_error_quark(void);

enum {
    /* JSON-RPC 2.0, section 5.1 */
    RPC_PARSE_ERROR = -32700,
    RPC_INVALID_REQUEST = -32600,
    RPC_METHOD_NOT_FOUND = -32601,
    RPC_INVALID_PARAMS = -32602,
    RPC_INTERNAL_ERROR = -32603,
    /* VDSM (facts/ovirt.md 2.3) */
    RPC_NO_SUCH_VM = 1,
    RPC_VM_EXISTS = 4,
    RPC_VM_IS_DOWN = 6,
    RPC_CREATE_FAILED = 9,
    RPC_MISSING_PARAMETER = 11,
    RPC_UNEXPECTED = 16,
    RPC_DESTROY_FAILED = 42,
    RPC_HOTPLUG_NIC_FAILED = 49,
    RPC_HOTUNPLUG_NIC_FAILED = 50,
    RPC_UPDATE_DEVICE_FAILED = 56,
    RPC_INVALID_PARAMETER = 91,
    RPC_RECOVERING = 99,
    RPC_GENERAL = 100,
    /* made by the client itself, as oVirt's engine numbers it */
    RPC_NO_ANSWER = 5022,
};

/* The request queues, the answers' and the events' destinations that VDSM and oVirt's engine use.
 */
#define RPC_REQUESTS "jms.topic.vdsm_requests"
#define RPC_IRS_REQUESTS "jms.topic.vdsm_irs_requests"
#define RPC_RESPONSES "jms.topic.vdsm_responses"
#define RPC_EVENTS "jms.queue.events"

/* VDSM's form of an error with context, "TEXT: {'KEY': 'VALUE', ...}": text, then keys and values,
 * then NULL. Values are quoted as Python quotes strings. Without keys, text alone. */
char *rpc_message(const char *text, ...) G_GNUC_NULL_TERMINATED;
