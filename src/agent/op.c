/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/op.h"

#include "agent/takeover.h"
#include "base/log.h"

Op *op_new(Agent *agent, RpcCall *call, const char *vm_id)
{
    Op *op = g_new0(Op, 1);

    op->agent = agent;
    op->call = call;
    op->vm_id = g_ascii_strdown(vm_id, -1);
    return op;
}

void op_free(gpointer data)
{
    Op *op = data;

    if (op->call)
        rpc_call_fail(op->call, RPC_GENERAL, "General Exception: the agent is stopping");
    if (op->reserved_mac)
        g_hash_table_remove(op->agent->plugging, op->reserved_mac);
    g_free(op->vm_id);
    g_free(op->xml);
    g_free(op->alias);
    g_free(op->mac);
    g_free(op->reserved_mac);
    g_clear_pointer(&op->nic, nic_free);
    g_clear_pointer(&op->definition, definition_unref);
    g_clear_error(&op->error);
    g_free(op);
}

void op_push(Op *op, JobFunc work, JobFunc done)
{
    jobs_push(op->agent->jobs, op->vm_id, work, done, op, op_free);
}

void op_return(Op *op, JsonObject *object)
{
    JsonNode *node = json_node_new(JSON_NODE_OBJECT);

    json_node_take_object(node, object);
    if (op->call)
        rpc_call_return(g_steal_pointer(&op->call), node);
    else
        json_node_unref(node);
}

void op_return_true(Op *op)
{
    if (op->call)
        rpc_call_return(g_steal_pointer(&op->call), NULL);
}

void op_fail(Op *op, int code, const char *message)
{
    g_autofree char *text =
        op->error ? g_strdup_printf("%s: %s", message, op->error->message) : g_strdup(message);

    log_warning("vm=%s code=%d %s", op->vm_id, code, text);
    if (op->call)
        rpc_call_fail(g_steal_pointer(&op->call), code, text);
}

gboolean op_read(Op *op)
{
    g_clear_pointer(&op->definition, definition_unref);
    op->definition = takeover_read(op->agent->virt, op->vm_id, &op->state, &op->error);
    return op->definition != NULL;
}
