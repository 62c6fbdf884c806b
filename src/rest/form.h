/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "engine/engine.h"
#include "rest/element.h"

/*
 * The REST form of an entity: one table of its elements, read both ways. form_write() makes the
 * tree of an entity, form_read() changes an entity by what a request's tree holds: an absent
 * element keeps its member, an empty one clears it. An element that is not in the table, and not
 * empty, is refused, because leaving it out would be a promise not kept.
 */
#define API_BASE "/ovirt-engine/api"

typedef enum {
    FIELD_TEXT,      /* char * */
    FIELD_UINT,      /* guint */
    FIELD_UINT16,    /* guint16 */
    FIELD_UINT64,    /* guint64 */
    FIELD_BOOL,      /* gboolean */
    FIELD_TIME,      /* gint64, s since 1970; 0 is not written */
    FIELD_NAME,      /* an enum, written by the names of the row; read-only */
    FIELD_REFERENCE, /* char *, an id; written as href and id, read as an id or a name */
    FIELD_CONSTANT,  /* always `text`; nothing else is accepted */
    FIELD_IGNORED,   /* accepted without effect, never written */
    FIELD_CUSTOM,    /* by the row's functions */
} FieldType;

typedef void (*FieldWrite)(Element *root, const void *entity);
typedef gboolean (*FieldRead)(const Element *element, void *entity, GError **error);

typedef struct {
    const char *path; /* "os/kernel": below the entity's element */
    FieldType type;
    gsize offset;
    gboolean read_only;       /* accepted in a request (from a GET, sent back), without effect */
    const char *kind;         /* reference: what engine_resolve() calls it */
    gboolean optional;        /* reference: may be cleared */
    const char *const *names; /* name: by enum value */
    const char *text;         /* constant */
    FieldWrite write;         /* custom; NULL: never written */
    FieldRead read;           /* custom; NULL: read-only */
} Field;

typedef struct {
    const char *element;    /* "vm" */
    const char *collection; /* "vms" */
    const char *type;       /* oVirt's name of the type, in messages: "Vm" */
    const Field *fields;    /* to a row without path */
    const char *const *actions;
    const char *const *links;
    const char *const *required; /* for add: "name", "cluster.id|name" */
} Form;

/* parent is the collection's path below API_BASE: "vms", "vms/ID/nics". */
Element *form_write(const Form *form, const char *parent, const char *id, const void *entity);

/* Engine may be NULL where no reference by name can occur. */
gboolean form_read(const Form *form, const Element *input, void *entity, Engine *engine,
                   GError **error);

/* Whether all that `add` needs is there. */
gboolean form_check_required(const Form *form, const Element *input, GError **error);

/* A lower-case UUID in its canonical form; upper case is folded. NULL with REST_ERROR_PARAMETER. */
char *form_parse_id(const char *text, GError **error);

/* Adds <name href=API_BASE/collection/id id=id/>. */
void form_add_reference(Element *parent, const char *name, const char *collection, const char *id);

extern const Form data_center_form, cluster_form, host_form, network_form, vm_form, nic_form,
    network_filter_form, event_form;
