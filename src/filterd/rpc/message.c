/* SPDX-License-Identifier: Apache-2.0 */
#include "filterd/rpc/message.h"

#include <string.h>

gboolean message_length(const guint8 octets[MESSAGE_LENGTH_SIZE], guint32 *length)
{
    guint32 big_endian;

    memcpy(&big_endian, octets, sizeof big_endian);
    *length = GUINT32_FROM_BE(big_endian);
    return *length >= MESSAGE_MIN && *length <= MESSAGE_MAX;
}

void message_header(const guint8 *message, MessageHeader *header)
{
    XDR xdr;

    xdrmem_create(&xdr, (char *)message + MESSAGE_LENGTH_SIZE, MESSAGE_HEADER_SIZE, XDR_DECODE);
    (void)xdr_rpc_header(&xdr, header); /* six words of six: it cannot fail */
    xdr_destroy(&xdr);
}

gboolean message_read(const guint8 *message, gsize length, const MessageForm *form, gpointer value)
{
    gboolean good;
    XDR xdr;

    memset(value, 0, form->size);
    if (!form->xdr)
        return length == MESSAGE_MIN;
    xdrmem_create(&xdr, (char *)message + MESSAGE_MIN, (u_int)(length - MESSAGE_MIN), XDR_DECODE);
    good = form->xdr(&xdr, value, 0) && xdr_getpos(&xdr) == length - MESSAGE_MIN;
    xdr_destroy(&xdr);
    if (!good)
        message_clear(form, value);
    return good;
}

void message_clear(const MessageForm *form, gpointer value)
{
    if (form->xdr)
        xdr_free(form->xdr, value);
}

static gboolean encode(XDR *xdr, guint32 length, const MessageHeader *header,
                       const MessageForm *form, gconstpointer value)
{
    return xdr_u_int(xdr, &length) && xdr_rpc_header(xdr, (gpointer)header) &&
           (!form->xdr || form->xdr(xdr, (gpointer)value, 0));
}

GBytes *message_new(const MessageHeader *header, const MessageForm *form, gconstpointer value)
{
    const gulong payload = form->xdr ? xdr_sizeof(form->xdr, (gpointer)value) : 0;
    const gsize length = MESSAGE_MIN + payload;
    g_autofree char *octets = NULL;
    gboolean good;
    XDR xdr;

    if ((form->xdr && payload == 0) || length > MESSAGE_MAX)
        return NULL;
    octets = g_malloc(length);
    xdrmem_create(&xdr, octets, (u_int)length, XDR_ENCODE);
    good = encode(&xdr, (guint32)length, header, form, value);
    xdr_destroy(&xdr);
    return good ? g_bytes_new_take(g_steal_pointer(&octets), length) : NULL;
}
