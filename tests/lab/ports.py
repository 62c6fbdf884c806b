# SPDX-License-Identifier: Apache-2.0
"""Listening sockets on the caller's 127.0.0.1, made here and handed to the programs."""

import socket

ADDRESS = "127.0.0.1"


def listen(port):
    """A listening socket; port 0 takes a free one. OSError when the port is taken."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((ADDRESS, port))
        listener.listen(64)
    except OSError:
        listener.close()
        raise
    return listener


def listen_preferring(port, what):
    """On port, or on a free one, saying so."""
    try:
        return listen(port)
    except OSError as error:
        listener = listen(0)
        print(f"port {port} is not free ({error.strerror}): {what} listens on {number(listener)}", flush=True)
        return listener


def number(listener):
    return listener.getsockname()[1]
