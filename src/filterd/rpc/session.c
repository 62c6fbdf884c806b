/* SPDX-License-Identifier: Apache-2.0 */
#include "filterd/rpc/session.h"

#include "filterd/rpc/fault.h"
#include "filterd/rpc/procedure.h"

enum { KEEPALIVE_PING = 1, KEEPALIVE_PONG };

static GBytes *keepalive(gint32 procedure)
{
    const MessageHeader header = {
        MESSAGE_PROGRAM_KEEPALIVE, MESSAGE_VERSION, procedure, MESSAGE_EVENT, 0, MESSAGE_OK};

    return message_new(&header, &MESSAGE_NOTHING, NULL);
}

GBytes *session_ping(void)
{
    return keepalive(KEEPALIVE_PING);
}

static GBytes *refuse(const MessageHeader *call, GError *error)
{
    g_autoptr(GError) taken = error;

    return fault_new(call, taken);
}

static GError *rpc_error_new(const char *format, ...) G_GNUC_PRINTF(1, 2);

static GError *rpc_error_new(const char *format, ...)
{
    GError *error;
    va_list arguments;

    va_start(arguments, format);
    error = g_error_new_valist(FAULT_PROTOCOL, FILTERD_ERROR_RPC, format, arguments);
    va_end(arguments);
    return error;
}

#define FIRST_OF_FILTERS 175 /* the procedures before are about the connection */

/* What stands against running the procedure for this client, or NULL. */
static GError *objection(const Session *session, const Procedure *procedure)
{
    if (!session->is_open && !(procedure->flags & PROCEDURE_EARLY))
        return not_open(procedure->number >= FIRST_OF_FILTERS);
    if (session->read_only && (procedure->flags & PROCEDURE_WRITES))
        return g_error_new(FILTERD_ERROR, FILTERD_ERROR_OPERATION_DENIED,
                           "read only access prevents %s", procedure->name);
    if (!procedure->run)
        return g_error_new(FILTERD_ERROR, FILTERD_ERROR_NO_SUPPORT, "%s", procedure->name);
    return NULL;
}

static GBytes *reply(const MessageHeader *call, const Procedure *procedure, gconstpointer result)
{
    MessageHeader header = *call;
    GBytes *answer;

    header.type = MESSAGE_REPLY;
    header.status = MESSAGE_OK;
    answer = message_new(&header, &procedure->result, result);
    return answer ? answer : refuse(call, rpc_error_new("Unable to encode message payload"));
}

static GBytes *run(Session *session, const MessageHeader *call, const Procedure *procedure,
                   gconstpointer arguments)
{
    g_autofree gpointer result = g_malloc0(procedure->result.size + 1);
    GError *error = objection(session, procedure);
    GBytes *answer;

    if (error || !procedure->run(session, arguments, result, &error))
        return refuse(call, error);
    answer = reply(call, procedure, result);
    message_clear(&procedure->result, result);
    return answer;
}

/* Clients go another way when something is not supported, but not when it is unknown. */
static GError *not_served(const Session *session, gint32 number)
{
    if (number < 1 || number > PROCEDURE_LAST)
        return rpc_error_new("unknown procedure: %d", number);
    if (!session->is_open)
        return not_open(FALSE);
    return g_error_new(FILTERD_ERROR, FILTERD_ERROR_NO_SUPPORT, "procedure %d", number);
}

static GBytes *answer_call(Session *session, const MessageHeader *call, const guint8 *message,
                           gsize length)
{
    const Procedure *procedure = procedure_lookup(call->procedure);
    g_autofree gpointer arguments = NULL;
    GBytes *answer;

    if (call->status != MESSAGE_OK)
        return refuse(call, rpc_error_new("Unexpected message status %u", (guint)call->status));
    if (!procedure)
        return refuse(call, not_served(session, call->procedure));
    arguments = g_malloc0(procedure->arguments.size + 1);
    if (!message_read(message, length, &procedure->arguments, arguments))
        return refuse(call, rpc_error_new("Unable to decode message payload"));
    answer = run(session, call, procedure, arguments);
    message_clear(&procedure->arguments, arguments);
    return answer;
}

static GBytes *answer_keepalive(const MessageHeader *header)
{
    return header->type == MESSAGE_EVENT && header->procedure == KEEPALIVE_PING
               ? keepalive(KEEPALIVE_PONG)
               : NULL;
}

/* What is no call is passed over, as by libvirt. */
GBytes *session_answer(Session *session, const guint8 *message, gsize length)
{
    MessageHeader header;

    message_header(message, &header);
    if (header.prog == MESSAGE_PROGRAM_KEEPALIVE)
        return answer_keepalive(&header);
    if (header.prog != MESSAGE_PROGRAM_REMOTE || header.vers != MESSAGE_VERSION)
        return refuse(&header,
                      rpc_error_new("Cannot find program %u version %u", header.prog, header.vers));
    return header.type == MESSAGE_CALL ? answer_call(session, &header, message, length) : NULL;
}
