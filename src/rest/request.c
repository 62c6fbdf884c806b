/* SPDX-License-Identifier: Apache-2.0 */
#include "rest/request.h"

#include <libsoup/soup.h>
#include <string.h>

#include "rest/fault.h"
#include "rest/format.h"

struct Request {
    Format reply_format;
    Format body_format;
    gboolean has_body_format; /* Content-Type was one of ours */
    Method method;
    const Route *route;
    char **segments;
    const char *ids[2];
    char *search, *correlation_id, *user;
    int max;
    gint64 from;
    gboolean follow_nics;
    GBytes *body;
    GError *error;
};

void request_free(Request *request)
{
    g_strfreev(request->segments);
    g_free(request->search);
    g_free(request->correlation_id);
    g_free(request->user);
    g_clear_pointer(&request->body, g_bytes_unref);
    g_clear_error(&request->error);
    g_free(request);
}

/* ---- formats ---- */

static const struct {
    const char *type;
    Format format;
} media_types[] = {
    {"application/xml", FORMAT_XML}, {"text/xml", FORMAT_XML}, {"*/*", FORMAT_XML},
    {"application/*", FORMAT_XML},   {"text/*", FORMAT_XML},   {"application/json", FORMAT_JSON},
    {"text/json", FORMAT_JSON},
};

static gboolean format_of(const char *value, gboolean wildcard, Format *format)
{
    g_autofree char *type = g_strndup(value, strcspn(value, ";"));

    g_strstrip(type);
    for (guint i = 0; i < G_N_ELEMENTS(media_types); i++) {
        if (g_ascii_strcasecmp(type, media_types[i].type) || (!wildcard && strchr(type, '*')))
            continue;
        *format = media_types[i].format;
        return TRUE;
    }
    return FALSE;
}

static void read_accept(Request *request, const char *accept)
{
    GSList *unacceptable = NULL;
    GSList *choices = accept ? soup_header_parse_quality_list(accept, &unacceptable) : NULL;
    gboolean found = !accept || !*accept;

    for (GSList *item = choices; item && !found; item = item->next)
        found = format_of(item->data, TRUE, &request->reply_format);
    soup_header_free_list(choices);
    soup_header_free_list(unacceptable);
    if (!found)
        g_set_error(&request->error, REST_ERROR, REST_ERROR_ACCEPT,
                    "Accept is '%s': application/xml and application/json are served", accept);
}

/* ---- path ---- */

static char *path_error(GError **error, const char *path)
{
    g_set_error(error, REST_ERROR, REST_ERROR_PARAMETER, "bad escape in the path '%s'", path);
    return NULL;
}

/* One matrix parameter, ";max=5", as older clients send it. */
static void read_parameter(Request *request, const char *name, const char *value);

static char *read_segment(Request *request, const char *raw)
{
    g_auto(GStrv) parts = g_strsplit(raw, ";", 0);
    char *segment = g_uri_unescape_string(parts[0], NULL);

    for (guint i = 1; parts[0] && parts[i]; i++) {
        g_auto(GStrv) pair = g_strsplit(parts[i], "=", 2);
        g_autofree char *value =
            pair[0] ? g_uri_unescape_string(pair[1] ? pair[1] : "", NULL) : NULL;

        if (value && g_utf8_validate(value, -1, NULL))
            read_parameter(request, pair[0], value);
        else if (pair[0] && !request->error)
            path_error(&request->error, parts[i]);
    }
    if (segment && g_utf8_validate(segment, -1, NULL))
        return segment;
    g_free(segment);
    return request->error ? NULL : path_error(&request->error, raw);
}

/* "/v4/vms/" -> {"vms"}. */
static void read_path(Request *request, const char *path)
{
    const char *below = g_str_has_prefix(path, API_BASE) ? path + strlen(API_BASE) : "";
    g_auto(GStrv) raw = g_strsplit(below, "/", 0);
    GPtrArray *segments = g_ptr_array_new();

    for (guint i = 0; raw[i] && !request->error; i++) {
        char *segment = *raw[i] ? read_segment(request, raw[i]) : NULL;

        if (segment && *segment)
            g_ptr_array_add(segments, segment);
        else
            g_free(segment);
    }
    g_ptr_array_add(segments, NULL);
    request->segments = (char **)g_ptr_array_free(segments, FALSE);
}

static gboolean is_version(const char *segment)
{
    return segment && segment[0] == 'v' && segment[1] &&
           !segment[1 + strspn(segment + 1, "0123456789")];
}

static gboolean check_version(const char *version, GError **error)
{
    if (!version || !strcmp(version, "4"))
        return TRUE;
    g_set_error(error, REST_ERROR, REST_ERROR_PARAMETER,
                "version '%s' of the API is not supported: 4 is", version);
    return FALSE;
}

static void find_route(Request *request, const RequestHead *head)
{
    const char *const *segments = (const char *const *)request->segments;
    gboolean versioned = is_version(segments[0]);

    if (!check_version(versioned ? segments[0] + 1 : head->version, &request->error))
        return;
    request->route = route_find(segments + versioned, request->ids, &request->error);
    if (!request->route)
        return;
    if (method_parse(head->method, &request->method) && request->route->handlers[request->method])
        return;
    g_set_error(&request->error, REST_ERROR, REST_ERROR_METHOD, "%s is not allowed here",
                head->method);
}

/* ---- parameters ---- */

static void parameter_error(Request *request, const char *name, const char *value,
                            const char *expected)
{
    if (!request->error)
        g_set_error(&request->error, REST_ERROR, REST_ERROR_PARAMETER, "%s is '%s': %s", name,
                    value, expected);
}

static void read_max(Request *request, const char *name, const char *value)
{
    gint64 max;

    if (g_ascii_string_to_signed(value, 10, G_MININT32, G_MAXINT32, &max, NULL))
        request->max = (int)max;
    else
        parameter_error(request, name, value, "a number is expected");
}

static void read_from(Request *request, const char *name, const char *value)
{
    if (!g_ascii_string_to_signed(value, 10, 0, G_MAXINT64, &request->from, NULL))
        parameter_error(request, name, value, "an event's number is expected");
}

static void read_search(Request *request, const char *name, const char *value)
{
    g_free(request->search);
    request->search = *value ? g_strdup(value) : NULL;
}

/* An embedded sub-collection that is silently left out would look empty to the client. */
static void read_follow(Request *request, const char *name, const char *value)
{
    request->follow_nics = !strcmp(value, "nics");
    if (*value && !request->follow_nics)
        parameter_error(request, name, value, "only 'nics' of VMs can be followed");
}

static gboolean is_printable(const char *text)
{
    for (; *text; text++)
        if (!g_ascii_isprint(*text))
            return FALSE;
    return TRUE;
}

static void read_correlation(Request *request, const char *name, const char *value)
{
    if (strlen(value) > CORRELATION_ID_LIMIT || !is_printable(value)) {
        parameter_error(request, name, "?", "at most 50 printable ASCII characters are expected");
        return;
    }
    g_free(request->correlation_id);
    request->correlation_id = *value ? g_strdup(value) : NULL;
}

/* Other parameters of oVirt change the depth or the timing of a reply: ours has one of each. */
static void read_parameter(Request *request, const char *name, const char *value)
{
    static const struct {
        const char *name;
        void (*read)(Request *request, const char *name, const char *value);
    } parameters[] = {{"max", read_max},
                      {"from", read_from},
                      {"search", read_search},
                      {"follow", read_follow},
                      {"correlation_id", read_correlation}};

    for (guint i = 0; i < G_N_ELEMENTS(parameters); i++)
        if (!strcmp(parameters[i].name, name))
            parameters[i].read(request, name, value);
}

static void read_query(Request *request, const char *query)
{
    GUriParamsIter iter;
    g_autoptr(GError) problem = NULL;
    char *name, *value;

    g_uri_params_iter_init(&iter, query, -1, "&", G_URI_PARAMS_WWW_FORM);
    while (g_uri_params_iter_next(&iter, &name, &value, &problem)) {
        if (g_utf8_validate(value, -1, NULL))
            read_parameter(request, name, value);
        else
            parameter_error(request, name, "?", "UTF-8 is expected");
        g_free(name);
        g_free(value);
    }
    if (problem)
        parameter_error(request, "the query", query, problem->message);
}

/* What a collection cannot be asked for is refused, not ignored. */
static void check_parameters(Request *request)
{
    const Resource *resource = request->route->resource;

    if (request->search && (!resource || !resource_is_searchable(resource)))
        parameter_error(request, "search", request->search, "this collection is not searchable");
    if (request->follow_nics && resource != &vm_resource)
        parameter_error(request, "follow", "nics", "only VMs have NICs");
}

Request *request_new(const RequestHead *head)
{
    Request *request = g_new0(Request, 1);

    request->max = -1;
    read_accept(request, head->accept);
    read_path(request, head->path);
    if (!request->error)
        find_route(request, head);
    if (head->query)
        read_query(request, head->query);
    if (head->correlation_id)
        read_correlation(request, "Correlation-Id", head->correlation_id);
    if (!request->error)
        check_parameters(request);
    request->has_body_format =
        head->content_type && format_of(head->content_type, FALSE, &request->body_format);
    return request;
}

const GError *request_error(const Request *request)
{
    return request->error;
}

void request_set_body(Request *request, GBytes *body)
{
    g_clear_pointer(&request->body, g_bytes_unref);
    request->body = g_bytes_ref(body);
}

void request_set_user(Request *request, const char *user)
{
    g_free(request->user);
    request->user = g_strdup(user);
}

/* ---- reply ---- */

Reply *reply_new(guint status, const char *content_type, GBytes *body)
{
    Reply *reply = g_new0(Reply, 1);

    reply->status = status;
    reply->content_type = content_type;
    reply->body = body;
    return reply;
}

void reply_free(Reply *reply)
{
    g_clear_pointer(&reply->body, g_bytes_unref);
    g_free(reply->location);
    g_free(reply->allow);
    g_free(reply->link);
    g_free(reply);
}

static Reply *element_reply(guint status, const Element *element, Format format)
{
    if (!element)
        return reply_new(status, NULL, NULL);
    if (format == FORMAT_JSON)
        return reply_new(status, "application/json", json_format(element));
    return reply_new(status, "application/xml", xml_format(element));
}

Reply *request_fault(const Request *request, const GError *error)
{
    gboolean action = request->route && request->route->action;
    g_autoptr(Element) element = fault_element(error, action);
    Reply *reply = element_reply(fault_status(error), element, request->reply_format);

    if (g_error_matches(error, REST_ERROR, REST_ERROR_METHOD))
        reply->allow = route_allow(request->route);
    return reply;
}

/* ---- running ---- */

static const char *root_name(const Request *request)
{
    return request->route->action ? "action" : resource_form(request->route->resource)->element;
}

static gboolean wants_body(const Request *request)
{
    return request->method == METHOD_POST || request->method == METHOD_PUT;
}

/* *input NULL when there is no body, or none that counts. */
static gboolean parse_body(const Request *request, Element **input, GError **error)
{
    if (!wants_body(request) || !request->body || !g_bytes_get_size(request->body))
        return TRUE;
    if (!request->has_body_format) {
        g_set_error_literal(error, REST_ERROR, REST_ERROR_CONTENT_TYPE,
                            "Content-Type: application/xml or application/json is expected");
        return FALSE;
    }
    *input = request->body_format == FORMAT_JSON
                 ? json_parse(request->body, root_name(request), error)
                 : xml_parse(request->body, error);
    return *input != NULL;
}

/* Of the entry point: its links again, as a header. */
static char *link_header(const Element *root)
{
    GString *header = g_string_new(NULL);

    for (const Element *child = root->first; child; child = child->next)
        if (!strcmp(child->name, "link"))
            g_string_append_printf(header, "%s<%s>; rel=%s", header->len ? "," : "",
                                   element_value(child, "href"), element_value(child, "rel"));
    return g_string_free(header, FALSE);
}

/* ids in canonical case, because the store compares bytes. */
static void fold_ids(const Request *request, char *ids[2])
{
    for (guint i = 0; i < 2; i++)
        ids[i] = request->ids[i] ? g_ascii_strdown(request->ids[i], -1) : NULL;
}

/* The collection's path, for hrefs: the segments up to the collection's own name. */
static char *parent_path(const Request *request, char *ids[2])
{
    if (request->route->resource == &nic_resource)
        return g_strdup_printf("vms/%s/nics", ids[0]);
    return g_strdup(request->route->resource ? resource_form(request->route->resource)->collection
                                             : "");
}

static Reply *run_handler(const Request *request, Call *call, GError **error)
{
    Handler handler = request->route->handlers[request->method];
    g_autoptr(Element) element = handler(call, error);
    Reply *reply;

    if (!element)
        return NULL;
    reply = element_reply(call->status ? call->status : 200, element, request->reply_format);
    reply->location = g_steal_pointer(&call->location);
    if (!request->route->resource)
        reply->link = link_header(element);
    return reply;
}

Reply *request_run(Request *request, Engine *engine, GError **error)
{
    g_autoptr(Element) input = NULL;
    char *ids[2];
    Call call = {
        .engine = engine,
        .actor = {.user = request->user, .correlation_id = request->correlation_id},
        .resource = request->route->resource,
        .query = {.search = request->search, .max = request->max, .from = request->from},
        .follow_nics = request->follow_nics,
    };
    Reply *reply;

    if (!parse_body(request, &input, error))
        return NULL;
    fold_ids(request, ids);
    call.parent = parent_path(request, ids);
    call.input = input;
    call.ids[0] = ids[0];
    call.ids[1] = ids[1];
    reply = run_handler(request, &call, error);
    g_free(ids[0]);
    g_free(ids[1]);
    g_free((char *)call.parent);
    g_free(call.location);
    return reply;
}
