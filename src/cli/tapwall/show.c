/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/tapwall/show.h"

#include <stdio.h>
#include <string.h>

#include "cli/tapwall/command.h"

static char *format_xml(FilterOptions *options, Filter *filter, const Variables *variables,
                        GError **error)
{
    return filter_format(filter, NULL);
}

static char *format_plan(FilterOptions *options, Filter *filter, const Variables *variables,
                         GError **error)
{
    g_autoptr(Plan) plan = filter_options_resolve(options, filter, error);
    g_autoptr(PlanValues) values = NULL;

    if (!plan)
        return NULL;
    if (variables && !(values = plan_bind(plan, variables, error)))
        return NULL;
    return plan_format(plan, values);
}

static const ShowForm forms[] = {
    {"xml", format_xml},
    {"plan", format_plan},
    {"ir", show_ir},
    {"bpf", show_bpf},
};

static char *forms_list(void)
{
    GString *list = g_string_new(NULL);

    for (guint i = 0; i < G_N_ELEMENTS(forms); i++)
        g_string_append_printf(list, "%s%s", i > 0 ? ", " : "", forms[i].name);
    return g_string_free(list, FALSE);
}

static const ShowForm *form_lookup(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(forms); i++) {
        if (strcmp(forms[i].name, name) == 0)
            return &forms[i];
    }
    return NULL;
}

static char *show(FilterOptions *options, const ShowForm *form, const char *operand, GError **error)
{
    g_autoptr(Variables) variables = NULL;
    Filter *filter = filter_options_read(options, operand, NULL, error);

    if (!filter)
        return NULL;
    if (options->assignments && !(variables = filter_options_variables(options, error)))
        return NULL;
    return form->format(options, filter, variables, error);
}

static int show_as(FilterOptions *options, const char *name, const char *operand)
{
    const ShowForm *form = form_lookup(name);
    g_autofree char *known = forms_list();
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;

    if (!form)
        return command_trouble("--as %s: expected one of %s", name, known);
    text = show(options, form, operand, &error);
    if (!text) {
        command_report(error);
        return STATUS_FOUND;
    }
    fputs(text, stdout);
    return STATUS_GOOD;
}

int command_show(int argc, char **argv)
{
    g_auto(FilterOptions) options = {0};
    g_autofree char *as = NULL;
    g_autofree char *known = forms_list();
    g_autofree char *help = g_strdup_printf("The form, xml unless given: %s", known);
    const GOptionEntry entries[] = {
        {"as", 0, 0, G_OPTION_ARG_STRING, &as, help, "FORM"},
        {NULL},
    };
    GOptionContext *context = g_option_context_new("NAME|FILE - print a filter");

    g_option_context_add_main_entries(context, entries, NULL);
    filter_options_add(&options, context);
    if (!command_parse(context, &argc, &argv))
        return STATUS_TROUBLE;
    if (argc != 2)
        return command_trouble("show: expected one filter, by its name or its file");
    return show_as(&options, as ? as : "xml", argv[1]);
}
