/* SPDX-License-Identifier: Apache-2.0 */
#include "filterd/rpc/fault.h"

#include <string.h>

#include "filterd/error.h"

#define LEVEL_ERROR 2 /* VIR_ERR_ERROR */

/* Where an error comes from, by virErrorDomain's numbers. */
enum { FROM_RPC = 7, FROM_DOMAIN = 20, FROM_NWFILTER = 33 };

static int domain_of(int number)
{
    switch (number) {
    case FILTERD_ERROR_RPC:
        return FROM_RPC;
    case FILTERD_ERROR_NO_SUPPORT:
        return FROM_DOMAIN; /* what stock libvirt says */
    default:
        return FROM_NWFILTER;
    }
}

GBytes *fault_new(const MessageHeader *call, const GError *error)
{
    const int number = filterd_error_number(error);
    g_autofree char *message = filterd_error_format(error);
    rpc_text whole = g_utf8_make_valid(message, -1);
    rpc_text words = (char *)filterd_error_words(number);
    rpc_text detail = g_utf8_make_valid(filterd_error_detail(error), -1);
    const rpc_error fault = {
        .code = number,
        .domain = domain_of(number),
        .message = &whole,
        .level = LEVEL_ERROR,
        .text1 = &words,
        .text2 = &detail,
        .number1 = -1,
        .number2 = -1,
    };
    MessageHeader header = *call;
    GBytes *answer;

    header.type = MESSAGE_REPLY;
    header.status = MESSAGE_ERROR;
    answer = message_new(&header, &MESSAGE_FORM(rpc_error), &fault);
    g_free(whole);
    g_free(detail);
    return answer;
}
