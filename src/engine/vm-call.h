/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "engine/call.h"

/* [worker] The calls about whole VMs, and what their answers mean. vm->host_id says where to. */

/* VM.create with the plugged NICs and their filters; NULL on error. */
Call *vm_call_create(Engine *engine, const Vm *vm, const Actor *actor, GError **error);
Call *vm_call_shutdown(const Vm *vm, const Actor *actor);
/* VM.destroy by wish: overtakes other calls; its success means the VM is down. */
Call *vm_call_destroy(const Vm *vm, const Actor *actor);
/* VM.destroy of what is down already, so that host_id forgets it. */
Call *vm_call_forget(const char *host_id, const Vm *vm);
