/* SPDX-License-Identifier: Apache-2.0 */
#include "virt/private.h"

#include <libvirt/virterror.h>

G_DEFINE_QUARK(tapwall - virt - error, virt_error)

G_STATIC_ASSERT((int)VIRT_ERROR_OPERATION_FAILED == (int)VIR_ERR_OPERATION_FAILED);
G_STATIC_ASSERT((int)VIRT_ERROR_NO_DOMAIN == (int)VIR_ERR_NO_DOMAIN);
G_STATIC_ASSERT((int)VIRT_ERROR_SYSTEM == (int)VIR_ERR_SYSTEM_ERROR);
G_STATIC_ASSERT((int)VIRT_ERROR_NO_FILTER == (int)VIR_ERR_NO_NWFILTER);
G_STATIC_ASSERT((int)VIRT_ERROR_NO_BINDING == (int)VIR_ERR_NO_NWFILTER_BINDING);

void virt_error_take(GError **error)
{
    virErrorPtr last = virGetLastError();

    g_set_error_literal(error, VIRT_ERROR, last ? last->code : VIR_ERR_INTERNAL_ERROR,
                        last && last->message ? last->message : "libvirt gave no reason");
    virResetLastError();
}
