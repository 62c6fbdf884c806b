/* SPDX-License-Identifier: Apache-2.0 */
#include "nwfilter/plan.h"

#include "nwfilter/plan-private.h"

PlanOwner *plan_owner_new(void)
{
    PlanOwner *owner = g_atomic_rc_box_new0(PlanOwner);

    owner->filters = g_ptr_array_new_with_free_func((GDestroyNotify)filter_unref);
    owner->blocks = g_ptr_array_new_with_free_func(g_free);
    return owner;
}

static void owner_clear(gpointer data)
{
    PlanOwner *owner = data;

    g_ptr_array_unref(owner->blocks);
    g_ptr_array_unref(owner->filters);
}

Plan *plan_ref(Plan *plan)
{
    return g_atomic_rc_box_acquire(plan);
}

void plan_unref(Plan *plan)
{
    g_atomic_rc_box_release_full(plan, owner_clear);
}
