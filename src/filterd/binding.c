/* SPDX-License-Identifier: Apache-2.0 */
#include "filterd/binding.h"

#include "filterd/binding-private.h"

Binding *binding_new(void)
{
    Binding *binding = g_atomic_rc_box_new0(Binding);

    binding->parameters = variables_new();
    return binding;
}

Binding *binding_ref(Binding *binding)
{
    return g_atomic_rc_box_acquire(binding);
}

static void binding_clear(gpointer data)
{
    Binding *binding = data;

    g_free(binding->owner_name);
    g_free(binding->owner_uuid);
    g_free(binding->port);
    g_free(binding->link);
    g_free(binding->backend);
    g_free(binding->filter);
    variables_free(binding->parameters);
}

void binding_unref(Binding *binding)
{
    if (binding)
        g_atomic_rc_box_release_full(binding, binding_clear);
}
