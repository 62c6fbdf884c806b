/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "filterd/rpc/message.h"

/*
 * Errors of the protocol itself. Their codes are libvirt's numbers, as FILTERD_ERROR's; the domain
 * says which part of libvirt would say so, which travels in a fault, too.
 */
#define FAULT_PROTOCOL (fault_protocol_quark())     /* virErrorDomain's RPC */
#define FAULT_URI (fault_uri_quark())               /* URI */
#define FAULT_CONNECTION (fault_connection_quark()) /* NONE */
/* "unsupported flags (0x...) in function NAME", which libvirt sends in a form of its own. */
#define FAULT_FLAGS (fault_flags_quark())
GQuark fault_protocol_quark(void);
GQuark fault_flags_quark(void);
GQuark fault_uri_quark(void);
GQuark fault_connection_quark(void);

/* An error as libvirt's protocol has it: the answer to a call. Never NULL. */
GBytes *fault_new(const MessageHeader *call, const GError *error);
