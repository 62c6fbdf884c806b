/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frame parser in the kernel and on the host gives the same facts: the corpus of its fuzzer,
 * every prefix of each frame in it, and many frames with octets changed at random (by a fixed
 * seed). Says how much work the verifier had. usage: parse PROGRAM.o CORPUS
 */
#include "decide/frame.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 200
#define ETHERNET 14

typedef struct {
    int program, views;
    guint frames;
} Kernel;

/* In the kernel the facts are not cleared first: fields without their bit hold old values. Clears
 * them on both sides by parsing onto the same memory. */
static void kernel_parse(Kernel *kernel, const Frame *frame, struct facts facts[2])
{
    struct __sk_buff context = {.mark = FACTS_WANT_ALL};
    LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame->octets,
                .data_size_in = (guint)frame->length, .ctx_in = &context,
                .ctx_size_in = sizeof context);

    for (guint view = 0; view < 2; view++) {
        memset(&facts[view], 0, sizeof facts[view]);
        g_assert_cmpint(bpf_map_update_elem(kernel->views, &view, &facts[view], 0), ==, 0);
    }
    g_assert_cmpint(bpf_prog_test_run_opts(kernel->program, &run), ==, 0);
    for (guint view = 0; view < 2; view++)
        g_assert_cmpint(bpf_map_lookup_elem(kernel->views, &view, &facts[view]), ==, 0);
}

/* BPF_PROG_TEST_RUN refuses an IP frame without its IP header (the hooks do not). */
static gboolean can_run(const guint8 *octets, gsize length)
{
    guint type = (guint)octets[12] << 8 | octets[13];
    gsize header = type == FACTS_ETH_IP4 ? 20 : type == FACTS_ETH_IP6 ? 40 : 0;

    return length >= ETHERNET + header;
}

static void compare(Kernel *kernel, const guint8 *octets, gsize length)
{
    if (!can_run(octets, length))
        return;
    Frame frame = {octets, length, {0, 0}};
    struct facts there[2], here[2];

    kernel_parse(kernel, &frame, there);
    frame_parse(&frame, FACTS_WANT_ALL, &here[0]);
    frame_unwrap(&frame, FACTS_WANT_ALL, &here[1]);
    g_assert_cmpmem(&here[0], sizeof here[0], &there[0], sizeof there[0]);
    g_assert_cmpmem(&here[1], sizeof here[1], &there[1], sizeof there[1]);
    kernel->frames++;
}

static void compare_changed(Kernel *kernel, const guint8 *octets, gsize length, GRand *random)
{
    g_autofree guint8 *copy = g_memdup2(octets, length);

    for (int changes = g_rand_int_range(random, 1, 6); changes > 0; changes--)
        copy[g_rand_int_range(random, 12, (gint32)length)] = (guint8)g_rand_int(random);
    compare(kernel, copy, length);
}

static void compare_file(Kernel *kernel, const char *path, GRand *random)
{
    g_autofree char *content = NULL;
    gsize length;

    g_assert_true(g_file_get_contents(path, &content, &length, NULL));
    if (length < 2 + ETHERNET)
        return;
    const guint8 *octets = (const guint8 *)content + 2; /* the fuzzer's own two come first */
    length -= 2;
    for (gsize cut = ETHERNET; cut <= length; cut++)
        compare(kernel, octets, cut);
    for (int round = 0; round < ROUNDS; round++)
        compare_changed(kernel, octets, length, random);
}

static struct bpf_object *load(const char *path, char *log, gsize size)
{
    struct bpf_object *object = bpf_object__open_file(path, NULL);

    g_assert_nonnull(object);
    struct bpf_program *program = bpf_object__next_program(object, NULL);
    bpf_program__set_log_level(program, 4); /* the verifier's sums alone */
    bpf_program__set_log_buf(program, log, size);
    if (bpf_object__load(object) != 0)
        g_error("the verifier refuses the parser: %s", log);
    return object;
}

int main(int argc, char **argv)
{
    static char log[1 << 20];
    g_autoptr(GRand) random = g_rand_new_with_seed(1);

    g_assert_cmpint(argc, ==, 3);
    struct bpf_object *object = load(argv[1], log, sizeof log);
    Kernel kernel = {
        bpf_program__fd(bpf_object__next_program(object, NULL)),
        bpf_object__find_map_fd_by_name(object, "views"),
        0,
    };
    g_autoptr(GDir) corpus = g_dir_open(argv[2], 0, NULL);
    g_assert_nonnull(corpus);
    for (const char *name; (name = g_dir_read_name(corpus)) != NULL;) {
        g_autofree char *path = g_build_filename(argv[2], name, NULL);
        compare_file(&kernel, path, random);
    }
    bpf_object__close(object);
    g_assert_cmpuint(kernel.frames, >, 1000);
    printf("%u frames parsed alike; verifier: %s\n", kernel.frames, log);
    return 0;
}
