/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "agent/capabilities.h"
#include "agent/verbs.h"
#include "agent/view-json.h"

const Param verb_ping_params[] = {{NULL}};

const Param verb_list_params[] = {
    {"fullStatus", PARAM_BOOL}, {"vmList", PARAM_LIST}, {"onlyUUID", PARAM_BOOL}, {NULL}};

const Param verb_full_list_params[] = {{"vmList", PARAM_LIST}, {NULL}};

void verb_ping(Agent *agent, RpcCall *call, JsonObject *params)
{
    rpc_call_return(call, NULL);
}

/* A report of many VMs, made in a worker. */
typedef struct {
    RpcCall *call;
    GPtrArray *views;
    ViewFunc form;
    GBytes *text;
    const Agent *agent;
    GError *error;
} Report;

static void report_free(gpointer data)
{
    Report *report = data;

    if (report->call)
        rpc_call_fail(report->call, RPC_GENERAL, "General Exception: the agent is stopping");
    g_clear_pointer(&report->views, g_ptr_array_unref);
    g_clear_pointer(&report->text, g_bytes_unref);
    g_clear_error(&report->error);
    g_free(report);
}

static void report_done(gpointer data)
{
    Report *report = data;

    if (report->text)
        rpc_call_return_bytes(g_steal_pointer(&report->call), g_steal_pointer(&report->text));
    else
        rpc_call_fail_error(g_steal_pointer(&report->call), g_steal_pointer(&report->error));
}

static void views_work(gpointer data)
{
    Report *report = data;

    report->text = report->form ? views_to_bytes(report->views, report->form)
                                : views_stats_to_bytes(report->views);
}

/* Answers with the list of views, each in its form (NULL: its statistics). Takes views. */
static void views_answer(Agent *agent, RpcCall *call, GPtrArray *views, ViewFunc form)
{
    Report *report = g_new0(Report, 1);

    report->call = call;
    report->views = views;
    report->form = form;
    jobs_push(agent->reports, NULL, views_work, report_done, report, report_free);
}

static void ids_answer(RpcCall *call, GPtrArray *views)
{
    JsonArray *ids = json_array_sized_new(views->len);
    JsonNode *node = json_node_new(JSON_NODE_ARRAY);

    for (guint i = 0; i < views->len; i++)
        json_array_add_string_element(ids, ((VmView *)views->pdata[i])->id);
    json_node_take_array(node, ids);
    rpc_call_return(call, node);
    g_ptr_array_unref(views);
}

void verb_get_vm_list(Agent *agent, RpcCall *call, JsonObject *params)
{
    GPtrArray *views = agent_views(agent, dict_list(params, "vmList"));

    if (dict_bool(params, "onlyUUID", FALSE))
        ids_answer(call, views);
    else if (dict_bool(params, "fullStatus", FALSE))
        views_answer(agent, call, views, view_to_full);
    else
        views_answer(agent, call, views, view_to_brief);
}

void verb_get_vm_full_list(Agent *agent, RpcCall *call, JsonObject *params)
{
    views_answer(agent, call, agent_views(agent, dict_list(params, "vmList")), view_to_full);
}

void verb_get_all_vm_stats(Agent *agent, RpcCall *call, JsonObject *params)
{
    views_answer(agent, call, agent_views(agent, NULL), NULL);
}

static void xmls_work(gpointer data)
{
    Report *report = data;
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
    JsonObject *object = json_object_new();
    char *text;

    for (guint i = 0; i < report->views->len; i++) {
        const VmView *view = report->views->pdata[i];
        json_object_set_string_member(object, view->id, view->definition->xml);
    }
    json_node_take_object(node, object);
    text = json_to_string(node, FALSE);
    report->text = g_bytes_new_take(text, strlen(text));
}

void verb_dump_xmls(Agent *agent, RpcCall *call, JsonObject *params)
{
    Report *report = g_new0(Report, 1);

    report->call = call;
    report->views = agent_views(agent, dict_list(params, "vmList"));
    jobs_push(agent->reports, NULL, xmls_work, report_done, report, report_free);
}

static void capabilities_work(gpointer data)
{
    Report *report = data;

    report->text = capabilities_read(report->agent, &report->error);
}

void verb_get_capabilities(Agent *agent, RpcCall *call, JsonObject *params)
{
    Report *report = g_new0(Report, 1);

    report->call = call;
    report->agent = agent;
    jobs_push(agent->jobs, NULL, capabilities_work, report_done, report, report_free);
}
