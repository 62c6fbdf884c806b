/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "virt/connection.h"

/* libvirt's network filters. Everything here blocks (connection.h). */

typedef struct {
    char *name, *uuid;
} VirtFilter;

void virt_filter_free(VirtFilter *filter);

GPtrArray *virt_filters(Virt *virt, GError **error); /* of VirtFilter, sorted by name */

/* The filter's definition. VIRT_ERROR_NO_FILTER when there is none of that name. */
char *virt_filter_xml(Virt *virt, const char *name, GError **error);

/* Defines, or redefines when the XML carries an existing filter's name and UUID. */
gboolean virt_filter_define(Virt *virt, const char *xml, GError **error);
