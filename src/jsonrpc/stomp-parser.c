/* SPDX-License-Identifier: Apache-2.0 */
#include "jsonrpc/stomp-parser.h"

#define KEEP_CAPACITY                                                                              \
    (256 * 1024) /* a larger buffer is given back after the frame that needed it */
#define NO_LENGTH G_MAXSIZE

const StompLimits stomp_request_limits = {.headers = 64, .line = 8192, .body = 16 * 1024 * 1024};

struct StompParser {
    StompLimits limits;
    guint8 *data;
    gsize capacity;
    gsize start; /* first byte not yet used */
    gsize scan;  /* from start up to here there is no end of the current line or body */
    gsize end;
    StompFrame *frame; /* whose command and headers are being read, or NULL between frames */
    gboolean in_body;
    gsize length; /* the frame's content-length or NO_LENGTH */
};

StompParser *stomp_parser_new(const StompLimits *limits)
{
    StompParser *parser = g_new0(StompParser, 1);

    parser->limits = *limits;
    return parser;
}

void stomp_parser_free(StompParser *parser)
{
    if (parser == NULL)
        return;
    stomp_frame_free(parser->frame);
    g_free(parser->data);
    g_free(parser);
}

static void rewind_buffer(StompParser *parser)
{
    if (parser->start == 0)
        return;
    memmove(parser->data, parser->data + parser->start, parser->end - parser->start);
    parser->scan -= parser->start;
    parser->end -= parser->start;
    parser->start = 0;
}

guint8 *stomp_parser_reserve(StompParser *parser, gsize size)
{
    if (parser->capacity - parser->end < size)
        rewind_buffer(parser);
    if (parser->capacity - parser->end < size) {
        parser->capacity = MAX(parser->capacity * 2, parser->end + size);
        parser->data = g_realloc(parser->data, parser->capacity);
    }
    return parser->data + parser->end;
}

void stomp_parser_commit(StompParser *parser, gsize size)
{
    g_assert(size <= parser->capacity - parser->end);
    parser->end += size;
}

gboolean stomp_parser_is_inside(const StompParser *parser)
{
    return parser->frame != NULL || parser->start < parser->end;
}

static void consume(StompParser *parser, gsize upto)
{
    parser->start = parser->scan = upto;
}

/* Steps over the end-of-lines between two frames. FALSE when nothing else is left. */
static gboolean skip_heartbeats(StompParser *parser)
{
    gsize at = parser->start;

    while (at < parser->end) {
        gboolean pair = parser->data[at] == '\r' && at + 1 < parser->end;
        if (parser->data[at] == '\n')
            at++;
        else if (pair && parser->data[at + 1] == '\n')
            at += 2;
        else
            break;
    }
    if (at != parser->start)
        consume(parser, at);
    gboolean half = at + 1 == parser->end && parser->data[at] == '\r';
    return at < parser->end && !half;
}

/* The current line without its end, NUL-terminated in place, or NULL (see stomp_parser_next()). */
static char *take_line(StompParser *parser, gsize *length, GError **error)
{
    guint8 *line = parser->data + parser->start;
    guint8 *lf = memchr(parser->data + parser->scan, '\n', parser->end - parser->scan);
    gsize size = (lf != NULL ? (gsize)(lf - parser->data) : parser->end) - parser->start;

    if (size > parser->limits.line) {
        g_set_error(error, STOMP_ERROR, STOMP_ERROR_LIMIT,
                    "Header line is longer than the limit of %" G_GSIZE_FORMAT " bytes",
                    parser->limits.line);
        return NULL;
    }
    if (lf == NULL) {
        parser->scan = parser->end;
        return NULL;
    }
    consume(parser, (gsize)(lf - parser->data) + 1);
    if (size > 0 && line[size - 1] == '\r')
        size--;
    line[size] = '\0';
    if (!g_utf8_validate_len((const char *)line, size, NULL) || memchr(line, '\r', size) != NULL) {
        g_set_error(error, STOMP_ERROR, STOMP_ERROR_FRAME,
                    "Header line is not UTF-8 text without NUL and CR");
        return NULL;
    }
    *length = size;
    return (char *)line;
}

static gboolean is_command(const char *line, gsize length)
{
    for (gsize i = 0; i < length; i++)
        if (!g_ascii_isupper(line[i]))
            return FALSE;
    return length > 0 && length <= 32;
}

static gboolean begin_frame(StompParser *parser, GError **error)
{
    if (!g_ascii_isupper(parser->data[parser->start])) {
        g_set_error(error, STOMP_ERROR, STOMP_ERROR_FRAME,
                    "Byte 0x%02x where a STOMP command was expected", parser->data[parser->start]);
        return FALSE;
    }
    gsize length;
    const char *line = take_line(parser, &length, error);
    if (line == NULL)
        return FALSE;
    if (!is_command(line, length)) {
        g_set_error(error, STOMP_ERROR, STOMP_ERROR_FRAME, "\"%.32s\" is no STOMP command", line);
        return FALSE;
    }
    parser->frame = stomp_frame_new(line);
    parser->in_body = FALSE;
    parser->length = NO_LENGTH;
    return TRUE;
}

/* A copy of text without escapes, or NULL when it holds one that STOMP 1.2 does not define. */
static char *unescape(const char *text, gsize length)
{
    char *out = g_malloc(length + 1);
    gsize n = 0;

    for (gsize i = 0; i < length; i++) {
        if (text[i] != '\\') {
            out[n++] = text[i];
            continue;
        }
        static const char codes[] = "\\nrc", values[] = "\\\n\r:";
        const char *code = i + 1 < length ? strchr(codes, text[i + 1]) : NULL;
        if (code == NULL) {
            g_free(out);
            return NULL;
        }
        out[n++] = values[code - codes];
        i++;
    }
    out[n] = '\0';
    return out;
}

static gboolean read_length(StompParser *parser, const char *value, GError **error)
{
    guint64 length;

    if (!g_ascii_string_to_unsigned(value, 10, 0, G_MAXINT64, &length, NULL)) {
        g_set_error(error, STOMP_ERROR, STOMP_ERROR_FRAME, "content-length \"%s\" is no number",
                    value);
        return FALSE;
    }
    if (length > parser->limits.body) {
        g_set_error(error, STOMP_ERROR, STOMP_ERROR_LIMIT,
                    "Body of %" G_GUINT64_FORMAT " bytes is over the limit of %" G_GSIZE_FORMAT,
                    length, parser->limits.body);
        return FALSE;
    }
    if (parser->length == NO_LENGTH)
        parser->length = length;
    return TRUE;
}

static gboolean add_header(StompParser *parser, const char *line, gsize length, GError **error)
{
    const char *colon = memchr(line, ':', length);

    if (colon == NULL || colon == line) {
        g_set_error(error, STOMP_ERROR, STOMP_ERROR_FRAME,
                    "Header line \"%.64s\" is not name:value", line);
        return FALSE;
    }
    if (parser->frame->headers->len / 2 >= parser->limits.headers) {
        g_set_error(error, STOMP_ERROR, STOMP_ERROR_LIMIT, "More than %u headers in a frame",
                    parser->limits.headers);
        return FALSE;
    }
    gsize name_length = (gsize)(colon - line), value_length = length - name_length - 1;
    gboolean raw = stomp_command_is_raw(parser->frame->command);
    g_autofree char *name = raw ? g_strndup(line, name_length) : unescape(line, name_length);
    g_autofree char *value =
        raw ? g_strndup(colon + 1, value_length) : unescape(colon + 1, value_length);
    if (name == NULL || value == NULL) {
        g_set_error(error, STOMP_ERROR, STOMP_ERROR_FRAME,
                    "Undefined escape in header line \"%.64s\"", line);
        return FALSE;
    }
    if (g_str_equal(name, "content-length") && !read_length(parser, value, error))
        return FALSE;
    stomp_frame_add_taken(parser->frame, g_steal_pointer(&name), g_steal_pointer(&value));
    return TRUE;
}

/* One header line, or the empty line that ends them. FALSE: more input needed, or error. */
static gboolean read_header(StompParser *parser, GError **error)
{
    gsize length;
    const char *line = take_line(parser, &length, error);

    if (line == NULL)
        return FALSE;
    if (length == 0) {
        parser->in_body = TRUE;
        return TRUE;
    }
    return add_header(parser, line, length, error);
}

/* The offset of the body's end, or NO_LENGTH (more input needed, or error). */
static gsize find_end(StompParser *parser, GError **error)
{
    gsize have = parser->end - parser->start;

    if (parser->length != NO_LENGTH) {
        if (have <= parser->length)
            return NO_LENGTH;
        if (parser->data[parser->start + parser->length] == '\0')
            return parser->start + parser->length;
        g_set_error(error, STOMP_ERROR, STOMP_ERROR_FRAME, "Frame doesn't end with NULL byte");
        return NO_LENGTH;
    }
    guint8 *nul =
        have == 0 ? NULL : memchr(parser->data + parser->scan, '\0', parser->end - parser->scan);
    parser->scan = parser->end;
    gsize size = nul != NULL ? (gsize)(nul - parser->data) - parser->start : have;
    if (size > parser->limits.body) {
        g_set_error(error, STOMP_ERROR, STOMP_ERROR_LIMIT,
                    "Body is over the limit of %" G_GSIZE_FORMAT " bytes", parser->limits.body);
        return NO_LENGTH;
    }
    return nul != NULL ? (gsize)(nul - parser->data) : NO_LENGTH;
}

/* Between frames with nothing left: back to the buffer's start, and to a small buffer. */
static void reset_buffer(StompParser *parser)
{
    parser->start = parser->scan = parser->end = 0;
    if (parser->capacity > KEEP_CAPACITY) {
        g_clear_pointer(&parser->data, g_free);
        parser->capacity = 0;
    }
}

static StompFrame *end_frame(StompParser *parser, GError **error)
{
    gsize end = find_end(parser, error);

    if (end == NO_LENGTH)
        return NULL;
    if (end > parser->start) {
        g_bytes_unref(parser->frame->body);
        parser->frame->body = g_bytes_new(parser->data + parser->start, end - parser->start);
    }
    consume(parser, end + 1);
    if (parser->start == parser->end)
        reset_buffer(parser);
    return g_steal_pointer(&parser->frame);
}

StompFrame *stomp_parser_next(StompParser *parser, GError **error)
{
    if (parser->frame == NULL) {
        if (!skip_heartbeats(parser) || !begin_frame(parser, error))
            return NULL;
    }
    while (!parser->in_body)
        if (!read_header(parser, error))
            return NULL;
    return end_frame(parser, error);
}
