#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Clients as they are: virsh, libvirt's library under load, and some that mean no good.

usage: clients.py TAPWALLD. Needs root. All in namespaces of its own.
"""

import os
import re
import select
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / 'compat'))

import libvirt  # noqa: E402
import nwfilterd  # noqa: E402
import rpc  # noqa: E402
import steps  # noqa: E402
from calls import binding_xml, filter_xml  # noqa: E402
from daemon import Daemon  # noqa: E402

UUID = '5c6d49af-b071-6127-b4ec-6f8ed4b55335'
WORKERS, ROUNDS = 200, 5
DROP = "<rule action='drop' direction='out' priority='500'><mac match='no' srcmacaddr='$MAC'/></rule>"


def uri(path):
    return f'nwfilter:///system?socket={path}'


class Test:
    def __init__(self, daemon):
        self.daemon = daemon

    def virsh(self, *arguments, read_only=False, good=True, env=None):
        path = self.daemon.socket_ro if read_only else self.daemon.socket
        command = ['virsh', '-q', '-c', uri(path), *(['-r'] if read_only else []), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30,
                              env={'PATH': '/usr/sbin:/usr/bin:/sbin:/bin', 'LC_ALL': 'C.UTF-8',
                                   **(env or {})})
        assert (done.returncode == 0) == good, f'{command}: {done.stdout}{done.stderr}'
        return done.stdout if good else done.stderr

    def write(self, name, text):
        path = self.daemon.folder / name
        path.write_text(text)
        return str(path)

    # ---- virsh ----

    def test_virsh_filters(self):
        """virsh defines, defines again, edits, dumps, lists and undefines"""
        path = self.write('f.xml', filter_xml('own', UUID, DROP))
        self.virsh('nwfilter-define', path)
        self.virsh('nwfilter-define', path)
        assert UUID in self.virsh('nwfilter-dumpxml', 'own')
        assert self.virsh('nwfilter-dumpxml', UUID) == self.virsh('nwfilter-dumpxml', 'own')
        assert ' own' in self.virsh('nwfilter-list', read_only=True)
        self.virsh('nwfilter-edit', 'own', env={'EDITOR': "sed -i s/500/700/"})
        assert "priority='700'" in self.virsh('nwfilter-dumpxml', 'own', read_only=True)
        assert "priority='700'" in (self.daemon.filters / 'own.xml').read_text()
        again = self.write('g.xml', filter_xml('own', None, DROP))
        assert 'already exists with uuid' in self.virsh('nwfilter-define', again, good=False)
        assert 'read only access prevents' in self.virsh('nwfilter-undefine', 'own', read_only=True,
                                                         good=False)
        self.virsh('nwfilter-undefine', 'own')
        assert 'no nwfilter with matching name' in self.virsh('nwfilter-dumpxml', 'own', good=False)
        assert not (self.daemon.filters / 'own.xml').exists()

    def test_virsh_bindings(self):
        """virsh binds a tap, lists, dumps, is refused, and unbinds"""
        nwfilterd.run('ip', 'tuntap', 'add', 'ctap0', 'mode', 'tap')
        path = self.write('b.xml', binding_xml('ctap0', name='no-mac-spoofing'))
        self.virsh('nwfilter-binding-create', path)
        assert "binding 'ctap0' already exists" in self.virsh('nwfilter-binding-create', path,
                                                              good=False)
        assert re.search(r'ctap0 +no-mac-spoofing', self.virsh('nwfilter-binding-list'))
        assert "<portdev name='ctap0'/>" in self.virsh('nwfilter-binding-dumpxml', 'ctap0',
                                                       read_only=True)
        assert 'nwfilter is in use' in self.virsh('nwfilter-undefine', 'no-mac-spoofing', good=False)
        self.virsh('nwfilter-binding-delete', 'ctap0')
        assert 'no nwfilter binding' in self.virsh('nwfilter-binding-dumpxml', 'ctap0', good=False)

    # ---- libvirt's library ----

    def test_load(self):
        """200 connections of libvirt's library at once define, bind and list"""
        failures, gate = [], threading.Barrier(WORKERS)

        def work(number):
            try:
                gate.wait(60)
                for turn in range(ROUNDS):
                    connection = libvirt.open(uri(self.daemon.socket))
                    name = f'load{number}'
                    made = connection.nwfilterDefineXML(filter_xml(name, None, DROP))
                    bound = connection.nwfilterBindingCreateXML(
                        binding_xml(f'l{number}', name='no-mac-spoofing'), 0)
                    assert name in made.XMLDesc(0)
                    assert len(connection.listAllNWFilters()) >= 24
                    bound.delete()
                    made.undefine()
                    connection.close()
            except Exception as error:  # whatever it is, the main thread tells it
                failures.append(f'{number}: {error!r}')

        threads = [threading.Thread(target=work, args=(number,)) for number in range(WORKERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(200)
        assert not failures, failures[:5]
        connection = libvirt.open(uri(self.daemon.socket))
        assert not [f.name() for f in connection.listAllNWFilters() if f.name().startswith('load')]
        assert not connection.listAllNWFilterBindings()
        connection.close()

    # ---- clients that mean no good ----

    def answers(self):
        """An honest client is served, soon."""
        before = time.monotonic()
        with rpc.Client(self.daemon.socket, timeout=10) as client:
            client.open()
            assert client.call(rpc.LIST_ALL, rpc.uint(1) + rpc.uint(0))
        return time.monotonic() - before

    def test_garbage(self):
        """garbage ends its connection and no other"""
        with rpc.Client(self.daemon.socket) as honest:
            honest.open()
            for octets in (b'\xff' * 4, b'\0\0\0\0', b'GET / HTTP/1.1\r\n\r\n', b'\0\0\0\x1b' + b'x' * 40):
                with rpc.Client(self.daemon.socket) as client:
                    client.send(octets)
                    try:
                        assert client.socket.recv(1) == b''
                    except ConnectionError:
                        pass
            assert honest.call(rpc.TYPE)

    def test_half_messages(self):
        """300 clients with half a message each hold up nobody"""
        half = rpc.Client.message(rpc.DEFINE, rpc.uint(1 << 20))[:-4]
        clients = [rpc.Client(self.daemon.socket) for _ in range(300)]
        try:
            for client in clients:
                client.send(rpc.uint(1 << 24) + half[4:])
            self.answers()
        finally:
            for client in clients:
                client.close()

    def test_no_reader(self):
        """a client that asks without end and reads nothing is not read from, and grows nothing"""
        before = self.memory()
        ask = rpc.Client.message(rpc.LIST_ALL, rpc.uint(1) + rpc.uint(0)) * 1000
        clients = [rpc.Client(self.daemon.socket) for _ in range(20)]
        try:
            for client in clients:
                client.open()
                client.socket.setblocking(False)
                for _ in range(100):
                    if not select.select([], [client.socket], [], 0.2)[1]:
                        break
                    try:
                        client.socket.send(ask)
                    except BlockingIOError:
                        pass
            self.answers()
            grown = self.memory() - before
            assert grown < 20 * 3 * 1024, f'{grown} KiB for 20 clients'
        finally:
            for client in clients:
                client.close()

    def test_ping(self):
        """a ping is answered at once, also before anything else"""
        with rpc.Client(self.daemon.socket) as client:
            client.send(client.message(1, program=rpc.KEEPALIVE, type_=rpc.EVENT))
            assert client.receive()[:3] == (rpc.KEEPALIVE, 2, rpc.EVENT)

    def test_silent(self):
        """a client that answers no pings is ended, one that does stays"""
        with rpc.Client(self.daemon.socket, timeout=60) as silent, \
                rpc.Client(self.daemon.socket, timeout=60) as awake:
            for client in (silent, awake):
                client.call(rpc.FEATURE, rpc.uint(10))
                client.open()
            pings, ended = 0, False
            deadline = time.monotonic() + 60
            while not ended and time.monotonic() < deadline:
                for ready in select.select([silent.socket, awake.socket], [], [], 60)[0]:
                    if ready is awake.socket:
                        assert awake.receive()[0] == rpc.KEEPALIVE
                        awake.send(awake.message(2, program=rpc.KEEPALIVE, type_=rpc.EVENT))
                    elif silent.socket.recv(28):
                        pings += 1
                    else:
                        ended = True
            assert ended and pings == 5, (ended, pings)
            assert awake.call(rpc.TYPE)

    def test_too_many(self):
        """more readers than may be are turned away; those who may write are not"""
        clients = []
        try:
            for _ in range(1100):
                client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                client.connect(self.daemon.socket_ro)
                clients.append(client)
            ended = 0
            deadline = time.monotonic() + 10
            while ended < 100 and time.monotonic() < deadline:
                poll = select.poll()
                for client in clients:
                    poll.register(client, select.POLLIN | select.POLLHUP)
                ended = len(poll.poll(100))
            assert ended == 100, ended
            self.answers()
        finally:
            for client in clients:
                client.close()

    def memory(self):
        status = Path(f'/proc/{self.daemon.process.pid}/status').read_text()
        return int(re.search(r'VmRSS:\s+(\d+)', status)[1])


def main():
    nwfilterd.enter()
    nwfilterd.run('mount', '-t', 'tmpfs', '-o', 'mode=755', 'test', '/run')
    nwfilterd.run('ip', 'link', 'set', 'lo', 'up')
    import resource
    resource.setrlimit(resource.RLIMIT_NOFILE, (8192, 8192))
    libvirt.registerErrorHandler(lambda *_: None, None)
    daemon = Daemon(sys.argv[1]).start()
    test = Test(daemon)
    status = steps.run(steps.methods_of(test))
    daemon.stop()
    os._exit(status)


if __name__ == '__main__':
    main()
