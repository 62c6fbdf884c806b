/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

#include "filterd/rpc/protocol.h"

/*
 * Purpose: messages of libvirt's protocol as octets: a length (which counts itself), a header, a
 * payload in XDR.
 * Does not: know connections, procedures, or what a payload means.
 */

#define MESSAGE_PROGRAM_REMOTE 0x20008086u
#define MESSAGE_PROGRAM_KEEPALIVE 0x6b656570u
#define MESSAGE_VERSION 1u

#define MESSAGE_LENGTH_SIZE 4
#define MESSAGE_HEADER_SIZE 24
#define MESSAGE_MIN (MESSAGE_LENGTH_SIZE + MESSAGE_HEADER_SIZE)
#define MESSAGE_MAX (16 * 1024 * 1024 + MESSAGE_LENGTH_SIZE) /* of libvirt, too */

typedef enum { MESSAGE_CALL, MESSAGE_REPLY, MESSAGE_EVENT } MessageType;
typedef enum { MESSAGE_OK, MESSAGE_ERROR } MessageStatus;

typedef struct rpc_header MessageHeader; /* of protocol.x: type and status may be anything */

/* How octets and a value of protocol.x become one another. */
typedef struct {
    xdrproc_t xdr; /* NULL: nothing */
    gsize size;    /* of the value */
} MessageForm;

/* MESSAGE_FORM(rpc_text_value) */
#define MESSAGE_FORM(name) ((MessageForm){(xdrproc_t)xdr_##name, sizeof(name)})
#define MESSAGE_NOTHING ((MessageForm){NULL, 0})

/* The first four octets. FALSE when no message is that long or short. */
gboolean message_length(const guint8 octets[MESSAGE_LENGTH_SIZE], guint32 *length);

/* Of a message that is as long as its length says. */
void message_header(const guint8 *message, MessageHeader *header);

/* The payload as a value in *value, zeroed before; message_clear() frees what it holds. FALSE when
 * it is not of the form, or longer. */
gboolean message_read(const guint8 *message, gsize length, const MessageForm *form, gpointer value);
void message_clear(const MessageForm *form, gpointer value);

/* A whole message. NULL when the value does not fit the protocol's limits. */
GBytes *message_new(const MessageHeader *header, const MessageForm *form, gconstpointer value);
