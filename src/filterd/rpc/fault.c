/* SPDX-License-Identifier: Apache-2.0 */
#include "filterd/rpc/fault.h"

#include <string.h>

#include "filterd/error.h"

#define LEVEL_ERROR 2 /* VIR_ERR_ERROR */

G_DEFINE_QUARK(fault - protocol - quark, fault_protocol)
G_DEFINE_QUARK(fault - flags - quark, fault_flags)
G_DEFINE_QUARK(fault - uri - quark, fault_uri)
G_DEFINE_QUARK(fault - connection - quark, fault_connection)

/* Where an error comes from, by virErrorDomain's numbers. */
enum {
    FROM_NONE = 0,
    FROM_XML = 5,
    FROM_RPC = 7,
    FROM_DOMAIN = 20,
    FROM_NWFILTER = 33,
    FROM_URI = 45
};

static gboolean is_ours(const GError *error)
{
    return error->domain == FAULT_PROTOCOL || error->domain == FAULT_FLAGS ||
           error->domain == FAULT_URI || error->domain == FAULT_CONNECTION;
}

static int part_of(const GError *error, int number)
{
    if (error->domain == FAULT_PROTOCOL)
        return FROM_RPC;
    if (error->domain == FAULT_URI)
        return FROM_URI;
    if (error->domain == FAULT_CONNECTION)
        return FROM_NONE;
    if (number == FILTERD_ERROR_XML && g_str_has_prefix(error->message, "expecting root element"))
        return FROM_XML;
    return number == FILTERD_ERROR_NO_SUPPORT ? FROM_DOMAIN : FROM_NWFILTER;
}

static GBytes *encode(const MessageHeader *call, const rpc_error *fault)
{
    MessageHeader header = *call;

    header.type = MESSAGE_REPLY;
    header.status = MESSAGE_ERROR;
    return message_new(&header, &MESSAGE_FORM(rpc_error), fault);
}

/* As any error: the words of its number, and the detail. */
static GBytes *plain(const MessageHeader *call, const GError *error)
{
    const int number = is_ours(error) ? error->code : filterd_error_number(error);
    rpc_text words = (char *)filterd_error_words(number);
    rpc_text detail = g_utf8_make_valid(filterd_error_detail(error), -1);
    rpc_text whole = filterd_error_join(number, detail);
    const rpc_error fault = {
        .code = number,
        .domain = part_of(error, number),
        .message = &whole,
        .level = LEVEL_ERROR,
        .text1 = &words,
        .text2 = &detail,
        .number1 = -1,
        .number2 = -1,
    };
    GBytes *answer = encode(call, &fault);

    g_free(whole);
    g_free(detail);
    return answer;
}

/* The function and the argument that is wrong, and no words before the message. */
static GBytes *about_flags(const MessageHeader *call, const GError *error)
{
    rpc_text message = error->message, function = strrchr(error->message, ' ') + 1;
    rpc_text argument = (char *)"flags";
    const rpc_error fault = {
        .code = error->code,
        .domain = FROM_NWFILTER,
        .message = &message,
        .level = LEVEL_ERROR,
        .text1 = &function,
        .text2 = &argument,
    };

    return encode(call, &fault);
}

GBytes *fault_new(const MessageHeader *call, const GError *error)
{
    return error->domain == FAULT_FLAGS ? about_flags(call, error) : plain(call, error);
}
