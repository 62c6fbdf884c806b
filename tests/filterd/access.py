#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Who may use libvirt's sockets, and how much of the daemon one of them can take.

usage: access.py TAPWALLD. Needs root. All in namespaces of its own.
"""

import os
import re
import resource
import select
import socket
import stat
import sys
import time
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / 'compat'))

import nwfilterd  # noqa: E402
import rpc  # noqa: E402
import steps  # noqa: E402
from daemon import Daemon  # noqa: E402

NOBODY, GROUP = 65534, 'daemon'
OF_USER = 200      # connections of one user
READER_MESSAGE = 64 * 1024
FILES = 120        # descriptors of the daemon that runs out of them
CALLS, ANSWER = 300000, 40  # of virConnectGetType, in octets; all calls together have 8 MiB
SECONDS = 20


@contextmanager
def user(number, group=None):
    """What connects inside is this user's."""
    if group is not None:
        os.setegid(group)
    os.seteuid(number)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


@contextmanager
def running(program, limit=None, **keys):
    folder = f'/run/access-{len(os.listdir("/run"))}'
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    daemon = Daemon(program, folder, **keys)
    if limit:
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, before[1]))
        daemon.start()
        resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (limit, limit))
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    else:
        daemon.start()
    try:
        yield daemon
    finally:
        daemon.stop()


def mode(path):
    found = os.stat(path)
    return stat.S_IMODE(found.st_mode), found.st_gid


def connect(path):
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    client.connect(path)  # waits while others do
    client.settimeout(SECONDS)
    return client


def is_served(client):
    """FALSE when the daemon hangs up instead of answering."""
    try:
        client.sendall(rpc.Client.message(rpc.AUTH_LIST, serial=1))
        return client.recv(4096) != b''
    except (BrokenPipeError, ConnectionResetError):
        return False


def is_refused(path):
    try:
        with connect(path) as client:
            return not is_served(client)
    except PermissionError:
        return True


def lists(path):
    """An honest client, and how long it took."""
    before = time.monotonic()
    with rpc.Client(path, timeout=SECONDS) as client:
        client.open()
        assert not isinstance(client.call(rpc.LIST_ALL, rpc.uint(1) + rpc.uint(0)), rpc.Fault)
    return time.monotonic() - before


def test_closed(program):
    """both sockets are root's, and the other one stays so whatever its mode becomes"""
    with running(program) as daemon:
        assert (mode(daemon.socket), mode(daemon.socket_ro)) == ((0o600, 0), (0o600, 0))
        with user(NOBODY):
            assert is_refused(daemon.socket) and is_refused(daemon.socket_ro)
        os.chmod(daemon.socket, 0o666)
        with user(NOBODY), connect(daemon.socket) as client:
            assert not is_served(client)
        lists(daemon.socket)
        lists(daemon.socket_ro)


def test_group(program):
    """a group can be let in"""
    with running(program, socket_group=GROUP) as daemon:
        number = mode(daemon.socket)[1]
        assert number != 0 and mode(daemon.socket)[0] == mode(daemon.socket_ro)[0] == 0o660
        with user(NOBODY, number):
            lists(daemon.socket)
        with user(NOBODY):
            assert is_refused(daemon.socket) and is_refused(daemon.socket_ro)


def test_no_group(program):
    """a group that does not exist is an error that says so"""
    daemon = Daemon(program, '/run/access-none', socket_group='nosuchgroup')
    try:
        daemon.start()
        raise AssertionError('it started')
    except RuntimeError as error:
        assert "there is no group 'nosuchgroup'" in str(error), error


def test_readers(program):
    """everybody can be let in for reading, and reads only"""
    with running(program, readers='all') as daemon:
        assert (mode(daemon.socket)[0], mode(daemon.socket_ro)[0]) == (0o600, 0o666)
        with user(NOBODY):
            assert is_refused(daemon.socket)
            lists(daemon.socket_ro)
            with rpc.Client(daemon.socket_ro) as client:
                client.open()
                answer = client.call(rpc.DEFINE, rpc.text("<filter name='x'/>"))
                assert answer[0] == 29, answer


def test_one_user(program):
    """one user cannot take the places of all"""
    with running(program, readers='all') as daemon:
        clients = []
        with user(NOBODY):
            clients += [connect(daemon.socket_ro) for _ in range(OF_USER + 50)]
            served = [client for client in clients if is_served(client)]
        assert len(served) == OF_USER, len(served)
        with user(NOBODY - 1):
            lists(daemon.socket_ro)
        lists(daemon.socket)
        for client in clients:
            client.close()
        with user(NOBODY):
            end = time.monotonic() + SECONDS
            while is_refused(daemon.socket_ro):  # until it has heard that the others are gone
                assert time.monotonic() < end


def test_reader_message(program):
    """who reads only sends no documents"""
    with running(program, readers='all') as daemon, user(NOBODY):
        for length, served in ((READER_MESSAGE, True), (READER_MESSAGE + 1, False)):
            with connect(daemon.socket_ro) as client:
                client.sendall(rpc.uint(length))
                time_left = select.select([client], [], [], 0.5)[0]
                assert bool(time_left) != served, (length, 'hung up' if time_left else 'waits')


def memory(daemon):
    status = Path(f'/proc/{daemon.process.pid}/status').read_text()
    return int(re.search(r'VmRSS:\s+(\d+)', status)[1])


def test_promises(program):
    """a length that is only promised takes no room"""
    with running(program) as daemon:
        lists(daemon.socket)
        before = memory(daemon)
        clients = [connect(daemon.socket) for _ in range(300)]
        for client in clients:
            client.sendall(rpc.uint(16 << 20) + bytes(1000))
        lists(daemon.socket)
        grown = memory(daemon) - before
        assert grown < 4096, f'{grown} KiB for 300 clients'
        for client in clients:
            client.close()


def test_pipeline(program):
    """who sends faster than it is answered grows nothing, and is answered in order"""
    with running(program) as daemon, rpc.Client(daemon.socket, timeout=SECONDS) as client:
        client.open()
        lists(daemon.socket)
        before = memory(daemon)
        asks = b''.join(rpc.Client.message(rpc.TYPE, serial=number) for number in range(CALLS))
        client.socket.setblocking(False)
        sent, received, other = 0, bytearray(), None
        while len(received) < ANSWER * CALLS:
            readable, writable, _ = select.select([client.socket], [client.socket] * (sent < len(asks)), [], SECONDS)
            assert readable or writable, f'{sent} octets sent, {len(received)} received, and nothing more'
            if writable:
                sent += client.socket.send(asks[sent:sent + 65536])
            if readable:
                received += client.socket.recv(1 << 20)
            if other is None and len(received) > ANSWER * CALLS // 2:
                other = lists(daemon.socket)
        serials = [int.from_bytes(received[at + 20:at + 24], 'big') for at in range(0, len(received), ANSWER)]
        assert serials == list(range(CALLS))
        assert other < 1, f'another client waited {other} s'
        grown = memory(daemon) - before
        assert grown < 8192, f'{grown} KiB'  # a sanitizer keeps what was freed for a while


def cpu_seconds(daemon):
    words = Path(f'/proc/{daemon.process.pid}/stat').read_text().rsplit(')', 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf('SC_CLK_TCK')


def test_out_of_files(program):
    """out of descriptors it waits, does not spin, and serves again"""
    with running(program, limit=FILES) as daemon:
        clients = [connect(daemon.socket) for _ in range(FILES + 60)]
        before = cpu_seconds(daemon)
        assert is_served(clients[0])
        watched = select.select([clients[-1]], [], [], 2)[0]  # two seconds of nothing
        assert not watched
        assert cpu_seconds(daemon) - before < 0.5, cpu_seconds(daemon) - before
        for client in clients:
            client.close()
        lists(daemon.socket)


TESTS = (test_closed, test_group, test_no_group, test_readers, test_one_user, test_reader_message, test_promises,
         test_pipeline, test_out_of_files)


def main(program):
    nwfilterd.enter()
    nwfilterd.run('mount', '-t', 'tmpfs', '-o', 'mode=755', 'test', '/run')
    nwfilterd.run('ip', 'link', 'set', 'lo', 'up')
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    # What a sanitizer's build keeps of freed memory would pass for growth.
    os.environ['ASAN_OPTIONS'] = os.environ.get('ASAN_OPTIONS', '') + ':quarantine_size_mb=1:thread_local_quarantine_size_kb=64'
    sys.exit(steps.run(TESTS, program))


if __name__ == '__main__':
    main(*sys.argv[1:])
