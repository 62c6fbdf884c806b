/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

#include "nwfilter/error.h"
#include "nwfilter/field.h"
#include "nwfilter/value.h"
#include "nwfilter/variables.h"

/*
 * Purpose: one filter as its author wrote it: rules and includes in their order.
 * Owner: reference-counted, immutable once filter_parse has returned it.
 * Invariants: every attribute is one its element has and every value is within its limits; nothing
 * in it is silently without effect (docs/semantics.md lists what is refused for that reason).
 * Does not: follow includes or know variables' values; plan.h does.
 */

/* In libvirt's order. */
typedef enum {
    ACTION_DROP,
    ACTION_ACCEPT,
    ACTION_REJECT,
    ACTION_RETURN,
    ACTION_CONTINUE
} RuleAction;

/* Relative to the VM: OUT is what it sends. */
typedef enum { DIRECTION_IN, DIRECTION_OUT, DIRECTION_INOUT } RuleDirection;

/* Which frames a chain sees: the prefix of its name, "root" alone being the tree's root. */
typedef enum {
    CHAIN_ROOT,
    CHAIN_MAC,  /* every frame */
    CHAIN_VLAN, /* Ethernet type 0x8100 */
    CHAIN_STP,  /* destination 01:80:c2:00:00:00 */
    CHAIN_ARP,
    CHAIN_RARP,
    CHAIN_IPV4,
    CHAIN_IPV6,
} ChainKind;

/* One attribute of a rule's protocol element. */
typedef struct {
    const FieldRow *row;
    gboolean negated;     /* match='no' on its element */
    guint element;        /* which of the rule's elements wrote it, from 0 */
    gboolean is_variable; /* access counts, else value */
    Value value;
    VariableAccess access;
    guint line;
} RuleItem;

typedef struct {
    RuleAction action;
    RuleDirection direction;
    int priority;        /* -1000 to 1000, 500 unless written */
    gboolean statematch; /* FALSE: statematch='false' or '0' */
    Protocol protocol;
    GArray *items; /* of RuleItem, in the table's order, each row at most once */
    guint line;
} Rule;

typedef struct {
    char *filter;
    Variables *parameters;
    guint line;
} Include;

/* Exactly one is set. */
typedef struct {
    Rule *rule;
    Include *include;
} FilterEntry;

typedef struct {
    char *name;
    char *chain;
    ChainKind kind;
    int priority;       /* of the chain, -1000 to 1000 */
    char *uuid;         /* canonical, 36 characters; NULL when the text had none */
    GPtrArray *entries; /* of FilterEntry */
} Filter;

/*
 * Reads one filter. file stands in the messages and may be NULL. Errors: NWFILTER_ERROR, the first
 * problem found, with its place; *problems, unless NULL, gets all of them (GError, in the order of
 * the lines), and an empty array on success.
 */
Filter *filter_parse(const char *text, gsize length, const char *file, GPtrArray **problems,
                     GError **error);

/* The same from a file. Errors: NWFILTER_ERROR and G_FILE_ERROR. */
Filter *filter_read(const char *file, GPtrArray **problems, GError **error);

/* As libvirt dumps it, byte for byte; uuid (36 characters) overrides the filter's own, and with
 * neither the element is left out. The caller frees. */
char *filter_format(const Filter *filter, const char *uuid);

Filter *filter_ref(Filter *filter);
void filter_unref(Filter *filter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Filter, filter_unref)

/* "drop", "inout": the language's words. */
const char *rule_action_format(RuleAction action);
const char *rule_direction_format(RuleDirection direction);
gboolean rule_action_parse(const char *text, RuleAction *action);
gboolean rule_direction_parse(const char *text, RuleDirection *direction);

/* The rule's item of a row with this role (and field, for VALUE, MASK and END), or NULL. */
const RuleItem *rule_item_lookup(const Rule *rule, Field field, Role role);

/* FALSE for a name that could leave its directory or that no tool could type: empty, longer than
 * FILTER_NAME_MAX, "." or "..", with '/' or a control character. *expected says which. */
gboolean filter_name_check(const char *name, const char **expected);

/* Reads libvirt's spellings (any case, with or without dashes, blanks around); the result is
 * canonical, the caller frees. NULL when it is none. */
char *filter_uuid_parse(const char *text);
