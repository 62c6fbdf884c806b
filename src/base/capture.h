/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <gio/gio.h>

/*
 * Purpose: frames from text and from capture files, and into these.
 * Owner: arrays of GByteArray, one a frame, from the destination MAC on; the caller unrefs.
 * Does not: look into frames, or know pcapng.
 */

typedef enum {
    CAPTURE_ERROR_HEX,   /* not pairs of hex digits */
    CAPTURE_ERROR_FILE,  /* not a capture file, or a damaged one */
    CAPTURE_ERROR_LIMIT, /* longer than a limit below */
} CaptureError;

#define CAPTURE_ERROR capture_error_quark()
GQuark capture_error_quark(void);

#define CAPTURE_FRAME_MAX (64 * 1024 + 64) /* octets of one frame */
#define CAPTURE_FRAMES_MAX 1000000         /* of one file */
#define CAPTURE_OCTETS_MAX (512 << 20)     /* likewise */

/* All of a file, or of a pipe, whose path may be "-" for the standard input. Errors: LIMIT, and
 * G_FILE_ERROR. */
GBytes *capture_file_read(const char *path, GError **error);

/* Pairs of hex digits; blanks, ':', '-' and '.' between pairs do not count. Errors: HEX, LIMIT. */
GByteArray *capture_hex_parse(const char *text, GError **error);

/*
 * A capture of link type Ethernet in the classic format (libpcap's "savefile" format, either byte
 * order, micro- or nanoseconds). Frames that were cut when captured come as short as they are.
 * Errors: FILE, LIMIT, and G_FILE_ERROR.
 */
GPtrArray *capture_pcap_read(const char *path, GError **error);

/* The same from memory. */
GPtrArray *capture_pcap_parse(const guint8 *octets, gsize length, GError **error);

/* ---- writing ---- */

/* Appends the head of such a file: Ethernet, nanoseconds, little-endian. */
void capture_pcap_begin(GByteArray *file);

/* Appends a frame, of which there are `length` octets of `original`. Time in ns since 1970; the
 * format has room for seconds until 2106. */
void capture_pcap_add(GByteArray *file, guint64 time, const guint8 *octets, guint32 length,
                      guint32 original);
