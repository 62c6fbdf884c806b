/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/tapwall/explain.h"

#include <stdio.h>
#include <string.h>

#include "base/capture.h"
#include "cli/tapwall/command.h"
#include "decide/text.h"

/* What the command line asks for. */
typedef struct {
    FilterOptions filters;
    char *filter, *direction, *encapsulation, *engine, *hex_file, *pcap;
    char **hex;
    gboolean is_verbose;
} Options;

static void options_clear(Options *options)
{
    filter_options_clear(&options->filters);
    g_free(options->filter);
    g_free(options->direction);
    g_free(options->encapsulation);
    g_free(options->engine);
    g_free(options->hex_file);
    g_free(options->pcap);
    g_strfreev(options->hex);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

/* ---- frames ---- */

static void frame_free(gpointer data)
{
    ExplainFrame *frame = data;

    g_byte_array_unref(frame->octets);
    g_free(frame);
}

static void add_frame(GPtrArray *frames, GByteArray *octets, guint way)
{
    ExplainFrame *frame = g_new(ExplainFrame, 1);

    frame->octets = octets;
    frame->way = way;
    g_ptr_array_add(frames, frame);
}

/* HEX, or in:HEX, or out:HEX */
static gboolean read_hex(GPtrArray *frames, const char *text, guint way, GError **error)
{
    GByteArray *octets;

    if (g_str_has_prefix(text, "in:")) {
        way = PLAN_TO_VM;
        text += strlen("in:");
    } else if (g_str_has_prefix(text, "out:")) {
        way = PLAN_FROM_VM;
        text += strlen("out:");
    }
    octets = capture_hex_parse(text, error);
    if (octets)
        add_frame(frames, octets, way);
    return octets != NULL;
}

/* One frame; empty lines and those that begin with '#' are passed over. */
static gboolean read_hex_line(GPtrArray *frames, char *line, guint way, GError **error)
{
    g_strstrip(line);
    if (*line == '\0' || *line == '#')
        return TRUE;
    if (frames->len < CAPTURE_FRAMES_MAX)
        return read_hex(frames, line, way, error);
    g_set_error(error, CAPTURE_ERROR, CAPTURE_ERROR_LIMIT, "more than %d frames",
                CAPTURE_FRAMES_MAX);
    return FALSE;
}

static gboolean read_hex_file(GPtrArray *frames, const char *path, guint way, GError **error)
{
    g_autoptr(GBytes) text = capture_file_read(path, error);
    const char *at = text ? g_bytes_get_data(text, NULL) : NULL;
    const char *end = at ? at + g_bytes_get_size(text) : NULL;

    for (guint number = 1; at && at < end; number++) {
        const char *feed = memchr(at, '\n', (gsize)(end - at));
        g_autofree char *line = g_strndup(at, (gsize)((feed ? feed : end) - at));

        if (!read_hex_line(frames, line, way, error)) {
            g_prefix_error(error, "line %u: ", number);
            return FALSE;
        }
        at = feed ? feed + 1 : end;
    }
    return text != NULL;
}

static gboolean read_pcap(GPtrArray *frames, const char *path, guint way, GError **error)
{
    g_autoptr(GPtrArray) read = capture_pcap_read(path, error);

    for (guint i = 0; read && i < read->len; i++)
        add_frame(frames, g_byte_array_ref(read->pdata[i]), way);
    return read != NULL;
}

static GPtrArray *read_frames(const Options *options, int argc, char **argv, guint way,
                              GError **error)
{
    g_autoptr(GPtrArray) frames = g_ptr_array_new_with_free_func(frame_free);

    for (char **hex = options->hex; hex && *hex; hex++)
        if (!read_hex(frames, *hex, way, error))
            return NULL;
    for (int i = 1; i < argc; i++)
        if (!read_hex(frames, argv[i], way, error))
            return NULL;
    if (options->hex_file && !read_hex_file(frames, options->hex_file, way, error))
        return NULL;
    if (options->pcap && !read_pcap(frames, options->pcap, way, error))
        return NULL;
    return g_steal_pointer(&frames);
}

/* ---- words ---- */

static const char *reason_words(IrReason reason)
{
    static const char *const words[N_REASONS] = {
        [REASON_DEFAULT] = "no rule decided",
        [REASON_REFUSED] = "wrapped or chained too deep, or not a whole frame",
        [REASON_MALFORMED] = "the IP header lies or is cut off",
        [REASON_TRUNCATED] = "a rule needs octets the frame lacks",
        [REASON_FRAGMENT] = "by the datagram's first fragment",
    };

    return words[reason];
}

static void print_verdict(const ExplainVerdict *verdict)
{
    const char *words = verdict->comment ? verdict->comment
                        : verdict->reason == REASON_RULE
                            ? (verdict->pass ? "a rule lets it through" : "a rule drops it")
                            : reason_words(verdict->reason);

    printf("%s\t%s\t%s%s\n", verdict->pass ? "pass" : "drop", verdict->origin, words,
           verdict->is_unwrapped ? " (what the frame carries)" : "");
}

/* ---- running ---- */

static const ExplainEngine *const engines[] = {&explain_eval, &explain_bpf};

static const ExplainEngine *engine_lookup(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(engines); i++)
        if (strcmp(engines[i]->name, name) == 0)
            return engines[i];
    return NULL;
}

static gboolean explain_frames(const ExplainEngine *engine, gpointer run, GPtrArray *frames,
                               GError **error)
{
    for (guint i = 0; i < frames->len; i++) {
        const ExplainFrame *frame = frames->pdata[i];
        g_auto(ExplainVerdict) verdict = {0};

        if (!engine->judge(run, frame, &verdict, error))
            return FALSE;
        print_verdict(&verdict);
    }
    return TRUE;
}

static gboolean explain(Options *options, const ExplainEngine *engine, Encapsulation encapsulation,
                        GPtrArray *frames, GError **error)
{
    Filter *filter = filter_options_read(&options->filters, options->filter, NULL, error);
    g_autoptr(Plan) plan = NULL;
    g_autoptr(Variables) variables = NULL;
    g_autoptr(PlanValues) values = NULL;
    gboolean good;
    gpointer run;

    if (!filter || !(plan = filter_options_resolve(&options->filters, filter, error)) ||
        !(variables = filter_options_variables(&options->filters, error)) ||
        !(values = plan_bind(plan, variables, error)) ||
        !(run = engine->open(plan, values, encapsulation, options->is_verbose, error)))
        return FALSE;
    good = explain_frames(engine, run, frames, error);
    engine->close(run);
    return good;
}

static int explain_run(Options *options, int argc, char **argv)
{
    const char *direction = options->direction ? options->direction : "out";
    const char *encapsulation = options->encapsulation ? options->encapsulation : "inspect";
    const char *name = options->engine ? options->engine : "eval";
    const ExplainEngine *engine = engine_lookup(name);
    gboolean is_in = strcmp(direction, "in") == 0, is_opaque = strcmp(encapsulation, "opaque") == 0;
    g_autoptr(GPtrArray) frames = NULL;
    g_autoptr(GError) error = NULL;

    if (!options->filter)
        return command_trouble("explain: expected --filter NAME or FILE");
    if (!is_in && strcmp(direction, "out") != 0)
        return command_trouble("--direction %s: expected out or in", direction);
    if (!is_opaque && strcmp(encapsulation, "inspect") != 0)
        return command_trouble("--encapsulation %s: expected inspect or opaque", encapsulation);
    if (!engine)
        return command_trouble("--with %s: expected eval or bpf", name);
    frames = read_frames(options, argc, argv, is_in ? PLAN_TO_VM : PLAN_FROM_VM, &error);
    if (!frames)
        return command_trouble("%s", error->message);
    if (frames->len == 0 && !options->hex_file && !options->pcap)
        return command_trouble("explain: expected --hex, --hex-file or --pcap");
    if (explain(options, engine, is_opaque ? ENCAPSULATION_OPAQUE : ENCAPSULATION_INSPECT, frames,
                &error))
        return STATUS_GOOD;
    command_report(error);
    return STATUS_FOUND;
}

int command_explain(int argc, char **argv)
{
    g_auto(Options) options = {0};
    const GOptionEntry entries[] = {
        {"filter", 0, 0, G_OPTION_ARG_STRING, &options.filter, "The filter", "NAME|FILE"},
        {"direction", 0, 0, G_OPTION_ARG_STRING, &options.direction,
         "Of the frames, seen from the VM: out (the default) or in; in: or out: before a frame's "
         "digits is its own",
         "out|in"},
        {"encapsulation", 0, 0, G_OPTION_ARG_STRING, &options.encapsulation,
         "Judge what a frame carries in tags and SNAP too, or its outside alone", "inspect|opaque"},
        {"with", 0, 0, G_OPTION_ARG_STRING, &options.engine,
         "Who judges: eval, the reference, which needs no rights; bpf, the programs as the kernel "
         "runs "
         "them",
         "eval|bpf"},
        {"hex", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.hex,
         "A frame in hex digits; more may follow as operands", "HEX…"},
        {"hex-file", 0, 0, G_OPTION_ARG_FILENAME, &options.hex_file,
         "One frame a line; - is the standard input", "FILE"},
        {"pcap", 0, 0, G_OPTION_ARG_FILENAME, &options.pcap, "A capture", "FILE"},
        {"verbose", 'v', 0, G_OPTION_ARG_NONE, &options.is_verbose,
         "Print the path through the rules", NULL},
        {NULL},
    };
    GOptionContext *context =
        g_option_context_new("- say for each frame whether it passes, and which rule decides");

    g_option_context_add_main_entries(context, entries, NULL);
    filter_options_add(&options.filters, context);
    if (!command_parse(context, &argc, &argv))
        return STATUS_TROUBLE;
    return explain_run(&options, argc, argv);
}
