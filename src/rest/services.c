/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What oVirt's engine serves beside its API: the login endpoint of its single sign-on (OAuth 2.0's
 * password grant, RFC 6749, 4.3, with oVirt's own error form), logout, health, and the CA.
 */
#include <string.h>

#include "rest/exchange.h"
#include "rest/format.h"

#define JSON_TYPE "application/json"
#define API_SCOPE "ovirt-app-api"

/* ---- form bodies ---- */

static GHashTable *form_of(const Exchange *exchange)
{
    g_autoptr(GBytes) body = exchange_body(exchange);
    gsize size;
    const char *data = g_bytes_get_data(body, &size);
    g_autofree char *text = g_strndup(data ? data : "", size);

    return g_uri_parse_params(text, -1, "&", G_URI_PARAMS_WWW_FORM, NULL);
}

static const char *form_value(GHashTable *form, const char *name)
{
    const char *value = form ? g_hash_table_lookup(form, name) : NULL;

    return value && g_utf8_validate(value, -1, NULL) ? value : "";
}

static void reply_json(Exchange *exchange, guint status, const Element *root)
{
    exchange_reply(exchange, reply_new(status, JSON_TYPE, json_format(root)));
}

/* ---- login ---- */

static gboolean has_scope(const char *scopes, const char *wanted)
{
    g_auto(GStrv) list = g_strsplit(scopes, " ", 64);

    return g_strv_contains((const char *const *)list, wanted);
}

/* For the API's scope oVirt calls the code error_code and the text error; OAuth calls them error
 * and error_description. */
static void reply_error(Exchange *exchange, guint status, gboolean api, const char *code,
                        const char *text)
{
    g_autoptr(Element) root = element_new("error");

    element_add_text(root, api ? "error_code" : "error", code);
    element_add_text(root, api ? "error" : "error_description", text);
    reply_json(exchange, status, root);
}

static void reply_token(Exchange *exchange, const char *user)
{
    g_autoptr(Element) root = element_new("token");
    gint64 expires;
    g_autofree char *token = auth_login(exchange->server->auth, user, &expires);

    element_add_text(root, "access_token", token);
    element_add_text(root, "scope", API_SCOPE);
    element_add_int(root, "exp", expires);
    element_add_text(root, "token_type", "bearer");
    reply_json(exchange, 200, root);
}

static void on_login(const AuthResult *result, gpointer data)
{
    static const struct {
        guint status;
        const char *text;
    } refusals[] = {
        [AUTH_WRONG] = {400, "The user name or password is incorrect."},
        [AUTH_LIMITED] = {429, "Too many wrong passwords: try again later."},
        [AUTH_BUSY] = {503, "Too many logins at the same time."},
        [AUTH_FAILED] = {500, "The store cannot be read."},
    };
    Exchange *exchange = data;
    g_autofree char *retry = g_strdup_printf("%u", result->retry_after);
    g_autofree char *text = NULL;

    if (result->verdict == AUTH_OK) {
        reply_token(exchange, result->user);
        return;
    }
    if (result->verdict == AUTH_LIMITED)
        exchange_header(exchange, "Retry-After", retry);
    text = g_strdup_printf("Cannot authenticate user '%s': %s", exchange->user,
                           refusals[result->verdict].text);
    reply_error(exchange, refusals[result->verdict].status, TRUE, "access_denied", text);
}

static void login(Exchange *exchange, GHashTable *form)
{
    const char *user = form_value(form, "username");
    g_autofree char *peer = exchange_peer(exchange);

    exchange->user = strchr(user, '@') ? g_strdup(user) : g_strconcat(user, "@N/A", NULL);
    if (!strchr(user, '@')) {
        g_autofree char *text =
            g_strdup_printf("Cannot authenticate user '%s': No valid profile found in credentials.",
                            exchange->user);

        reply_error(exchange, 400, TRUE, "access_denied", text);
        return;
    }
    auth_verify(exchange->server->auth, user, form_value(form, "password"), peer, on_login,
                exchange);
}

static void handle_token(Exchange *exchange)
{
    g_autoptr(GHashTable) form = form_of(exchange);
    const char *grant = form_value(form, "grant_type");
    gboolean api = has_scope(form_value(form, "scope"), API_SCOPE);

    if (strcmp(grant, "password"))
        reply_error(exchange, 400, api, "unsupported_grant_type",
                    "The only grant type that is supported is 'password'.");
    else if (!api)
        reply_error(exchange, 400, api, "invalid_scope",
                    "The only scope that is supported is '" API_SCOPE "'.");
    else
        login(exchange, form);
}

static void handle_logout(Exchange *exchange)
{
    g_autoptr(GHashTable) form = form_of(exchange);

    (void)auth_logout(exchange->server->auth, form_value(form, "token")); /* gone either way */
    exchange_reply_text(exchange, 200, JSON_TYPE, "{}");
}

/* ---- health: whether the store can be read ---- */

static gpointer health_work(Engine *engine, gpointer data, GError **error)
{
    return engine_network_filters(engine, error);
}

static void filters_free(gpointer list)
{
    g_ptr_array_unref(list);
}

static void on_health(GObject *source, GAsyncResult *result, gpointer data)
{
    Exchange *exchange = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) list = engine_submit_finish(exchange->server->engine, result, &error);

    if (list)
        exchange_reply_text(exchange, 200, "text/plain", "DB Up!Welcome to Health Status!");
    else
        exchange_reply_text(exchange, 500, "text/plain", "DB Down!");
}

static void handle_health(Exchange *exchange)
{
    engine_submit(exchange->server->engine, health_work, NULL, NULL, filters_free, on_health,
                  exchange);
}

/* ---- the CA, for clients that are to trust this engine ---- */

static void handle_pki(Exchange *exchange)
{
    const char *query = g_uri_get_query(soup_server_message_get_uri(exchange->message));
    g_autoptr(GHashTable) wish =
        g_uri_parse_params(query ? query : "", -1, "&", G_URI_PARAMS_WWW_FORM, NULL);
    GBytes *ca = exchange->server->ca;

    if (!ca || strcmp(form_value(wish, "resource"), "ca-certificate"))
        exchange_reply(exchange, reply_new(404, NULL, NULL));
    else if (*form_value(wish, "format") && strcmp(form_value(wish, "format"), "X509-PEM-CA"))
        exchange_reply_text(exchange, 400, "text/plain", "format: X509-PEM-CA is served\n");
    else
        exchange_reply(exchange, reply_new(200, "application/x-x509-ca-cert", g_bytes_ref(ca)));
}

/* ---- the table ---- */

static const struct {
    const char *path, *method;
    void (*handle)(Exchange *exchange);
} services[] = {
    {"/ovirt-engine/services/health", "GET", handle_health},
    {"/ovirt-engine/services/pki-resource", "GET", handle_pki},
    {"/ovirt-engine/services/sso-logout", "POST", handle_logout},
    {"/ovirt-engine/sso/oauth/token", "POST", handle_token},
};

/* HEAD goes where GET goes; libsoup leaves the body out. */
static gboolean allows(const char *wanted, const char *method)
{
    return !strcmp(wanted, method) || (!strcmp(wanted, "GET") && !strcmp(method, "HEAD"));
}

gboolean service_handle(struct Server *server, SoupServerMessage *message, const char *path)
{
    for (guint i = 0; i < G_N_ELEMENTS(services); i++) {
        Exchange *exchange;

        if (strcmp(services[i].path, path))
            continue;
        exchange = exchange_begin(server, message);
        if (allows(services[i].method, soup_server_message_get_method(message))) {
            services[i].handle(exchange);
            return TRUE;
        }
        exchange_header(exchange, "Allow", services[i].method);
        exchange_reply(exchange, reply_new(405, NULL, NULL));
        return TRUE;
    }
    return FALSE;
}
