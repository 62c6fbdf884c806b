/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/refresh.h"

#include "agent/metadata.h"
#include "agent/ports.h"
#include "virt/domain.h"

static void refresh_work(gpointer data)
{
    Op *op = data;
    g_autofree char *metadata = NULL;

    if (!op_read(op) || !op->definition->ours)
        return;
    /* What cannot be removed now is found later. */
    (void)ports_tidy(op->agent->tapwalld, op->vm_id, op->definition, NULL);
    metadata = definition_metadata(op->definition, NULL, NULL);
    /* What cannot be dropped now is overlooked by every reader, and dropped next time. */
    if (virt_domain_set_metadata(op->agent->virt, op->vm_id, metadata, METADATA_PREFIX,
                                 METADATA_URI, NULL))
        (void)op_read(op);
}

static void refresh_done(gpointer data)
{
    Op *op = data;
    Vm *vm = agent_vm(op->agent, op->vm_id);

    /* No definition: the VM has gone, and the device with it. */
    if (vm && op->definition)
        agent_vm_definition(op->agent, vm, op->definition);
    op_return(op, json_object_new());
}

void refresh_push(Op *op)
{
    op_push(op, refresh_work, refresh_done);
}
