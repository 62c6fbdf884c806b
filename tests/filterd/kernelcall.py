# SPDX-License-Identifier: Apache-2.0
"""bpf(2), for what others than tapwalld do to a port."""

import ctypes
import os
import platform
import struct

NUMBER = {'x86_64': 321, 'aarch64': 280}[platform.machine()]
PROG_LOAD, OBJ_PIN, OBJ_GET, LINK_CREATE, LINK_DETACH = 5, 6, 7, 28, 34
libc = ctypes.CDLL(None, use_errno=True)


def bpf(command, *words):
    """With arguments of 32 bits, and pairs of them for pointers."""
    argument = ctypes.create_string_buffer(struct.pack(f'<{len(words)}I', *words), 128)
    result = libc.syscall(NUMBER, command, argument, 128)
    assert result >= 0, os.strerror(ctypes.get_errno())
    return result


def pointer(buffer):
    address = ctypes.addressof(buffer)
    return address & 0xffffffff, address >> 32


def detach(pin):
    """The link goes off its device; its pin stays."""
    path = ctypes.create_string_buffer(str(pin).encode())
    link = bpf(OBJ_GET, *pointer(path))
    bpf(LINK_DETACH, link)
    os.close(link)
