/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "agent/jobs.h"

/* Jobs that leave marks: begin in the thread, done on the main context. */
typedef struct {
    GMutex lock;
    GCond changed;
    GString *marks;
    gboolean gate; /* jobs named by capitals wait for it */
    guint done, destroyed;
} Board;

typedef struct {
    Board *board;
    char name;
} Mark;

static void board_clear(Board *board)
{
    g_string_free(board->marks, TRUE);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Board, board_clear)

static void mark_work(gpointer data)
{
    Mark *mark = data;
    Board *board = mark->board;

    g_mutex_lock(&board->lock);
    g_string_append_c(board->marks, mark->name);
    g_cond_broadcast(&board->changed);
    while (g_ascii_isupper(mark->name) && !board->gate)
        g_cond_wait(&board->changed, &board->lock);
    g_mutex_unlock(&board->lock);
}

static void mark_done(gpointer data)
{
    ((Mark *)data)->board->done++;
}

static void mark_free(gpointer data)
{
    Mark *mark = data;

    mark->board->destroyed++;
    g_free(mark);
}

static void push(Jobs *jobs, Board *board, const char *key, char name)
{
    Mark *mark = g_new0(Mark, 1);

    *mark = (Mark){board, name};
    jobs_push(jobs, key, mark_work, mark_done, mark, mark_free);
}

static void wait_begun(Board *board, guint count)
{
    g_mutex_lock(&board->lock);
    while (board->marks->len < count)
        g_cond_wait(&board->changed, &board->lock);
    g_mutex_unlock(&board->lock);
}

static void gate_open(Board *board)
{
    g_mutex_lock(&board->lock);
    board->gate = TRUE;
    g_cond_broadcast(&board->changed);
    g_mutex_unlock(&board->lock);
}

static void same_key_waits_other_does_not(void)
{
    g_auto(Board) board = {.marks = g_string_new(NULL)};
    g_autoptr(Jobs) jobs = jobs_new(4);

    push(jobs, &board, "vm1", 'A');
    push(jobs, &board, "vm1", 'b');
    wait_begun(&board, 1);
    push(jobs, &board, "vm2", 'c');
    push(jobs, &board, NULL, 'd');
    wait_begun(&board, 3);
    g_assert_null(strchr(board.marks->str, 'b'));
    g_assert_true(jobs_busy(jobs, "vm1"));
    gate_open(&board);
    while (board.done < 4)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpint(board.marks->str[3], ==, 'b');
    g_assert_cmpuint(board.destroyed, ==, 4);
    g_assert_false(jobs_busy(jobs, "vm1"));
    g_assert_false(jobs_busy(jobs, "vm2"));
}

static void ending_waits_and_drops(void)
{
    g_auto(Board) board = {.marks = g_string_new(NULL)};
    Jobs *jobs = jobs_new(2);

    push(jobs, &board, "vm1", 'A');
    push(jobs, &board, "vm1", 'b');
    wait_begun(&board, 1);
    gate_open(&board);
    jobs_free(jobs);
    g_assert_cmpstr(board.marks->str, ==, "A");
    g_assert_cmpuint(board.done, ==, 1);
    g_assert_cmpuint(board.destroyed, ==, 2);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/agent/jobs/keys", same_key_waits_other_does_not);
    g_test_add_func("/agent/jobs/ending", ending_waits_and_drops);
    return g_test_run();
}
