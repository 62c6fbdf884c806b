/* SPDX-License-Identifier: Apache-2.0 */
#include "base/capture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

G_DEFINE_QUARK(tapwall - capture - error - quark, capture_error)

GByteArray *capture_hex_parse(const char *text, GError **error)
{
    g_autoptr(GByteArray) octets = g_byte_array_new();

    for (const char *at = text; *at != '\0'; at++) {
        guint8 octet;

        if (strchr(" \t:-.", *at))
            continue;
        if (!g_ascii_isxdigit(at[0]) || !g_ascii_isxdigit(at[1])) {
            g_set_error(error, CAPTURE_ERROR, CAPTURE_ERROR_HEX,
                        "expected pairs of hex digits at '%.10s'", at);
            return NULL;
        }
        if (octets->len == CAPTURE_FRAME_MAX) {
            g_set_error(error, CAPTURE_ERROR, CAPTURE_ERROR_LIMIT, "a frame of more than %d octets",
                        CAPTURE_FRAME_MAX);
            return NULL;
        }
        octet = (guint8)(g_ascii_xdigit_value(at[0]) << 4 | g_ascii_xdigit_value(at[1]));
        g_byte_array_append(octets, &octet, 1);
        at++;
    }
    return g_steal_pointer(&octets);
}

/* ---- pcap ---- */

#define PCAP_HEADER 24
#define PCAP_RECORD 16
#define PCAP_MICROSECONDS 0xa1b2c3d4u
#define PCAP_NANOSECONDS 0xa1b23c4du
#define PCAP_ETHERNET 1
#define PCAPNG_BLOCK 0x0a0d0d0au

static guint32 read_u32(const guint8 *octets, gboolean is_big)
{
    guint32 value;

    memcpy(&value, octets, sizeof value);
    return is_big ? GUINT32_FROM_BE(value) : GUINT32_FROM_LE(value);
}

static gboolean fail(GError **error, const char *what)
{
    g_set_error(error, CAPTURE_ERROR, CAPTURE_ERROR_FILE, "%s", what);
    return FALSE;
}

static gboolean is_magic(guint32 magic)
{
    return magic == PCAP_MICROSECONDS || magic == PCAP_NANOSECONDS;
}

static gboolean check_header(const guint8 *octets, gsize length, gboolean *is_big, GError **error)
{
    if (length >= 4 && read_u32(octets, TRUE) == PCAPNG_BLOCK)
        return fail(error, "a pcapng capture: expected the classic format (tcpdump -w, or "
                           "editcap -F pcap)");
    if (length < PCAP_HEADER)
        return fail(error, "too short for a capture file");
    *is_big = is_magic(read_u32(octets, TRUE));
    if (!*is_big && !is_magic(read_u32(octets, FALSE)))
        return fail(error, "not a capture file of the pcap format");
    if ((read_u32(octets + 20, *is_big) & 0xffff) != PCAP_ETHERNET)
        return fail(error, "the capture's link type is not Ethernet");
    return TRUE;
}

static gboolean add_frame(GPtrArray *frames, const guint8 *octets, guint32 length, GError **error)
{
    GByteArray *frame;

    if (length > CAPTURE_FRAME_MAX || frames->len == CAPTURE_FRAMES_MAX) {
        g_set_error(error, CAPTURE_ERROR, CAPTURE_ERROR_LIMIT,
                    "more than %d frames, or one of more than %d octets", CAPTURE_FRAMES_MAX,
                    CAPTURE_FRAME_MAX);
        return FALSE;
    }
    frame = g_byte_array_sized_new(length);
    g_byte_array_append(frame, octets, length);
    g_ptr_array_add(frames, frame);
    return TRUE;
}

GPtrArray *capture_pcap_parse(const guint8 *octets, gsize length, GError **error)
{
    g_autoptr(GPtrArray) frames =
        g_ptr_array_new_with_free_func((GDestroyNotify)g_byte_array_unref);
    gsize at = PCAP_HEADER;
    gboolean is_big;

    if (!check_header(octets, length, &is_big, error))
        return NULL;
    while (at < length) {
        guint32 size = length - at < PCAP_RECORD ? 0 : read_u32(octets + at + 8, is_big);

        if (length - at < PCAP_RECORD || length - at - PCAP_RECORD < size) {
            (void)fail(error, "the capture ends within a frame");
            return NULL;
        }
        if (!add_frame(frames, octets + at + PCAP_RECORD, size, error))
            return NULL;
        at += PCAP_RECORD + size;
    }
    return g_steal_pointer(&frames);
}

static gboolean file_failed(const char *path, GError **error)
{
    const int number = errno;

    g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(number), "cannot read '%s': %s", path,
                g_strerror(number));
    return FALSE;
}

static gboolean read_all(FILE *file, const char *path, GByteArray *octets, GError **error)
{
    guint8 part[65536];
    gsize n;

    while ((n = fread(part, 1, sizeof part, file)) > 0) {
        if (octets->len + n > CAPTURE_OCTETS_MAX) {
            g_set_error(error, CAPTURE_ERROR, CAPTURE_ERROR_LIMIT, "'%s' has more than %d octets",
                        path, CAPTURE_OCTETS_MAX);
            return FALSE;
        }
        g_byte_array_append(octets, part, (guint)n);
    }
    return !ferror(file) || file_failed(path, error);
}

GBytes *capture_file_read(const char *path, GError **error)
{
    FILE *file = fopen(strcmp(path, "-") == 0 ? "/dev/stdin" : path, "re");
    g_autoptr(GByteArray) octets = g_byte_array_new();
    gboolean good;

    if (!file) {
        (void)file_failed(path, error);
        return NULL;
    }
    good = read_all(file, path, octets, error);
    (void)fclose(file); /* nothing was written */
    return good ? g_byte_array_free_to_bytes(g_steal_pointer(&octets)) : NULL;
}

GPtrArray *capture_pcap_read(const char *path, GError **error)
{
    g_autoptr(GBytes) octets = capture_file_read(path, error);

    return octets
               ? capture_pcap_parse(g_bytes_get_data(octets, NULL), g_bytes_get_size(octets), error)
               : NULL;
}

/* ---- writing ---- */

static void append_u32(GByteArray *file, guint32 value)
{
    const guint32 octets = GUINT32_TO_LE(value);

    g_byte_array_append(file, (const guint8 *)&octets, sizeof octets);
}

void capture_pcap_begin(GByteArray *file)
{
    const guint32 version = 2 | 4 << 16; /* 2.4 */
    const guint32 words[] = {PCAP_NANOSECONDS, version, 0, 0, CAPTURE_FRAME_MAX, PCAP_ETHERNET};

    for (guint i = 0; i < G_N_ELEMENTS(words); i++)
        append_u32(file, words[i]);
}

void capture_pcap_add(GByteArray *file, guint64 time, const guint8 *octets, guint32 length,
                      guint32 original)
{
    append_u32(file, (guint32)(time / 1000000000));
    append_u32(file, (guint32)(time % 1000000000));
    append_u32(file, length);
    append_u32(file, original);
    g_byte_array_append(file, octets, length);
}
