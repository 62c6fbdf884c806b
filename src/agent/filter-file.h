/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "virt/filter.h"

/*
 * A network filter in an XML file, and its definition on libvirt.
 *
 * libvirt refuses to define a filter of an existing name with another or no UUID, and cannot
 * undefine one that a running VM uses. So an existing filter keeps its UUID and is redefined in
 * place, never undefined; where nothing differs nothing is done, as redefining rebuilds the rules
 * of every VM that uses the filter.
 */
#define FILTER_FILE_ERROR filter_file_error_quark()
GQuark filter_file_error_quark(void);

typedef enum { FILTER_CREATED, FILTER_REPLACED, FILTER_UNCHANGED } FilterChange;

/* Whether the file can be read and holds a filter, as far as can be said without libvirt. */
gboolean filter_file_check(const char *path, GError **error);

/* Reads a file and defines it; *name is the filter's. Blocks. Errors name the file. */
gboolean filter_file_define(Virt *virt, const char *path, char **name, FilterChange *change,
                            GError **error);
const char *filter_change_text(FilterChange change); /* "defined", "redefined", "already defined" */

/* The name in a filter's XML, which is checked to be a filter at all. what names the text in
 * errors. */
char *filter_xml_name(const char *what, const char *xml, GError **error);

/* What to define so that wanted is in force where existing (NULL: none) is: *xml is NULL when
 * nothing differs but the UUID and the layout. */
gboolean filter_xml_plan(const char *wanted, const char *existing, char **xml, GError **error);
