/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "virt/connection.h"

/*
 * Bindings: which filter a port has, asked of libvirt's filter daemon or of what stands in for it.
 * A binding is named by its port, the tap's name. Everything here blocks (connection.h).
 */

/* The names of all bound ports. */
GPtrArray *virt_bindings(Virt *virt, GError **error); /* of char * */

/* The binding's <filterbinding>. VIRT_ERROR_NO_BINDING when the port has none. */
char *virt_binding_xml(Virt *virt, const char *port, GError **error);

/* In force when it returns. VIRT_ERROR_OPERATION_FAILED when the port is bound already. */
gboolean virt_binding_create(Virt *virt, const char *xml, GError **error);

/* VIRT_ERROR_NO_BINDING when the port has none. */
gboolean virt_binding_delete(Virt *virt, const char *port, GError **error);
