#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""tapwalld as its units have it: sockets handed over, and no more power than they leave it.

usage: confined.py TAPWALLD TAPWALL UNIT. Needs root. All in namespaces of its own, on a bpf file
system of its own.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / 'compat'))

import nwfilterd  # noqa: E402
import rpc  # noqa: E402
import steps  # noqa: E402
from calls import binding_xml, filter_xml  # noqa: E402

RUN = Path('/run/libvirt')
SOCKETS = (str(RUN / 'virtnwfilterd-sock'), str(RUN / 'virtnwfilterd-sock-ro'))
NOTIFY, LOG = '/run/notify', Path('/run/log')
WATCHDOG = '400000'  # microseconds
SECONDS = 30
FORGED = bytes.fromhex('ffffffffffff' '525400000002' '88b5') + bytes(46)
UUID = '5c6d49af-b071-6127-b4ec-6f8ed4b55335'
DROP = "<rule action='drop' direction='out' priority='500'><mac match='no' srcmacaddr='$MAC'/></rule>"


def prepare():
    for path in ('/run', '/etc/libvirt'):
        nwfilterd.run('mount', '-t', 'tmpfs', '-o', 'mode=755', 'test', path)
    nwfilterd.run('mount', '-t', 'bpf', 'bpf', '/sys/fs/bpf')
    nwfilterd.run('cp', '-a', str(nwfilterd.STOCK), '/etc/libvirt/nwfilter')
    nwfilterd.run('ip', 'link', 'set', 'lo', 'up')
    nwfilterd.run('ip', 'link', 'add', 'ctap0', 'type', 'veth', 'peer', 'name', 'guest0')
    for name in ('ctap0', 'guest0'):
        Path(f'/proc/sys/net/ipv6/conf/{name}/disable_ipv6').write_text('1')
        nwfilterd.run('ip', 'link', 'set', name, 'up')
    RUN.mkdir()


class Manager:
    """What systemd does for the unit: listens, starts, hears."""

    def __init__(self, tapwalld, unit):
        self.command = [sys.executable, str(Path(__file__).with_name('unit.py')), unit]
        self.tapwalld = tapwalld
        self.listening = [nwfilterd.listening_socket(path) for path in SOCKETS]
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(NOTIFY)
        self.notify.settimeout(SECONDS)
        self.process = None

    def start(self):
        numbers = [listener.fileno() for listener in self.listening]
        with LOG.open('ab') as log:
            self.process = subprocess.Popen(
                [*self.command, ','.join(map(str, numbers)), self.tapwalld], pass_fds=numbers, stderr=log,
                env={'PATH': '/usr/sbin:/usr/bin:/sbin:/bin', 'NOTIFY_SOCKET': NOTIFY, 'WATCHDOG_USEC': WATCHDOG,
                     'ASAN_OPTIONS': 'detect_leaks=0'})  # the search for leaks needs ptrace(2)
        self.hear('READY=1')

    def hear(self, word):
        """Returns what was said before it, too."""
        said = []
        while word not in said:
            try:
                said += self.notify.recv(4096).decode().splitlines()
            except TimeoutError:
                raise RuntimeError(f'no {word}, but {said}: ' + LOG.read_text()) from None
        return said

    def end(self, number):
        self.process.send_signal(number)
        return self.process.wait(SECONDS)


def client():
    connection = rpc.Client(SOCKETS[0])
    opened = connection.open()
    assert opened == b'', opened
    return connection


def send_forged(count):
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as guest:
        guest.bind(('guest0', 0))
        for _ in range(count):
            guest.send(FORGED)


def dropped(tapwall):
    """How many frames, by the port's only rule."""
    rows = json.loads(nwfilterd.run(tapwall, 'ports', '--json').stdout)
    assert [(row['port'], row['state']) for row in rows] == [('ctap0', 'filtered')], rows
    rules = json.loads(nwfilterd.run(tapwall, 'counters', 'ctap0', '--json').stdout)['counters']
    return [row['frames'] for row in rules if row['filter']][0]


def check_drops(tapwall, count):
    before = dropped(tapwall)
    send_forged(count)
    assert dropped(tapwall) == before + count


def test_powers(manager, tapwall):
    """it has the capabilities of its unit and no others"""
    status = dict(line.split(':\t', 1) for line in Path(f'/proc/{manager.process.pid}/status').read_text().splitlines())
    assert int(status['CapEff'], 16) == 1 << 12 | 1 << 38 | 1 << 39, status['CapEff']
    assert (status['NoNewPrivs'], status['Seccomp']) == ('1', '2')
    root = f'/proc/{manager.process.pid}/mountinfo'
    options = {line.split()[4]: line.split()[5].split(',')[0] for line in Path(root).read_text().splitlines()}
    assert (options['/'], options['/sys'], options['/sys/fs/bpf']) == ('ro', 'ro', 'rw'), options
    expedited = '/sys/kernel/rcu_expedited'
    assert not os.path.exists(expedited) or options[expedited] == 'rw', options


def test_works(manager, tapwall):
    """it defines, binds, dumps and shows as ever"""
    with client() as asked:
        defined = asked.call(rpc.DEFINE, rpc.text(filter_xml('own', UUID, DROP)))
        assert not isinstance(defined, rpc.Fault), defined
        bound = asked.call(rpc.BINDING_CREATE, rpc.text(binding_xml('ctap0', name='own')) + rpc.uint(0))
        assert not isinstance(bound, rpc.Fault), bound
        changed = asked.call(rpc.DEFINE, rpc.text(filter_xml('own', UUID, DROP + DROP)))
        assert not isinstance(changed, rpc.Fault), changed
    check_drops(tapwall, 2)
    assert Path('/etc/libvirt/nwfilter/own.xml').exists()


def test_found(manager, tapwall):
    """virsh finds it where it looks for libvirt's daemon, and may only look with -r"""
    assert 'clean-traffic' in nwfilterd.run('virsh', '-q', '-c', 'nwfilter:///system', 'nwfilter-list').stdout
    assert 'ctap0' in nwfilterd.run('virsh', '-q', '-r', '-c', 'nwfilter:///system', 'nwfilter-binding-list').stdout


def test_watchdog(manager, tapwall):
    """it gives signs of life as often as it must"""
    begin = time.monotonic()
    for _ in range(3):
        manager.hear('WATCHDOG=1')
    assert time.monotonic() - begin < 3 * int(WATCHDOG) / 1e6


def test_reload(manager, tapwall):
    """it says when it reads its folder again, and when it has"""
    manager.process.send_signal(signal.SIGHUP)
    said = manager.hear('RELOADING=1')
    if 'READY=1' not in said:
        manager.hear('READY=1')


def test_killed(manager, tapwall):
    """the next one has everything, and answers who came in between"""
    assert manager.end(signal.SIGKILL) == -signal.SIGKILL
    waiting = rpc.Client(SOCKETS[0])
    waiting.send(waiting.message(rpc.AUTH_LIST, serial=1))
    manager.start()
    assert waiting.receive()[1] == rpc.AUTH_LIST
    waiting.close()
    check_drops(tapwall, 3)
    with client() as asked:
        assert asked.call(rpc.BINDING_DELETE, rpc.binding('ctap0')) == b''


def test_stops(manager, tapwall):
    """it says that it stops, and leaves the sockets"""
    manager.process.send_signal(signal.SIGTERM)
    manager.hear('STOPPING=1')
    assert manager.process.wait(SECONDS) == 0
    assert all(os.path.exists(path) for path in SOCKETS)


def test_log(manager, tapwall):
    """it complained about nothing"""
    bad = [line for line in LOG.read_text().splitlines() if 'warning' in line.lower() or 'error' in line.lower()
           or 'cannot' in line]
    assert not bad, bad


TESTS = (test_powers, test_works, test_found, test_watchdog, test_reload, test_killed, test_stops, test_log)


def main(tapwalld, tapwall, unit):
    nwfilterd.enter()
    prepare()
    manager = Manager(tapwalld, unit)
    manager.start()
    sys.exit(steps.run(TESTS, manager, tapwall))


if __name__ == '__main__':
    main(*sys.argv[1:])
