/* SPDX-License-Identifier: Apache-2.0 */
#include "rest/fault.h"

#include <string.h>

#include "engine/engine.h"

G_DEFINE_QUARK(tapwall - rest - error - quark, rest_error)

typedef struct {
    guint status;
    const char *reason; /* NULL: empty body */
} Fault;

static const Fault rest_faults[] = {
    [REST_ERROR_SYNTAX] = {400, "Request syntactically incorrect"},
    [REST_ERROR_INCOMPLETE] = {400, "Incomplete parameters"},
    [REST_ERROR_PARAMETER] = {400, "Operation failed"},
    [REST_ERROR_NOT_FOUND] = {404, NULL},
    [REST_ERROR_METHOD] = {405, "Method not allowed"},
    [REST_ERROR_ACCEPT] = {406, "Not acceptable"},
    [REST_ERROR_TOO_LARGE] = {413, "Request too large"},
    [REST_ERROR_CONTENT_TYPE] = {415, "Unsupported media type"},
    [REST_ERROR_LIMITED] = {429, "Too many failed logins"},
    [REST_ERROR_BUSY] = {503, "Server busy"},
};

static const Fault engine_faults[] = {
    [ENGINE_ERROR_NOT_FOUND] = {404, NULL},
    [ENGINE_ERROR_REFERENCE] = {400, "Operation Failed"},
    [ENGINE_ERROR_BAD_INPUT] = {400, "Operation Failed"},
    [ENGINE_ERROR_CONFLICT] = {409, "Operation Failed"},
    [ENGINE_ERROR_INTERNAL] = {500, "Operation Failed"},
};

static Fault fault_of(const GError *error)
{
    guint code = error->code;

    if (error->domain == REST_ERROR && code < G_N_ELEMENTS(rest_faults))
        return rest_faults[code];
    if (error->domain == ENGINE_ERROR && code < G_N_ELEMENTS(engine_faults))
        return engine_faults[code];
    return engine_faults[ENGINE_ERROR_INTERNAL];
}

guint fault_status(const GError *error)
{
    return fault_of(error).status;
}

/* oVirt puts what its engine says into brackets, and what its front end says not. */
static void add_detail(Element *fault, const GError *error)
{
    gboolean bracket = error->domain == ENGINE_ERROR && error->code != ENGINE_ERROR_REFERENCE &&
                       error->message[0] != '[';
    g_autofree char *detail = g_strdup_printf(bracket ? "[%s]" : "%s", error->message);

    element_add_text(fault, "detail", detail);
}

Element *fault_element(const GError *error, gboolean action)
{
    Fault fault = fault_of(error);
    g_autoptr(Element) root = NULL;
    Element *body;

    if (!fault.reason)
        return NULL;
    root = element_new(action ? "action" : "fault");
    body = action ? element_add(root, "fault") : root;
    add_detail(body, error);
    element_add_text(body, "reason", fault.reason);
    if (action)
        element_add_text(root, "status", "failed");
    return g_steal_pointer(&root);
}
