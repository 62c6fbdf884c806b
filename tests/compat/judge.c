/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/capture.h"
#include "cli/tapwall/explain.h"
#include "cli/tapwall/filters.h"

/*
 * Our verdicts for the comparison with libvirt, by the engines of `tapwall explain`: a line of
 * standard input is "out HEX", "in HEX", or "reset", with which no connection is known any more.
 * Each frame is answered with a line: the verdict as libvirt would see the frame, and what decided
 * it, then the same of the frame with what it carries.
 *
 * usage: judge FILTER [--filters=DIR…] [--var=NAME=VALUE…]
 */

typedef struct {
    const Plan *plan;
    const PlanValues *values;
    const ExplainEngine *engine;
    gpointer runs[2]; /* by Encapsulation */
} Judge;

static void judge_close(Judge *judge)
{
    for (guint i = 0; i < G_N_ELEMENTS(judge->runs); i++) {
        if (judge->runs[i])
            judge->engine->close(judge->runs[i]);
        judge->runs[i] = NULL;
    }
}

static gboolean judge_reset(Judge *judge, GError **error)
{
    judge_close(judge);
    for (guint i = 0; i < G_N_ELEMENTS(judge->runs); i++) {
        judge->runs[i] =
            judge->engine->open(judge->plan, judge->values, (Encapsulation)i, FALSE, error);
        if (!judge->runs[i])
            return FALSE;
    }
    return TRUE;
}

static gboolean print_verdict(Judge *judge, Encapsulation encapsulation, const ExplainFrame *frame,
                              GError **error)
{
    ExplainVerdict verdict = {0};

    if (!judge->engine->judge(judge->runs[encapsulation], frame, &verdict, error))
        return FALSE;
    printf("%s %s%s", verdict.pass ? "pass" : "drop", verdict.origin,
           encapsulation == ENCAPSULATION_OPAQUE ? "\t" : "\n");
    g_free(verdict.origin);
    g_free(verdict.comment);
    return TRUE;
}

static gboolean judge_line(Judge *judge, const char *line, GError **error)
{
    ExplainFrame frame = {NULL, PLAN_FROM_VM};
    gboolean good;

    if (strcmp(line, "reset") == 0)
        return judge_reset(judge, error);
    if (g_str_has_prefix(line, "in "))
        frame.way = PLAN_TO_VM;
    frame.octets = capture_hex_parse(strchr(line, ' ') + 1, error);
    if (!frame.octets)
        return FALSE;
    good = print_verdict(judge, ENCAPSULATION_OPAQUE, &frame, error) &&
           print_verdict(judge, ENCAPSULATION_INSPECT, &frame, error);
    g_byte_array_unref(frame.octets);
    return good;
}

static gboolean judge_lines(Judge *judge, GError **error)
{
    g_autofree char *line = NULL;
    size_t size = 0;
    ssize_t length;

    if (!judge_reset(judge, error))
        return FALSE;
    while ((length = getline(&line, &size, stdin)) > 1) {
        line[length - 1] = '\0';
        if (!judge_line(judge, line, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean judge_run(FilterOptions *options, const char *operand, GError **error)
{
    Filter *filter = filter_options_read(options, operand, NULL, error);
    g_autoptr(Plan) plan = NULL;
    g_autoptr(Variables) variables = NULL;
    g_autoptr(PlanValues) values = NULL;
    Judge judge = {.engine = &explain_eval};
    gboolean good;

    if (!filter || !(plan = filter_options_resolve(options, filter, error)) ||
        !(variables = filter_options_variables(options, error)) ||
        !(values = plan_bind(plan, variables, error)))
        return FALSE;
    judge.plan = plan;
    judge.values = values;
    good = judge_lines(&judge, error);
    judge_close(&judge);
    return good;
}

int main(int argc, char **argv)
{
    g_auto(FilterOptions) options = {0};
    GOptionContext *context = g_option_context_new("FILTER");
    g_autoptr(GError) error = NULL;
    gboolean good;

    filter_options_add(&options, context);
    good = g_option_context_parse(context, &argc, &argv, &error) && argc == 2 &&
           judge_run(&options, argv[1], &error);
    g_option_context_free(context);
    if (!good)
        fprintf(stderr, "judge: %s\n", error ? error->message : "expected one filter");
    return good ? 0 : 1;
}
