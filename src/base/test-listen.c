/* SPDX-License-Identifier: Apache-2.0 */
#include "base/listen.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

static void test_bind(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GSocket) socket = listen_socket_new("127.0.0.1", 0, &error);
    g_assert_no_error(error);
    g_autoptr(GSocketAddress) local = g_socket_get_local_address(socket, &error);
    g_assert_no_error(error);
    guint16 port = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(local));
    g_assert_cmpuint(port, !=, 0);

    g_autofree char *says = g_strdup_printf("127.0.0.1 port %u: ", port);
    g_assert_null(listen_socket_new("127.0.0.1", port, &error));
    g_assert_error(error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE);
    g_assert_true(g_str_has_prefix(error->message, says));
}

static void test_bad_address(void)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(listen_socket_new("localhost.", 0, &error));
    g_assert_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
}

/* Of root alone, in place of a socket that was left, never of one in use or of a file. */
static void test_unix(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *dir = g_dir_make_tmp("tapwall-listen-XXXXXX", &error);
    g_autofree char *path = g_build_filename(dir, "socket", NULL);
    g_autoptr(GSocket) first = listen_unix_new(path, &error);
    GStatBuf info;

    g_assert_no_error(error);
    g_assert_cmpint(g_stat(path, &info), ==, 0);
    g_assert_cmpuint(info.st_mode & 0777, ==, 0600);
    g_assert_null(listen_unix_new(path, &error));
    g_assert_error(error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE);
    g_clear_error(&error);

    g_assert_true(g_socket_close(first, &error));
    g_autoptr(GSocket) second = listen_unix_new(path, &error);
    g_assert_no_error(error);
    g_assert_true(g_socket_close(second, &error));
    g_assert_cmpint(g_unlink(path), ==, 0);

    g_assert_true(g_file_set_contents(path, "x", 1, &error));
    g_assert_null(listen_unix_new(path, &error));
    g_assert_error(error, G_IO_ERROR, G_IO_ERROR_EXISTS);
    g_assert_cmpint(g_unlink(path), ==, 0);
    g_assert_cmpint(g_rmdir(dir), ==, 0);
    g_clear_error(&error);
    g_assert_null(listen_unix_new(path, &error));
    g_assert_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
}

/* Variables meant for another process are not ours; the variables are gone in any case. */
static void test_not_for_us(void)
{
    g_autoptr(GError) error = NULL;
    g_setenv("LISTEN_PID", "1", TRUE);
    g_setenv("LISTEN_FDS", "1", TRUE);
    g_autoptr(GPtrArray) sockets = listen_inherited(&error);
    g_assert_no_error(error);
    g_assert_cmpuint(sockets->len, ==, 0);
    g_assert_null(g_getenv("LISTEN_FDS"));
}

/* In a child, so that descriptor 3 can be what the protocol says. */
static void test_inherited(void)
{
    if (!g_test_subprocess()) {
        g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
        g_test_trap_assert_passed();
        return;
    }
    g_autoptr(GError) error = NULL;
    g_autoptr(GSocket) listening = listen_socket_new("127.0.0.1", 0, &error);
    g_assert_no_error(error);
    g_assert_cmpint(dup2(g_socket_get_fd(listening), 3), ==, 3);
    g_autofree char *pid = g_strdup_printf("%d", (int)getpid());
    g_setenv("LISTEN_PID", pid, TRUE);
    g_setenv("LISTEN_FDS", "1", TRUE);
    g_autoptr(GPtrArray) sockets = listen_inherited(&error);
    g_assert_no_error(error);
    g_assert_cmpuint(sockets->len, ==, 1);
    g_assert_cmpint(g_socket_get_fd(sockets->pdata[0]), ==, 3);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/listen/bind", test_bind);
    g_test_add_func("/listen/bad-address", test_bad_address);
    g_test_add_func("/listen/unix", test_unix);
    g_test_add_func("/listen/not-for-us", test_not_for_us);
    g_test_add_func("/listen/inherited", test_inherited);
    return g_test_run();
}
